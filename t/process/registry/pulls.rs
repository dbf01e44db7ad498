//! Pulls by skopeo: what they count, what two images share, and what is there while the registry is not.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::image::{Image, digest, noise};
use super::upstream::Upstream;
use super::{about, check_sums, expect, get, have_both, mirror, pull, pull_well};
use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::{PATIENCE, Running, exposition, poll};
use crate::prometheus::Scraper;

fn image(seed: u8, length: usize) -> Image {
    let mut first = noise(length);
    first[0] = seed;
    Image::of(vec![first, noise(3000 + usize::from(seed))])
}

#[test]
fn a_cold_pull_and_a_warm_one_count_what_they_are() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(&folder.path().join("one"), "");
    let image = image(1, 300_000);
    image.push(&upstream, "app", "1");
    let mirror = mirror(upstream.address(), &[]);
    for place in ["cold", "warm"] {
        let place = folder.path().join(place);
        pull_well(mirror.address(), "app:1", &place);
        assert_eq!(
            fs::read(place.join("manifest.json")).unwrap(),
            image.manifest
        );
        for blob in &image.blobs {
            let name = &digest(blob)["sha256:".len()..];
            assert!(fs::read(place.join(name)).unwrap() == *blob, "{name}");
        }
    }
    let (count, size) = (image.blobs.len() as u64, image.size() as u64);
    let blobs = expect(&mirror, "blobs", "/requests/total", 2 * count);
    check_sums(&blobs);
    assert_eq!(
        blobs["requests"],
        json!({"total": 2 * count, "hit": count, "miss": count, "shared": 0})
    );
    assert_eq!(blobs["data"], json!({"received": size, "sent": 2 * size}));
    assert_eq!(blobs["entries"]["current"], count);
    let manifests = expect(&mirror, "manifests", "/requests/total", 2);
    check_sums(&manifests);
    assert_eq!(upstream.count("GET /v2/app/blobs/"), count as usize);

    check_pages(&mirror, count, size);
    mirror.server.stop().unwrap();
    tell_of_the_original(&upstream, folder.path(), count);
}

/// What it says to those who look after it, after a cold pull and a warm one.
fn check_pages(mirror: &Running, count: u64, size: u64) {
    let mut debug =
        Connection::open(mirror.site.address(mirror.site.second_port), PATIENCE).unwrap();
    let said = debug.get("/debug/vars").unwrap();
    assert_eq!(said.header("Content-Type"), Some("application/json"));
    let said: Value = serde_json::from_slice(&said.body).unwrap();
    let expected = json!({
        "Requests": 2 * count, "Hits": count, "Misses": count, "BytesPulled": size, "BytesPushed": 2 * size
    });
    assert_eq!(said["registry"]["proxy"]["blobs"], expected);
    assert_eq!(said["registry"]["proxy"]["manifests"]["Requests"], 2);
    let page = debug.get("/metrics").unwrap();
    let line = format!("registry_proxy_misses_total{{type=\"blob\"}} {count}\n");
    assert!(page.text().contains(&line), "{}", page.text());
    if have("promtool") {
        let (status, complaints) = exposition::promtool(&page.body);
        assert_eq!((status, complaints.as_str()), (Some(0), ""));
    }
    if have("prometheus") {
        let port = mirror.site.second_port;
        let job = format!(
            "- job_name: mirror\n  static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"
        );
        let scraper = Scraper::start(&job);
        scraper.expect_up(1);
        let pushed = scraper.value("registry_proxy_pushed_bytes_total{type='blob'}");
        assert_eq!(pushed, Some(2.0 * size as f64));
        assert_eq!(scraper.complaint(), None);
    }
}

/// The same pulls from the mirror that the registry itself has: its numbers are told, whatever they are.
fn tell_of_the_original(upstream: &Upstream, folder: &std::path::Path, count: u64) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let debug = port.local_addr().unwrap();
    drop(port);
    let settings = format!(
        "  debug: {{addr: '{debug}'}}\nproxy: {{remoteurl: 'http://{}'}}\n",
        upstream.address()
    );
    let original = Upstream::start(&folder.join("original"), &settings);
    for place in ["original-cold", "original-warm"] {
        pull_well(original.address(), "app:1", &folder.join(place));
    }
    let said = poll(PATIENCE, || get(debug, "/debug/vars").ok());
    let said: Value = serde_json::from_slice(&said.unwrap().body).unwrap();
    println!(
        "{count} blobs, twice: the original counts {}",
        said["registry"]["proxy"]
    );
}

#[test]
fn a_layer_of_two_images_is_kept_once() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(&folder.path().join("one"), "");
    let shared = noise(50_000);
    let first = Image::of(vec![shared.clone(), noise(100)]);
    let second = Image::of(vec![shared, noise(200)]);
    first.push(&upstream, "first", "1");
    second.push(&upstream, "second", "1");
    let mirror = mirror(upstream.address(), &[]);
    pull_well(mirror.address(), "first:1", &folder.path().join("a"));
    expect(&mirror, "blobs", "/entries/current", 3);
    pull_well(mirror.address(), "second:1", &folder.path().join("b"));
    let blobs = expect(&mirror, "blobs", "/entries/current", 5);
    assert_eq!(
        (&blobs["requests"]["hit"], &blobs["requests"]["miss"]),
        (&json!(1), &json!(5))
    );
    mirror.server.stop().unwrap();
}

#[test]
fn what_was_pulled_is_there_while_the_registry_is_not() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::start(&folder.path().join("one"), "");
    let (old, new) = (image(1, 1000), image(2, 1000));
    old.push(&upstream, "app", "1");
    let mirror = mirror(upstream.address(), &[]);
    let place = |name: &str| folder.path().join(name);
    pull_well(mirror.address(), "app:1", &place("first"));
    upstream.stop();
    pull_well(mirror.address(), "app:1", &place("offline"));
    // Until what is here of the tag is too old to be given unasked.
    let is_stale = || {
        pull_well(mirror.address(), "app:1", &place("offline"));
        let tags = about(&mirror, "tags");
        (tags["stale"]["responses"].as_u64() > Some(0)).then_some(())
    };
    assert!(
        poll(PATIENCE, is_stale).is_some(),
        "{}",
        about(&mirror, "tags")
    );
    assert_eq!(
        fs::read(place("offline").join("manifest.json")).unwrap(),
        old.manifest
    );
    let failed = pull(mirror.address(), "app:2", &place("never"));
    assert!(!failed.status.success());
    upstream.go_on();
    new.push(&upstream, "app", "1");
    let has_moved = || {
        pull_well(mirror.address(), "app:1", &place("moved"));
        (fs::read(place("moved").join("manifest.json")).unwrap() == new.manifest).then_some(())
    };
    assert!(poll(PATIENCE, has_moved).is_some());
    check_sums(&about(&mirror, "manifests"));
    mirror.server.stop().unwrap();
}

/// By HEAD of a tag as containerd asks, by GET as Docker does, and by the digest that either was told.
#[test]
fn what_a_tag_stood_for_is_there_by_its_digest_while_the_registry_is_not() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::start(&folder.path().join("one"), "");
    let (one, two) = (image(1, 1000), image(2, 1000));
    one.push(&upstream, "got", "1");
    two.push(&upstream, "headed", "1");
    let mirror = mirror(upstream.address(), &[]);
    let ask = |method: &str, target: &str| {
        let mut connection = Connection::open(mirror.address(), PATIENCE).unwrap();
        let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
        let head = format!("{method} /v2/{target} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        connection.receive(method).unwrap()
    };
    pull_well(mirror.address(), "got:1", &folder.path().join("got"));
    let headed = ask("HEAD", "headed/manifests/1");
    assert_eq!(headed.status, 200);
    let told = headed.header("Docker-Content-Digest").unwrap().to_owned();
    assert_eq!(told, digest(&two.manifest));
    // The tag was asked for by HEAD alone.
    assert_eq!(upstream.count("GET /v2/got/manifests/1 "), 0);
    assert_eq!(upstream.count("HEAD /v2/got/manifests/1 "), 1);
    upstream.stop();
    pull_well(mirror.address(), "got:1", &folder.path().join("again"));
    // Under a tag there is what was asked for by those who take the same kinds.
    for (repository, image, tag) in [("got", &one, None), ("headed", &two, Some("1"))] {
        let digest = digest(&image.manifest);
        for name in tag.into_iter().chain([digest.as_str()]) {
            let target = format!("{repository}/manifests/{name}");
            let got = ask("GET", &target);
            assert_eq!((got.status, &got.body), (200, &image.manifest), "{target}");
            let head = ask("HEAD", &target);
            assert_eq!(head.status, 200, "{target}");
            assert_eq!(head.header("Docker-Content-Digest"), Some(digest.as_str()));
        }
    }
    let by_digest = format!("got@{}", digest(&one.manifest));
    pull_well(
        mirror.address(),
        &by_digest,
        &folder.path().join("by-digest"),
    );
    assert_eq!(ask("GET", "got/manifests/2").status, 502);
    upstream.go_on();
    assert_eq!(ask("GET", "got/manifests/2").status, 404);
    assert!(
        ask("GET", "got/manifests/2")
            .text()
            .contains("MANIFEST_UNKNOWN")
    );
    // A client that takes none of its kinds gets what the registry makes for it.
    let old = get(mirror.address(), "/v2/got/manifests/1").unwrap();
    let directly = get(upstream.address(), "/v2/got/manifests/1").unwrap();
    assert_eq!(
        (old.status, old.header("Content-Type")),
        (directly.status, directly.header("Content-Type"))
    );
    mirror.server.stop().unwrap();
}

#[test]
fn heads_fill_nothing_and_pushes_are_refused() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(&folder.path().join("one"), "");
    let image = image(1, 1000);
    image.push(&upstream, "app", "1");
    let mirror = mirror(upstream.address(), &[]);
    let mut connection = Connection::open(mirror.address(), PATIENCE).unwrap();
    let target = format!("/v2/app/blobs/{}", digest(&image.blobs[0]));
    for outcome in ["MISS", "MISS"] {
        let head = format!("HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        let response = connection.receive("HEAD").unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.header("X-Cache"), Some(outcome));
        assert_eq!(response.header("Content-Length"), Some("1000"));
    }
    let blobs = expect(&mirror, "blobs", "/requests/miss", 2);
    assert_eq!(blobs["data"], json!({"received": 0, "sent": 0}));
    assert_eq!(blobs["entries"]["current"], 0);
    assert_eq!(connection.get(&target).unwrap().body, image.blobs[0]);
    expect(&mirror, "blobs", "/entries/current", 1);

    pull_well(mirror.address(), "app:1", &folder.path().join("a"));
    let mut push = Command::new("skopeo");
    push.args(["--insecure-policy", "copy", "--dest-tls-verify=false"]);
    push.arg(format!("dir:{}", folder.path().join("a").display()));
    push.arg(format!("docker://{}/new:1", mirror.address()));
    let pushed = push.output().unwrap();
    assert!(!pushed.status.success());
    assert_eq!(upstream.count("POST /v2/new/"), 0);
    for (method, target) in [("PUT", "/v2/app/manifests/1"), ("DELETE", target.as_str())] {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        assert_eq!(connection.receive(method).unwrap().status, 403, "{method}");
    }
    mirror.server.stop().unwrap();
}

/// The rule of the original: a fixed time from the pull, also over a restart.
#[test]
fn a_fixed_time_from_the_pull_holds_over_a_restart() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::start(&folder.path().join("one"), "");
    let image = image(1, 1000);
    image.push(&upstream, "app", "1");
    let changes = [(
        "proxy_cache_valid 200 10y;",
        "proxy_cache_valid 200 2s; proxy_ignore_headers Cache-Control;",
    )];
    let before = mirror(upstream.address(), &changes);
    let target = format!("/v2/app/blobs/{}", digest(&image.blobs[0]));
    let asked = |address| {
        let response = get(address, &target).unwrap();
        assert!(response.body == image.blobs[0]);
        response.header("X-Cache").unwrap().to_owned()
    };
    assert_eq!(asked(before.address()), "MISS");
    let Running { server, site } = before;
    server.stop().unwrap();
    let after = super::mirror_at(site, upstream.address(), &changes);
    let expired = poll(PATIENCE, || match asked(after.address()).as_str() {
        "HIT" => None,
        other => Some(other.to_owned()),
    });
    assert_eq!(expired.as_deref(), Some("EXPIRED"));
    assert_eq!(asked(after.address()), "HIT");
    after.server.stop().unwrap();
}
