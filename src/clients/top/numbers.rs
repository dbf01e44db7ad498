//! Numbers as people read them, in a few columns; and quantiles of histograms.

use serde_json::Value;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    /// Things in a second.
    Rate,
    Bytes,
    /// Bytes in a second.
    ByteRate,
    /// Bits in a second.
    BitRate,
    /// Shown as seconds, minutes, hours.
    Milliseconds,
    /// A part of a whole, shown in percent.
    Share,
}

/// A number with its unit, in at most ten columns.
pub(super) fn shown(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Plain => plain(number),
        Unit::Rate => format!("{}/s", plain(rounded(number))),
        Unit::Bytes => scaled(number, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
        Unit::ByteRate => format!("{}/s", shown(number, Unit::Bytes)),
        Unit::BitRate => scaled(
            number,
            1000.0,
            &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"],
        ),
        Unit::Milliseconds => seconds(number / 1000.0),
        Unit::Share => format!("{:.1} %", number * 100.0),
    }
}

/// Whole numbers up to a million as they are, others with three or four digits.
fn plain(number: f64) -> String {
    let size = number.abs();
    if size >= 1e15 {
        return format!("{number:.3e}");
    }
    if number.fract() == 0.0 && size < 1e6 {
        return format!("{number:.0}");
    }
    if size >= 1e6 {
        return scaled(number, 1000.0, &["", "k", "M", "G", "T"]).replace(' ', "");
    }
    let digits = if size >= 100.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{number:.digits$}");
    if size > 0.0 && text.chars().all(|c| matches!(c, '0' | '.' | '-')) {
        return format!("{number:.1e}");
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A rate says nothing beyond a tenth.
fn rounded(rate: f64) -> f64 {
    let factor = if rate < 1.0 { 100.0 } else { 10.0 };
    (rate * factor).round() / factor
}

fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let mut value = number;
    let mut units = units.iter().copied();
    let mut unit = units.next().unwrap_or_default();
    // What would be rounded up to a step is one.
    while value.abs() >= step - 0.5 {
        let Some(next) = units.next() else { break };
        (value, unit) = (value / step, next);
    }
    let digits = if value.fract() == 0.0 || value.abs() >= 99.95 {
        0
    } else if value.abs() >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

fn seconds(number: f64) -> String {
    let size = number.abs();
    if size >= 86_400.0 {
        let days = (number / 86_400.0).floor();
        return format!("{days}d {}h", ((number % 86_400.0) / 3600.0).floor());
    }
    if size >= 3600.0 {
        return format!(
            "{}h {}m",
            (number / 3600.0).floor(),
            ((number % 3600.0) / 60.0).floor()
        );
    }
    if size >= 60.0 {
        return format!("{}m {}s", (number / 60.0).floor(), (number % 60.0).floor());
    }
    if size >= 1.0 || size == 0.0 {
        return format!("{} s", plain(number));
    }
    if size >= 1e-3 {
        return format!("{} ms", plain(rounded(number * 1e3)));
    }
    format!("{} µs", plain(rounded(number * 1e6)))
}

/// A histogram's buckets in order: their limits, and how many values lie up to each.
pub(super) fn buckets(value: &Value) -> Vec<(f64, f64)> {
    let limit = |name: &str| match name {
        "+Inf" => Some(f64::INFINITY),
        name => name.parse::<f64>().ok(),
    };
    let members = value.as_object().into_iter().flatten();
    let mut found: Vec<(f64, f64)> = members
        .filter_map(|(name, count)| Some((limit(name)?, count.as_f64()?)))
        .collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    found
}

/// The value that a part of all lies up to, between two limits as Prometheus's `histogram_quantile` has it.
/// Above the last limit it is that.
pub(super) fn quantile(buckets: &[(f64, f64)], part: f64) -> Option<f64> {
    let total = buckets.last().map(|(_, count)| *count)?;
    if total <= 0.0 {
        return None;
    }
    let rank = part * total;
    let at = buckets.iter().position(|(_, count)| *count >= rank)?;
    let (limit, count) = buckets[at];
    let (below, counted) = match at.checked_sub(1) {
        Some(before) => buckets[before],
        None if limit <= 0.0 => return Some(limit),
        None => (0.0, 0.0),
    };
    if limit.is_infinite() {
        return at.checked_sub(1).map(|before| buckets[before].0);
    }
    let share = (rank - counted) / (count - counted).max(f64::MIN_POSITIVE);
    Some(below + (limit - below) * share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, unit, expected) in [
            (0.0, Unit::Plain, "0"),
            (999_999.0, Unit::Plain, "999999"),
            (1_234_567.0, Unit::Plain, "1.23M"),
            (-12.5, Unit::Plain, "-12.5"),
            (0.1, Unit::Plain, "0.1"),
            (1e-9, Unit::Plain, "1.0e-9"),
            (1e300, Unit::Plain, "1.000e300"),
            (123.456, Unit::Rate, "123.5/s"),
            (0.333_333, Unit::Rate, "0.33/s"),
            (0.0, Unit::Bytes, "0 B"),
            (1023.0, Unit::Bytes, "1023 B"),
            (1536.0, Unit::Bytes, "1.50 KiB"),
            (1_048_575.9, Unit::Bytes, "1.00 MiB"),
            (65_536.0, Unit::ByteRate, "64 KiB/s"),
            (2_500_000.0, Unit::BitRate, "2.50 Mbit/s"),
            (0.0, Unit::Milliseconds, "0 s"),
            (0.5, Unit::Milliseconds, "500 µs"),
            (250.0, Unit::Milliseconds, "250 ms"),
            (61_000.0, Unit::Milliseconds, "1m 1s"),
            (90_061_000.0, Unit::Milliseconds, "1d 1h"),
            (1500.0, Unit::Milliseconds, "1.5 s"),
            (0.876, Unit::Share, "87.6 %"),
        ] {
            assert_eq!(shown(number, unit), expected, "{number} {unit:?}");
        }
    }

    #[test]
    fn no_number_is_too_long() {
        for unit in [
            Unit::Plain,
            Unit::Rate,
            Unit::Bytes,
            Unit::Milliseconds,
            Unit::BitRate,
        ] {
            for number in [
                f64::MAX,
                f64::MIN,
                f64::MIN_POSITIVE,
                1e17,
                123_456.789,
                -0.0,
            ] {
                let text = shown(number, unit);
                assert!(!text.is_empty() && text.len() < 330, "{number} {text}");
            }
        }
    }

    #[test]
    fn quantiles_lie_between_limits() {
        let buckets = buckets(&json!({"+Inf": 10, "1": 5, "0.1": 0, "10": 9, "x": 3}));
        assert_eq!(buckets.len(), 4);
        assert_eq!(quantile(&buckets, 0.5), Some(1.0));
        assert_eq!(quantile(&buckets, 0.7), Some(5.5));
        assert_eq!(quantile(&buckets, 0.99), Some(10.0));
        assert_eq!(quantile(&[(1.0, 0.0), (f64::INFINITY, 0.0)], 0.5), None);
        assert_eq!(quantile(&[(f64::INFINITY, 3.0)], 0.5), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[(-1.0, 2.0), (1.0, 4.0)], 0.25), Some(-1.0));
    }
}
