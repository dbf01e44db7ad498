//! A response's body is kept while the client gets it.

use std::fs::File;
use std::io;

use crate::http::course::request::Request;

/// Whoever keeps the body of a response as it comes. What was begun and not ended comes to nothing when it is dropped.
pub trait Tee: Send {
    /// Takes the next piece; false when no more is wanted of this body, and [`verdict`](Self::verdict) is asked for.
    fn piece(&mut self, request: &Request, piece: &[u8]) -> bool;

    /// Who says at the end whether the body was what it is known to be, although it is kept no more; all that has come so far
    /// is known to him. Nothing where nobody can say.
    fn verdict(self: Box<Self>) -> Option<Box<dyn Verdict>>;

    /// Whether it is known what the body must be.
    fn knows_body(&self) -> bool;

    /// The body broke off: the origin has not sent all of it.
    fn broke_off(self: Box<Self>);

    /// The body is whole. False when it is not what it should be, so that nobody must take it for whole.
    fn end(self: Box<Self>, request: &mut Request) -> bool;

    /// The file that holds what was taken so far, for a client who takes it later.
    ///
    /// # Errors
    /// When there are no more descriptors.
    fn kept(&self) -> io::Result<Kept>;
}

/// Whoever knows what a body must be that nobody keeps.
pub trait Verdict: Send {
    /// Takes the next piece.
    fn piece(&mut self, piece: &[u8]);

    /// The body is whole: whether it is what it should be.
    fn holds(self: Box<Self>) -> bool;
}

/// Where what was taken is kept.
#[derive(Debug)]
pub struct Kept {
    /// Open for reading.
    pub file: File,
    /// Where the body begins in it.
    pub start: u64,
}

/// What is known of a body before it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// How long it will be, if the origin says so.
    pub length: Option<u64>,
    /// Whether it is read ahead of a slow client.
    pub is_read_ahead: bool,
}
