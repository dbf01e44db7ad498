//! What a request keeps of its scripts.

use std::sync::Arc;

use crate::http::plan::outcome::InternalTarget;
use crate::script::instance::Instance;

/// What a request keeps of its scripts.
#[derive(Default)]
pub(super) struct Running {
    /// The program in its hands, once a script was called.
    pub instance: Option<Arc<Instance>>,
    /// Whether a handler was called that has not ended.
    pub under_way: bool,
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
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The status, where it was set (`r.status`).
    pub status: u16,
    /// Whether the head was sent (`r.sendHeader()`).
    pub head: bool,
    /// The body so far (`r.send()`).
    pub body: Vec<u8>,
    /// How the answer was ended.
    pub end: Option<End>,
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
