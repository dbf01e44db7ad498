//! The file of a zone that is taken out of the configuration and put back, while a worker has requests from before.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use super::{ask, count, expect, paced, start};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

fn parts(zone: &str, origin: std::net::SocketAddr) -> Parts {
    let session = if zone.is_empty() {
        ""
    } else {
        "session s $arg_id reference=r;"
    };
    Parts {
        http_config: zone.to_owned(),
        config: format!(
            "location / {{ {session} proxy_pass http://{origin}; }}\n\
             location /hello {{ {session} try_files /hello =404; }}\n"
        ),
        ..Parts::default()
    }
}

const ZONE: &str = "session_zone s:256k:file=$DIR/sessions timeout=60s;\n";
const OTHER: &str = "session_zone s:256k:file=$DIR/others timeout=60s;\n";
const MEMORY: &str = "session_zone s:256k timeout=60s;\n";

fn download(running: &Running) -> thread::JoinHandle<()> {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream
        .write_all(b"GET /?id=long HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    thread::spawn(move || {
        let mut place = [0; 65536];
        while let Ok(1..) = stream.read(&mut place) {}
    })
}

fn await_flow(running: &Running, least: u64) {
    let tx = || {
        let value = running.status("http/session_zones/s/active/long/tx/bytes");
        value.as_u64().filter(|bytes| *bytes > least)
    };
    let flows = poll(PATIENCE, tx);
    assert!(flows.is_some(), "{}", running.site.read("error.log"));
}

#[test]
fn a_zone_that_was_gone_for_a_while_goes_on_with_who_still_counts_there() {
    let origin = paced::origin(100 << 20, 1 << 20);
    let running = start(&parts(ZONE, origin));
    let reader = download(&running);
    await_flow(&running, 100_000);
    for _ in 0..2 {
        running.reload(&parts("", origin));
        running.reload(&parts("", origin));
        running.reload(&parts(ZONE, origin));
        let now = count(&running, "active/long/tx/bytes");
        // By the worker of the first configuration.
        await_flow(&running, now + 300_000);
    }
    assert_eq!(ask(&running, "GET", "/hello?id=new", None), 200);
    expect(&running, "sessions/active", 2);
    let log = running.site.read("error.log");
    assert!(!log.contains("in use by another"), "{log}");
    running.server.stop().unwrap();
    reader.join().unwrap();
}

#[test]
fn what_was_counted_elsewhere_is_newer_than_what_a_worker_has_from_before() {
    let origin = paced::origin(100 << 20, 1 << 20);
    for elsewhere in [MEMORY, OTHER] {
        let running = start(&parts(ZONE, origin));
        let reader = download(&running);
        await_flow(&running, 100_000);
        running.reload(&parts(elsewhere, origin));
        assert_eq!(ask(&running, "GET", "/hello?id=new", None), 200);
        running.reload(&parts(ZONE, origin));
        assert_eq!(count(&running, "active/new/requests"), 1, "{elsewhere}");
        let log = running.site.read("error.log");
        assert!(!log.contains("in use by another"), "{log}");
        running.server.stop().unwrap();
        reader.join().unwrap();
    }
}
