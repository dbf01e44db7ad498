//! The end of a request's body, with the fields that may come behind it.

use std::fmt;

use super::RequestBody;
use super::kept::Kept;
use crate::http::course::request::Request;
use crate::http::message::framing;
use crate::http::message::trailers;
use crate::http::plan::origin::{Origin, SentBody};

/// Who says which fields behind a body the present peer gets.
#[derive(Clone, Copy)]
pub(super) struct Judge(&'static dyn Origin);

impl Judge {
    /// The origin, if its peers get any.
    pub(super) fn of(origin: &'static dyn Origin) -> Option<Self> {
        origin.rules().takes_trailers().then_some(Self(origin))
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an origin")
    }
}

impl RequestBody {
    /// Another peer is to get it, from the beginning, with the fields behind it that `origin` lets pass.
    pub fn start_over(&mut self, origin: &'static dyn Origin) {
        self.judge = Judge::of(origin);
        if self.judge.is_some() && !self.trailers.is_empty() {
            // Behind a body whose length was said there is no room for them.
            self.sent_as = SentBody::Chunked;
        }
        self.given = 0;
        self.is_end_given = false;
        if let Kept::File(file) = &mut self.kept {
            file.rewind();
        }
    }

    /// Appends the end of a body in chunks, unless the peer has it.
    pub(super) fn give_end(&mut self, request: &Request, out: &mut Vec<u8>) {
        let given = std::mem::replace(&mut self.is_end_given, true);
        if self.sent_as != SentBody::Chunked || given {
            return;
        }
        let (size, end) = framing::LAST_CHUNK.split_at(framing::LAST_CHUNK.len() - 2);
        out.extend_from_slice(size);
        if let Some(Judge(origin)) = self.judge.filter(|_| !self.trailers.is_empty()) {
            let hides = |name: &[u8]| !origin.takes_trailer(request, name);
            out.extend_from_slice(&trailers::passable(&self.trailers, hides));
        }
        out.extend_from_slice(end);
    }
}
