//! One request, from its head to its end: what phases, variables and handlers work on.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bodies::Bodies;
use super::circumstances::Circumstances;
pub use super::connection_facts::ConnectionFacts;
use super::nesting::Nesting;
use super::subrequest::Kinship;
use super::value::Value;
use crate::http::message::head::Head;
use crate::http::message::response::ResponseHead;
use crate::http::message::response_fields::Fields;
use crate::http::plan::location::Location;
use crate::http::plan::outcome::InternalTarget;
use crate::http::plan::pattern::Captures;
use crate::http::plan::phase::Phase;
use crate::http::plan::runtime::{Listener, Runtime, Server};
use crate::http::plan::settings::ErrorStatus;
use crate::http::plan::variable::VariableIndex;
use crate::http::transport::clock;
use crate::http::transport::meter::Meter;
use crate::metric::Moment;
use crate::os;

/// One request.
pub struct Request {
    /// The configuration it is served under.
    pub runtime: &'static Runtime,
    /// The address that it came to.
    pub listener: &'static Listener,
    /// Its server; the default one until its host is known.
    pub server: &'static Server,
    /// Its location now; internal redirects change it.
    pub location: &'static Location,
    /// The connection that it came by.
    pub connection: Box<ConnectionFacts>,
    /// Its head as received.
    pub head: Head,
    /// The path that locations see.
    pub path: Vec<u8>,
    /// The query.
    pub arguments: Vec<u8>,
    /// The host asked for: lower-case, without a port.
    pub host: Vec<u8>,
    /// The groups of the last successful pattern.
    pub captures: Captures,
    /// What leaves, or has left.
    pub response: ResponseHead,
    /// What goes on with its bodies.
    pub bodies: Bodies,
    /// Whether the response's head was sent.
    pub head_sent: bool,
    /// Whether a filter of heads refuses the response: 500 is sent instead of it.
    pub response_refused: bool,
    /// Whether the connection may serve another request.
    pub keep_alive: bool,
    /// Whether it was redirected internally.
    pub internal: bool,
    /// The status that an error page was found for, and the one to show.
    pub error_page: Option<(u16, ErrorStatus)>,
    /// Whether the location that it was found in has only one answer in place of another (`recursive_error_pages`).
    pub is_error_page_last: bool,
    /// The last phase that has run.
    pub progress: Option<Phase>,
    /// Whether its path came with percent-escapes, which rewriting then restores.
    pub escaped: bool,
    /// Whether a rewrite step changed the path, so that a location is to be looked for again.
    pub uri_changed: bool,
    /// Whether the response was sent to its end.
    pub complete: bool,
    /// Whether path and query are still those of its head.
    pub unchanged: bool,
    /// Whether its location was found by the path that it has now.
    pub located: bool,
    /// Who is told of its bytes as they go.
    pub meter: Option<Arc<dyn Meter>>,
    /// How many bytes of its response may leave in a second, once that is known; zero for as many as can.
    pub rate: Option<u64>,
    /// Whether it began and has not ended.
    pub(in crate::http) under_way: bool,
    /// A request of our own that nobody waits for, until it is made.
    pub beside: Option<Box<Self>>,
    pub(super) method: Option<&'static [u8]>,
    /// See [`Request::subrequest`].
    pub(super) kinship: Kinship,
    redirects: u8,
    began: Moment,
    now: Option<Moment>,
    nesting: Nesting,
    pub(super) values: Vec<Value>,
    pub(super) states: Vec<Option<Box<dyn Any + Send + Sync>>>,
    /// Whether there may be something in `values`.
    pub(super) remembers: bool,
    /// Whether there may be something in `states`.
    pub(super) has_states: bool,
    pub(super) buffers: Vec<Vec<u8>>,
    pub(super) received_before: u64,
    pub(super) sent_before: u64,
    pub(super) carried: Fields,
}

/// More internal redirects than this are a cycle.
const MOST_REDIRECTS: u8 = 10;

impl Request {
    /// A request that has not been read yet.
    pub fn new(
        runtime: &'static Runtime,
        listener: &'static Listener,
        connection: ConnectionFacts,
    ) -> Self {
        let server = &runtime.servers[listener.names.default().0 as usize];
        Self {
            runtime,
            listener,
            server,
            location: runtime.location(server.own),
            connection: Box::new(connection),
            head: Head::default(),
            path: Vec::new(),
            arguments: Vec::new(),
            host: Vec::new(),
            captures: Captures::default(),
            response: ResponseHead::default(),
            bodies: Bodies::default(),
            head_sent: false,
            response_refused: false,
            keep_alive: false,
            internal: false,
            error_page: None,
            is_error_page_last: false,
            progress: None,
            escaped: false,
            uri_changed: false,
            complete: false,
            unchanged: true,
            located: false,
            meter: None,
            rate: None,
            under_way: false,
            beside: None,
            method: None,
            kinship: Kinship::default(),
            redirects: 0,
            began: Moment::default(),
            now: None,
            nesting: Nesting::default(),
            values: (0..runtime.variables.len()).map(|_| Value::Unset).collect(),
            states: (0..runtime.states).map(|_| None).collect(),
            remembers: false,
            has_states: false,
            buffers: Vec::new(),
            received_before: 0,
            sent_before: 0,
            carried: Fields::default(),
        }
    }

    /// The first bytes of the next request are there: its time begins.
    pub fn arrive(&mut self) {
        // One that was sent on beforehand begins when the one before it is over, within the same turn.
        self.began = match self.connection.pipelined {
            true => Moment(os::monotonic()),
            false => clock::moment(),
        };
        self.connection.traffic.head.store(0, Ordering::Relaxed);
        self.connection.traffic.framing.store(0, Ordering::Relaxed);
    }

    /// Makes it ready for the next request of the connection, whose head is known by now.
    pub fn begin(&mut self) {
        self.reset();
        self.under_way = true;
        self.runtime.connections.begin_request();
    }

    fn reset(&mut self) {
        self.return_to_default_server();
        self.connection.begin_request();
        for buffer in [&mut self.path, &mut self.arguments, &mut self.host] {
            buffer.clear();
        }
        self.captures.clear();
        self.response.status = 0;
        self.response.fields.clear();
        self.head_sent = false;
        self.response_refused = false;
        self.keep_alive = false;
        self.internal = false;
        self.error_page = None;
        self.is_error_page_last = false;
        self.progress = None;
        self.escaped = false;
        self.uri_changed = false;
        self.complete = false;
        self.unchanged = true;
        self.located = false;
        self.method = None;
        self.redirects = 0;
        self.rate = None;
        self.carried.clear();
        self.now = None;
        let traffic = &self.connection.traffic;
        self.received_before = traffic.received.load(Ordering::Relaxed);
        self.sent_before = traffic.sent.load(Ordering::Relaxed);
    }

    /// It has a stream of its own, whose first bytes came then: all that went over it is its own.
    pub(in crate::http) fn came_by_stream(&mut self, began: Moment) {
        self.began = began;
        self.received_before = 0;
        self.sent_before = 0;
    }

    /// A request like this one for work beside it: what it asks, and what was assigned to variables.
    pub fn detached(&self) -> Self {
        let mut other = Self::new(
            self.runtime,
            self.listener,
            ConnectionFacts::clone(&self.connection),
        );
        other.head = self.head.clone();
        other.reset();
        other.connection.clone_from(&self.connection);
        other.began = self.began;
        other.method = self.method;
        other.captures = self.captures.clone();
        other.values.clone_from(&self.values);
        other.remembers = true;
        other.forget_evaluated();
        other.server = self.server;
        other.location = self.location;
        other.path.clone_from(&self.path);
        other.arguments.clone_from(&self.arguments);
        other.host.clone_from(&self.host);
        other
    }

    /// The method, as internal redirects left it.
    pub fn method(&self) -> &[u8] {
        self.method.unwrap_or_else(|| self.head.method())
    }

    /// Whether only the head of a response may be sent.
    pub fn is_head(&self) -> bool {
        self.method() == b"HEAD"
    }

    /// The present moment, the same for everything that one phase does.
    pub fn moment(&mut self) -> Moment {
        *self.now.get_or_insert_with(|| Moment(os::monotonic()))
    }

    /// Time has passed: the next look at the clock is a fresh one.
    pub fn time_passed(&mut self) {
        self.now = None;
    }

    /// Milliseconds since the request began, at the present moment of its phase.
    pub fn elapsed_ms(&mut self) -> u64 {
        self.moment().0.saturating_sub(self.began.0) / 1_000_000
    }

    /// Appends the value of a variable; false when it has none.
    pub fn read(&mut self, index: VariableIndex, out: &mut Vec<u8>) -> bool {
        let slot = usize::from(index.0);
        match &self.values[slot] {
            Value::Evaluated(text) | Value::Assigned(text) => {
                out.extend_from_slice(text);
                return true;
            }
            Value::Missing => return false,
            Value::Unset => {}
        }
        let Some(outer) = self.nesting.enter() else {
            return false;
        };
        let source = self.runtime.variables.source(index);
        let start = out.len();
        let found = source.read(self, out);
        self.nesting.leave(outer);
        if source.cached() {
            self.remembers = true;
            self.values[slot] = match found {
                true => Value::Evaluated(out[start..].into()),
                false => Value::Missing,
            };
        }
        found
    }

    /// The value of a variable, empty when it has none.
    pub fn value(&mut self, index: VariableIndex) -> Vec<u8> {
        let mut out = Vec::new();
        self.read(index, &mut out);
        out
    }

    /// Assigns a variable, as `set` does.
    pub fn assign(&mut self, index: VariableIndex, value: &[u8]) {
        if !self.runtime.variables.source(index).assign(self, value) {
            self.hold(index, value);
        }
    }

    /// Keeps `value` as the variable's value.
    pub fn hold(&mut self, index: VariableIndex, value: &[u8]) {
        self.remembers = true;
        self.values[usize::from(index.0)] = Value::Assigned(value.into());
    }

    /// Forgets what variables evaluated to, so that the next look is a fresh one.
    pub fn forget_evaluated(&mut self) {
        for value in &mut self.values {
            if matches!(value, Value::Evaluated(_) | Value::Missing) {
                *value = Value::Unset;
            }
        }
    }

    /// Changes the URI; values that were derived from it are evaluated afresh.
    pub fn set_uri(&mut self, path: Vec<u8>, arguments: Option<Vec<u8>>) {
        self.unchanged = false;
        self.located = false;
        self.path = path;
        if let Some(arguments) = arguments {
            self.arguments = arguments;
        }
    }

    /// Keeps a field for whatever will be answered in the place of the response that had it.
    pub fn carry(&mut self, name: &str, value: &[u8]) {
        self.carried.add(name.as_bytes(), value);
    }

    /// The media type of what is answered here: by the response that this one stands for, or by the path.
    pub fn media_type(&self) -> &[u8] {
        let by_path = || self.location.settings.media_type(&self.path).as_bytes();
        self.carried.get("content-type").unwrap_or_else(by_path)
    }

    /// Forgets what was kept under this name.
    pub fn drop_carried(&mut self, name: &str) {
        self.carried.remove(name);
    }

    /// Adds what was kept to the response, but for what it says itself.
    pub fn add_carried(&mut self) {
        self.response.fields.add_missing(&self.carried);
        self.carried.clear();
    }

    /// Counts an internal redirect; false when there were too many.
    pub fn count_redirect(&mut self) -> bool {
        self.redirects += 1;
        self.internal = true;
        self.redirects <= MOST_REDIRECTS
    }

    /// Takes the target of an internal redirect. A page for an error is fetched with GET.
    pub fn redirect_for_error(&mut self) {
        if self.method() != b"HEAD" {
            self.method = Some(b"GET");
        }
    }

    /// Where the redirect `target` of this request leads; false when there were too many.
    pub fn follow(&mut self, target: InternalTarget) -> bool {
        if !self.count_redirect() {
            log::error!(
                "internal redirects go round in a cycle{}",
                Circumstances(self)
            );
            return false;
        }
        match target {
            InternalTarget::Uri { path, arguments } => {
                self.set_uri(path, arguments.or(Some(Vec::new())));
                self.location = self.runtime.location(self.server.own);
            }
            InternalTarget::Named(name) => {
                let Some(index) = self.server.locations.named(&name) else {
                    log::error!("there is no location \"@{name}\"{}", Circumstances(self));
                    return false;
                };
                self.location = self.runtime.location(index);
            }
        }
        true
    }
}
