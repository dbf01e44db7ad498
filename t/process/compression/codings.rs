//! Every coding on its way: what bodies hold once they are unpacked, when they arrive, and how much memory they take.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{asking, content, resident, unpack};
use crate::harness::client::{self, Connection};
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, origin, poll};

const CODINGS: [&str; 3] = ["br", "zstd", "gzip"];

fn start(config: &str) -> Running {
    Running::start(&Parts {
        http_config: "default_type text/html; gzip on; brotli on; zstd on; gzip_types *;\n\
                      brotli_types *; zstd_types *; keepalive_requests 10000000;\n"
            .into(),
        config: config.into(),
        ..Parts::default()
    })
}

/// A text of words, of which some are repeated.
fn text(length: usize) -> Vec<u8> {
    let mut random = Random::seeded();
    let mut text = Vec::new();
    while text.len() < length {
        text.extend_from_slice(random.below(5000).to_string().as_bytes());
        text.resize(text.len() + random.below(40), b' ');
    }
    text
}

#[test]
fn bodies_are_the_same_afterwards_at_every_level() {
    let levels: String = (0..=22)
        .map(|level: u32| {
            let (gzip, brotli, zstd) = (level.clamp(1, 9), level.min(11), level.max(1));
            format!(
                "location /{level}/ {{ alias html/; gzip_comp_level {gzip}; brotli_comp_level {brotli}; \
                 zstd_comp_level {zstd}; }}\n"
            )
        })
        .collect();
    let running = start(&format!(
        "{levels}location /narrow/ {{ alias html/; gzip_window 512; brotli_window 1k; }}\n\
         location /wide/ {{ alias html/; brotli_window 16m; }}"
    ));
    let bodies = [0, 1, 19, 20, 1000, 16_000, 33_000, 150_000].map(text);
    let html = running.site.directory.join("html");
    for (number, body) in bodies.iter().enumerate() {
        std::fs::write(html.join(number.to_string()), body).unwrap();
    }
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let places = (0..=22).map(|level| level.to_string());
    for place in places.chain(["narrow".into(), "wide".into()]) {
        for (number, body) in bodies.iter().enumerate() {
            for coding in CODINGS {
                // The highest levels take long where nothing is optimised.
                if coding == "br"
                    && place != "11"
                    && place.parse().is_ok_and(|level: u32| level > 9)
                {
                    continue;
                }
                let fields = [("Accept-Encoding".into(), coding.into())];
                let target = format!("/{place}/{number}");
                let head = client::head("GET", &target, &fields, None);
                connection.send(&head).unwrap();
                let response = connection.receive("GET");
                let response =
                    response.unwrap_or_else(|error| panic!("{target} {coding}: {error}"));
                let told = response.header("content-encoding").unwrap_or_default();
                let expected = if body.len() < 20 { "" } else { coding };
                assert_eq!(told, expected, "{target}");
                let unpacked = unpack(told, &response.body);
                assert!(unpacked.unwrap() == *body, "{target} {coding}");
            }
        }
    }
    running.server.stop().unwrap();
}

/// An origin that sends what it is told to each connection, piece by piece.
fn telling() -> (SocketAddr, mpsc::Sender<Vec<u8>>) {
    let (sender, pieces) = mpsc::channel::<Vec<u8>>();
    let pieces = std::sync::Mutex::new(pieces);
    let address = origin::serving(move |mut stream, _| {
        let _ = stream.read(&mut [0; 4096])?;
        for piece in pieces.lock().unwrap().iter() {
            std::io::Write::write_all(&mut stream, &piece)?;
        }
        Ok(())
    });
    (address, sender)
}

/// What can be unpacked of what has come so far.
fn so_far(coding: &str, received: &[u8]) -> Vec<u8> {
    let packed = content(received).0;
    let mut text = Vec::new();
    let mut piece = [0; 100];
    let mut reader: Box<dyn Read> = match coding {
        "gzip" => Box::new(flate2::read::GzDecoder::new(&*packed)),
        "br" => Box::new(brotli::Decompressor::new(&*packed, 100)),
        _ => Box::new(zstd::stream::read::Decoder::new(&*packed).unwrap()),
    };
    while let Ok(amount @ 1..) = reader.read(&mut piece) {
        text.extend_from_slice(&piece[..amount]);
    }
    text
}

#[test]
fn events_reach_the_client_one_by_one() {
    for coding in CODINGS {
        let (origin, tell) = telling();
        let running = start(&format!("location / {{ proxy_pass http://{origin}; }}"));
        let mut stream = asking(running.address(), "/", &[("Accept-Encoding", coding)]);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        tell.send(head.into()).unwrap();
        let (mut received, mut expected) = (Vec::new(), Vec::new());
        for number in 0..5 {
            let event = format!("data: event {number}\n\n");
            expected.extend_from_slice(event.as_bytes());
            tell.send(event.into()).unwrap();
            while so_far(coding, &received) != expected {
                read_more(&mut stream, &mut received);
            }
        }
        drop(tell);
        while !content(&received).1 {
            read_more(&mut stream, &mut received);
        }
        assert_eq!(unpack(coding, &content(&received).0).unwrap(), expected);
        running.server.stop().unwrap();
    }
}

fn read_more(stream: &mut TcpStream, received: &mut Vec<u8>) {
    let mut piece = [0; 4096];
    let amount = stream.read(&mut piece).expect("it does not come");
    assert!(amount > 0, "it ended before");
    received.extend_from_slice(&piece[..amount]);
}

/// How much the workers' memory has grown once it grows no more.
fn grown(running: &Running, before: u64) -> u64 {
    let mut last = 0;
    poll(PATIENCE, || {
        let now = resident(running);
        let is_still = now == std::mem::replace(&mut last, now);
        thread::sleep(Duration::from_millis(300));
        is_still.then_some(())
    });
    last.saturating_sub(before)
}

/// What a body takes at most while it is packed, with what is around it, and whether its length is known.
const MOST: [(&str, &str, bool, u64); 10] = [
    ("gzip", "gzip_comp_level 9;", true, 1 << 20),
    ("br", "brotli_comp_level 6;", true, 8 << 20),
    ("br", "brotli_comp_level 6;", false, 8 << 20),
    (
        "br",
        "brotli_comp_level 9; brotli_window 16m;",
        false,
        100 << 20,
    ),
    ("br", "brotli_comp_level 11;", false, 16 << 20),
    ("zstd", "zstd_comp_level 1;", true, 3 << 20),
    ("zstd", "zstd_comp_level 9;", true, 16 << 20),
    ("zstd", "zstd_comp_level 9;", false, 16 << 20),
    ("zstd", "zstd_comp_level 22;", true, 24 << 20),
    ("zstd", "zstd_comp_level 22;", false, 24 << 20),
];

#[test]
fn clients_that_read_nothing_have_little_kept_for_them() {
    const CLIENTS: usize = 4;
    let body = text(3 << 20);
    let sent = body.clone();
    let origin = super::answering(move |target| {
        let length = match target {
            "/known" => format!("Content-Length: {}\r\n", sent.len()),
            _ => String::new(),
        };
        let head = format!("200 OK\r\nContent-Type: text/html\r\n{length}");
        (head, sent.clone())
    });
    for (coding, lines, is_known, most) in MOST {
        let running = start(&format!(
            "location / {{ proxy_pass http://{origin}; proxy_max_temp_file_size 0; {lines} }}"
        ));
        let fields = [("Accept-Encoding", coding)];
        let target = if is_known { "/known" } else { "/unknown" };
        let is_fast = ["level 1;", "level 6;", "level 9;"]
            .iter()
            .any(|it| lines.ends_with(it));
        let read_all = |mut stream: TcpStream| {
            let mut received = Vec::new();
            while !received.ends_with(b"\r\n0\r\n\r\n") {
                read_more(&mut stream, &mut received);
            }
            received
        };
        if is_fast {
            // What a worker takes once and keeps is nobody's.
            read_all(asking(running.address(), target, &fields));
        }
        let before = resident(&running);
        let mut streams: Vec<TcpStream> = (0..CLIENTS)
            .map(|_| asking(running.address(), target, &fields))
            .collect();
        for stream in &streams {
            stream.peek(&mut [0]).expect("it does not come");
        }
        let each = grown(&running, before) / CLIENTS as u64;
        eprintln!(
            "{coding} {lines} {target}: {} KiB for each client",
            each >> 10
        );
        assert!(each < most, "{coding} {lines} {each}");
        // The last of them reads after all, where that takes no long time.
        let last = streams.pop().unwrap();
        drop(streams);
        if is_fast {
            let received = read_all(last);
            assert!(unpack(coding, &content(&received).0).unwrap() == body);
        }
    }
}
