//! What a request knows of the cache that it was asked about.

use std::sync::Arc;
use std::time::Instant;

use super::caching::{Addressed, Caching, Conditions};
use super::purging::Purged;
use super::resumed::Repeats;
use super::zones::Entry;
use crate::cache::file::Head;
use crate::cache::index::Outcome;
use crate::cache::store::{Filling, NotFilled, Opened, Pending, Terms};
use crate::cache::{Freshness, Name, Refusal, Vary};
use crate::http::plan::state::StateIndex;

/// The place of it in every request.
pub(super) type State = StateIndex<Visit>;

/// What a request keeps about the cache of its location, from the lookup to the log.
#[derive(Default)]
pub(super) struct Visit {
    /// The cache that variables have named last, if they have named one.
    pub chosen: Option<&'static Caching>,
    /// What is going on, until the request is answered or goes elsewhere.
    pub turn: Option<Box<Turn>>,
    /// What the origin is to answer, where that was had before: it is asked, wherever the request goes.
    pub repeats: Option<Repeats>,
    /// What has become of a purge that is waited for.
    pub purged: Option<Purged>,
    /// What the cache had, which it is counted with at the end.
    pub told: Option<Told>,
}

impl Told {
    pub(super) fn new(caching: &'static Caching, key: Vec<u8>) -> Self {
        Self {
            caching,
            key,
            outcome: None,
            is_shared: false,
            given: None,
            received: 0,
            written: None,
            created: None,
            last_modified: None,
            etag: Vec::new(),
        }
    }
}

/// What variables and counters tell of a request that was looked up in a cache.
pub(super) struct Told {
    pub caching: &'static Caching,
    pub key: Vec<u8>,
    pub outcome: Option<Outcome>,
    /// Whether somebody else was filling the entry meanwhile.
    pub is_shared: bool,
    /// How long the body is that was given.
    pub given: Option<u64>,
    /// How much of a body has come from the origin.
    pub received: u64,
    /// How much of it was kept.
    pub written: Option<u64>,
    /// When the entry was made, in seconds since 1970.
    pub created: Option<u64>,
    /// See [`Head`](crate::cache::file::Head).
    pub last_modified: Option<u64>,
    pub etag: Vec<u8>,
}

/// The state of a request between its lookup in a cache and the end of the exchange with the origin.
pub(super) struct Turn {
    pub caching: &'static Caching,
    pub key: Vec<u8>,
    /// Who passes the request on.
    pub origin: &'static dyn Addressed,
    /// The name of the key.
    pub main: Name,
    /// Whether the origin is asked.
    pub is_asking: bool,
    /// Until when others are waited for.
    pub until: Option<Instant>,
    /// The fill that was waited for last, by its serial.
    pub awaited: Option<u64>,
    /// The right to keep what the origin answers.
    pub claim: Option<Claimed>,
    /// What there is, and is not valid any more.
    pub old: Option<Old>,
    /// By which the origin is asked whether that still holds.
    pub conditions: Option<Conditions>,
    /// What the origin has answered.
    pub answer: Option<Answer>,
}

impl Turn {
    pub(super) fn new(
        caching: &'static Caching,
        key: Vec<u8>,
        origin: &'static dyn Addressed,
    ) -> Self {
        Self {
            caching,
            origin,
            main: Name::of_key(&key),
            key,
            is_asking: false,
            until: None,
            awaited: None,
            claim: None,
            old: None,
            conditions: None,
            answer: None,
        }
    }
}

/// The right to keep an answer. Those of this process who wait for it are woken when it is used or dropped.
pub(super) struct Claimed {
    entry: Arc<Entry>,
    /// Nothing once it is used.
    pending: Option<Pending>,
    pub name: Name,
    /// What it would be a variant of.
    pub main: Option<Name>,
}

impl Claimed {
    pub(super) fn new(
        entry: &Arc<Entry>,
        pending: Pending,
        (name, main): (Name, Option<Name>),
    ) -> Self {
        Self {
            entry: Arc::clone(entry),
            pending: Some(pending),
            name,
            main,
        }
    }

    /// The answer begins.
    pub(super) fn begin(mut self, head: Head<'_>, terms: Terms) -> Result<Filling, NotFilled> {
        let pending = self.pending.take();
        pending.map_or(Err(NotFilled::Taken), |pending| pending.begin(head, terms))
    }

    /// The answer is not kept.
    pub(super) fn refuse(mut self) {
        if let Some(pending) = self.pending.take() {
            pending.refuse();
        }
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.pending = None;
        self.entry.bells.ring(self.name);
    }
}

/// An entry that is not valid any more.
pub(super) struct Old {
    pub name: Name,
    pub opened: Opened,
}

/// The head of an origin's answer, as far as an entry keeps it.
pub(super) struct Answer {
    pub status: u16,
    /// Until when it may be given, or why it is not kept.
    pub verdict: Result<Freshness, Refusal>,
    /// What it depends on; nothing if it fits nobody else.
    pub vary: Option<Vary>,
    pub last_modified: Option<u64>,
    pub etag: Vec<u8>,
    /// Lines of fields.
    pub fields: Vec<u8>,
    /// What the configuration had the origin asked for, of an answer to a range alone.
    pub range: Option<Vec<u8>>,
    /// How long the body would have been, if that was said, of an answer to HEAD alone.
    pub head_of: Option<Option<u64>>,
}

impl Visit {
    /// What is going on with this cache of a location.
    pub(super) fn turn_with(&mut self, caching: &'static Caching) -> Option<&mut Turn> {
        let turn = self.turn.as_deref_mut();
        turn.filter(|turn| std::ptr::eq(turn.caching, caching))
    }
}
