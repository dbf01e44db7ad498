//! Registries that are slow, lie, break off or send others elsewhere, and what the mirror makes of it while it is killed.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::image::{digest, noise};
use super::{about, check_sums, expect, get, mirror, mirror_at};
use crate::harness::client::Connection;
use crate::harness::origin::serving;
use crate::harness::{PATIENCE, Running, poll};

/// How a registry gives a layer.
#[derive(Clone, Debug)]
enum Manner {
    /// So many bytes a second.
    Slow(usize),
    /// With one byte changed.
    Flipped,
    /// Half of it.
    Cut,
    /// From there.
    Elsewhere(SocketAddr),
    /// Packed, for whoever takes that.
    Packed,
    /// From wherever this leads, with the name of the layer in the place of `NAME`; from `/cdn/` of itself.
    Location(String),
}

/// A registry of layers alone.
#[derive(Clone)]
struct Registry {
    blobs: Arc<HashMap<String, Vec<u8>>>,
    manner: Arc<Mutex<Manner>>,
    heads: Arc<Mutex<Vec<String>>>,
}

const FAST: Manner = Manner::Slow(1 << 30);

impl Registry {
    fn of(blobs: &[Vec<u8>], manner: Manner) -> Self {
        let named = blobs.iter().map(|blob| (digest(blob), blob.clone()));
        Self {
            blobs: Arc::new(named.collect()),
            manner: Arc::new(Mutex::new(manner)),
            heads: Arc::default(),
        }
    }

    fn start(&self) -> SocketAddr {
        let registry = self.clone();
        serving(move |stream, _| registry.serve(stream))
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn asked(&self) -> usize {
        self.heads.lock().unwrap().len()
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut got = Vec::new();
        let mut piece = [0; 4096];
        loop {
            while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = got.split_off(end + 4);
                let head = String::from_utf8_lossy(&std::mem::replace(&mut got, rest)).into_owned();
                self.heads.lock().unwrap().push(head.clone());
                self.answer(&head, &mut stream)?;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
    }

    fn answer(&self, head: &str, stream: &mut TcpStream) -> io::Result<()> {
        let target = head.split(' ').nth(1).unwrap();
        let name = target.rsplit('/').next().unwrap();
        let mut body = self.blobs[name].clone();
        let manner = self.manner.lock().unwrap().clone();
        if let Manner::Elsewhere(there) = manner {
            let head = format!(
                "HTTP/1.1 307 Elsewhere\r\nLocation: http://{there}/storage/{name}\r\nContent-Length: 0\r\n\r\n"
            );
            return stream.write_all(head.as_bytes());
        }
        if let Manner::Location(there) = &manner
            && !target.starts_with("/cdn/")
        {
            let there = there.replace("NAME", name);
            let head =
                format!("HTTP/1.1 307 Elsewhere\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n");
            return stream.write_all(head.as_bytes());
        }
        let mut coding = "";
        if matches!(manner, Manner::Packed) && head.to_ascii_lowercase().contains("gzip") {
            body = vec![0x1f, 0x8b, 8, 0, 0];
            coding = "Content-Encoding: gzip\r\n";
        }
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\n{coding}Content-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        match manner {
            Manner::Slow(rate) => {
                let begun = Instant::now();
                for (number, piece) in body.chunks(64 * 1024).enumerate() {
                    stream.write_all(piece)?;
                    let due = Duration::from_secs_f64((number * 64 * 1024) as f64 / rate as f64);
                    thread::sleep(due.saturating_sub(begun.elapsed()));
                }
                Ok(())
            }
            Manner::Flipped => {
                body[length / 3] ^= 1;
                stream.write_all(&body)
            }
            Manner::Cut => {
                stream.write_all(&body[..length / 2])?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Manner::Location(_) | Manner::Packed => stream.write_all(&body),
            Manner::Elsewhere(_) => Ok(()),
        }
    }
}

/// `REGISTRY_LAYER_MIB=200` at 20 MiB a second takes as long as that.
#[test]
fn many_cold_pulls_of_a_layer_are_one_fetch() {
    const CLIENTS: usize = 32;
    const RATE: usize = 20 << 20;
    let mebibytes = std::env::var("REGISTRY_LAYER_MIB").map_or(16, |text| text.parse().unwrap());
    let blob = noise(mebibytes << 20);
    let name = digest(&blob);
    let registry = Registry::of(std::slice::from_ref(&blob), Manner::Slow(RATE));
    let mirror = mirror(registry.start(), &[]);
    let target = format!("/v2/app/blobs/{name}");
    let begun = Instant::now();
    let times: Vec<Duration> = thread::scope(|scope| {
        let pulls: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let response = get(mirror.address(), &target).unwrap();
                    let taken = begun.elapsed();
                    assert!(response.status == 200 && digest(&response.body) == name);
                    taken
                })
            })
            .collect();
        pulls.into_iter().map(|pull| pull.join().unwrap()).collect()
    });
    let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    println!(
        "{CLIENTS} pulls of {mebibytes} MiB at {} MiB/s: {first:?} to {last:?}",
        RATE >> 20
    );
    assert_eq!(registry.asked(), 1);
    let blobs = expect(&mirror, "blobs", "/requests/total", CLIENTS as u64);
    assert_eq!(blobs["requests"]["shared"], CLIENTS as u64 - 1, "{blobs}");
    assert_eq!(blobs["data"]["received"], blob.len());
    assert_eq!(blobs["data"]["sent"], CLIENTS * blob.len());
    check_sums(&blobs);
    mirror.server.stop().unwrap();
}

#[test]
fn what_is_not_what_its_digest_says_is_not_kept() {
    for manner in [Manner::Flipped, Manner::Cut] {
        let blob = noise(300_000);
        let registry = Registry::of(std::slice::from_ref(&blob), manner.clone());
        let mirror = mirror(registry.start(), &[]);
        let target = format!("/v2/app/blobs/{}", digest(&blob));
        let got = get(mirror.address(), &target);
        assert!(
            got.is_err(),
            "{manner:?}: {}",
            got.map_or(0, |got| got.body.len())
        );
        let blobs = expect(&mirror, "blobs", "/entries/digest_mismatch", 1);
        assert_eq!(
            (&blobs["entries"]["current"], &blobs["size"]),
            (&0.into(), &0.into())
        );
        registry.behave(FAST);
        assert!(get(mirror.address(), &target).unwrap().body == blob);
        let hit = get(mirror.address(), &target).unwrap();
        assert_eq!(
            (hit.header("X-Cache"), hit.body == blob),
            (Some("HIT"), true)
        );
        assert_eq!(registry.asked(), 2);
        mirror.server.stop().unwrap();
    }
}

#[test]
fn a_registry_that_packs_is_asked_for_nothing_packed() {
    let blob = noise(10_000);
    let registry = Registry::of(std::slice::from_ref(&blob), Manner::Packed);
    let mirror = mirror(registry.start(), &[]);
    for kind in ["blobs", "manifests"] {
        for outcome in ["MISS", "HIT"] {
            let mut connection = Connection::open(mirror.address(), PATIENCE).unwrap();
            let name = digest(&blob);
            let head = format!(
                "GET /v2/app/{kind}/{name} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
            );
            connection.send(head.as_bytes()).unwrap();
            let got = connection.receive("GET").unwrap();
            assert!(got.status == 200 && got.body == blob, "{kind} {outcome}");
            assert_eq!(got.header("X-Cache"), Some(outcome), "{kind}");
            assert_eq!(got.header("Content-Encoding"), None);
        }
    }
    mirror.server.stop().unwrap();
}

#[test]
fn who_gives_layers_for_a_registry_is_not_told_who_we_are() {
    let blob = noise(10_000);
    let storage = Registry::of(std::slice::from_ref(&blob), FAST);
    let there = storage.start();
    let registry = Registry::of(std::slice::from_ref(&blob), Manner::Elsewhere(there));
    let mirror = mirror(registry.start(), &[]);
    let target = format!("/v2/app/blobs/{}", digest(&blob));
    for outcome in ["MISS", "HIT"] {
        let response = get(mirror.address(), &target).unwrap();
        assert!(
            response.status == 200 && response.body == blob,
            "{}",
            response.status
        );
        assert_eq!(response.header("X-Cache"), Some(outcome));
    }
    let heads = storage.heads.lock().unwrap().clone();
    assert_eq!((heads.len(), registry.asked()), (1, 1));
    assert!(
        !heads[0].to_ascii_lowercase().contains("authorization"),
        "{}",
        heads[0]
    );
    mirror.server.stop().unwrap();
}

#[test]
fn wherever_a_registry_sends_clients_there_is_an_end() {
    let blob = noise(10_000);
    let registry = Registry::of(std::slice::from_ref(&blob), FAST);
    let address = registry.start();
    for location in [
        "/cdn/NAME".to_owned(),
        format!("//{address}/cdn/NAME"),
        format!("http://{address}/cdn/NAME#part"),
    ] {
        registry.behave(Manner::Location(location.clone()));
        let mirror = mirror(address, &[]);
        let target = format!("/v2/app/blobs/{}", digest(&blob));
        let got = get(mirror.address(), &target).unwrap();
        assert!(
            got.status == 200 && got.body == blob,
            "{location}: {}",
            got.status
        );
        let heads = registry.heads.lock().unwrap();
        assert!(!heads.iter().any(|head| head.contains('#')), "{heads:?}");
        drop(heads);
        mirror.server.stop().unwrap();
    }
    // To the mirror itself.
    let mirror = mirror(address, &[]);
    registry.behave(Manner::Location(format!(
        "http://{}/v2/app/blobs/NAME",
        mirror.address()
    )));
    let before = registry.asked();
    let target = format!("/v2/app/blobs/{}", digest(&blob));
    assert_eq!(get(mirror.address(), &target).unwrap().status, 508);
    assert_eq!(registry.asked(), before + 1);
    mirror.server.stop().unwrap();
}

#[test]
fn nothing_is_pushed_whatever_the_path() {
    let registry = Registry::of(&[], FAST);
    let mirror = mirror(registry.start(), &[]);
    for path in [
        "/v2/app/blobs/uploads/",
        "/v2/app/manifests/x",
        "/manifest/x",
        "/manifest/",
        "/tagged",
    ] {
        for method in ["PUT", "POST", "PATCH", "DELETE"] {
            let mut connection = Connection::open(mirror.address(), PATIENCE).unwrap();
            let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
            connection.send(head.as_bytes()).unwrap();
            let status = connection.receive(method).unwrap().status;
            assert!(matches!(status, 403..=405), "{method} {path}: {status}");
        }
    }
    assert!(registry.heads.lock().unwrap().is_empty());
    mirror.server.stop().unwrap();
}

#[test]
fn a_tag_is_kept_for_each_set_of_kinds_that_clients_take() {
    // It answers with what it is asked for, and does not say what a tag stands for.
    let address = serving(|mut stream, _| {
        let mut got = Vec::new();
        let mut piece = [0; 4096];
        loop {
            while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = got.split_off(end + 4);
                let head = String::from_utf8_lossy(&std::mem::replace(&mut got, rest)).into_owned();
                let accept = head.lines().find(|line| line.starts_with("Accept: "));
                let mut body = accept.unwrap_or("nothing").to_owned();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(answer.as_bytes())?;
                if head.starts_with("HEAD") {
                    body.clear();
                }
                stream.write_all(body.as_bytes())?;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
    });
    let slow = [("proxy_cache_valid 200 1s;", "proxy_cache_valid 200 1h;")];
    let mirror = mirror(address, &slow);
    let kinds = [
        "",
        "*/*",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ];
    for round in ["MISS", "HIT"] {
        for kind in kinds {
            let accept = match kind {
                "" => String::new(),
                kind => format!("Accept: {kind}\r\n"),
            };
            let head = format!("GET /v2/app/manifests/1 HTTP/1.1\r\nHost: a\r\n{accept}\r\n");
            let mut connection = Connection::open(mirror.address(), PATIENCE).unwrap();
            connection.send(head.as_bytes()).unwrap();
            let got = connection.receive("GET").unwrap();
            let expected = match kind {
                "" => "nothing".to_owned(),
                kind => format!("Accept: {kind}"),
            };
            assert_eq!(got.text(), expected);
            assert_eq!(got.header("X-Cache"), Some(round), "{kind}");
        }
    }
    mirror.server.stop().unwrap();
}

/// Whether there is such a tag is an ordinary question.
#[test]
fn a_tag_that_is_not_there_is_no_error_of_ours() {
    for status in ["404 Not Found", "406 Not Acceptable"] {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&asked);
        let address = serving(move |mut stream, _| {
            let mut got = Vec::new();
            let mut piece = [0; 4096];
            loop {
                while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                    let rest = got.split_off(end + 4);
                    let head =
                        String::from_utf8_lossy(&std::mem::replace(&mut got, rest)).into_owned();
                    let method = head.split(' ').next().unwrap().to_owned();
                    let body = if method == "HEAD" { "" } else { "unknown" };
                    heads.lock().unwrap().push(method);
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 7\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes())?;
                }
                match stream.read(&mut piece)? {
                    0 => return Ok(()),
                    amount => got.extend_from_slice(&piece[..amount]),
                }
            }
        });
        let mirror = mirror(address, &[]);
        let got = get(mirror.address(), "/v2/app/manifests/none").unwrap();
        assert!(
            status.starts_with(&got.status.to_string()),
            "{status}: {}",
            got.status
        );
        assert_eq!(got.text(), "unknown");
        assert_eq!(*asked.lock().unwrap(), ["HEAD", "GET"]);
        let log = mirror.site.read("error.log");
        assert!(!log.contains("[error]"), "{log}");
        mirror.server.stop().unwrap();
    }
}

/// `REGISTRY_KILLS=50` makes it long.
#[test]
fn whatever_is_killed_no_byte_is_wrong() {
    let rounds = std::env::var("REGISTRY_KILLS").map_or(3, |text| text.parse().unwrap());
    let old = noise(200_000);
    let layers: Vec<Vec<u8>> = (0..rounds).map(|round| noise(4_000_000 + round)).collect();
    let all: Vec<Vec<u8>> = layers.iter().cloned().chain([old.clone()]).collect();
    let registry = Registry::of(&all, FAST);
    let address = registry.start();
    let mut mirror = mirror(address, &[]);
    let old_target = format!("/v2/app/blobs/{}", digest(&old));
    assert!(get(mirror.address(), &old_target).unwrap().body == old);
    for layer in &layers {
        registry.behave(Manner::Slow(2_000_000));
        let target = format!("/v2/app/blobs/{}", digest(layer));
        let at = mirror.address();
        let pull = {
            let target = target.clone();
            thread::spawn(move || get(at, &target).map(|response| response.body))
        };
        expect(&mirror, "blobs", "/entries/filling", 1);
        // Dropping a server kills all its processes.
        let Running { server, site } = mirror;
        drop(server);
        assert!(pull.join().unwrap().is_err());
        registry.behave(FAST);
        mirror = mirror_at(site, address, &[]);
        let hit = get(mirror.address(), &old_target).unwrap();
        assert_eq!(
            (hit.header("X-Cache"), hit.body == old),
            (Some("HIT"), true)
        );
        let again = get(mirror.address(), &target).unwrap();
        assert!(
            again.status == 200 && again.body == *layer,
            "{}",
            again.status
        );
        let none = || (about(&mirror, "blobs")["entries"]["filling"] == 0).then_some(());
        assert!(poll(PATIENCE, none).is_some());
    }
    let blobs = expect(&mirror, "blobs", "/entries/current", all.len() as u64);
    check_sums(&blobs);
    mirror.server.stop().unwrap();
}
