//! What a signal says at a moment, after what has been found out: pure.

use super::grade::Grade;

/// When a signal is too old to be believed, and what then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// How long a value holds, in milliseconds.
    pub after: u64,
    /// What comes after that.
    pub rule: StaleRule,
}

/// What becomes of a signal without a value that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleRule {
    /// It says nothing.
    Open,
    /// It says what it said last.
    Hold,
    /// It says that there is an emergency.
    Close,
}

/// What an evaluation found out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finding {
    /// A value.
    Value(f64),
    /// That there is none.
    Absent,
    /// Nothing, this time.
    Nothing,
}

/// What is known of a signal; times are milliseconds of the machine's monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The last value.
    pub value: Option<f64>,
    /// When that was found out; before there was one, when it was first looked for.
    pub since: u64,
    /// Whether there is none any more.
    pub is_absent: bool,
}

/// What a signal says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What part of the window it takes away; nothing, if the signal is a plain one.
    pub throttle: f64,
    /// Whether it objects at all.
    pub is_firing: bool,
    /// Whether it has no value that holds.
    pub is_stale: bool,
}

impl Standing {
    /// Takes in what was found out.
    pub fn take(&mut self, finding: Finding, now: u64) {
        match finding {
            Finding::Value(value) => {
                *self = Self {
                    value: Some(value),
                    since: now,
                    is_absent: false,
                }
            }
            Finding::Absent => self.is_absent = true,
            Finding::Nothing => {}
        }
    }

    /// What the signal says now; one without a grade is a plain one. For a first value it has as much time as a
    /// value holds.
    pub fn judge(&self, grade: Option<&Grade>, stale: Stale, now: u64) -> Judgement {
        let is_overdue = self.is_absent || now.saturating_sub(self.since) >= stale.after;
        let value = match (is_overdue, stale.rule) {
            (false, _) | (true, StaleRule::Hold) => self.value,
            (true, StaleRule::Open) => None,
            (true, StaleRule::Close) => Some(f64::INFINITY),
        };
        let (throttle, is_firing) = match (grade, value) {
            (_, None) => (0.0, false),
            (None, Some(value)) => (0.0, value > 0.0),
            (Some(grade), Some(value)) => {
                let throttle = grade.throttle(value);
                (throttle, throttle > 0.0)
            }
        };
        Judgement {
            throttle,
            is_firing,
            is_stale: is_overdue || self.value.is_none(),
        }
    }
}

/// What all signals of a zone say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// What part of the largest window may be used, 0 to 1.
    pub allowance: f64,
    /// Whether a plain signal fires, so that the window is to become smaller.
    pub is_firing: bool,
}

impl Verdict {
    /// Nobody objects.
    pub const FREE: Self = Self {
        allowance: 1.0,
        is_firing: false,
    };

    /// Takes in what one more signal says.
    pub fn hear(&mut self, judgement: Judgement, is_graded: bool) {
        match is_graded {
            true => self.allowance = self.allowance.min(1.0 - judgement.throttle),
            false => self.is_firing |= judgement.is_firing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRADE: Grade = Grade {
        warn: 10.0,
        emergency: 100.0,
        curve: 4.0,
    };

    fn stale(rule: StaleRule) -> Stale {
        Stale { after: 5000, rule }
    }

    fn standing(value: Option<f64>) -> Standing {
        Standing {
            value,
            since: 1000,
            is_absent: false,
        }
    }

    /// What a signal with this value says at a moment: graded and plain.
    fn said(standing: Standing, rule: StaleRule, now: u64) -> [(f64, bool, bool); 2] {
        [Some(&GRADE), None].map(|grade| {
            let judgement = standing.judge(grade, stale(rule), now);
            (judgement.throttle, judgement.is_firing, judgement.is_stale)
        })
    }

    #[test]
    fn a_value_holds_for_its_time() {
        for rule in [StaleRule::Open, StaleRule::Hold, StaleRule::Close] {
            let high = said(standing(Some(200.0)), rule, 5999);
            assert_eq!(high, [(1.0, true, false), (0.0, true, false)]);
            let low = said(standing(Some(0.0)), rule, 5999);
            assert_eq!(low, [(0.0, false, false); 2]);
            let none = said(standing(None), rule, 5999);
            assert_eq!(none, [(0.0, false, true); 2]);
        }
    }

    #[test]
    fn then_the_rule_decides() {
        let (high, low, none) = (standing(Some(200.0)), standing(Some(0.0)), standing(None));
        let (quiet, loud) = (
            [(0.0, false, true); 2],
            [(1.0, true, true), (0.0, true, true)],
        );
        for (rule, expected) in [
            (StaleRule::Open, [quiet, quiet, quiet]),
            (StaleRule::Hold, [loud, quiet, quiet]),
            (StaleRule::Close, [loud, loud, loud]),
        ] {
            assert_eq!([high, low, none].map(|one| said(one, rule, 6000)), expected);
        }
    }

    #[test]
    fn what_is_absent_is_stale_at_once() {
        let mut standing = standing(Some(200.0));
        standing.take(Finding::Nothing, 2000);
        assert_eq!(said(standing, StaleRule::Open, 2000)[0], (1.0, true, false));
        standing.take(Finding::Absent, 2000);
        assert_eq!(said(standing, StaleRule::Open, 2000)[0], (0.0, false, true));
        assert_eq!(said(standing, StaleRule::Hold, 2000)[0], (1.0, true, true));
        // A failure afterwards does not bring it back, a value does.
        standing.take(Finding::Nothing, 2500);
        assert_eq!(said(standing, StaleRule::Open, 2500)[0], (0.0, false, true));
        standing.take(Finding::Value(5.0), 3000);
        assert_eq!(
            said(standing, StaleRule::Open, 7999)[0],
            (0.0, false, false)
        );
        assert_eq!(said(standing, StaleRule::Close, 8000)[0], (1.0, true, true));
    }

    #[test]
    fn the_loudest_graded_signal_counts_and_any_plain_one() {
        let hear = |all: &[(f64, bool, bool)]| {
            let mut verdict = Verdict::FREE;
            for (throttle, is_firing, is_graded) in all.iter().copied() {
                let judgement = Judgement {
                    throttle,
                    is_firing,
                    is_stale: false,
                };
                verdict.hear(judgement, is_graded);
            }
            (verdict.allowance, verdict.is_firing)
        };
        assert_eq!(hear(&[]), (1.0, false));
        assert_eq!(
            hear(&[(0.25, true, true), (0.75, true, true)]),
            (0.25, false)
        );
        assert_eq!(
            hear(&[(0.0, true, false), (0.0, false, false)]),
            (1.0, true)
        );
        assert_eq!(hear(&[(1.0, true, true), (0.0, true, false)]), (0.0, true));
    }
}
