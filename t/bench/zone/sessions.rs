//! What sessions cost: bytes counted, requests of known sessions, whole lives, a listing; beside a bare update of a metric.

use std::cell::Cell;
use std::sync::Arc;

use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::sessions::{
    Attributes, Bytes, Handle, Limits, Newcomer, Session, Sessions, Settings, schema,
};
use pingauge::zone::{Cursor, Overflow, Zone};

use crate::keys::{Order, key};
use crate::subject::{self, Load};
use crate::took::Took;

const SECOND: u64 = 1_000_000_000;
const TIMES: u64 = 500_000;

/// Sessions, and what metrics are measured with beside them.
pub(crate) struct Stage {
    sessions: Sessions,
    handles: Vec<Handle>,
    metrics: Zone,
    keys: u64,
    /// How far sweeps are ahead of the clock, so that each is due.
    ahead: Cell<u64>,
}

impl Stage {
    /// With so many active sessions.
    pub(crate) fn new(keys: u64, bytes: usize) -> Self {
        let memory = SharedMemory::create("bench", bytes).unwrap();
        let overflow = Overflow::default();
        let zone = Zone::create(&memory, bytes, Arc::new(schema()), &overflow).unwrap();
        let settings = Settings {
            timeout: 3600 * SECOND,
            pending: 3600 * SECOND,
            limits: Limits {
                sessions: Some(1 << 40),
                tx_bitrate: Some(1 << 60),
                ..Limits::default()
            },
        };
        let sessions = Sessions::new(zone, settings, Moment(monotonic())).unwrap();
        let enter = |number| {
            let key = key(number);
            let now = Moment(monotonic());
            let handle = sessions.register(&newcomer(&key), now).handle.unwrap();
            assert!(sessions.activate(&handle, now).unwrap());
            handle
        };
        let handles = (0..keys).map(enter).collect();
        let memory = SharedMemory::create("metrics", bytes).unwrap();
        let metrics = subject::zone(&memory, bytes);
        for number in 0..keys {
            let now = Moment(monotonic());
            metrics.update(&key(number), 1.0, now).unwrap();
        }
        Self {
            sessions,
            handles,
            metrics,
            keys,
            ahead: Cell::new(0),
        }
    }

    /// A bare update of a metric.
    pub(crate) fn update(&self) -> Took {
        let load = Load {
            order: Order::Zipf,
            keys: self.keys,
            updates: TIMES,
            seed: 0,
        };
        load.zone(&self.metrics, || {})
    }

    /// One chunk that was sent.
    pub(crate) fn count(&self) -> Took {
        let bytes = Bytes { rx: 0, tx: 16384 };
        self.measure(TIMES, |number, now| {
            assert!(self.sessions.count(&self.handles[number], bytes, now));
        })
    }

    /// A request of a session that is there: found, its head and an answer of one chunk counted.
    pub(crate) fn request(&self) -> Took {
        let keys: Vec<Vec<u8>> = (0..self.keys).map(key).collect();
        let (head, answer) = (Bytes { rx: 120, tx: 0 }, Bytes { rx: 0, tx: 1000 });
        self.measure(TIMES, |number, now| {
            let admission = self.sessions.register(&newcomer(&keys[number]), now);
            let handle = admission.handle.unwrap();
            self.sessions.count(&handle, head, now);
            self.sessions.count(&handle, answer, now);
        })
    }

    /// A whole life: registered, activated, closed.
    pub(crate) fn life(&self) -> Took {
        self.measure(TIMES / 20, |number, now| {
            let id = [&number.to_le_bytes()[..], b"life"].concat();
            let handle = self.sessions.register(&newcomer(&id), now).handle.unwrap();
            self.sessions.activate(&handle, now).unwrap();
            assert!(self.sessions.close(&handle, now).unwrap().is_some());
        })
    }

    /// All sessions copied one after another, with their texts.
    pub(crate) fn listing(&self) -> Took {
        let (mut cursor, mut session) = (Cursor::default(), Session::default());
        let (begin, now) = (Took::begin(), Moment(monotonic()));
        let mut seen = 0;
        while self.sessions.next(&mut cursor, now, &mut session) {
            seen += u64::from(!session.attributes().peer.is_empty());
        }
        assert_eq!(seen, self.keys);
        begin.end(seen)
    }

    /// All keys of a zone of metrics copied one after another.
    pub(crate) fn metrics_listing(&self) -> Took {
        let begin = Took::begin();
        let mut keys = 0;
        let _ = self.metrics.visit(&mut |record| {
            keys += u64::from(!record.key().is_empty());
            std::ops::ControlFlow::Continue(())
        });
        begin.end(keys)
    }

    /// One sweep.
    pub(crate) fn sweep(&self) -> Took {
        self.ahead.set(self.ahead.get() + 2 * SECOND);
        let ahead = Moment(monotonic() + self.ahead.get());
        let begin = Took::begin();
        assert!(self.sessions.sweep(ahead, &mut |_| {}).unwrap().is_some());
        begin.end(self.keys)
    }

    fn measure(&self, times: u64, mut work: impl FnMut(usize, Moment)) -> Took {
        let sequence = Order::Zipf.sequence(self.keys, 0);
        let mut now = monotonic();
        let begin = Took::begin();
        for step in 0..times {
            if step % 64 == 0 {
                now = now.max(monotonic());
            }
            now += 64;
            let number = sequence[step as usize & (sequence.len() - 1)];
            work(number as usize, Moment(now));
        }
        begin.end(times)
    }
}

fn newcomer(id: &[u8]) -> Newcomer<'_> {
    Newcomer {
        id,
        attributes: Attributes {
            reference: b"stream",
            location: b"/live/stream.m3u8",
            peer: b"site.example",
            extra: b"127.0.0.1 Mozilla/5.0 (X11; Linux x86_64)",
        },
        estimate: None,
        companions: &[],
        is_dry_run: false,
    }
}
