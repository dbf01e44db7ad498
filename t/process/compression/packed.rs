//! `gzip` on its way: what bodies hold once they are unpacked, when they arrive, and what comes of
//! those that break off.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use flate2::write::GzDecoder;

use super::content;
use crate::harness::client::{self, Connection};
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

fn start(config: &str) -> Running {
    Running::start(&Parts {
        http_config:
            "default_type text/html;\ngzip on;\ngzip_types *;\nkeepalive_requests 10000000;\n"
                .into(),
        config: config.into(),
        ..Parts::default()
    })
}

/// An origin that writes what it is told to each connection, piece by piece, and then closes it.
fn scripted() -> (SocketAddr, mpsc::Sender<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, pieces) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head);
        for piece in pieces {
            if stream.write_all(&piece).is_err() {
                return;
            }
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read(&mut head);
    });
    (address, sender)
}

fn ask(address: SocketAddr, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let fields = [("Accept-Encoding".into(), "gzip".into())];
    stream
        .write_all(&client::head("GET", target, &fields, None))
        .unwrap();
    stream
}

/// What can be unpacked of it, and whether that is all.
fn unpack(packed: &[u8]) -> (Vec<u8>, bool) {
    let mut decoder = GzDecoder::new(Vec::new());
    decoder.write_all(packed).unwrap();
    decoder.flush().unwrap();
    let so_far = decoder.get_ref().clone();
    (so_far, decoder.try_finish().is_ok())
}

/// Reads on until `expected` has come, unpacked.
fn expect(stream: &mut TcpStream, received: &mut Vec<u8>, expected: &[u8]) {
    while unpack(&content(received).0).0 != expected {
        read_more(stream, received);
    }
}

fn read_more(stream: &mut TcpStream, received: &mut Vec<u8>) {
    let mut piece = [0; 4096];
    let amount = stream.read(&mut piece).expect("it does not come");
    assert!(amount > 0, "it ended before");
    received.extend_from_slice(&piece[..amount]);
}

#[test]
fn what_came_is_sent_when_the_origin_pauses() {
    for buffering in ["on", "off"] {
        let (origin, says) = scripted();
        let running = start(&format!(
            "location / {{ proxy_pass http://{origin}; proxy_buffering {buffering}; }}"
        ));
        let mut stream = ask(running.address(), "/");
        let mut received = Vec::new();
        let mut expected = Vec::new();
        says.send(format!("{HEAD}\r\n").into_bytes()).unwrap();
        for piece in ["one", "two, which is longer", "three"] {
            says.send(piece.as_bytes().to_vec()).unwrap();
            expected.extend_from_slice(piece.as_bytes());
            expect(&mut stream, &mut received, &expected);
        }
        drop(says);
        while !content(&received).1 {
            read_more(&mut stream, &mut received);
        }
        assert_eq!(unpack(&content(&received).0), (expected, true));
    }
}

#[test]
fn what_breaks_off_arrives_up_to_there_and_is_not_whole() {
    let (origin, says) = scripted();
    let running = start(&format!("location / {{ proxy_pass http://{origin}; }}"));
    let mut stream = ask(running.address(), "/");
    let head = format!("{HEAD}Content-Length: 100\r\n\r\nall that comes");
    says.send(head.into_bytes()).unwrap();
    drop(says);
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    let (packed, is_whole) = content(&received);
    assert!(!is_whole);
    assert_eq!(unpack(&packed), (b"all that comes".to_vec(), false));
}

#[test]
fn long_bodies_are_the_same_afterwards() {
    let mut random = Random::seeded();
    let mut body = Vec::new();
    while body.len() < 3 << 20 {
        let word = random.below(5000).to_string();
        body.extend_from_slice(word.as_bytes());
        body.resize(body.len() + random.below(40), b' ');
    }
    let (origin, says) = scripted();
    let running = start(&format!(
        "location /far {{ proxy_pass http://{origin}; proxy_max_temp_file_size 0; }}\n\
         location /near {{ gzip_comp_level 6; root html; }}"
    ));
    std::fs::create_dir_all(running.site.directory.join("html/near")).unwrap();
    std::fs::write(running.site.directory.join("html/near/a"), &body).unwrap();
    let sent = body.clone();
    thread::spawn(move || {
        let head = format!("{HEAD}Content-Length: {}\r\n\r\n", sent.len());
        says.send(head.into_bytes()).unwrap();
        for piece in sent.chunks(100_000) {
            says.send(piece.to_vec()).unwrap();
        }
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let fields = [("Accept-Encoding".into(), "gzip".into())];
    for target in ["/near/a", "/far"] {
        connection
            .send(&client::head("GET", target, &fields, None))
            .unwrap();
        let response = connection.receive("GET").unwrap();
        assert_eq!(
            response.header("content-encoding"),
            Some("gzip"),
            "{target}"
        );
        assert!(response.body.len() < body.len() / 2, "{target}");
        let (unpacked, is_whole) = unpack(&response.body);
        assert!(is_whole && unpacked == body, "{target}");
    }
}

#[test]
fn others_are_served_while_much_is_packed() {
    let running =
        start("location / { gzip_comp_level 9; root html; }\nlocation /small { return 200 x; }");
    let zeros = std::fs::File::create(running.site.directory.join("html/zeros")).unwrap();
    zeros.set_len(64 << 20).unwrap();
    let address = running.address();
    let reader = thread::spawn(move || {
        let mut connection = Connection::open(address, PATIENCE).unwrap();
        let fields = [("Accept-Encoding".into(), "gzip".into())];
        let head = client::head("GET", "/zeros", &fields, None);
        connection.send(&head).unwrap();
        connection.receive("GET").unwrap().body.len()
    });
    let mut answered = 0;
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    while !reader.is_finished() {
        assert_eq!(connection.get("/small").unwrap().status, 200);
        answered += 1;
    }
    assert!(answered > 20, "only {answered} were answered meanwhile");
    assert!(reader.join().unwrap() > 60_000);
}

#[test]
fn a_client_that_leaves_ends_the_packing() {
    let (origin, says) = scripted();
    let running = start(&format!("location / {{ proxy_pass http://{origin}; }}"));
    let mut stream = ask(running.address(), "/");
    says.send(format!("{HEAD}\r\nfirst").into_bytes()).unwrap();
    expect(&mut stream, &mut Vec::new(), b"first");
    drop(stream);
    // The origin's connection is closed, which it notices by writing.
    let left = poll(PATIENCE, || {
        says.send(vec![b'x'; 4096]).is_err().then_some(())
    });
    assert!(left.is_some());
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(connection.get("/status/").unwrap().status, 200);
}

#[test]
fn a_listing_that_a_thread_makes_is_packed_as_well() {
    let running = Running::start(&Parts {
        http_config: "metric_zone z:4m count;\ngzip_types *;\nkeepalive_requests 100000;\n".into(),
        config: "location /u { metric z $arg_k on=request; return 204; }\n\
                 location /packed/ { gzip on; api /status/; }\n"
            .into(),
        ..Parts::default()
    });
    let keys = (0..20_000).map(|number| format!("/u?k=a-key-with-number-{number}"));
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for target in keys {
        assert_eq!(connection.get(&target).unwrap().status, 204);
    }
    let fields = [("Accept-Encoding".into(), "gzip".into())];
    let head = client::head("GET", "/packed/http/metric_zones/z/metrics", &fields, None);
    connection.send(&head).unwrap();
    let packed = connection.receive("GET").unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let plain = connection
        .get("/status/http/metric_zones/z/metrics")
        .unwrap();
    let (unpacked, is_whole) = unpack(&packed.body);
    assert!(is_whole && unpacked == plain.body);
}

#[test]
fn what_a_slow_client_has_not_taken_waits_packed() {
    let (origin, says) = scripted();
    let running = start(&format!("location / {{ proxy_pass http://{origin}; }}"));
    let mut random = Random::seeded();
    let body: Vec<u8> = (0..1 << 20)
        .flat_map(|_| random.next().to_le_bytes())
        .collect();
    let mut stream = ask(running.address(), "/");
    says.send(format!("{HEAD}Content-Length: {}\r\n\r\n", body.len()).into_bytes())
        .unwrap();
    for piece in body.chunks(1 << 16) {
        says.send(piece.to_vec()).unwrap();
    }
    drop(says);
    // Much more than sockets hold is read ahead meanwhile.
    thread::sleep(std::time::Duration::from_millis(300));
    let mut received = Vec::new();
    let mut piece = vec![0; 1 << 16];
    while !received.ends_with(b"\r\n0\r\n\r\n") {
        let amount = stream.read(&mut piece).expect("it does not come");
        assert!(amount > 0, "it ended before");
        received.extend_from_slice(&piece[..amount]);
    }
    let (packed, is_whole) = content(&received);
    assert!(is_whole);
    let (unpacked, is_all) = unpack(&packed);
    assert!(is_all && unpacked == body);
}

#[test]
fn an_origin_is_read_to_its_end_for_a_client_that_left() {
    let (origin, says) = scripted();
    let running = start(&format!(
        "location / {{ proxy_pass http://{origin}; proxy_ignore_client_abort on; \
         access_log access.log combined; }}"
    ));
    let mut stream = ask(running.address(), "/");
    says.send(format!("{HEAD}\r\nfirst").into_bytes()).unwrap();
    expect(&mut stream, &mut Vec::new(), b"first");
    drop(stream);
    for _ in 0..20 {
        says.send(vec![b'x'; 4096]).unwrap();
        thread::sleep(std::time::Duration::from_millis(5));
    }
    drop(says);
    let logged = poll(PATIENCE, || {
        let log = running.site.read("access.log");
        log.contains("\"GET / HTTP/1.1\" 200").then_some(())
    });
    assert!(logged.is_some());
    running.server.stop().unwrap();
}
