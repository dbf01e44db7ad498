//! What the frames of a client cost, so that one that makes work without asking for anything is noticed.

use crate::metric::Moment;

/// What a client may spend on frames that make work. Time fills it, and so does work that is of use.
#[derive(Debug)]
pub(super) struct Purse {
    /// In thousandths.
    left: u64,
    filled: Moment,
}

/// The most it holds.
const MOST: u64 = 1000;
const THOUSAND: u64 = 1000;
/// So much comes in every second.
const A_SECOND: u64 = 50;
const SECOND: u64 = 1_000_000_000;

impl Purse {
    /// A full one.
    pub(super) fn new(now: Moment) -> Self {
        Self {
            left: MOST * THOUSAND,
            filled: now,
        }
    }

    /// Takes the price of something; false when it does not hold so much.
    pub(super) fn pay(&mut self, price: u64, now: Moment) -> bool {
        let passed = now.0.saturating_sub(self.filled.0);
        let earned = passed.min(SECOND * MOST) / (SECOND / (A_SECOND * THOUSAND));
        if earned > 0 {
            self.filled = now;
            self.left = (self.left + earned).min(MOST * THOUSAND);
        }
        match self.left.checked_sub(price * THOUSAND) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// Something of use was done.
    pub(super) fn earn(&mut self, amount: u64) {
        let more = amount.saturating_mul(THOUSAND);
        self.left = self.left.saturating_add(more).min(MOST * THOUSAND);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_empty_once_more_is_spent_than_comes_in() {
        let mut purse = Purse::new(Moment(0));
        assert!((0..MOST).all(|_| purse.pay(1, Moment(0))));
        assert!(!purse.pay(1, Moment(0)));
        // Looks that are close together lose nothing of what time brings.
        assert!((0..1000).all(|ms| purse.pay(0, Moment(ms * SECOND / 1000))));
        assert!((0..A_SECOND).all(|_| purse.pay(1, Moment(SECOND))));
        assert!(!purse.pay(1, Moment(SECOND)));
    }

    #[test]
    fn it_never_holds_more_than_when_it_was_new() {
        let mut purse = Purse::new(Moment(0));
        purse.earn(u64::MAX);
        assert!(purse.pay(MOST, Moment(1_000_000 * SECOND)));
        assert!(!purse.pay(1, Moment(1_000_000 * SECOND)));
        purse.earn(7);
        assert!(purse.pay(7, Moment(1_000_000 * SECOND)));
    }
}
