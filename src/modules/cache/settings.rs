//! What the directives of a location come to.

use std::sync::Arc;
use std::time::Duration;

use super::digest::DigestWritten;
use super::zones::{Entry, find};
use crate::cache::{Ignored, Valid};
use crate::conf::{Chain, Text, Word};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::origin::Failure;
use crate::http::plan::template::Template;

/// `proxy_cache`; nothing for `off`.
pub(super) struct CacheWritten(pub Option<Word>);
pub(super) struct KeyWritten(pub Text);
#[derive(Default)]
pub(super) struct ValidWritten(pub Valid);
pub(super) struct MinUsesWritten(pub u64);
pub(super) struct BypassWritten(pub Vec<Text>);
pub(super) struct NoCacheWritten(pub Vec<Text>);
pub(super) struct PurgeWritten(pub Vec<Text>);
pub(super) struct LockWritten(pub bool);
/// In milliseconds.
pub(super) struct LockAgeWritten(pub u64);
/// In milliseconds.
pub(super) struct LockTimeoutWritten(pub u64);
pub(super) struct BackgroundWritten(pub bool);
pub(super) struct RevalidateWritten(pub bool);
pub(super) struct ConvertHeadWritten(pub bool);
pub(super) struct MaxRangeOffsetWritten(pub u64);
pub(super) struct ForceRangesWritten(pub bool);

/// Which requests a cache is asked about, beside GET and HEAD.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Methods {
    pub post: bool,
}

/// `proxy_cache_use_stale`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UseStale(u16);

/// Fields of answers that are as if they were not there.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::modules) struct IgnoredFields {
    /// What says for how long an answer is valid.
    pub times: Ignored,
    /// `Vary`
    pub vary: bool,
}

/// What holds in a location with a cache.
pub(super) struct Settings {
    pub entry: Arc<Entry>,
    pub key: Template,
    pub valid: Valid,
    pub ignored: IgnoredFields,
    pub methods: Methods,
    pub min_uses: u64,
    pub bypass: Vec<Template>,
    pub no_cache: Vec<Template>,
    pub purge: Vec<Template>,
    pub lock: bool,
    /// In nanoseconds.
    pub lock_age: u64,
    pub lock_timeout: Duration,
    pub stale: UseStale,
    pub background: bool,
    pub revalidate: bool,
    pub convert_head: bool,
    pub max_range_offset: Option<u64>,
    pub forces_ranges: bool,
    /// What bodies must be.
    pub digest: Option<Template>,
}

impl Settings {
    /// What holds in the innermost block, if answers are kept there.
    pub(super) fn of(
        builder: &mut Builder<'_>,
        chain: &Chain<'_>,
        ignored: IgnoredFields,
    ) -> Option<Self> {
        let CacheWritten(Some(name)) = chain.nearest()? else {
            return None;
        };
        let entry = find(builder, name)?;
        let key = match chain.nearest() {
            Some(KeyWritten(text)) => text.clone(),
            None => Text::parse(&Word::from("$scheme$proxy_host$request_uri")).ok()?,
        };
        let bypass = chain.nearest().map_or(&[][..], |BypassWritten(all)| all);
        let no_cache = chain.nearest().map_or(&[][..], |NoCacheWritten(all)| all);
        let purge = chain.nearest().map_or(&[][..], |PurgeWritten(all)| all);
        let mut all = |texts: &[Text]| texts.iter().map(|text| builder.template(text)).collect();
        let (bypass, no_cache, purge) = (all(bypass), all(no_cache), all(purge));
        let digest = chain
            .nearest()
            .and_then(|DigestWritten(text)| text.as_ref());
        let digest = digest.map(|text| builder.template(text));
        let age = chain.nearest().map_or(5000, |LockAgeWritten(time)| *time);
        let timeout = chain
            .nearest()
            .map_or(5000, |LockTimeoutWritten(time)| *time);
        Some(Self {
            entry,
            key: builder.template(&key),
            valid: chain
                .nearest()
                .map(|ValidWritten(valid)| valid.clone())
                .unwrap_or_default(),
            ignored,
            methods: chain.nearest().copied().unwrap_or_default(),
            min_uses: chain.nearest().map_or(1, |MinUsesWritten(uses)| *uses),
            bypass,
            no_cache,
            purge,
            lock: chain.nearest().is_some_and(|LockWritten(on)| *on),
            lock_age: age.saturating_mul(1_000_000),
            lock_timeout: Duration::from_millis(timeout),
            stale: chain.nearest().copied().unwrap_or_default(),
            background: chain.nearest().is_some_and(|BackgroundWritten(on)| *on),
            revalidate: chain.nearest().is_some_and(|RevalidateWritten(on)| *on),
            convert_head: chain.nearest().is_none_or(|ConvertHeadWritten(on)| *on),
            max_range_offset: chain.nearest().map(|MaxRangeOffsetWritten(size)| *size),
            digest,
            forces_ranges: chain.nearest().is_some_and(|ForceRangesWritten(on)| *on),
        })
    }

    /// Whether the cache is asked about requests by this method.
    pub(super) fn takes(&self, method: &[u8]) -> bool {
        match method {
            b"GET" | b"HEAD" => true,
            b"POST" => self.methods.post,
            _ => false,
        }
    }
}

impl UseStale {
    const ERROR: u16 = 1;
    const TIMEOUT: u16 = 1 << 1;
    const INVALID: u16 = 1 << 2;
    const UPDATING: u16 = 1 << 3;
    const STATUSES: [(u16, u16); 7] = [
        (500, 1 << 4),
        (502, 1 << 5),
        (503, 1 << 6),
        (504, 1 << 7),
        (403, 1 << 8),
        (404, 1 << 9),
        (429, 1 << 10),
    ];

    /// Adds what a word means; false if it is none.
    pub(super) fn add(&mut self, word: &str) -> bool {
        let status = |word: &str| {
            let status: u16 = word.strip_prefix("http_")?.parse().ok()?;
            Some(Self::STATUSES.iter().find(|(own, _)| *own == status)?.1)
        };
        let bit = match word {
            "error" => Some(Self::ERROR),
            "timeout" => Some(Self::TIMEOUT),
            "invalid_header" => Some(Self::INVALID),
            "updating" => Some(Self::UPDATING),
            other => status(other),
        };
        self.0 |= bit.unwrap_or_default();
        bit.is_some()
    }

    /// Whether it allows what is old while somebody asks for something newer.
    pub(super) fn while_updating(self) -> bool {
        self.0 & Self::UPDATING != 0
    }

    /// Whether it allows what is old after this failure.
    pub(super) fn after(self, failure: Failure) -> bool {
        let bit = match failure {
            Failure::Timeout => Self::TIMEOUT,
            Failure::Invalid => Self::INVALID,
            Failure::Unsayable => 0,
            Failure::Connect | Failure::Broken => Self::ERROR,
            Failure::Stale | Failure::Leaving | Failure::Refused => Self::ERROR,
        };
        self.0 & bit != 0
    }

    /// Whether it allows what is old instead of an answer with this status.
    pub(super) fn instead_of(self, status: u16) -> bool {
        let known = Self::STATUSES.iter().find(|(own, _)| *own == status);
        known.is_some_and(|(_, bit)| self.0 & bit != 0)
    }
}

/// Whether one of the texts is neither empty nor `0`.
pub(super) fn any_holds(templates: &[Template], request: &mut Request) -> bool {
    templates.iter().any(|template| {
        let text = template.evaluate(request);
        !matches!(&*text, b"" | b"0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_use_stale_are_read() {
        let mut stale = UseStale::default();
        assert!(stale.add("error") && stale.add("http_404") && stale.add("updating"));
        assert!(!stale.add("http_501") && !stale.add("errors") && !stale.add(""));
        assert!(stale.after(Failure::Connect) && !stale.after(Failure::Timeout));
        assert!(stale.instead_of(404) && !stale.instead_of(500));
        assert!(stale.while_updating() && !UseStale::default().while_updating());
    }
}
