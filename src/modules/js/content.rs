//! `js_content`: a script makes the answer.

use std::path::Path;
use std::sync::Arc;

use super::handler::{self, Handler};
use super::running::{End, Running, Said};
use super::streaming;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::elsewhere;
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::message::response::{Body, Response, ResponseHead};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::wait::Wait;
use crate::script::fault::Fault;

/// Answers for one location.
pub(super) struct Content {
    pub handler: Handler,
    /// Where a body waits that is long.
    pub temporary: Arc<Path>,
}

impl ContentHandler for Content {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        let state = self.handler.site.state;
        if !request.state(state).under_way && is_body_missing(request) {
            return Some(Outcome::Wait(Wait::Body(Arc::clone(&self.temporary))));
        }
        let result = match std::mem::replace(&mut request.state(state).under_way, true) {
            false => self.handler.call(request, |_, _| Ok(())),
            true => self.handler.go_on(request),
        };
        if let Err(fault) = result {
            return Some(failed(request, state, &fault));
        }
        let wait = self.handler.wait(request);
        let is_ended = request.state(state).said.end.is_some();
        match wait {
            Some(_) if !is_ended && streams(request, state) => {
                return Some(self.stream(request));
            }
            Some(wait) if !is_ended => {
                return Some(Outcome::Wait(Wait::Until(Box::pin(wait))));
            }
            Some(_) => self.leave_behind(request),
            None => {}
        }
        let running = request.state(state);
        running.under_way = false;
        let said = std::mem::take(&mut running.said);
        Some(outcome(request, said))
    }
}

impl Content {
    /// The head is there, and the script waits: what it sends from now on leaves as it is sent.
    fn stream(&'static self, request: &mut Request) -> Outcome {
        let running = request.state(self.handler.site.state);
        running.under_way = false;
        let said = std::mem::take(&mut running.said);
        let status = status_of(&said);
        request.response.status = status;
        let body = streaming::begin(&self.handler, request, said);
        respond(request, status, body)
    }

    /// The answer is there, and the script waits for more: it goes on by itself, with a request like this one.
    fn leave_behind(&'static self, request: &mut Request) {
        let state = self.handler.site.state;
        let mut behind = request.companion();
        let own = request.state(state);
        let (instance, parent) = (own.instance.clone(), own.parent.clone());
        let running = behind.state(state);
        (running.instance, running.parent) = (instance, parent);
        tokio::spawn(async move {
            while let Some(wait) = self.handler.wait(&mut behind) {
                wait.await;
                behind.time_passed();
                if let Err(fault) = self.handler.go_on(&mut behind) {
                    handler::complain(&behind, &fault);
                    break;
                }
            }
        });
    }
}

/// Whether the answer begins to leave before its script has ended it: its head is there, and a body goes with it.
fn streams(request: &mut Request, state: StateIndex<Running>) -> bool {
    let said = &request.state(state).said;
    said.head && !matches!(said.status, 204 | 304) && !request.is_head()
}

fn is_body_missing(request: &Request) -> bool {
    let has_body = !matches!(request.head.body(), BodyFraming::None);
    has_body && !request.is_subrequest() && !request.bodies.has_waited()
}

/// A script has failed: the log has it, and nothing is left of what it said.
pub(super) fn failed(request: &mut Request, state: StateIndex<Running>, fault: &Fault) -> Outcome {
    handler::complain(request, fault);
    let running = request.state(state);
    running.under_way = false;
    running.said = Said::default();
    // What it still waits for is of no use.
    running.instance = None;
    request.response.fields.clear();
    Outcome::Status(500)
}

/// What a script has said, as the outcome of its handler.
pub(super) fn outcome(request: &mut Request, said: Said) -> Outcome {
    match said.end {
        Some(End::Redirect(target)) => {
            carry(request);
            Outcome::Redirect(target)
        }
        Some(End::Return(status @ (301 | 302 | 303 | 307 | 308), Some(target))) => {
            carry(request);
            elsewhere::redirect(request, status, &target)
        }
        Some(End::Return(status @ (408 | 444 | 499), None)) => {
            request.response.fields.clear();
            Outcome::Close(status)
        }
        Some(End::Return(status, None)) if status >= 400 => {
            carry(request);
            Outcome::Status(status)
        }
        Some(End::Return(status, body)) => {
            respond(request, status, bytes(body.unwrap_or_default()))
        }
        Some(End::Finish) => respond(request, status_of(&said), bytes(said.body)),
        None if said.head => respond(request, status_of(&said), bytes(said.body)),
        None => {
            let request_line = Circumstances(request);
            log::warn!("js: the handler has ended without an answer{request_line}");
            request.response.fields.clear();
            Outcome::Status(500)
        }
    }
}

fn status_of(said: &Said) -> u16 {
    match said.status {
        0 => 200,
        status => status,
    }
}

/// Keeps the fields that a script has set for what is answered in its place.
pub(super) fn carry(request: &mut Request) {
    let fields = std::mem::take(&mut request.response.fields);
    for field in fields.iter() {
        let name = String::from_utf8_lossy(field.name);
        if !matches!(
            &*name.to_ascii_lowercase(),
            "content-type" | "content-length"
        ) {
            request.carry(&name, field.value);
        }
    }
}

fn bytes(body: Vec<u8>) -> Body {
    Body::Bytes(body.into())
}

fn respond(request: &mut Request, status: u16, body: Body) -> Outcome {
    let mut head = ResponseHead {
        status,
        fields: std::mem::take(&mut request.response.fields),
        words: None,
    };
    if !matches!(status, 204 | 304) && head.field("content-type").is_none() {
        let media_type = request.media_type();
        if !media_type.is_empty() {
            head.add("Content-Type", media_type);
        }
    }
    Outcome::Respond(Response { head, body })
}
