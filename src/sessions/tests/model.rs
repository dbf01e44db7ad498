//! Any sequence of what can happen to sessions, held against plain maps and a clock that the test turns.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
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

fn steps() -> impl Strategy<Value = Step> {
    let id = || 0..30u8;
    prop_oneof![
        5 => id().prop_map(Step::Register),
        5 => (id(), any::<u16>(), any::<u16>()).prop_map(|(id, rx, tx)| Step::Count(id, rx, tx)),
        3 => id().prop_map(Step::Activate),
        1 => id().prop_map(Step::Close),
        4 => any::<u8>().prop_map(Step::Pass),
        3 => Just(Step::Sweep),
        1 => any::<bool>().prop_map(Step::Move),
    ]
}

/// What is said of a session, which its peer follows from.
fn named(id: u8) -> Vec<u8> {
    vec![id + 1; 1 + usize::from(id) * 9]
}

struct Pair {
    memory: SharedMemory,
    sessions: Sessions,
    handles: BTreeMap<u8, Handle>,
    model: Model,
}

impl Pair {
    fn new() -> Self {
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

    fn play(&mut self, step: &Step) {
        let now = self.now();
        match *step {
            Step::Register(id) => self.register(id),
            Step::Count(id, rx, tx) => {
                let bytes = bytes(rx.into(), tx.into());
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
            ..newcomer(&name)
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

    fn compare(&self) {
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
        assert_eq!(ids(&self.sessions, self.now()).len(), known.len());
        let summary = summary(&self.sessions, None);
        check_sums(&summary);
        for (peer, row) in &self.model.closed {
            let name = named(*peer);
            let sums = summary.peers[&name[..name.len().min(254)]].sums;
            assert_eq!((sums.sessions, sums.bytes.rx, sums.bytes.tx), *row);
            sent += row.2;
        }
        assert_eq!(numbers.tx.bytes, sent);
        self.sessions.zone.verify().unwrap();
    }
}

fn open(memory: &SharedMemory, bytes: usize) -> Sessions {
    let (zone, _) = Zone::adopt(memory, bytes, Arc::new(schema()), &Overflow::default()).unwrap();
    Sessions::new(zone, settings(), at(9.0)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_do_what_their_model_does(steps in proptest::collection::vec(steps(), 1..120)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.play(step);
        }
        pair.compare();
    }
}
