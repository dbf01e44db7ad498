//! `proxy_cache_lock`: one request fills an entry, and others wait for its head and follow it.
//!
//! Who waited for an answer that then was not kept asks the origin without waiting for the next one who tries: requests
//! for what cannot be kept do not stand in a line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caching::{Caching, Look};
use super::given::Given;
use super::look::ask;
use super::visit::{Claimed, Turn};
use super::waiting;
use crate::cache::Name;
use crate::cache::index::{Fill, Outcome, Progress};
use crate::cache::store::{Attempt, Growing};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::wait::Wait;

/// What became of the wish to fill an entry.
pub(super) enum Wish {
    Granted(Claimed),
    /// Somebody does already.
    Busy(Fill),
    /// It is not to be.
    Refused,
}

/// An entry's variants may lead to each other once.
const MOST_NAMES: usize = 2;

impl Caching {
    /// Who may fill an entry asks the origin; others wait for him, or follow what he has begun.
    pub(super) fn claim_or_follow(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        (mut name, mut main): (Name, Option<Name>),
    ) -> Look {
        for _ in 0..MOST_NAMES {
            if self.was_in_vain(request, turn, name) {
                return ask(turn);
            }
            let fill = match self.wish(request, name, main) {
                Wish::Granted(claim) => return self.granted(request, turn, claim),
                // What others bring does not hold any more where it was purged meanwhile, and whoever fills it may wait
                // for what is added to it.
                Wish::Busy(fill)
                    if self.settings.lock && !fill.is_purged && !request.is_addition() =>
                {
                    fill
                }
                Wish::Busy(_) | Wish::Refused => return ask(turn),
            };
            if fill.progress == Progress::Asked {
                return self.wait(request, turn, (name, &fill));
            }
            if self.is_stuck(request, &fill) {
                return ask(turn);
            }
            let growing = match self.entry.cache.follow(name, &fill) {
                Ok(Some(growing))
                    if growing.entry().head().key == turn.key
                        && self.is_of_use(request, turn, growing.entry()) =>
                {
                    growing
                }
                Ok(None) => return self.wait(request, turn, (name, &fill)),
                Ok(Some(_)) | Err(_) => return ask(turn),
            };
            match self.variant_beside(request, growing.entry()) {
                None => return self.join(request, turn, growing),
                Some(variant) => (name, main) = (turn.main.of_variant(&variant), Some(turn.main)),
            }
        }
        ask(turn)
    }

    /// Others are waited for until the head of their answer is there, but not for ever.
    fn wait(
        &'static self,
        request: &mut Request,
        turn: &mut Turn,
        (name, fill): (Name, &Fill),
    ) -> Look {
        let now = Instant::now();
        let until = *turn.until.get_or_insert(now + self.settings.lock_timeout);
        if now >= until {
            return ask(turn);
        }
        turn.awaited = Some(fill.serial);
        let entry = Arc::clone(&self.entry);
        entry.cache.index().wait_for(name, fill, request.moment());
        // Then it is old, and whoever looks first takes it over.
        let age = self.age(request, fill);
        let left = Duration::from_nanos(self.settings.lock_age.saturating_sub(age));
        let until = until.min(now + left.max(waiting::GLANCE));
        Look::Wait(Wait::Until(Box::pin(waiting::head(
            entry, name, *fill, until,
        ))))
    }

    /// Whether the answer that was waited for turned out to be nothing that is kept.
    fn was_in_vain(&self, request: &mut Request, turn: &Turn, name: Name) -> bool {
        let Some(awaited) = turn.awaited else {
            return false;
        };
        let index = self.entry.cache.index();
        let fill = index.fill(name, request.moment());
        fill.is_some_and(|fill| fill.refused >= awaited)
    }

    /// Whether a fill has not come further for too long.
    fn is_stuck(&self, request: &mut Request, fill: &Fill) -> bool {
        self.age(request, fill) > self.settings.lock_age
    }

    /// For how many nanoseconds a fill has not come further.
    fn age(&self, request: &mut Request, fill: &Fill) -> u64 {
        let zone = self.entry.cache.index().zone();
        zone.moment(request.moment()).0.saturating_sub(fill.moved)
    }

    /// The body is given as it comes.
    fn join(&'static self, request: &mut Request, turn: &Turn, growing: Growing) -> Look {
        if let Some(told) = &mut request.state(self.state).told {
            told.is_shared = true;
        }
        let refetch = self.refetch(request, turn, growing.entry());
        let given = Given::growing(&self.entry, growing, refetch);
        self.give(request, given, Outcome::Hit)
    }

    /// Asks for the right to fill an entry.
    pub(super) fn wish(&self, request: &mut Request, name: Name, main: Option<Name>) -> Wish {
        let entry = &self.entry;
        let patience = Some(self.settings.lock_age);
        match entry.cache.claim((name, main), patience, request.moment()) {
            Ok(Attempt::Granted(pending)) => {
                Wish::Granted(Claimed::new(entry, pending, (name, main)))
            }
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
}
