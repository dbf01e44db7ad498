//! What a `proxy_pass` asks of the engine behind it, and is told by it.
//!
//! One request makes one or more attempts, each with one peer: `peer`, `connected`, `request`,
//! `answered`,
//! `response`, `received` in this order, up to a `failed` or the next `peer`. Whatever happened,
//! `finished` is called once, for the origin that the request had last.

use pingora::http::{RequestHeader, ResponseHeader};
use pingora_core::Result;
use pingora_core::upstreams::peer::HttpPeer;

use crate::http::course::request::Request;

/// Who is asked for answers.
pub trait Origin: Send + Sync {
    /// The peer to try next, or the status to fail with.
    fn peer(&self, request: &mut Request) -> Result<Box<HttpPeer>, u16>;
    /// There is a connection to that peer: a fresh one, or one that was idle.
    fn connected(&self, request: &mut Request, socket: i32, reused: bool);
    /// The head that the peer gets.
    fn request(&self, request: &mut Request) -> Result<RequestHeader>;
    /// Whether the peer gets the body too.
    fn sends_body(&self, request: &Request) -> bool;
    /// Whether the peer's answer is awaited although the client has left.
    fn outlives_client(&self) -> bool;
    /// So many bytes of the body go to the peer.
    fn sending(&self, request: &mut Request, bytes: usize);
    /// The peer could not be reached, or broke off. True to try another.
    fn failed(&self, request: &mut Request, failure: Failure, body: Body) -> bool;
    /// The head of the peer's response, as it came.
    fn answered(&self, request: &mut Request, head: &ResponseHeader);
    /// The peer's response, to be changed into what the client gets.
    fn response(&self, request: &mut Request, head: &mut ResponseHeader, body: Body) -> Reply;
    /// So many bytes of its body have come.
    fn received(&self, request: &mut Request, bytes: usize);
    /// The exchange is over.
    fn finished(&self, request: &mut Request);
}

/// What is to be done with a peer's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The client gets it.
    Send,
    /// Another peer is asked.
    Another,
    /// The request fails with this status, which gives `error_page` its say.
    Fail(u16),
}

/// Whether a request could be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// What was read of the body is still there.
    Kept,
    /// It was too large to keep.
    Gone,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection.
    Connect,
    /// The peer did not answer in time.
    Timeout,
    /// It broke off.
    Broken,
    /// It sent nonsense.
    Invalid,
    /// An idle connection turned out to be closed as it was used.
    Stale,
}

impl Failure {
    /// The status that a client is given.
    pub fn status(self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Connect | Self::Broken | Self::Invalid | Self::Stale => 502,
        }
    }
}
