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
pub(crate) mod escape;
pub(crate) mod golden;
pub(crate) mod origin;
pub(crate) mod request;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod site;

use std::time::{Duration, Instant};

/// How long a test waits for something that must happen soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

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
