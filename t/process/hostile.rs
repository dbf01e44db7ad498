//! Whatever clients send, nothing crashes and the pages always parse.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::client::{self, Connection};
use crate::harness::load::pipeline;
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, compare};

const TEMPLATE: &str = "prometheus_template t {\n\
    'keys{zone=\"$1\",key=\"$2\"}' $p8s_value path=~(?s)^/http/metric_zones/([^/]+)/metrics/(.+)$ type=gauge;\n\
    'discarded{zone=\"$1\"}' $p8s_value path=~^/http/metric_zones/([^/]+)/discarded$ help=lost;\n}\n";

fn start(http_config: &str, config: &str) -> Running {
    Running::start(&Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!("keepalive_requests 10000000;\n{http_config}\n{TEMPLATE}"),
        config: format!("location /p8s {{ prometheus t; }}\n{config}"),
        ..Parts::default()
    })
}

/// The JSON of all zones and the Prometheus page parse; gives the number of samples.
fn check_pages(address: SocketAddr) -> usize {
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let listing = connection.get("/status/http/metric_zones").unwrap();
    compare::parse_json(&listing.body).unwrap();
    let page = connection.get("/p8s").unwrap();
    assert_eq!(page.status, 200);
    compare::exposition(std::str::from_utf8(&page.body).unwrap()).unwrap()
}

fn assert_unhurt(running: Running, workers: &[u32]) {
    assert_eq!(running.workers(2), workers, "a worker was replaced");
    assert!(!running.site.read("error.log").contains("panicked"));
    assert!(!running.site.read("stderr").contains("panicked"));
    running.server.stop().unwrap();
}

#[test]
fn keys_of_every_byte_value() {
    let running = start(
        "metric_zone path:1m count;\nmetric_zone head:1m count;\n",
        "location ~ (?s)^/k/(.*)$ { metric path $1 on=request; metric head $http_x_key on=request; return 204; }\n",
    );
    let workers = running.workers(2);
    let address = running.address();
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    for byte in 1..=255_u8 {
        let response = connection.get(&format!("/k/a%{byte:02X}z")).unwrap();
        assert_eq!(response.status, 204, "byte {byte:#04x} in the path");
    }
    for byte in (1..=255_u8).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        let mut head = client::head("GET", "/k/x", &[("X-Key".into(), "b@".into())], None);
        head.iter_mut()
            .filter(|other| **other == b'@')
            .for_each(|at| *at = byte);
        connection.send(&head).unwrap();
        let response = connection.receive("GET").unwrap();
        // Control characters in a header may be refused, and the connection with them.
        let may_be_refused = byte.is_ascii_control();
        let is_well = response.status == 204 || may_be_refused && response.status == 400;
        assert!(is_well, "byte {byte:#04x} in a header: {}", response.status);
        if response.closes() {
            connection = Connection::open(address, PATIENCE).unwrap();
        }
    }
    check_pages(address);
    // Ill-formed bytes share one replacement character, and series must be unique.
    let paths = running.status("http/metric_zones/path/metrics");
    assert_eq!(paths.as_object().unwrap().len(), 127 + 2, "{paths}");
    assert_unhurt(running, &workers);
}

#[test]
fn large_headers() {
    let running = start(
        "large_client_header_buffers 8 32k;\nmetric_zone z:64k count;\n",
        "location /k { metric z $http_x_key on=request; return 204; }\n",
    );
    let workers = running.workers(2);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..20 {
        let long = ("X-Key".to_owned(), "k".repeat(25_000));
        connection
            .send(&client::head("GET", "/k", &[long], None))
            .unwrap();
        assert_eq!(connection.receive("GET").unwrap().status, 204);
    }
    let key = "k".repeat(255);
    running.expect_status(
        "http/metric_zones/z/metrics",
        &json!({ format!("{key}..."): 20 }),
    );
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    // The server may answer and close before all has been sent.
    let long = ("X-Key".to_owned(), "k".repeat(40_000));
    drop(connection.send(&client::head("GET", "/k", &[long], None)));
    if let Ok(response) = connection.receive("GET") {
        assert!((400..500).contains(&response.status), "{}", response.status);
    }
    check_pages(running.address());
    assert_unhurt(running, &workers);
}

#[test]
fn a_million_random_keys_into_small_zones() {
    // Ten keys a request, each into four zones: all combinations of expire and discard_key.
    let arguments = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let zones = ["on", "off", "onto", "offto"];
    let metrics = arguments.iter().flat_map(|argument| {
        zones.map(|zone| format!("metric {zone} $arg_{argument}=1 on=request;\n"))
    });
    let running = start(
        "metric_complex_zone on:32k expire=on { n count; g gauge; }\n\
         metric_zone off:32k expire=off count;\n\
         metric_zone onto:32k expire=on discard_key=rest gauge;\n\
         metric_zone offto:32k expire=off discard_key=rest count;\n",
        &format!(
            "location /k {{ {} return 204; }}\n",
            metrics.collect::<String>()
        ),
    );
    let workers = running.workers(2);
    let address = running.address();
    storm(address);
    let zones = running.status("http/metric_zones");
    assert_eq!(
        zones["onto"]["metrics"]["rest"].as_f64(),
        zones["onto"]["discarded"].as_f64()
    );
    assert_eq!(
        zones["offto"]["metrics"]["rest"],
        zones["offto"]["discarded"]
    );
    let kept = |zone: &str| -> f64 {
        let metrics = zones[zone]["metrics"].as_object().unwrap();
        metrics.values().filter_map(serde_json::Value::as_f64).sum()
    };
    assert_eq!((kept("onto"), kept("offto")), (1_000_000.0, 1_000_000.0));
    assert_unhurt(running, &workers);
}

/// A hundred thousand requests of ten keys each, while the pages are read again and again.
fn storm(address: SocketAddr) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut scrapes = 0;
            while !done.load(Ordering::Relaxed) {
                check_pages(address);
                scrapes += 1;
                thread::sleep(Duration::from_millis(200));
            }
            scrapes
        });
        let clients: Vec<_> = (0..4_u64)
            .map(|client| {
                scope.spawn(move || pipeline(address, 25_000, 20, random_keys(client + 1)))
            })
            .collect();
        let ended: Vec<_> = clients
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        done.store(true, Ordering::Relaxed);
        assert!(scraper.join().unwrap() > 0);
        assert!(ended.into_iter().all(|client| client.is_ok()));
    });
}

/// Targets with ten random keys each, of random lengths.
fn random_keys(seed: u64) -> impl FnMut(usize) -> String {
    let mut random = Random(seed);
    move |_| {
        let mut target = String::from("/k?");
        for argument in 'a'..='j' {
            let (key, length) = (random.next(), random.next() % 60);
            let padding = "x".repeat(length as usize);
            target.push_str(&format!("{argument}={key:x}{padding}&"));
        }
        target
    }
}

#[test]
fn malformed_heads() {
    let running = start(
        "metric_zone z:64k count;\n",
        "metric z $status;\nlocation /k { return 204; }\n",
    );
    let workers = running.workers(2);
    let address = running.address();
    let plain =
        b"POST /k?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Y: z\r\n\r\nabc".to_vec();
    let mut random = Random(7);
    for _ in 0..1500 {
        let mut bytes = plain.clone();
        for _ in 0..=random.next() % 4 {
            mutate(&mut bytes, &mut random);
        }
        let Ok(mut connection) = Connection::open(address, PATIENCE) else {
            panic!("no connection: {}", running.site.read("error.log"));
        };
        drop(connection.send(&bytes));
        drop(connection.finish_sending());
        let (_, ending) = connection.read_until(PATIENCE, |_| false);
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(ending, client::Ending::Closed, "left hanging by {shown:?}");
    }
    check_pages(address);
    assert_unhurt(running, &workers);
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.next() as usize % bytes.len().max(1);
    match random.next() % 5 {
        0 => bytes.insert(at, random.next() as u8),
        1 if bytes.len() > 1 => drop(bytes.remove(at)),
        2 => bytes.truncate(at.max(1)),
        3 => {
            let copy = bytes[at..].to_vec();
            bytes.extend(copy);
        }
        _ => bytes[at] = random.next() as u8,
    }
}
