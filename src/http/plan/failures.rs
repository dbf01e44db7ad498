//! Sets of failures and statuses, as `proxy_next_upstream` and `proxy_cache_use_stale` name them.

use super::origin::Failure;

/// Failures of peers, statuses of their responses, and whatever else is named beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures(u16);

impl Failures {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// `error`: no connection, or one that broke off.
    pub const ERROR: Self = Self(1);
    /// `timeout`
    pub const TIMEOUT: Self = Self(1 << 1);
    /// `invalid_header`: a response that was none.
    pub const INVALID_HEADER: Self = Self(1 << 2);
    /// `non_idempotent`: no failure, but requests that may do something twice.
    pub const NON_IDEMPOTENT: Self = Self(1 << 3);
    /// `updating`: no failure, but that somebody asks for something newer.
    pub const UPDATING: Self = Self(1 << 4);

    /// `off`: none of them, whatever is named beside it.
    pub const OFF: Self = Self(1 << 15);

    const STATUSES: [(u16, Self); 7] = [
        (500, Self(1 << 5)),
        (502, Self(1 << 6)),
        (503, Self(1 << 7)),
        (504, Self(1 << 8)),
        (403, Self(1 << 9)),
        (404, Self(1 << 10)),
        (429, Self(1 << 11)),
    ];

    /// What a word means that stands in both directives: a failure, `http_` and a status, or `off`.
    pub fn word(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::OFF),
            "error" => Some(Self::ERROR),
            "timeout" => Some(Self::TIMEOUT),
            "invalid_header" => Some(Self::INVALID_HEADER),
            other => Self::of_status(other.strip_prefix("http_")?.parse().ok()?),
        }
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of these are among them, and none of it is off.
    pub const fn has(self, others: Self) -> bool {
        self.0 & (others.0 | Self::OFF.0) == others.0
    }

    /// Whether a failure is among them.
    pub fn has_failure(self, failure: Failure) -> bool {
        match failure {
            Failure::Connect | Failure::Broken => self.has(Self::ERROR),
            Failure::Stale | Failure::Leaving | Failure::Refused => self.has(Self::ERROR),
            Failure::Timeout => self.has(Self::TIMEOUT),
            Failure::Invalid => self.has(Self::INVALID_HEADER),
            // It is not the peer's.
            Failure::Unsayable => false,
        }
    }

    /// Whether a status is among them.
    pub fn has_status(self, status: u16) -> bool {
        Self::of_status(status).is_some_and(|one| self.has(one))
    }

    fn of_status(status: u16) -> Option<Self> {
        let known = Self::STATUSES.iter().find(|(own, _)| *own == status);
        known.map(|(_, one)| *one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_failures_and_statuses() {
        let all = ["error", "invalid_header", "http_404"];
        let all = all.map(|word| Failures::word(word).unwrap());
        let all = all.into_iter().fold(Failures::NONE, Failures::with);
        assert!(all.has_failure(Failure::Connect) && all.has_failure(Failure::Refused));
        assert!(all.has_failure(Failure::Invalid) && !all.has_failure(Failure::Timeout));
        assert!(!all.has_failure(Failure::Unsayable));
        assert!(all.has_status(404) && !all.has_status(500) && !all.has_status(501));
        let off = all.with(Failures::word("off").unwrap());
        assert!(!off.has_failure(Failure::Connect) && !off.has_status(404));
        for word in ["http_501", "http_", "404", "errors", "updating", ""] {
            assert_eq!(Failures::word(word), None, "{word}");
        }
        assert!(
            !all.has(Failures::UPDATING) && all.with(Failures::UPDATING).has(Failures::UPDATING)
        );
    }
}
