//! Whether a response is kept, and for how long it may be given again.
//!
//! The fields of the response come first: `X-Accel-Expires`, then `Cache-Control`, then `Expires`, whatever order they
//! came in; what the configuration says of its status (`proxy_cache_valid`) holds where none of them says anything.
//! Times are seconds since 1970; sums that are too large are the largest.

use super::cache_control::CacheControl;
use super::refusal::Refusal;
use crate::os::http_date;

/// Until when a response may be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// Without asking.
    pub fresh: u64,
    /// While somebody asks for a newer one.
    pub updating: u64,
    /// When asking for a newer one fails.
    pub error: u64,
}

impl Freshness {
    /// Whether it may be given without asking.
    pub fn is_fresh(&self, now: u64) -> bool {
        now <= self.fresh
    }
}

/// Which fields of a response are as if they were not there (`proxy_ignore_headers`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// `X-Accel-Expires`
    pub accel_expires: bool,
    /// `Cache-Control`
    pub cache_control: bool,
    /// `Expires`
    pub expires: bool,
    /// `Set-Cookie`
    pub set_cookie: bool,
}

/// How long responses are valid that do not say so themselves (`proxy_cache_valid`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Valid(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// Nothing for all.
    statuses: Option<Vec<u16>>,
    seconds: u64,
}

impl Valid {
    /// The statuses that a rule means which names none.
    pub const USUAL: [u16; 3] = [200, 301, 302];

    /// Adds a rule for these statuses, or for all, behind the others.
    pub fn add(&mut self, statuses: Option<&[u16]>, seconds: u64) {
        let statuses = statuses.map(<[u16]>::to_vec);
        self.0.push(Rule { statuses, seconds });
    }

    /// How many seconds a response of this status is valid, if any; the first rule that names it decides.
    pub fn seconds(&self, status: u16) -> Option<u64> {
        let is_meant = |rule: &&Rule| match &rule.statuses {
            Some(statuses) => statuses.contains(&status),
            None => true,
        };
        let rule = self.0.iter().find(is_meant)?;
        Some(rule.seconds).filter(|seconds| *seconds > 0)
    }
}

/// Judges a response by its status and fields.
///
/// # Errors
/// Why it is not to be kept.
pub fn judge<'f>(
    status: u16,
    fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>,
    (valid, ignored): (&Valid, Ignored),
    now: u64,
) -> Result<Freshness, Refusal> {
    let said = Said::read(fields, ignored, now);
    if said.sets_cookie {
        return Err(Refusal::SetsCookie);
    }
    let fresh = match said.fresh(now)? {
        Some(fresh) => fresh,
        None => {
            let seconds = valid.seconds(status).ok_or(Refusal::Unruled)?;
            now.saturating_add(seconds)
        }
    };
    if said.control.is_malformed {
        return Err(Refusal::Malformed);
    }
    let beyond = |seconds: Option<u64>| fresh.saturating_add(seconds.unwrap_or(0));
    Ok(Freshness {
        fresh,
        updating: beyond(said.control.updating),
        error: beyond(said.control.error),
    })
}

/// What a response says of its time.
#[derive(Default)]
struct Said {
    sets_cookie: bool,
    accel: Option<Accel>,
    control: CacheControl,
    /// The first `Expires`, nothing in it if it is no date.
    expires: Option<Option<u64>>,
}

enum Accel {
    Never,
    Until(u64),
}

impl Said {
    fn read<'f>(
        fields: impl IntoIterator<Item = (&'f [u8], &'f [u8])>,
        ignored: Ignored,
        now: u64,
    ) -> Self {
        let mut said = Self::default();
        for (name, value) in fields {
            let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
            if is(b"set-cookie") {
                said.sets_cookie |= !ignored.set_cookie;
            } else if is(b"x-accel-expires") && !ignored.accel_expires {
                said.accel = accel(value, now).or(said.accel);
            } else if is(b"cache-control") && !ignored.cache_control {
                said.control.add(value);
            } else if is(b"expires") && !ignored.expires {
                said.expires.get_or_insert_with(|| http_date(value));
            }
        }
        said
    }

    /// Until when it is fresh, if it says so.
    fn fresh(&self, now: u64) -> Result<Option<u64>, Refusal> {
        match (&self.accel, self.control.refusal) {
            (Some(Accel::Never), _) => return Err(Refusal::Forbidden),
            (Some(Accel::Until(time)), _) => return Ok(Some(*time)),
            (None, Some(refusal)) => return Err(refusal),
            (None, None) => {}
        }
        if let Some(seconds) = self.control.lifetime {
            return Ok(Some(now.saturating_add(seconds)));
        }
        match self.expires {
            None => Ok(None),
            Some(Some(time)) if time >= now => Ok(Some(time)),
            Some(_) => Err(Refusal::Expired),
        }
    }
}

/// `X-Accel-Expires`: seconds from now on, or a time behind `@`; zero keeps the response out, and what is no number
/// says nothing.
fn accel(value: &[u8], now: u64) -> Option<Accel> {
    let (is_time, digits) = match value.strip_prefix(b"@") {
        Some(digits) => (true, digits),
        None => (false, value),
    };
    let number: u64 = match digits.iter().all(u8::is_ascii_digit) {
        true => std::str::from_utf8(digits).ok()?.parse().ok()?,
        false => return None,
    };
    Some(match (is_time, number) {
        (true, time) => Accel::Until(time),
        (false, 0) => Accel::Never,
        (false, seconds) => Accel::Until(now.saturating_add(seconds)),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    type Fields<'a> = &'a [(&'a str, &'a str)];

    fn judged(fields: Fields<'_>, valid: &Valid) -> Result<u64, Refusal> {
        let bytes = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let judged = judge(200, bytes, (valid, Ignored::default()), NOW);
        judged.map(|freshness| freshness.fresh - NOW.min(freshness.fresh))
    }

    fn usual() -> Valid {
        let mut valid = Valid::default();
        valid.add(Some(&Valid::USUAL), 60);
        valid
    }

    fn written(time: u64) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(time))
    }

    #[test]
    fn whatever_order_fields_come_in_the_stronger_one_decides() {
        let (soon, past) = (written(NOW + 7), written(NOW - 7));
        let wrong = soon.replacen(
            &soon[..3],
            if soon.starts_with("Mon") {
                "Tue"
            } else {
                "Mon"
            },
            1,
        );
        let cases: &[(Fields<'_>, Result<u64, Refusal>)] = &[
            (&[("Expires", &soon)], Ok(7)),
            (&[("Expires", &wrong)], Ok(7)),
            (&[("Expires", &past)], Err(Refusal::Expired)),
            (&[("Expires", "0")], Err(Refusal::Expired)),
            (&[("Expires", &past), ("Cache-Control", "max-age=9")], Ok(9)),
            (&[("Expires", &soon), ("Cache-Control", "max-age=9")], Ok(9)),
            (
                &[("Expires", &soon), ("Cache-Control", "max-age=0")],
                Err(Refusal::Expired),
            ),
            (&[("Cache-Control", "public"), ("Expires", &soon)], Ok(7)),
            (
                &[("X-Accel-Expires", "5"), ("Cache-Control", "no-store")],
                Ok(5),
            ),
            (
                &[("X-Accel-Expires", "0"), ("Cache-Control", "max-age=9")],
                Err(Refusal::Forbidden),
            ),
            (
                &[("X-Accel-Expires", "-1"), ("Cache-Control", "max-age=9")],
                Ok(9),
            ),
            (&[("X-Accel-Expires", "soon")], Ok(60)),
            (&[("X-Accel-Expires", "@1")], Ok(0)),
            (
                &[("Set-Cookie", "a=b"), ("X-Accel-Expires", "5")],
                Err(Refusal::SetsCookie),
            ),
            (&[("Cache-Control", "no-cache")], Err(Refusal::Forbidden)),
            (&[], Ok(60)),
        ];
        for (fields, expected) in cases {
            let turned: Vec<(&str, &str)> = fields.iter().rev().copied().collect();
            assert_eq!(judged(fields, &usual()), *expected, "{fields:?}");
            assert_eq!(judged(&turned, &usual()), *expected, "{fields:?} turned");
        }
        assert_eq!(judged(&[], &Valid::default()), Err(Refusal::Unruled));
    }

    #[test]
    fn ignored_fields_say_nothing() {
        let fields = [
            ("Set-Cookie", "a=b"),
            ("Cache-Control", "no-store"),
            ("Expires", "0"),
            ("X-Accel-Expires", "0"),
        ];
        let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let ignored = Ignored {
            accel_expires: true,
            cache_control: true,
            expires: true,
            set_cookie: true,
        };
        let judged = judge(200, fields, (&usual(), ignored), NOW).unwrap();
        assert_eq!(judged.fresh, NOW + 60);
    }

    #[test]
    fn the_first_rule_for_a_status_decides() {
        let mut valid = usual();
        valid.add(Some(&[404]), 0);
        valid.add(None, 5);
        valid.add(Some(&[500]), 9);
        let seconds = [200, 301, 404, 500, 999].map(|status| valid.seconds(status));
        assert_eq!(seconds, [Some(60), Some(60), None, Some(5), Some(5)]);
    }

    #[test]
    fn stale_times_begin_when_the_answer_is_no_longer_fresh() {
        let line = b"max-age=10, stale-while-revalidate=20, stale-if-error=30";
        let fields = [(&b"cache-control"[..], &line[..])];
        let judged = judge(500, fields, (&Valid::default(), Ignored::default()), NOW).unwrap();
        let expected = [10, 30, 40].map(|seconds| NOW + seconds);
        assert_eq!([judged.fresh, judged.updating, judged.error], expected);
        assert!(judged.is_fresh(NOW + 10) && !judged.is_fresh(NOW + 11));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_and_stale_times_come_last(
            values in proptest::collection::vec((0usize..4, "[ -~]{0,40}"), 0..6),
            status: u16, now: u64,
        ) {
            let names = ["Cache-Control", "Expires", "X-Accel-Expires", "Vary"];
            let fields = values
                .iter()
                .map(|(name, value)| (names[*name].as_bytes(), value.as_bytes()));
            let judged = judge(status, fields, (&usual(), Ignored::default()), now);
            if let Ok(judged) = judged {
                prop_assert!(judged.fresh <= judged.updating && judged.fresh <= judged.error);
            }
        }

        #[test]
        fn lifetimes_never_wrap(seconds: u64, now: u64) {
            let line = format!("max-age={seconds}");
            let fields = [(&b"cache-control"[..], line.as_bytes())];
            let judged = judge(200, fields, (&usual(), Ignored::default()), now);
            prop_assert_eq!(judged.is_ok(), seconds > 0);
            prop_assert!(judged.is_err() || judged.unwrap().fresh >= now);
        }
    }
}
