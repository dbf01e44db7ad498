//! What is done for caches beside requests: files are found, limits kept, and what the dead left is cleared.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use pingauge::cache::file::Head;
use pingauge::cache::index::{Index, schema};
use pingauge::cache::store::{Attempt, Cache, Place, Terms};
use pingauge::cache::{Freshness, Levels, Name};
use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::{Overflow, Zone};
use serde_json::{Value, json};

use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const MIB: usize = 1 << 20;

/// Fills a folder with so many entries of so many bytes, as another server would have left them.
fn fill(directory: &Path, entries: u32, length: usize) {
    let memory = SharedMemory::heap(64 * MIB);
    let overflow = Overflow {
        expire: false,
        discard_key: None,
    };
    let zone = Zone::create(&memory, 32 * MIB, Arc::new(schema()), &overflow).unwrap();
    let now = || Moment(monotonic());
    let place = Place {
        directory: directory.to_owned(),
        levels: Levels::parse("1:2").unwrap(),
        temporary: None,
    };
    let cache = Arc::new(Cache::new(Index::new(zone, now()).unwrap(), place));
    let body = vec![b'x'; length];
    for number in 0..entries {
        let key = format!("key {number}");
        let name = Name::of_key(key.as_bytes());
        let Attempt::Granted(pending) = cache.claim((name, None), None, now()).unwrap() else {
            panic!("somebody else is here");
        };
        let head = Head {
            status: 200,
            key: key.as_bytes(),
            ..Head::default()
        };
        let freshness = Freshness {
            fresh: u64::from(u32::MAX),
            ..Freshness::default()
        };
        let terms = Terms {
            freshness,
            ..Terms::default()
        };
        let mut filling = pending.begin(head, terms).unwrap();
        filling.append(&body).unwrap();
        filling.finish(now()).unwrap();
    }
}

fn files(directory: &Path) -> usize {
    let Ok(inside) = fs::read_dir(directory) else {
        return 0;
    };
    let count = |entry: fs::DirEntry| match entry.path().is_dir() {
        true => files(&entry.path()),
        false => 1,
    };
    inside.flatten().map(count).sum()
}

fn start(site: Site, parameters: &str) -> Running {
    let path = site.directory.join("cache");
    let path = path.display();
    let parts = Parts {
        // Whoever runs the tests has made the files.
        main_config: "user root;\n".into(),
        http_config: format!("proxy_cache_path {path} levels=1:2 keys_zone=c:8m {parameters};\n"),
        config: "location /count { return 200 \"$cache_c_requests $cache_c_hits $cache_c_misses \
                 $cache_c_received $cache_c_sent\"; }\n\
                 proxy_cache_key \"key $arg_n\"; proxy_cache_purge $arg_purge;\n\
                 location /kept { proxy_cache c; proxy_pass http://127.0.0.1:1; }\n\
                 location /often { proxy_cache c; proxy_cache_min_uses 3; proxy_pass http://127.0.0.1:1; }\n"
            .into(),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

/// Waits until a member of the cache's entries is this.
fn expect(running: &Running, member: &str, number: u64) -> Value {
    let fits = || {
        let status = running.status("http/caches/c");
        (status["entries"][member] == number).then_some(status)
    };
    let found = poll(PATIENCE, fits);
    found.unwrap_or_else(|| panic!("{member}: {}", running.status("http/caches/c")))
}

#[test]
fn files_are_found_and_strays_cleared() {
    let site = Site::create().unwrap();
    let cache = site.directory.join("cache");
    fill(&cache, 300, 1000);
    let some = cache.join("0/00");
    fs::create_dir_all(&some).unwrap();
    // A fill that its process did not survive, a file that is cut, and two that are somebody else's.
    let stray = some.join("00000000000000000000000000000000.0000000007");
    let cut = some.join("00000000000000000000000000000000");
    let foreign = [some.join("notes.txt"), cache.join("README")];
    for path in [&stray, &cut, &foreign[0], &foreign[1]] {
        fs::write(path, "x").unwrap();
    }
    let running = start(site, "inactive=1h max_size=100m loader_sleep=1ms");
    let status = expect(&running, "current", 300);
    let is_loaded = || {
        let cold = running.status("http/caches/c/cold");
        (cold == json!(false)).then_some(())
    };
    assert!(poll(PATIENCE, is_loaded).is_some());
    assert!(!stray.exists() && !cut.exists());
    assert!(foreign.iter().all(|path| path.exists()));
    assert_eq!(files(&cache), 302);
    assert_eq!(status["size"], 300 * 4096);
    let none = json!({"responses": 0, "bytes": 0});
    let nothing = json!({"responses": 0, "bytes": 0, "responses_written": 0, "bytes_written": 0});
    let expected = json!({
        "size": 300 * 4096, "max_size": 100 * MIB, "cold": false,
        "hit": none, "stale": none, "updating": none, "revalidated": none,
        "miss": nothing, "expired": nothing, "bypass": nothing,
        "background_update": nothing,
        "requests": {"total": 0, "hit": 0, "miss": 0, "shared": 0},
        "data": {"received": 0, "sent": 0},
        "entries": {
            "current": 300, "filling": 0, "removed_inactive": 0, "removed_max_size": 0,
            "removed_min_free": 0, "removed_no_room": 0, "removed_damaged": 0, "purged": 0,
            "digest_mismatch": 0
        }
    });
    assert_eq!(running.status("http/caches/c"), expected);
    let log = running.site.read("error.log");
    assert!(
        log.contains("cache \"c\": 300 files were found, 2 useless ones removed"),
        "{log}"
    );
    let mut connection =
        crate::harness::client::Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(connection.get("/count").unwrap().text(), "0 0 0 0 0");
    running.server.stop().unwrap();
}

#[test]
fn what_is_there_is_given_before_it_is_found() {
    let site = Site::create().unwrap();
    fill(&site.directory.join("cache"), 300, 1000);
    let running = start(site, "loader_files=1 loader_sleep=1h");
    let status = |target: &str| {
        let mut connection =
            crate::harness::client::Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap().status
    };
    // Where a cache is asked of what was asked for often enough, too.
    for number in 1..300 {
        let place = if number % 2 == 0 { "kept" } else { "often" };
        assert_eq!(status(&format!("/{place}?n={number}")), 200, "{number}");
    }
    assert_eq!(running.status("http/caches/c/cold"), json!(true));
    // What nobody has asked for yet is gone as well when it is to go: a purge looks at everything.
    assert_eq!(status("/kept?n=0&purge=1"), 204);
    assert_eq!(status("/kept?n=0"), 502);
    assert_eq!(status("/kept?n=300"), 502);
    assert_eq!(status("/kept?n=7&purge=1"), 204);
    assert_eq!(status("/kept?n=7"), 502);
    assert_eq!(running.status("http/caches/c/cold"), json!(false));
    expect(&running, "current", 298);
    running.server.stop().unwrap();
}

#[test]
fn a_cache_keeps_within_its_limits() {
    let most = 50 * 4096;
    for (parameters, member, left) in [
        ("inactive=1s".to_owned(), "removed_inactive", 0),
        (format!("max_size={most}"), "removed_max_size", 50),
        ("min_free=1000000g".to_owned(), "removed_min_free", 0),
    ] {
        let site = Site::create().unwrap();
        let cache = site.directory.join("cache");
        fill(&cache, 200, 1000);
        let running = start(site, &format!("{parameters} manager_sleep=1ms"));
        let status = expect(&running, member, 200 - left);
        assert_eq!(status["entries"]["current"], left, "{parameters}");
        assert_eq!(status["size"], left * 4096, "{parameters}");
        let gone = || (files(&cache) as u64 == left).then_some(());
        assert!(
            poll(PATIENCE, gone).is_some(),
            "{parameters}: {}",
            files(&cache)
        );
        running.server.stop().unwrap();
    }
}

#[test]
fn a_folder_that_cannot_be_listed_is_told_of_once_and_does_not_end_the_server() {
    let site = Site::create().unwrap();
    let running = start(site, "inactive=1h");
    expect(&running, "current", 0);
    let path = running.site.directory.join("cache");
    fs::remove_dir_all(&path).unwrap();
    fs::write(&path, "not a folder").unwrap();
    let parts = Parts {
        http_config: format!("proxy_cache_path {}/d keys_zone=d:1m;\n", path.display()),
        ..Parts::default()
    };
    running.site.write(&parts).unwrap();
    running.server.signal("HUP");
    let told = || {
        running
            .site
            .read("error.log")
            .contains("is no folder")
            .then_some(())
    };
    assert!(
        poll(PATIENCE, told).is_some(),
        "{}",
        running.site.read("error.log")
    );
    expect(&running, "current", 0);
    running.server.stop().unwrap();
}

/// The 50th and the 99th part of a hundred, and the largest.
fn shown(taken: &mut [u128]) -> String {
    taken.sort_unstable();
    let at = |part: usize| taken[(taken.len() - 1) * part / 100];
    format!("{} {} {} us", at(50), at(99), at(100))
}

/// `CACHE_ENTRIES=100000` makes it long.
#[test]
fn many_files_are_found_soon_and_requests_do_not_wait() {
    let entries = std::env::var("CACHE_ENTRIES").map_or(2000, |number| number.parse().unwrap());
    let site = Site::create().unwrap();
    fill(&site.directory.join("cache"), entries, 10);
    let path = site.directory.join("cache");
    let parts = Parts {
        http_config: format!(
            "proxy_cache_path {} levels=1:2 keys_zone=c:32m inactive=1h;\n",
            path.display()
        ),
        config: "keepalive_requests 100000000;\nlocation /ok { return 200; }\n".into(),
        ..Parts::default()
    };
    let begun = Instant::now();
    let running = Running::start_at(site, &parts);
    let mut connection =
        crate::harness::client::Connection::open(running.address(), PATIENCE).unwrap();
    let mut ask = |taken: &mut Vec<u128>| {
        let asked = Instant::now();
        assert_eq!(connection.get("/ok").unwrap().status, 200);
        taken.push(asked.elapsed().as_micros());
    };
    let (mut meanwhile, mut afterwards) = (Vec::new(), Vec::new());
    let loaded = poll(PATIENCE * 6, || {
        (0..10).for_each(|_| ask(&mut meanwhile));
        (running.status("http/caches/c/cold") == json!(false)).then_some(())
    });
    assert!(loaded.is_some());
    let until = begun.elapsed();
    meanwhile.iter().for_each(|_| ask(&mut afterwards));
    println!(
        "{entries} entries in {until:?}; {} requests, 50th, 99th and slowest: {} meanwhile, {} afterwards",
        meanwhile.len(),
        shown(&mut meanwhile),
        shown(&mut afterwards)
    );
    expect(&running, "current", u64::from(entries));
    running.server.stop().unwrap();
}

#[test]
fn a_cache_whose_zone_is_full_keeps_what_is_new() {
    let origin = crate::harness::origin::serving(|mut stream, _| {
        use std::io::{Read, Write};
        let (mut got, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                got.drain(..end + 4);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
    });
    for size in ["32k", "64k"] {
        let site = Site::create().unwrap();
        let parts = Parts {
            http_config: format!("proxy_cache_path $DIR/cache keys_zone=c:{size} inactive=1d;\n"),
            config: format!(
                "keepalive_requests 100000;\nproxy_cache c;\nproxy_cache_valid 1h;\n\
                 add_header X-Cache $upstream_cache_status;\n\
                 location / {{ proxy_pass http://{origin}; }}\n"
            ),
            ..Parts::default()
        };
        let running = Running::start_at(site, &parts);
        let mut connection =
            crate::harness::client::Connection::open(running.address(), PATIENCE).unwrap();
        for number in 0..800 {
            assert_eq!(connection.get(&format!("/{number}")).unwrap().status, 200);
        }
        let newest = (780..800).filter(|number| {
            let got = connection.get(&format!("/{number}")).unwrap();
            got.header("X-Cache") == Some("HIT")
        });
        assert_eq!(newest.count(), 20, "{size}");
        let removed = running.status("http/caches/c/entries/removed_no_room");
        assert!(removed.as_u64() > Some(100), "{size}: {removed}");
        let log = running.site.read("error.log");
        assert!(!log.contains("nothing is kept"), "{size}: {log}");
        running.server.stop().unwrap();
    }
}
