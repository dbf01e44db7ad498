//! Metrics stored in memory that several processes share.
//!
//! A [`Zone`] is one process's handle: it updates, reads and lists keys, and follows the zone when a newer
//! configuration moves it. All state is in the shared words, seen as atomics through index arithmetic, so
//! this folder is safe Rust and works on plain memory just as well. A key that is there is updated and read
//! without a lock, under a mark that keeps its slot from being taken away. One robust lock guards
//! everything else; whoever finds that its owner died puts the zone in order before going on. Nothing read
//! from memory is trusted: a number that cannot be is an error or is skipped, never a crash.
#![forbid(unsafe_code)]

mod access;
mod broken;
mod candidates;
mod carry;
mod cells;
mod change;
mod direct;
mod edit;
mod error;
mod grouped;
mod hashed;
mod inactive;
mod index;
pub mod keep;
mod known;
mod later;
mod layout;
mod ledger;
mod listing;
mod marker;
mod migration;
mod note;
mod outstanding;
mod queue;
mod receipts;
mod recency;
mod record;
mod recovery;
mod remembered;
mod root;
mod slots;
mod sought;
mod stamp;
mod store;
mod sweep;
mod transaction;
mod update;
mod view;

use std::sync::Arc;

use crate::metric::{ELLIPSIS, KEY_LIMIT, Moment, Schema, is_truncated, stored_key};
use crate::os::atomic::AtomicU64;
use crate::os::{SharedMemory, monotonic};

use access::locked;
pub use change::{Action, Change, Changed, Missing, Once};
pub use direct::{Held, Spot};
pub use edit::{Edit, Put, Stay};
pub use error::{NotChanged, Refused, Unusable};
pub use grouped::{Call, Group, Grouping, Groups};
pub use hashed::{Guess, HashedKey};
pub use later::{Decide, Tell};
pub use layout::{Geometry, MINIMUM, TooSmall};
pub use ledger::Overflow;
pub use listing::{Cursor, Record, Slabs};
use marker::Seat;
pub use migration::Adoption;
use migration::Wanted;
pub use outstanding::{Outstanding, Standing};
pub use queue::{Fate, Way};
use queue::{Kind, Later};
pub use remembered::Remembered;
use root::{Place, Root};
use stamp::Clock;
use store::Store;
use update::{Sample, StoredKey};
use view::View;

/// One process's handle to a zone.
#[derive(Debug)]
pub struct Zone {
    memory: SharedMemory,
    root: Root,
    schema: Arc<Schema>,
    first: View,
    /// Nothing if too many processes use the zone: everything is done under the lock then.
    seat: Option<Seat>,
    last_stamp: AtomicU64,
    /// Updates that wait for the lock.
    later: Later,
    /// What the zone's time is ahead of the machine's clock, wrapping; never changes while processes live.
    ahead: u64,
    /// Whether changes are written down for a journal.
    keeps_record: bool,
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Its key has the value now.
    Stored,
    /// There was no room, and the discard key has the value.
    Accounted,
    /// The lock could not be had soon; it is made when it can be, see [`Zone::put_off_updates`].
    Waiting,
    /// The key is empty or the discard key, or a newer configuration has keys of other parts.
    Ignored,
}

impl Zone {
    /// A new zone of `bytes` bytes at the start of `memory`, which nobody uses yet.
    ///
    /// # Errors
    /// When the zone is too small for a single key, or the memory for the zone.
    pub fn create(
        memory: &SharedMemory,
        bytes: usize,
        schema: Arc<Schema>,
        overflow: &Overflow,
    ) -> Result<Self, Unusable> {
        Self::create_with(memory, bytes, schema, overflow, |_, _| {})
    }

    /// The same, with what `fill` puts in before anybody can see it.
    fn create_with(
        memory: &SharedMemory,
        bytes: usize,
        schema: Arc<Schema>,
        overflow: &Overflow,
        fill: impl FnOnce(&Root, &Store),
    ) -> Result<Self, Unusable> {
        let geometry = Geometry::of_zone(bytes, &schema)?;
        let whole = migration::whole_bytes(&geometry);
        if memory.bytes() < layout::ROOT_BYTES + geometry.bytes {
            memory.grow(whole as u64)?;
        }
        let root = Root::create(memory)?;
        let place = Place {
            offset: layout::ROOT_BYTES as u64,
            bytes: geometry.bytes,
        };
        let store = Store::create(
            memory.section(place.offset, place.bytes)?,
            root.markers(),
            geometry,
            Arc::clone(&schema),
        )?;
        store.set_policy(overflow, Moment(0))?;
        fill(&root, &store);
        root.publish(place);
        root.count_generation();
        let first = View::new(store, &root, place, &schema);
        let seat = root.markers().claim();
        Ok(Self::new(memory, root, schema, first, seat))
    }

    /// The zone another process made in `memory`, whatever size and metrics it has by now: metrics of
    /// `schema` it does not have read as unset.
    ///
    /// # Errors
    /// When there is no usable zone.
    pub fn attach(memory: &SharedMemory, schema: Arc<Schema>) -> Result<Self, Unusable> {
        let root = Root::open(memory)?;
        let guard = locked(&root)?;
        let first = View::open(memory, &root, &schema)?;
        guard.settle(&first.store);
        root.end_dead_move(&first.store);
        let seat = root.markers().claim();
        drop(guard);
        Ok(Self::new(memory, root, schema, first, seat))
    }

    /// Brings the zone in `memory`, if there is one, into the form a new configuration wants: in place when
    /// size and metrics are the same, else by moving it while it is used. Processes attached to it follow by themselves.
    /// To be called once the whole configuration is known to be good: there is no way back.
    ///
    /// # Errors
    /// When what is in the memory is damaged, there is no memory for the new form, or a process that was stopped is in the
    /// way. The zone then has the form it had before; keys for which the new one has no room may have been discarded.
    pub fn adopt(
        memory: &SharedMemory,
        bytes: usize,
        schema: Arc<Schema>,
        overflow: &Overflow,
    ) -> Result<(Self, Adoption), Unusable> {
        if Root::is_blank(memory) {
            return Ok((
                Self::create(memory, bytes, schema, overflow)?,
                Adoption::Created,
            ));
        }
        let root = Root::open(memory)?;
        let wanted = Wanted {
            geometry: Geometry::of_zone(bytes, &schema)?,
            schema: &schema,
            overflow,
            now: root.zone_time(Moment(monotonic())),
        };
        let (first, adoption) = migration::adopt(memory, &root, &wanted)?;
        let mut zone = Self::new(memory, root, schema, first, None);
        let access = zone.access()?;
        let seat = zone.root.markers().claim();
        drop(access);
        zone.seat = seat;
        zone.look_ahead()?;
        Ok((zone, adoption))
    }

    fn new(
        memory: &SharedMemory,
        root: Root,
        schema: Arc<Schema>,
        first: View,
        seat: Option<Seat>,
    ) -> Self {
        Self {
            memory: memory.clone(),
            ahead: root.zone_time(Moment(0)).0,
            root,
            schema,
            first,
            seat,
            last_stamp: AtomicU64::new(0),
            later: Later::default(),
            keeps_record: false,
        }
    }

    /// From now on changes are written down as records of a journal.
    pub fn keep_record(&mut self) {
        self.keeps_record = true;
    }

    /// The metrics of this handle's configuration.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the cells of this handle's configuration mean, as text.
    pub fn identity(&self) -> String {
        self.schema.identity()
    }

    /// Feeds a value to all metrics of a key; of a key only the first 255 bytes are kept.
    ///
    /// # Errors
    /// When there is no room for a new key and no discard key either.
    pub fn update(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        self.update_then(key, storable(value), self.moment(now))
    }

    /// The same for a value that can be stored and a moment of the zone's time.
    #[inline]
    fn update_then(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        let view = self.last_view();
        let is_made = !key.is_empty() && {
            let first = view.store.first_suspect(view.store.hash(stored_key(key)));
            self.feed_first(view, first, key, (value, now))
        };
        match is_made {
            true => Ok(Update::Stored),
            false => self.update_anyhow(key, value, now),
        }
    }

    #[cold]
    #[inline(never)]
    fn update_anyhow(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        if key.is_empty() {
            return Ok(Update::Ignored);
        }
        if self.later.is_any() {
            return self.apply_behind(key, value, now);
        }
        let view = self.last_view();
        let Err(hash) = self.try_feed(view, key, value, now) else {
            return Ok(Update::Stored);
        };
        // Another thread may have gone on to a newer view meanwhile.
        let (sample, known) = (self.sample(key, value, now), (view.sequence, hash));
        self.feed(Kind::Update, &sample, Some(known))
    }

    /// The zone's time at a moment of the machine's: it goes on over boots.
    pub fn moment(&self, now: Moment) -> Moment {
        Moment(now.0.wrapping_add(self.ahead))
    }

    #[inline]
    fn sample<'a>(&'a self, key: &'a [u8], value: f64, now: Moment) -> Sample<'a> {
        Sample {
            key: StoredKey {
                bytes: stored_key(key),
                is_truncated: is_truncated(key),
            },
            value,
            clock: Clock {
                now,
                last: &self.last_stamp,
            },
        }
    }

    /// How many updates were refused because the lock could not be had.
    pub fn refused(&self) -> u64 {
        self.root.get(layout::root::REFUSED)
    }

    /// Copies what the zone has under `name` into `record`; false if there is nothing. The name is the key
    /// as stored, or as shown: a key that was cut is also found with its three full stops.
    pub fn read(&self, name: &[u8], record: &mut Record) -> bool {
        let shown = name
            .strip_suffix(ELLIPSIS)
            .filter(|key| key.len() == KEY_LIMIT);
        let key = shown.unwrap_or(name);
        if key.is_empty() || key.len() > KEY_LIMIT {
            return false;
        }
        self.copy_key(key, record) && (shown.is_none() || record.is_truncated())
    }

    /// Checks that everything in the zone fits together; for tests and after damage.
    ///
    /// # Errors
    /// What does not.
    pub fn verify(&self) -> Result<(), Unusable> {
        self.access()?.view.store.verify()
    }

    /// The layout in force now; it may be left at any time.
    fn view(&self) -> Result<&View, Unusable> {
        let view = self.last_view();
        if view.sequence == self.root.sequence() {
            return Ok(view);
        }
        self.access().map(|access| access.view)
    }

    /// The newest layout this handle knows.
    #[inline]
    fn last_view(&self) -> &View {
        let mut view = &self.first;
        while let Some(next) = view.next.get() {
            view = next;
        }
        view
    }

    /// The view in force, to be asked for under the lock.
    fn current(&self) -> Result<&View, Unusable> {
        let view = self.last_view();
        if view.sequence == self.root.sequence() {
            return Ok(view);
        }
        let moved = View::open(&self.memory, &self.root, &self.schema)?;
        Ok(view.next.get_or_init(|| Box::new(moved)))
    }
}

#[inline]
fn storable(value: f64) -> f64 {
    match value.is_finite() {
        true => value,
        false => nearest_storable(value),
    }
}

#[cold]
fn nearest_storable(value: f64) -> f64 {
    match value.is_nan() {
        true => 1.0,
        false => value.clamp(f64::MIN, f64::MAX),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::crash as death;
