//! The place of everything in a zone's memory, in words: a header, the table of keys, the entries.

use crate::http::plan::counters::MOST_WORKERS;
use crate::os::MUTEX_WORDS;

/// What a zone counts the traffic of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Server,
    Location,
}

/// Bytes of the longest key, and of the longest name.
pub(super) const LONGEST_KEY: usize = 256;

// The header, in words.
pub(super) const LAYOUT: usize = 0;
pub(super) const USED: usize = 1;
pub(super) const SEED: usize = 2;
pub(super) const LOCK: usize = 8;
pub(super) const TABLE: usize = 64;
const _: () = assert!(LOCK + MUTEX_WORDS <= TABLE);

// An entry, in words.
pub(super) const KEY_LENGTH: usize = 0;
pub(super) const KEY: usize = 1;
pub(super) const TOTAL: usize = KEY + LONGEST_KEY / 8;
pub(super) const DISCARDED: usize = TOTAL + 1;
pub(super) const RECEIVED: usize = DISCARDED + 1;
pub(super) const SENT: usize = RECEIVED + 1;
/// How handshakes ended: done, of these with an earlier session, too late, failed.
pub(super) const HANDSHAKES: usize = SENT + 1;
pub(super) const RESPONSES: usize = HANDSHAKES + 4;
pub(super) const FIRST_STATUS: u16 = 100;
pub(super) const STATUSES: usize = 500;
/// One more than statuses, for what is none.
pub(super) const PROCESSING: usize = RESPONSES + STATUSES + 1;

impl Kind {
    pub(super) const fn memory_kind(self) -> &'static str {
        match self {
            Self::Server => "server_status_zone",
            Self::Location => "location_status_zone",
        }
    }

    pub(super) fn entry_words(self) -> usize {
        match self {
            Self::Server => PROCESSING + MOST_WORKERS,
            Self::Location => PROCESSING,
        }
    }
}

/// The table is at most half full.
pub(super) fn table_words(capacity: usize) -> usize {
    capacity.saturating_mul(2)
}

/// The words of a zone; `None` for more than there can be.
pub(super) fn words(kind: Kind, capacity: usize) -> Option<usize> {
    u32::try_from(capacity).ok()?;
    let entries = capacity.checked_add(1)?.checked_mul(kind.entry_words())?;
    let words = entries
        .checked_add(table_words(capacity))?
        .checked_add(TABLE)?;
    words.checked_mul(8).map(|_| words)
}
