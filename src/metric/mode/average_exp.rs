//! How much lately? An exponentially weighted average, in which a sample's weight fades with those after it.
//!
//! The first sample is the average; each further one moves it by `factor` percent of its distance. The
//! expression is evaluated exactly as written in [`AverageExp::next`], because visible digits depend on it.

use super::cell;
use super::{Mode, ModeSpec, Moment, Problem};
use crate::conf::values;
use crate::metric::Reading;
use crate::os::atomic::AtomicU64;

pub(super) const SPEC: ModeSpec = ModeSpec {
    name: "average exp",
    syntax: "average exp [factor=0..99]",
    question: "How much lately?",
    doc: "The exponentially weighted average; a larger factor (90 by default) follows new values faster.",
    parse,
};

const DEFAULT_FACTOR: u8 = 90;

#[derive(Debug)]
struct AverageExp {
    /// Percent of the distance to a new value that the average moves.
    factor: u8,
}

fn parse(parameters: &[&str]) -> Result<Box<dyn Mode>, Problem> {
    let mut factor = DEFAULT_FACTOR;
    for (place, parameter) in parameters.iter().enumerate() {
        let Some(text) = parameter.strip_prefix("factor=") else {
            return Err(Problem::invalid_parameter(place, parameter, SPEC.syntax));
        };
        factor = match values::number(text) {
            Ok(number @ 0..=99) => number as u8,
            _ => return Err(bad_factor(place, text)),
        };
    }
    Ok(Box::new(AverageExp { factor }))
}

fn bad_factor(place: usize, text: &str) -> Problem {
    Problem::at(place, format!("bad factor value \"{text}\""))
        .with_help("expected a whole number from 0 to 99")
}

impl AverageExp {
    fn next(&self, average: Option<f64>, value: f64) -> f64 {
        let factor = f64::from(self.factor) / 100.0;
        average.map_or(value, |average| average + factor * (value - average))
    }
}

impl Mode for AverageExp {
    fn cells(&self) -> usize {
        1
    }

    fn identity(&self) -> String {
        SPEC.name.into()
    }

    fn words(&self) -> Vec<String> {
        vec![SPEC.name.into(), format!("factor={}", self.factor)]
    }

    fn initial(&self, _cell: usize) -> u64 {
        cell::UNSET
    }

    fn record(&self, cells: &[AtomicU64], value: f64, _now: Moment) {
        cell::update(&cells[0], |average| Some(self.next(average, value)));
    }

    fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment) {
        if let Some(average) = cell::value(discarded[0]) {
            self.record(into, average, now);
        }
    }

    fn read<'a>(&'a self, cells: &'a [u64], _now: Moment) -> Reading<'a> {
        cell::value(cells[0]).map_or(Reading::Unset, Reading::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;

    /// The text after each of `values`.
    fn steps(words: &[&str], values: &[f64]) -> Vec<String> {
        let average = Bench::new(words);
        let step = |value: &f64| {
            average.record(*value, 1);
            average.text(1)
        };
        values.iter().map(step).collect()
    }

    /// Digits are compared as the doubles they stand for: other printers write other digits of the same one.
    #[test]
    fn its_values_are_exactly_those_expected() {
        let values = [100.0, 200.0, 0.0, 8.0, 30.0];
        let doubles = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let compare = |words: &[&str], values: &[f64], expected: &[&str]| {
            let texts = steps(words, values);
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (got, expected): (Vec<f64>, Vec<f64>) = (doubles(&texts), doubles(expected));
            assert_eq!(got, expected);
        };
        let default = ["100", "190", "19", "9.1", "27.909999999999998"];
        compare(&["average", "exp"], &values, &default);
        compare(
            &["average exp", "factor=99"],
            &values[..3],
            &["100", "199", "1.990000000000009"],
        );
        assert_eq!(steps(&["average exp", "factor=60"], &values)[4], "30.16");
        let fading = steps(&["average exp", "factor=99"], &[1.0, 0.0]);
        assert_eq!(fading, ["1", "0.010000000000000009"]);
    }

    #[test]
    fn factor_zero_keeps_the_first_value() {
        assert_eq!(
            Bench::fed(&["average exp", "factor=0"], &[4.0, 9.0, 1.0]).text(1),
            "4"
        );
    }

    #[test]
    fn folding_treats_the_discarded_average_as_a_sample() {
        let average = Bench::new(&["average exp", "factor=50"]);
        average.fold(&Bench::new(&["average exp", "factor=50"]), 1);
        assert_eq!(average.text(1), "");
        for (value, expected) in [(15.0, "15"), (4.0, "9.5"), (-2.0, "3.75")] {
            average.fold(&Bench::fed(&["average exp", "factor=50"], &[value]), 1);
            assert_eq!(average.text(1), expected);
        }
    }

    #[test]
    fn extremes_stay_finite() {
        let average = Bench::fed(&["average exp"], &[f64::MAX, f64::MIN, f64::MAX]);
        assert!(average.text(1).parse::<f64>().unwrap().is_finite());
    }

    #[test]
    fn its_parameters_are_checked() {
        for text in [
            "factor=100",
            "factor=-1",
            "factor=1.5",
            "factor=",
            "factor=x",
        ] {
            let problem = parse(&[text]).unwrap_err();
            assert_eq!(
                problem.message,
                format!("bad factor value \"{}\"", &text[7..])
            );
        }
        let problem = parse(&["factor=1", "mean"]).unwrap_err();
        assert_eq!(
            (problem.word, &*problem.message),
            (1, "invalid parameter \"mean\"")
        );
        assert_eq!(
            parse(&["factor=5", "factor=7"]).unwrap().words()[1],
            "factor=7"
        );
    }
}
