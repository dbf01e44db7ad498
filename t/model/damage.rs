//! A zone to be damaged, and everything that can be done with what is left of it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pingauge::metric::{Moment, Schema};
use pingauge::os::{MUTEX_WORDS, SharedMemory};
use pingauge::zone::{MINIMUM, Overflow, Zone};

use crate::operation::{SCHEMAS, key};

/// The words of the lock.
pub(crate) const LOCK: std::ops::Range<usize> = 16..16 + MUTEX_WORDS;
/// Those of the lock that whoever moves the zone has.
const MOVER: std::ops::Range<usize> = 64..64 + MUTEX_WORDS;

/// Whether a word is of a lock. One that seems to be held is waited for, which is right but slow.
pub(crate) fn is_lock(place: usize) -> bool {
    LOCK.contains(&place) || MOVER.contains(&place)
}

pub(crate) fn any_schema() -> Arc<Schema> {
    let source = serde_json::to_string(SCHEMAS[1]).unwrap();
    Arc::new(Schema::from_source(&source).unwrap())
}

/// The words of a zone in use: full, with long keys, with a discard key.
pub(crate) fn words() -> Vec<u64> {
    let memory = SharedMemory::heap(MINIMUM);
    let overflow = Overflow {
        expire: true,
        discard_key: Some("old".into()),
    };
    let zone = Zone::create(&memory, MINIMUM, any_schema(), &overflow).unwrap();
    for number in 0..400 {
        zone.update(&key(number), f64::from(number), Moment(0))
            .unwrap();
    }
    memory
        .words()
        .iter()
        .map(|word| word.load(Relaxed))
        .collect()
}

pub(crate) fn memory(words: &[u64]) -> SharedMemory {
    let memory = SharedMemory::create("hostile", words.len() * 8).unwrap();
    for (word, value) in memory.words().iter().zip(words) {
        word.store(*value, Relaxed);
    }
    memory
}

/// Opens it and does everything there is to do.
pub(crate) fn exercise(memory: &SharedMemory) {
    if let Ok(zone) = Zone::attach(memory, any_schema()) {
        let mut out = Vec::new();
        for number in 300..500 {
            let _ = zone.update(&key(number), 1.0, Moment(u64::MAX));
        }
        let _ = zone.visit(&mut |record| {
            record.write_text(zone.schema(), Moment(5), &mut out);
            ControlFlow::Continue(())
        });
        let _ = (zone.verify(), zone.slabs(), zone.len(), zone.discarded());
    }
    let overflow = Overflow {
        expire: false,
        discard_key: Some("k7".into()),
    };
    for bytes in [MINIMUM, 2 * MINIMUM] {
        let _ = Zone::adopt(memory, bytes, any_schema(), &overflow);
    }
}
