//! What the end-to-end tests stand on: `.t` block files, a server process of one's own on free
//! loopback ports, a raw HTTP client, scripted origins, comparison of answers.
//!
//! Used by two test binaries (`t/main.rs`, `t/process/main.rs`), each of a part only. Every server
//! lives in a temporary directory and is ended by process id when its `Server` is dropped, so a
//! failing test leaves nothing behind. Nothing here sleeps for timing: it polls with a deadline.
#![forbid(unsafe_code)]
#![allow(dead_code, reason = "each test binary uses a part of the harness")]

pub(crate) mod block;
pub(crate) mod client;
pub(crate) mod compare;
pub(crate) mod door;
pub(crate) mod escape;
pub(crate) mod exposition;
pub(crate) mod golden;
pub(crate) mod http2;
pub(crate) mod load;
pub(crate) mod nginx;
pub(crate) mod origin;
mod origin_http2;
pub(crate) mod origin_programs;
pub(crate) mod random;
pub(crate) mod request;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod steps;
pub(crate) mod tree;
pub(crate) mod wire;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::Connection;
use serde_json::Value;

/// How long a test waits for something that must happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A server on a site of its own, for tests that are not blocks.
pub(crate) struct Running {
    pub(crate) server: server::Server,
    pub(crate) site: site::Site,
}

impl Running {
    /// Starts a server on the given parts of a configuration.
    pub(crate) fn start(parts: &site::Parts) -> Self {
        Self::start_at(site::Site::create().unwrap(), parts)
    }

    /// The same on a site that has been prepared.
    pub(crate) fn start_at(site: site::Site, parts: &site::Parts) -> Self {
        let main_file = site.write(parts).unwrap();
        let address = site.address(site.port);
        match server::Server::start(&main_file, &site.directory, &[], address) {
            Ok(server) => Self { server, site },
            Err(message) => panic!("{message}\n{}", site.read("error.log")),
        }
    }

    /// The address of the server under test.
    pub(crate) fn address(&self) -> SocketAddr {
        self.site.address(self.site.port)
    }

    /// The address of the harness's own status server.
    pub(crate) fn control(&self) -> SocketAddr {
        self.site.address(self.site.control_port)
    }

    /// The ids of the worker processes once there are `count` of them.
    pub(crate) fn workers(&self, count: usize) -> Vec<u32> {
        let mut seen = Vec::new();
        let settled = poll(PATIENCE, || {
            seen = self.server.workers();
            seen.sort_by_key(|process| process.id);
            (seen.len() == count).then_some(())
        });
        assert!(
            settled.is_some(),
            "expected {count} workers, there are {seen:?}"
        );
        seen.iter().map(|process| process.id).collect()
    }

    /// Takes up another configuration.
    pub(crate) fn reload(&self, parts: &site::Parts) {
        self.site.write(parts).unwrap();
        if let Err(message) = self.server.reload(self.control()) {
            panic!("{message}\n{}", self.site.read("error.log"));
        }
    }

    /// A value of the status tree, asked over a fresh connection.
    pub(crate) fn status(&self, path: &str) -> Value {
        let mut connection = Connection::open(self.control(), PATIENCE).unwrap();
        let response = connection.get(&format!("/status/{path}")).unwrap();
        compare::parse_json(&response.body).unwrap()
    }

    /// Waits until a value of the status tree is as expected.
    pub(crate) fn expect_status(&self, path: &str, expected: &Value) {
        let mut last = Value::Null;
        let found = poll(PATIENCE, || {
            last = self.status(path);
            (last == *expected).then_some(())
        });
        assert!(
            found.is_some(),
            "/status/{path}: expected {expected}, got {last}"
        );
    }
}

/// Asks `probe` until it gives a value or `patience` is over.
pub(crate) fn poll<T>(patience: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
