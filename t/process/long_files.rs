//! Long files: sent by the system itself on plain connections, through our memory on encrypted ones.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const LONG: usize = 3 * 1024 * 1024 + 17;

fn content(length: usize) -> String {
    let line = |number: usize| format!("{number:08x}");
    let text: String = (0..length.div_ceil(8)).map(line).collect();
    text[..length].to_owned()
}

fn start() -> Running {
    let site = Site::create().unwrap();
    for (name, length) in [("long", LONG), ("edge", 16 * 1024), ("over", 16 * 1024 + 1)] {
        site.add_file(&format!("html/{name}"), &content(length))
            .unwrap();
    }
    let http_config = "log_format sent '$request|$status $body_bytes_sent $request_completion';\n\
                       access_log $DIR/access.log sent;\n";
    Running::start_at(
        site,
        &Parts {
            http_config: http_config.into(),
            config: "send_timeout 2s;\n".into(),
            ..Parts::default()
        },
    )
}

fn ask(running: &Running, target: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn all(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A connection that is closed early may end with a reset.
    let _ = stream.read_to_end(&mut all);
    String::from_utf8(all).unwrap()
}

fn logged(running: &Running, line: &str) {
    let found = poll(PATIENCE, || {
        let log = running.site.read("access.log");
        log.lines().any(|one| one == line).then_some(())
    });
    let log = running.site.read("access.log");
    assert!(found.is_some(), "{line:?} is not in {log}");
}

#[test]
fn they_arrive_whole_however_slowly_they_are_read() {
    let running = start();
    for (name, length) in [("edge", 16 * 1024), ("over", 16 * 1024 + 1), ("long", LONG)] {
        let mut stream = ask(&running, &format!("/{name}"), "Connection: close\r\n");
        thread::sleep(Duration::from_millis(300));
        let got = all(&mut stream);
        let (head, body) = got.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("\r\nContent-Length: {length}")),
            "{head}"
        );
        assert!(body == content(length), "{name}: {} bytes", body.len());
        logged(&running, &format!("GET /{name} HTTP/1.1|200 {length} OK"));
    }
    running.server.stop().unwrap();
}

#[test]
fn a_part_is_that_part_and_the_next_request_is_answered() {
    let running = start();
    let range = "Range: bytes=1000001-2000000\r\n";
    let mut stream = ask(&running, "/long", range);
    let next = "GET /edge HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(next.as_bytes()).unwrap();
    let got = all(&mut stream);
    let (head, rest) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
    let (part, rest) = rest.split_at(1_000_000);
    assert!(part == &content(LONG)[1_000_001..2_000_001]);
    assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(rest.ends_with(&content(16 * 1024)));
    running.server.stop().unwrap();
}

#[test]
fn a_file_that_is_cut_meanwhile_ends_its_connection() {
    let running = start();
    let path = running.site.directory.join("html/long");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    // Longer than anything that waits in sockets.
    file.set_len(64 * 1024 * 1024).unwrap();
    let mut stream = ask(&running, "/long", "");
    let mut first = vec![0; 100_000];
    stream.read_exact(&mut first).unwrap();
    file.set_len(200_000).unwrap();
    let got = all(&mut stream);
    assert!(got.len() < 64 * 1024 * 1024);
    let found = poll(PATIENCE, || {
        let log = running.site.read("error.log");
        let said = "a file could not be read while it was sent";
        log.contains(said).then_some(())
    });
    assert!(found.is_some(), "{}", running.site.read("error.log"));
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let running = start();
    let path = running.site.directory.join("html/long");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(64 * 1024 * 1024).unwrap();
    let stream = ask(&running, "/long", "");
    let found = poll(PATIENCE, || {
        let log = running.site.read("access.log");
        let line = log.lines().find(|line| line.starts_with("GET /long "));
        line.map(str::to_owned)
    });
    let line = found.unwrap_or_else(|| panic!("{}", running.site.read("access.log")));
    assert!(line.starts_with("GET /long HTTP/1.1|200 "), "{line}");
    assert!(!line.ends_with("OK"), "{line}");
    drop(stream);
    running.server.stop().unwrap();
}
