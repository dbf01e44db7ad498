//! Sessions and a model of them: plain maps, and a clock that the test turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pingauge::metric::Moment;
use pingauge::os::SharedMemory;
use pingauge::sessions::{
    Attributes, Bytes, Handle, Limits, Newcomer, Session, Sessions, Settings, Status, Summary,
    Sums, schema,
};
use pingauge::zone::{Cursor, Overflow, Zone};

const K64: usize = 65536;
const SECOND: u64 = 1_000_000_000;

/// What can happen.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Register(u8),
    Count(u8, u16, u16),
    Activate(u8),
    Close(u8),
    Pass(u8),
    Sweep,
    Move(bool),
}

#[derive(Clone, Debug, Default)]
struct Known {
    created: u64,
    last: u64,
    is_active: bool,
    requests: u64,
    bytes: (u64, u64),
}

#[derive(Debug, Default)]
struct Model {
    now: u64,
    swept: Option<u64>,
    known: BTreeMap<u8, Known>,
    activated: u64,
    closed: BTreeMap<u8, (u64, u64, u64)>,
}

impl Model {
    fn close(&mut self, id: u8) {
        if let Some(known) = self.known.remove(&id)
            && known.is_active
        {
            let row = self.closed.entry(id % 5).or_default();
            *row = (row.0 + 1, row.1 + known.bytes.0, row.2 + known.bytes.1);
        }
    }

    fn sweep(&mut self) {
        if self.swept.is_some_and(|swept| self.now - swept < 900) {
            return;
        }
        self.swept = Some(self.now);
        let over = |known: &Known| match known.is_active {
            true => self.now - known.last >= 30_000,
            false => self.now - known.created >= 5_000,
        };
        let over: Vec<u8> = self
            .known
            .iter()
            .filter(|(_, known)| over(known))
            .map(|(id, _)| *id)
            .collect();
        over.into_iter().for_each(|id| self.close(id));
    }
}

/// What is said of a session, which its peer follows from.
fn named(id: u8) -> Vec<u8> {
    vec![id + 1; 1 + usize::from(id) * 9]
}

/// Sessions and their model.
pub(crate) struct Pair {
    memory: SharedMemory,
    sessions: Sessions,
    handles: BTreeMap<u8, Handle>,
    model: Model,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let memory = SharedMemory::create("zone", 4 * K64).unwrap();
        Self {
            sessions: open(&memory, 4 * K64),
            memory,
            handles: BTreeMap::new(),
            model: Model {
                now: 10_000,
                ..Model::default()
            },
        }
    }

    fn now(&self) -> Moment {
        Moment(self.model.now * 1_000_000)
    }

    pub(crate) fn play(&mut self, step: &Step) {
        let now = self.now();
        match *step {
            Step::Register(id) => self.register(id),
            Step::Count(id, rx, tx) => {
                let bytes = Bytes {
                    rx: rx.into(),
                    tx: tx.into(),
                };
                let counted = self
                    .handles
                    .get(&id)
                    .map(|handle| self.sessions.count(handle, bytes, now));
                let known = self.model.known.get_mut(&id);
                if bytes != Bytes::default() {
                    assert_eq!(counted.unwrap_or(false), known.is_some());
                }
                if let Some(known) = known {
                    known.bytes = (known.bytes.0 + bytes.rx, known.bytes.1 + bytes.tx);
                    if bytes != Bytes::default() {
                        known.last = self.model.now;
                    }
                }
            }
            Step::Activate(id) => {
                let done = self
                    .handles
                    .get(&id)
                    .map(|handle| self.sessions.activate(handle, now).unwrap());
                if let Some(known) = self.model.known.get_mut(&id) {
                    self.model.activated +=
                        u64::from(!std::mem::replace(&mut known.is_active, true));
                    assert_eq!(done, Some(true));
                }
            }
            Step::Close(id) => {
                let closed = self
                    .handles
                    .get(&id)
                    .map(|handle| self.sessions.close(handle, now).unwrap());
                assert_eq!(
                    closed.flatten().is_some(),
                    self.model.known.contains_key(&id)
                );
                self.model.close(id);
            }
            Step::Pass(tenths) => self.model.now += u64::from(tenths) * 100,
            Step::Sweep => {
                self.sessions.sweep(now, &mut |_| {}).unwrap();
                self.model.sweep();
            }
            Step::Move(is_larger) => {
                let bytes = if is_larger { 8 * K64 } else { 4 * K64 };
                self.sessions = open(&self.memory, bytes);
            }
        }
    }

    fn register(&mut self, id: u8) {
        let (name, peer) = (named(id), named(id % 5));
        let attributes = Attributes {
            reference: &peer,
            location: &peer,
            peer: &peer,
            extra: &name,
        };
        let new = Newcomer {
            attributes,
            id: &name,
            estimate: None,
            companions: &[],
            is_dry_run: false,
        };
        let admission = self.sessions.register(&new, self.now());
        let now = self.model.now;
        let is_known = self.model.known.contains_key(&id);
        let status = if is_known { Status::Known } else { Status::New };
        assert_eq!(admission.status, status);
        self.handles.insert(id, admission.handle.unwrap());
        let known = self.model.known.entry(id).or_insert(Known {
            created: now,
            last: now,
            ..Known::default()
        });
        known.requests += 1;
    }

    /// All words of the zone's memory.
    #[allow(dead_code, reason = "one of the users damages them")]
    pub(crate) fn words(&self) -> Vec<u64> {
        let words = self.memory.words().iter();
        words.map(|word| word.load(Relaxed)).collect()
    }

    pub(crate) fn compare(&self) {
        let numbers = self.sessions.numbers(self.now());
        let known = &self.model.known;
        let active = known.values().filter(|known| known.is_active).count() as u64;
        assert_eq!(
            (numbers.pending, numbers.active),
            (known.len() as u64 - active, active)
        );
        assert_eq!(numbers.total, self.model.activated);
        let (mut session, mut sent) = (Session::default(), 0);
        for (id, known) in known {
            assert!(
                self.sessions.session(
                    &named(*id)[..named(*id).len().min(254)],
                    self.now(),
                    &mut session
                ) || self.sessions.session(
                    &[&named(*id)[..254], b"..."].concat(),
                    self.now(),
                    &mut session
                )
            );
            let bytes = (session.rx().bytes, session.tx().bytes);
            assert_eq!((session.requests(), bytes), (known.requests, known.bytes));
            assert_eq!(session.is_active(), known.is_active);
            sent += if known.is_active { known.bytes.1 } else { 0 };
        }
        assert_eq!(listed(&self.sessions, self.now()), known.len() as u64);
        let summary = summary(&self.sessions, None);
        check_sums(&summary);
        for (peer, row) in &self.model.closed {
            let name = named(*peer);
            let sums = summary.peers[&name[..name.len().min(254)]].sums;
            assert_eq!((sums.sessions, sums.bytes.rx, sums.bytes.tx), *row);
            sent += row.2;
        }
        assert_eq!(numbers.tx.bytes, sent);
        self.sessions.zone().verify().unwrap();
    }
}

fn open(memory: &SharedMemory, bytes: usize) -> Sessions {
    let (zone, _) = Zone::adopt(memory, bytes, Arc::new(schema()), &Overflow::default()).unwrap();
    let settings = Settings {
        timeout: 30 * SECOND,
        pending: 5 * SECOND,
        limits: Limits::default(),
    };
    Sessions::new(zone, settings, Moment(9 * SECOND)).unwrap()
}

impl Step {
    /// One step out of six bytes, for the fuzzer.
    pub(crate) fn from_bytes([what, id, a, b, c, d]: [u8; 6]) -> Self {
        let id = id % 30;
        match what % 12 {
            0..=2 => Self::Register(id),
            3..=5 => Self::Count(id, u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
            6 | 7 => Self::Activate(id),
            8 => Self::Close(id),
            9 => Self::Pass(a),
            10 => Self::Sweep,
            _ => Self::Move(a & 1 == 1),
        }
    }
}

/// The whole history.
pub(crate) fn summary(sessions: &Sessions, rest: Option<&[u8]>) -> Summary {
    let mut summary = Summary::default();
    while sessions.collect(&mut summary, rest) {}
    summary
}

/// The sum of some rows.
fn sum<'a>(rows: impl IntoIterator<Item = &'a Sums>) -> Sums {
    rows.into_iter().fold(Sums::default(), |sum, row| Sums {
        sessions: sum.sessions + row.sessions,
        bytes: Bytes {
            rx: sum.bytes.rx + row.bytes.rx,
            tx: sum.bytes.tx + row.bytes.tx,
        },
    })
}

/// Every part of a history must add up to its totals.
pub(crate) fn check_sums(summary: &Summary) {
    assert_eq!(sum(summary.locations.values()), summary.totals);
    assert_eq!(sum(summary.references.values()), summary.totals);
    let peers = summary.peers.values().map(|peer| &peer.sums);
    assert_eq!(sum(peers), summary.totals);
    for peer in summary.peers.values() {
        assert_eq!(sum(peer.locations.values()), peer.sums);
    }
}

/// How many sessions a listing shows.
pub(crate) fn listed(sessions: &Sessions, now: Moment) -> u64 {
    let (mut cursor, mut session) = (Cursor::default(), Session::default());
    (0..)
        .take_while(|_| sessions.next(&mut cursor, now, &mut session))
        .count() as u64
}
