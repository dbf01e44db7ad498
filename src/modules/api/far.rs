//! Answers about what is far from the top of the tree: a thread looks for it, and only when it is known to be there or
//! not, the head of the answer leaves.

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use super::answer::streamed;
use super::look::Look;
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::message::stream::Stream;
use crate::http::plan::wait::Wait;

/// An answer in the making.
pub(super) struct Far {
    stream: Option<Stream>,
    is_there: Arc<OnceLock<bool>>,
}

impl Far {
    /// Has a thread look, and gives what to wait for.
    pub(super) fn begin(look: Look, request: &Request) -> (Self, Wait) {
        let (told, heard) = oneshot::channel::<()>();
        let (is_there, is_head) = (Arc::new(OnceLock::new()), request.is_head());
        let (found, takes_walk) = (Arc::clone(&is_there), look.takes_walk());
        let make = move |out: &mut dyn std::io::Write, _: &_| {
            let tell = move |is_there| {
                let _first = found.set(is_there);
                let _left = told.send(());
            };
            look.write_far(out, tell, is_head)
        };
        let stream = match takes_walk {
            true => Stream::begin_alone(make),
            false => Stream::begin(make),
        };
        // If no thread can be had, this ends as well.
        let wait = Box::pin(async move { heard.await.unwrap_or_default() });
        (Self { stream, is_there }, Wait::Until(wait))
    }

    /// The answer once the wait is over; nothing if there is nothing.
    pub(super) fn response(self) -> Option<Response> {
        match self.is_there.get() {
            Some(false) => None,
            Some(true) => Some(streamed(self.stream)),
            None => Some(streamed(None)),
        }
    }
}
