//! `max_values=`: a label has so many different values, and whatever else comes counts as the discard word.
//!
//! A bounded label has a *register*: a zone of its own in shared memory, whose keys are the values. A key that is
//! not in the metric zone yet has its values registered first, under the register's lock, so that however many
//! workers there are no more than that many get in; keys that are there need nothing of this. Values that no key has
//! any more leave a full register after a while (see [`Upkeep`]). A value might come back without its place only if
//! its worker stood still for all of [`GRACE`] between having registered it and having made the key.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::labelling::Bound;
use super::zone_directives::ZoneWritten;
use super::zones::{Entry, USE};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::plan::chore::Chore;
use crate::metric::{KEY_LIMIT, KeyWriter, Moment, Part, Schema, parts};
use crate::modules::shared_zone::{self, Declaration, Found, Opened, Purpose, Sync};
use crate::os;
use crate::zone::{Edit, Fate, Geometry, MINIMUM, Overflow, Put, Refused, Stay, Update, Way, Zone};

/// The registers of a zone's labels.
pub(super) struct Registers {
    all: Vec<Register>,
    labels: usize,
    /// What further values count as.
    word: Vec<u8>,
    /// The key whose parts are all the word.
    discard_key: Vec<u8>,
}

/// What got a value in place of the key that it was for.
#[derive(Default)]
pub(super) struct StandIn {
    /// The key that did; empty if it was the key itself.
    pub key: Vec<u8>,
    /// Where that is told, if it was left open.
    pub fate: Option<Arc<Fate>>,
}

/// How long somebody may wait for a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// As an event loop does.
    Soon,
    /// As a thread does.
    Patient,
}

/// What is against making keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objection {
    /// Some values have no place.
    Bound(Bound),
    /// It cannot be told soon.
    Busy,
}

/// The values of one label.
struct Register {
    bound: Bound,
    values: Zone,
}

static PURPOSE: Purpose = Purpose {
    kind: "metric_zone_values",
    noun: "register of metric zone",
    use_of_name: USE,
    section: "metric_zones",
    adds_up: false,
};

/// So long after its last new key a value stays although no key has it any more, in nanoseconds.
const GRACE: u64 = 60_000_000_000;

impl Registers {
    /// Those that a zone needs; nothing if it needs none.
    pub(super) fn open(
        builder: &mut Builder<'_>,
        written: &ZoneWritten,
        zone: &Opened,
    ) -> Option<Self> {
        let options = &written.options;
        let word = options.labelling.word.clone()?;
        let mut registers = Self {
            all: Vec::new(),
            labels: written.schema.labels().len(),
            word,
            discard_key: options.overflow.discard_key.clone().unwrap_or_default(),
        };
        for bound in &options.bounds {
            let declared = declared(written, *bound)?;
            note_size(builder, written, &declared, *bound);
            let opened = shared_zone::open(builder, &declared);
            let opened = opened.map_err(|error| {
                let message = format!("zone \"{}\" cannot be used: {error}", written.name);
                crate::conf::Diagnostic::error(written.span, message)
            });
            let opened = builder.diagnostics.check(opened)?;
            let register = Register {
                bound: *bound,
                values: opened.zone,
            };
            if builder.memory.role() == Role::Master {
                register.prepare(&registers, zone, opened.found);
            }
            registers.all.push(register);
        }
        (!registers.all.is_empty()).then_some(registers)
    }

    /// Feeds a value to a key, or to the one that `stands_in` for it, which stays empty otherwise.
    pub(super) fn update(
        &self,
        zone: &Zone,
        key: &[u8],
        (value, now): (f64, Moment),
        stands_in: &mut StandIn,
    ) -> Result<Update, Refused> {
        if key.is_empty() || zone.update_known(key, value, now) {
            let is_ignored = key.is_empty();
            return Ok(if is_ignored {
                Update::Ignored
            } else {
                Update::Stored
            });
        }
        if key == self.discard_key {
            return Ok(Update::Ignored);
        }
        // Values get places in the order in which they came, also those that still wait for one.
        let way = match zone.are_updates_waiting() {
            true => None,
            false => self.way(key, now, Haste::Soon),
        };
        match way {
            None => {
                let (updated, fate) = zone.leave_open(key, value, now)?;
                stands_in.fate = Some(fate);
                Ok(updated)
            }
            Some(Way::Own) => zone.update(key, value, now),
            Some(Way::Other(other)) => {
                let updated = match other == self.discard_key {
                    true => zone.discard(value, now),
                    false => zone.update(&other, value, now),
                };
                stands_in.key = other;
                updated
            }
        }
    }

    /// Where an update of a key goes that is not there; nothing where that cannot be told soon.
    pub(super) fn way(&self, key: &[u8], now: Moment, haste: Haste) -> Option<Way> {
        let mut other = Vec::new();
        let admits = |register: &Register, part: Part<'_>| register.admits(part, now, haste);
        Some(match self.replace(key, &mut other, admits)? {
            true => Way::Other(other),
            false => Way::Own,
        })
    }

    /// Whether a key is the one whose parts are all the word.
    pub(super) fn is_discard_key(&self, key: &[u8]) -> bool {
        key == self.discard_key
    }

    /// What is against making these keys; nothing if all their values have their places now.
    pub(super) fn objection<'k>(
        &self,
        keys: impl Iterator<Item = &'k [u8]> + Clone,
        now: Moment,
        haste: Haste,
    ) -> Option<Objection> {
        // Nothing takes a place where others would find none.
        let is_short = |register: &&Register| {
            let values = self.values_of(register, keys.clone());
            let new: HashSet<_> = values.filter(|part| !register.has(*part, now)).collect();
            !new.is_empty() && register.values.len() + new.len() as u64 > register.bound.most
        };
        if let Some(register) = self.all.iter().find(is_short) {
            return Some(Objection::Bound(register.bound));
        }
        for register in &self.all {
            for part in self.values_of(register, keys.clone()) {
                match register.admits(part, now, haste) {
                    Some(true) => {}
                    Some(false) => return Some(Objection::Bound(register.bound)),
                    None => return Some(Objection::Busy),
                }
            }
        }
        None
    }

    fn values_of<'k>(
        &self,
        register: &Register,
        keys: impl Iterator<Item = &'k [u8]>,
    ) -> impl Iterator<Item = Part<'k>> {
        let place = register.bound.place;
        let part = move |key| parts(key, self.labels).nth(place);
        keys.filter_map(part).filter(|part| self.is_value(*part))
    }

    /// How many values the label in a place may have, if that is bounded.
    pub(super) fn most(&self, place: usize) -> Option<u64> {
        let mut bounds = self.all.iter().map(|register| register.bound);
        bounds
            .find(|bound| bound.place == place)
            .map(|bound| bound.most)
    }

    /// Whether a part is something that takes a place.
    fn is_value(&self, part: Part<'_>) -> bool {
        !part.bytes.is_empty() && part.bytes != self.word
    }

    /// Makes `other` the key with the word in place of values that are not admitted; false if all are, nothing if that cannot be told.
    fn replace(
        &self,
        key: &[u8],
        other: &mut Vec<u8>,
        is_admitted: impl Fn(&Register, Part<'_>) -> Option<bool>,
    ) -> Option<bool> {
        let mut replaced = 0_u32;
        for register in &self.all {
            let part = parts(key, self.labels).nth(register.bound.place);
            let value = part.filter(|part| self.is_value(*part));
            if let Some(part) = value
                && !is_admitted(register, part)?
            {
                replaced |= 1 << register.bound.place;
            }
        }
        if replaced == 0 {
            return Some(false);
        }
        let mut writer = KeyWriter::new(other);
        for (place, part) in parts(key, self.labels).enumerate() {
            match replaced & 1 << place {
                0 => writer.copy(part),
                _ => writer.part(|out| out.extend_from_slice(&self.word)),
            }
        }
        writer.finish();
        Some(true)
    }
}

impl Register {
    /// Whether a value has a place, or gets one; nothing where that cannot be told soon.
    fn admits(&self, part: Part<'_>, now: Moment, haste: Haste) -> Option<bool> {
        if self.has(part, now) {
            return Some(true);
        }
        match self.values.len() < self.bound.most {
            true => self.enter(part, now, haste),
            false => Some(false),
        }
    }

    /// Whether a value has a place, which it keeps for a while from now on.
    fn has(&self, part: Part<'_>, now: Moment) -> bool {
        let mut name = [0; KEY_LIMIT];
        self.values.update_known(name_of(part, &mut name), 1.0, now)
    }

    #[cold]
    fn enter(&self, part: Part<'_>, now: Moment, haste: Haste) -> Option<bool> {
        let mut name = [0; KEY_LIMIT];
        let name = name_of(part, &mut name);
        let initial: Vec<u64> = self.values.schema().initial().collect();
        let enter = |edit: &mut Edit<'_>| {
            if edit.read(name).is_none() && edit.len() >= self.bound.most {
                return false;
            }
            let put = Put {
                cells: &initial,
                stay: Stay::Evictable,
                text: None,
            };
            edit.put(name, put);
            edit.commit().is_ok()
        };
        let entered = match haste {
            Haste::Soon => self.values.edit_soon(now, enter),
            Haste::Patient => self.values.edit(now, enter).map(Some),
        };
        entered.unwrap_or(Some(false))
    }

    /// Makes it say what is in a zone that this process is the first to use.
    fn prepare(&self, registers: &Registers, opened: &Opened, found: Found) {
        let (zone, now) = (&opened.zone, Moment(os::monotonic()));
        if zone.is_empty() {
            // Workers of the generation before may be about to make keys.
            if opened.found == Found::Going {
                return;
            }
            // What it knows is of keys that were left.
            let later = Moment(now.0.saturating_add(1_000_000));
            let _damaged = self.values.drop_inactive(0, later);
        } else if found == Found::Nothing {
            registers.each_value(self.bound.place, zone, &mut |part| {
                let _full = self.admits(part, now, Haste::Patient);
            });
        }
    }
}

impl Registers {
    /// Shows the values of one label, each as often as there are keys with it.
    fn each_value(&self, place: usize, zone: &Zone, show: &mut dyn FnMut(Part<'_>)) {
        let _always_continues = zone.visit(&mut |record| {
            let part = parts(record.key(), self.labels).nth(place);
            if let Some(part) = part.filter(|part| self.is_value(*part)) {
                show(part);
            }
            std::ops::ControlFlow::Continue(())
        });
    }

    /// Drops values that no key has had for a while, where there is no place for others.
    fn look_after(&self, zone: &Zone, now: &dyn Fn() -> Moment) {
        let is_full = |register: &&Register| register.values.len() >= register.bound.most;
        for register in self.all.iter().filter(is_full) {
            self.each_value(register.bound.place, zone, &mut |part| {
                register.has(part, now());
            });
            let _damaged = register.values.drop_inactive(GRACE, now());
        }
    }
}

/// What a value is called in a register.
fn name_of<'n>(part: Part<'_>, name: &'n mut [u8; KEY_LIMIT]) -> &'n [u8] {
    let end = 1 + part.bytes.len();
    name[0] = u8::from(part.is_cut);
    name[1..end].copy_from_slice(part.bytes);
    &name[..end]
}

/// The zone that a register is.
fn declared(written: &ZoneWritten, bound: Bound) -> Option<Declaration> {
    let schema = Arc::new(Schema::from_source(r#"[["",["count"]]]"#).ok()?);
    let mut size = MINIMUM;
    while Geometry::of_zone(size, &schema).ok()?.capacity(KEY_LIMIT) < bound.most as usize {
        size *= 2;
    }
    Some(Declaration {
        purpose: &PURPOSE,
        // Labels may be called otherwise, but stay where they are.
        name: format!("{}:{}", written.name, bound.place),
        size,
        schema,
        overflow: Overflow::default(),
        inactive: None,
        file: None,
        sync: Sync::default(),
        span: written.span,
    })
}

/// Says how much memory a register takes, where that is asked for.
fn note_size(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    declared: &Declaration,
    Bound { place, most }: Bound,
) {
    if builder.memory.role() == Role::Check {
        let (zone, kib) = (&written.name, declared.size / 1024);
        let label = &written.schema.labels()[place];
        builder.notes.push(format!(
            "metric zone \"{zone}\": {kib}k more for {most} values of label \"{label}\""
        ));
    }
}

/// Looks after the registers of a zone.
pub(super) struct Upkeep(pub Arc<Entry>);

impl Chore for Upkeep {
    fn every(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn run(&self) {
        if let Some(registers) = &self.0.registers {
            registers.look_after(&self.0.zone, &|| Moment(os::monotonic()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::os::SharedMemory;

    const BYTES: usize = 1 << 20;

    fn schema(labels: &[&str]) -> Arc<Schema> {
        let schema = Schema::from_source(r#"[["",["count"]]]"#).unwrap();
        let labels = labels.iter().map(|label| (*label).to_owned());
        Arc::new(schema.with_labels(labels.collect()))
    }

    fn key(parts: &[&str]) -> Vec<u8> {
        let mut key = Vec::new();
        let mut writer = KeyWriter::new(&mut key);
        for part in parts {
            writer.part(|out| out.extend_from_slice(part.as_bytes()));
        }
        writer.finish();
        key
    }

    /// What a worker has of a zone with the labels `host` and `more`, of which the first may have `most` values.
    fn worker(memory: &[SharedMemory; 2], most: u64) -> (Zone, Registers) {
        let labels = schema(&["host", "more"]);
        let zone = Zone::attach(&memory[0], labels).unwrap();
        let values = Zone::attach(&memory[1], schema(&[])).unwrap();
        let bound = Bound { place: 0, most };
        let registers = Registers {
            all: vec![Register { bound, values }],
            labels: 2,
            word: b"other".to_vec(),
            discard_key: key(&["other", "other"]),
        };
        (zone, registers)
    }

    fn memory() -> [SharedMemory; 2] {
        let discard_key = Some(key(&["other", "other"]));
        let overflow = Overflow {
            expire: false,
            discard_key,
        };
        [
            (schema(&["host", "more"]), overflow),
            (schema(&[]), Overflow::default()),
        ]
        .map(|(schema, overflow)| {
            let memory = SharedMemory::create("zone", BYTES).unwrap();
            let _zone = Zone::create(&memory, BYTES, schema, &overflow).unwrap();
            memory
        })
    }

    fn hosts(zone: &Zone) -> Vec<String> {
        let mut hosts = Vec::new();
        let _ = zone.visit(&mut |record| {
            let part = parts(record.key(), 2).next().unwrap();
            hosts.push(String::from_utf8(part.bytes.to_vec()).unwrap());
            std::ops::ControlFlow::Continue(())
        });
        hosts.sort();
        hosts.dedup();
        hosts
    }

    fn update(worker: &(Zone, Registers), parts: &[&str], now: u64) -> Update {
        let sample = (1.0, Moment(now));
        let (zone, registers) = worker;
        let updated = registers.update(zone, &key(parts), sample, &mut StandIn::default());
        updated.unwrap()
    }

    #[test]
    fn workers_that_race_let_in_as_many_values_as_there_may_be() {
        const MOST: u64 = 50;
        let memory = memory();
        thread::scope(|scope| {
            for start in 0..4 {
                let memory = &memory;
                scope.spawn(move || {
                    let worker = worker(memory, MOST);
                    for number in 0..400 {
                        let host = format!("h{}", (number * 7 + start * 13) % 200);
                        update(&worker, &[&host, "x"], 1);
                        update(&worker, &[&host, "other"], 1);
                    }
                });
            }
        });
        let (zone, registers) = worker(&memory, MOST);
        let hosts = hosts(&zone);
        assert_eq!(hosts.len() as u64, MOST + 1, "{hosts:?}");
        assert_eq!(registers.all[0].values.len(), MOST);
        let mut total = 0;
        let _ = zone.visit(&mut |record| {
            total += record.raw_cells()[0];
            std::ops::ControlFlow::Continue(())
        });
        assert_eq!(total, 4 * 400 * 2);
    }

    #[test]
    fn values_that_no_key_has_make_room_after_a_while() {
        let memory = memory();
        let one = worker(&memory, 2);
        for host in ["a", "b", "c"] {
            update(&one, &[host, "x"], 1);
        }
        assert_eq!(hosts(&one.0), ["a", "b", "other"]);
        let change = crate::zone::Change {
            key: &key(&["a", "x"]),
            action: crate::zone::Action::Remove,
            help: None,
        };
        let refuse = crate::zone::Missing::Refuse;
        one.0.change(&[change], refuse, None, Moment(2)).unwrap();
        let look_after = |now| one.1.look_after(&one.0, &|| Moment(now));
        look_after(GRACE / 2);
        update(&one, &["c", "y"], GRACE / 2);
        assert_eq!(hosts(&one.0), ["b", "other"]);
        look_after(2 * GRACE);
        update(&one, &["c", "y"], 2 * GRACE);
        assert_eq!(hosts(&one.0), ["b", "c", "other"]);
        update(&one, &["d", "y"], 2 * GRACE);
        assert_eq!(hosts(&one.0), ["b", "c", "other"]);
    }

    #[test]
    fn who_comes_after_one_that_waits_for_a_place_gets_none_before_it() {
        let memory = memory();
        let (mut zone, registers) = worker(&memory, 1);
        zone.put_off_updates();
        let feed = |parts: &[&str]| {
            let sample = (1.0, Moment(1));
            registers.update(&zone, &key(parts), sample, &mut StandIn::default())
        };
        // Another thread of this process has the register.
        let held = registers.all[0].values.edit(Moment(1), |_| {
            thread::scope(|scope| scope.spawn(|| feed(&["a", "x"])).join().unwrap())
        });
        assert_eq!(held, Ok(Ok(Update::Waiting)));
        assert_eq!(feed(&["b", "x"]), Ok(Update::Waiting));
        assert!(zone.claim_updates());
        let decide = |key: &[u8]| registers.way(key, Moment(1), Haste::Patient).unwrap();
        zone.work_off(&decide, &mut |_, _, refused| panic!("{refused}"))
            .unwrap();
        assert_eq!(hosts(&zone), ["a", "other"]);
    }

    #[test]
    fn where_a_register_is_held_it_is_decided_later_and_what_takes_it_back_follows() {
        let memory = memory();
        let (mut zone, registers) = worker(&memory, 1);
        zone.put_off_updates();
        let key = key(&["a", "x"]);
        let mut stands_in = StandIn::default();
        // Another thread of this process has the register.
        let held = registers.all[0].values.edit(Moment(1), |_| {
            thread::scope(|scope| {
                let update = || registers.update(&zone, &key, (1.0, Moment(1)), &mut stands_in);
                scope.spawn(update).join().unwrap()
            })
        });
        assert_eq!(held, Ok(Ok(Update::Waiting)));
        let fate = stands_in.fate.unwrap();
        // Meanwhile the only place goes to another value.
        let part = Part {
            bytes: b"b",
            is_cut: false,
        };
        let admitted = registers.all[0].admits(part, Moment(1), Haste::Soon);
        assert_eq!(admitted, Some(true));
        assert!(zone.claim_updates());
        let decide = |key: &[u8]| registers.way(key, Moment(1), Haste::Patient).unwrap();
        zone.work_off(&decide, &mut |_, _, refused| panic!("{refused}"))
            .unwrap();
        assert!(matches!(fate.get(), Some(Way::Other(_))));
        assert_eq!(hosts(&zone), ["other"]);
    }

    #[test]
    fn a_value_that_was_cut_stays_so_beside_the_word() {
        let memory = memory();
        let one = worker(&memory, 1);
        let long = "l".repeat(400);
        update(&one, &["a", "x"], 1);
        update(&one, &["b", &long], 1);
        let mut shown = Vec::new();
        let _ = one.0.visit(&mut |record| {
            if record.key().len() > 100 {
                crate::metric::join(parts(record.key(), 2), true, &mut shown);
            }
            std::ops::ControlFlow::Continue(())
        });
        let shown = String::from_utf8(shown).unwrap();
        assert!(
            shown.starts_with("other lll") && shown.ends_with("l..."),
            "{shown}"
        );
    }
}
