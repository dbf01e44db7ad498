//! What a `proxy_pass` decides for the road to its origins, and is told by it.
//!
//! One request makes one or more attempts, each with one peer: `choose`, `idle` or `dial`,
//! `connected`, `write_head`, `answered`, `response`, `received` in this order, up to a `failed` or
//! the next `choose`. Whatever happened, `finished` is called once, for the origin that the
//! request had last.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::outcome::{InternalTarget, Outcome};
use super::tee::{Coming, Tee};
use crate::http::course::request::Request;
use crate::http::message::response_head::ResponseHead;
use crate::http::transport::dial::Dial;
use crate::http::transport::link::{Language, Link};
use crate::http::transport::pace::Pace;
use crate::http::transport::secure::Secure;
use crate::http::transport::spill::ReadAhead;

/// Who is asked for answers.
pub trait Origin: Send + Sync {
    /// Chooses the peer to try next, or the status to fail with.
    fn choose(&self, request: &mut Request) -> Result<(), u16>;
    /// An idle connection to that peer.
    fn idle(&self, request: &mut Request) -> Option<Box<Link>>;
    /// What a fresh connection to that peer takes.
    fn dial(&self, request: &mut Request) -> Option<Dial>;
    /// How a fresh connection to that peer is encrypted, if it is.
    fn secure(&self, request: &mut Request) -> Option<Arc<Secure>>;
    /// There is a connection to that peer.
    fn connected(&self, request: &mut Request, link: &mut Link);
    /// Appends the head that the peer gets; a body follows that ends as `body` says. False, and a line in the log, where
    /// that cannot be said.
    fn write_head(&'static self, request: &mut Request, body: SentBody, out: &mut Vec<u8>) -> bool;
    /// Whether the head asks for that of a response alone.
    fn asks_for_head(&'static self, request: &mut Request) -> bool;
    /// What holds for every attempt.
    fn rules(&'static self) -> &'static Rules;
    /// So many bytes go to the peer.
    fn sent(&self, request: &mut Request, bytes: usize);
    /// The peer could not be reached, or broke off. True to try another.
    fn failed(&self, request: &mut Request, failure: Failure, body: Body) -> bool;
    /// The head of the peer's response, as it came.
    fn answered(&'static self, request: &mut Request, head: &ResponseHead<'_>);
    /// Whether what a peer says beside a response that has not begun makes that useless.
    fn is_fatal(&self, _message: &[u8]) -> bool {
        false
    }
    /// Whether this response is read ahead of a slow client.
    fn reads_ahead(&self, head: &ResponseHead<'_>) -> bool;
    /// How fast a response is read that is read ahead; nothing where it is as fast as it comes.
    fn pace(&self, _request: &mut Request) -> Option<Pace> {
        None
    }
    /// Whether the client does not get the peer's fields of this name.
    fn hides(&self, name: &[u8]) -> bool;
    /// Whether peers get the client's field of this name behind a body.
    fn takes_trailer(&self, request: &Request, name: &[u8]) -> bool;
    /// What becomes of the peer's response, whose status and fields are those of `request.response` now.
    fn response(&'static self, request: &mut Request, body: Body) -> Reply;
    /// Who else has the body of the response that is sent, if anybody.
    fn tee(&'static self, _request: &mut Request, _coming: Coming) -> Option<Box<dyn Tee>> {
        None
    }
    /// Whether the response is awaited although the client has left, because it is to be kept.
    fn is_kept(&'static self, _request: &Request) -> bool {
        false
    }
    /// What is answered instead of failing, if anything.
    fn stand_in(&'static self, _request: &mut Request, _failure: Failure) -> Option<Outcome> {
        None
    }
    /// How much has come from the present peer so far.
    fn received(&'static self, request: &mut Request, sizes: Received);
    /// The peer may be asked something else on this connection.
    fn keep(&self, request: &mut Request, link: Box<Link>);
    /// The present peer as logs name it: by the URL that it is asked for.
    fn peer_name(&self, request: &mut Request) -> String;
    /// The exchange is over.
    fn finished(&'static self, request: &mut Request);
}

/// What holds for every attempt of a `proxy_pass`.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `proxy_connect_timeout`: for a connection with its handshake.
    pub connect_timeout: Duration,
    /// `proxy_read_timeout`: between two pieces of the response.
    pub read_timeout: Duration,
    /// `proxy_send_timeout`: between two pieces of the request.
    pub send_timeout: Duration,
    /// `proxy_buffer_size`: the longest head of a response.
    pub max_head: usize,
    /// How far responses are read ahead of a slow client, where they are.
    pub read_ahead: ReadAhead,
    /// The same for responses that are kept, which are read to their end, whatever the client takes.
    pub read_ahead_of_kept: ReadAhead,
    /// `proxy_buffering`: whether responses are read ahead, unless they say otherwise.
    pub buffers_response: bool,
    /// `proxy_temp_path`: where bodies wait that are too large for memory.
    pub temporary: Arc<Path>,
    /// `proxy_request_buffering`: whether the body is read before a peer is asked.
    pub buffers_request: bool,
    /// `proxy_ignore_client_abort`: whether the answer is awaited although the client has left.
    pub outlives_client: bool,
    /// `proxy_pass_request_body`: whether the peer gets the body.
    pub sends_body: bool,
    /// `proxy_pass_trailers`: whether what is said behind a body is passed on: to the client, and to peers of HTTP/2.
    pub passes_trailers: bool,
    /// What is spoken with peers.
    pub language: Language,
}

impl Rules {
    /// Whether peers get fields behind a body.
    pub fn takes_trailers(&self) -> bool {
        self.language == Language::Http2 && self.passes_trailers
    }
}

/// How the body ends that a peer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentBody {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// What is to be done with a peer's response.
pub enum Reply {
    /// The client gets it.
    Send,
    /// Another peer is asked.
    Another,
    /// A peer is asked once more when this is over, for which `choose` is told again.
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// The request fails with this status, which gives `error_page` its say.
    Fail(u16),
    /// The client gets this instead.
    Instead(Outcome),
    /// The request is answered from another place of ours (`X-Accel-Redirect`).
    Redirect(InternalTarget),
}

/// Whether a request could be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// What was read of the body is still there.
    Kept,
    /// It was too large to keep.
    Gone,
}

/// How much has come from a peer for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Everything: heads, the framing of chunks, and what was not understood.
    pub bytes: u64,
    /// Of that, content of the response.
    pub content: u64,
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
    /// On an idle connection it said that it takes no more requests, and has not touched this one.
    Leaving,
    /// It said that it has not touched the request.
    Refused,
    /// The request cannot be said in what is spoken with it. It is not the peer's failure.
    Unsayable,
}

impl Failure {
    /// The status that a client is given.
    pub fn status(self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Connect | Self::Broken | Self::Invalid => 502,
            Self::Stale | Self::Leaving | Self::Refused => 502,
            Self::Unsayable => 400,
        }
    }
}
