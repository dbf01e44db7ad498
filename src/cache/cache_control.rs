//! What a response's `Cache-Control` field says to a shared cache, read as nginx reads it: words are found wherever
//! they stand, so `no-cache="set-cookie"` forbids keeping the response as `no-cache` does.

use super::refusal::Refusal;

/// What the lines of `Cache-Control` of one response say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CacheControl {
    /// Why the response is not to be kept on account of these lines.
    pub(super) refusal: Option<Refusal>,
    /// `s-maxage` or `max-age`, in seconds; never zero.
    pub(super) lifetime: Option<u64>,
    /// `stale-while-revalidate`, in seconds.
    pub(super) updating: Option<u64>,
    /// `stale-if-error`, in seconds; without it the same as `updating`.
    pub(super) error: Option<u64>,
    /// Whether a number of stale times is none.
    pub(super) is_malformed: bool,
}

const FORBIDDING: [&[u8]; 3] = [b"no-cache", b"no-store", b"private"];

impl CacheControl {
    /// Takes one more line into account; of several lifetimes the last counts.
    pub(super) fn add(&mut self, line: &[u8]) {
        self.add_stale_times(line);
        if FORBIDDING.iter().any(|word| after(line, word).is_some()) {
            self.refusal = Some(Refusal::Forbidden);
            return;
        }
        let lifetime = after(line, b"s-maxage=").or_else(|| after(line, b"max-age="));
        match lifetime.map(seconds) {
            None => {}
            Some(None) => self.refuse(Refusal::Malformed),
            Some(Some(0)) => self.refuse(Refusal::Expired),
            lifetime => self.lifetime = lifetime.flatten(),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }

    fn add_stale_times(&mut self, line: &[u8]) {
        if let Some(number) = after(line, b"stale-while-revalidate=") {
            let time = seconds(number);
            self.is_malformed |= time.is_none();
            (self.updating, self.error) = (time, time);
        }
        if let Some(number) = after(line, b"stale-if-error=") {
            self.error = seconds(number);
            self.is_malformed |= self.error.is_none();
        }
    }
}

/// What follows the first place where `word` stands in `line`, in any case.
fn after<'l>(line: &'l [u8], word: &[u8]) -> Option<&'l [u8]> {
    let mut places = line.windows(word.len());
    let start = places.position(|here| here.eq_ignore_ascii_case(word))?;
    Some(&line[start + word.len()..])
}

/// The number up to a comma, semicolon or blank; zero where there is no digit, and nothing for anything that is not a
/// digit. What is too large is the largest.
fn seconds(text: &[u8]) -> Option<u64> {
    let is_end = |byte: &u8| matches!(byte, b',' | b';' | b' ');
    let end = text.iter().position(is_end).unwrap_or(text.len());
    let add = |sum: u64, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(digit))
    };
    text[..end].iter().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> CacheControl {
        let mut read = CacheControl::default();
        lines.iter().for_each(|line| read.add(line.as_bytes()));
        read
    }

    #[test]
    fn lifetimes_are_numbers_up_to_a_separator() {
        for (line, lifetime) in [
            ("max-age=10", 10),
            ("MAX-AGE=10", 10),
            ("s-maxage=10, max-age=0", 10),
            ("max-age=0, s-maxage=10", 10),
            ("max-age=10;foo", 10),
            ("public, max-age=10 ,must-revalidate", 10),
            ("max-age=99999999999999999999", u64::MAX),
        ] {
            let read = of(&[line]);
            assert_eq!(
                (read.lifetime, read.refusal),
                (Some(lifetime), None),
                "{line}"
            );
        }
        assert_eq!(of(&["max-age = 10", "public"]), CacheControl::default());
    }

    #[test]
    fn what_forbids_or_is_no_number_refuses() {
        for (line, refusal) in [
            ("max-age=0", Refusal::Expired),
            ("max-age=", Refusal::Expired),
            ("s-maxage=0, max-age=10", Refusal::Expired),
            ("max-age=10x", Refusal::Malformed),
            ("max-age=-1", Refusal::Malformed),
            ("max-age=\"10\"", Refusal::Malformed),
            ("no-cache=\"set-cookie\", max-age=10", Refusal::Forbidden),
            ("x-no-cachey, max-age=10", Refusal::Forbidden),
            ("Private", Refusal::Forbidden),
        ] {
            assert_eq!(of(&[line]).refusal, Some(refusal), "{line}");
        }
        let both = of(&["max-age=0", "max-age=10"]);
        assert_eq!(
            (both.refusal, both.lifetime),
            (Some(Refusal::Expired), Some(10))
        );
    }

    #[test]
    fn stale_times_are_read_beside_lifetimes() {
        let read = of(&["max-age=1, stale-while-revalidate=4"]);
        assert_eq!((read.updating, read.error), (Some(4), Some(4)));
        let read = of(&["stale-if-error=3", "no-store"]);
        assert_eq!((read.updating, read.error), (None, Some(3)));
        assert!(of(&["max-age=10, stale-if-error=x"]).is_malformed);
    }
}
