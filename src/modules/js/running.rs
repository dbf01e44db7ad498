//! What a request keeps of its scripts.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::request::Reply;
use super::streaming::{MOST_WAITING, Pipe};
use crate::http::plan::outcome::InternalTarget;
use crate::script::instance::Instance;

/// What a request keeps of its scripts.
#[derive(Default)]
pub(super) struct Running {
    /// The program in its hands, once a script was called.
    pub instance: Option<Arc<Instance>>,
    /// For a subrequest that a script has made, the request on whose behalf it was, as it was then.
    pub parent: Option<Arc<Reply>>,
    /// Whether a handler was called that has not ended.
    pub under_way: bool,
    /// Where the handler has returned a promise that was pending: whether it is settled by now.
    pub settled: Option<Arc<AtomicBool>>,
    /// Whether the head of the answer is what the script is about.
    pub filters_head: bool,
    /// What the script has said so far.
    pub said: Said,
    /// What a body filter has sent on, while one is called.
    pub filtered: Option<Vec<u8>>,
    /// `r.setReturnValue()`
    pub value: Option<Vec<u8>>,
    /// `r.done()`
    pub is_done: bool,
}

/// What a script has said of the answer.
#[derive(Default)]
pub(super) struct Said {
    /// The status, where it was set (`r.status`).
    pub status: u16,
    /// Whether the head was sent (`r.sendHeader()`).
    pub head: bool,
    /// The body so far (`r.send()`).
    pub body: Vec<u8>,
    /// What the body goes into instead, once the head has left.
    pub pipe: Option<Arc<Pipe>>,
    /// How the answer was ended.
    pub end: Option<End>,
}

impl Said {
    /// Adds to the body that is held; false when that is too much.
    pub(super) fn add(&mut self, piece: Vec<u8>) -> bool {
        let has_room = self.body.len() + piece.len() <= MOST_WAITING;
        if has_room {
            self.body.extend_from_slice(&piece);
        }
        has_room
    }
}

/// How a script has ended the answer.
#[derive(Debug)]
pub(super) enum End {
    /// `r.return(status, body)`
    Return(u16, Option<Vec<u8>>),
    /// `r.finish()`
    Finish,
    /// `r.internalRedirect(target)`
    Redirect(InternalTarget),
}
