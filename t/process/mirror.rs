//! Copies of requests whose other side is slow, large, or hangs up, and what ends while they are under way.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::origin::serving;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// What an origin was asked, each time as a whole.
type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// An origin that notes what it is asked, and answers after a while.
fn origin(asked: &Asked, pause: Duration) -> String {
    let asked = Arc::clone(asked);
    let address = serving(move |mut stream, _| {
        let mut got = Vec::new();
        let mut piece = [0; 65536];
        loop {
            while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&got[..end]).into_owned();
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    let is_length = name.eq_ignore_ascii_case("content-length");
                    is_length.then(|| value.parse::<usize>().unwrap())
                });
                let whole = end + 4 + length.unwrap_or(0);
                if got.len() < whole {
                    break;
                }
                let rest = got.split_off(whole);
                asked.lock().unwrap().push((head, got[end + 4..].to_vec()));
                got = rest;
                thread::sleep(pause);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
    });
    address.to_string()
}

fn parts(main: &str, copy: &str) -> Parts {
    Parts {
        config: format!(
            "client_max_body_size 100m;\n\
             location / {{ mirror /mirror; proxy_pass http://{main}; }}\n\
             location = /mirror {{ internal; proxy_pass http://{copy}$request_uri; }}\n"
        ),
        ..Parts::default()
    }
}

fn expect(asked: &Asked, count: usize) {
    let all = || (asked.lock().unwrap().len() >= count).then_some(());
    assert!(
        poll(PATIENCE, all).is_some(),
        "{}",
        asked.lock().unwrap().len()
    );
}

#[test]
fn bodies_of_all_lengths_arrive_on_both_sides() {
    let (main, copy) = (Asked::default(), Asked::default());
    let parts = parts(
        &origin(&main, Duration::ZERO),
        &origin(&copy, Duration::ZERO),
    );
    let running = Running::start(&parts);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let lengths = [0, 1, 65_535, 65_536, 65_537, 5_000_000];
    let body =
        |length: usize| -> Vec<u8> { (0..length).map(|place| (place % 251) as u8).collect() };
    for length in lengths {
        let head =
            format!("POST /{length} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let bytes = [head.as_bytes(), &body(length)].concat();
        connection.send(&bytes).unwrap();
        let response = connection.receive("POST").unwrap();
        assert_eq!(response.status, 200);
    }
    for (name, asked) in [("main", &main), ("copy", &copy)] {
        expect(asked, lengths.len());
        for length in lengths {
            let asked = asked.lock().unwrap();
            let start = format!("POST /{length} ");
            let found = asked.iter().find(|(head, _)| head.starts_with(&start));
            let (head, got) = found.unwrap_or_else(|| panic!("{name} {length}"));
            assert!(*got == body(length), "{name} {length}: {head}");
        }
    }
    running.server.stop().unwrap();
}

#[test]
fn nobody_waits_for_a_copy_and_whoever_leaves_ends_none() {
    const PAUSE: Duration = Duration::from_secs(3);
    const REQUESTS: usize = 8;
    let (main, copy) = (Asked::default(), Asked::default());
    let parts = parts(&origin(&main, Duration::ZERO), &origin(&copy, PAUSE));
    let mut running = Running::start(&parts);
    let begun = Instant::now();
    {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        for number in 0..REQUESTS {
            let response = connection.get(&format!("/{number}")).unwrap();
            assert_eq!(response.status, 200);
        }
        // In turn they would have taken as many pauses.
        assert!(begun.elapsed() < PAUSE * (REQUESTS as u32 - 1));
    }
    expect(&copy, REQUESTS);
    // A worker that is to end has them finished, and none is said to have failed.
    running.server.signal("QUIT");
    let ended = running.server.wait_for_exit(PATIENCE);
    assert!(ended.is_some_and(|status| status.success()));
    assert!(begun.elapsed() >= PAUSE);
    let log = running.site.read("error.log");
    assert!(!log.contains("[error]"), "{log}");
    assert_eq!(main.lock().unwrap().len(), REQUESTS);
    assert_eq!(copy.lock().unwrap().len(), REQUESTS);
}
