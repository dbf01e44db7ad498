//! `js_content`: a script makes the answer.

use super::handler::{self, Handler};
use super::running::{End, Said};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::engine;
use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response, ResponseHead};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::wait::Wait;

/// Answers for one location.
pub(super) struct Content(pub Handler);

impl ContentHandler for Content {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        let running = request.state(self.0.state);
        let result = match std::mem::replace(&mut running.under_way, true) {
            false => self.0.call(request, |_| Ok(Vec::new()), |_, _| Ok(())),
            true => self.0.go_on(request),
        };
        if let Err(fault) = result {
            handler::complain(request, &fault);
            request.state(self.0.state).under_way = false;
            request.response.fields.clear();
            return Some(Outcome::Status(500));
        }
        if let Some(wait) = self.0.wait(request) {
            return Some(Outcome::Wait(Wait::Until(Box::pin(wait))));
        }
        let running = request.state(self.0.state);
        running.under_way = false;
        let said = std::mem::take(&mut running.said);
        Some(outcome(request, said))
    }
}

/// What a script has said, as the outcome of its handler.
fn outcome(request: &mut Request, said: Said) -> Outcome {
    match said.end {
        Some(End::Redirect(target)) => {
            request.response.fields.clear();
            Outcome::Redirect(target)
        }
        Some(End::Return(status @ (301 | 302 | 303 | 307 | 308), Some(target))) => {
            carry(request);
            engine::redirect(request, status, &target)
        }
        Some(End::Return(status, None)) if status >= 400 => {
            carry(request);
            Outcome::Status(status)
        }
        Some(End::Return(status, body)) => respond(request, status, body.unwrap_or_default()),
        Some(End::Finish | End::Done) => respond(request, status_of(&said), said.body),
        None if said.head => respond(request, status_of(&said), said.body),
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
fn carry(request: &mut Request) {
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

fn respond(request: &mut Request, status: u16, body: Vec<u8>) -> Outcome {
    let mut head = ResponseHead {
        status,
        fields: std::mem::take(&mut request.response.fields),
    };
    if !body.is_empty() && head.field("content-type").is_none() {
        let media_type = request.media_type();
        if !media_type.is_empty() {
            head.add("Content-Type", media_type);
        }
    }
    head.remove("content-length");
    Outcome::Respond(Response {
        head,
        body: Body::Bytes(body.into()),
    })
}
