//! What whoever drives a connection of HTTP/2 hears of its streams.

use std::sync::Arc;

use super::super::hpack::{Fault, Malformed};
use super::super::traffic::Traffic;
use crate::metric::Moment;

/// What is known of a stream that somebody begins to answer.
#[derive(Debug)]
pub struct Taken {
    /// The bytes that went over it, the head that it came with included.
    pub traffic: Arc<Traffic>,
    /// When its head began to come.
    pub began: Moment,
    /// How many bytes that took. Some of the body may be there, too.
    pub head: usize,
}

/// What became of a stream that nobody here was told of.
#[derive(Debug)]
pub struct Rejected {
    /// What is known of it.
    pub taken: Taken,
    /// The status that it was answered with.
    pub status: u16,
    /// What is malformed about it, if that is known.
    pub malformed: Option<Box<Malformed>>,
}

/// What has happened since this was asked last.
#[derive(Debug, Default)]
pub struct News {
    /// Requests that h2 has refused by itself.
    pub rejected: Vec<Rejected>,
    /// For what requests were broken off that somebody answers.
    pub faults: Vec<Fault>,
    /// How many streams were refused so that the client may ask again.
    pub refused: u64,
    /// How many streams the client has reset.
    pub resets_received: u64,
    /// How many streams were reset here.
    pub resets_sent: u64,
    /// Whether the client has said for the first time that it goes.
    pub is_goaway_received: bool,
    /// Whether the client was told for the first time to go.
    pub is_goaway_sent: bool,
}
