//! What clients of HTTP/2 flood their connections with.

use std::fmt;

/// What makes work and asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flood {
    /// Confirmations of settings and pings.
    Acks,
    /// CONTINUATION.
    Continuations,
    /// DATA with little content, or none.
    Data,
    /// HEADERS: heads that are too large, or have no field.
    Heads,
    /// Whatever means nothing here: PRIORITY, unknown frames.
    Other,
    /// PING.
    Pings,
    /// Streams that were refused or malformed.
    Refused,
    /// RST_STREAM.
    Resets,
    /// SETTINGS.
    Settings,
    /// Streams that nobody takes any more.
    Untaken,
    /// WINDOW_UPDATE.
    WindowUpdates,
}

impl Flood {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Acks,
        Self::Continuations,
        Self::Data,
        Self::Heads,
        Self::Other,
        Self::Pings,
        Self::Refused,
        Self::Resets,
        Self::Settings,
        Self::Untaken,
        Self::WindowUpdates,
    ];

    /// Its name in the status tree.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acks => "acks",
            Self::Continuations => "continuations",
            Self::Data => "data",
            Self::Heads => "heads",
            Self::Other => "other",
            Self::Pings => "pings",
            Self::Refused => "refused_streams",
            Self::Resets => "resets",
            Self::Settings => "settings",
            Self::Untaken => "untaken_streams",
            Self::WindowUpdates => "window_updates",
        }
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acks => "confirmations",
            Self::Continuations => "continuations",
            Self::Data => "frames of little data",
            Self::Heads => "heads that say too much or nothing",
            Self::Other => "frames that mean nothing",
            Self::Pings => "pings",
            Self::Refused => "streams that are refused",
            Self::Resets => "resets of streams",
            Self::Settings => "settings",
            Self::Untaken => "streams that are not taken",
            Self::WindowUpdates => "window updates",
        })
    }
}
