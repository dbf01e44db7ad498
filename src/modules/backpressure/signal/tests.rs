//! Signals as a whole: lines of configuration, a tree, a monitor that may be hostile, and what they come to.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::answer::Wanted;
use super::evaluator::Evaluator;
use super::grade::{CURVE, Grade};
use super::local::{Aggregation, Function, LocalWritten};
use super::monitor::{Monitor, MonitorWritten, endpoint};
use super::plan::{Plan, Signal, Source};
use super::standing::{Stale, StaleRule, Verdict};
use super::state::{Snapshot, States};
use crate::http::build::memory::Unshared;
use crate::status::prometheus::Path;
use crate::status::{Tree, Value, json};

const GRADE: Grade = Grade {
    warn: 10.0,
    emergency: 100.0,
    curve: CURVE,
};
const OPEN: Stale = Stale {
    after: 5000,
    rule: StaleRule::Open,
};

fn signal(name: &str, source: Source, grade: Option<Grade>) -> Signal {
    Signal {
        name: name.to_owned(),
        source,
        grade,
        interval: None,
        text: name.to_owned(),
    }
}

fn local(path: &str) -> Source {
    Source::Local(Box::new(LocalWritten {
        path: Path::Literal(path.to_owned()),
        over: None,
        function: Function::Value,
        aggregation: Aggregation::Sum,
    }))
}

/// A zone under test: its signals, and a tree with one number in it.
struct Trial {
    plan: Arc<Plan>,
    states: States,
    tree: Tree,
    load: Arc<AtomicU64>,
    evaluator: Evaluator,
}

impl Trial {
    fn new(signals: Vec<Signal>, monitor: Option<MonitorWritten>, stale: Stale) -> Self {
        let plan = Arc::new(Plan::made_of(signals, monitor));
        let states = States::open(&mut Unshared, "api", &plan).unwrap();
        let load = Arc::new(AtomicU64::new(ABSENT));
        let mut tree = Tree::new();
        let shown = Arc::clone(&load);
        tree.leaf(&["status", "load"], move || {
            let value = shown.load(Ordering::Relaxed);
            (value != ABSENT).then_some(Value::Integer(value))
        });
        let evaluator = Evaluator::new("api", Arc::clone(&plan), states.clone(), stale);
        Self {
            plan,
            states,
            tree,
            load,
            evaluator,
        }
    }

    fn at(&mut self, now: u64, load: u64) -> (f64, bool) {
        self.load.store(load, Ordering::Relaxed);
        self.round(now)
    }

    fn round(&mut self, now: u64) -> (f64, bool) {
        let Verdict {
            allowance,
            is_firing,
        } = self.evaluator.evaluate(&self.tree, now);
        (allowance, is_firing)
    }

    fn snapshot(&self, place: usize) -> Snapshot {
        self.states.of(place).read()
    }

    /// Rounds until the first signal was evaluated so often.
    fn until(&mut self, evaluations: u64) -> Snapshot {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            self.round(
                u64::try_from(Instant::now().duration_since(self.began()).as_millis()).unwrap(),
            );
            let snapshot = self.snapshot(0);
            if snapshot.evaluations >= evaluations {
                return snapshot;
            }
            assert!(Instant::now() < end, "{snapshot:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn began(&self) -> Instant {
        static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *BEGAN.get_or_init(Instant::now)
    }
}

const ABSENT: u64 = u64::MAX;

#[test]
fn a_graded_and_a_plain_signal() {
    let signals = vec![
        signal("graded", local("/load"), Some(GRADE)),
        signal("plain", local("/load"), None),
    ];
    let mut trial = Trial::new(signals, None, OPEN);
    assert_eq!(trial.at(1000, ABSENT), (1.0, false));
    assert!(trial.snapshot(0).judgement.is_stale);
    assert_eq!(trial.at(2000, 0), (1.0, false));
    let (allowance, is_firing) = trial.at(3000, 30);
    assert!((allowance - 0.411_112_29).abs() < 1e-8 && is_firing);
    assert_eq!(trial.at(4000, 1000), (0.0, true));
    let snapshot = trial.snapshot(0);
    assert_eq!(
        (snapshot.value, snapshot.evaluations, snapshot.errors),
        (Some(1000.0), 4, 0)
    );
    assert!(
        snapshot.updated.is_some() && snapshot.judgement.is_firing && !snapshot.judgement.is_stale
    );
    // Gone again: an open zone forgets it at once.
    assert_eq!(trial.at(5000, ABSENT), (1.0, false));
    let snapshot = trial.snapshot(0);
    assert!(snapshot.judgement.is_stale && snapshot.value == Some(1000.0));
}

#[test]
fn each_rule_of_staleness() {
    for (rule, expected) in [
        (StaleRule::Open, (1.0, false)),
        (StaleRule::Hold, (0.0, true)),
        (StaleRule::Close, (0.0, true)),
    ] {
        let signals = vec![
            signal("graded", local("/load"), Some(GRADE)),
            signal("plain", local("/load"), None),
        ];
        let mut trial = Trial::new(signals, None, Stale { after: 5000, rule });
        trial.at(1000, 500);
        assert_eq!(trial.at(2000, ABSENT), expected, "{rule:?}");
    }
}

#[test]
fn a_signal_is_evaluated_as_seldom_as_it_says() {
    let mut slow = signal("slow", local("/load"), None);
    slow.interval = Some(10_000);
    let mut trial = Trial::new(
        vec![slow],
        None,
        Stale {
            after: 60_000,
            ..OPEN
        },
    );
    assert_eq!(trial.at(1000, 1), (1.0, true));
    for second in 2..9 {
        assert_eq!(trial.at(second * 1000, 0), (1.0, true));
    }
    assert_eq!(trial.at(11_000, 0), (1.0, false));
    assert_eq!(trial.snapshot(0).evaluations, 2);
}

#[test]
fn whoever_takes_over_knows_what_was_known() {
    let signals = vec![signal("load", local("/load"), Some(GRADE))];
    let mut trial = Trial::new(
        signals,
        None,
        Stale {
            rule: StaleRule::Hold,
            ..OPEN
        },
    );
    trial.at(1000, 1000);
    let (plan, states) = (Arc::clone(&trial.plan), trial.states.clone());
    trial.evaluator = Evaluator::new(
        "api",
        plan,
        states,
        Stale {
            rule: StaleRule::Hold,
            ..OPEN
        },
    );
    assert_eq!(trial.at(2000, ABSENT), (0.0, false));
    assert_eq!(trial.snapshot(0).evaluations, 2);
}

#[test]
fn what_is_shown() {
    let signals = vec![
        signal("graded", local("/load"), Some(GRADE)),
        signal("plain", local("/load"), None),
    ];
    let mut trial = Trial::new(signals, None, OPEN);
    let shown = |trial: &Trial| {
        let node = super::node(&trial.plan, &trial.states);
        let mut out = Vec::new();
        let format = json::Format {
            pretty: false,
            dates: json::Dates::Epoch,
        };
        json::serialize(&node, format, &mut out).unwrap();
        let mut shown: serde_json::Value = serde_json::from_slice(&out).unwrap();
        for signal in ["graded", "plain"] {
            let updated = shown[signal]["updated"].take();
            assert!(updated.as_u64().is_some() || updated.is_null(), "{updated}");
        }
        shown
    };
    trial.at(500, ABSENT);
    let unknown = shown(&trial)["plain"].take();
    let nothing = serde_json::json!({"firing": false, "stale": true, "updated": null, "evaluations": 1, "errors": 0});
    assert_eq!(unknown, nothing);
    trial.at(1000, 1000);
    let expected = serde_json::json!({
        "graded": {"value": 1000.0, "warn": 10.0, "emergency": 100.0, "throttle": 1.0, "firing": true,
                   "stale": false, "updated": null, "evaluations": 2, "errors": 0},
        "plain": {"value": 1000.0, "firing": true, "stale": false, "updated": null,
                  "evaluations": 2, "errors": 0},
    });
    let shown = shown(&trial);
    let text = |value: &serde_json::Value| value.to_string().replace(".0", "");
    assert_eq!(text(&shown), text(&expected));
    let found = super::node(&trial.plan, &trial.states).find(&["plain", "firing"], |node| {
        node.and_then(|node| node.as_value().map(|value| format!("{value:?}")))
    });
    assert_eq!(found.as_deref(), Some("Boolean(true)"));
}

/// A monitor that answers each connection as it is told to.
fn monitor(behave: impl Fn(TcpStream, String) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let behave = Arc::new(behave);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), behave) = (stream, Arc::clone(&behave)) else {
                return;
            };
            thread::spawn(move || {
                let mut head = vec![0; 8192];
                let length = stream.read(&mut head).unwrap_or(0);
                let line = String::from_utf8_lossy(&head[..length]);
                let line = line.lines().next().unwrap_or_default().to_owned();
                behave(stream, line);
            });
        }
    });
    address
}

fn answering(answer: String) -> SocketAddr {
    monitor(move |mut stream, _| {
        drop(stream.write_all(answer.as_bytes()));
        drop(stream.shutdown(Shutdown::Write));
        drop(stream.read(&mut [0; 16]));
    })
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn vector(result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{result}]}}}}"#)
}

const SAMPLE: &str = r#"{"metric":{},"value":[1435781451.781,"30"]}"#;

/// A graded signal that asks this monitor every 100 ms, each time for a second at most.
fn asking(address: SocketAddr) -> Trial {
    asking_at(&format!("http://{address}"))
}

fn asking_at(url: &str) -> Trial {
    let written = MonitorWritten {
        endpoint: endpoint(url).unwrap(),
        timeout: Duration::from_secs(1),
        interval: 100,
    };
    let query = signal(
        "cpu",
        Source::Query("a > 1 and b{c=\"é&\"}".to_owned()),
        Some(GRADE),
    );
    Trial::new(
        vec![query],
        Some(written),
        Stale {
            after: 60_000,
            ..OPEN
        },
    )
}

#[test]
fn a_monitor_is_asked() {
    let lines = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let address = monitor(move |mut stream, line| {
        seen.lock().unwrap().push(line);
        drop(stream.write_all(ok(&vector(SAMPLE)).as_bytes()));
    });
    let snapshot = asking_at(&format!("http://{address}/base/")).until(1);
    assert_eq!((snapshot.value, snapshot.errors), (Some(30.0), 0));
    assert!((1.0 - snapshot.judgement.throttle - 0.411_112_29).abs() < 1e-8);
    let line = lines.lock().unwrap().first().cloned();
    let expected =
        "GET /base/api/v1/query?query=a%20%3E%201%20and%20b%7Bc%3D%22%C3%A9%26%22%7D HTTP/1.1";
    assert_eq!(line.as_deref(), Some(expected));
}

#[test]
fn a_plain_query_fires_while_it_finds_something() {
    for (body, is_firing) in [(vector(SAMPLE), true), (vector(""), false)] {
        let address = answering(ok(&body));
        let mut trial = asking(address);
        let written = trial.plan.monitor().cloned();
        let query = signal("alert", Source::Query("ALERTS".to_owned()), None);
        trial = Trial::new(vec![query], written, OPEN);
        let snapshot = trial.until(1);
        assert_eq!(
            (snapshot.judgement.is_firing, snapshot.errors),
            (is_firing, 0),
            "{body}"
        );
    }
}

#[test]
fn hostile_monitors_are_errors() {
    let deep = format!("{{\"status\":{}", "[".repeat(500_000));
    let many = vector(&vec![SAMPLE; 20].join(","));
    let redirect =
        |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let elsewhere = answering(ok(&vector(SAMPLE)));
    for answer in [
        String::new(),
        "nonsense\r\n\r\n".into(),
        ok(""),
        ok("<html>"),
        ok(&deep),
        ok(&many),
        ok(&vector("")),
        ok(&vector(&SAMPLE.replace("30", "NaN"))),
        ok(&vector(&SAMPLE.replace("30", "-1"))),
        ok(&vector(SAMPLE)).replace("200 OK", "503 Service Unavailable"),
        ok(r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#),
        redirect(&format!("http://{elsewhere}/api/v1/query")),
        ok(&vector(SAMPLE)).replace("Content-Length: ", "Content-Length: 9"),
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
            " ".repeat(3 << 20)
        ),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(100_000)),
    ] {
        let mut trial = asking(answering(answer.clone()));
        let snapshot = trial.until(1);
        let shown = &answer[..answer.len().min(100)];
        assert_eq!((snapshot.value, snapshot.errors), (None, 1), "{shown}");
        assert_eq!(trial.round(1000), (1.0, false));
    }
}

#[test]
fn who_is_slow_runs_into_the_timeout() {
    let drip = |text: &'static str| {
        move |mut stream: TcpStream, _: String| {
            let head = if text == "b" {
                "HTTP/1.1 200 OK\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\n"
            };
            let mut is_there = stream.write_all(head.as_bytes()).is_ok();
            while is_there {
                thread::sleep(Duration::from_millis(50));
                is_there = stream.write_all(text.as_bytes()).is_ok();
            }
        }
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [
        monitor(drip("X: y\r\n")),
        monitor(drip("b")),
        silent.local_addr().unwrap(),
    ] {
        let mut trial = asking(address);
        let began = Instant::now();
        let snapshot = trial.until(1);
        assert_eq!((snapshot.value, snapshot.errors), (None, 1));
        let took = began.elapsed();
        assert!(
            took > Duration::from_millis(900) && took < Duration::from_secs(20),
            "{took:?}"
        );
    }
}

#[test]
fn a_slow_monitor_delays_no_round_and_no_other_signal() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let written = MonitorWritten {
        endpoint: endpoint(&format!("http://{}", silent.local_addr().unwrap())).unwrap(),
        timeout: Duration::from_secs(600),
        interval: 100,
    };
    let signals = vec![
        signal("query", Source::Query("up".to_owned()), None),
        signal("load", local("/load"), Some(GRADE)),
    ];
    let mut trial = Trial::new(signals, Some(written), OPEN);
    for round in 1..200 {
        assert_eq!(trial.at(round * 1000, 1000), (0.0, false));
    }
    assert_eq!(trial.snapshot(1).evaluations, 199);
    assert_eq!(
        (trial.snapshot(0).evaluations, trial.snapshot(0).errors),
        (0, 0)
    );
    assert!(trial.snapshot(0).judgement.is_stale);
    // One question at a time, however often it would be due.
    silent.set_nonblocking(true).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while silent.accept().is_err() {
        assert!(Instant::now() < end);
        thread::sleep(Duration::from_millis(5));
    }
    assert!(silent.accept().is_err());
}

#[test]
fn nobody_listens() {
    // A port that is taken and not listened at.
    let closed = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    closed.bind(&any.into()).unwrap();
    let address = closed.local_addr().unwrap().as_socket().unwrap();
    let mut trial = asking(address);
    let snapshot = trial.until(3);
    assert_eq!((snapshot.value, snapshot.errors), (None, 3));
}

#[test]
fn addresses_of_monitors() {
    for (url, expected) in [
        (
            "http://127.0.0.1:9090",
            "http://127.0.0.1:9090/api/v1/query?query=",
        ),
        (
            "http://[::1]:9090/",
            "http://[::1]:9090/api/v1/query?query=",
        ),
        ("https://a.example", "https://a.example/api/v1/query?query="),
        (
            "http://a/prometheus//",
            "http://a/prometheus/api/v1/query?query=",
        ),
        ("http://a/x/api/v1/query", "http://a/x/api/v1/query?query="),
        (
            "http://a/api/v1/query/?dedup=true",
            "http://a/api/v1/query?dedup=true&query=",
        ),
        ("http://a?", "http://a/api/v1/query?query="),
    ] {
        assert_eq!(endpoint(url).as_deref(), Some(expected), "{url}");
    }
    for url in [
        "",
        "a",
        "127.0.0.1:9090",
        "/api",
        "ftp://a",
        "http://",
        "http:///x",
        "http://a:b",
        "http://a:",
        "http://a:0",
        "http://a:99999",
        "http://u:p@a",
        "http://a b",
        "http://a/#x",
        "http://ä",
        "unix:/x",
    ] {
        assert_eq!(endpoint(url), None, "{url}");
    }
}

/// A monitor with a certificate that it made itself, and that certificate.
fn encrypted_monitor() -> (SocketAddr, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 8192]).is_ok() {
                drop(stream.write_all(ok(&vector(SAMPLE)).as_bytes()));
                drop(stream.flush());
            }
        }
    });
    (address, certificate.to_vec())
}

#[test]
fn a_monitor_may_be_encrypted_and_must_be_trusted() {
    let (address, certificate) = encrypted_monitor();
    let written = |host: &str| MonitorWritten {
        endpoint: endpoint(&format!("https://{host}:{}", address.port())).unwrap(),
        timeout: Duration::from_secs(20),
        interval: 100,
    };
    let ask = |monitor: Monitor| monitor.ask("up", Wanted::Value);
    let unknown = ask(Monitor::new(&written("localhost")));
    assert!(
        unknown
            .as_ref()
            .is_err_and(|why| why.contains("certificate")),
        "{unknown:?}"
    );
    let known = ask(Monitor::new(&written("localhost")).trusting(&certificate));
    assert_eq!(known, Ok(30.0));
    let other_name = ask(Monitor::new(&written("127.0.0.1")).trusting(&certificate));
    assert!(
        other_name
            .as_ref()
            .is_err_and(|why| why.contains("certificate")),
        "{other_name:?}"
    );
}
