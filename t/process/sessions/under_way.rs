//! Sessions that end while a request of theirs is under way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use super::{ask, count, expect, start, zone};
use crate::harness::origin::serving;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};

/// Longer than sessions live here, with the sweep that follows.
const PAUSE: Duration = Duration::from_millis(3500);

/// An origin that takes the head of a request and then does this.
fn origin(
    serve: impl Fn(&mut TcpStream, &mut BufReader<TcpStream>) -> std::io::Result<()>
    + Send
    + Sync
    + 'static,
) -> SocketAddr {
    serving(move |mut stream, _| {
        let mut lines = BufReader::new(stream.try_clone()?);
        let mut line = String::from("begin");
        while !line.trim_end().is_empty() {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
        }
        serve(&mut stream, &mut lines)
    })
}

fn front(origin: SocketAddr) -> Running {
    start(&Parts {
        http_config: "session_zone s:256k timeout=1s pending=1s;\n".into(),
        config: format!(
            "location /close {{ session s $arg_id reference=r close=1; try_files /hello =404; }}\n\
             location / {{ session s $arg_id reference=r location=/x peer=p; proxy_pass http://{origin};\n\
             proxy_http_version 1.1; proxy_set_header Connection $http_connection; proxy_set_header Upgrade $http_upgrade;\n\
             proxy_request_buffering off; proxy_buffering off; }}\n"
        ),
        ..Parts::default()
    })
}

fn open(running: &Running, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn get(id: &str) -> String {
    format!("GET /?id={id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

fn rest(stream: &mut TcpStream) -> u64 {
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    got.len() as u64
}

#[test]
fn a_first_byte_that_comes_late_begins_the_session_anew() {
    let origin = origin(|stream, _| {
        thread::sleep(PAUSE);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    });
    let running = front(origin);
    let mut stream = open(&running, &get("late"));
    expect(&running, "sessions/pending", 1);
    expect(&running, "sessions/pending", 0);
    let got = rest(&mut stream);
    expect(&running, "summary/sessions", 1);
    let shown = zone(&running);
    assert_eq!(shown["summary"]["tx_bytes"], got, "{shown:#}");
    assert_eq!(shown["sessions"]["total"], 1, "{shown:#}");
    assert_eq!(shown["passed"], 1, "{shown:#}");
    let row = &shown["summary"]["peers"]["p"]["locations"]["/x"];
    assert_eq!(row["sessions"], 1, "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn a_transfer_that_pauses_longer_than_its_session_lives_is_counted_to_the_byte() {
    expect_pause_is_survived("");
}

/// However short it is, and whoever knows that: its bytes are not kept for its end.
#[test]
fn a_short_response_that_pauses_is_counted_as_it_goes_on() {
    expect_pause_is_survived("Content-Length: 8005\r\n");
}

fn expect_pause_is_survived(length: &'static str) {
    let origin = origin(move |stream, _| {
        let head = format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\nfirst");
        stream.write_all(head.as_bytes())?;
        thread::sleep(PAUSE);
        for _ in 0..8 {
            stream.write_all(&[b'x'; 1000])?;
            thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    });
    let running = front(origin);
    let mut stream = open(&running, &get("pause"));
    expect(&running, "sessions/active", 1);
    expect(&running, "sessions/active", 0);
    expect(&running, "sessions/active", 1);
    let got = rest(&mut stream);
    expect(&running, "summary/sessions", 2);
    let shown = zone(&running);
    assert_eq!(shown["summary"]["tx_bytes"], got, "{shown:#}");
    let row = &shown["summary"]["references"]["r"];
    assert_eq!(row["tx_bytes"], got, "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn what_comes_through_a_tunnel_is_counted_after_a_pause() {
    let origin = origin(|stream, body| {
        stream.write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
        )?;
        let mut got = [0; 10];
        body.read_exact(&mut got)?;
        stream.write_all(&got)
    });
    let running = front(origin);
    let request =
        "GET /?id=tunnel HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let mut stream = open(&running, request);
    expect(&running, "sessions/pending", 1);
    expect(&running, "sessions/pending", 0);
    stream.write_all(b"0123456789").unwrap();
    expect(&running, "sessions/active", 1);
    assert_eq!(count(&running, "active/tunnel/rx/bytes"), 10);
    drop(stream);
    expect(&running, "summary/sessions", 1);
    assert_eq!(count(&running, "summary/rx_bytes"), 10);
    running.server.stop().unwrap();
}

#[test]
fn an_upload_is_counted_after_a_pause() {
    let origin = origin(|stream, body| {
        body.read_exact(&mut [0; 10])?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let running = front(origin);
    let upload = "POST /?id=upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n01234";
    let mut stream = open(&running, upload);
    expect(&running, "sessions/active", 1);
    expect(&running, "sessions/active", 0);
    stream.write_all(b"56789").unwrap();
    expect(&running, "summary/sessions", 2);
    let shown = zone(&running);
    let sent = upload.len() as u64 + 5;
    assert_eq!(shown["summary"]["rx_bytes"], sent, "{shown:#}");
    running.server.stop().unwrap();
}

#[test]
fn who_ends_a_session_does_not_end_the_counting_of_others() {
    let origin = origin(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        for _ in 0..12 {
            stream.write_all(&[b'x'; 1000])?;
            thread::sleep(Duration::from_millis(250));
        }
        Ok(())
    });
    let running = front(origin);
    let mut stream = open(&running, &get("one"));
    expect(&running, "sessions/active", 1);
    assert_eq!(ask(&running, "GET", "/close?id=one", None), 200);
    expect(&running, "summary/sessions", 1);
    expect(&running, "sessions/active", 1);
    let got = rest(&mut stream);
    // One more begins wherever a busy machine leaves a pause.
    expect(&running, "sessions/active", 0);
    let shown = zone(&running);
    let sent = shown["summary"]["tx_bytes"].as_u64().unwrap();
    // The answer of the other request, too.
    assert!((got + 1..got + 1000).contains(&sent), "{got}: {shown:#}");
    let total = shown["sessions"]["total"].as_u64().unwrap();
    assert!(total >= 2, "{shown:#}");
    assert_eq!(shown["summary"]["sessions"], total, "{shown:#}");
    running.server.stop().unwrap();
}
