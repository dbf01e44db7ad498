//! Bits that flip in the file of a zone, anywhere in it, while sessions run and when nobody has it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{number, start};
use crate::harness::client::Connection;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};
use crate::lasting::kill;

/// An id is what everything else is that is said of its session.
fn parts() -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "session_zone s:64k:file=$DIR/sessions sync=1s timeout=5s pending=2s max_sessions=100000 expire=on\n\
             discard_key=other log=$DIR/closed;\nkeepalive_requests 100000000;\n"
            .into(),
        config: "location / { session s $arg_id reference=$arg_id location=$arg_id peer=$arg_id extra=$arg_id\n\
                 close=$arg_close; try_files /hello =404; }\n"
            .into(),
        ..Parts::default()
    }
}

/// A small source of numbers.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// Flips so many bits, the lock's own word aside in a zone that is in use: who seems to hold it is waited for.
fn flip(path: &Path, numbers: &mut Numbers, times: u64, is_in_use: bool) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    for _ in 0..times {
        // Most of a zone is its slots; its heads are few words.
        let end = if numbers.next(4) == 0 {
            16384.min(length)
        } else {
            length
        };
        let place = numbers.next(end);
        if is_in_use && (128..192).contains(&place) {
            continue;
        }
        let mut byte = [0];
        file.read_exact_at(&mut byte, place).unwrap();
        byte[0] ^= 1 << numbers.next(8);
        file.write_all_at(&byte, place).unwrap();
    }
}

/// An id that says itself whether it is whole.
fn id(number: u64) -> String {
    format!(
        "{number:04}-{:04x}-some-longer-name-so-that-it-takes-two-slots",
        number * 40503 % 65521
    )
}

fn is_whole(id: &str) -> bool {
    let number = id.get(..4).and_then(|digits| digits.parse().ok());
    number.is_some_and(|number| self::id(number) == id)
}

/// Requests of many sessions, of which some end; all are answered.
fn use_sessions(running: &Running, numbers: &mut Numbers) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..60 {
        let (id, close) = (id(numbers.next(60)), numbers.next(5) / 4);
        let response = connection.get(&format!("/?id={id}&close={close}")).unwrap();
        assert_eq!(response.status, 200);
    }
}

/// What is shown is JSON, and nothing in it is said of somebody else.
fn look(running: &Running, seed: u64) {
    let shown: Value = running.status("http/session_zones/s/");
    let active = shown["active"].as_object();
    for (id, session) in active.into_iter().flatten() {
        assert!(
            is_whole(id),
            "seed {seed}: {id}\n{}",
            running.site.read("error.log")
        );
        for part in ["reference", "location", "peer", "extra"] {
            let said = session[part].as_str().unwrap();
            let is_own = said == id || matches!(said, "" | "unknown");
            assert!(is_own, "seed {seed}: {id} {part} {said}");
        }
    }
    for rows in ["peers", "locations", "references"] {
        let rows = shown["summary"][rows].as_object();
        for name in rows.into_iter().flatten().map(|(name, _)| name) {
            let is_known = is_whole(name) || matches!(&**name, "" | "unknown" | "other");
            assert!(is_known, "seed {seed}: {name}");
        }
    }
}

#[test]
fn whatever_bits_flip_requests_are_served_and_nothing_is_said_of_others() {
    let first = number("SEED", 1) as u64;
    for seed in first..first + number("SESSION_FLIPS", 6) as u64 {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let parts = parts();
        let mut running = start(&parts);
        let path = running.site.directory.join("sessions");
        for round in 0..6 {
            use_sessions(&running, &mut numbers);
            let times = 1 + numbers.next(30);
            flip(&path, &mut numbers, times, true);
            use_sessions(&running, &mut numbers);
            look(&running, seed);
            if round % 3 == 2 {
                let site = kill(running);
                let times = numbers.next(3);
                flip(&path, &mut numbers, times, false);
                running = Running::start_at(site, &parts);
                look(&running, seed);
            }
        }
        // The keeper looks, too.
        std::thread::sleep(Duration::from_millis(1200));
        use_sessions(&running, &mut numbers);
        look(&running, seed);
        for line in running.site.read("closed").lines() {
            let words: Vec<&str> = line.split('"').collect();
            let (id, said) = (words[1], [words[3], words[5], words[7]]);
            let is_own = |said: &&str| *said == id || matches!(*said, "-" | "unknown");
            assert!(
                is_whole(id) && said.iter().all(is_own),
                "seed {seed}: {line}"
            );
        }
        let log = running.site.read("error.log");
        assert!(!log.contains("panicked"), "seed {seed}: {log}");
        running.server.stop().unwrap();
    }
}

#[test]
fn a_key_that_was_changed_when_nobody_had_the_file_is_told_and_the_snapshot_counts() {
    let parts = parts();
    let running = start(&parts);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(&format!("/?id={}", id(7))).unwrap();
    let site = kill(running);
    let path = site.directory.join("sessions");
    let mut bytes = std::fs::read(&path).unwrap();
    let name = [&[2], &id(7).as_bytes()[..7]].concat();
    let place = bytes.windows(8).position(|eight| eight == name).unwrap();
    bytes[place + 4] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let running = Running::start_at(site, &parts);
    look(&running, 0);
    let log = running.site.read("error.log");
    assert!(
        log.contains("keys are not what they were) and is kept as"),
        "{log}"
    );
    running.server.stop().unwrap();
}
