//! An index and a model of it: a plain map, and a clock that the test turns.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::os::{Process, SharedMemory};
use crate::zone::{MINIMUM, Overflow};

const PATIENCE: u64 = 1000;
/// A number that no process has.
const DEAD: Process = Process {
    id: 0x7fff_fffe,
    started: 1,
};

fn index(bytes: usize) -> Index {
    let memory = SharedMemory::heap(1 << 20);
    let overflow = Overflow {
        expire: false,
        discard_key: None,
    };
    let zone = Zone::create(&memory, bytes, Arc::new(schema()), &overflow).unwrap();
    Index::new(zone, Moment(0)).unwrap()
}

fn name(number: u8) -> Name {
    Name::of_key(&[number])
}

fn begin(process: Process) -> Begin {
    Begin {
        process,
        patience: Some(PATIENCE),
        main: None,
    }
}

fn granted(claimed: Claimed) -> Claim {
    match claimed {
        Claimed::Yes(claim) => claim,
        Claimed::Busy(fill) => panic!("{fill:?}"),
    }
}

fn found(size: u64) -> Found {
    Found { size, main: None }
}

#[test]
fn a_fill_is_one_process_after_another() {
    let index = index(MINIMUM);
    let one = granted(index.claim(name(1), begin(DEAD), Moment(5)).unwrap());
    assert_eq!(index.abandoned(Moment(5)), [one]);
    // The first one's process is dead, so the second has the claim; the first has no say any more.
    let two = granted(
        index
            .claim(name(1), begin(Process::current()), Moment(6))
            .unwrap(),
    );
    assert!(two.serial > one.serial && index.abandoned(Moment(6)).is_empty());
    assert!(!index.advance(&one, 10, Moment(7)));
    assert!(!index.finish(&one, found(9), Moment(7)).unwrap());
    assert!(!index.give_up(&one, Moment(7)).unwrap());
    // It lives, and is not late yet.
    let claim = |time| index.claim(name(1), begin(Process::current()), Moment(time));
    assert!(matches!(claim(6 + PATIENCE), Ok(Claimed::Busy(_))));
    let three = granted(claim(7 + PATIENCE).unwrap());
    assert!(!index.advance(&two, 10, Moment(8)));
    // What grows is left to it.
    assert!(index.advance(&three, 0, Moment(2000)));
    let fill = index.fill(name(1), Moment(2000)).unwrap();
    assert_eq!(fill.progress, Progress::Growing(0));
    assert!(matches!(claim(1 << 40), Ok(Claimed::Busy(_))));
    assert_eq!(index.sums(Moment(1 << 40)).unwrap().filling, 1);
    assert!(index.finish(&three, found(9), Moment(1 << 40)).unwrap());
    assert_eq!(index.fill(name(1), Moment(1 << 40)), None);
    let kept = index.look(name(1), Moment(1 << 40)).unwrap();
    assert_eq!((kept.serial, kept.size, kept.uses), (three.serial, 9, 2));
}

#[test]
fn a_fill_that_is_refused_is_remembered_by_those_who_waited() {
    const SECOND: u64 = 1_000_000_000;
    let index = index(MINIMUM);
    let claim = |time| index.claim(name(1), begin(Process::current()), Moment(time));
    // Nobody waited: nothing is left of it.
    let one = granted(claim(1).unwrap());
    assert!(index.refuse(&one, Moment(2)).unwrap());
    assert_eq!(index.fill(name(1), Moment(2)), None);
    let two = granted(claim(3).unwrap());
    let fill = index.fill(name(1), Moment(3)).unwrap();
    index.wait_for(name(1), &fill, Moment(4));
    assert_eq!(index.fill(name(1), Moment(4)), Some(fill));
    assert!(index.refuse(&two, Moment(5)).unwrap());
    assert!(!index.refuse(&two, Moment(5)).unwrap());
    let fill = index.fill(name(1), Moment(5)).unwrap();
    assert!(fill.is_over() && fill.refused == two.serial);
    assert_eq!(index.sums(Moment(5)).unwrap().filling, 0);
    assert_eq!(index.kept(name(1), Moment(5)), None);
    // The next one knows what became of the last, for those who are late to look.
    let three = granted(claim(6).unwrap());
    assert_eq!(index.sums(Moment(6)).unwrap().filling, 1);
    match claim(7).unwrap() {
        Claimed::Busy(fill) => assert_eq!((fill.serial, fill.refused), (three.serial, two.serial)),
        granted => panic!("{granted:?}"),
    }
    let fill = index.fill(name(1), Moment(7)).unwrap();
    index.wait_for(name(1), &fill, Moment(7));
    assert!(index.refuse(&three, Moment(8)).unwrap());
    assert!(index.abandoned(Moment(SECOND)).is_empty());
    let later = Moment(3 * SECOND);
    assert_eq!(index.abandoned(later), [three]);
    assert!(index.give_up(&three, later).unwrap());
    assert_eq!(index.fill(name(1), later), None);
    assert_eq!(index.sums(later).unwrap().filling, 0);
    // What is kept after all forgets it.
    let four = granted(claim(4 * SECOND).unwrap());
    let fill = index.fill(name(1), later).unwrap();
    index.wait_for(name(1), &fill, later);
    assert!(index.finish(&four, found(9), Moment(4 * SECOND)).unwrap());
    assert_eq!(index.fill(name(1), Moment(4 * SECOND)), None);
    index.zone().verify().unwrap();
}

#[test]
fn an_index_is_of_one_place() {
    let index = index(1 << 20);
    let long = "x".repeat(5000);
    assert_eq!(index.note_place(&long, Moment(1)), Ok(None));
    assert_eq!(index.note_place(&long, Moment(2)), Ok(None));
    let before = index.note_place(&format!("{long}y"), Moment(3)).unwrap();
    assert!(before.is_some_and(|text| !text.is_empty() && long.starts_with(&text)));
    for number in 0..3000u64 {
        let name = Name::of_key(&number.to_le_bytes());
        assert!(index.add(name, found(7), Moment(4)).unwrap());
    }
    let _filling = granted(index.claim(name(1), begin(DEAD), Moment(4)).unwrap());
    index.loaded(Moment(4)).unwrap();
    index.count_mismatch(Moment(4));
    index.forget_entries(Moment(5)).unwrap();
    let sums = index.sums(Moment(6)).unwrap();
    assert_eq!((sums.entries, sums.size, sums.filling), (0, 0, 0));
    assert!(!sums.is_loaded && sums.serials > 3000);
    assert_eq!(index.oldest(9), []);
    assert!(index.abandoned(Moment(6)).is_empty());
    assert_eq!(index.numbers(Moment(6)).mismatches, 1);
    assert_eq!(index.note_place("z", Moment(7)), Ok(None));
    index.zone().verify().unwrap();
}

#[test]
fn whoever_dies_while_it_forgets_leaves_an_index_of_the_same_place() {
    let index = index(1 << 20);
    assert_eq!(index.note_place("here", Moment(1)), Ok(None));
    for number in 1..=20 {
        assert!(index.add(name(number), found(7), Moment(4)).unwrap());
    }
    let _filling = granted(index.claim(name(30), begin(DEAD), Moment(4)).unwrap());
    index.loaded(Moment(4)).unwrap();
    let mut keys: Vec<Vec<u8>> = (1..=5).map(|number| name(number).0.to_vec()).collect();
    keys.push(super::cells::fill_key(name(30)).to_vec());
    index.forget(&keys, Moment(5)).unwrap();
    let sums = index.sums(Moment(6)).unwrap();
    assert_eq!((sums.entries, sums.size, sums.filling), (15, 15 * 7, 0));
    assert!(!sums.is_loaded);
    let before = index.note_place("there", Moment(7)).unwrap();
    assert_eq!(before.as_deref(), Some("here"));
    index.forget_entries(Moment(8)).unwrap();
    assert_eq!(index.note_place("there", Moment(9)), Ok(None));
    assert_eq!(index.sums(Moment(9)).unwrap().entries, 0);
}

#[test]
fn a_place_whose_text_was_lost_is_another_one_all_the_same() {
    let index = index(1 << 20);
    // As a zone has it that moved and had no room for the text.
    let lost = index.zone.edit(Moment(1), |edit| {
        let mut cells = [0; CELLS];
        cells[super::cells::place::HASH] = 7;
        super::sums::put(edit, super::cells::PLACE, &cells);
        edit.commit()
    });
    lost.unwrap().unwrap();
    assert!(index.note_place("here", Moment(2)).unwrap().is_some());
    index.forget_entries(Moment(3)).unwrap();
    assert_eq!(index.note_place("here", Moment(4)), Ok(None));
    index.zone().verify().unwrap();
}

#[test]
fn what_is_full_takes_nothing_and_changes_nothing() {
    let index = index(MINIMUM);
    let mut number = 0u64;
    while index
        .add(Name::of_key(&number.to_le_bytes()), found(3), Moment(1))
        .is_ok()
    {
        number += 1;
    }
    // To count a use takes less room than a file.
    let used = (0..9).take_while(|one| index.count_use(name(*one), Moment(5)) > 0);
    assert!(used.count() < 9);
    let sums = index.sums(Moment(5)).unwrap();
    assert_eq!((sums.entries, sums.size), (number, 3 * number));
    let claimed = index.claim(name(100), begin(DEAD), Moment(5));
    assert_eq!(claimed, Err(NotChanged::Full));
    assert_eq!(index.sums(Moment(5)).unwrap(), sums);
    let oldest = index.oldest(5);
    for old in &oldest {
        let gone = index.remove_old(old, Reason::Crowded, Moment(6)).unwrap();
        assert!(gone);
    }
    assert!(index.claim(name(100), begin(DEAD), Moment(6)).is_ok());
    let after = index.sums(Moment(6)).unwrap();
    assert_eq!(after.removed[Reason::Crowded as usize], 5);
    index.zone().verify().unwrap();
}

#[test]
fn variants_are_found_by_what_they_are_variants_of() {
    let index = index(MINIMUM);
    let variant = name(1).of_variant(b"gzip");
    let of_variant = Found {
        size: 1,
        main: Some(name(1)),
    };
    assert!(index.add(name(1), found(1), Moment(1)).unwrap());
    assert!(index.add(variant, of_variant, Moment(1)).unwrap());
    assert!(!index.add(variant, of_variant, Moment(1)).unwrap());
    assert_eq!(index.variants(name(1)), [variant]);
    assert!(index.variants(name(2)).is_empty());
}

#[test]
fn hits_and_misses_are_made_of_outcomes() {
    let index = index(MINIMUM);
    for (place, what) in Outcome::ALL.into_iter().enumerate() {
        let answered = Answered {
            bytes: 100,
            sent: 10,
            received: 1,
            written: (!what.is_hit()).then_some(7),
            is_shared: true,
        };
        for _ in 0..=place {
            index.count(what, &answered, Moment(1));
        }
        assert_eq!(format!("{what:?}").to_uppercase(), what.word());
    }
    index.count_mismatch(Moment(1));
    // Whoever opens it once more finds the same.
    let same = Index::new(index.zone, Moment(1)).unwrap();
    let numbers = same.numbers(Moment(1));
    assert_eq!(
        (numbers.hits(), numbers.misses()),
        (1 + 2 + 3 + 4, 5 + 6 + 7)
    );
    assert_eq!((numbers.received(), numbers.sent()), (28, 280));
    assert_eq!((numbers.shared, numbers.mismatches), (10, 1));
    let expired = OutcomeNumbers {
        responses: 6,
        bytes: 600,
        responses_written: 6,
        bytes_written: 42,
        received: 6,
        sent: 60,
    };
    assert_eq!(numbers.outcomes[5], expired);
    assert_eq!(numbers.outcomes[0].responses_written, 0);
}

/// What can happen.
#[derive(Clone, Debug)]
enum Step {
    Look(u8),
    CountUse(u8),
    Claim(u8, bool),
    Advance(u8, u64),
    Finish(u8, u64),
    GiveUp(u8),
    Add(u8, u64),
    Remove(u8),
    RemoveOldest(usize),
    Time(u64),
}

fn steps() -> impl Strategy<Value = Step> {
    let number = || 0..12u8;
    prop_oneof![
        4 => number().prop_map(Step::Look),
        1 => number().prop_map(Step::CountUse),
        5 => (number(), any::<bool>()).prop_map(|(number, lives)| Step::Claim(number, lives)),
        3 => (number(), 0..100u64).prop_map(|(number, bytes)| Step::Advance(number, bytes)),
        4 => (number(), 0..100u64).prop_map(|(number, size)| Step::Finish(number, size)),
        1 => number().prop_map(Step::GiveUp),
        1 => (number(), 0..100u64).prop_map(|(number, size)| Step::Add(number, size)),
        1 => number().prop_map(Step::Remove),
        1 => (0..4usize).prop_map(Step::RemoveOldest),
        3 => (0..2 * PATIENCE).prop_map(Step::Time),
    ]
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Known {
    serial: u64,
    size: u64,
    uses: u64,
    last: u64,
    is_place: bool,
}

struct Under {
    claim: Claim,
    lives: bool,
    is_asked: bool,
    moved: u64,
}

struct Pair {
    index: Index,
    now: u64,
    known: BTreeMap<u8, Known>,
    fills: BTreeMap<u8, Under>,
    /// The last claim of each name that is not the present one.
    past: BTreeMap<u8, Claim>,
    removed: u64,
}

impl Pair {
    fn new() -> Self {
        Self {
            index: index(MINIMUM),
            now: 1,
            known: BTreeMap::new(),
            fills: BTreeMap::new(),
            past: BTreeMap::new(),
            removed: 0,
        }
    }

    fn play(&mut self, step: &Step) {
        // No two things happen at one time, so that it is clear what is oldest.
        self.now += 1;
        let now = Moment(self.now);
        match *step {
            Step::Look(number) => {
                let found = self.index.look(name(number), now);
                let known = self.used(number);
                let known = known.filter(|known| known.serial > 0);
                let found = found.map(|kept| (kept.serial, kept.size, kept.uses));
                assert_eq!(found, known.map(|one| (one.serial, one.size, one.uses)));
            }
            Step::CountUse(number) => {
                self.known.entry(number).or_default();
                let uses = self.used(number).unwrap().uses;
                assert_eq!(self.index.count_use(name(number), now), uses);
            }
            Step::Claim(number, lives) => self.claim(number, lives),
            Step::Advance(number, bytes) => self.advance(number, bytes),
            Step::Finish(number, size) => self.finish(number, size),
            Step::GiveUp(number) => {
                if let Some(under) = self.fills.remove(&number) {
                    assert!(self.index.give_up(&under.claim, now).unwrap());
                    let known = self.known[&number];
                    if known.is_place && known.serial == 0 {
                        self.known.remove(&number);
                    }
                    self.past.insert(number, under.claim);
                }
            }
            Step::Add(number, size) => {
                let known = self.known.get(&number).copied().unwrap_or_default();
                let added = self.index.add(name(number), found(size), now).unwrap();
                assert_eq!(added, known.serial == 0);
                if added {
                    let serial = self.index.look(name(number), now).unwrap().serial;
                    self.keep(number, serial, size);
                    self.used(number);
                }
            }
            Step::Remove(number) => {
                let serial = self.known.get(&number).map_or(0, |known| known.serial);
                let removed = self.index.remove(name(number), serial, Reason::Purged, now);
                let is_there =
                    self.known.contains_key(&number) && !self.fills.contains_key(&number);
                assert_eq!(removed.unwrap(), is_there);
                if is_there {
                    self.forget(number);
                }
            }
            Step::RemoveOldest(most) => self.remove_oldest(most),
            Step::Time(time) => self.now += time,
        }
    }

    fn used(&mut self, number: u8) -> Option<Known> {
        let known = self.known.get_mut(&number)?;
        known.uses += 1;
        known.last = self.now;
        Some(*known)
    }

    fn keep(&mut self, number: u8, serial: u64, size: u64) {
        let known = self.known.entry(number).or_default();
        *known = Known {
            serial,
            size,
            uses: known.uses.max(1),
            last: self.now,
            is_place: false,
        };
    }

    fn forget(&mut self, number: u8) {
        let known = self.known.remove(&number).unwrap();
        self.removed += u64::from(known.serial > 0);
    }

    fn claim(&mut self, number: u8, lives: bool) {
        let process = if lives { Process::current() } else { DEAD };
        let claimed = self
            .index
            .claim(name(number), begin(process), Moment(self.now))
            .unwrap();
        let is_free = self.fills.get(&number).is_none_or(|under| {
            !under.lives || under.is_asked && self.now - under.moved > PATIENCE
        });
        match claimed {
            Claimed::Busy(fill) => {
                assert!(!is_free);
                assert_eq!(fill.serial, self.fills[&number].claim.serial);
            }
            Claimed::Yes(claim) => {
                assert!(is_free);
                let under = Under {
                    claim,
                    lives,
                    is_asked: true,
                    moved: self.now,
                };
                let place = Known {
                    last: self.now,
                    is_place: true,
                    ..Known::default()
                };
                self.known.entry(number).or_insert(place);
                if let Some(before) = self.fills.insert(number, under) {
                    self.past.insert(number, before.claim);
                }
            }
        }
    }

    fn advance(&mut self, number: u8, bytes: u64) {
        let now = Moment(self.now);
        if let Some(under) = self.fills.get_mut(&number) {
            assert!(self.index.advance(&under.claim, bytes, now));
            (under.is_asked, under.moved) = (false, self.now);
            let fill = self.index.fill(name(number), now).unwrap();
            assert_eq!(fill.progress, Progress::Growing(bytes));
        }
        if let Some(past) = self.past.get(&number) {
            assert!(!self.index.advance(past, bytes, now));
        }
    }

    fn finish(&mut self, number: u8, size: u64) {
        let now = Moment(self.now);
        if let Some(past) = self.past.get(&number) {
            assert!(!self.index.finish(past, found(size), now).unwrap());
        }
        if let Some(under) = self.fills.remove(&number) {
            assert!(self.index.finish(&under.claim, found(size), now).unwrap());
            self.keep(number, under.claim.serial, size);
            self.past.insert(number, under.claim);
        }
    }

    fn remove_oldest(&mut self, most: usize) {
        let mut expected: Vec<(u64, u8)> = self
            .known
            .iter()
            .map(|(number, known)| (known.last, *number))
            .collect();
        expected.sort_unstable();
        expected.truncate(most);
        let oldest = self.index.oldest(most);
        let names: Vec<Name> = oldest.iter().map(|old| old.name).collect();
        let wanted: Vec<Name> = expected.iter().map(|(_, number)| name(*number)).collect();
        assert_eq!(names, wanted);
        for (old, (_, number)) in oldest.iter().zip(expected) {
            let removed = self
                .index
                .remove_old(old, Reason::MaxSize, Moment(self.now));
            let is_free = !self.fills.contains_key(&number);
            assert_eq!(removed.unwrap(), is_free);
            if is_free {
                self.forget(number);
            }
        }
    }

    fn compare(&self) {
        let sums = self.index.sums(Moment(self.now)).unwrap();
        let files = self.known.values().filter(|known| known.serial > 0);
        assert_eq!(sums.entries, files.clone().count() as u64);
        assert_eq!(sums.size, files.map(|known| known.size).sum::<u64>());
        assert_eq!(sums.filling, self.fills.len() as u64);
        assert_eq!(sums.removed.iter().sum::<u64>(), self.removed);
        let dead = self.fills.values().filter(|under| !under.lives).count();
        assert_eq!(self.index.abandoned(Moment(self.now)).len(), dead);
        assert_eq!(self.index.oldest(usize::MAX).len(), self.known.len());
        self.index.zone().verify().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_does_what_its_model_does(steps in proptest::collection::vec(steps(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.play(step);
            pair.compare();
        }
    }
}
