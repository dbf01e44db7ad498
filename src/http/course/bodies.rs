//! What a request keeps of its two bodies, and what they go through.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::request::Request;
use super::request_body::Whole;
use crate::http::plan::body_filter::{BodyFilter, BodyFilters, Passed, Trailers};
use crate::http::plan::copies::Copies;

/// What is to be done with a request at its end.
pub struct After(Box<dyn FnOnce(&mut Request) + Send + Sync>);

impl After {
    /// This is to be done.
    pub fn new(work: impl FnOnce(&mut Request) + Send + Sync + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Does it.
    pub(super) fn run(self, request: &mut Request) {
        (self.0)(request);
    }
}

impl fmt::Debug for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("After")
    }
}

/// What goes on with the bodies of a request.
#[derive(Debug, Default)]
pub struct Bodies {
    /// What the response's body goes through; added as its head leaves.
    pub response: BodyFilters,
    /// What comes behind the response's body; one of its filters is there for that, too.
    pub trailers: Option<Arc<dyn Trailers>>,
    /// What the request's body goes through, if it is read at all; added before content is made.
    pub request: BodyFilters,
    /// The request's body as far as it was read, if the configuration asks for it and it is short.
    pub kept: Vec<u8>,
    /// The request's body, if a step has waited for it.
    pub whole: Option<Whole>,
    /// How long the request's body was found to be, where its head does not say that.
    pub length: Option<u64>,
    /// What is to be done with the request before it ends, for whoever has made its response's body beside it.
    pub after: Option<After>,
    /// Whether the request's body was begun to be read.
    pub(in crate::http) is_begun: bool,
    /// Whether the request's body was announced longer than it may be.
    pub(super) is_too_long: bool,
    /// Whether somebody has asked for that before the body was read.
    pub was_missed: bool,
    /// Where copies of the request are to go, until they are made.
    pub copies: Option<&'static Copies>,
}

impl Request {
    /// The lines that come behind the body of the response, which has ended.
    pub(in crate::http) fn trailers(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        if let Some(trailers) = self.bodies.trailers.take() {
            trailers.append(self, &mut lines);
        }
        lines
    }
}

/// A longer body is not kept.
const MAX_KEPT: usize = 64 * 1024;

impl Bodies {
    /// Forgets everything, for another request.
    pub fn clear(&mut self) {
        self.response.clear();
        self.trailers = None;
        self.request.clear();
        self.kept = Vec::new();
        self.whole = None;
        self.length = None;
        self.after = None;
        self.is_begun = false;
        self.is_too_long = false;
        self.was_missed = false;
        self.copies = None;
    }

    /// Whether the request's body was begun to be read.
    pub fn has_waited(&self) -> bool {
        self.is_begun
    }

    /// Has the request's body kept as it is read.
    pub fn keep(&mut self) {
        self.request.add(Keeper::default());
    }
}

/// Keeps what goes by, until it is too much.
#[derive(Default)]
struct Keeper {
    is_too_long: bool,
}

impl BodyFilter for Keeper {
    fn piece(
        &mut self,
        request: &mut Request,
        piece: &[u8],
        _: &mut Vec<u8>,
    ) -> io::Result<Passed> {
        let kept = &mut request.bodies.kept;
        self.is_too_long |= kept.len() + piece.len() > MAX_KEPT;
        match self.is_too_long {
            true => *kept = Vec::new(),
            false => kept.extend_from_slice(piece),
        }
        Ok(Passed::AsItIs)
    }

    fn keeps_length(&self) -> bool {
        true
    }
}
