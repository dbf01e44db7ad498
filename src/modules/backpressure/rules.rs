//! How large a window becomes, as arithmetic alone: no clock, no memory.
//!
//! The window is how many requests may be under way at once. It grows by a step with each request that is over
//! (additive increase) and shrinks to a part of itself where a signal fires (multiplicative decrease). Graded signals
//! do not shrink it by steps; they say which part of the largest window is allowed at all.

/// What signals say about a zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    /// The part of the largest window that graded signals leave, from 0 to 1.
    pub(super) allowance: f64,
    /// Whether a signal without grades fires.
    pub(super) is_firing: bool,
}

impl Verdict {
    /// Nothing is wrong.
    pub(super) const CALM: Self = Self {
        allowance: 1.0,
        is_firing: false,
    };

    /// The limits of this alone: nothing shrinks by a step.
    pub(super) fn limits(self) -> Self {
        Self {
            is_firing: false,
            ..self
        }
    }
}

/// When a signal that fires makes the window smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decrease {
    /// With each evaluation.
    OnEvaluation,
    /// With each request that is over.
    OnCompletion,
}

/// The numbers that a window follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// The smallest window; at least 1.
    pub(super) min: u32,
    /// The largest, no less than the smallest.
    pub(super) max: u32,
    /// By how much it grows at once.
    pub(super) increase: u32,
    /// The part that goes when it shrinks, in percent: 1 to 100.
    pub(super) decrease: u32,
    /// When it shrinks.
    pub(super) when: Decrease,
    /// How much of it must be in use for it to grow, in percent: 0 to 100.
    pub(super) utilization: u32,
}

impl Rules {
    /// The window after the signals were evaluated.
    pub(super) fn after_evaluation(&self, window: u32, verdict: Verdict) -> u32 {
        let shrinks = verdict.is_firing && self.when == Decrease::OnEvaluation;
        self.within(if shrinks { self.shrunk(window) } else { window }, verdict)
    }

    /// The window after a request is over; `was_in_use` is what [`Rules::is_in_use`] said when it was let in.
    pub(super) fn after_completion(&self, window: u32, was_in_use: bool, verdict: Verdict) -> u32 {
        let window = match (verdict.is_firing, self.when) {
            (true, Decrease::OnCompletion) => self.shrunk(window),
            (false, _) if was_in_use => window.saturating_add(self.increase),
            _ => window,
        };
        self.within(window, verdict)
    }

    /// Whether enough of the window is in use for it to grow, with this many requests under way.
    pub(super) fn is_in_use(&self, active: u32, window: u32) -> bool {
        u64::from(active) * 100 >= u64::from(window) * u64::from(self.utilization)
    }

    fn shrunk(&self, window: u32) -> u32 {
        let rest = u64::from(100 - self.decrease.min(100));
        // No more than it was.
        (u64::from(window) * rest / 100) as u32
    }

    fn within(&self, window: u32, verdict: Verdict) -> u32 {
        // A product beyond the largest number becomes that number, and what is none becomes 0.
        let allowed = (f64::from(self.max) * verdict.allowance) as u32;
        window.min(allowed).min(self.max).max(self.min)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The original's numbers.
    const RULES: Rules = Rules {
        min: 10,
        max: 100,
        increase: 1,
        decrease: 50,
        when: Decrease::OnEvaluation,
        utilization: 0,
    };

    fn graded(allowance: f64) -> Verdict {
        Verdict {
            allowance,
            is_firing: false,
        }
    }

    const FIRING: Verdict = Verdict {
        allowance: 1.0,
        is_firing: true,
    };

    /// What a graded signal leaves: warn 10, emergency 100, curve 4.
    fn allowance(value: f64) -> f64 {
        let part: f64 = (value - 10.0) / (100.0 - 10.0);
        match part {
            _ if part <= 0.0 => 1.0,
            _ if part >= 1.0 => 0.0,
            _ => (-4.0 * part).exp(),
        }
    }

    #[test]
    fn the_numbers_of_the_original() {
        assert_eq!(RULES.after_evaluation(80, graded(allowance(1000.0))), 10);
        assert!((allowance(30.0) - 0.411_112_29).abs() < 1e-8);
        assert_eq!(RULES.after_evaluation(80, graded(allowance(30.0))), 41);
        let done = |window, allowance| RULES.after_completion(window, true, graded(allowance));
        assert_eq!(done(14, 0.25), 15);
        assert_eq!(done(100, 0.999_999_999_99), 99);
        assert_eq!(done(14, 0.05), 10);
    }

    #[test]
    fn the_first_version_halves_with_each_completion() {
        let literal = Rules {
            when: Decrease::OnCompletion,
            ..RULES
        };
        let mut window = 80;
        for expected in [40, 20, 10, 10] {
            window = literal.after_completion(window, true, FIRING);
            assert_eq!(window, expected);
        }
        assert_eq!(literal.after_completion(window, true, Verdict::CALM), 11);
        assert_eq!(literal.after_evaluation(80, FIRING), 80);
    }

    #[test]
    fn firing_shrinks_once_for_each_evaluation() {
        assert_eq!(RULES.after_evaluation(81, FIRING), 40);
        assert_eq!(RULES.after_completion(40, true, FIRING), 40);
        assert_eq!(RULES.after_evaluation(40, FIRING), 20);
        let gentle = Rules {
            decrease: 10,
            ..RULES
        };
        assert_eq!(gentle.after_evaluation(81, FIRING), 72);
    }

    #[test]
    fn it_grows_only_while_it_is_used() {
        let half = Rules {
            utilization: 50,
            ..RULES
        };
        assert!(half.is_in_use(10, 20) && !half.is_in_use(9, 20));
        assert_eq!(half.after_completion(20, true, Verdict::CALM), 21);
        assert_eq!(half.after_completion(20, false, Verdict::CALM), 20);
        assert!(RULES.is_in_use(0, 20));
    }

    #[test]
    fn other_limits_hold_at_once() {
        assert_eq!(RULES.after_evaluation(7, Verdict::CALM), 10);
        assert_eq!(RULES.after_evaluation(700, Verdict::CALM), 100);
        assert_eq!(RULES.after_completion(100, true, Verdict::CALM), 100);
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let numbers = (1..=u32::MAX, 0..=u32::MAX, 0..=u32::MAX);
        let percents = (1..=100_u32, 0..=100_u32, any::<bool>());
        (numbers, percents).prop_map(
            |((min, more, increase), (decrease, utilization, literal))| Rules {
                min,
                max: min.saturating_add(more),
                increase,
                decrease,
                when: match literal {
                    true => Decrease::OnCompletion,
                    false => Decrease::OnEvaluation,
                },
                utilization,
            },
        )
    }

    fn verdicts() -> impl Strategy<Value = Verdict> {
        (0.0..=1.0, any::<bool>()).prop_map(|(allowance, is_firing)| Verdict {
            allowance,
            is_firing,
        })
    }

    proptest! {
        #[test]
        fn a_window_keeps_its_bounds(
            rules in rules(),
            start: u32,
            steps in prop::collection::vec((verdicts(), any::<bool>(), any::<bool>()), 1..40),
        ) {
            let mut window = start;
            for (verdict, is_evaluation, in_use) in steps {
                window = match is_evaluation {
                    true => rules.after_evaluation(window, verdict),
                    false => rules.after_completion(window, in_use, verdict),
                };
                let allowed = (f64::from(rules.max) * verdict.allowance).floor();
                prop_assert!(window >= rules.min && window <= rules.max);
                prop_assert!(f64::from(window) <= allowed || window == rules.min);
            }
        }

        #[test]
        fn without_grades_only_an_evaluation_shrinks_it(
            rules in rules(),
            share in 0.0..=1.0,
            firing: bool,
            in_use: bool,
        ) {
            let rules = Rules { when: Decrease::OnEvaluation, ..rules };
            let window = rules.min + (f64::from(rules.max - rules.min) * share) as u32;
            let verdict = Verdict { allowance: 1.0, is_firing: firing };
            let done = rules.after_completion(window, in_use, verdict);
            prop_assert!(done >= window);
            prop_assert!(done <= window.saturating_add(rules.increase));
            prop_assert!(!firing || done == window);
        }
    }
}
