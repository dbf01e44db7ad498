//! Passwords that take time to check hold up nobody else.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// bcrypt with a cost of 12: some tenths of a second for each look.
const SLOW: &str = "slow:$2b$12$fqWgwfkQiIMOnLV.RSSDfORnZ.MRt/mKwr58J3jdtSih.T8UYbgzO\n";
const RIGHT: &str = "Basic c2xvdzpzbG93";
const WRONG: &str = "Basic c2xvdzp4";

fn running() -> Running {
    let site = Site::create().unwrap();
    site.add_file("users", SLOW).unwrap();
    let parts = Parts {
        config: "location /in { auth_basic x; auth_basic_user_file users; try_files /none @in; }\n\
                 location @in { return 200 in; }\nlocation /open { return 200 open; }\n"
            .to_owned(),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn ask(running: &Running, authorization: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    let head = format!("GET /in HTTP/1.0\r\nHost: a\r\nAuthorization: {authorization}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn has_answer(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    !matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn answer(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(4 * PATIENCE)).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn others_are_answered_while_passwords_are_checked() {
    let running = running();
    let mut asking: Vec<TcpStream> = (0..16).map(|_| ask(&running, WRONG)).collect();
    asking.push(ask(&running, RIGHT));
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..3 {
        assert_eq!(connection.get("/open").unwrap().text(), "open");
    }
    let waiting = asking.iter().filter(|stream| !has_answer(stream)).count();
    assert!(waiting > 0, "all were answered before");
    let right = asking.pop().unwrap();
    assert!(answer(right).starts_with("HTTP/1.1 200"));
    for stream in asking {
        assert!(answer(stream).starts_with("HTTP/1.1 401"));
    }
    running.server.stop().unwrap();
}

/// A queue has an end, and who finds it full is told so at once.
#[test]
fn no_more_than_some_wait_for_their_passwords() {
    let running = running();
    let asking: Vec<TcpStream> = (0..300).map(|_| ask(&running, WRONG)).collect();
    let told = crate::harness::poll(PATIENCE, || {
        let refused = asking.iter().filter(|stream| has_answer(stream)).count();
        (refused >= 40).then_some(refused)
    });
    assert!(told.is_some(), "all wait");
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(connection.get("/open").unwrap().text(), "open");
    let (mut busy, mut challenged) = (0, 0);
    for stream in asking.into_iter().filter(has_answer) {
        let text = answer(stream);
        let is_busy = text.starts_with("HTTP/1.1 503") && !text.contains("WWW-Authenticate");
        busy += usize::from(is_busy);
        challenged += usize::from(text.starts_with("HTTP/1.1 401"));
        assert!(is_busy || text.starts_with("HTTP/1.1 401"), "{text}");
    }
    assert!(
        busy >= 20 && challenged < 256,
        "{busy} busy, {challenged} challenged"
    );
    // Those who waited have left, and their places are free.
    let right = ask(&running, RIGHT);
    assert!(answer(right).starts_with("HTTP/1.1 200"));
    let log = running.site.read("error.log");
    assert!(
        log.contains("too many passwords wait to be checked"),
        "{log}"
    );
    running.server.stop().unwrap();
}

#[test]
fn who_leaves_gives_up_the_place_in_the_queue() {
    let running = running();
    let begin = Instant::now();
    assert!(answer(ask(&running, RIGHT)).starts_with("HTTP/1.1 200"));
    let one = begin.elapsed();
    let leaving: Vec<TcpStream> = (0..200).map(|_| ask(&running, WRONG)).collect();
    std::thread::sleep(Duration::from_millis(100));
    drop(leaving);
    // The 200 looks, four at once, would take as long as fifty.
    let begin = Instant::now();
    assert!(answer(ask(&running, RIGHT)).starts_with("HTTP/1.1 200"));
    let waited = begin.elapsed();
    assert!(waited < 25 * one, "{waited:?}, and {one:?} for one");
    running.server.stop().unwrap();
}
