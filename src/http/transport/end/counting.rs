//! What goes over one end of an exchange is counted, and told to its meter.

use super::super::meter::Then;
use super::{End, Line};

impl End {
    pub(super) fn count_sent(&self, amount: usize, then: Then) {
        self.traffic.count_sent(amount);
        if let Some(meter) = &self.meter {
            meter.sent(amount as u64, then, &self.traffic);
        }
    }

    #[cold]
    pub(super) fn tell_pause(&self) {
        if let Some(meter) = &self.meter {
            meter.sent(0, Then::More, &self.traffic);
        }
    }

    pub(super) fn count(&mut self, amount: usize) {
        if let Line::Stream(half) = &mut self.line {
            return half.release(amount);
        }
        self.traffic.count_received(amount);
        if let Some(meter) = &self.meter {
            meter.received(amount as u64, &self.traffic);
        }
    }
}
