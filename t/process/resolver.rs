//! Names that are looked up while serving, by a name server that lies in every way it can.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
const SRV: u16 = 33;

/// A name server; the first label of a name says how it treats questions for it.
struct Liar {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

/// A question as it came.
struct Question {
    id: [u8; 2],
    /// Name, type and class, as they stand in the message.
    bytes: Vec<u8>,
    name: String,
    kind: u16,
    /// How often it came before.
    before: usize,
}

/// A record of an answer.
struct Record {
    owner: Option<&'static str>,
    kind: u16,
    ttl: u32,
    data: Vec<u8>,
}

impl Liar {
    fn start() -> Self {
        let (udp, tcp) = poll(PATIENCE, || {
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            let tcp = TcpListener::bind(udp.local_addr().unwrap()).ok()?;
            Some((udp, tcp))
        })
        .unwrap();
        let address = udp.local_addr().unwrap();
        let asked = Arc::default();
        let liar = Self {
            address,
            asked: Arc::clone(&asked),
        };
        let known = Arc::clone(&asked);
        thread::spawn(move || serve_udp(&udp, &known));
        thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                thread::spawn(move || serve_tcp(stream));
            }
        });
        liar
    }

    /// How often a name was asked for.
    fn asked(&self, label: &str, kind: u16) -> usize {
        let asked = self.asked.lock().unwrap();
        let own = asked
            .iter()
            .filter(|(name, own)| name.split('.').next() == Some(label) && *own == kind);
        own.count()
    }
}

fn serve_udp(socket: &UdpSocket, asked: &Arc<Mutex<Vec<(String, u16)>>>) {
    let mut buffer = [0; 2048];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
        let mut question = Question::read(&buffer[..length]).unwrap();
        let mut all = asked.lock().unwrap();
        let entry = (question.name.clone(), question.kind);
        question.before = all.iter().filter(|one| **one == entry).count();
        all.push(entry);
        drop(all);
        let message = buffer[..length].to_vec();
        let socket = socket.try_clone().unwrap();
        thread::spawn(move || answer_udp(&socket, peer, &question, &message));
    }
}

fn answer_udp(socket: &UdpSocket, peer: SocketAddr, question: &Question, message: &[u8]) {
    let send = |bytes: &[u8]| drop(socket.send_to(bytes, peer));
    match question.label() {
        "silent" => {}
        "once" if question.before > 0 => {}
        "garbage" => send(&[&question.id[..], &[0xff; 40]].concat()),
        "tiny" => send(&question.id[..1]),
        "echo" => send(message),
        "wrongid" => {
            let mut answer = question.answer();
            answer[0] ^= 1;
            send(&answer);
        }
        "wrongname" => {
            let mut answer = question.answer();
            answer[13] ^= 2;
            send(&answer);
        }
        "elsewhere" => {
            let other = UdpSocket::bind("127.0.0.1:0").unwrap();
            drop(other.send_to(&question.answer(), peer));
        }
        "late" => {
            thread::sleep(Duration::from_millis(700));
            send(&question.answer());
        }
        "flood" => (0..500).for_each(|number: u16| {
            let wrong = number.to_be_bytes();
            send(&[&wrong[..], &question.answer()[2..]].concat());
        }),
        "_http" if question.name.starts_with("_http._tcp.crowd.") => {
            send(&question.message(0x8380, &[]));
        }
        "cut" | "slow" | "crowd" | "other" => send(&question.message(0x8380, &[])),
        _ => send(&question.answer()),
    }
}

fn serve_tcp(mut stream: TcpStream) -> Option<()> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).ok()?;
    let mut question = Question::read(&message)?;
    let answer = match question.label() {
        "cut" => return None,
        "other" => {
            question.bytes[1] ^= 2;
            question.answer()
        }
        _ => question.answer(),
    };
    let length = u16::try_from(answer.len()).ok()?.to_be_bytes();
    let answer = [&length[..], &answer].concat();
    if question.label() != "slow" {
        return stream.write_all(&answer).ok();
    }
    for byte in answer {
        stream.write_all(&[byte]).ok()?;
        thread::sleep(Duration::from_millis(200));
    }
    Some(())
}

impl Question {
    fn read(message: &[u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut at = 12;
        while message[at] > 0 {
            let end = at + 1 + usize::from(message[at]);
            labels.push(String::from_utf8_lossy(&message[at + 1..end]).into_owned());
            at = end;
        }
        Some(Self {
            id: message.first_chunk().copied()?,
            bytes: message[12..at + 5].to_vec(),
            name: labels.join("."),
            kind: u16::from_be_bytes([message[at + 1], message[at + 2]]),
            before: 0,
        })
    }

    fn label(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    fn answer(&self) -> Vec<u8> {
        let code = match self.label() {
            "formerr" => 1,
            "servfail" => 2,
            "nxdomain" => 3,
            "vanishing" if self.before > 3 => 3,
            "notimp" => 4,
            "refused" => 5,
            "odd" => 9,
            _ => 0,
        };
        let records = match code {
            0 => self.records(),
            _ => Vec::new(),
        };
        self.message(0x8180 | code, &records)
    }

    fn records(&self) -> Vec<Record> {
        let own = |kind, data| Record {
            owner: None,
            kind,
            ttl: 60,
            data,
        };
        let here = || own(A, Ipv4Addr::LOCALHOST.octets().to_vec());
        let nobody = |last| own(A, vec![127, 0, 0, last]);
        let alias = |owner, target| Record {
            owner,
            ..own(CNAME, wire(target))
        };
        match (self.label(), self.kind) {
            ("endless", _) => {
                let next = format!("endless.{}", self.name.len());
                vec![own(CNAME, wire(&next))]
            }
            ("circle", _) => vec![alias(None, "b.test"), alias(Some("b.test"), &self.name)],
            ("alias", _) => vec![alias(None, "good.test")],
            ("chain", A) => {
                let end = Record {
                    owner: Some("end.test"),
                    ..here()
                };
                vec![end, alias(None, "end.test")]
            }
            ("stranger", A) => vec![Record {
                owner: Some("stranger.too"),
                ..here()
            }],
            ("broken", A) => vec![own(A, vec![127, 0, 0])],
            ("zero" | "once", A) => vec![Record { ttl: 0, ..here() }],
            ("never", A) => vec![Record {
                ttl: 1 << 31,
                ..here()
            }],
            ("crowd", A) => (0..4000).map(|_| here()).collect(),
            ("several", A) => vec![nobody(91), nobody(92), nobody(93), here()],
            ("moving", A) if self.before > 0 => vec![nobody(94)],
            ("shrinking", A) if self.before == 0 => vec![nobody(95), here()],
            ("growing", A) if self.before > 0 => vec![here(), nobody(96)],
            ("_http", SRV) => self.services(),
            ("empty", _) | (_, AAAA) => Vec::new(),
            _ => vec![here()],
        }
    }

    /// Those of a service; the second label says which, and the third the port of those that answer.
    fn services(&self) -> Vec<Record> {
        let mut labels = self.name.split('.').skip(2);
        let (which, port) = (labels.next().unwrap(), labels.next().unwrap());
        let port: u16 = port.trim_start_matches('p').parse().unwrap();
        let one = |priority: u16, weight: u16, port: u16, target: &str| {
            let numbers = [priority, weight, port].map(u16::to_be_bytes).concat();
            Record {
                owner: None,
                kind: SRV,
                ttl: 1,
                data: [numbers, wire(target)].concat(),
            }
        };
        let target = |label: &str| format!("{label}.test");
        match which {
            "plain" => vec![one(1, 7, port, &target("good"))],
            "both" => vec![
                one(20, 3, port, &target("good")),
                one(10, 0, 9, &target("good")),
                one(10, 5, 9, &target("nxdomain")),
            ],
            "none" => vec![one(0, 0, 0, "")],
            "crowd" => (0..40)
                .map(|last| one(1, 100 - last, port + last, &target("good")))
                .collect(),
            "cut" => vec![Record {
                data: vec![0, 1, 0],
                ..one(1, 1, port, &target("good"))
            }],
            "moving" if self.before > 0 => vec![one(1, 1, port, &target("good"))],
            "moving" => vec![one(1, 1, 9, &target("good"))],
            _ => vec![one(1, 1, port, &target(which))],
        }
    }

    fn message(&self, flags: u16, records: &[Record]) -> Vec<u8> {
        let mut out = self.id.to_vec();
        out.extend(flags.to_be_bytes());
        out.extend([0, 1]);
        out.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        out.extend([0; 4]);
        out.extend(&self.bytes);
        for record in records {
            match record.owner {
                None => out.extend([0xc0, 12]),
                Some(owner) => out.extend(wire(owner)),
            }
            out.extend(record.kind.to_be_bytes());
            out.extend([0, 1]);
            out.extend(record.ttl.to_be_bytes());
            out.extend(u16::try_from(record.data.len()).unwrap().to_be_bytes());
            out.extend(&record.data);
        }
        out
    }
}

/// A name as it stands in messages.
fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| {
        let length = u8::try_from(label.len()).unwrap();
        std::iter::once(length).chain(label.bytes())
    });
    labels.chain([0]).collect()
}

const SERIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/prometheus_all.conf");

/// A server with one worker that asks the liar, and an origin that any of the names may lead to.
fn start(liar: &Liar, resolver: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | found\n").unwrap();
    Running::start_at(site, &parts(liar, resolver))
}

fn parts(liar: &Liar, resolver: &str) -> Parts {
    Parts {
        main_config: "worker_processes 1;\n".to_owned(),
        http_config: format!("include {SERIES};\nresolver {} {resolver};\n", liar.address),
        config: "set $port $ORIGIN_o;\n\
             if ($port ~ \"([0-9]+)$\") { set $port $1; }\n\
             location = /plain { return 200 plain; }\n\
             location = /all { prometheus all; }\n\
             location / { resolver_timeout 1500ms; proxy_pass http://$arg_h:$port; }\n\
             location /patient { resolver_timeout 20s; proxy_pass http://$arg_h:$port; }\n"
            .to_owned(),
        ..Parts::default()
    }
}

fn get(address: SocketAddr, target: &str) -> Response {
    let mut connection = Connection::open(address, PATIENCE * 2).unwrap();
    connection.get(target).unwrap()
}

fn found(running: &Running, host: &str) -> u16 {
    get(running.address(), &format!("/?h={host}")).status
}

/// What names come to, and a part of the log's line about those that come to nothing.
const LIES: &[(&str, u16, &str)] = &[
    ("good", 200, ""),
    ("alias", 200, ""),
    ("chain", 200, ""),
    ("zero", 200, ""),
    ("never", 200, ""),
    ("crowd", 200, ""),
    ("several", 200, ""),
    ("late", 200, ""),
    ("formerr", 502, "1: Format error"),
    ("servfail", 502, "2: Server failure"),
    ("nxdomain", 502, "3: Host not found"),
    ("notimp", 502, "4: Unimplemented"),
    ("refused", 502, "5: Operation refused"),
    ("odd", 502, "9: Unknown error"),
    ("empty", 502, "3: Host not found"),
    ("stranger", 502, "3: Host not found"),
    ("silent", 502, "110: Operation timed out"),
    ("tiny", 502, "110: Operation timed out"),
    ("wrongid", 502, "110: Operation timed out"),
    ("wrongname", 502, "110: Operation timed out"),
    ("elsewhere", 502, "110: Operation timed out"),
    ("flood", 502, "110: Operation timed out"),
    ("slow", 502, "110: Operation timed out"),
    ("garbage", 502, "the response of the name server is invalid"),
    ("broken", 502, "the response of the name server is invalid"),
    ("echo", 502, "the response of the name server is invalid"),
    ("other", 502, "the response of the name server is invalid"),
    ("cut", 502, "the name server cannot be reached"),
    ("circle", 502, "the name is an alias of too many others"),
    ("endless", 502, "the name is an alias of too many others"),
];

#[test]
fn whatever_the_server_says_others_are_served() {
    let liar = Liar::start();
    let running = start(&liar, "");
    let address = running.address();
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    let paced = thread::spawn(move || {
        let mut connection = Connection::open(address, PATIENCE).unwrap();
        let (mut longest, mut count) = (Duration::ZERO, 0);
        while !ended.load(Ordering::SeqCst) {
            let began = Instant::now();
            assert_eq!(connection.get("/plain").unwrap().text(), "plain");
            longest = longest.max(began.elapsed());
            count += 1;
            thread::sleep(Duration::from_millis(10));
        }
        (longest, count)
    });
    let asking = LIES.iter().map(|(label, status, _)| {
        let target = format!("/?h={label}.test");
        // Of many lines at once the log leaves some out.
        thread::sleep(Duration::from_millis(200));
        (
            *label,
            *status,
            thread::spawn(move || get(address, &target)),
        )
    });
    let asking: Vec<_> = asking.collect();
    let mut wrong = Vec::new();
    for (label, status, asking) in asking {
        let response = asking.join().unwrap();
        if response.status != status || (status == 200 && response.text() != "found") {
            wrong.push((label, response.status));
        }
    }
    over.store(true, Ordering::SeqCst);
    let (longest, count) = paced.join().unwrap();
    let log = running.site.read("error.log");
    assert!(wrong.is_empty(), "{wrong:?}\n{log}");
    // The silent ones take a second and a half.
    assert!(count > 20, "{count} requests, the longest took {longest:?}");
    for (label, status, reason) in LIES {
        let line = |line: &&str| line.contains(&format!("{label}.test could not be resolved"));
        let line = log.lines().find(line);
        let Some(line) = line else {
            assert_eq!(*status, 200, "{label}\n{log}");
            continue;
        };
        let request =
            format!("client: 127.0.0.1, server: , request: \"GET /?h={label}.test HTTP/1.1\"");
        assert!(line.contains(&format!("({reason})")), "{line}");
        assert!(
            line.contains(&request) && line.contains("upstream: "),
            "{line}"
        );
    }
    assert!(log.contains("crowd.test. has 4000 addresses"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn all_who_want_a_name_share_one_look_up() {
    let liar = Liar::start();
    let running = start(&liar, "");
    let address = running.address();
    let all: Vec<_> = (0..60)
        .map(|_| thread::spawn(move || get(address, "/patient?h=late.test").status))
        .collect();
    all.into_iter()
        .for_each(|one| assert_eq!(one.join().unwrap(), 200));
    assert_eq!((liar.asked("late", A), liar.asked("late", AAAA)), (1, 1));
    assert_eq!(found(&running, "LATE.test."), 200);
    assert_eq!(liar.asked("late", A) + liar.asked("LATE", A), 1);
    running.server.stop().unwrap();
}

#[test]
fn names_of_the_system_need_no_server() {
    let liar = Liar::start();
    let running = start(&liar, "");
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let here = hosts
        .lines()
        .filter_map(|line| line.strip_prefix("127.0.0.1"));
    let names = here.flat_map(str::split_ascii_whitespace);
    let names: Vec<&str> = names
        .chain(["localhost", "LocalHost.", "some.localhost"])
        .collect();
    for name in names {
        assert_eq!(found(&running, name), 200, "{name}");
    }
    for address in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        assert_eq!(found(&running, address), 200, "{address}");
    }
    for odd in ["a..b", &"x".repeat(64), "%D1%8F", "."] {
        let status = found(&running, odd);
        assert!(matches!(status, 500 | 502), "{odd} {status}");
    }
    assert!(liar.asked.lock().unwrap().is_empty());
    running.server.stop().unwrap();
}

#[test]
fn answers_are_kept_for_their_time_and_replaced_by_newer_ones() {
    let liar = Liar::start();
    let running = start(&liar, "ipv6=off valid=1s");
    let began = Instant::now();
    let statuses: Vec<u16> = (0..5).map(|_| found(&running, "moving.test")).collect();
    let asked = liar.asked("moving", A);
    // On a machine that is slow enough the answer has expired meanwhile.
    if began.elapsed() < Duration::from_secs(1) {
        assert_eq!((statuses, asked), (vec![200; 5], 1));
    }
    let moved = poll(PATIENCE, || {
        (found(&running, "moving.test") == 502).then_some(())
    });
    assert!(moved.is_some());
    assert_eq!(liar.asked("moving", AAAA), 0);
    running.server.stop().unwrap();
}

#[test]
fn an_old_answer_is_better_than_none() {
    let liar = Liar::start();
    let running = start(&liar, "ipv6=off");
    assert_eq!(found(&running, "once.test"), 200);
    let again = poll(PATIENCE, || {
        assert_eq!(found(&running, "once.test"), 200);
        (liar.asked("once", A) > 2).then_some(())
    });
    assert!(again.is_some());
    running.server.stop().unwrap();
}

#[test]
fn what_was_asked_and_answered_is_counted() {
    let liar = Liar::start();
    let running = start(&liar, "status_zone=names");
    for label in [
        "good", "good", "nxdomain", "refused", "silent", "garbage", "alias",
    ] {
        found(&running, &format!("{label}.test"));
    }
    let counts = || running.status("resolvers/names");
    let expected = |sent: u64, timed_out: u64| {
        json!({
            "queries": {"name": 6, "srv": 0, "addr": 0},
            "sent": {"a": sent, "aaaa": sent, "srv": 0, "ptr": 0},
            "responses": {
                "success": 6, "timedout": timed_out, "format_error": 0, "server_failure": 0,
                "not_found": 2, "unimplemented": 0, "refused": 2, "other": 2
            }
        })
    };
    // Of seconds and a half, the silent one takes as many as were waited for.
    let (sent, timed_out) = (8, 4);
    let right = poll(PATIENCE, || {
        (counts() == expected(sent, timed_out)).then_some(())
    });
    assert!(right.is_some(), "{}", counts());
    let page = get(running.address(), "/all").text();
    for line in [
        "angie_resolvers_queries_total{zone=\"names\",type=\"name\"} 6",
        "angie_resolvers_sent_queries_total{zone=\"names\",type=\"aaaa\"} 8",
        "angie_resolvers_responses_total{zone=\"names\",status=\"not_found\"} 2",
    ] {
        assert!(page.lines().any(|own| own == line), "{line}\n{page}");
    }
    running.reload(&parts(&liar, "status_zone=names valid=5s"));
    assert_eq!(counts(), expected(sent, timed_out));
    running.server.stop().unwrap();
}

#[test]
fn a_reload_does_not_end_a_wait() {
    let liar = Liar::start();
    let running = start(&liar, "");
    let address = running.address();
    let waiting = thread::spawn(move || get(address, "/patient?h=late.test").status);
    let asked = poll(PATIENCE, || (liar.asked("late", A) == 1).then_some(()));
    assert!(asked.is_some());
    running.reload(&parts(&liar, "valid=5s"));
    assert_eq!(waiting.join().unwrap(), 200);
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_ends_its_wait_and_no_other() {
    let liar = Liar::start();
    let running = start(&liar, "");
    let leaves = TcpStream::connect(running.address()).unwrap();
    (&leaves)
        .write_all(b"GET /patient?h=late.test HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let asked = poll(PATIENCE, || (liar.asked("late", A) == 1).then_some(()));
    assert!(asked.is_some());
    drop(leaves);
    assert_eq!(get(running.address(), "/patient?h=late.test").status, 200);
    assert_eq!(liar.asked("late", A), 1);
    running.server.stop().unwrap();
}

#[test]
fn the_next_server_is_asked_when_one_is_down() {
    let (liar, other) = (Liar::start(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let down = other.local_addr().unwrap();
    let running = start(&liar, &format!("{down}"));
    for number in 0..3 {
        let target = format!("/patient?h=n{number}.test");
        assert_eq!(get(running.address(), &target).status, 200);
    }
    running.server.stop().unwrap();
}

#[test]
fn more_names_than_can_be_looked_up_fail_at_once() {
    let liar = Liar::start();
    let running = start(&liar, "ipv6=off");
    let address = running.address();
    let waiting: Vec<_> = (0..300)
        .map(|number| {
            let mut connection = Connection::open(address, PATIENCE).unwrap();
            let target = format!("GET /?h=silent.{number} HTTP/1.1\r\nHost: a\r\n\r\n");
            connection.send(target.as_bytes()).unwrap();
            connection
        })
        .collect();
    for mut connection in waiting {
        assert_eq!(connection.receive("GET").unwrap().status, 502);
    }
    let log = running.site.read("error.log");
    assert!(log.contains("(too many names are being looked up)"));
    let again = poll(PATIENCE, || {
        (found(&running, "good.test") == 200).then_some(())
    });
    assert!(again.is_some());
    running.server.stop().unwrap();
}

/// A server with an upstream of one server, which is a name.
fn start_group(liar: &Liar, label: &str, parameters: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | found\n").unwrap();
    let parts = group_parts(liar, &site, label, parameters);
    Running::start_at(site, &parts)
}

fn group_parts(liar: &Liar, site: &Site, label: &str, parameters: &str) -> Parts {
    let origin = site.substitute("$ORIGIN_o");
    let port = origin.rsplit(':').next().unwrap();
    Parts {
        main_config: "worker_processes 1;\n".to_owned(),
        http_config: format!(
            "upstream u {{ zone u 1m; resolver {} ipv6=off valid=1s; keepalive 4;\n\
             server {label}.test:{port} resolve {parameters}; }}\n",
            liar.address
        ),
        config: "location / { proxy_pass http://u; }\n\
             location /by { set $u u; proxy_pass http://$u; }\n"
            .to_owned(),
        ..Parts::default()
    }
}

/// The hosts of the peers there are.
fn peers(running: &Running) -> Vec<String> {
    let peers = running.status("http/upstreams/u/peers");
    let names = peers.as_object().unwrap().keys();
    names
        .map(|name| name.split(':').next().unwrap().to_owned())
        .collect()
}

fn selected(running: &Running) -> u64 {
    let peers = running.status("http/upstreams/u/peers");
    let mut peers = peers.as_object().unwrap().iter();
    let (_, peer) = peers
        .find(|(name, _)| name.starts_with("127.0.0.1:"))
        .unwrap();
    peer["selected"]["total"].as_u64().unwrap()
}

#[test]
fn the_first_request_waits_for_the_peers_of_its_group() {
    let liar = Liar::start();
    for target in ["/", "/by"] {
        let running = start_group(&liar, "late", "");
        assert_eq!(get(running.address(), target).text(), "found");
        assert_eq!(peers(&running), ["127.0.0.1"]);
        running.server.stop().unwrap();
    }
}

#[test]
fn peers_that_stay_keep_their_counts() {
    let liar = Liar::start();
    for (label, after) in [
        ("shrinking", &["127.0.0.1"][..]),
        ("growing", &["127.0.0.1", "127.0.0.96"]),
    ] {
        let running = start_group(&liar, label, "max_fails=0");
        assert_eq!(get(running.address(), "/").status, 200);
        let before = selected(&running);
        assert!(before > 0);
        let changed = poll(PATIENCE, || (peers(&running) == after).then_some(()));
        assert!(changed.is_some(), "{:?}", peers(&running));
        assert_eq!(selected(&running), before);
        assert_eq!(get(running.address(), "/").status, 200);
        let parts = group_parts(&liar, &running.site, label, "max_fails=0 weight=2");
        running.reload(&parts);
        assert_eq!(get(running.address(), "/").status, 200);
        assert!(selected(&running) > before);
        running.server.stop().unwrap();
    }
}

#[test]
fn peers_outlive_their_name_server_but_not_their_name() {
    let liar = Liar::start();
    let running = start_group(&liar, "once", "");
    let asked_often = poll(PATIENCE, || {
        assert_eq!(get(running.address(), "/").status, 200);
        (liar.asked("once", A) > 3).then_some(())
    });
    assert!(asked_often.is_some());
    running.server.stop().unwrap();
    let running = start_group(&liar, "vanishing", "");
    assert_eq!(get(running.address(), "/").status, 200);
    let gone = poll(PATIENCE, || {
        (get(running.address(), "/").status == 502).then_some(())
    });
    assert!(gone.is_some() && peers(&running).is_empty());
    let log = running.site.read("error.log");
    assert!(
        log.contains("vanishing.test could not be resolved (3: Host not found) in upstream \"u\"")
    );
    running.server.stop().unwrap();
}

/// A server with an upstream of one service.
fn start_service(liar: &Liar, which: &str, parameters: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | found\n").unwrap();
    let origin = site.substitute("$ORIGIN_o");
    let port = origin.rsplit(':').next().unwrap().to_owned();
    let parts = Parts {
        main_config: "worker_processes 1;\n".to_owned(),
        http_config: format!(
            "upstream u {{ zone u 1m; resolver {} ipv6=off valid=1s;\n\
             server {which}.p{port}.test service=http resolve {parameters}; }}\n",
            liar.address
        ),
        config: "location / { proxy_pass http://u; }\n".to_owned(),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

#[test]
fn services_have_ports_weights_and_backups() {
    let liar = Liar::start();
    let running = start_service(&liar, "plain", "");
    assert_eq!(get(running.address(), "/").text(), "found");
    let port = running.site.substitute("$ORIGIN_o");
    let known = running.status("http/upstreams/u/peers");
    let peer = &known[&port];
    assert_eq!(
        (&peer["weight"], &peer["backup"]),
        (&json!(7), &json!(false)),
        "{known}"
    );
    running.server.stop().unwrap();

    let running = start_service(&liar, "both", "");
    // The one of the best priority does not answer, the other host of it does not exist.
    assert_eq!(get(running.address(), "/").text(), "found");
    let own = running.site.substitute("$ORIGIN_o");
    let known = running.status("http/upstreams/u/peers");
    assert_eq!(known.as_object().unwrap().len(), 2, "{known}");
    assert_eq!(
        (&known[&own]["weight"], &known[&own]["backup"]),
        (&json!(3), &json!(true))
    );
    let other = &known["127.0.0.1:9"];
    assert_eq!(
        (&other["weight"], &other["backup"]),
        (&json!(1), &json!(false))
    );
    running.server.stop().unwrap();

    // Of a backup only the best priority counts.
    let running = start_service(&liar, "both", "backup; server 127.0.0.1:9");
    assert_eq!(get(running.address(), "/").status, 502);
    let own = running.site.substitute("$ORIGIN_o");
    let known = poll(PATIENCE, || {
        let known = running.status("http/upstreams/u/peers");
        let mut peers = known.as_object()?.values();
        peers.any(|one| one["backup"] == true).then_some(known)
    });
    let known = known.unwrap();
    assert!(known[&own].is_null(), "{known}");
    running.server.stop().unwrap();
}

#[test]
fn services_that_are_none_change_or_are_too_many() {
    let liar = Liar::start();
    for (which, status) in [
        ("none", 502),
        ("cut", 502),
        ("nxdomain", 502),
        ("empty", 502),
        ("circle", 502),
        ("alias", 200),
        ("crowd", 200),
    ] {
        let running = start_service(&liar, which, "");
        assert_eq!(
            get(running.address(), "/plain-or-not").status,
            status,
            "{which}"
        );
        let count = running
            .status("http/upstreams/u/peers")
            .as_object()
            .unwrap()
            .len();
        assert!(count <= 32, "{which}: {count}");
        running.server.stop().unwrap();
    }
    let running = start_service(&liar, "moving", "");
    let moved = poll(PATIENCE, || {
        (get(running.address(), "/").status == 200).then_some(())
    });
    assert!(moved.is_some());
    running.server.stop().unwrap();
}
