//! What the models have in common: a tiny zone that is set up once, handles to it, and what must be true of it
//! in the end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loom::thread::JoinHandle;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::metric::{Moment, Schema};
use crate::os::atomic::{be, set_stage};
use crate::os::{SEED, SharedMemory};
use crate::zone::{Cursor, MINIMUM, Overflow, Record, Update, Zone};

/// When everything happens, later than what the zone holds.
pub(crate) const NOW: Moment = Moment(1_000_000);
/// The key that what goes away is folded into.
const REST: &[u8] = b"rest";

/// Slots of a zone here, as few as the longest key needs.
const SLOTS: usize = 6;
/// Entries of the index for so many slots.
const ENTRIES: usize = 10;
/// The longest that a model may take; none does.
const LIMIT: Duration = Duration::from_secs(180);

/// What the process ends with if one does.
pub(crate) const NOT_ALL: i32 = 2;

/// Where the parts of a zone lie, in words; `src/zone/layout.rs` has the drawing.
mod place {
    pub(super) const SEQUENCE: usize = 5;
    /// Of the place that counts in a zone that never moved.
    pub(super) const BYTES: usize = 9;
    pub(super) const CLAIMED: usize = 10;
    pub(super) const SEATS: usize = 72;
    pub(super) const SEAT: usize = 8;
    pub(super) const LAYOUT: usize = 3 * 4096 / 8;
    pub(super) const LAYOUT_BYTES: usize = LAYOUT + 1;
    pub(super) const LAYOUT_SLOTS: usize = LAYOUT + 5;
    pub(super) const LAYOUT_POLICY: usize = LAYOUT + 7;
    pub(super) const EXPIRE: u64 = 1;
    /// The header, and in it what is read by those who have no lock: as far as the first word of the discard key.
    pub(super) const HEADER: usize = 72;
    pub(super) const HEADER_READ: usize = 33;
    pub(super) const LEDGER_FIELDS: usize = 5;
    pub(super) const CANDIDATES: usize = 4 * 64;
    pub(super) const BITMAP: usize = 1;
    pub(super) const SLOT_FIELDS: usize = 6;
}

/// A key of a scene. Its samples are worth more than all those of the keys before it together, so that a sum
/// tells what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: Vec<u8>,
    pub(crate) unit: f64,
}

/// So many samples of one key can be told from one of the next.
const BASE: u64 = 64;

/// A zone as it is when the threads come in.
pub(crate) struct Scene {
    memory: SharedMemory,
    schema: Arc<Schema>,
    index: std::ops::Range<usize>,
    slots: std::ops::Range<usize>,
    /// How many words the memory has when the threads come in.
    kept: usize,
    /// What was counted before.
    counted: u64,
}

/// The zone's keys and what they hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) keys: Vec<(Vec<u8>, u64)>,
    pub(crate) sum: u64,
}

/// Keys whose searches all begin at the same place.
pub(crate) fn key(number: u32) -> Key {
    let home = |name: &Vec<u8>| {
        let hash = xxh3_64_with_seed(name, SEED);
        (u64::from(hash as u32) * ENTRIES as u64) >> 32
    };
    let mut names = (0..1000).map(|name: u32| format!("k{name}").into_bytes());
    let name = names.by_ref().filter(|name| home(name) == 4);
    Key {
        name: name.skip(number as usize).next().unwrap_or_default(),
        unit: BASE.pow(number) as f64,
    }
}

/// The same, too long for one slot.
pub(crate) fn long_key(number: u32) -> Key {
    let mut key = key(number);
    key.name.resize(60, b'-');
    key
}

/// A key that takes so many slots, with no value.
pub(crate) fn filler(slots: usize) -> Vec<u8> {
    vec![b'f'; 32 + 48 * (slots - 1)]
}

impl Scene {
    /// A zone which holds these keys from the oldest to the newest, with one sample each, and one that takes
    /// all the room but this many slots.
    pub(crate) fn new(keys: &[Key], room: usize) -> Self {
        let mut scene = Self::empty();
        let zone = scene.handle(1);
        let feed = |key: &[u8], value, time| {
            let update = zone.update(key, value, Moment(time));
            assert_eq!(update, Ok(Update::Stored));
        };
        for (key, time) in keys.iter().zip(1u64..) {
            feed(&key.name, key.unit, time * 6400);
            scene.counted += key.unit as u64;
        }
        let left = || zone.slabs().map_or(0, |slabs| slabs.slots_free as usize);
        feed(&filler(left() - room), 0.0, 64_000);
        assert_eq!(left(), room);
        drop(zone);
        scene
    }

    /// A zone made smaller than anybody may have one.
    fn empty() -> Self {
        set_stage(false);
        let schema = Arc::new(schema());
        let memory = SharedMemory::heap(MINIMUM + 2 * 4096);
        let made = Zone::create(&memory, MINIMUM, Arc::clone(&schema), &overflow());
        drop(made.expect("a zone of the least size can be made"));
        let cells = schema.cells();
        let index = place::LAYOUT
            + place::HEADER
            + schema.source().len().div_ceil(8)
            + 2 * (place::LEDGER_FIELDS + cells)
            + place::CANDIDATES
            + place::BITMAP;
        let slots = index + ENTRIES / 2;
        let end = slots + SLOTS * (place::SLOT_FIELDS + cells);
        let bytes = (end - place::LAYOUT) as u64 * 8;
        for (word, value) in [
            (place::BYTES, bytes),
            (place::LAYOUT_BYTES, bytes),
            (place::LAYOUT_SLOTS, SLOTS as u64),
        ] {
            memory.words()[word].store(value, Ordering::Relaxed);
        }
        Self {
            memory,
            schema,
            index: index..slots,
            slots: slots..end,
            kept: end,
            counted: 0,
        }
    }

    /// The same after one more sample of a key.
    pub(crate) fn after_update(mut self, key: &Key) -> Self {
        set_stage(false);
        let updated = self.handle(1).update(&key.name, key.unit, Moment(70_000));
        assert_eq!(updated, Ok(Update::Stored));
        self.counted += key.unit as u64;
        self
    }

    /// The same in memory that has room for a larger zone behind it.
    pub(crate) fn with_memory(mut self) -> Self {
        self.kept = self.memory.words().len();
        self
    }

    /// The same without expiry.
    pub(crate) fn keeping_all(self) -> Self {
        set_stage(false);
        let policy = &self.memory.words()[place::LAYOUT_POLICY];
        policy.store(
            policy.load(Ordering::Relaxed) & !place::EXPIRE,
            Ordering::Relaxed,
        );
        self
    }

    /// A handle that thread `number` has used before, whose seat therefore is its own.
    fn handle(&self, number: usize) -> Zone {
        let zone = Zone::attach(&self.memory, Arc::clone(&self.schema));
        let zone = zone.expect("the measures above are those of the layout");
        be(number);
        let _any = zone.next(&mut Cursor::default(), &mut Record::default());
        zone
    }

    /// A configuration that wants a larger zone.
    pub(crate) fn grow(&self) -> Zone {
        let schema = Arc::clone(&self.schema);
        let adopted = Zone::adopt(&self.memory, MINIMUM, schema, &overflow());
        adopted.expect("there is room for it").0
    }

    /// A copy of it, on which atomics are loom's, with a handle for each of so many threads, the main one
    /// first.
    fn enter(&self, threads: usize) -> (Self, Vec<Zone>) {
        set_stage(false);
        let copy = Self {
            memory: self.memory.copy(self.kept),
            schema: Arc::clone(&self.schema),
            index: self.index.clone(),
            slots: self.slots.clone(),
            kept: self.kept,
            counted: self.counted,
        };
        let handles = (1..=threads).map(|number| copy.handle(number)).collect();
        set_stage(true);
        be(1);
        let seats = place::SEATS..place::SEATS + threads * place::SEAT;
        let header = place::LAYOUT..place::LAYOUT + place::HEADER_READ;
        let root = [place::SEQUENCE, place::CLAIMED].into_iter();
        let slots = copy.slots.clone();
        copy.memory
            .enter(root.chain(seats).chain(header).chain(slots));
        copy.memory.enter_halves(copy.index.clone());
        (copy, handles)
    }

    /// Lets threads meet in every order that `preemptions` allow: each has a handle of its own, the first is the
    /// main one. Says how many orders there were.
    pub(crate) fn play<const THREADS: usize>(
        self,
        preemptions: usize,
        act: impl Fn(&Self, [Zone; THREADS]) + Send + Sync + 'static,
    ) -> Orders {
        explore(preemptions, move || {
            let (scene, handles) = self.enter(THREADS);
            let handles = <[Zone; THREADS]>::try_from(handles);
            act(&scene, handles.expect("one for each thread"));
        })
    }

    /// Everything counted before, and `samples` since, is in the zone, which is in order, each key with samples of
    /// its own only.
    pub(crate) fn judge(&self, zone: &Zone, keys: &[Key], samples: f64) -> Found {
        zone.verify().expect("the zone is in order");
        let found = listing(zone, keys);
        let expected = (self.counted as f64 + samples) as u64;
        assert_eq!(found.sum, expected, "{found:?}");
        found
    }
}

/// Has threads meet in every order that `preemptions` allow, and says how many there were.
pub(crate) fn explore(preemptions: usize, act: impl Fn() + Send + Sync + 'static) -> Orders {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.max_duration = Some(LIMIT);
    let orders = Arc::new(AtomicUsize::new(0));
    let (start, count) = (Instant::now(), Arc::clone(&orders));
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        act();
    });
    let took = start.elapsed();
    if took >= LIMIT {
        println!("there was no time for all orders");
        std::process::exit(NOT_ALL);
    }
    let number = orders.load(Ordering::Relaxed);
    Orders { number, took }
}

/// How many samples a key has; nothing if it is not there.
pub(crate) fn read(zone: &Zone, key: &Key) -> Option<u64> {
    let mut record = Record::default();
    zone.read(&key.name, &mut record).then(|| {
        assert_eq!(record.key(), key.name);
        let value = value(zone.schema(), &record);
        key.judge(value);
        value / key.unit as u64
    })
}

/// All keys, as a reader sees them while others go on.
pub(crate) fn listing(zone: &Zone, keys: &[Key]) -> Found {
    let mut found = Found::default();
    let _all = zone.visit(&mut |record| {
        let value = value(zone.schema(), record);
        if let Some(key) = keys.iter().find(|key| key.name == record.key()) {
            key.judge(value);
        }
        found.sum += value;
        found.keys.push((record.key().to_vec(), value));
        ControlFlow::Continue(())
    });
    found
}

impl Found {
    /// How many samples a key has, if it is there.
    pub(crate) fn samples(&self, key: &Key) -> Option<u64> {
        let (_, value) = self.keys.iter().find(|(name, _)| *name == key.name)?;
        Some(value / key.unit as u64)
    }
}

impl Key {
    /// Its value consists of samples of its own, and is there from the first moment on.
    fn judge(&self, value: u64) {
        let unit = self.unit as u64;
        let is_own = value.is_multiple_of(unit) && (1..BASE).contains(&(value / unit));
        assert!(is_own, "{value} is not of {self:?}");
    }
}

/// How many orders there were, and how long they took.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) number: usize,
    pub(crate) took: Duration,
}

/// What went away is in the discard key.
fn overflow() -> Overflow {
    Overflow {
        expire: true,
        discard_key: Some(REST.into()),
    }
}

/// One metric that adds.
fn schema() -> Schema {
    Schema::from_source(r#"[["",["gauge"]]]"#).expect("this is how a schema is written")
}

fn value(schema: &Schema, record: &Record) -> u64 {
    let mut text = Vec::new();
    record.write_text(schema, NOW, &mut text);
    let text = String::from_utf8(text).unwrap_or_default();
    text.parse().expect("whole numbers only")
}

/// A further thread, which uses its own handle from here on.
pub(crate) fn thread<T: 'static>(
    number: usize,
    act: impl FnOnce() -> T + 'static,
) -> JoinHandle<T> {
    loom::thread::spawn(move || {
        be(number);
        act()
    })
}
