//! The zones of a configuration: made, taken over or attached to, and found by name.

use std::sync::{Arc, OnceLock};

use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::metric::{Moment, Schema};
use crate::modules::shared_zone::{self, Declaration, Holder, Lasting, Purpose};
use crate::zone::{Geometry, Refused, Update, Zone};

use super::push::counts::Counts;
use super::zone_directives::ZonesWritten;
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
        let declared = written.declaration(&PURPOSE);
        note_capacity(builder, &declared);
        let Some(opened) = shared_zone::declare(builder, &declared) else {
            continue;
        };
        let entry = Arc::new(Entry {
            name: declared.name.clone(),
            zone: opened.zone,
            schema: Arc::clone(&declared.schema),
            is_simple: written.is_simple,
            lasting: opened.lasting,
            pushed: OnceLock::new(),
        });
        shared_zone::add_chores(builder, &entry, &declared);
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
