//! Numbers in digits, without a detour by text of their own.

/// Digits of a number.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: [u8; MOST],
    start: usize,
}

/// Those of the largest number, and a point.
const MOST: usize = 21;
/// So many digits of milliseconds.
const FRACTION: usize = 3;

impl Decimal {
    /// The digits of `value`.
    pub fn new(mut value: u64) -> Self {
        let (mut digits, mut start) = ([b'0'; MOST], MOST);
        loop {
            start -= 1;
            digits[start] = b"0123456789"[(value % 10) as usize];
            value /= 10;
            if value == 0 {
                return Self { digits, start };
            }
        }
    }

    /// The digits of seconds with three decimals, given as milliseconds.
    pub fn seconds(milliseconds: u64) -> Self {
        let mut seconds = Self::new(milliseconds);
        let point = MOST - FRACTION - 1;
        // All digits are zeros where none was written.
        let first = seconds.start.min(point);
        seconds.start = first - 1;
        seconds.digits.copy_within(first..=point, first - 1);
        seconds.digits[point] = b'.';
        seconds
    }

    /// The digits.
    pub fn bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_three_decimals() {
        for value in [0, 7, 10, 999, 1000, 1001, 65_536, 99_999_999, u64::MAX] {
            let text = format!("{}.{:03}", value / 1000, value % 1000);
            assert_eq!(Decimal::seconds(value).bytes(), text.as_bytes());
        }
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for value in [0, 7, 10, 65_536, u64::MAX] {
            let text = value.to_string();
            assert_eq!(Decimal::new(value).bytes(), text.as_bytes());
        }
    }
}
