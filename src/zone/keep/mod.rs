//! Zones that last: what of a zone is on disk beside its memory, and how it comes back.
//!
//! `files` says which files there are, `opening` which of them counts; `live` whether the memory can be used as it
//! is; `snapshot` and `journal` are written while counting goes on and read after the machine went down;
//! `writer` writes them in turn; `image` puts what they say into a new zone.

pub(super) mod entry;
mod files;
mod image;
pub(super) mod journal;
mod live;
mod opening;
mod snapshot;
mod writer;

use std::time::{SystemTime, UNIX_EPOCH};

pub use files::{Fate, Files};
pub use opening::{Opened, Told, Wanted};
pub use writer::{Kept, Writer};

/// The wall clock in milliseconds since 1970.
pub(super) fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests;
