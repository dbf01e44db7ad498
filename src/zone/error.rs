//! Why a zone cannot be used, or cannot take an update.

use std::io;

use super::layout::TooSmall;

/// Why an update was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no room, and no discard key.
    #[error("no room in the zone")]
    Full,
    /// A process that does not move has the zone's lock.
    #[error("the zone's lock is held by process {0}")]
    Held(u32),
    /// The zone's memory cannot be used any more.
    #[error("the zone is damaged")]
    Damaged,
}

/// Memory that cannot be used as the zone that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// What lies there is no zone, or a broken one.
    #[error("corrupt zone: {0}")]
    Corrupt(&'static str),
    /// The machine went down since it was used; what lies there may be anything.
    #[error("corrupt zone: of another boot")]
    OtherBoot,
    /// A process that does not move has the lock.
    #[error("its lock is held by process {0}")]
    Held(u32),
    /// Too few bytes for even one key.
    #[error(transparent)]
    TooSmall(#[from] TooSmall),
    /// The system does not give the memory.
    #[error("zone memory: {0}")]
    Memory(#[from] io::Error),
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChanged {
    /// The key of the change in this place is not there.
    #[error("there is no such key")]
    Unknown(usize),
    /// The change in this place is none that the zone's mode allows.
    #[error("the zone's mode does not allow it")]
    Unsupported(usize),
    /// The key of the change in this place is the zone's discard key, empty, or changed already.
    #[error("the key cannot be changed")]
    Reserved(usize),
    /// There is no room for all of it.
    #[error("no room in the zone")]
    Full,
    /// There is no room to remember the name.
    #[error("no room in the zone for another receipt")]
    Crowded,
    /// A process that does not move uses one of the keys.
    #[error("a key is held by a process that was stopped")]
    Busy,
    /// A newer configuration has keys of other parts.
    #[error("the zone has other keys now")]
    Renamed,
    /// A process that does not move has the zone's lock.
    #[error("the zone's lock is held by process {0}")]
    Held(u32),
    /// The zone's memory cannot be used any more.
    #[error("the zone is damaged")]
    Damaged,
}

impl From<Unusable> for NotChanged {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::Held(process) => Self::Held(process),
            _ => Self::Damaged,
        }
    }
}
