//! A request in Pingora's hands: who is to answer it, and what Pingora's errors mean for it.

use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_proxy::Session;

use super::bridge::Handed;
use super::client::BodyFault;
use super::engine::{self, Answer};
use super::origin::{Body, Failure, Origin};
use super::request::Request;
use super::response::Response;

/// A request in Pingora's hands.
pub(super) struct Exchange {
    pub(super) handed: Option<Handed>,
    pub(super) course: Course,
    /// Bytes of the request's body, as far as this attempt has seen them.
    pub(super) body: u64,
}

/// What is to become of a request.
pub(super) enum Course {
    /// Its origin answers.
    Open,
    /// Another peer, or another origin, is to be asked.
    Again,
    /// This is the answer.
    Instead(Response),
    /// There is no answer.
    Close,
}

impl Exchange {
    pub(super) fn parts(&mut self) -> Result<(&mut Request, &'static dyn Origin)> {
        match &mut self.handed {
            Some(Handed {
                request, origin, ..
            }) => Ok((request, *origin)),
            _ => Err(Error::explain(
                ErrorType::InternalError,
                "a request without an origin",
            )),
        }
    }

    /// The origin failed with `status`: `error_page` may know another, or a page.
    pub(super) fn fail(&mut self, status: u16) {
        let Some(handed) = &mut self.handed else {
            self.course = Course::Close;
            return;
        };
        self.course = match engine::fail(&mut handed.request, status) {
            Answer::Proxy(next) => {
                handed.origin = next;
                Course::Again
            }
            // The body that it wants may be gone.
            Answer::Receive(_) => Course::Instead(Response::page(status)),
            Answer::Local(response) => Course::Instead(response),
            Answer::Close => Course::Close,
        };
    }

    /// What is wrong with the request's body, if that is why something failed.
    pub(super) fn body_fault(&self) -> Option<BodyFault> {
        self.handed.as_ref()?.client.lock().fault()
    }

    /// An attempt failed: another one, or the end.
    pub(super) fn attempt_failed(&mut self, failure: Failure, body: Body) {
        let Ok((request, origin)) = self.parts() else {
            return;
        };
        request.time_passed();
        if origin.failed(request, failure, body) {
            self.course = Course::Again;
        } else {
            self.fail(failure.status());
        }
    }

    /// Whether to go on with another attempt, now that it is known what is left of the body.
    pub(super) fn goes_on(&mut self, body: Body, status: u16) -> bool {
        if matches!(self.course, Course::Again) && body == Body::Gone {
            // A named location was to proxy it elsewhere, but there is no body to send any more.
            self.course = Course::Instead(Response::page(status));
        }
        matches!(self.course, Course::Again)
    }
}

pub(super) const SWITCHING: u16 = 101;
/// The client left before there was an answer.
pub(super) const CLIENT_LEFT: u16 = 499;

/// Whether the head of a final response has left.
pub(super) fn is_answered(session: &Session) -> bool {
    let written = session.response_written();
    written.is_some_and(|head| !head.status.is_informational() || head.status == SWITCHING)
}

/// Whether the request's body could be sent once more.
pub(super) fn body_of(session: &Session) -> Body {
    if session.as_ref().retry_buffer_truncated() {
        Body::Gone
    } else {
        Body::Kept
    }
}

pub(super) fn failure_of(error: &Error, reused: bool) -> Failure {
    match error.etype() {
        ErrorType::ReadTimedout | ErrorType::WriteTimedout | ErrorType::ConnectTimedout => {
            Failure::Timeout
        }
        ErrorType::ConnectionClosed | ErrorType::WriteError | ErrorType::ReadError if reused => {
            Failure::Stale
        }
        ErrorType::InvalidHTTPHeader => Failure::Invalid,
        _ => Failure::Broken,
    }
}

pub(super) fn status_of(error: &Error) -> u16 {
    match (error.etype(), error.esource()) {
        (ErrorType::HTTPStatus(code), _) => *code,
        (
            ErrorType::ConnectTimedout | ErrorType::ReadTimedout | ErrorType::WriteTimedout,
            ErrorSource::Upstream,
        ) => 504,
        (_, ErrorSource::Upstream) => 502,
        (ErrorType::ReadTimedout, ErrorSource::Downstream) => 408,
        (
            ErrorType::ReadError
            | ErrorType::WriteError
            | ErrorType::WriteTimedout
            | ErrorType::ConnectionClosed,
            _,
        ) => CLIENT_LEFT,
        (_, ErrorSource::Downstream) => 400,
        _ => 500,
    }
}
