//! The central push server as it is shipped (conf/push.conf): the client pushes, Prometheus scrapes with a key
//! over TLS, clients are counted while they are active, and everything is there after a kill.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::clients::have;
use crate::harness::site::{Parts, Site, binary};
use crate::harness::{PATIENCE, Running, compare, poll};
use crate::lasting::kill;
use crate::prometheus::Scraper;

const KEY: &str = "change-me";

/// The shipped configuration on ports of the test's own, with clients that are soon forgotten.
fn parts(site: &Site) -> Parts {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf");
    let text = fs::read_to_string(shipped.join("push.conf")).unwrap();
    let keys = fs::read_to_string(shipped.join("push.keys")).unwrap();
    site.add_file("push.keys", &keys).unwrap();
    let control = format!(
        "    server {{ listen 127.0.0.1:{}; location /status/ {{ api /status/; }} }}\n}}\n",
        site.control_port
    );
    let text = text
        .replace(
            "127.0.0.1:3000 ssl",
            &format!("127.0.0.1:{} ssl", site.port),
        )
        .replace(
            "worker_processes auto;",
            "daemon off; worker_processes 2; pid $DIR/pid;",
        )
        .replace("error_log stderr notice;", "error_log $DIR/error.log info;")
        .replace("inactive=1h", "inactive=4s");
    let end = text.rfind('}').unwrap();
    Parts {
        conf: Some(format!("{}{control}", &text[..end])),
        ..Parts::default()
    }
}

fn start() -> (Running, Parts) {
    let site = Site::create().unwrap();
    let parts = parts(&site);
    (Running::start_at(site, &parts), parts)
}

/// What the client of our own prints.
fn push(running: &Running, arguments: &[&str]) -> String {
    let site = &running.site;
    let output = Command::new(binary())
        .args(["push", "--cacert"])
        .arg(site.directory.join("push.crt"))
        .arg(format!("https://localhost:{}/", site.port))
        .args(arguments)
        .env("PINGAUGE_API_KEY", KEY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The page for Prometheus, asked for from another address of this machine.
fn page(running: &Running, from: &str) -> String {
    let site = &running.site;
    let output = Command::new("curl")
        .args(["-sS", "--fail", "--interface", from, "--cacert"])
        .arg(site.directory.join("push.crt"))
        .args(["-H", &format!("Authorization: token {KEY}")])
        .arg(format!("https://127.0.0.1:{}/__metrics", site.port))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn clients_are_counted_as_long_as_they_come() {
    if !have("curl") {
        return;
    }
    let (running, _) = start();
    for from in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        page(&running, from);
    }
    let clients = |count: usize| {
        let line = format!("\nmetric_nexus_clients {count}\n");
        poll(PATIENCE, || {
            page(&running, "127.0.0.1").contains(&line).then_some(())
        })
    };
    assert!(clients(3).is_some(), "{}", page(&running, "127.0.0.1"));
    // One goes on asking.
    assert!(clients(1).is_some(), "{}", page(&running, "127.0.0.1"));
    running.server.stop().unwrap();
}

#[test]
fn what_was_pushed_is_there_after_a_kill_and_help_changes_with_a_new_metric() {
    if !have("curl") {
        return;
    }
    let (running, parts) = start();
    push(&running, &["kills", "create", "Spiders stopped."]);
    push(&running, &["kills", "add", "3"]);
    push(&running, &["up-time", "create-set", "88.5"]);
    push(&running, &["kills", "create", "--label", "host=a\"b"]);
    let running = Running::start_at(kill(running), &parts);
    assert_eq!(push(&running, &["kills", "get"]), "3");
    assert_eq!(push(&running, &["up_time", "get"]), "88.5");
    let shown = page(&running, "127.0.0.1");
    assert!(compare::exposition(&shown).unwrap() >= 4, "{shown}");
    assert!(
        shown.contains("# HELP kills Spiders stopped.\n# TYPE kills gauge\nkills 3\n"),
        "{shown}"
    );
    push(&running, &["kills", "delete"]);
    push(&running, &["kills", "create", "Something else."]);
    let shown = page(&running, "127.0.0.1");
    assert!(shown.contains("# HELP kills Something else.\n"), "{shown}");
    running.server.stop().unwrap();
}

#[test]
fn the_example_of_the_readme_works() {
    if !have("curl") {
        return;
    }
    let (running, _) = start();
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let there = "pingauge push --insecure https://127.0.0.1:3000/";
    let commands: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with(there))
        .collect();
    assert!(commands.len() > 1, "{commands:?}");
    for command in commands {
        let (program, port) = (binary(), running.site.port);
        let here = format!(
            "{} push --insecure https://127.0.0.1:{port}/",
            program.display()
        );
        let output = Command::new("sh")
            .args(["-c", &command.replace(there, &here)])
            .env("PINGAUGE_API_KEY", KEY)
            .output()
            .unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
    }
    let shown = page(&running, "127.0.0.1");
    assert!(
        shown.contains("\nbackups_made{host=\"db1\"} 1\n"),
        "{shown}"
    );
    running.server.stop().unwrap();
}

#[test]
fn prometheus_scrapes_with_a_key_over_tls() {
    if !have("prometheus") {
        return;
    }
    let (running, _) = start();
    push(&running, &["kills", "create", "Spiders stopped."]);
    push(&running, &["kills", "add", "5"]);
    let site = &running.site;
    let scraper = Scraper::start(&format!(
        "- job_name: push\n  scheme: https\n  metrics_path: /__metrics\n  \
         authorization: {{ type: token, credentials: {KEY} }}\n  \
         tls_config: {{ ca_file: {}/push.crt }}\n  \
         static_configs: [{{ targets: ['127.0.0.1:{}'] }}]\n",
        site.directory.display(),
        site.port
    ));
    let value = poll(PATIENCE * 2, || {
        let answer = scraper.ask("/api/v1/query?query=kills")?;
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .map(str::to_owned)
    });
    assert_eq!(value.as_deref(), Some("5"), "{}", scraper.site.read("log"));
    running.server.stop().unwrap();
}
