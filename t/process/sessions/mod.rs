//! Sessions from outside: their lives, rates, limits and history, with real clients, over dying processes.
//!
//! `SESSION_ROUNDS=50` makes long what is killed again and again, `SESSION_PEERS=200000` what has many peers,
//! `SESSION_CLIENTS=64 SESSION_EACH=10000` what has many sessions, `SESSION_FLIPS=100` what has damage.

mod attached;
mod bytes;
mod flips;
mod found;
mod http2;
mod inside;
mod kills;
mod life;
mod many;
mod paced;
mod players;
mod under_way;

use serde_json::Value;

use crate::harness::Running;
use crate::harness::client::{Connection, head};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, poll};

/// A server on `parts` that has a file "hello".
fn start(parts: &Parts) -> Running {
    let site = Site::create().unwrap();
    site.add_file("html/hello", "hello").unwrap();
    Running::start_at(site, parts)
}

/// A number given by the environment, or another for want of it.
fn number(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap())
}

/// What is shown of the session zone "s".
fn zone(running: &Running) -> Value {
    running.status("http/session_zones/s/")
}

/// A number of the session zone "s", by its path.
fn count(running: &Running, path: &str) -> u64 {
    let value = running.status(&format!("http/session_zones/s/{path}"));
    value.as_u64().unwrap_or_else(|| panic!("{path}: {value}"))
}

/// Waits until a number of the session zone "s" is as expected.
fn expect(running: &Running, path: &str, expected: u64) {
    let mut last = 0;
    let found = poll(PATIENCE, || {
        last = count(running, path);
        (last == expected).then_some(())
    });
    let shown = zone(running);
    assert!(found.is_some(), "{path}: {last}, not {expected}: {shown:#}");
}

/// Sends a request and gives the status; the connection is closed then.
fn ask(running: &Running, method: &str, target: &str, body: Option<&[u8]>) -> u16 {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.send(&head(method, target, &[], body)).unwrap();
    connection.receive(method).unwrap().status
}
