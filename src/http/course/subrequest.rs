//! Requests that are made here, on behalf of a client's.
//!
//! A subrequest asks another place of the same server with GET, without a body. It goes through all
//! phases but access, and shares the values of variables with its parent. It counts nowhere but with
//! the peers that it asks, and has a line in the access log only where that is wanted. Of its
//! answer there is only a head, unless it was made for the body. Of filters those are run that change
//! what is answered (`sub_filter`, `js_header_filter`), not those that say how clients are to take it
//! (`add_header`, `gzip`).

use std::sync::{Arc, OnceLock};

use super::circumstances::Circumstances;
use super::request::Request;
use super::value::Value;

/// What a subrequest has of its parent; nothing in a client's own request.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinship {
    /// How many requests it stands below.
    depth: u8,
    /// The method of the client's request, where internal redirects have changed it.
    method: Option<&'static [u8]>,
    /// Whether the body of its answer is wanted.
    is_addition: bool,
    /// Whether it goes on where its parent is.
    continues: bool,
    /// Shared by a client's request and all that are made below it.
    family: OnceLock<Arc<()>>,
}

/// What was assigned to the variables of a request at some moment.
pub struct Assigned(Vec<Value>);

impl Assigned {
    /// How many bytes it holds.
    pub fn length(&self) -> usize {
        let text = |value: &Value| match value {
            Value::Evaluated(text) | Value::Assigned(text) => text.len(),
            Value::Unset | Value::Missing => 0,
        };
        self.0.iter().map(text).sum()
    }
}

/// Subrequests of subrequests deeper than this are a cycle.
const MAX_DEPTH: u8 = 50;
/// More at once below one request of a client are a cycle, too: they grow by their number.
const MOST_UNDER_WAY: usize = 1000;

impl Request {
    /// A request for `path`, which is decoded, on behalf of this one; `None` when they are nested too deeply, or too many.
    pub fn subrequest(&self, path: &[u8]) -> Option<Box<Self>> {
        let family = self.kinship.family.get_or_init(Arc::default);
        if self.kinship.depth >= MAX_DEPTH || Arc::strong_count(family) > MOST_UNDER_WAY {
            let path = path.escape_ascii();
            let request = Circumstances(self);
            log::error!("subrequests cycle while processing \"{path}\"{request}");
            return None;
        }
        let mut sub = Box::new(self.detached());
        sub.connection.traffic = Arc::default();
        sub.arrive();
        sub.values.clone_from(&self.values);
        sub.remembers = true;
        sub.captures.clear();
        sub.kinship = match self.kinship.depth {
            0 => Kinship {
                depth: 1,
                method: self.method,
                is_addition: false,
                continues: false,
                family: self.kinship.family.clone(),
            },
            depth => Kinship {
                depth: depth + 1,
                is_addition: false,
                continues: false,
                ..self.kinship.clone()
            },
        };
        sub.method = Some(b"GET");
        sub.internal = true;
        sub.location = self.runtime.location(self.server.own);
        sub.set_uri(path.to_vec(), Some(Vec::new()));
        Some(sub)
    }

    /// A request for `path` that asks the same as this one; `None` when they are nested too deeply.
    pub fn copy_for(&self, path: &[u8]) -> Option<Box<Self>> {
        let mut copy = self.subrequest(path)?;
        copy.method = self.method;
        copy.set_uri(path.to_vec(), Some(self.arguments.clone()));
        Some(copy)
    }

    /// A request for `path` whose answer's body is added to that of this one; `None` when they are nested too deeply.
    pub fn addition(&self, path: &[u8]) -> Option<Box<Self>> {
        let mut sub = self.subrequest(path)?;
        sub.kinship.is_addition = true;
        Some(sub)
    }

    /// A request like this one for what makes its response beside it: what it knows, and where it stands.
    pub fn companion(&self) -> Self {
        let mut other = self.detached();
        other.kinship = self.kinship.clone();
        other.internal = self.internal;
        other.response.clone_from(&self.response);
        other.bodies.whole.clone_from(&self.bodies.whole);
        other.bodies.is_begun = self.bodies.is_begun;
        other
    }

    /// Has it ask with another method than GET.
    pub fn ask_with(&mut self, method: &'static [u8]) {
        self.method = Some(method);
    }

    /// What was assigned to variables.
    pub fn assigned(&self) -> Assigned {
        Assigned(self.values.clone())
    }

    /// Takes over what was assigned to variables of another request since it had `before`.
    pub fn adopt(&mut self, other: &Self, before: &Assigned) {
        self.take_over(&other.values, before);
    }

    /// The same, from what was assigned by `now`.
    pub fn adopt_assigned(&mut self, now: &Assigned, before: &Assigned) {
        self.take_over(&now.0, before);
    }

    fn take_over(&mut self, values: &[Value], before: &Assigned) {
        let all = self.values.iter_mut().zip(values).zip(&before.0);
        for ((own, now), before) in all {
            if let Value::Assigned(text) = now
                && !matches!(before, Value::Assigned(before) if before == text)
            {
                *own = Value::Assigned(text.clone());
                self.remembers = true;
            }
        }
    }

    /// Whether the body of its answer is wanted, for that of another one.
    pub fn is_addition(&self) -> bool {
        self.kinship.is_addition
    }

    /// A request for the same as this one, which goes on from where this one is: with content, in its location.
    pub fn continuation(&self) -> Option<Box<Self>> {
        let mut other = self.copy_for(&self.path)?;
        other.kinship.continues = true;
        other.location = self.location;
        other.captures = self.captures.clone();
        (other.unchanged, other.located) = (self.unchanged, self.located);
        Some(other)
    }

    /// A request for the same as this one, which goes on from where this one is, for the body as its origin gives it.
    pub fn repetition(&self) -> Option<Box<Self>> {
        let mut other = self.continuation()?;
        other.kinship.is_addition = true;
        Some(other)
    }

    /// Whether it goes on from where its parent was.
    pub fn is_continuing(&self) -> bool {
        self.kinship.continues
    }

    /// Whether it is made here on behalf of another one.
    pub fn is_subrequest(&self) -> bool {
        self.kinship.depth > 0
    }

    /// The method of the client's request, as internal redirects left it.
    pub fn client_method(&self) -> &[u8] {
        match self.is_subrequest() {
            true => self.kinship.method.unwrap_or_else(|| self.head.method()),
            false => self.method(),
        }
    }

    /// Changes the values of variables with another request.
    pub fn swap_values(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.values, &mut other.values);
        (self.remembers, other.remembers) = (true, true);
    }
}
