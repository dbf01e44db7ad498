//! The zones of a configuration: made, taken over or attached to, and found by name.

use std::io;
use std::sync::{Arc, OnceLock};

use crate::conf::{Chain, Diagnostic};
use crate::http::build::builder::Builder;
use crate::http::build::memory::{Memory, Role};
use crate::metric::{Moment, Schema};
use crate::os::SharedMemory;
use crate::zone::{Adoption, Geometry, Refused, Unusable, Update, Zone};

use super::carry;
use super::lasting::{self, Lasting};
use super::push::counts::Counts;
use super::zone_directives::{ZoneWritten, ZonesWritten};
use super::{status, variables};

/// A zone and what its configuration says.
pub(in crate::modules) struct Entry {
    pub name: String,
    pub zone: Zone,
    pub schema: Arc<Schema>,
    /// Whether it has one metric without a name.
    pub is_simple: bool,
    /// Where it lasts, if it does.
    pub(super) lasting: Option<Lasting>,
    /// How pushing to it goes, if some location does.
    pub(super) pushed: OnceLock<Arc<Counts>>,
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
    /// Feeds a value to a key; `None` when it was refused. A failure is logged and nothing else.
    pub(super) fn update(&self, key: &[u8], value: f64, now: Moment) -> Option<Update> {
        self.told(self.zone.update(key, value, now), key, value)
    }

    /// The same with a value that takes back what another one gave.
    pub(super) fn take_back(&self, key: &[u8], value: f64, now: Moment) -> Option<Update> {
        self.told(self.zone.take_back(key, value, now), key, value)
    }

    fn told(&self, updated: Result<Update, Refused>, key: &[u8], value: f64) -> Option<Update> {
        match updated {
            Ok(update) => Some(update),
            Err(refused) => {
                self.complain(refused, key, value);
                None
            }
        }
    }

    #[cold]
    fn complain(&self, refused: Refused, key: &[u8], value: f64) {
        let (name, key) = (&self.name, key.escape_ascii());
        log::error!("metric zone \"{name}\": {refused}: key \"{key}\", value {value}");
    }
}

/// Makes the zones of an `http` block, with their variables and their part of the status tree.
pub(super) fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let claimed = builder.claim_zone(&written.name, written.span, USE);
        builder.diagnostics.check(claimed);
        let (zone, lasting) = match open(builder, written) {
            Ok(opened) => opened,
            Err(error) => {
                let message = format!("zone \"{}\" cannot be used: {error}", written.name);
                builder
                    .diagnostics
                    .push(Diagnostic::error(written.span, message));
                continue;
            }
        };
        let entry = Arc::new(Entry {
            name: written.name.clone(),
            zone,
            schema: Arc::clone(&written.schema),
            is_simple: written.is_simple,
            lasting,
            pushed: OnceLock::new(),
        });
        lasting::add_chores(builder, &entry, &written.options);
        variables::offer(builder, &entry, written.span);
        builder.thing::<Registry>().0.push(entry);
    }
    let entries: Arc<[Arc<Entry>]> = builder.thing::<Registry>().0.iter().cloned().collect();
    status::mount(builder, &entries);
}

/// Makes, takes over or attaches to a zone.
pub(in crate::modules) fn open(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
) -> Result<(Zone, Option<Lasting>), Unusable> {
    if builder.memory.role() == Role::Check {
        let note = capacity(written)?;
        builder.notes.push(note);
    }
    if let Some(file) = &written.options.file {
        return lasting::open(builder, written, file);
    }
    let (name, schema) = (&written.name, Arc::clone(&written.schema));
    let existing = builder.memory.existing(KIND, name);
    let zone = match (builder.memory.role(), existing) {
        (Role::Worker(_), Some(memory)) => Zone::attach(&memory, schema),
        (Role::Worker(_), None) => Err(Unusable::Memory(io::ErrorKind::NotFound.into())),
        (Role::Check, _) | (Role::Master, None) => create(builder.memory, written),
        (Role::Master, Some(memory)) if memory.is_on_disk() => {
            lasting::take_back(builder, written, memory)
        }
        (Role::Master, Some(memory)) => {
            carry::go_on(builder, written);
            adopt(builder.memory, written, &memory)
        }
    };
    Ok((zone?, None))
}

/// The kind of their memory.
pub(super) const KIND: &str = "metric_zone";

/// What the zones are used for.
pub(super) const USE: &str = "metrics";

pub(super) fn create(memory: &mut dyn Memory, written: &ZoneWritten) -> Result<Zone, Unusable> {
    Geometry::of_zone(written.size, &written.schema)?;
    let memory = memory.create(KIND, &written.name, written.size)?;
    Zone::create(
        &memory,
        written.size,
        Arc::clone(&written.schema),
        &written.options.overflow,
    )
}

/// Takes over the zone of the generation before; one that is damaged gives way to a fresh one.
fn adopt(
    memory: &mut dyn Memory,
    written: &ZoneWritten,
    existing: &SharedMemory,
) -> Result<Zone, Unusable> {
    let schema = Arc::clone(&written.schema);
    let name = &written.name;
    match Zone::adopt(existing, written.size, schema, &written.options.overflow) {
        Ok((zone, adoption)) => {
            tell(name, &adoption);
            Ok(zone)
        }
        Err(Unusable::Corrupt(reason)) => {
            log::error!("metric zone \"{name}\" is damaged ({reason}) and starts empty");
            create(memory, written)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn tell(name: &str, adoption: &Adoption) {
    if let Some(story) = adoption.story() {
        log::info!("metric zone \"{name}\": {story}");
    }
}

/// How many keys will fit.
fn capacity(written: &ZoneWritten) -> Result<String, Unusable> {
    let geometry = Geometry::of_zone(written.size, &written.schema)?;
    let [short, middle, long] = [16, 39, 100].map(|length| geometry.capacity(length));
    Ok(format!(
        "metric zone \"{}\": room for {short} keys of 16 bytes, {middle} of 39, {long} of 100",
        written.name
    ))
}
