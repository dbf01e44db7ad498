//! `limit_rate`: how long responses take, beside Debian's nginx and for each stream of HTTP/2.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::door::Ask;
use crate::harness::http2;
use crate::harness::nginx::{self, Nginx};
use crate::harness::server::children;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// Bytes a second.
const RATE: usize = 200 * 1024;
/// What takes five seconds with its head: the bytes of the first one leave at once.
const BODY: usize = 6 * RATE - 2048;

const CONFIG: &str = "limit_rate 200k;\nlocation / { }\nlocation /after { alias $DIR/html; limit_rate_after 600k; }\n\
    location /set { alias $DIR/html; set $limit_rate 400k; }\n";

/// How long an answer takes over HTTP/1, in seconds.
fn taken(address: SocketAddr, target: &str, length: usize) -> f64 {
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let begin = Instant::now();
    let response = connection.get(target).unwrap();
    assert_eq!(
        (response.status, response.body.len()),
        (200, length),
        "{target}"
    );
    begin.elapsed().as_secs_f64()
}

fn taken_by_stream(address: SocketAddr, target: &'static str) -> f64 {
    let connection = http2::Connection::open(address, PATIENCE).unwrap();
    let begin = Instant::now();
    let response = connection.ask(&Ask::get(target)).unwrap();
    assert_eq!(
        (response.status, response.body.len()),
        (200, BODY),
        "{target}"
    );
    begin.elapsed().as_secs_f64()
}

fn start() -> Running {
    let site = Site::create().unwrap();
    site.add_file("html/body", &"x".repeat(BODY)).unwrap();
    site.add_file("html/short", &"x".repeat(RATE / 2)).unwrap();
    let parts = Parts {
        http_config: "http2 on;\n".into(),
        config: format!(
            "{CONFIG}location /pass/ {{ proxy_pass http://127.0.0.1:$PORT/free/; }}\n\
             location /unbuffered/ {{ proxy_buffering off; proxy_pass http://127.0.0.1:$PORT/free/; }}\n\
             location /read/ {{ limit_rate 0; proxy_limit_rate 200k; proxy_pass http://127.0.0.1:$PORT/free/; }}\n\
             location /short {{ send_timeout 50ms; limit_rate 200; limit_rate_after 101900; alias $DIR/html/short; }}\n\
             location /free/ {{ limit_rate 0; alias $DIR/html/; }}\n"
        ),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

#[test]
fn responses_take_their_time_however_they_come() {
    let running = start();
    let address = running.address();
    let begin = ticks(&running);
    let times: Vec<(&str, f64, f64)> = thread::scope(|scope| {
        let over_http1 = ["/body", "/pass/body", "/unbuffered/body", "/read/body"];
        let mut all: Vec<_> = over_http1
            .map(|target| scope.spawn(move || (target, taken(address, target, BODY), 5.0)))
            .into();
        for target in ["/body", "/pass/body"] {
            all.push(scope.spawn(move || (target, taken_by_stream(address, target), 5.0)));
        }
        all.push(scope.spawn(move || ("/after/body", taken(address, "/after/body", BODY), 2.0)));
        all.push(scope.spawn(move || ("/set/body", taken(address, "/set/body", BODY), 2.0)));
        all.push(scope.spawn(move || ("/free/body", taken(address, "/free/body", BODY), 0.0)));
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    eprintln!("{times:?}");
    for (target, seconds, expected) in times {
        // Never early but for a timer's tick; how late is up to the machine.
        assert!(seconds >= expected * 0.97 - 0.01, "{target}: {seconds}");
        assert!(seconds < expected + 4.0, "{target}: {seconds}");
    }
    // Who pauses does nothing meanwhile: a hundredth of a second of processor time comes to about this.
    let spent = ticks(&running) - begin;
    assert!(spent < 300, "{spent} hundredths of a second");
    running.server.stop().unwrap();
}

/// The processor time of all workers, in hundredths of a second.
fn ticks(running: &Running) -> u64 {
    let of = |id: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default().to_owned();
        let fields: Vec<u64> = rest
            .split_whitespace()
            .map(|word| word.parse().unwrap_or(0))
            .collect();
        fields.get(11..13).map_or(0, |times| times.iter().sum())
    };
    children(running.server.id())
        .iter()
        .map(|one| of(one.id))
        .sum()
}

#[test]
fn a_pause_is_no_silence_of_the_client() {
    let running = start();
    let length = RATE / 2;
    let seconds = taken(running.address(), "/short", length);
    assert!(seconds > 1.5, "{seconds}");
    running.server.stop().unwrap();
}

/// A client that leaves ends what would have gone on for hours, and a server that is told to stop does not wait for it.
#[test]
fn nobody_waits_for_the_rest() {
    let running = start();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(b"GET /body HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let (_, _) = connection.read_until(Duration::from_secs(1), |seen| seen.len() > 1000);
    drop(connection);
    running.expect_status("connections/active", &serde_json::json!(1));
    let mut waiting = Connection::open(running.address(), PATIENCE).unwrap();
    waiting
        .send(b"GET /body HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    running.server.stop().unwrap();
}

#[test]
fn as_fast_as_nginx() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let (running, body) = (start(), "x".repeat(BODY));
    let nginx = Nginx::start(&nginx::Site {
        main: "",
        http: "sendfile on;",
        server: &format!(
            "root $DIR; {}\nlocation /pass/ {{ proxy_pass http://$ADDRESS/free/; }}\n\
             location /free/ {{ limit_rate 0; alias $DIR/; }}",
            CONFIG.replace("$DIR/html", "$DIR")
        ),
        files: &[("body", &body)],
    })
    .unwrap();
    let (theirs, ours) = (nginx.address, running.address());
    // What a busy machine does to one of them is tried again.
    let is_alike = (0..3).any(|_| {
        let times = timed(theirs, ours);
        eprintln!("nginx and ours: {times:?}");
        let mut each = times.iter();
        each.all(|(theirs, ours)| (theirs - ours).abs() < 0.1 * theirs)
    });
    assert!(is_alike);
    running.server.stop().unwrap();
}

/// How long answers take from both at once.
fn timed(theirs: SocketAddr, ours: SocketAddr) -> Vec<(f64, f64)> {
    thread::scope(|scope| {
        let both = ["/body", "/pass/body", "/after/body", "/set/body"].map(|target| {
            let one = move |address| move || taken(address, target, BODY);
            (scope.spawn(one(theirs)), scope.spawn(one(ours)))
        });
        let both = both.into_iter();
        both.map(|(theirs, ours)| (theirs.join().unwrap(), ours.join().unwrap()))
            .collect()
    })
}
