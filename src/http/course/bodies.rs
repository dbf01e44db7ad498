//! What a request keeps of its two bodies, and what they go through.

use std::io;

use super::request::Request;
use crate::http::plan::body_filter::{BodyFilter, BodyFilters, Passed};
use crate::http::plan::copies::Copies;

/// What goes on with the bodies of a request.
#[derive(Debug, Default)]
pub struct Bodies {
    /// What the response's body goes through; added as its head leaves.
    pub response: BodyFilters,
    /// What the request's body goes through, if it is read at all; added before content is made.
    pub request: BodyFilters,
    /// The request's body as far as it was read, if the configuration asks for it and it is short.
    pub kept: Vec<u8>,
    /// The request's body, if a step has waited for it and it is short.
    pub whole: Option<Vec<u8>>,
    /// Whether the request's body was begun to be read.
    pub(in crate::http) is_begun: bool,
    /// Whether somebody has asked for that before the body was read.
    pub was_missed: bool,
    /// Where copies of the request are to go, until they are made.
    pub copies: Option<&'static Copies>,
}

/// A longer body is not kept.
const MAX_KEPT: usize = 64 * 1024;

impl Bodies {
    /// Forgets everything, for another request.
    pub fn clear(&mut self) {
        self.response.clear();
        self.request.clear();
        self.kept = Vec::new();
        self.whole = None;
        self.is_begun = false;
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
