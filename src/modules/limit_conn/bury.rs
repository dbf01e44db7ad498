//! Gives back what workers had under way that died. The keeper does.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::zone::Zone;
use crate::http::plan::chore::Chore;

/// Looks after a zone.
pub(super) struct Bury {
    zone: Arc<Zone>,
    /// How many workers had come when everything was given back last.
    settled: Mutex<Option<u64>>,
}

impl Bury {
    /// Looks after this zone.
    pub(super) fn new(zone: Arc<Zone>) -> Self {
        Self {
            zone,
            settled: Mutex::new(None),
        }
    }
}

/// How often it is looked who has died.
const OFTEN: Duration = Duration::from_millis(250);

impl Chore for Bury {
    fn every(&self) -> Option<Duration> {
        Some(OFTEN)
    }

    fn run(&self) {
        let Zone { area, windows, .. } = &*self.zone;
        // Whoever has the lock does the same.
        let Ok(_guard) = area.lock() else {
            return;
        };
        let dead = area.dead();
        let mut settled = self.settled.lock();
        if dead.places.is_empty() && *settled == Some(dead.arrivals) {
            return;
        }
        windows.bury(area, &dead);
        area.forget(&dead);
        let is_settled = windows.settle(area, |window| window);
        *settled = is_settled.then_some(dead.arrivals);
    }
}
