//! What signals came to, in memory that all processes read although one evaluates.
//!
//! Each signal has a few words, each of which is right by itself. A configuration whose signals are others
//! has other memory, so that nothing is taken for the value of something else.

use std::io;
use std::sync::Arc;

use super::grade::Grade;
use super::plan::Plan;
use super::standing::{Judgement, Stale, Standing};
use crate::http::build::memory::Memory;
use crate::os::SharedMemory;
use crate::os::atomic::{AtomicU64, Ordering};

/// The words of the signals of a zone.
#[derive(Clone)]
pub struct States(Arc<SharedMemory>);

/// The words of one of them.
#[derive(Clone, Copy)]
pub struct State<'a>(&'a [AtomicU64]);

/// What they say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// The last value.
    pub value: Option<f64>,
    /// What the signal says.
    pub judgement: Judgement,
    /// When the value was found out, in milliseconds since 1970.
    pub updated: Option<u64>,
    /// How often it was evaluated.
    pub evaluations: u64,
    /// How often that failed.
    pub errors: u64,
}

const FLAGS: usize = 0;
const VALUE: usize = 1;
const UPDATED: usize = 2;
const EVALUATIONS: usize = 3;
const ERRORS: usize = 4;
/// Of the monotonic clock, in milliseconds; 0 before the first evaluation.
const SINCE: usize = 5;
/// What a signal takes.
const WORDS: usize = 8;

const HAS_VALUE: u64 = 1;
const IS_ABSENT: u64 = 2;

impl States {
    /// The words for the signals of a zone: those there were, if the signals are the same.
    ///
    /// # Errors
    /// When there is no memory for them.
    pub fn open(memory: &mut dyn Memory, zone: &str, plan: &Plan) -> io::Result<Self> {
        let name = format!("{zone}:{:016x}", plan.identity());
        let bytes = plan.signals().len() * WORDS * 8;
        memory
            .counters("backpressure_signals", &name, bytes)
            .map(Self)
    }

    /// The words of a signal, by its place in the plan.
    pub fn of(&self, place: usize) -> State<'_> {
        let words = self.0.words();
        State(words.get(place * WORDS..(place + 1) * WORDS).unwrap_or(&[]))
    }
}

impl State<'_> {
    /// What is known from whoever evaluated before; nothing is known since `now` if nobody did.
    pub fn standing(&self, now: u64) -> Standing {
        let flags = self.load(FLAGS);
        let has = |flag| flags & flag != 0;
        match self.load(SINCE) {
            0 => Standing {
                value: None,
                since: now,
                is_absent: false,
            },
            since => Standing {
                value: has(HAS_VALUE).then(|| f64::from_bits(self.load(VALUE))),
                since,
                is_absent: has(IS_ABSENT),
            },
        }
    }

    /// Puts down what is known.
    pub fn write(&self, standing: &Standing) {
        let flags = [
            (standing.value.is_some(), HAS_VALUE),
            (standing.is_absent, IS_ABSENT),
        ];
        let set = flags.into_iter().filter(|(is_set, _)| *is_set);
        self.store(VALUE, standing.value.unwrap_or(0.0).to_bits());
        self.store(SINCE, standing.since.max(1));
        self.store(FLAGS, set.fold(0, |flags, (_, flag)| flags | flag));
    }

    /// Counts an evaluation.
    pub fn count(&self, is_error: bool) {
        self.add(EVALUATIONS, 1);
        self.add(ERRORS, u64::from(is_error));
    }

    /// A value was found out at this moment, in milliseconds since 1970.
    pub fn update(&self, now: u64) {
        self.store(UPDATED, now);
    }

    /// What the signal says at this moment, whoever evaluated it whenever.
    pub fn judgement(&self, grade: Option<&Grade>, stale: Stale, now: u64) -> Judgement {
        self.standing(now).judge(grade, stale, now)
    }

    /// What the words say at this moment.
    pub fn read(&self, grade: Option<&Grade>, stale: Stale, now: u64) -> Snapshot {
        Snapshot {
            value: self.standing(now).value,
            judgement: self.judgement(grade, stale, now),
            updated: Some(self.load(UPDATED)).filter(|moment| *moment > 0),
            evaluations: self.load(EVALUATIONS),
            errors: self.load(ERRORS),
        }
    }

    fn load(&self, word: usize) -> u64 {
        self.0
            .get(word)
            .map_or(0, |word| word.load(Ordering::Acquire))
    }

    fn store(&self, word: usize, value: u64) {
        if let Some(word) = self.0.get(word) {
            word.store(value, Ordering::Release);
        }
    }

    fn add(&self, word: usize, amount: u64) {
        if let Some(word) = self.0.get(word) {
            word.fetch_add(amount, Ordering::Relaxed);
        }
    }
}
