//! Numbers in digits, without a detour by text of their own.

/// Digits of a number.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: [u8; MOST],
    start: usize,
}

const MOST: usize = 20;

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

    /// The digits.
    pub fn bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for value in [0, 7, 10, 65_536, u64::MAX] {
            let text = value.to_string();
            assert_eq!(Decimal::new(value).bytes(), text.as_bytes());
        }
    }
}
