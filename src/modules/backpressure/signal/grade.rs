//! How hard a measured value throttles.

/// The thresholds of a graded signal; `warn` is less than `emergency`, and none is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grade {
    /// Up to this value nothing is throttled.
    pub warn: f64,
    /// From this value on everything is.
    pub emergency: f64,
    /// How early it is much: 0 throttles all above `warn` at `emergency` only, large numbers soon after `warn`.
    pub curve: f64,
}

/// The curve where none is written.
pub(super) const CURVE: f64 = 4.0;

impl Grade {
    /// What part of the window is taken away, 0 to 1: with x as the value's place between the thresholds,
    /// 1 − e^(−curve·x), and all of it from `emergency` on.
    pub fn throttle(&self, value: f64) -> f64 {
        if value >= self.emergency {
            return 1.0;
        }
        let place = (value - self.warn) / (self.emergency - self.warn);
        match place > 0.0 {
            true => -(-self.curve * place).exp_m1(),
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRADE: Grade = Grade {
        warn: 10.0,
        emergency: 100.0,
        curve: CURVE,
    };

    #[test]
    fn the_numbers_of_the_original() {
        assert_eq!(GRADE.throttle(1000.0), 1.0);
        assert!((1.0 - GRADE.throttle(30.0) - 0.411_112_29).abs() < 1e-8);
        let shares = Grade {
            warn: 0.05,
            emergency: 0.3,
            curve: CURVE,
        };
        assert!((shares.throttle(0.12) - 0.674).abs() < 5e-4);
    }

    #[test]
    fn at_and_beyond_the_thresholds() {
        for (value, throttle) in [
            (0.0, 0.0),
            (10.0, 0.0),
            (-5.0, 0.0),
            (f64::NEG_INFINITY, 0.0),
            (100.0, 1.0),
            (f64::INFINITY, 1.0),
            (f64::NAN, 0.0),
        ] {
            assert_eq!(GRADE.throttle(value), throttle, "{value}");
        }
        let step = Grade {
            curve: 0.0,
            ..GRADE
        };
        assert_eq!(step.throttle(99.0), 0.0);
        assert_eq!(step.throttle(100.0), 1.0);
    }

    proptest! {
        #[test]
        fn it_grows_with_the_value_and_stays_between_0_and_1(
            warn in 0.0..1e9_f64, more in 1e-6..1e9_f64, curve in 0.0..1e6_f64, one in -1e9..3e9_f64, other in -1e9..3e9_f64
        ) {
            let grade = Grade { warn, emergency: warn + more, curve };
            let (low, high) = (grade.throttle(one.min(other)), grade.throttle(one.max(other)));
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
            prop_assert!(low <= high);
        }
    }
}
