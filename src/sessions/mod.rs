//! Sessions: who is streaming what, how fast, and when it is too much.
//!
//! A [`Sessions`] is one process's handle to a zone that holds the sessions of all of them. A session is *pending* from
//! when it is registered, *active* from its first bytes of a body or whatever else activates it, and *closed* when
//! nothing was sent or received for a while; a pending one that is not activated in time leaves no trace, an active
//! one goes into the history. Whatever changes together (a session, the totals, the rows of the history) changes in
//! one edit of the zone, so a death at any instruction leaves sums that fit; bytes are counted without a lock.
//!
//! What is said of a session, its text, is fixed when it is registered, but for the extra. All times are the zone's.
#![forbid(unsafe_code)]

mod attributes;
mod cells;
mod close;
mod count;
mod found;
mod history;
mod keys;
mod limits;
mod read;
mod register;
mod resume;
mod sweep;
mod top;
mod totals;
mod window;

use crate::metric::{Moment, Schema};
use crate::os::atomic::AtomicU64;
use crate::zone::{NotChanged, Zone};

pub use attributes::Attributes;
pub use cells::{Bytes, Flow};
pub use count::Handle;
pub use found::{Begun, Found, Settled};
pub use history::{By, Peer, Summary, Sums};
pub use limits::{Limit, Limits};
pub use read::{Numbers, Session};
pub use register::{Admission, Estimate, Newcomer, Status};
pub use sweep::Swept;

use totals::Totals;

/// What a configuration says of a zone of sessions. Times are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// An active session is closed when it has had no bytes for so long.
    pub timeout: u64,
    /// A pending one goes after so long; never later than after `timeout`.
    pub pending: u64,
    /// How much there may be.
    pub limits: Limits,
}

/// One process's handle to a zone of sessions.
#[derive(Debug)]
pub struct Sessions {
    zone: Zone,
    settings: Settings,
    /// Where the gauge lies, packed.
    gauge: AtomicU64,
}

/// What the cells of such a zone are.
pub fn schema() -> Schema {
    Schema::words("sessions 3", cells::CELLS)
}

impl Sessions {
    /// The sessions in a zone whose schema is [`schema`], and which has no discard key.
    ///
    /// # Errors
    /// When the zone cannot be used, or has no room for its own numbers.
    pub fn new(zone: Zone, settings: Settings, now: Moment) -> Result<Self, NotChanged> {
        let sessions = Self {
            zone,
            settings,
            gauge: AtomicU64::new(0),
        };
        sessions.zone.edit(now, |edit| {
            let totals = Totals::of(edit);
            totals.put(edit);
            count::make_gauge(edit);
            edit.commit()
        })??;
        Ok(sessions)
    }

    /// The zone, for what it shows of itself.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[cfg(test)]
mod tests;
