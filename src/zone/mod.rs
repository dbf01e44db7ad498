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
mod inactive;
mod index;
pub mod keep;
mod known;
mod layout;
mod ledger;
mod listing;
mod marker;
mod migration;
mod note;
mod receipts;
mod recency;
mod record;
mod recovery;
mod root;
mod slots;
mod stamp;
mod store;
mod sweep;
mod transaction;
mod update;
mod view;

use std::sync::Arc;

use crate::metric::{ELLIPSIS, KEY_LIMIT, Moment, Schema, is_truncated, stored_key};
use crate::os::atomic::{AtomicU64, Ordering};
use crate::os::{SharedMemory, monotonic};

use access::{Access, locked};
pub use change::{Action, Change, Changed, Missing, NotChanged, Once};
pub use direct::{Held, Spot};
pub use edit::{Edit, Put, Stay};
pub use error::{Refused, Unusable};
pub use grouped::{Call, Group, Grouping, Groups};
use known::Found;
pub use layout::{Geometry, MINIMUM, TooSmall};
pub use ledger::Overflow;
pub use listing::{Cursor, Record, Slabs};
use marker::Seat;
pub use migration::Adoption;
use migration::Wanted;
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
    /// The key is empty or the discard key.
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
        root.reopen();
        let first = View::open(memory, &root, &schema)?;
        guard.settle(&first.store);
        let seat = root.markers().claim();
        drop(guard);
        Ok(Self::new(memory, root, schema, first, seat))
    }

    /// Brings the zone in `memory`, if there is one, into the form a new configuration wants: in place when
    /// size and metrics are the same, else by moving it. Processes attached to it follow by themselves.
    /// To be called once the whole configuration is known to be good: there is no way back.
    ///
    /// # Errors
    /// When what is in the memory is damaged, or there is no memory for the new form; the zone is then as
    /// it was before.
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
        let geometry = Geometry::of_zone(bytes, &schema)?;
        let root = Root::open(memory)?;
        let guard = locked(&root)?;
        root.reopen();
        let old = View::open(memory, &root, &schema)?;
        guard.settle(&old.store);
        let now = root.zone_time(Moment(monotonic()));
        let wanted = Wanted {
            geometry,
            schema: &schema,
            overflow,
            now,
        };
        let (first, adoption) = migration::adopt(memory, &root, old, &wanted)?;
        let seat = root.markers().claim();
        drop(guard);
        let zone = Self::new(memory, root, schema, first, seat);
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
        if key.is_empty() {
            return Ok(Update::Ignored);
        }
        self.apply(key, storable(value), self.moment(now))
    }

    /// The zone's time at a moment of the machine's: it goes on over boots.
    pub fn moment(&self, now: Moment) -> Moment {
        Moment(now.0.wrapping_add(self.ahead))
    }

    #[inline(always)]
    fn apply(&self, key: &[u8], value: f64, now: Moment) -> Result<Update, Refused> {
        let view = self.last_view();
        let hash = view.store.hash(stored_key(key));
        let is_open = || self.root.is_open(view.sequence);
        let first = view.store.suspects(hash).next();
        let (Some(seat), Some(first)) = (&self.seat, first) else {
            return self.apply_locked(self.sample(key, value, now), view.sequence, hash);
        };
        let sample = self.sample(key, value, now);
        match view.store.update_suspect(first, sample, seat, is_open) {
            Found::Updated => Ok(Update::Stored),
            _ => self.apply_slowly(key, value, now, view, hash),
        }
    }

    /// The same where the key is not what the index of `view`, which knows it by `hash`, leads to first.
    /// Another thread may have gone on to a newer view meanwhile.
    #[cold]
    #[inline(never)]
    fn apply_slowly(
        &self,
        key: &[u8],
        value: f64,
        now: Moment,
        view: &View,
        hash: u64,
    ) -> Result<Update, Refused> {
        let sample = self.sample(key, value, now);
        let is_open = || self.root.is_open(view.sequence);
        if let Some(seat) = &self.seat
            && view.store.update_known(sample, hash, seat, is_open)
        {
            return Ok(Update::Stored);
        }
        self.apply_locked(sample, view.sequence, hash)
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

    /// The same under the lock; `hash` is the key's hash in the layout of `sequence`.
    #[cold]
    #[inline(never)]
    fn apply_locked(
        &self,
        sample: Sample<'_>,
        sequence: u64,
        hash: u64,
    ) -> Result<Update, Refused> {
        loop {
            let access = self.access().map_err(|error| self.refuse(&error))?;
            let store = &access.view.store;
            let hash = match access.view.sequence == sequence {
                true => hash,
                false => store.hash(sample.key.bytes),
            };
            if store.has_time_for(sample.key, hash) {
                return store.update(&sample, hash);
            }
        }
    }

    /// Counts an update for which the lock could not be had.
    #[cold]
    fn refuse(&self, error: &Unusable) -> Refused {
        let word = self.root.word(layout::root::REFUSED);
        word.fetch_add(1, Ordering::Relaxed);
        match error {
            Unusable::Held(process) => Refused::Held(*process),
            _ => Refused::Damaged,
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

fn storable(value: f64) -> f64 {
    match value.is_nan() {
        true => 1.0,
        false => value.clamp(f64::MIN, f64::MAX),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::crash as death;
