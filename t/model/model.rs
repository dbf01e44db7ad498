//! What a zone should do, said as simply as possible: a map, a clock, and plain arithmetic per metric.
//!
//! It shares no code with the product but the measures of a zone (how many slots there are). Every test
//! value is a small whole number, so that sums are exact in any order.

#[path = "change.rs"]
pub(crate) mod change;

use std::collections::{HashMap, VecDeque};

use pingauge::metric::Schema;
use pingauge::zone::{Geometry, Update};

/// One metric of one key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Count(u64),
    Gauge(f64),
    Last(Option<f64>),
    Min(Option<f64>),
    Max(Option<f64>),
    Exp(Option<f64>, f64),
    Mean {
        ring: Vec<Option<f64>>,
        number: usize,
    },
    Histogram {
        limits: Vec<f64>,
        counts: Vec<u64>,
    },
}

/// A metric's name and words.
type Metric = (&'static str, &'static [&'static str]);

#[derive(Clone, Debug)]
struct Entry {
    states: Vec<State>,
    is_truncated: bool,
    updated: u64,
}

#[derive(Debug)]
pub(crate) struct Model {
    entries: HashMap<Vec<u8>, Entry>,
    metrics: &'static [Metric],
    geometry: Geometry,
    expire: bool,
    discard_key: Option<Vec<u8>>,
    discard: Option<Vec<State>>,
    pub(crate) discarded: u64,
    clock: u64,
    /// The texts of keys.
    pub(crate) texts: HashMap<Vec<u8>, Vec<u8>>,
    /// Under which names changes were made, the oldest first, and how many keys they made.
    receipts: VecDeque<(Vec<u8>, usize)>,
}

/// A new configuration of a zone.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) bytes: usize,
    pub(crate) metrics: &'static [Metric],
    pub(crate) expire: bool,
    pub(crate) discard_key: Option<&'static str>,
}

pub(crate) fn schema(metrics: &[Metric]) -> Schema {
    Schema::from_source(&serde_json::to_string(metrics).unwrap()).unwrap()
}

impl Model {
    pub(crate) fn new(configuration: &Configuration) -> Self {
        Self {
            entries: HashMap::new(),
            metrics: configuration.metrics,
            geometry: Geometry::of_zone(configuration.bytes, &schema(configuration.metrics))
                .unwrap(),
            expire: configuration.expire,
            discard_key: configuration.discard_key.map(|key| key.into()),
            discard: None,
            discarded: 0,
            clock: 0,
            texts: HashMap::new(),
            receipts: VecDeque::new(),
        }
    }

    pub(crate) fn update(&mut self, key: &[u8], value: f64) -> Option<Update> {
        let (stored, is_truncated) = (key[..key.len().min(255)].to_vec(), key.len() > 255);
        if Some(&stored) == self.discard_key.as_ref() {
            return Some(Update::Ignored);
        }
        self.clock += 1;
        if !self.entries.contains_key(&stored) {
            if !self.make_room(stored.len()) {
                return self.discard_sample(value);
            }
            let states = self.metrics.iter().map(State::new).collect();
            let entry = Entry {
                states,
                is_truncated: false,
                updated: 0,
            };
            self.entries.insert(stored.clone(), entry);
        }
        let entry = self.entries.get_mut(&stored).unwrap();
        entry
            .states
            .iter_mut()
            .for_each(|state| state.record(value));
        entry.is_truncated |= is_truncated;
        entry.updated = self.clock;
        Some(Update::Stored)
    }

    /// What the zone shows: names and texts, the discard key included, in any order.
    pub(crate) fn listing(&self) -> HashMap<Vec<u8>, String> {
        let mut listing: HashMap<_, _> = self
            .entries
            .iter()
            .map(|(key, entry)| {
                let mut name = key.clone();
                name.extend_from_slice(if entry.is_truncated { b"..." } else { b"" });
                (name, text(&entry.states))
            })
            .collect();
        if let (Some(key), Some(states)) = (&self.discard_key, &self.discard) {
            listing.insert(key.clone(), text(states));
        }
        listing
    }

    /// What a process of the configuration `own` reads for a key.
    pub(crate) fn read(&self, key: &[u8], own: &[Metric]) -> Option<String> {
        let key = &key[..key.len().min(255)];
        let states = if Some(key) == self.discard_key.as_deref() {
            self.discard.as_ref()?
        } else {
            &self.entries.get(key)?.states
        };
        Some(text(&translate(states, self.metrics, own)))
    }

    /// The new policy is in force first; then the oldest keys go, as they do for new ones, until what is left has room, and what is left
    /// is translated.
    pub(crate) fn adopt(&mut self, configuration: &Configuration) {
        let mut next = Self::new(configuration);
        next.clock = self.clock;
        let kept = next
            .metrics
            .iter()
            .any(|metric| position(self.metrics, metric).is_some());
        if !kept {
            *self = next;
            return;
        }
        self.change_policy(&next);
        let over = self.receipts.len().saturating_sub(next.free() / 2);
        self.receipts.drain(..over);
        while self.needed_in(&next) > next.free() && self.discard_oldest() {}
        let translated = |states: &Vec<State>| translate(states, self.metrics, next.metrics);
        next.discard = self.discard.as_ref().map(translated);
        next.entries = std::mem::take(&mut self.entries);
        for entry in next.entries.values_mut() {
            entry.states = translate(&entry.states, self.metrics, next.metrics);
        }
        next.discarded = self.discarded;
        next.texts = std::mem::take(&mut self.texts);
        next.receipts = std::mem::take(&mut self.receipts);
        *self = next;
    }

    /// Another discard key takes over what the former one has, and the key that has its name.
    fn change_policy(&mut self, next: &Self) {
        self.expire = next.expire;
        self.discard_key.clone_from(&next.discard_key);
        let Some(key) = &self.discard_key else {
            self.discard = None;
            return;
        };
        self.texts.remove(key);
        if let Some(absorbed) = self.entries.remove(key) {
            self.fold(&absorbed.states);
        }
    }

    /// How many slots all of it takes in a zone that is made as `next`.
    fn needed_in(&self, next: &Self) -> usize {
        let keys = self.entries.keys().map(|key| next.slots_for(key.len()));
        let texts = self.texts.values().map(|text| next.slots_for_text(text));
        keys.chain(texts).sum::<usize>() + self.receipts.len()
    }

    fn make_room(&mut self, length: usize) -> bool {
        while self.free() < self.slots_for(length) {
            if !self.reclaim() {
                return false;
            }
        }
        true
    }

    /// Does without something; receipts, whose time is never over here, stay.
    fn reclaim(&mut self) -> bool {
        self.expire && self.discard_oldest()
    }

    fn discard_oldest(&mut self) -> bool {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.updated);
        let Some((oldest, _)) = oldest else {
            return false;
        };
        let oldest = oldest.clone();
        let entry = self.entries.remove(&oldest).unwrap();
        self.texts.remove(&oldest);
        self.discarded += 1;
        self.fold(&entry.states);
        true
    }

    fn discard_sample(&mut self, value: f64) -> Option<Update> {
        self.discarded += 1;
        self.discard_key.as_ref()?;
        let fresh = || self.metrics.iter().map(State::new).collect::<Vec<_>>();
        let states = self.discard.get_or_insert_with(fresh);
        states.iter_mut().for_each(|state| state.record(value));
        Some(Update::Accounted)
    }

    fn fold(&mut self, states: &[State]) {
        if self.discard_key.is_none() {
            return;
        }
        let fresh = || self.metrics.iter().map(State::new).collect::<Vec<_>>();
        let into = self.discard.get_or_insert_with(fresh);
        into.iter_mut()
            .zip(states)
            .for_each(|(into, from)| into.fold(from));
    }

    fn free(&self) -> usize {
        let keys = self.entries.keys().map(|key| self.slots_for(key.len()));
        let texts = self.texts.values().map(|text| self.slots_for_text(text));
        let used = keys.chain(texts).sum::<usize>() + self.receipts.len();
        self.geometry.capacity(1) - used
    }

    fn slots_for_text(&self, text: &[u8]) -> usize {
        let words_in_slot = self.geometry.slot_bytes() / 8 - 1;
        1 + text.len().div_ceil(8).div_ceil(words_in_slot)
    }

    fn slots_for(&self, length: usize) -> usize {
        let (words, slot) = (length.div_ceil(8), self.geometry.slot_bytes() / 8);
        if words <= 5 {
            1
        } else {
            1 + (words - 4).div_ceil(slot - 1)
        }
    }
}

/// The place of the metric that has the same name and meaning.
fn position(metrics: &[Metric], wanted: &Metric) -> Option<usize> {
    let identity = |metric: &Metric| schema(&[*metric]).identity();
    metrics
        .iter()
        .position(|metric| identity(metric) == identity(wanted))
}

/// Keeps what has the same meaning; parameters are those of the new metric.
fn translate(states: &[State], from: &[Metric], to: &[Metric]) -> Vec<State> {
    let state = |metric: &Metric| {
        let fresh = State::new(metric);
        match (
            position(from, metric).map(|place| states[place].clone()),
            fresh,
        ) {
            (Some(State::Exp(value, _)), State::Exp(_, factor)) => State::Exp(value, factor),
            (Some(kept), _) => kept,
            (None, fresh) => fresh,
        }
    };
    to.iter().map(state).collect()
}

fn text(states: &[State]) -> String {
    states
        .iter()
        .map(State::text)
        .collect::<Vec<_>>()
        .join(", ")
}

impl State {
    fn new((_, words): &Metric) -> Self {
        let number = |place: usize| {
            words[place]
                .split_once('=')
                .unwrap()
                .1
                .parse::<u32>()
                .unwrap()
        };
        match words[0] {
            "count" => Self::Count(0),
            "gauge" => Self::Gauge(0.0),
            "last" => Self::Last(None),
            "min" => Self::Min(None),
            "max" => Self::Max(None),
            "average exp" => Self::Exp(None, f64::from(number(1)) / 100.0),
            "average mean" => Self::Mean {
                ring: vec![None; number(1) as usize],
                number: 0,
            },
            "histogram" => Self::Histogram {
                limits: words[1..]
                    .iter()
                    .map(|limit| limit.parse().unwrap())
                    .collect(),
                counts: vec![0; words.len() - 1],
            },
            other => panic!("{other}"),
        }
    }

    fn record(&mut self, value: f64) {
        match self {
            Self::Count(count) => *count += 1,
            Self::Gauge(sum) => *sum += value,
            Self::Last(last) => *last = Some(value),
            Self::Min(least) => *least = Some(least.map_or(value, |least| least.min(value))),
            Self::Max(most) => *most = Some(most.map_or(value, |most| most.max(value))),
            Self::Exp(mean, factor) => {
                *mean = Some(mean.map_or(value, |mean| mean + *factor * (value - mean)));
            }
            Self::Mean { ring, number } => {
                let place = *number % ring.len();
                ring[place] = Some(value);
                *number += 1;
            }
            Self::Histogram { limits, counts } => {
                for (limit, count) in limits.iter().zip(counts) {
                    *count += u64::from(value <= *limit);
                }
            }
        }
    }

    fn fold(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(into), Self::Count(from)) => *into += from,
            (Self::Histogram { counts: into, .. }, Self::Histogram { counts: from, .. }) => {
                into.iter_mut()
                    .zip(from)
                    .for_each(|(into, from)| *into += from);
            }
            (into @ Self::Mean { number: 0, .. }, from) => *into = from.clone(),
            (into, from) => {
                if let Some(value) = from.value() {
                    into.record(value);
                }
            }
        }
    }

    fn value(&self) -> Option<f64> {
        match self {
            Self::Gauge(value) => Some(*value),
            Self::Last(value) | Self::Min(value) | Self::Max(value) | Self::Exp(value, _) => *value,
            Self::Mean { ring, .. } => {
                let values: Vec<f64> = ring.iter().flatten().copied().collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            }
            Self::Count(_) | Self::Histogram { .. } => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Histogram { counts, .. } => counts
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            other => other.value().map_or(String::new(), |value| {
                let mut text = Vec::new();
                pingauge::metric::number(value, &mut text);
                String::from_utf8(text).unwrap()
            }),
        }
    }
}
