//! A file of keys that changes under a server: what workers notice, and what they cannot read.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::harness::client::{self, Connection};
use crate::harness::server::signal;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};

const WORKERS: usize = 2;

fn start(keys: &str) -> Running {
    let site = Site::create().unwrap();
    site.add_file("keys", keys).unwrap();
    let parts = Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        config: "location /open { auth_api_key r; auth_api_key_file keys; try_files /x =204; }\n"
            .into(),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn ask(running: &Running, key: &str) -> u16 {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let fields = [("X-API-Key".to_owned(), key.to_owned())];
    connection
        .send(&client::head("GET", "/open", &fields, None))
        .unwrap();
    connection.receive("GET").unwrap().status
}

/// Asks until every worker, as far as many requests in a row can tell, says `status`.
fn expect(running: &Running, key: &str, status: u16) {
    let settled = poll(PATIENCE, || {
        (0..40).all(|_| ask(running, key) == status).then_some(())
    });
    assert!(settled.is_some(), "{key}: never {status}");
}

/// Asks until the log has the line: a worker looks at the file when somebody asks.
fn expect_log(running: &Running, pattern: &str) {
    let said = poll(PATIENCE, || {
        ask(running, "anything");
        let log = running.site.read("error.log");
        compare::matches(pattern, &log).unwrap().then_some(())
    });
    assert!(said.is_some(), "{}", running.site.read("error.log"));
}

#[test]
fn keys_change_without_a_reload() {
    let running = start("a:one\n");
    expect(&running, "one", 204);
    running.site.add_file("keys", "a:two\n").unwrap();
    expect(&running, "two", 204);
    expect(&running, "one", 401);
    running.site.add_file("keys", "a:three\ntwo\n").unwrap();
    expect_log(
        &running,
        r"\[error\] .* invalid key in .*/keys.:2, the keys read before stay in force",
    );
    fs::remove_file(running.site.directory.join("keys")).unwrap();
    expect_log(
        &running,
        r"\[error\] .* open\(\) .*/keys. failed \(2: No such file or directory\), the keys",
    );
    assert_eq!(ask(&running, "three"), 401);
    expect(&running, "two", 204);
    let log = running.site.read("error.log");
    assert!(log.matches("No such file").count() <= WORKERS, "{log}");
    // A worker that comes now serves all the same.
    signal(&running.workers(WORKERS)[0].to_string(), "KILL");
    let replaced = poll(PATIENCE, || {
        (running.server.workers().len() == WORKERS).then_some(())
    });
    assert!(replaced.is_some());
    running.site.add_file("keys", "a:four\n").unwrap();
    expect(&running, "four", 204);
    expect(&running, "two", 401);
    running.server.stop().unwrap();
}

#[test]
fn a_worker_that_may_not_read_keeps_what_it_had() {
    let probe = Site::create().unwrap();
    let owner = fs::metadata(&probe.directory).unwrap();
    if std::os::unix::fs::MetadataExt::uid(&owner) != 0 {
        eprintln!("skipped: workers have other rights than the master only under root");
        return;
    }
    let running = start("a:one\n");
    expect(&running, "one", 204);
    let path = running.site.directory.join("keys");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    running.site.add_file("keys", "a:two\n").unwrap();
    expect_log(
        &running,
        r"\[error\] .* open\(\) .*/keys. failed \(13: Permission denied\), the keys",
    );
    expect(&running, "one", 204);
    assert_eq!(ask(&running, "two"), 401);
    running.server.signal("HUP");
    expect(&running, "two", 204);
    expect(&running, "one", 401);
    running.server.stop().unwrap();
}
