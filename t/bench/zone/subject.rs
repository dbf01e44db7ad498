//! What is measured: one update by each of several means.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use pingauge::metric::{Moment, Schema};
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::{Overflow, Refused, Remembered, Update, Zone};
use prometheus::{IntCounterVec, Opts};

use crate::keys::{Order, key};
use crate::took::Took;

/// One run of one process or thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) order: Order,
    pub(crate) keys: u64,
    pub(crate) updates: u64,
    pub(crate) seed: u64,
}

/// The metrics of the zones measured: one count.
pub(crate) fn schema() -> Arc<Schema> {
    Arc::new(Schema::from_source(r#"[["",["count"]]]"#).unwrap())
}

/// A zone in which the oldest key makes room.
pub(crate) fn zone(memory: &SharedMemory, bytes: usize) -> Zone {
    let overflow = Overflow {
        expire: true,
        discard_key: None,
    };
    Zone::create(memory, bytes, schema(), &overflow).unwrap()
}

impl Load {
    /// Nanoseconds for one update of a zone. The clock is read now and then only, as a request reads it once
    /// for all it does; every update gets a time of its own.
    pub(crate) fn zone(self, zone: &Zone, start: impl FnOnce()) -> Took {
        self.zone_by(start, |key, now| zone.update(key, 1.0, now))
    }

    /// The same for a directive whose key is always the same.
    pub(crate) fn zone_constant(self, zone: &Zone, start: impl FnOnce()) -> Took {
        let remembered = Remembered::new(&key(7));
        self.zone_by(start, |_, now| {
            zone.update_remembered(&remembered, 1.0, now)
        })
    }

    fn zone_by(
        self,
        start: impl FnOnce(),
        update: impl Fn(&[u8], Moment) -> Result<Update, Refused>,
    ) -> Took {
        let mut now = monotonic();
        self.measure(start, |step, key| {
            if step % 64 == 0 {
                now = now.max(monotonic());
            }
            now += 64;
            update(key, Moment(now)).unwrap();
        })
    }

    /// Nanoseconds for adding one to a shared word.
    pub(crate) fn add(self, memory: &SharedMemory, start: impl FnOnce()) -> Took {
        let word = &memory.words()[64];
        self.measure(start, |_, _| {
            word.fetch_add(1, Relaxed);
        })
    }

    /// Nanoseconds for looking up a labelled counter and adding one to it.
    pub(crate) fn labelled(self, counters: &IntCounterVec, start: impl FnOnce()) -> Took {
        self.measure(start, |_, key| {
            let label = std::str::from_utf8(key).unwrap();
            counters.with_label_values(&[label]).inc();
        })
    }

    fn measure(self, start: impl FnOnce(), mut update: impl FnMut(u64, &[u8])) -> Took {
        let keys: Vec<Vec<u8>> = (0..self.keys).map(key).collect();
        let sequence = self.order.sequence(self.keys, self.seed);
        start();
        let begin = Took::begin();
        for step in 0..self.updates {
            let number = sequence[step as usize & (sequence.len() - 1)];
            update(step, &keys[number as usize]);
        }
        begin.end(self.updates)
    }
}

/// Labelled counters for the keys of a load, as many threads at once; nanoseconds per update of each.
pub(crate) fn labelled_by_threads(load: Load, threads: u64) -> Took {
    let counters = IntCounterVec::new(Opts::new("updates", "updates"), &["key"]).unwrap();
    for number in 0..load.keys {
        counters.with_label_values(&[std::str::from_utf8(&key(number)).unwrap()]);
    }
    let ready = std::sync::atomic::AtomicU64::new(0);
    let wait = || {
        ready.fetch_add(1, SeqCst);
        while ready.load(SeqCst) < threads {
            std::thread::yield_now();
        }
    };
    let (counters, wait) = (&counters, &wait);
    std::thread::scope(|scope| {
        let run = |seed| move || Load { seed, ..load }.labelled(counters, wait);
        let all: Vec<_> = (0..threads).map(|seed| scope.spawn(run(seed))).collect();
        Took::mean(all.into_iter().map(|thread| thread.join().unwrap()))
    })
}
