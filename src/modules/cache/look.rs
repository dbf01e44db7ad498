//! What becomes of a request: an entry is given, the origin is asked, or somebody else is waited for who asks it.

use std::sync::Arc;
use std::time::Instant;

use super::caching::{Caching, Conditions, Look};
use super::find::Sought;
use super::given::Given;
use super::range;
use super::settings::any_holds;
use super::visit::{Claimed, Old, Told, Turn};
use super::waiting;
use crate::cache::Name;
use crate::cache::index::{Fill, Outcome, Progress};
use crate::cache::store::{Attempt, Growing};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::validators;
use crate::http::plan::wait::Wait;
use crate::os;

/// What became of the wish to fill an entry.
enum Wish {
    Granted(Claimed),
    /// Somebody does already.
    Busy(Fill),
    /// It is not to be.
    Refused,
}

/// An entry's variants may lead to each other once.
const MOST_NAMES: usize = 2;

impl Caching {
    /// A request comes to this cache; whether it is asked about it.
    pub(super) fn begin(&'static self, request: &mut Request) -> bool {
        if !self.settings.takes(request.method()) {
            return false;
        }
        let key = self.settings.key.evaluate(request);
        let visit = request.state(self.state);
        visit.told = Some(Told {
            caching: self,
            key: key.clone(),
            outcome: None,
            is_shared: false,
            given: None,
            received: 0,
            written: None,
            created: None,
            last_modified: None,
            etag: Vec::new(),
        });
        visit.turn = Some(Box::new(Turn {
            caching: self,
            main: Name::of_key(&key),
            key,
            is_asking: false,
            until: None,
            claim: None,
            old: None,
            conditions: None,
            answer: None,
        }));
        true
    }

    pub(super) fn decide(&'static self, request: &mut Request) -> Look {
        if any_holds(&self.settings.bypass, request) {
            return self.bypass(request);
        }
        let Some(mut turn) = request.state(self.state).turn.take() else {
            return Look::Ask;
        };
        let sought = self.find(request, &turn);
        let look = self.judge(request, &mut turn, sought);
        if !matches!(look, Look::Give(_)) {
            request.state(self.state).turn = Some(turn);
        }
        look
    }

    /// The origin is asked whatever there is.
    fn bypass(&'static self, request: &mut Request) -> Look {
        self.tell(request, Outcome::Bypass);
        let Some(mut turn) = request.state(self.state).turn.take() else {
            return Look::Ask;
        };
        if self.may_keep(request)
            && let Wish::Granted(claim) = self.wish(request, turn.main, None)
        {
            turn.claim = Some(claim);
        }
        turn.is_asking = true;
        request.state(self.state).turn = Some(turn);
        Look::Ask
    }

    fn judge(&'static self, request: &mut Request, turn: &mut Turn, sought: Sought) -> Look {
        let now = os::seconds();
        let Sought { name, main, opened } = sought;
        match opened {
            Some(opened) if opened.entry.freshness.is_fresh(now) => {
                self.give(request, Given::whole(opened), Outcome::Hit)
            }
            Some(opened) => {
                self.tell(request, Outcome::Expired);
                turn.old = Some(Old { name, opened });
                self.refresh(request, turn, (name, main))
            }
            None => {
                self.tell(request, Outcome::Miss);
                self.fill(request, turn, (name, main))
            }
        }
    }

    /// There is nothing: the origin is asked, or somebody who asks it already is waited for.
    fn fill(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        names: (Name, Option<Name>),
    ) -> Look {
        if !self.may_keep(request) || !self.is_wanted(request, names.0) {
            return ask(turn);
        }
        self.claim_or_follow(request, turn, names)
    }

    fn claim_or_follow(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        (mut name, mut main): (Name, Option<Name>),
    ) -> Look {
        for _ in 0..MOST_NAMES {
            let fill = match self.wish(request, name, main) {
                Wish::Granted(claim) => {
                    turn.claim = Some(claim);
                    return ask(turn);
                }
                Wish::Busy(fill) if self.settings.lock => fill,
                Wish::Busy(_) | Wish::Refused => return ask(turn),
            };
            if fill.progress == Progress::Asked {
                return self.wait(turn, name, &fill);
            }
            if self.is_stuck(request, &fill) {
                return ask(turn);
            }
            let growing = match self.settings.entry.cache.follow(name, &fill) {
                Ok(Some(growing)) if growing.entry().head().key == turn.key => growing,
                Ok(None) => return self.wait(turn, name, &fill),
                Ok(Some(_)) | Err(_) => return ask(turn),
            };
            match self.variant_beside(request, growing.entry()) {
                None => return self.join(request, growing),
                Some(variant) => (name, main) = (turn.main.of_variant(&variant), Some(turn.main)),
            }
        }
        ask(turn)
    }

    /// What there is is not valid any more.
    fn refresh(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        names: (Name, Option<Name>),
    ) -> Look {
        let Some(old) = turn.old.as_ref() else {
            return ask(turn);
        };
        let says_so = os::seconds() <= old.opened.entry.freshness.updating;
        let may_be_stale =
            (says_so || self.settings.stale.while_updating()) && !request.is_continuing();
        if !self.may_keep(request) {
            return ask(turn);
        }
        let claim = match self.wish(request, names.0, names.1) {
            Wish::Granted(claim) => claim,
            Wish::Busy(_) if may_be_stale => {
                return self.give_turns_old(request, turn, Outcome::Updating);
            }
            Wish::Busy(_) if self.settings.lock && !request.is_continuing() => {
                return self.claim_or_follow(request, turn, names);
            }
            Wish::Busy(_) | Wish::Refused => return ask(turn),
        };
        turn.claim = Some(claim);
        turn.conditions = self.settings.revalidate.then(|| conditions(old)).flatten();
        if may_be_stale && self.settings.background && self.refresh_beside(request, turn) {
            return self.give_turns_old(request, turn, Outcome::Stale);
        }
        ask(turn)
    }

    fn give_turns_old(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        outcome: Outcome,
    ) -> Look {
        match turn.old.take() {
            Some(old) => self.give(request, Given::whole(old.opened), outcome),
            None => ask(turn),
        }
    }

    /// A request beside this one, which nobody waits for, takes over to ask the origin; whether it could be made.
    fn refresh_beside(&'static self, request: &mut Request, turn: &mut Turn) -> bool {
        let Some(mut beside) = request.continuation() else {
            return false;
        };
        let old = turn.old.as_ref().and_then(|old| {
            let opened = self
                .settings
                .entry
                .cache
                .open(old.name, &turn.key, beside.moment());
            Some(Old {
                name: old.name,
                opened: opened.ok()?,
            })
        });
        let taken = Turn {
            caching: self,
            key: turn.key.clone(),
            main: turn.main,
            is_asking: true,
            until: None,
            claim: turn.claim.take(),
            conditions: turn.conditions.take().filter(|_| old.is_some()),
            old,
            answer: None,
        };
        beside.state(self.state).turn = Some(Box::new(taken));
        request.beside = Some(beside);
        true
    }

    /// Others are waited for until the head of their answer is there, but not for ever.
    fn wait(&'static self, turn: &mut Turn, name: Name, fill: &Fill) -> Look {
        let now = Instant::now();
        let until = *turn.until.get_or_insert(now + self.settings.lock_timeout);
        if now >= until {
            return ask(turn);
        }
        let entry = Arc::clone(&self.settings.entry);
        Look::Wait(Wait::Until(Box::pin(waiting::head(
            entry, name, *fill, until,
        ))))
    }

    /// Whether a fill has not come further for too long.
    fn is_stuck(&self, request: &mut Request, fill: &Fill) -> bool {
        let zone = self.settings.entry.cache.index().zone();
        let now = zone.moment(request.moment());
        now.0.saturating_sub(fill.moved) > self.settings.lock_age
    }

    /// The body is given as it comes.
    fn join(&'static self, request: &mut Request, growing: Growing) -> Look {
        if let Some(told) = &mut request.state(self.state).told {
            told.is_shared = true;
        }
        let entry = &self.settings.entry;
        self.give(request, Given::growing(entry, growing), Outcome::Hit)
    }

    /// Whether what the origin answers may be kept at all.
    fn may_keep(&self, request: &Request) -> bool {
        let asks_for_head = request.is_head() && !self.settings.convert_head;
        let is_far = self
            .settings
            .max_range_offset
            .is_some_and(|most| range::begins_beyond(request, most));
        !asks_for_head && !is_far
    }

    /// Whether an answer was asked for often enough.
    fn is_wanted(&self, request: &mut Request, name: Name) -> bool {
        let least = self.settings.min_uses;
        least <= 1
            || self
                .settings
                .entry
                .cache
                .index()
                .count_use(name, request.moment())
                >= least
    }

    fn wish(&self, request: &mut Request, name: Name, main: Option<Name>) -> Wish {
        let entry = &self.settings.entry;
        let patience = Some(self.settings.lock_age);
        match entry.cache.claim(name, patience, request.moment()) {
            Ok(Attempt::Granted(pending)) => Wish::Granted(Claimed {
                pending,
                name,
                main,
            }),
            Ok(Attempt::Busy(fill)) => Wish::Busy(fill),
            Err(error) => {
                log::error!(
                    "cache \"{}\": {error}, nothing is kept{}",
                    entry.name,
                    Circumstances(request)
                );
                Wish::Refused
            }
        }
    }

    /// What is told of the request.
    pub(super) fn tell(&'static self, request: &mut Request, outcome: Outcome) {
        if let Some(told) = &mut request.state(self.state).told {
            told.outcome = Some(outcome);
        }
    }

    /// An entry is given.
    fn give(&'static self, request: &mut Request, given: Given, outcome: Outcome) -> Look {
        self.note_given(request, &given, outcome);
        Look::Give(Box::new(given))
    }

    /// What is told of an entry that is given.
    pub(super) fn note_given(
        &'static self,
        request: &mut Request,
        given: &Given,
        outcome: Outcome,
    ) {
        self.tell(request, outcome);
        if let Some(told) = &mut request.state(self.state).told {
            let head = given.entry().head();
            told.created = Some(head.created);
            told.last_modified = head.last_modified;
            told.etag = head.etag.to_vec();
        }
    }
}

/// The origin is asked.
fn ask(turn: &mut Turn) -> Look {
    turn.is_asking = true;
    Look::Ask
}

/// Conditions under which the origin answers that an entry still holds; nothing if there is nothing to go by.
fn conditions(old: &Old) -> Option<Conditions> {
    let head = old.opened.entry.head();
    let mut lines = Vec::new();
    if let Some(modified) = head.last_modified {
        lines.extend_from_slice(b"If-Modified-Since: ");
        lines.extend_from_slice(&validators::date(modified));
        lines.extend_from_slice(b"\r\n");
    }
    if !head.etag.is_empty() {
        lines.extend_from_slice(b"If-None-Match: ");
        lines.extend_from_slice(head.etag);
        lines.extend_from_slice(b"\r\n");
    }
    (!lines.is_empty()).then_some(Conditions(lines))
}
