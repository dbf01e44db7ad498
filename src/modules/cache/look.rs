//! What becomes of a request: an entry is given, the origin is asked, or somebody else is waited for who asks it.

use super::caching::{Addressed, Caching, Conditions, Look};
use super::find::Sought;
use super::given::{self, Given};
use super::lock::Wish;
use super::range;
use super::settings::any_holds;
use super::visit::{Claimed, Old, Told, Turn};
use crate::cache::Name;
use crate::cache::file::Entry;
use crate::cache::index::Outcome;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::response::ResponseHead;
use crate::http::message::validators;
use crate::http::plan::failures::Failures;
use crate::os;

impl Caching {
    /// A request comes to this cache; whether it is asked about it.
    pub(super) fn begin(
        &'static self,
        request: &mut Request,
        origin: &'static dyn Addressed,
    ) -> bool {
        if !self.settings.takes(request.method()) {
            return false;
        }
        let key = self.key(request, origin);
        if request.bodies.was_missed {
            log::warn!(
                "cache \"{}\" is not asked, because \"$request_body\" is not known{}",
                self.entry.name,
                Circumstances(request)
            );
            return false;
        }
        let visit = request.state(self.state);
        visit.told = Some(Told::new(self, key.clone()));
        visit.turn = Some(Box::new(Turn::new(self, key, origin)));
        true
    }

    pub(super) fn decide(&'static self, request: &mut Request) -> Look {
        if any_holds(&self.settings.bypass, request) || request.bodies.was_missed {
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

    /// `proxy_cache_bypass`: the origin is asked whatever the cache has.
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

    /// Decides by what was found: a fresh entry is a hit, an expired one is renewed, and without one the origin is asked.
    fn judge(&'static self, request: &mut Request, turn: &mut Turn, sought: Sought) -> Look {
        let now = os::seconds();
        let Sought { name, main, opened } = sought;
        let opened = opened.filter(|opened| self.is_of_use(request, turn, &opened.entry));
        match opened {
            Some(opened) if opened.entry.freshness.is_fresh(now) => {
                self.note_shared(request, turn, opened.kept.serial);
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

    /// Whether an entry says anything to a request: a status alone does so to those who would ask the same, and as long as
    /// it is fresh, a part to those who would ask for that, and a head to those who would ask for no more.
    pub(super) fn is_of_use(
        &'static self,
        request: &mut Request,
        turn: &Turn,
        entry: &Entry,
    ) -> bool {
        if let Some(range) = given::part_of(entry) {
            let own = turn.origin.range(request);
            return own.as_deref() == Some(range) && is_of_state(request, entry);
        }
        match given::status_of(entry) {
            None => given::head_of(entry).is_none() || turn.origin.wants_head(request),
            Some(address) => {
                let own = turn.origin.address(request);
                own.is_some_and(|own| given::is_same(address, &own))
                    && entry.freshness.is_fresh(os::seconds())
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

    /// An expired entry is given while somebody renews it, renewed by this request, or passed over.
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
        let may_be_stale = (says_so || self.settings.use_stale.has(Failures::UPDATING))
            && !request.is_continuing();
        if !self.may_keep(request) {
            return ask(turn);
        }
        let claim = match self.wish(request, names.0, names.1) {
            Wish::Granted(claim) => match self.brought_meanwhile(request, turn, claim.name) {
                Some(given) => return self.give(request, given, Outcome::Hit),
                None => claim,
            },
            Wish::Busy(_) if may_be_stale => {
                return self.give_turns_old(request, turn, Outcome::Updating);
            }
            Wish::Busy(_) if self.settings.lock && !request.is_continuing() => {
                return self.claim_or_follow(request, turn, names);
            }
            Wish::Busy(_) | Wish::Refused => return ask(turn),
        };
        self.hold(turn, claim);
        if may_be_stale && self.settings.background && self.refresh_beside(request, turn) {
            return self.give_turns_old(request, turn, Outcome::Stale);
        }
        ask(turn)
    }

    /// The right to fill an entry was granted: the origin is asked, unless somebody else has brought it by then.
    pub(super) fn granted(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        claim: Claimed,
    ) -> Look {
        if let Some(given) = self.brought_meanwhile(request, turn, claim.name) {
            return self.give(request, given, Outcome::Hit);
        }
        self.hold(turn, claim);
        ask(turn)
    }

    /// A fresh entry that somebody else has brought since it was looked for. Nobody does any more once the right to fill
    /// it is granted.
    fn brought_meanwhile(
        &'static self,
        request: &mut Request,
        turn: &Turn,
        name: Name,
    ) -> Option<Given> {
        let kept = self.entry.cache.index().kept(name, request.moment());
        let serial = kept.map_or(0, |kept| kept.serial);
        let is_new = match &turn.old {
            Some(old) if old.opened.kept.serial == serial => old.opened.is_renewed(),
            _ => serial > 0,
        };
        if !is_new {
            return None;
        }
        let sought = self.find(request, turn);
        let opened = sought.opened.filter(|_| sought.name == name)?;
        let is_fresh = opened.entry.freshness.is_fresh(os::seconds());
        if !is_fresh || !self.is_of_use(request, turn, &opened.entry) {
            return None;
        }
        self.note_shared(request, turn, serial);
        Some(Given::whole(opened))
    }

    /// The origin is asked for something that may be kept, or whether what there is still holds.
    fn hold(&self, turn: &mut Turn, claim: Claimed) {
        turn.claim = Some(claim);
        let old = turn.old.as_ref().filter(|_| self.settings.revalidate);
        turn.conditions = old.and_then(conditions);
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
            let opened = self.entry.cache.open(old.name, &turn.key, beside.moment());
            Some(Old {
                name: old.name,
                opened: opened.ok()?,
            })
        });
        let taken = Turn {
            is_asking: true,
            claim: turn.claim.take(),
            conditions: turn.conditions.take().filter(|_| old.is_some()),
            old,
            ..Turn::new(self, turn.key.clone(), turn.origin)
        };
        let visit = beside.state(self.state);
        visit.chosen = Some(self);
        visit.turn = Some(Box::new(taken));
        visit.told = Some(Told {
            outcome: Some(Outcome::Expired),
            ..Told::new(self, turn.key.clone())
        });
        request.beside = Some(beside);
        true
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
        least <= 1 || self.entry.cache.index().count_use(name, request.moment()) >= least
    }

    /// What is told of the request.
    pub(super) fn tell(&'static self, request: &mut Request, outcome: Outcome) {
        if let Some(told) = &mut request.state(self.state).told {
            told.outcome = Some(outcome);
        }
    }

    /// An entry is given.
    pub(super) fn give(
        &'static self,
        request: &mut Request,
        given: Given,
        outcome: Outcome,
    ) -> Look {
        self.note_given(request, &given, outcome);
        Look::Give(Box::new(given))
    }

    /// Notes whether what is given, made by this fill, is what the request has waited for.
    fn note_shared(&'static self, request: &mut Request, turn: &Turn, serial: u64) {
        if turn.awaited == Some(serial)
            && let Some(told) = &mut request.state(self.state).told
        {
            told.is_shared = true;
        }
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
pub(super) fn ask(turn: &mut Turn) -> Look {
    turn.is_asking = true;
    Look::Ask
}

/// Whether an entry is of the state of which the client wants a part (`If-Range`).
fn is_of_state(request: &Request, entry: &Entry) -> bool {
    let (mut told, head) = (ResponseHead::default(), entry.head());
    if let Some(modified) = head.last_modified {
        told.add("Last-Modified", &validators::date(modified));
    }
    told.add("ETag", head.etag);
    validators::is_of_state(&request.head, &told)
}

/// Conditions under which the origin answers that an entry still holds; nothing if there is nothing to go by.
fn conditions(old: &Old) -> Option<Conditions> {
    let head = old.opened.entry.head();
    // An origin ignores conditions where its answer would be another one (RFC 9110, section 13.2.1), so that it has not
    // changed is said of nothing else.
    if !matches!(head.status, 200 | 206) {
        return None;
    }
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
