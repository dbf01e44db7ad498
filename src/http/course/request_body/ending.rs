//! The end of a request's body, with the fields that may come behind it.

use std::fmt;

use super::RequestBody;
use super::kept::Kept;
use crate::http::course::request::Request;
use crate::http::message::framing;
use crate::http::message::trailers;
use crate::http::plan::origin::{Origin, SentBody};
use crate::http::transport::fastcgi;
use crate::http::transport::link::Language;

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
    /// What tells the present peer where it ends.
    pub(super) fn ending(&self) -> Ending {
        match self.sent_as {
            _ if self.is_in_records => Ending::Records,
            SentBody::Chunked => Ending::Chunks,
            SentBody::None | SentBody::Length(_) => Ending::Head,
        }
    }

    /// Another peer is to get it, from the beginning, with the fields behind it that `origin` lets pass.
    pub fn start_over(&mut self, origin: &'static dyn Origin) {
        self.judge = Judge::of(origin);
        self.is_in_records = origin.rules().language == Language::FastCgi;
        if self.judge.is_some() && !self.trailers.is_empty() && !self.is_refused {
            // Behind a body whose length was said there is no room for them.
            self.sent_as = SentBody::Chunked;
        }
        self.given = 0;
        self.is_end_given = false;
        if let Kept::File(file) = &mut self.kept {
            file.rewind();
        }
    }

    /// Appends the end of a body that does not tell it beforehand, unless the peer has it.
    pub(super) fn give_end(&mut self, request: &Request, out: &mut Vec<u8>) {
        let given = std::mem::replace(&mut self.is_end_given, true);
        if self.is_in_records {
            if !given {
                fastcgi::write(fastcgi::Kind::STDIN, b"", out);
            }
            return;
        }
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

/// What says where a body ends.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// The head.
    Head,
    Chunks,
    Records,
}

/// Appends a piece of a body as it goes over the wire.
pub(super) fn write_piece(ending: Ending, bytes: &[u8], out: &mut Vec<u8>) {
    match ending {
        _ if bytes.is_empty() => {}
        Ending::Head => out.extend_from_slice(bytes),
        Ending::Chunks => {
            framing::chunk_size(bytes.len(), out);
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\r\n");
        }
        Ending::Records => fastcgi::write(fastcgi::Kind::STDIN, bytes, out),
    }
}
