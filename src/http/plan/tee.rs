//! A response's body is kept while the client gets it.

use std::fs::File;
use std::io;

use crate::http::course::request::Request;

/// Whoever keeps the body of a response as it comes. What was begun and not ended comes to nothing when it is dropped.
pub trait Tee: Send {
    /// Takes the next piece; false when no more is wanted of this body.
    fn piece(&mut self, request: &Request, piece: &[u8]) -> bool;

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
