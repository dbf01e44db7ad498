//! The master's hourly look at what it provides: certificates that are about to run out.
//!
//! Workers notice by themselves what was renewed. A look is short: nothing is read from a network.

use std::time::{Duration, Instant};

use super::error_log;
use super::master::Master;
use crate::conf::Disk;
use crate::modules::process::LogLevel;

/// When to look next.
pub(super) struct Upkeep(Instant);

impl Upkeep {
    /// A configuration that begins to serve was just provided for.
    pub(super) fn begin() -> Self {
        Self(Instant::now() + EVERY)
    }

    /// The moment of the next look.
    pub(super) fn due(&self) -> Instant {
        self.0
    }
}

impl Master {
    /// Looks, if it is time.
    pub(super) fn keep_up(&mut self) {
        if Instant::now() < self.upkeep.due() || self.end.is_some() {
            return;
        }
        self.upkeep = Upkeep::begin();
        let runtime = self.current.runtime.iter();
        for provision in runtime.flat_map(|one| &one.provisions) {
            if let Err(message) = provision.provide(&mut Disk) {
                error_log::write(LogLevel::Error, &message);
            }
        }
    }
}

const EVERY: Duration = Duration::from_secs(60 * 60);
