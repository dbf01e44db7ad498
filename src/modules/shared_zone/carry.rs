//! A zone that begins to be kept elsewhere: in a file, in another one, or in memory again.
//!
//! Workers of the configuration before have the memory it was in, and count there until their requests are done.
//! The keeper carries over what they do: what has changed since the new memory began as a copy of the old one is
//! added to the new one, again and again, until nobody uses the old one any more. *Seen* is a second copy, in which
//! it notes what it has carried.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Declaration, Holder, Purpose, called};
use crate::http::build::builder::Builder;
use crate::http::build::memory::{Memory, Role};
use crate::http::plan::chore::Chore;
use crate::metric::Moment;
use crate::os::{self, SharedMemory};
use crate::zone::keep::Wanted;
use crate::zone::{Unusable, Zone};

/// The kind of the memory that is left.
fn left_kind(purpose: &Purpose) -> String {
    format!("{}_left", purpose.kind)
}

/// The kind of what was carried over.
fn seen_kind(purpose: &Purpose) -> String {
    format!("{}_seen", purpose.kind)
}

/// What is left and what was seen of it.
type Pair = (Arc<SharedMemory>, Arc<SharedMemory>);

/// Of the zones of a configuration, by the names of their places.
#[derive(Default)]
struct Carried(HashMap<String, Pair>);

/// How often a zone can move while somebody still counts where it was first.
const PLACES: usize = 8;

/// The names of what a zone has left, for each time it moved.
fn places(zone: &str) -> impl Iterator<Item = String> {
    (0..PLACES).map(move |number| format!("{zone} {number}"))
}

/// What a zone has left and somebody may still use.
pub(super) fn left(memory: &mut dyn Memory, declared: &Declaration) -> Vec<Arc<SharedMemory>> {
    let kind = left_kind(declared.purpose);
    let left = |place: String| memory.existing(&kind, &place);
    places(&declared.name).filter_map(left).collect()
}

/// A copy of a zone for the new memory to begin with, from which on changes are carried over.
pub(super) fn begin(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    before: Arc<SharedMemory>,
) -> Result<Arc<SharedMemory>, Unusable> {
    go_on(builder, declared);
    let carried = &builder.thing::<Carried>().0;
    let free = places(&declared.name).find(|place| !carried.contains_key(place));
    let place = &free.unwrap_or_else(|| format!("{} {}", declared.name, PLACES - 1));
    // Everything fits, and what comes until the old memory is left.
    let bytes = usize::try_from(before.backing_bytes()?).unwrap_or(declared.size);
    let bytes = 2 * bytes.max(declared.size);
    let seen = builder
        .memory
        .create(&seen_kind(declared.purpose), place, bytes)?;
    let wanted = Wanted {
        bytes,
        schema: &declared.schema,
        overflow: &declared.overflow,
        before: None,
    };
    Zone::create_from(&before, &seen, &wanted)?;
    let left = left_kind(declared.purpose);
    builder.memory.keep(&left, place, Arc::clone(&before));
    let carried = &mut builder.thing::<Carried>().0;
    carried.insert(place.clone(), (before, Arc::clone(&seen)));
    Ok(seen)
}

/// Changes are carried over further, from wherever somebody still makes some.
pub(super) fn go_on(builder: &mut Builder<'_>, declared: &Declaration) {
    let (left_kind, seen_kind) = (left_kind(declared.purpose), seen_kind(declared.purpose));
    for place in places(&declared.name) {
        let memory = &mut *builder.memory;
        let Some(left) = memory.existing(&left_kind, &place) else {
            continue;
        };
        let seen = memory.existing(&seen_kind, &place);
        if let Some(seen) = seen.filter(|_| Zone::is_in_use(&left)) {
            let carried = &mut builder.thing::<Carried>().0;
            carried.insert(place, (left, seen));
        } else {
            memory.forget(&left_kind, &place);
            memory.forget(&seen_kind, &place);
        }
    }
}

/// Adds the keeper's part, for each place that the zone has left; nothing where cells cannot be added up.
pub(super) fn add_chore(builder: &mut Builder<'_>, entry: &Arc<dyn Holder>) {
    let purpose = entry.purpose();
    if !purpose.adds_up {
        return;
    }
    for place in places(entry.name()) {
        let memory = match builder.memory.role() {
            Role::Check => None,
            Role::Master => builder.thing::<Carried>().0.remove(&place),
            Role::Worker(_) => {
                let left = builder.memory.existing(&left_kind(purpose), &place);
                left.zip(builder.memory.existing(&seen_kind(purpose), &place))
            }
        };
        if let Some(memory) = memory {
            builder.chores.push(Box::new(Carry {
                entry: Arc::clone(entry),
                memory,
                zones: Mutex::new(Zones::Untouched),
            }));
        }
    }
}

/// Carries changes over.
struct Carry {
    entry: Arc<dyn Holder>,
    memory: Pair,
    zones: Mutex<Zones>,
}

/// Those that are left and seen. Opened when they are needed first: who opens the one that is left uses it.
enum Zones {
    Untouched,
    Open(Box<Zone>, Box<Zone>),
    Done,
}

const OFTEN: Duration = Duration::from_millis(100);

impl Carry {
    fn open(&self) -> Result<Zones, Unusable> {
        let attach = |memory: &SharedMemory| {
            let zone = Zone::attach(memory, Arc::clone(self.entry.schema()));
            zone.map(Box::new)
        };
        Ok(Zones::Open(
            attach(&self.memory.0)?,
            attach(&self.memory.1)?,
        ))
    }

    fn carry(&self, zones: &mut Zones) -> Result<(), Unusable> {
        if matches!(zones, Zones::Untouched) {
            *zones = self.open()?;
        }
        let Zones::Open(left, seen) = zones else {
            return Ok(());
        };
        // Whoever has left by now has changed everything it will.
        let is_last = !left.has_other_users();
        let now = Moment(os::monotonic());
        self.entry.zone().carry_over(left, seen, now)?;
        if is_last {
            *zones = Zones::Done;
        }
        Ok(())
    }
}

impl Chore for Carry {
    fn every(&self) -> Option<Duration> {
        Some(OFTEN)
    }

    fn run(&self) {
        let mut zones = self.zones.lock();
        if let Err(error) = self.carry(&mut zones) {
            let zone = called(self.entry.purpose(), self.entry.name());
            log::error!("{zone}: what is counted where it was before is lost: {error}");
            *zones = Zones::Done;
        }
    }

    fn leave(&self) {
        self.run();
    }

    fn finish(&self) {
        self.run();
    }
}
