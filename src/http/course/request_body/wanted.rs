//! Whether a client is to send its body, and whether anybody gets it.

use super::kept::Kept;
use super::{RequestBody, SentBody};
use crate::http::course::request::Request;
use crate::http::message::version::Version;

impl RequestBody {
    /// Whether the client waits to be told before it sends it.
    pub fn is_awaited(&self, request: &Request) -> bool {
        let head = &request.head;
        !self.is_done()
            && !self.is_coming
            && head.version() >= Version::Http11
            && head.lists(b"expect", b"100-continue")
    }

    /// The client is told to send it.
    pub fn call(&mut self) {
        self.is_coming = true;
    }

    /// It is longer than it may be: nobody gets any of it, and what comes of it is thrown away.
    pub fn refuse(&mut self) {
        self.is_refused = true;
        self.sent_as = SentBody::None;
        self.kept = Kept::Memory(Vec::new());
        self.given = 0;
        self.filters.clear();
        self.trailers = Vec::new();
    }

    /// Whether as much of it was read as anybody gets.
    pub fn is_taken(&self) -> bool {
        self.is_refused || self.is_done()
    }
}
