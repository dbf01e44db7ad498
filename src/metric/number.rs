//! The one way numbers become text: the shortest digits that read back to the same double, laid out as
//! JavaScript does (`0.000001`, `1e-7`, `1e+21`, no point in whole numbers, no minus before zero).

use std::fmt;

/// Room for one formatted number, so that formatting needs no allocation.
pub struct Number(ryu_js::Buffer);

impl Number {
    /// An empty room.
    pub fn new() -> Self {
        Self(ryu_js::Buffer::new())
    }

    /// The text of `value`; `NaN`, `Infinity` or `-Infinity` for what no zone ever stores.
    pub fn format(&mut self, value: f64) -> &str {
        self.0.format(value)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Number").finish_non_exhaustive()
    }
}

/// Appends the text of `value` to `out`.
pub fn number(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(Number::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        number(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_layout_is_that_of_javascript() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (-3.5, "-3.5"),
            (1.10, "1.1"),
            (1e6, "1000000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (123456789012345678901.0, "123456789012345680000"),
            (1.2345678901234568e29, "1.2345678901234568e+29"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            prop_assert_eq!(text(value).parse::<f64>().unwrap(), value);
        }
    }
}
