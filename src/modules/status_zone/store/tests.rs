//! Zones over memory that outlives them.

use std::collections::HashMap;
use std::fs::File;

use super::super::layout::{LONGEST_KEY, USED};
use super::*;

/// Memory of one run: what was made is found again, whoever asks.
struct Kept {
    role: Role,
    areas: HashMap<String, Arc<SharedMemory>>,
}

impl Memory for Kept {
    fn role(&self) -> Role {
        self.role
    }

    fn existing(&mut self, kind: &str, name: &str) -> Option<Arc<SharedMemory>> {
        self.areas.get(&format!("{kind} {name}")).cloned()
    }

    fn create(&mut self, kind: &str, name: &str, bytes: usize) -> io::Result<Arc<SharedMemory>> {
        let memory = Arc::new(SharedMemory::create(name, bytes)?);
        self.areas
            .insert(format!("{kind} {name}"), Arc::clone(&memory));
        Ok(memory)
    }

    fn keep(&mut self, kind: &str, name: &str, memory: Arc<SharedMemory>) {
        self.areas.insert(format!("{kind} {name}"), memory);
    }

    fn file(&mut self, _kind: &str, _name: &str) -> Option<Arc<File>> {
        None
    }

    fn keep_file(&mut self, _kind: &str, _name: &str, _file: Arc<File>) {}
}

fn kept() -> Kept {
    Kept {
        role: Role::Master,
        areas: HashMap::new(),
    }
}

fn open(memory: &mut Kept, role: Role, capacity: usize) -> Zone {
    memory.role = role;
    Zone::open(memory, Kind::Server, "z", capacity).unwrap()
}

fn keys(zone: &Zone) -> Vec<String> {
    let keys = (0..zone.entries()).map(|entry| zone.key(entry));
    keys.map(|key| String::from_utf8(key).unwrap()).collect()
}

const OK: Exchange = Exchange {
    status: 200,
    received: 10,
    sent: 20,
};

#[test]
fn exchanges_are_counted() {
    let zone = open(&mut kept(), Role::Master, 0);
    for status in [200, 404, 200, 599, 600, 99, 0] {
        zone.count_request(Zone::WHOLE);
        zone.count_exchange(Zone::WHOLE, &Exchange { status, ..OK });
    }
    zone.count_request(Zone::WHOLE);
    let silent = Exchange {
        status: 444,
        sent: 0,
        ..OK
    };
    zone.count_exchange(Zone::WHOLE, &silent);
    let expected = Counts {
        total: 8,
        processing: 0,
        discarded: 1,
        received: 80,
        sent: 140,
        handshakes: [0; 4],
        responses: vec![(200, 2), (404, 1), (599, 1), (0, 3)],
    };
    assert_eq!(zone.read(Zone::WHOLE), expected);
}

#[test]
fn keys_get_entries_until_all_are_taken() {
    let zone = open(&mut kept(), Role::Master, 2);
    assert_eq!(zone.find(b"a"), None);
    let first = zone.entry(b"a");
    let long = [b'x'; LONGEST_KEY];
    let second = zone.entry(&long);
    assert_eq!((first, second), (1, 2));
    assert_eq!(zone.entry(b"a"), first);
    assert_eq!(zone.entry(&long), second);
    assert_eq!(zone.entry(b"b"), Zone::WHOLE);
    assert_eq!(zone.entry(b"z"), Zone::WHOLE);
    assert_eq!(zone.find(b"b"), None);
    assert_eq!(zone.key(second), long);
    assert_eq!(zone.entries(), 3);
}

#[test]
fn a_reload_keeps_counts_unless_the_size_changes() {
    let mut memory = kept();
    let zone = open(&mut memory, Role::Master, 4);
    zone.count_request(zone.entry(b"a"));
    let worker = open(&mut memory, Role::Worker(1), 4);
    worker.count_request(worker.entry(b"a"));
    let again = open(&mut memory, Role::Master, 4);
    assert_eq!(again.read(again.entry(b"a")).total, 2);
    let larger = open(&mut memory, Role::Master, 5);
    assert_eq!(keys(&larger), ["z"]);
    assert!(Zone::open(&mut memory, Kind::Location, "z", 4).is_ok());
    memory.role = Role::Worker(1);
    assert!(Zone::open(&mut memory, Kind::Server, "z", 4).is_err());
    assert!(Zone::open(&mut memory, Kind::Server, "z", usize::MAX).is_err());
}

#[test]
fn requests_of_a_dead_worker_are_not_being_processed() {
    let mut memory = kept();
    open(&mut memory, Role::Master, 2);
    let first = open(&mut memory, Role::Worker(0), 2);
    let second = open(&mut memory, Role::Worker(1), 2);
    let entry = first.entry(b"a");
    first.begin(entry);
    second.begin(entry);
    second.begin(entry);
    second.end(entry);
    assert_eq!(second.read(entry).processing, 2);
    let successor = open(&mut memory, Role::Worker(0), 2);
    assert_eq!(successor.read(entry).processing, 1);
}

#[test]
fn what_a_dead_worker_left_half_done_is_finished() {
    let zone = open(&mut kept(), Role::Master, 3);
    zone.write_key(1, b"a");
    zone.repair();
    assert_eq!(keys(&zone), ["z", "a"]);
    assert_eq!(zone.entry(b"a"), 1);
    zone.write_key(2, b"b");
    zone.memory.words()[USED].store(2, Ordering::Release);
    assert_eq!(zone.find(b"b"), None);
    zone.repair();
    assert_eq!(zone.entry(b"b"), 2);
    zone.repair();
    assert_eq!(zone.entry(b"c"), 3);
    zone.repair();
    assert_eq!(keys(&zone), ["z", "a", "b", "c"]);
}

#[test]
fn workers_agree_on_entries() {
    const KEYS: usize = 200;
    let mut memory = kept();
    open(&mut memory, Role::Master, KEYS);
    let workers: Vec<Zone> = (0..4)
        .map(|place| open(&mut memory, Role::Worker(place), KEYS))
        .collect();
    std::thread::scope(|scope| {
        for worker in &workers {
            scope.spawn(|| {
                for number in 0..KEYS * 10 {
                    let key = format!("key {}", number % KEYS);
                    worker.count_request(worker.entry(key.as_bytes()));
                }
            });
        }
    });
    let zone = &workers[0];
    let mut all = keys(zone);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), KEYS + 1);
    assert!((1..=KEYS).all(|entry| zone.read(entry).total == 40));
    assert_eq!(zone.read(Zone::WHOLE).total, 0);
}
