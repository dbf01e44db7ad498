//! The zones of a configuration: made, taken over or attached to, and found by name.

use std::sync::{Arc, OnceLock, Weak};

use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::plan::state::StateIndex;
use crate::metric::{KeyWriter, Moment, Schema, cut_key, join, parts, split};
use crate::modules::shared_zone::{self, Declaration, Holder, Lasting, Purpose};
use crate::os;
use crate::status::Node;
use crate::zone::{
    Fate, Geometry, Guess, HashedKey, Record, Refused, Remembered, Update, Way, Zone,
};

use super::cardinality::Labels;
use super::handler::Replaced;
use super::push::counts::Counts;
use super::registers::{Haste, Registers, StandIn, Upkeep};
use super::zone_directives::ZonesWritten;
use super::{status, variables, waiting};

/// A zone and what its configuration says.
pub(in crate::modules) struct Entry {
    pub name: String,
    pub zone: Zone,
    pub schema: Arc<Schema>,
    /// Whether it has one metric without a name.
    pub is_simple: bool,
    /// Which values labels have, where that is bounded.
    pub(super) registers: Option<Registers>,
    /// Where a request remembers keys that others stood in for.
    pub(super) replaced: Option<StateIndex<Replaced>>,
    /// Where it lasts, if it does.
    pub(super) lasting: Option<Lasting>,
    /// How pushing to it goes, if some location does.
    pub(super) pushed: OnceLock<Arc<Counts>>,
    /// The same, for threads that outlive a call.
    pub(super) itself: Weak<Self>,
}

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
pub(super) struct Registry(Vec<Arc<Entry>>);

impl Registry {
    /// The zone called `name`.
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Entry>> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.name.as_str())
    }
}

/// All zones that were declared so far.
pub(in crate::modules) fn all(builder: &mut Builder<'_>) -> Vec<Arc<Entry>> {
    builder.thing::<Registry>().0.clone()
}

impl Entry {
    /// How many parts its keys have; none where they are keys as they are.
    pub(super) fn labels(&self) -> usize {
        self.schema.labels().len()
    }

    /// Appends a key as [`Entry::read_key`] reads it: the parts of one that has several with blanks between.
    pub(in crate::modules) fn write_key(&self, key: &[u8], out: &mut Vec<u8>) {
        match self.labels() {
            _ if key.is_empty() => {}
            0 => out.extend_from_slice(key),
            labels => join(parts(key, labels), true, out),
        }
    }

    /// Makes `key` the key that a text stands for; false if the text has another number of parts.
    pub(super) fn read_key(&self, text: &[u8], key: &mut Vec<u8>) -> bool {
        let labels = self.labels();
        if labels == 0 || text.is_empty() {
            key.clear();
            key.extend_from_slice(text);
            return true;
        }
        let Some(parts) = split(text).filter(|parts| parts.len() == labels) else {
            return false;
        };
        let mut writer = KeyWriter::new(key);
        for part in &parts {
            writer.part(|out| out.extend_from_slice(part));
        }
        // A key that was cut has so long parts that with their marks they are too long for one.
        if !writer.finish() {
            let mut cut = Vec::new();
            if cut_key(&parts, &mut cut) {
                *key = cut;
            }
        }
        true
    }

    /// Copies what the zone has for the key whose parts are shown by these names.
    pub(super) fn read_parts<N: AsRef<[u8]>>(&self, names: &[N], record: &mut Record) -> bool {
        let mut key = Vec::new();
        let mut writer = KeyWriter::new(&mut key);
        for name in names {
            writer.part(|out| out.extend_from_slice(name.as_ref()));
        }
        let is_whole = writer.finish();
        is_whole && self.zone.read(&key, record)
            || cut_key(names, &mut key) && self.zone.read(&key, record)
    }

    /// Feeds a value to a key; `None` when it was refused. A failure is logged and nothing else.
    pub(super) fn update(&self, key: &[u8], value: f64, now: Moment) -> Option<Update> {
        self.told(self.zone.update(key, value, now), key, value)
    }

    /// The same for a key that is always the same.
    #[inline]
    pub(super) fn update_remembered(
        &self,
        key: &Remembered,
        value: f64,
        now: Moment,
    ) -> Option<Update> {
        let updated = self.zone.update_remembered(key, value, now);
        self.told(updated, key.key(), value)
    }

    /// The same for a key that is probably where `guess` says.
    #[inline]
    pub(super) fn update_guessed(
        &self,
        guess: Guess,
        key: &HashedKey<'_>,
        value: f64,
        now: Moment,
    ) -> Option<Update> {
        let updated = self.zone.update_guessed(guess, key, value, now);
        self.told(updated, key.key(), value)
    }

    /// The same with a value that takes back what another one gave.
    pub(super) fn take_back(&self, key: &[u8], value: f64, now: Moment) -> Option<Update> {
        self.told(self.zone.take_back(key, value, now), key, value)
    }

    /// Feeds a value to a key of parts, or to the one that `stands_in` for it.
    pub(super) fn update_parts(
        &self,
        key: &[u8],
        sample: (f64, Moment),
        stands_in: &mut StandIn,
    ) -> Option<Update> {
        let updated = match &self.registers {
            None => self.zone.update(key, sample.0, sample.1),
            Some(registers) => registers.update(&self.zone, key, sample, stands_in),
        };
        self.told(updated, key, sample.0)
    }

    /// Takes back what was given to a key that stood in for another.
    pub(super) fn take_back_replaced(&self, key: &[u8], value: f64, now: Moment) -> Option<Update> {
        let is_discard_key = |registers: &Registers| registers.is_discard_key(key);
        let updated = match self.registers.as_ref().is_some_and(is_discard_key) {
            true => self.zone.take_back_discarded(value, now),
            false => self.zone.take_back(key, value, now),
        };
        self.told(updated, key, value)
    }

    /// Takes back what was given to a key or to whichever stood in for it, where that was left open.
    pub(super) fn take_back_open(
        &self,
        key: &[u8],
        (value, now): (f64, Moment),
        fate: Arc<Fate>,
    ) -> Option<Update> {
        match fate.get() {
            // What was given is made by now.
            Some(way) if !self.zone.are_updates_waiting() => match way {
                Way::Own => self.take_back(key, value, now),
                Way::Other(stands_in) => self.take_back_replaced(stands_in, value, now),
            },
            _ => self.told(self.zone.take_back_open(key, value, now, fate), key, value),
        }
    }

    /// Where an update goes that was left open; to be asked by a thread that may wait.
    pub(super) fn decide(&self, key: &[u8]) -> Way {
        let now = Moment(os::monotonic());
        let way = |registers: &Registers| registers.way(key, now, Haste::Patient);
        self.registers.as_ref().and_then(way).unwrap_or(Way::Own)
    }

    #[inline]
    fn told(&self, updated: Result<Update, Refused>, key: &[u8], value: f64) -> Option<Update> {
        match updated {
            Ok(Update::Waiting) => self.see_to(),
            Ok(update) => Some(update),
            Err(refused) => {
                self.complain(refused, key, value);
                None
            }
        }
    }

    #[cold]
    fn see_to(&self) -> Option<Update> {
        if let Some(entry) = self.itself.upgrade() {
            waiting::see_to(&entry);
        }
        Some(Update::Waiting)
    }

    #[cold]
    pub(super) fn complain(&self, refused: Refused, key: &[u8], value: f64) {
        let mut shown = Vec::new();
        self.write_key(key, &mut shown);
        let (name, key) = (&self.name, shown.escape_ascii());
        log::error!("metric zone \"{name}\": {refused}: key \"{key}\", value {value}");
    }
}

/// Makes the zones of an `http` block, with their variables and their part of the status tree.
pub(super) fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let declared = written.declaration(&PURPOSE);
        note_capacity(builder, &declared);
        let Some(mut opened) = shared_zone::declare(builder, &declared) else {
            continue;
        };
        if matches!(builder.memory.role(), Role::Worker(_)) {
            opened.zone.put_off_updates();
        }
        let registers = Registers::open(builder, written, &opened);
        let entry = Arc::new_cyclic(|itself| Entry {
            itself: Weak::clone(itself),
            replaced: registers.is_some().then(|| builder.state()),
            registers,
            name: declared.name.clone(),
            zone: opened.zone,
            schema: Arc::clone(&declared.schema),
            is_simple: written.is_simple,
            lasting: opened.lasting,
            pushed: OnceLock::new(),
        });
        shared_zone::add_chores(builder, &entry, &declared);
        if entry.registers.is_some() {
            builder.chores.push(Box::new(Upkeep(Arc::clone(&entry))));
        }
        variables::offer(builder, &entry, written.span);
        builder.thing::<Registry>().0.push(entry);
    }
    let entries: Arc<[Arc<Entry>]> = builder.thing::<Registry>().0.iter().cloned().collect();
    status::mount(builder, &entries);
}

/// What they are for.
static PURPOSE: Purpose = Purpose {
    kind: "metric_zone",
    noun: "metric zone",
    use_of_name: USE,
    section: "metric_zones",
    adds_up: true,
};

/// What the zones are used for.
pub(super) const USE: &str = "metrics";

impl Holder for Entry {
    fn name(&self) -> &str {
        &self.name
    }

    fn purpose(&self) -> &'static Purpose {
        &PURPOSE
    }

    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn lasting(&self) -> Option<&Lasting> {
        self.lasting.as_ref()
    }

    fn labels(&self) -> Option<Node<'_>> {
        (Self::labels(self) > 0).then(|| Node::branch(Labels(self)))
    }
}

/// Says how many keys will fit, where that is asked for.
fn note_capacity(builder: &mut Builder<'_>, declared: &Declaration) {
    if builder.memory.role() != Role::Check {
        return;
    }
    if let Ok(geometry) = Geometry::of_zone(declared.size, &declared.schema) {
        let [short, middle, long] = [16, 39, 100].map(|length| geometry.capacity(length));
        builder.notes.push(format!(
            "metric zone \"{}\": room for {short} keys of 16 bytes, {middle} of 39, {long} of 100",
            declared.name
        ));
    }
}
