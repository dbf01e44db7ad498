//! What is in a zone while it is used, looked at and changed by a process beside the server.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::sessions::schema;
use pingauge::zone::Zone;

use super::{ask, count, expect, start};
use crate::harness::load::pipeline;
use crate::harness::origin::serving;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// The memory of the session zone "s", which is kept in a file.
fn open(running: &Running) -> Zone {
    let path = running.site.directory.join("sessions");
    let file = File::options().read(true).write(true).open(path).unwrap();
    let memory = SharedMemory::from_fd(file.into()).unwrap();
    Zone::attach(&memory, Arc::new(schema())).unwrap()
}

fn now() -> Moment {
    Moment(monotonic())
}

fn parts(size: &str, config: String) -> Parts {
    Parts {
        http_config: format!("session_zone s:{size}:file=$DIR/sessions timeout=60s pending=60s;\n"),
        config,
        ..Parts::default()
    }
}

/// An origin whose body comes piece by piece from when it is told to until it is told that it is enough.
fn told_origin(begin: &Arc<AtomicBool>, enough: &Arc<AtomicBool>) -> SocketAddr {
    let (begin, enough) = (Arc::clone(begin), Arc::clone(enough));
    serving(move |mut stream, _| {
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut line = String::from("begin");
        while !line.trim_end().is_empty() {
            line.clear();
            lines.read_line(&mut line)?;
        }
        poll(PATIENCE, || begin.load(SeqCst).then_some(()));
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        while !enough.load(SeqCst) {
            stream.write_all(&[b'x'; 10_000])?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    })
}

#[test]
fn an_activation_that_somebody_keeps_from_being_made_is_tried_again() {
    let [begin, enough] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let origin = told_origin(&begin, &enough);
    let config = format!("location / {{ session s $arg_id; proxy_pass http://{origin}; }}\n");
    let running = start(&parts("256k", config));
    let zone = open(&running);
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /?id=a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let reader = thread::spawn(move || {
        let mut got = Vec::new();
        stream.read_to_end(&mut got).map(|_| got.len())
    });
    // Whoever is at its cells keeps others from changing the session as a whole, but not from counting.
    let held = poll(PATIENCE, || {
        zone.with_cells(b"\x02a", now(), |_| {
            begin.store(true, SeqCst);
            let log = || running.site.read("error.log");
            poll(PATIENCE, || {
                log().contains("session zone \"s\": ").then_some(())
            })
        })
    });
    let log = || running.site.read("error.log");
    assert!(held.flatten().is_some(), "{log}", log = log());
    expect(&running, "sessions/active", 1);
    enough.store(true, SeqCst);
    let got = reader.join().unwrap().unwrap() as u64;
    expect(&running, "active/a/tx/bytes", got);
    assert_eq!(count(&running, "tx/bytes"), got);
    running.server.stop().unwrap();
}

#[test]
fn sessions_are_counted_anew_when_their_zone_moves_and_not_otherwise() {
    let config = "location / { session s $arg_id; try_files /hello =404; }\n";
    let running = start(&parts("256k", config.into()));
    for id in ["/?id=a", "/?id=b", "/?id=c"] {
        assert_eq!(ask(&running, "GET", id, None), 200);
    }
    expect(&running, "sessions/active", 3);
    let zone = open(&running);
    let wrong = zone.with_cells(b"\x00", now(), |cells| cells[2].store(1, SeqCst));
    assert_eq!((wrong, count(&running, "sessions/active")), (Some(()), 1));
    running.reload(&parts("256k", config.into()));
    assert_eq!(count(&running, "sessions/active"), 1);
    running.reload(&parts("512k", config.into()));
    assert_eq!(count(&running, "sessions/active"), 3);
    running.server.stop().unwrap();
}

#[test]
fn what_finds_no_room_is_counted_once_wherever_its_request_is_sent() {
    let config = "location / { session s $request_id; try_files /hello =404; }\n\
        location /far { session s $request_id; try_files /none /near; }\n\
        location /near { session s $request_id; rewrite ^ /last last; }\n\
        location /last { session s $request_id; try_files /hello =404; }\n";
    let running = start(&parts("32k", config.into()));
    pipeline(running.address(), 300, 10, |_| "/".into());
    let before = count(&running, "discarded");
    assert!(before > 100, "{before}");
    pipeline(running.address(), 7, 1, |_| "/far".into());
    assert_eq!(count(&running, "discarded"), before + 7);
    assert_eq!(count(&running, "skipped"), 0);
    running.server.stop().unwrap();
}
