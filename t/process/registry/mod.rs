//! `conf/registry.conf` as a mirror, with Debian's docker-registry behind it and skopeo before it.

mod hostile;
mod image;
mod pulls;
mod tokens;
mod upstream;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::{Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// Whether both programs are here.
fn have_both() -> bool {
    have("skopeo") && have("docker-registry")
}

/// The shipped configuration before this registry, with other words for some of its.
fn mirror_at(site: Site, registry: SocketAddr, changes: &[(&str, &str)]) -> Running {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{root}/conf/registry.conf")).unwrap();
    let control = format!(
        "http {{\nserver {{ listen 127.0.0.1:{}; location /status/ {{ api /status/; }} }}\n",
        site.control_port
    );
    let mut text = text
        .replacen("http {\n", &control, 1)
        .replace(
            "worker_processes auto",
            "daemon off; pid $DIR/pid; worker_processes 4",
        )
        .replace("error_log stderr notice", "error_log $DIR/error.log info")
        .replace("127.0.0.1:5000", "127.0.0.1:$PORT")
        .replace("127.0.0.1:5080", "127.0.0.1:$PORT2")
        .replace("127.0.0.1:5001", &registry.to_string())
        .replace("registry.cache/", "$DIR/cache/")
        .replace("file=registry", "file=$DIR/registry")
        .replace(
            "include prometheus",
            &format!("include {root}/conf/prometheus"),
        );
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let parts = Parts {
        conf: Some(text),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn mirror(registry: SocketAddr, changes: &[(&str, &str)]) -> Running {
    mirror_at(Site::create().unwrap(), registry, changes)
}

/// Copies an image out of a registry into a folder.
fn pull(registry: SocketAddr, image: &str, folder: &Path) -> Output {
    let mut command = Command::new("skopeo");
    command.args(["--insecure-policy", "copy", "--src-tls-verify=false"]);
    command.arg(format!("docker://{registry}/{image}"));
    command.arg(format!("dir:{}", folder.display()));
    command.output().unwrap()
}

fn pull_well(registry: SocketAddr, image: &str, folder: &Path) {
    let output = pull(registry, image, folder);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn get(address: SocketAddr, target: &str) -> std::io::Result<Response> {
    Connection::open(address, PATIENCE)?.get(target)
}

/// What the mirror says of a cache.
fn about(running: &Running, cache: &str) -> Value {
    running.status(&format!("http/caches/{cache}"))
}

/// Waits until a cache says this of itself.
fn expect(running: &Running, cache: &str, pointer: &str, number: u64) -> Value {
    let fits = || {
        let about = about(running, cache);
        (about.pointer(pointer).and_then(Value::as_u64) == Some(number)).then_some(about)
    };
    let found = poll(PATIENCE, fits);
    found.unwrap_or_else(|| panic!("{pointer} is not {number}: {}", about(running, cache)))
}

/// Hits and misses are all requests, by whatever they are counted.
fn check_sums(about: &Value) {
    let number = |pointer: &str| about.pointer(pointer).and_then(Value::as_u64).unwrap();
    let total = number("/requests/total");
    assert_eq!(
        total,
        number("/requests/hit") + number("/requests/miss"),
        "{about}"
    );
    let outcomes = [
        "hit",
        "stale",
        "updating",
        "revalidated",
        "miss",
        "expired",
        "bypass",
    ];
    let all = outcomes.map(|outcome| number(&format!("/{outcome}/responses")));
    assert_eq!(total, all.iter().sum::<u64>(), "{about}");
}
