//! Scripts that mean no good to their worker: each is ended in its time, the next request is answered, and in the end
//! the worker has as much memory as before.

mod language;
mod lists;
mod names;
mod reading;

use std::time::{Duration, Instant};

use crate::harness::client::{Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// What becomes of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Its time is over.
    Time,
    /// Its time is over, or it has no more memory, whichever comes first.
    Ended,
    /// It is told that it wants too much.
    Range,
    /// It ends by itself, or like the others where it takes long.
    Any,
}
use Fate::{Any, Ended, Range, Time};

/// Bodies of functions, and what becomes of each.
type Scripts = &'static [(&'static str, Fate)];

/// The time that scripts have.
const LIMIT: &str = "200ms";

fn get(running: &Running, target: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(target).unwrap()
}

fn site(scripts: Scripts) -> Running {
    let site = Site::create().unwrap();
    let mut script = "import cr from 'crypto';
        import q from 'querystring';
        const chain = () => { let end = {}; for (let i = 0; i < 5e4; i++) end = Object.create(end); return end; };\n"
        .to_owned();
    for (number, (body, _)) in scripts.iter().enumerate() {
        script += &format!("function f{number}(r) {{ {body} r.return(204); }}\n");
    }
    // How much there is for scripts, in pieces of half a megabyte.
    script += "function room(r) { const a = []; try { for (;;) a.push(new Uint8Array(1 << 19)); } \
               catch (e) { const n = a.length; a.length = 0; r.return(200, String(n)); } }\n\
               const circle = async (r) => { const all = await Promise.all(Array.from({ length: 20 }, \
               () => r.subrequest('/circle'))); r.return(200, all.map((one) => one.status).join()); };\n\
               const slow = (r) => { setTimeout(() => r.return(204), 100); };\n";
    let names = (0..scripts.len()).map(|number| format!("f{number}"));
    script += &format!(
        "export default {{ room, circle, slow, {} }};",
        names.collect::<Vec<_>>().join(", ")
    );
    site.add_file("hostile.js", &script).unwrap();
    let mut config = "location /plain { return 200 plain; }
        location /room { js_content hostile.room; js_limit_time 60s; }
        location /circle { js_content hostile.circle; }
        location /slow { js_content hostile.slow; }\n"
        .to_owned();
    for number in 0..scripts.len() {
        config += &format!("location = /f{number} {{ js_content hostile.f{number}; }}\n");
    }
    let parts = Parts {
        main_config: "worker_processes 1;".to_owned(),
        http_config: format!(
            "js_import $DIR/hostile.js; js_var $held; js_limit_memory 48m; js_limit_time {LIMIT};"
        ),
        config,
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

/// What is left for scripts, as soon as what ended has been collected.
fn room(running: &Running, wanted: usize) -> usize {
    let begin = Instant::now();
    loop {
        let answer = get(running, "/room");
        let room = answer.text().trim().parse().unwrap_or(0);
        if room >= wanted || begin.elapsed() > PATIENCE {
            return room;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether the log says, from a place on, that this has become of a script; and what it says.
fn becomes(running: &Running, from: usize, fate: Fate) -> (bool, String) {
    let begin = Instant::now();
    loop {
        let log = running.site.read("error.log").split_off(from);
        let is_time = log.contains("ran for longer than 200ms");
        let is_range = log.contains("RangeError") || log.contains("invalid array");
        let is_memory = ["out of memory", "string too long"]
            .iter()
            .any(|word| log.contains(word));
        let is_expected = match fate {
            Time => is_time,
            Ended => is_time || is_memory || is_range,
            Range => is_range || is_time,
            Any => true,
        };
        let is_known = is_expected || log.contains("more lines are left out");
        if is_known || begin.elapsed() > PATIENCE {
            return (is_expected, log);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What came of a script.
struct Tried {
    status: std::io::Result<u16>,
    took: Duration,
    is_expected: bool,
    log: String,
}

/// Runs a script, while others are answered.
fn run(running: &Running, number: usize, body: &str, fate: Fate) -> Tried {
    let logged = running.site.read("error.log").len();
    let begin = Instant::now();
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let status = connection
        .get(&format!("/f{number}?n=1000000000"))
        .map(|answer| answer.status);
    let took = begin.elapsed();
    assert_eq!(get(running, "/plain").status, 200, "{body}");
    let (is_expected, log) = becomes(running, logged, fate);
    Tried {
        status,
        took,
        is_expected,
        log,
    }
}

#[test]
fn no_loop_stops_its_worker() {
    all_are_ended(language::SCRIPTS);
}

#[test]
fn no_list_stops_its_worker() {
    all_are_ended(lists::SCRIPTS);
}

#[test]
fn nothing_to_read_stops_its_worker() {
    all_are_ended(reading::SCRIPTS);
}

/// The engine's table of names stays as large as it was once, and what it was made among is not given back: names take
/// memory, but not more each time.
#[test]
fn no_name_stops_its_worker() {
    let running = site(names::SCRIPTS);
    end_each(&running, names::SCRIPTS);
    let before = room(&running, 1);
    for _ in 0..3 {
        end_each(&running, names::SCRIPTS);
    }
    has_as_much_room(&running, before);
}

fn all_are_ended(scripts: Scripts) {
    let running = site(scripts);
    let before = room(&running, 1);
    end_each(&running, scripts);
    has_as_much_room(&running, before);
}

fn has_as_much_room(running: &Running, before: usize) {
    let after = room(running, before - 8);
    assert!(after + 8 >= before, "{before} pieces before, {after} after");
}

fn end_each(running: &Running, scripts: Scripts) {
    let only = std::env::var("JS_HOSTILE").ok();
    let mut failures = Vec::new();
    for (number, (body, fate)) in scripts.iter().enumerate() {
        if only
            .as_ref()
            .is_some_and(|only| !only.split('|').any(|only| body.contains(only)))
        {
            continue;
        }
        let mut tried = run(running, number, body, *fate);
        if tried.log.contains("more lines are left out") {
            // There were too many in one second.
            std::thread::sleep(Duration::from_millis(1500));
            tried = run(running, number, body, *fate);
        }
        let Tried {
            status,
            took,
            is_expected,
            log,
        } = tried;
        println!("{took:>10.3?} {status:?} {body}");
        if !is_expected || took > PATIENCE || status.is_err() {
            let log = log.get(..2000).unwrap_or(&log);
            failures.push(format!(
                "{body}\n    {fate:?}, {took:?}, {status:?}\n    {log}"
            ));
        }
    }
    let log = running.site.read("error.log");
    assert!(!log.contains("could not be ended"), "{log}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn subrequests_in_a_circle_end_and_leave_nothing() {
    let running = site(&[]);
    let before = room(&running, 1);
    for _ in 0..3 {
        let answer = get(&running, "/circle");
        assert!([200, 500].contains(&answer.status), "{}", answer.status);
        assert_eq!(get(&running, "/plain").status, 200);
    }
    let after = room(&running, before - 8);
    assert!(after + 8 >= before, "{before} pieces before, {after} after");
}
