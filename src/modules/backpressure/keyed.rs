//! Windows of keys: each value of a key has a gate of its own, in a zone whose cells are words.
//!
//! What a process has let in by a key is sixteen bits of a word of that key, by the place of the process. There are
//! parts for [`PARTS`] processes; those in further places have the last one together, and what one of them had in hand
//! when it died is given back only when all of them are gone. A key goes only if nobody is under way by it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;

use super::area::{Area, Dead};
use super::gate::{self, Party, Share, State};
use super::rules::{Rules, Verdict};
use super::search::{Search, Thoroughness};
use crate::metric::{Moment, Schema, stored_key};
use crate::modules::shared_zone::Holder;
use crate::os;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Cursor, NotChanged, Put, Record, Spot, Stay};

// The cells of a key.
pub(super) const GATE: usize = 0;
const REJECTED: usize = 1;
/// When somebody wanted in last, in nanoseconds of the machine's clock.
pub(super) const USED: usize = 2;
const SHARES: usize = 3;
pub(in crate::modules) const CELLS: usize = SHARES + PARTS / PARTS_OF_WORD;

/// How the name of each window begins that is one of a key.
pub(in crate::modules) const KIND: u8 = b'k';

/// How many processes have a part of their own, one less.
const PARTS: usize = 64;
const PARTS_OF_WORD: usize = 4;

/// What the cells of a key mean.
pub(super) fn schema() -> Schema {
    Schema::words("backpressure", CELLS)
}

/// The windows of a zone's keys.
pub(in crate::modules) struct Windows<H> {
    pub(super) kept: Arc<H>,
    search: Search,
    /// Those who left while their key could not be had; they are taken out as soon as it can.
    owed: Mutex<Vec<Held>>,
    is_owing: AtomicBool,
}

/// How many requests may be under way by a key.
#[derive(Clone, Copy, Debug)]
pub(in crate::modules) struct Room {
    /// The window of a key that was not there.
    pub(in crate::modules) window: u32,
    /// Whatever the window is.
    pub(in crate::modules) most: u32,
}

/// What became of a request that wanted in by its key.
pub(in crate::modules) enum Entered {
    /// It is in.
    In(Held, State),
    /// There is no room.
    Full(State),
    /// There is no room for the key.
    NoPlace,
}

/// The place of a request that is in.
pub(in crate::modules) struct Held {
    key: Box<[u8]>,
    spot: Spot,
}

/// A key's window at a moment.
pub(super) struct Window {
    pub(super) state: State,
    pub(super) rejected: u64,
}

impl<H: Holder> Windows<H> {
    /// In this zone.
    pub(in crate::modules) fn new(kept: Arc<H>, thoroughness: Thoroughness) -> Self {
        Self {
            kept,
            search: Search::new(thoroughness),
            owed: Mutex::default(),
            is_owing: AtomicBool::new(false),
        }
    }

    /// This process comes into a place, and has nothing in hand.
    pub(in crate::modules) fn begin(&self, area: &Area) {
        self.forget(&[area.place()], false, || true);
        area.arrive();
    }

    /// Nobody has anything in hand.
    pub(super) fn clear(&self) {
        let is_used = |copy: &[u64]| State::of(copy[GATE]).active > 0 || in_hand(copy) > 0;
        self.each(is_used, |cells| {
            for part in 0..PARTS {
                share(cells, part).clear();
            }
            let window = State::of(cells[GATE].load(Ordering::Acquire)).window;
            let state = State { active: 0, window };
            cells[GATE].store(state.packed(), Ordering::Release);
        });
    }

    /// Gives back what the dead had in hand, until somebody comes who may be in one of their places.
    pub(in crate::modules) fn bury(&self, area: &Area, dead: &Dead) {
        let shared_too = !area.has_anybody_from(PARTS - 1);
        self.forget(&dead.places, shared_too, || area.are_alone(dead));
    }

    /// Lets a request in by its key, which begins with [`KIND`].
    pub(in crate::modules) fn enter(&self, area: &Area, key: &[u8], room: Room) -> Entered {
        let now = Moment(os::monotonic());
        self.settle_up(area, now);
        for _ in 0..ATTEMPTS {
            let entered = self.kept.zone().with_found_cells(key, now, |spot, cells| {
                cells[USED].store(now.0, Ordering::Relaxed);
                let entered = gate::enter_below(&cells[GATE], party(area, cells), room.most);
                if entered.is_err() {
                    cells[REJECTED].fetch_add(1, Ordering::Relaxed);
                }
                (spot, entered)
            });
            match entered {
                Some((spot, Ok(state))) => {
                    area.own_party().share.grow();
                    let key = stored_key(key).into();
                    return Entered::In(Held { key, spot }, state);
                }
                Some((_, Err(state))) => return Entered::Full(state),
                None if !self.add(key, room.window, now) => return Entered::NoPlace,
                None => {}
            }
        }
        Entered::NoPlace
    }

    /// Lets it out.
    pub(in crate::modules) fn leave(&self, area: &Area, held: Held, next: impl Fn(u32) -> u32) {
        area.own_party().share.shrink();
        let now = Moment(os::monotonic());
        if !self.take_out(area, &held, now, next) {
            self.owed.lock().push(held);
            self.is_owing.store(true, Ordering::Relaxed);
        }
        self.search.is_worthwhile();
    }

    /// Takes a request out of its key's window; false if that cannot be had now.
    fn take_out(&self, area: &Area, held: &Held, now: Moment, next: impl Fn(u32) -> u32) -> bool {
        let Held { key, spot } = held;
        let zone = self.kept.zone();
        let out = |cells: &[AtomicU64]| gate::leave(&cells[GATE], party(area, cells), &next);
        if zone.with_cells_at(*spot, key, now, out).is_some()
            // The zone has moved.
            || zone.with_cells(key, now, out).is_some()
        {
            return true;
        }
        match zone.edit(now, |edit| edit.spot(key).is_some()) {
            // A key that is gone altogether had no request under way.
            Ok(is_there) => !is_there,
            Err(NotChanged::Held(_) | NotChanged::Busy) => false,
            Err(_) => true,
        }
    }

    /// Takes out those who left while a process that does not move had the lock.
    fn settle_up(&self, area: &Area, now: Moment) {
        if !self.is_owing.load(Ordering::Relaxed) {
            return;
        }
        let mut owed = self.owed.lock();
        while let Some(held) = owed.last() {
            if !self.take_out(area, held, now, |window| window) {
                return;
            }
            owed.pop();
        }
        self.is_owing.store(false, Ordering::Relaxed);
    }

    /// Makes room for a key and puts it there; false if there is none.
    fn add(&self, key: &[u8], smallest: u32, now: Moment) -> bool {
        let mut cells = [0; CELLS];
        let window = smallest;
        cells[GATE] = State { active: 0, window }.packed();
        cells[USED] = now.0;
        let put = || {
            self.kept.zone().edit(now, |edit| {
                if edit.spot(key).is_some() {
                    return Ok(());
                }
                edit.put(
                    key,
                    Put {
                        cells: &cells,
                        stay: Stay::Evictable,
                        text: None,
                    },
                );
                edit.commit()
            })
        };
        for _ in 0..ATTEMPTS {
            match put() {
                Ok(Ok(())) => return true,
                Ok(Err(NotChanged::Full)) if self.make_room(now) => {}
                _ => return false,
            }
        }
        false
    }

    /// Takes away the key that was used longest ago, of those that are looked at and have nobody under way; false if
    /// there is none.
    fn make_room(&self, now: Moment) -> bool {
        let Some(key) = self.search.candidate(self.kept.zone(), now) else {
            return false;
        };
        let removed = self.kept.zone().edit(now, |edit| {
            let seized = edit.seize(&key)?;
            if seized.is_none_or(|cells| State::of(cells[GATE]).active == 0) {
                edit.remove(&key);
                edit.commit()?;
                edit.count_discarded();
            }
            Ok::<(), NotChanged>(())
        });
        matches!(removed, Ok(Ok(())))
    }

    /// Forgets what processes in these places had in hand; of those that share a part only if nobody of them lives.
    fn forget(&self, places: &[usize], shared_too: bool, is_right: impl Fn() -> bool) {
        let is_own = |place: &&usize| **place < PARTS - 1;
        let mut parts: Vec<usize> = places.iter().filter(is_own).copied().collect();
        if shared_too && parts.len() < places.len() {
            parts.push(PARTS - 1);
        }
        if parts.is_empty() {
            return;
        }
        let has_any = |copy: &[u64]| parts.iter().any(|part| part_of(copy, *part) > 0);
        self.each(has_any, |cells| {
            if is_right() {
                parts.iter().for_each(|part| share(cells, *part).clear());
            }
        });
    }

    /// Sets all windows, and gives back what nobody has in hand; false if that is to be tried again.
    pub(in crate::modules) fn settle(&self, area: &Area, next: impl Fn(u32) -> u32) -> bool {
        let mut is_known = true;
        let is_due = |copy: &[u64]| {
            let State { active, window } = State::of(copy[GATE]);
            next(window) != window || u64::from(active) != in_hand(copy)
        };
        self.each(is_due, |cells| {
            let shares = || (0..PARTS).map(|part| share(cells, part).get()).sum();
            is_known &= gate::settle(&cells[GATE], area.turns(), shares);
            gate::resize(&cells[GATE], &next);
        });
        is_known
    }

    /// Sets all windows by what the signals came to.
    pub(super) fn resize(&self, rules: &Rules, verdict: Verdict) {
        let next = |window| rules.after_evaluation(window, verdict);
        let is_due = |copy: &[u64]| {
            let window = State::of(copy[GATE]).window;
            next(window) != window
        };
        self.each(is_due, |cells| gate::resize(&cells[GATE], next));
    }

    /// Shows the cells of all keys that stay and whose copy is wanted, one after another.
    fn each(&self, is_wanted: impl Fn(&[u64]) -> bool, mut visit: impl FnMut(&[AtomicU64])) {
        let (mut cursor, mut record) = (Cursor::default(), Record::default());
        let now = Moment(os::monotonic());
        while self.kept.zone().next(&mut cursor, &mut record) {
            let copy = record.raw_cells();
            if copy.len() == CELLS && is_wanted(copy) {
                let _gone = self.kept.zone().with_cells(record.key(), now, &mut visit);
            }
        }
    }

    /// The next window of a listing; its name begins with [`KIND`].
    pub(super) fn next(&self, cursor: &mut Cursor, record: &mut Record) -> Option<Window> {
        while self.kept.zone().next(cursor, record) {
            if record.key().first() == Some(&KIND) {
                return Some(window(record));
            }
        }
        None
    }

    /// The window of one key, by the name that it is shown under.
    pub(super) fn find(&self, name: &[u8]) -> Option<Window> {
        let mut record = Record::default();
        let key = [&[KIND], name].concat();
        let is_there = self.kept.zone().read(&key, &mut record);
        is_there.then(|| window(&record))
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> u64 {
        self.kept.zone().len()
    }

    /// How many keys had to go for others.
    pub(super) fn discarded(&self) -> u64 {
        self.kept.zone().discarded()
    }
}

/// How often something is tried that others may spoil.
const ATTEMPTS: u32 = 4;

fn window(record: &Record) -> Window {
    let cell = |place: usize| record.raw_cells().get(place).copied().unwrap_or(0);
    Window {
        state: State::of(cell(GATE)),
        rejected: cell(REJECTED),
    }
}

fn party<'a>(area: &'a Area, cells: &'a [AtomicU64]) -> Party<'a> {
    Party {
        share: share(cells, area.place()),
        ..area.own_party()
    }
}

/// What the processes of a part have in hand, in a copy of a key's cells.
fn part_of(copy: &[u64], part: usize) -> u64 {
    copy[SHARES + part / PARTS_OF_WORD] >> (part % PARTS_OF_WORD * 16) & 0xffff
}

/// What all have in hand, in such a copy.
fn in_hand(copy: &[u64]) -> u64 {
    (0..PARTS).map(|part| part_of(copy, part)).sum()
}

fn share(cells: &[AtomicU64], place: usize) -> Share<'_> {
    let part = place.min(PARTS - 1);
    let bit = part % PARTS_OF_WORD * 16;
    Share::Part(&cells[SHARES + part / PARTS_OF_WORD], bit as u32)
}

#[cfg(test)]
mod tests {
    use super::super::kept::Kept;
    use super::*;
    use crate::http::build::memory::Unshared;

    const ROOM: Room = Room {
        window: 2,
        most: u32::MAX,
    };

    fn named(key: &str) -> Vec<u8> {
        [&[KIND], key.as_bytes()].concat()
    }

    fn entered(windows: &Windows<Kept>, area: &Area, key: &str) -> Held {
        match windows.enter(area, &named(key), ROOM) {
            Entered::In(held, _) => held,
            _ => panic!("there is no room for {key}"),
        }
    }

    fn active(windows: &Windows<Kept>, key: &str) -> Option<u32> {
        windows
            .find(key.as_bytes())
            .map(|window| window.state.active)
    }

    #[test]
    fn each_key_has_room_of_its_own() {
        let (windows, area) = (
            Windows::new(Kept::heap(1 << 16), Thoroughness::Few),
            Area::open(&mut Unshared, "a", 2).unwrap(),
        );
        let held = entered(&windows, &area, "one");
        entered(&windows, &area, "one");
        entered(&windows, &area, "other");
        assert!(matches!(
            windows.enter(&area, &named("one"), ROOM),
            Entered::Full(State {
                active: 2,
                window: 2
            })
        ));
        windows.leave(&area, held, |window| window + 1);
        let window = windows.find(b"one").unwrap();
        assert_eq!((window.state.active, window.state.window), (1, 3));
        assert_eq!((window.rejected, area.in_hand()), (1, 2));
        windows.clear();
        assert_eq!(active(&windows, "one"), Some(0));
        assert_eq!(active(&windows, "other"), Some(0));
    }

    #[test]
    fn those_in_far_places_have_one_part_that_is_given_back_when_all_are_gone() {
        // This process is in the last place.
        let area = Area::open(&mut Unshared, "a", 2).unwrap();
        let windows = Windows::new(Kept::heap(1 << 16), Thoroughness::Few);
        entered(&windows, &area, "one");
        entered(&windows, &area, "one");
        windows.forget(&[area.place()], false, || true);
        windows.settle(&area, |window| window);
        assert_eq!(active(&windows, "one"), Some(2));
        let dead = |arrivals| Dead {
            places: vec![area.place()],
            arrivals,
        };
        let arrivals = area.dead().arrivals;
        // Somebody has come since, maybe into this place.
        windows.bury(&area, &dead(arrivals.wrapping_sub(1)));
        windows.settle(&area, |window| window);
        assert_eq!(active(&windows, "one"), Some(2));
        windows.bury(&area, &dead(arrivals));
        windows.settle(&area, |window| window);
        assert_eq!(active(&windows, "one"), Some(0));
    }

    #[test]
    fn only_keys_nobody_is_under_way_by_make_room() {
        let area = Area::open(&mut Unshared, "a", 2).unwrap();
        let windows = Windows::new(Kept::heap(1 << 15), Thoroughness::Few);
        let stays = entered(&windows, &area, "stays");
        let mut held = Vec::new();
        let mut number = 0;
        loop {
            let key = number.to_string();
            match windows.enter(&area, &named(&key), ROOM) {
                Entered::In(one, _) => held.push(one),
                Entered::NoPlace => break,
                Entered::Full(_) => panic!("{key} is full"),
            }
            number += 1;
        }
        assert_eq!(windows.len(), number + 1);
        windows.leave(&area, held.remove(3), |window| window);
        assert_eq!(active(&windows, "3"), Some(0));
        entered(&windows, &area, "new");
        assert_eq!((active(&windows, "3"), windows.discarded()), (None, 1));
        assert_eq!(active(&windows, "stays"), Some(1));
        windows.leave(&area, stays, |window| window);
        assert_eq!(active(&windows, "stays"), Some(0));
    }

    #[test]
    fn who_leaves_while_the_key_cannot_be_had_is_taken_out_later() {
        let area = Area::open(&mut Unshared, "a", 2).unwrap();
        let windows = Windows::new(Kept::heap(1 << 16), Thoroughness::Few);
        let held = entered(&windows, &area, "one");
        let now = Moment(os::monotonic());
        let edited = windows.kept.zone.edit(now, |edit| {
            edit.seize(&named("one")).unwrap();
            windows.leave(&area, held, |window| window + 1);
        });
        edited.unwrap();
        assert_eq!(active(&windows, "one"), Some(1));
        entered(&windows, &area, "other");
        assert_eq!(active(&windows, "one"), Some(0));
        let is_owing = windows.is_owing.load(Ordering::Relaxed);
        assert!(!is_owing && windows.owed.lock().is_empty());
        windows.settle(&area, |window| window);
        assert_eq!(active(&windows, "one"), Some(0));
    }

    #[test]
    fn no_key_is_the_window_of_a_zone_without_keys() {
        let area = Area::open(&mut Unshared, "a", 2).unwrap();
        let kept = Kept::heap(1 << 16);
        let windows = Windows::new(Arc::clone(&kept), Thoroughness::Few);
        for key in ["window", "w", "kw"] {
            entered(&windows, &area, key);
        }
        assert_eq!(kept.window(), None);
        kept.keep_window(7);
        assert_eq!((kept.window(), active(&windows, "w")), (Some(7), Some(1)));
        assert_eq!((windows.len(), active(&windows, "")), (4, None));
        let (mut cursor, mut record) = (Cursor::default(), Record::default());
        let mut shown = 0;
        while windows.next(&mut cursor, &mut record).is_some() {
            shown += 1;
        }
        assert_eq!(shown, 3);
    }
}
