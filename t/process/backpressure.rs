//! Backpressure over several workers: the window follows its signals, no more requests are let in than it has room
//! for, and every way a request can end gives its room back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{self, Connection, Response};
use crate::harness::server::{children, signal};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

pub(crate) const WORKERS: usize = 4;
const CLIENTS: usize = 64;

/// An origin that counts how many requests it has in hand, and is slow or fails when it is told to.
#[derive(Default)]
pub(crate) struct Origin {
    now: AtomicUsize,
    most: AtomicUsize,
    pub(crate) requests: AtomicUsize,
    /// How long an answer takes.
    milliseconds: AtomicU64,
    /// Answers wait no longer.
    is_open: AtomicBool,
    fails: AtomicBool,
}

impl Origin {
    pub(crate) fn start(milliseconds: u64) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let origin = Arc::new(Self::default());
        origin.milliseconds.store(milliseconds, Ordering::SeqCst);
        let shared = Arc::clone(&origin);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let origin = Arc::clone(&shared);
                thread::spawn(move || origin.serve(stream));
            }
        });
        (address, origin)
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).ok()?;
                head.push(byte[0]);
            }
            self.requests.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let time = self.milliseconds.load(Ordering::SeqCst);
            let end = Instant::now() + Duration::from_millis(time);
            while Instant::now() < end && !self.is_open.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(time.min(5)));
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            let answer: &[u8] = match self.fails.load(Ordering::SeqCst) {
                true => b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
                false => b"HTTP/1.1 200 Yes\r\nContent-Length: 0\r\n\r\n",
            };
            stream.write_all(answer).ok()?;
        }
    }
}

/// A server whose window `z` follows the number that was last set at `/set?v=`.
pub(crate) fn start(zone: &str, origin: SocketAddr) -> Running {
    Running::start(&parts(zone, origin))
}

pub(crate) fn parts(zone: &str, origin: SocketAddr) -> Parts {
    Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: format!(
            "keepalive_requests 1000000;\nmetric_zone number:64k last;\n\
             backpressure_zone z:64k {zone} {{\n    \
                 signal number path=/http/metric_zones/number/metrics/v warn=10 emergency=100;\n}}\n\
             log_format line '$request $status';\naccess_log $DIR/access.log line;\n"
        ),
        config: format!(
            "location /set {{ metric number v=$arg_v on=request; try_files /none =204; }}\n\
             location /free {{ backpressure z; try_files /none =204; }}\n\
             location / {{ backpressure z;\n    \
                 add_header X-Seen \"$backpressure_active $backpressure_window\" always;\n    \
                 proxy_pass http://{origin}; }}\n"
        ),
        ..Parts::default()
    }
}

pub(crate) fn get(running: &Running, target: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(target).unwrap()
}

fn window(running: &Running) -> u64 {
    running
        .status("http/backpressure_zones/z/window")
        .as_u64()
        .unwrap()
}

pub(crate) fn expect(running: &Running, name: &str, expected: u64) {
    running.expect_status(
        &format!("http/backpressure_zones/z/{name}"),
        &json!(expected),
    );
}

#[test]
fn the_window_follows_the_numbers_of_the_original() {
    let (origin, _) = Origin::start(0);
    let running = start("min=10 max=100 interval=100ms", origin);
    expect(&running, "window", 10);
    client_of(&running, "/free", 70);
    expect(&running, "window", 80);
    assert_eq!(get(&running, "/set?v=30").status, 204);
    expect(&running, "window", 41);
    let allowance = running.status("http/backpressure_zones/z/allowance");
    assert!(
        (allowance.as_f64().unwrap() - 0.411_112_29).abs() < 1e-8,
        "{allowance}"
    );
    client_of(&running, "/free", 5);
    expect(&running, "window", 41);
    assert_eq!(get(&running, "/set?v=1000").status, 204);
    expect(&running, "window", 10);
    running.expect_status("http/backpressure_zones/z/allowance", &json!(0));
    assert_eq!(get(&running, "/set?v=1").status, 204);
    running.expect_status("http/backpressure_zones/z/allowance", &json!(1));
    client_of(&running, "/free", 3);
    expect(&running, "window", 13);
    expect(&running, "active", 0);
    expect(&running, "passed", 78);
    running.server.stop().unwrap();
}

pub(crate) fn client_of(running: &Running, target: &str, requests: usize) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..requests {
        assert_eq!(connection.get(target).unwrap().status, 204);
    }
}

/// What clients have seen.
#[derive(Default)]
struct Seen {
    passed: AtomicU64,
    rejected: AtomicU64,
    /// Requests that were let in beyond the window.
    beyond: AtomicU64,
    first_rejection: parking_lot::Mutex<Option<Instant>>,
    is_over: AtomicBool,
}

impl Seen {
    fn note(&self, response: &Response) {
        match response.status {
            429 => {
                self.rejected.fetch_add(1, Ordering::SeqCst);
                self.first_rejection.lock().get_or_insert_with(Instant::now);
            }
            _ => {
                self.passed.fetch_add(1, Ordering::SeqCst);
                let seen = response.header("X-Seen").unwrap_or_default();
                let numbers = seen.split_once(' ').unwrap();
                let (active, window): (u64, u64) =
                    (numbers.0.parse().unwrap(), numbers.1.parse().unwrap());
                if active > window {
                    self.beyond.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }
}

/// Clients that ask again and again, with pauses after refusals, whatever becomes of their connections.
struct Crowd {
    seen: Arc<Seen>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Crowd {
    fn start(address: SocketAddr, clients: usize) -> Self {
        let seen = Arc::new(Seen::default());
        let threads = (0..clients).map(|_| {
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                while !seen.is_over.load(Ordering::SeqCst) {
                    ask_often(address, &seen);
                }
            })
        });
        let threads = threads.collect();
        Self { seen, threads }
    }

    fn finish(self) -> Arc<Seen> {
        self.seen.is_over.store(true, Ordering::SeqCst);
        self.threads.into_iter().for_each(|one| one.join().unwrap());
        self.seen
    }
}

fn ask_often(address: SocketAddr, seen: &Seen) {
    let Ok(mut connection) = Connection::open(address, PATIENCE) else {
        return;
    };
    while !seen.is_over.load(Ordering::SeqCst) {
        let Ok(response) = connection.get("/") else {
            return;
        };
        seen.note(&response);
        if response.status == 429 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn a_crowd_never_gets_more_room_than_there_is_while_workers_are_killed() {
    const MOST: usize = 8;
    let (address, origin) = Origin::start(5);
    let mut running = start(&format!("min=4 max={MOST} interval=100ms"), address);
    let rounds = std::env::var("BACKPRESSURE_ROUNDS").ok();
    let rounds: usize = rounds.map_or(6, |rounds| rounds.parse().unwrap());
    let crowd = Crowd::start(running.address(), CLIENTS);
    for round in 0..rounds {
        thread::sleep(Duration::from_millis(250));
        let worker = running.workers(WORKERS).swap_remove(round % WORKERS);
        signal(&worker.to_string(), "KILL");
        let is_gone = || !running.server.workers().iter().any(|one| one.id == worker);
        assert!(poll(PATIENCE, || is_gone().then_some(())).is_some());
        running.workers(WORKERS);
    }
    thread::sleep(Duration::from_millis(250));
    let seen = crowd.finish();
    let [passed, rejected, beyond] =
        [&seen.passed, &seen.rejected, &seen.beyond].map(|count| count.load(Ordering::SeqCst));
    assert!(
        passed > 100 && rejected > 100,
        "{passed} passed, {rejected} rejected"
    );
    assert_eq!(beyond, 0, "of {passed}");
    // Beside those that are let in there may be those that one killed worker had in hand.
    let most = origin.most.load(Ordering::SeqCst);
    assert!(most <= 2 * MOST, "{most} at once");
    expect(&running, "active", 0);
    assert!(running.server.is_running());
    let requests = running.status("http/backpressure_zones/z");
    assert!(requests["passed"].as_u64().unwrap() >= passed, "{requests}");
    running.server.stop().unwrap();
}

#[test]
fn many_requests_leave_no_drift() {
    let (origin, _) = Origin::start(0);
    let running = start("min=2 max=3 interval=100ms", origin);
    let requests = std::env::var("BACKPRESSURE_REQUESTS").ok();
    let requests: usize = requests.map_or(100_000, |requests| requests.parse().unwrap());
    let address = running.address();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut connection = Connection::open(address, PATIENCE).unwrap();
                for _ in 0..requests / 8 {
                    let status = connection.get("/free").unwrap().status;
                    assert!(matches!(status, 204 | 429), "{status}");
                }
            })
        })
        .collect();
    clients
        .into_iter()
        .for_each(|client| client.join().unwrap());
    expect(&running, "active", 0);
    let zone = running.status("http/backpressure_zones/z");
    let [passed, rejected] = ["passed", "rejected"].map(|name| zone[name].as_u64().unwrap());
    assert_eq!(passed + rejected, requests as u64 / 8 * 8, "{zone}");
    running.server.stop().unwrap();
}

#[test]
fn clients_that_leave_give_their_room_back() {
    let (address, origin) = Origin::start(60_000);
    let running = start("min=40 max=40 interval=100ms", address);
    let request = client::head("GET", "/", &[], None);
    let mut clients: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address()).unwrap();
            stream.write_all(&request).unwrap();
            stream
        })
        .collect();
    expect(&running, "active", 40);
    let asked = poll(PATIENCE, || {
        (origin.requests.load(Ordering::SeqCst) == 40).then_some(())
    });
    assert!(asked.is_some());
    assert_eq!(get(&running, "/free").status, 429);
    clients.truncate(15);
    expect(&running, "active", 15);
    assert_eq!(get(&running, "/free").status, 204);
    drop(clients);
    expect(&running, "active", 0);
    running.server.stop().unwrap();
}

#[test]
fn what_killed_workers_had_in_hand_is_given_back() {
    let (address, origin) = Origin::start(60_000);
    let running = start("min=40 max=40 interval=100ms", address);
    let request = client::head("GET", "/", &[], None);
    let clients: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address()).unwrap();
            stream.write_all(&request).unwrap();
            stream
        })
        .collect();
    let asked = poll(PATIENCE, || {
        (origin.requests.load(Ordering::SeqCst) == 40).then_some(())
    });
    assert!(asked.is_some());
    expect(&running, "active", 40);
    for worker in running.workers(WORKERS) {
        signal(&worker.to_string(), "KILL");
    }
    expect(&running, "active", 0);
    drop(clients);
    client_of(&running, "/free", 20);
    running.server.stop().unwrap();
}

#[test]
fn old_and_new_workers_have_one_window() {
    let (address, origin) = Origin::start(60_000);
    let running = start("min=3 max=3 interval=100ms", address);
    let ask = || {
        let address = running.address();
        thread::spawn(move || {
            Connection::open(address, PATIENCE)
                .unwrap()
                .get("/")
                .unwrap()
        })
    };
    let early = [ask(), ask()];
    let asked = |count| {
        poll(PATIENCE, || {
            (origin.requests.load(Ordering::SeqCst) == count).then_some(())
        })
    };
    assert!(asked(2).is_some());
    running.reload(&parts("min=3 max=3 interval=200ms", address));
    let late = ask();
    assert!(asked(3).is_some());
    expect(&running, "active", 3);
    assert_eq!(get(&running, "/free").status, 429);
    origin.is_open.store(true, Ordering::SeqCst);
    for client in early.into_iter().chain([late]) {
        assert_eq!(client.join().unwrap().status, 200);
    }
    expect(&running, "active", 0);
    expect(&running, "passed", 3);
    expect(&running, "rejected", 1);
    // Other limits hold from the next evaluation on.
    running.reload(&parts("min=7 max=9 interval=100ms", address));
    expect(&running, "window", 7);
    running.server.stop().unwrap();
}

#[test]
fn keys_under_way_stay_however_many_come() {
    let (address, origin) = Origin::start(60_000);
    let zone = "backpressure_zone k:32k key=$arg_k interval=100ms {\n    \
                signal n path=/http/metric_zones/none/metrics/v warn=1 emergency=2;\n}\n";
    let running = Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: zone.into(),
        config: format!(
            "location / {{ backpressure k; proxy_pass http://{address}; }}\n\
             location /free {{ backpressure k; try_files /none =204; }}\n"
        ),
        ..Parts::default()
    });
    let ask = |key: String| {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        let request = client::head("GET", &format!("/?k={key}"), &[], None);
        stream.write_all(&request).unwrap();
        stream
    };
    let held = ask("held".into());
    running.expect_status("http/backpressure_zones/k/keys/held/active", &json!(1));
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for number in 0..500 {
        let response = connection.get(&format!("/free?k={number}")).unwrap();
        assert_eq!(response.status, 204);
    }
    assert_eq!(get(&running, "/free?k=held").status, 429);
    let discarded = running.status("http/backpressure_zones/k/discarded");
    assert!(discarded.as_u64().unwrap() > 50, "{discarded}");
    // Now there is somebody under way by every key that finds room, and the others pass.
    let clients: Vec<TcpStream> = (0..400)
        .map(|number| ask(format!("slow{number}")))
        .collect();
    let asked = || (origin.requests.load(Ordering::SeqCst) == 401).then_some(());
    assert!(poll(PATIENCE, asked).is_some());
    let zone = running.status("http/backpressure_zones/k");
    let [passed, exhausted, active] =
        ["passed", "exhausted", "active"].map(|name| zone[name].as_u64().unwrap());
    assert!(
        exhausted > 50 && active > 50,
        "{exhausted} exhausted, {active} active"
    );
    assert_eq!((passed + exhausted, active + exhausted), (901, 401));
    assert_eq!(get(&running, "/free?k=held").status, 429);
    // Some leave, some are in the hands of workers that die.
    drop((held, clients));
    for worker in running.workers(WORKERS).into_iter().take(2) {
        signal(&worker.to_string(), "KILL");
    }
    running.expect_status("http/backpressure_zones/k/active", &json!(0));
    running.expect_status("http/backpressure_zones/k/keys/held/active", &json!(0));
    assert_eq!(get(&running, "/free?k=held").status, 204);
    running.server.stop().unwrap();
}

#[test]
fn killed_workers_give_back_what_they_had_by_keys() {
    let (address, origin) = Origin::start(60_000);
    let parts = |size: &str| Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: format!(
            "backpressure_zone k:{size} min=20 max=20 key=$arg_k interval=100ms {{\n    \
             signal n path=/http/metric_zones/none/metrics/v warn=1 emergency=2;\n}}\n"
        ),
        config: format!("location / {{ backpressure k; proxy_pass http://{address}; }}\n"),
        ..Parts::default()
    };
    let running = Running::start(&parts("64k"));
    let clients: Vec<TcpStream> = (0..40)
        .map(|number| {
            let mut stream = TcpStream::connect(running.address()).unwrap();
            let target = format!("/?k={}", number % 2);
            stream
                .write_all(&client::head("GET", &target, &[], None))
                .unwrap();
            stream
        })
        .collect();
    let asked = || (origin.requests.load(Ordering::SeqCst) == 40).then_some(());
    assert!(poll(PATIENCE, asked).is_some());
    let old = running.workers(WORKERS);
    // The zone moves while its keys are in use.
    running.reload(&parts("128k"));
    let keys = "http/backpressure_zones/k/keys";
    let both = |active: u32| {
        let key = json!({"window": 20, "active": active, "rejected": 0});
        json!({"0": key, "1": key})
    };
    running.expect_status(keys, &both(20));
    for worker in &old {
        signal(&worker.to_string(), "KILL");
    }
    running.expect_status(keys, &both(0));
    drop(clients);
    running.server.stop().unwrap();
}

#[test]
fn windows_last_in_files() {
    let (address, origin) = Origin::start(60_000);
    let parts = Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "backpressure_zone one:64k:file=$DIR/one min=2 max=100 interval=100ms {\n    \
                      signal n path=/http/metric_zones/none/metrics/v warn=1 emergency=2;\n}\n\
                      backpressure_zone k:64k:file=$DIR/k min=2 max=100 key=$arg_k interval=100ms {\n    \
                      signal n path=/http/metric_zones/none/metrics/v warn=1 emergency=2;\n}\n"
            .into(),
        config: format!(
            "location / {{ backpressure one; backpressure k; proxy_pass http://{address}; }}\n\
             location /free {{ backpressure one; backpressure k; try_files /none =204; }}\n"
        ),
        ..Parts::default()
    };
    let mut running = Running::start(&parts);
    client_of(&running, "/free?k=a", 7);
    client_of(&running, "/free?k=b", 3);
    let request = client::head("GET", "/?k=a", &[], None);
    let slow = |running: &Running| {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        stream.write_all(&request).unwrap();
        stream
    };
    // Everything is killed with requests in hand.
    for round in 1..=2 {
        let clients = [slow(&running), slow(&running)];
        let asked = || (origin.requests.load(Ordering::SeqCst) == 2 * round).then_some(());
        assert!(poll(PATIENCE, asked).is_some());
        let keys = json!({
            "a": {"window": 9, "active": 2, "rejected": 0},
            "b": {"window": 5, "active": 0, "rejected": 0},
        });
        running.expect_status("http/backpressure_zones/k/keys", &keys);
        running.expect_status("http/backpressure_zones/one/state/records", &json!(1));
        // The next evaluation keeps the window.
        thread::sleep(Duration::from_millis(400));
        let site = crate::lasting::kill(running);
        drop(clients);
        running = Running::start_at(site, &parts);
        running.expect_status("http/backpressure_zones/one/window", &json!(12));
        running.expect_status("http/backpressure_zones/k/active", &json!(0));
        running.expect_status("http/backpressure_zones/k/keys/a/active", &json!(0));
    }
    client_of(&running, "/free?k=b", 1);
    running.expect_status("http/backpressure_zones/k/keys/b/window", &json!(6));
    running.server.stop().unwrap();
}

pub(crate) fn keeper(running: &Running) -> Option<u32> {
    let all = children(running.server.id()).into_iter();
    let mut keepers = all.filter(|one| one.title.contains("keeper process"));
    keepers.next().map(|one| one.id)
}

#[test]
fn another_process_evaluates_when_the_first_dies() {
    let (origin, _) = Origin::start(0);
    let running = start("min=1 max=50 interval=100ms", origin);
    client_of(&running, "/free", 30);
    for (value, expected) in [(40, 13), (1000, 1)] {
        let first = poll(PATIENCE, || keeper(&running)).unwrap();
        signal(&first.to_string(), "KILL");
        let killed = Instant::now();
        assert_eq!(get(&running, &format!("/set?v={value}")).status, 204);
        expect(&running, "window", expected);
        println!("taken over within {:?}", killed.elapsed());
        assert_ne!(keeper(&running), Some(first));
    }
    running.server.stop().unwrap();
}

/// A server before an origin, whose window is at most so large and follows the share of requests that fail.
fn watchful(most: u64, address: SocketAddr) -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: format!(
            "backpressure_zone z:64k min=1 max={most} {{\n    \
                 signal errors path=~^/http/server_zones/app/responses/5..$ func=rate agg=sum\n        \
                     over=~^/http/server_zones/app/responses/[25]00$ window=2s warn=0.05 emergency=0.3;\n}}\n"
        ),
        config: format!(
            "status_zone app;\nlocation / {{ backpressure z;\n    \
                 add_header X-Seen \"$backpressure_active $backpressure_window\" always;\n    \
                 proxy_pass http://{address}; }}\n"
        ),
        ..Parts::default()
    })
}

#[test]
fn the_first_rejection_comes_soon_after_the_first_failure() {
    let (address, origin) = Origin::start(10);
    // There is room for everybody, while the origin is well.
    let running = watchful(CLIENTS as u64 + 1, address);
    let crowd = Crowd::start(running.address(), CLIENTS);
    expect(&running, "window", CLIENTS as u64 + 1);
    *crowd.seen.first_rejection.lock() = None;
    thread::sleep(Duration::from_millis(500));
    assert_eq!(*crowd.seen.first_rejection.lock(), None);
    origin.fails.store(true, Ordering::SeqCst);
    let failing = Instant::now();
    let rejected = poll(PATIENCE, || *crowd.seen.first_rejection.lock());
    let took = rejected.unwrap().duration_since(failing);
    println!("the first rejection comes after {took:?}");
    assert!(took < Duration::from_millis(LATEST), "{took:?}");
    crowd.finish();
    running.server.stop().unwrap();
}

#[test]
fn a_failing_origin_is_spared_at_once_and_gets_everything_back() {
    const MOST: u64 = 20;
    let (address, origin) = Origin::start(10);
    let running = watchful(MOST, address);
    let crowd = Crowd::start(running.address(), CLIENTS);
    expect(&running, "window", MOST);
    *crowd.seen.first_rejection.lock() = None;
    origin.fails.store(true, Ordering::SeqCst);
    let failing = Instant::now();
    // All clients but one window's worth are refused all the time, so what is looked for is the window; and how many
    // requests fail is set beside those that an origin answered, not beside all.
    let small = poll(PATIENCE, || {
        (window(&running) < MOST).then(|| failing.elapsed())
    });
    let small = small.unwrap();
    println!("the window is smaller after {small:?}");
    assert!(small < Duration::from_millis(LATEST), "{small:?}");
    expect(&running, "window", 1);
    origin.fails.store(false, Ordering::SeqCst);
    let recovering = Instant::now();
    expect(&running, "window", MOST);
    println!("the window is whole after {:?}", recovering.elapsed());
    assert!(recovering.elapsed() < Duration::from_secs(20));
    let seen = crowd.finish();
    assert_eq!(seen.beyond.load(Ordering::SeqCst), 0);
    let most = origin.most.load(Ordering::SeqCst) as u64;
    assert!(most <= MOST, "{most} at once");
    expect(&running, "active", 0);
    running.server.stop().unwrap();
}

/// Two seconds, and what a busy machine takes to notice.
const LATEST: u64 = 4_000;

fn jittered(config: &str) -> (Running, Arc<Origin>) {
    let (address, origin) = Origin::start(0);
    let running = Running::start(&Parts {
        http_config: "log_format line '$request $status $jitter_delay';\n\
                      access_log $DIR/access.log line;\n\
                      map $http_x_request_criticality $critical { CRITICAL_PLUS 1; default \"\"; }\n"
            .into(),
        config: format!(
            "location / {{ {config}\n    add_header X-Delay $jitter_delay;\n    \
             proxy_pass http://{address}; }}\n"
        ),
        ..Parts::default()
    });
    (running, origin)
}

/// The delay of a response in seconds, as it says itself.
fn delay(response: &Response) -> f64 {
    assert_eq!(response.status, 200);
    response.header("X-Delay").unwrap().parse().unwrap()
}

#[test]
fn jitter_is_spread_evenly() {
    const CONNECTIONS: usize = 50;
    const REQUESTS: usize = 20;
    let (running, _) = jittered("jitter 200ms;");
    let address = running.address();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            thread::spawn(move || {
                let mut connection = Connection::open(address, PATIENCE).unwrap();
                let ask = |_| {
                    let begun = Instant::now();
                    let delay = delay(&connection.get("/").unwrap());
                    // Milliseconds are cut off, and timers are never early.
                    assert!(begun.elapsed().as_secs_f64() >= delay);
                    delay
                };
                (0..REQUESTS).map(ask).collect::<Vec<f64>>()
            })
        })
        .collect();
    let delays: Vec<f64> = clients
        .into_iter()
        .flat_map(|one| one.join().unwrap())
        .collect();
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    let least = delays.iter().copied().fold(f64::MAX, f64::min);
    let most = delays.iter().copied().fold(0.0, f64::max);
    // The deviation of the mean of a thousand is less than two milliseconds.
    assert!((0.085..0.115).contains(&mean), "mean {mean}");
    assert!(
        least < 0.02 && most > 0.18 && most < 0.2,
        "{least} to {most}"
    );
    running.server.stop().unwrap();
}

#[test]
fn jitter_is_passed_by_or_limited() {
    let (running, _) =
        jittered("jitter 10m $http_x_can_wait; jitter_max 40ms; jitter_bypass $critical;");
    let ask = |name: &str, value: &str| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        let fields = [(name.to_owned(), value.to_owned())];
        connection
            .send(&client::head("GET", "/", &fields, None))
            .unwrap();
        delay(&connection.receive("GET").unwrap())
    };
    for _ in 0..20 {
        assert!(ask("X-Can-Wait", "1h") < 0.04);
    }
    assert_eq!(ask("X-Request-Criticality", "CRITICAL_PLUS"), 0.0);
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_while_it_waits_never_reaches_the_origin() {
    let (running, origin) = jittered("jitter 1000h; jitter_max 1000h;");
    let request = client::head("GET", "/left", &[], None);
    let clients: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(running.address()).unwrap();
            stream.write_all(&request).unwrap();
            stream
        })
        .collect();
    running.expect_status("connections/active", &json!(9));
    drop(clients);
    let logged = || {
        let log = running.site.read("access.log");
        let left = log
            .lines()
            .filter(|line| line.contains("/left HTTP/1.1 499 "));
        (left.count() == 8).then_some(())
    };
    let found = poll(PATIENCE, || {
        // Lines are written in bunches.
        running.server.signal("USR1");
        logged()
    });
    assert!(found.is_some(), "{}", running.site.read("access.log"));
    assert_eq!(origin.requests.load(Ordering::SeqCst), 0);
    running.server.stop().unwrap();
}
