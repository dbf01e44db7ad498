//! What the directives of a location come to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::digest::DigestWritten;
use crate::cache::{Ignored, Valid};
use crate::conf::{Text, Word};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::failures::Failures;
use crate::http::plan::template::Template;
use crate::modules::family::{Family, Levels};
use crate::modules::temporary_folder;

/// `proxy_cache`
pub(super) enum CacheWritten {
    Off,
    Named(Word),
    /// Variables say the name.
    Evaluated(Word, Text),
}
pub(super) struct KeyWritten(pub Text);
#[derive(Default)]
pub(super) struct ValidWritten(pub Valid);
pub(super) struct MinUsesWritten(pub u64);
#[derive(Default)]
pub(super) struct BypassWritten(pub Vec<Text>);
#[derive(Default)]
pub(super) struct NoCacheWritten(pub Vec<Text>);
#[derive(Default)]
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
#[derive(Default)]
pub(super) struct UseStaleWritten(pub Failures);

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
    /// Nothing for the address that the origin is asked for.
    pub key: Option<Template>,
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
    /// When an answer is given that is not valid any more.
    pub use_stale: Failures,
    pub background: bool,
    pub revalidate: bool,
    pub convert_head: bool,
    pub max_range_offset: Option<u64>,
    pub forces_ranges: bool,
    /// What bodies must be.
    pub digest: Option<Template>,
    /// Where the body of a request waits that is long.
    pub temporary: Arc<Path>,
}

impl Settings {
    /// What holds in the innermost block.
    pub(super) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        ignored: IgnoredFields,
    ) -> Self {
        let key = levels.nearest().map(|KeyWritten(text)| text);
        let bypass = levels.nearest().map_or(&[][..], |BypassWritten(all)| all);
        let no_cache = levels.nearest().map_or(&[][..], |NoCacheWritten(all)| all);
        let purge = levels.nearest().map_or(&[][..], |PurgeWritten(all)| all);
        let mut all = |texts: &[Text]| texts.iter().map(|text| builder.template(text)).collect();
        let (bypass, no_cache, purge) = (all(bypass), all(no_cache), all(purge));
        let digest = levels
            .nearest()
            .and_then(|DigestWritten(text)| text.as_ref());
        let digest = digest.map(|text| builder.template(text));
        let age = levels.nearest().map_or(5000, |LockAgeWritten(time)| *time);
        let timeout = levels
            .nearest()
            .map_or(5000, |LockTimeoutWritten(time)| *time);
        Self {
            key: key.map(|text| builder.template(text)),
            valid: levels
                .nearest()
                .map(|ValidWritten(valid)| valid.clone())
                .unwrap_or_default(),
            ignored,
            methods: levels.nearest().copied().unwrap_or_default(),
            min_uses: levels.nearest().map_or(1, |MinUsesWritten(uses)| *uses),
            bypass,
            no_cache,
            purge,
            lock: levels.nearest().is_some_and(|LockWritten(on)| *on),
            lock_age: age.saturating_mul(1_000_000),
            lock_timeout: Duration::from_millis(timeout),
            use_stale: levels
                .nearest()
                .map_or(Failures::NONE, |UseStaleWritten(when)| *when),
            background: levels.nearest().is_some_and(|BackgroundWritten(on)| *on),
            revalidate: levels.nearest().is_some_and(|RevalidateWritten(on)| *on),
            convert_head: levels.nearest().is_none_or(|ConvertHeadWritten(on)| *on),
            max_range_offset: levels.nearest().map(|MaxRangeOffsetWritten(size)| *size),
            digest,
            temporary: temporary_folder::of_family(builder, levels),
            forces_ranges: levels.nearest().is_some_and(|ForceRangesWritten(on)| *on),
        }
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

/// Whether one of the texts is neither empty nor `0`.
pub(super) fn any_holds(templates: &[Template], request: &mut Request) -> bool {
    templates.iter().any(|template| {
        let text = template.evaluate(request);
        !matches!(&*text, b"" | b"0")
    })
}
