//! Monitors that answer, and monitors that are hostile, slow or gone.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::super::monitor::{MonitorWritten, endpoint};
use super::super::plan::Source;
use super::super::standing::Stale;
use super::{GRADE, OPEN, SAMPLE, Trial, local, ok, signal, vector};

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
