//! Nobody waits for what others do with a zone: not while somebody has its lock, who works or was stopped, nor while keys are evicted.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pingauge::metric::{Moment, Schema};
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::Zone;
use serde_json::json;

use crate::harness::client::{Connection, head};
use crate::harness::load::{Habit, Load};
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// The zone in a file, used by a process beside the server.
fn open(path: &Path) -> Zone {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let memory = SharedMemory::from_fd(file.into()).unwrap();
    let schema = Schema::from_source(r#"[["",["count"]]]"#).unwrap();
    Zone::attach(&memory, Arc::new(schema)).unwrap()
}

fn now() -> Moment {
    Moment(monotonic())
}

fn start(zone: &str, workers: usize) -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {workers};\n"),
        http_config: format!(
            "keepalive_requests 1000000000;\nmetric_zone z:{zone} count;\nmetric_zone other:64k count;\n\
             prometheus_template page {{ metric_zone z; }}\n"
        ),
        config: "location /key { metric z $arg_k on=request; return 204; }\n\
                 location /any { metric z $request_id on=request; return 204; }\n\
                 location /read { set $metric_z_key $arg_k; return 200 \"$metric_z_value\"; }\n\
                 location /ping { metric other k; return 204; }\n\
                 location /push/ { metric_push z create=on; }\n\
                 location /pid { return 200 $pid; }\n\
                 location /page { prometheus page; }\n"
            .into(),
        ..Parts::default()
    })
}

fn zone_file(running: &Running) -> PathBuf {
    running.site.directory.join("z")
}

/// Asks, and says how long the answer took.
fn ask(connection: &mut Connection, target: &str) -> Duration {
    let start = Instant::now();
    let response = connection.get(target).unwrap();
    assert!((200..300).contains(&response.status));
    start.elapsed()
}

const KEYS: usize = 300;

/// Makes keys, each with an update of a known one, a look at it, and a request that has nothing to do with the zone; says how long the
/// longest of these took.
fn make_keys(running: &Running, round: usize) -> Duration {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let targets = (0..KEYS).flat_map(|key| {
        let made = format!("/key?k=new{round}.{key}");
        let read = format!("/read?k=new{round}.{key}");
        [made, "/key?k=known".into(), "/ping".into(), read]
    });
    let targets: Vec<String> = targets.collect();
    let took = targets.iter().map(|target| ask(&mut connection, target));
    took.max().unwrap()
}

/// All keys that were made, and the known one, are counted exactly.
fn expect_all(running: &Running, rounds: usize) {
    let known = 1 + rounds * KEYS;
    running.expect_status("http/metric_zones/z/metrics/known", &json!(known));
    // The known one is there besides.
    let records = json!(1 + rounds * KEYS);
    running.expect_status("http/metric_zones/z/state/records", &records);
    for key in [0, KEYS / 2, KEYS - 1] {
        let path = format!("http/metric_zones/z/metrics/new{}.{key}", rounds - 1);
        running.expect_status(&path, &json!(1));
    }
}

#[test]
fn nobody_waits_for_whoever_has_the_lock_of_a_zone() {
    let running = start("256k:file=$DIR/z", 1);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    ask(&mut connection, "/key?k=known");
    let zone = open(&zone_file(&running));
    let [is_held, is_enough] = [(); 2].map(|()| AtomicBool::new(false));
    let longest = thread::scope(|scope| {
        let holding = scope.spawn(|| {
            zone.edit(now(), |_| {
                is_held.store(true, Ordering::SeqCst);
                poll(PATIENCE, || is_enough.load(Ordering::SeqCst).then_some(())).is_some()
            })
        });
        poll(PATIENCE, || is_held.load(Ordering::SeqCst).then_some(())).unwrap();
        let longest = make_keys(&running, 0);
        is_enough.store(true, Ordering::SeqCst);
        assert_eq!(holding.join().unwrap(), Ok(true), "somebody waited for it");
        longest
    });
    println!("longest {longest:?}");
    expect_all(&running, 1);
    let log = running.site.read("error.log");
    assert!(!log.contains("metric zone"), "{log}");
    running.server.stop().unwrap();
}

/// Somebody who has the lock of a zone until he is told, and 50 ms more.
fn hold_while<R>(zone: &Zone, act: impl FnOnce(&dyn Fn()) -> R) -> R {
    let [is_held, is_enough] = [(); 2].map(|()| AtomicBool::new(false));
    thread::scope(|scope| {
        let holding = scope.spawn(|| {
            zone.edit(now(), |_| {
                is_held.store(true, Ordering::SeqCst);
                poll(PATIENCE, || is_enough.load(Ordering::SeqCst).then_some(())).unwrap();
                thread::sleep(Duration::from_millis(50));
            })
        });
        poll(PATIENCE, || is_held.load(Ordering::SeqCst).then_some(())).unwrap();
        let done = act(&|| is_enough.store(true, Ordering::SeqCst));
        holding.join().unwrap().unwrap();
        done
    })
}

/// A connection to each of two workers.
fn of_each_worker(running: &Running) -> [Connection; 2] {
    let mut all: Vec<(Vec<u8>, Connection)> = Vec::new();
    poll(PATIENCE, || {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        let worker = connection.get("/pid").unwrap().body;
        if all.iter().all(|(other, _)| *other != worker) {
            all.push((worker, connection));
        }
        (all.len() == 2).then_some(())
    })
    .expect("a connection to each worker");
    let mut connections = all.into_iter().map(|(_, connection)| connection);
    [(); 2].map(|()| connections.next().unwrap())
}

#[test]
fn a_page_shows_every_update_that_came_before_it_whichever_worker_has_put_it_off() {
    let running = start("256k:file=$DIR/z", 2);
    let zone = open(&zone_file(&running));
    let mut connections = of_each_worker(&running);
    for round in 0..6 {
        let (first, second) = (round % 2, round / 2 % 2);
        let (page, expected) = match round {
            0..4 => (
                "/status/http/metric_zones/z/metrics/",
                format!("\"new{round}\": 1"),
            ),
            4 => ("/status/", format!("\"new{round}\": 1")),
            _ => ("/page", format!("z_total{{key=\"new{round}\"}} 1\n")),
        };
        let answer = hold_while(&zone, |is_enough| {
            // A key is made, and so nothing of it can be made without the lock.
            ask(&mut connections[first], &format!("/key?k=new{round}"));
            is_enough();
            connections[second].get(page).unwrap()
        });
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            text.contains(&expected),
            "round {round}: no {expected}\n{text}"
        );
    }
    let log = running.site.read("error.log");
    assert!(!log.contains("metric zone"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn a_push_waits_for_a_zone_and_nobody_else_does() {
    let running = start("256k:file=$DIR/z", 1);
    let zone = open(&zone_file(&running));
    let mut other = Connection::open(running.address(), PATIENCE).unwrap();
    // The worker has started when it answers.
    ask(&mut other, "/ping");
    let status = hold_while(&zone, |is_enough| {
        let mut pushing = Connection::open(running.address(), PATIENCE).unwrap();
        let request = head("PUT", "/push/k/inc", &[], None);
        pushing.send(&request).unwrap();
        // What was put off before a push is made before it, what comes after is not lost.
        let longest = (0..20).map(|_| ask(&mut other, "/key?k=k")).max().unwrap();
        let pinged = (0..20).map(|_| ask(&mut other, "/ping")).max().unwrap();
        println!("longest {:?}", longest.max(pinged));
        is_enough();
        pushing.receive("PUT").unwrap().status
    });
    assert_eq!(status, 204);
    running.expect_status("http/metric_zones/z/metrics/k", &json!(21));
    let log = running.site.read("error.log");
    assert!(!log.contains("metric zone"), "{log}");
    running.server.stop().unwrap();
}

const HOLD: &str = "PINGAUGE_HOLD";

/// What a process does that is stopped with the lock; ordinary runs of this test do nothing.
#[test]
fn holder() {
    let Ok(path) = std::env::var(HOLD) else {
        return;
    };
    let path = PathBuf::from(path);
    let held = open(&path).edit(now(), |_| {
        File::create(path.with_extension("held")).unwrap();
        signal(&std::process::id().to_string(), "STOP");
        // A thread goes on for a moment after that.
        let end = path.with_extension("end");
        poll(PATIENCE, || end.exists().then_some(())).unwrap();
    });
    assert_eq!(held, Ok(()));
}

/// A process that was stopped with the lock of a zone.
struct Holder(Child, PathBuf);

impl Holder {
    fn start(path: &Path) -> Self {
        let end = path.with_extension("end");
        let _none_yet = std::fs::remove_file(&end);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pauses::holder", "--quiet"])
            .env(HOLD, path)
            .stdout(Stdio::null())
            .spawn();
        let child = Self(child.unwrap(), end);
        let held = path.with_extension("held");
        poll(PATIENCE, || held.exists().then_some(())).unwrap();
        std::fs::remove_file(held).unwrap();
        let stat = format!("/proc/{}/stat", child.0.id());
        let is_stopped = || std::fs::read_to_string(&stat).unwrap().contains(") T ");
        poll(PATIENCE, || is_stopped().then_some(())).unwrap();
        child
    }

    fn go_on(mut self) {
        File::create(&self.1).unwrap();
        signal(&self.0.id().to_string(), "CONT");
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Pages do not wait for a process that was stopped; they lack something then, which is told once.
fn expect_pages_soon(running: &Running, process: u32, times: usize) {
    let start = Instant::now();
    for _ in 0..3 {
        running.status("http/metric_zones/z/discarded");
    }
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
    let log = running.site.read("error.log");
    let told = format!(
        "updates wait for process {process}, which does not move: it is shown without them"
    );
    assert_eq!(log.matches(&told).count(), 1, "{log}");
    assert_eq!(log.matches("shown without them").count(), times, "{log}");
}

#[test]
fn nobody_waits_for_whoever_was_stopped_with_the_lock_of_a_zone_nor_loses_anything() {
    let running = start("256k:file=$DIR/z", 1);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    ask(&mut connection, "/key?k=known");
    let path = zone_file(&running);
    for round in 0..2 {
        let holder = Holder::start(&path);
        let longest = make_keys(&running, round);
        println!("longest {longest:?}");
        let process = holder.0.id();
        let told = format!("lock is held by process {process}: updates wait");
        let is_told = poll(PATIENCE, || {
            running.site.read("error.log").contains(&told).then_some(())
        });
        assert!(is_told.is_some(), "{}", running.site.read("error.log"));
        expect_pages_soon(&running, process, 1 + round);
        holder.go_on();
        expect_all(&running, round + 1);
    }
    // What is still waiting in the end is told.
    let holder = Holder::start(&path);
    for key in ["a", "b", "c"] {
        ask(&mut connection, &format!("/key?k={key}"));
    }
    drop(connection);
    let process = holder.0.id();
    let worker = running.workers(1)[0];
    signal(&worker.to_string(), "TERM");
    let told = format!("lock is held by process {process}: key");
    let found = poll(PATIENCE, || {
        let log = running.site.read("error.log");
        (log.matches(&told).count() == 3).then_some(())
    });
    assert!(found.is_some(), "{}", running.site.read("error.log"));
    holder.go_on();
    running.server.stop().unwrap();
}

/// Mebibytes of the zone in which keys are evicted: `PAUSE_MIB=1024` for a large one.
fn mebibytes() -> usize {
    let asked = std::env::var("PAUSE_MIB").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(64)
}

const LENGTH: Duration = Duration::from_secs(10);
/// What no answer may take, on a machine however busy: how long some do take is told.
const LIMIT: Duration = Duration::from_secs(2);

#[test]
fn requests_go_on_while_keys_are_evicted_from_a_large_zone() {
    let size = format!("{}m:file=$DIR/z expire=on discard_key=rest", mebibytes());
    let running = start(&size, 2);
    let zone = open(&zone_file(&running));
    let mut filled = 0;
    while zone.discarded() == 0 {
        filled += 1;
        zone.update(format!("{filled:032x}").as_bytes(), 1.0, now())
            .unwrap();
    }
    let load = Load::start(running.address(), "/any", 4, Habit::KeepAlive);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < LENGTH {
        took.push(ask(&mut connection, "/ping"));
        thread::sleep(Duration::from_micros(200));
    }
    let account = load.finish();
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    let (middle, late, longest) = (at(0.5), at(0.999), at(1.0));
    println!(
        "{} evicting inserts, {} answers: median {middle:?}, p99.9 {late:?}, max {longest:?}",
        account.answered,
        took.len()
    );
    assert_eq!(account.failed, 0, "{:?}", account.reasons);
    assert!(account.answered > 100 && longest < LIMIT);
    // Each key was fed once, so whatever is not in the zone is in the discard key.
    let all = filled + account.answered;
    let counted = || {
        let rest = running.status("http/metric_zones/z/metrics/rest");
        zone.len() - 1 + rest.as_u64().unwrap_or(0)
    };
    let exact = poll(PATIENCE, || (counted() == all).then_some(()));
    assert!(exact.is_some(), "{} counted of {all}", counted());
    let log = running.site.read("error.log");
    assert!(!log.contains("lock"), "{log}");
    // The last snapshot of a larger zone takes longer than an end is waited for.
    if mebibytes() <= 64 {
        running.server.stop().unwrap();
    }
}
