//! What is known about names, and which are being looked up. It has no clock of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::flight::Flight;
use super::{Answer, Failure};

/// All names that were asked for of late.
#[derive(Debug, Default)]
pub(super) struct Names {
    entries: HashMap<Box<str>, Entry>,
    flights: usize,
}

#[derive(Debug, Default)]
struct Entry {
    last: Option<Remembered>,
    flight: Option<Arc<Flight>>,
}

#[derive(Clone, Debug)]
struct Remembered {
    answer: Answer,
    fresh_until: Instant,
    usable_until: Instant,
}

/// What there is about a name.
#[derive(Debug)]
pub(super) enum Look {
    Fresh(Answer),
    /// Too old, but better than nothing.
    Expired(Answer),
    /// It is being looked up; and what was known before, if that can still be used.
    UnderWay(Arc<Flight>, Option<Answer>),
    Unknown,
}

impl Names {
    pub(super) fn look(&self, name: &str, now: Instant) -> Look {
        let Some(entry) = self.entries.get(name) else {
            return Look::Unknown;
        };
        let last = entry.last.as_ref();
        let last = last.filter(|last| now < last.usable_until);
        match (last, &entry.flight) {
            (Some(last), _) if now < last.fresh_until => Look::Fresh(last.answer.clone()),
            (last, Some(flight)) => {
                let old = last.map(|last| last.answer.clone());
                Look::UnderWay(Arc::clone(flight), old)
            }
            (Some(last), None) => Look::Expired(last.answer.clone()),
            (None, None) => Look::Unknown,
        }
    }

    /// A new flight for a name that has none; nothing when there are too many.
    pub(super) fn begin(&mut self, name: &str, now: Instant) -> Option<Arc<Flight>> {
        if self.flights >= MOST_FLIGHTS {
            return None;
        }
        if self.entries.len() >= MOST_NAMES && !self.entries.contains_key(name) {
            self.make_room();
        }
        let flight = Arc::new(Flight::new(now));
        let entry = self.entries.entry(name.into()).or_default();
        entry.flight = Some(Arc::clone(&flight));
        self.flights += 1;
        Some(flight)
    }

    /// Forgets the name whose answer is the oldest; those in flight stay.
    fn make_room(&mut self) {
        let idle = self.entries.iter().filter(|(_, one)| one.flight.is_none());
        let oldest = idle.min_by_key(|(_, one)| one.last.as_ref().map(|last| last.fresh_until));
        if let Some(name) = oldest.map(|(name, _)| name.clone()) {
            self.entries.remove(&name);
        }
    }

    /// The end of a flight; what is to be used from now on.
    pub(super) fn end(
        &mut self,
        name: &str,
        answer: Answer,
        now: Instant,
        valid: Duration,
    ) -> Answer {
        let Some(entry) = self.entries.get_mut(name) else {
            return answer;
        };
        if entry.flight.take().is_some() {
            self.flights -= 1;
        }
        let fresh_until = now + valid.min(LONGEST_VALID);
        // That a name is no more is news, unlike not to hear of it.
        let is_no_news = matches!(answer, Err(failure) if failure != Failure::NotFound);
        if let Some(last) = &mut entry.last
            && is_no_news
            && last.answer.is_ok()
            && now < last.usable_until
        {
            last.fresh_until = fresh_until;
            return last.answer.clone();
        }
        let usable_until = match &answer {
            Ok(_) => fresh_until + USED_AFTERWARDS,
            Err(_) => fresh_until,
        };
        // The same addresses stay the same thing to whoever compares them.
        let answer = match (answer, entry.last.take().map(|last| last.answer)) {
            (Ok(new), Some(Ok(old))) if new == old => Ok(old),
            (answer, _) => answer,
        };
        entry.last = Some(Remembered {
            answer: answer.clone(),
            fresh_until,
            usable_until,
        });
        answer
    }
}

/// So many names are remembered.
const MOST_NAMES: usize = 1024;
/// So many are looked up at a time.
const MOST_FLIGHTS: usize = 256;
/// How long answers are used after they expired, where no newer ones can be had.
const USED_AFTERWARDS: Duration = Duration::from_secs(30);
/// A year.
const LONGEST_VALID: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn one(last: u8) -> Answer {
        Ok([std::net::IpAddr::from([127, 0, 0, last]).into()].into())
    }

    #[test]
    fn answers_hold_for_their_time_and_a_little_longer() {
        let (mut names, now) = (Names::default(), Instant::now());
        assert!(matches!(names.look("a", now), Look::Unknown));
        names.begin("a", now).unwrap();
        assert!(matches!(names.look("a", now), Look::UnderWay(_, None)));
        assert!(names.end("a", one(1), now, SECOND).is_ok());
        assert!(matches!(names.look("a", now), Look::Fresh(Ok(_))));
        assert!(matches!(
            names.look("a", now + SECOND),
            Look::Expired(Ok(_))
        ));
        assert!(matches!(names.look("a", now + 31 * SECOND), Look::Unknown));
        names.begin("a", now + SECOND).unwrap();
        let look = names.look("a", now + SECOND);
        assert!(matches!(look, Look::UnderWay(_, Some(Ok(_)))));
    }

    #[test]
    fn what_was_known_outlives_silence_but_not_news() {
        let (mut names, now) = (Names::default(), Instant::now());
        names.begin("a", now);
        assert!(names.end("a", one(1), now, SECOND).is_ok());
        names.begin("a", now);
        let kept = names.end("a", Err(Failure::TimedOut), now + SECOND, SECOND);
        assert_eq!(kept, one(1));
        assert!(matches!(names.look("a", now + SECOND), Look::Fresh(Ok(_))));
        names.begin("a", now);
        let gone = names.end("a", Err(Failure::NotFound), now + SECOND, SECOND);
        assert_eq!(gone, Err(Failure::NotFound));
        let later = now + 2 * SECOND;
        assert!(matches!(names.look("a", later), Look::Unknown));
    }

    #[test]
    fn names_and_flights_have_limits() {
        let (mut names, now) = (Names::default(), Instant::now());
        for number in 0..MOST_FLIGHTS {
            assert!(names.begin(&format!("f{number}"), now).is_some());
        }
        assert!(names.begin("more", now).is_none());
        for number in 0..MOST_FLIGHTS {
            assert!(
                names
                    .end(&format!("f{number}"), one(1), now, SECOND)
                    .is_ok()
            );
        }
        for number in 0..2 * MOST_NAMES {
            let name = format!("n{number}");
            names.begin(&name, now).unwrap();
            assert!(names.end(&name, one(1), now, 2 * SECOND).is_ok());
        }
        assert_eq!((names.entries.len(), names.flights), (MOST_NAMES, 0));
        assert!(matches!(names.look("f0", now), Look::Unknown));
    }
}
