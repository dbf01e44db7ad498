//! Sessions that clients keep themselves: taken up by whichever worker, over reloads, by keys that are replaced.

use std::collections::HashSet;
use std::fs;

use super::clients::have;
use super::handshakes::{REQUEST, client, servers};
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

fn ask(site: &Site, version: &str, session: &str, file: &str) -> String {
    let file = format!("$DIR/{file}");
    let arguments = [version, "-ign_eof", "-quiet", session, &file];
    client(site, &arguments, REQUEST)
}

/// The worker that answered, and whether it took up a session.
fn told(said: &str) -> Option<(String, bool)> {
    let (_, rest) = said.split_once("worker[")?;
    let (worker, rest) = rest.split_once("] reused[")?;
    Some((worker.to_owned(), rest.starts_with('r')))
}

fn with_workers(settings: &str) -> Parts {
    let mut parts = servers(settings, &["server_name a.test;"]);
    parts.http_config = parts
        .http_config
        .replace("return 200 \"", "return 200 \"worker[$pid] ");
    parts.main_config = "worker_processes 4;\n".into();
    parts
}

#[test]
fn every_worker_takes_up_what_any_has_given_also_after_a_reload() {
    const LEAST: usize = 3;
    if !have("openssl") {
        return;
    }
    let parts = with_workers("");
    let running = Running::start(&parts);
    let site = &running.site;
    let meet_all = |version: &str| {
        let mut workers = HashSet::new();
        for _ in 0..100 {
            let said = ask(site, version, "-sess_in", &format!("session{version}"));
            let (worker, reused) = told(&said).unwrap_or_else(|| panic!("{said}"));
            assert!(reused, "{version}: {said}");
            workers.insert(worker);
            if workers.len() >= LEAST {
                return workers;
            }
        }
        panic!("only {workers:?} answered");
    };
    let versions = ["-tls1_2", "-tls1_3"];
    let before = versions.map(|version| {
        let first = ask(site, version, "-sess_out", &format!("session{version}"));
        let (_, reused) = told(&first).unwrap_or_else(|| panic!("{first}"));
        assert!(!reused, "{first}");
        meet_all(version)
    });
    running.reload(&parts);
    for (version, before) in versions.into_iter().zip(before) {
        let after = meet_all(version);
        assert!(after.is_disjoint(&before), "{after:?} {before:?}");
    }
    running.server.stop().unwrap();
}

#[test]
fn keys_of_files_are_replaced_one_by_one() {
    if !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    for (name, length, first) in [("one", 48, 1), ("two", 80, 2), ("three", 48, 3)] {
        let content: Vec<u8> = (0..length).map(|place| place * 3 + first).collect();
        fs::write(site.directory.join(format!("{name}.key")), content).unwrap();
    }
    let keys = |names: &[&str]| {
        let line = |name: &&str| format!("ssl_session_ticket_key $DIR/{name}.key;\n");
        with_workers(&names.iter().map(line).collect::<String>())
    };
    let running = Running::start_at(site, &keys(&["one"]));
    let site = &running.site;
    for version in ["-tls1_2", "-tls1_3"] {
        running.reload(&keys(&["one"]));
        ask(site, version, "-sess_out", "by-one");
        // openssl writes what it is given in turn to another file.
        let reused = |file: &str| told(&ask(site, version, "-sess_in", file)).unwrap().1;
        assert!(reused("by-one"));
        running.reload(&keys(&["two", "one"]));
        assert!(reused("by-one"));
        ask(site, version, "-sess_out", "by-two");
        assert!(reused("by-two"));
        running.reload(&keys(&["two"]));
        assert!(!reused("by-one"));
        assert!(reused("by-two"));
        running.reload(&keys(&["three"]));
        assert!(!reused("by-two"));
        running.reload(&with_workers(""));
        assert!(!reused("by-two"));
    }
    running.server.stop().unwrap();
}

#[test]
fn tickets_are_given_as_told_and_last_as_long() {
    if !have("openssl") {
        return;
    }
    for (settings, is_given) in [
        ("ssl_session_tickets on; ssl_session_cache none;", true),
        ("ssl_session_tickets off; ssl_session_cache none;", false),
        ("ssl_session_tickets off; ssl_session_cache builtin;", true),
        ("ssl_session_tickets on; ssl_session_cache off;", false),
    ] {
        let mut parts = with_workers(settings);
        parts.main_config.clear();
        let running = Running::start(&parts);
        for version in ["-tls1_2", "-tls1_3"] {
            let file = format!("session{version}");
            let said = ask(&running.site, version, "-sess_out", &file);
            assert!(said.contains("worker["), "{said}");
            let is_there = running.site.directory.join(&file).exists();
            let reused = is_there
                && told(&ask(&running.site, version, "-sess_in", &file)).is_some_and(|told| told.1);
            assert_eq!(reused, is_given, "{settings} {version}");
        }
        running.server.stop().unwrap();
    }
}
