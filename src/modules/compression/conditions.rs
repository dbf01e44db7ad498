//! Which responses are packed, and for whom: nginx's conditions, in its order.

use super::accepted;
use super::coding::{CODINGS, GZIP};
use super::directives::family::{MinLength, Types};
use super::directives::gzip::{self, Disable, LeastVersion, Proxied};
use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::browser::is_msie6;
use crate::http::message::response::ResponseHead;
use crate::http::message::version::Version;
use crate::http::plan::pattern::{Case, Pattern};
use crate::modules::media_types::MediaTypeSet;
use crate::os;

/// Which responses a coding is for.
pub(super) struct Suited {
    min_length: u64,
    types: MediaTypeSet,
}

impl Suited {
    /// Those of the innermost scope.
    pub(super) fn of<const C: usize>(chain: &Chain<'_>) -> Self {
        Self {
            min_length: chain.nearest().map_or(20, |MinLength::<C>(length)| *length),
            types: chain
                .nearest()
                .map_or_else(MediaTypeSet::default, |Types::<C>(types)| types.clone()),
        }
    }

    /// Whether the response of this head is one of them, if it is not packed already.
    pub(super) fn contain(&self, head: &ResponseHead) -> bool {
        length(head).is_none_or(|length| length >= self.min_length)
            && self.types.contains(head.field("content-type"))
    }
}

/// Whether a response may be packed by anybody.
pub(super) fn is_plain(head: &ResponseHead) -> bool {
    let is_encoded = head
        .field("content-encoding")
        .is_some_and(|it| !it.is_empty());
    matches!(head.status, 200 | 403 | 404) && !is_encoded
}

/// How long a response says that it is.
pub(super) fn length(head: &ResponseHead) -> Option<u64> {
    let text = std::str::from_utf8(head.field("content-length")?).ok()?;
    text.parse().ok()
}

/// Who gets gzip: of the other codings, nobody is asked for more than taking them.
pub(super) struct GzipRules {
    least_version: Version,
    proxied: u16,
    disabled: Vec<Pattern>,
    is_disabled_for_msie6: bool,
}

impl GzipRules {
    /// Those of the innermost scope.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let mut rules = Self {
            least_version: chain
                .nearest()
                .map_or(Version::Http11, |LeastVersion(version)| *version),
            proxied: chain.nearest().map_or(gzip::OFF, |Proxied(bits)| *bits),
            disabled: Vec::new(),
            is_disabled_for_msie6: false,
        };
        for word in chain.nearest().map_or(&[][..], |Disable(words)| words) {
            if word.text == "msie6" {
                rules.is_disabled_for_msie6 = true;
                continue;
            }
            let variables = &mut builder.variables;
            match Pattern::new(&word.text, Case::Insensitive, variables, word.span) {
                Ok(pattern) => rules.disabled.push(pattern),
                Err(problem) => builder.diagnostics.push(problem),
            }
        }
        rules
    }

    fn allow(&self, request: &Request) -> bool {
        let browser = request.head.field(b"user-agent");
        request.head.version() >= self.least_version
            && !(self.is_disabled_for_msie6 && browser.is_some_and(is_msie6))
            && (request.head.field(b"via").is_none() || self.allow_proxy(request))
            && !browser.is_some_and(|browser| self.disabled.iter().any(|one| one.is_match(browser)))
    }

    fn allow_proxy(&self, request: &Request) -> bool {
        let has = |bit| self.proxied & bit != 0;
        let head = &request.response;
        if has(gzip::OFF) || has(gzip::ANY) {
            return !has(gzip::OFF);
        }
        if has(gzip::AUTH) && request.head.field(b"authorization").is_some() {
            return true;
        }
        if let Some(expires) = head.field("expires") {
            return has(gzip::EXPIRED) && is_over(expires, head.field("date"));
        }
        if head.field("cache-control").is_some() {
            let says = |word| head.lists("cache-control", word);
            return (has(gzip::NO_CACHE) && says(b"no-cache"))
                || (has(gzip::NO_STORE) && says(b"no-store"))
                || (has(gzip::PRIVATE) && says(b"private"));
        }
        let keeps = |bit, name| has(bit) && head.field(name).is_some();
        !keeps(gzip::NO_LAST_MODIFIED, "last-modified") && !keeps(gzip::NO_ETAG, "etag")
    }
}

/// What each coding weighs for the client, in thousandths; 0 for those that it does not get.
pub(super) fn weights(request: &Request, gzip_rules: &GzipRules) -> [u16; CODINGS.len()] {
    let accepted = accepted(request);
    let mut weights = [0; CODINGS.len()];
    if accepted.is_empty() {
        return weights;
    }
    for (weight, coding) in weights.iter_mut().zip(&CODINGS) {
        *weight = accepted::weight(accepted, coding.name);
    }
    if weights[GZIP] > 0 && !gzip_rules.allow(request) {
        weights[GZIP] = 0;
    }
    weights
}

/// What the client says that it takes. Whoever asks on its behalf takes nothing packed.
fn accepted(request: &Request) -> &[u8] {
    match request.is_subrequest() {
        true => b"",
        false => request.head.field(b"accept-encoding").unwrap_or_default(),
    }
}

/// Whether a response with this `Expires` is stale at the time that it tells, or now.
fn is_over(expires: &[u8], date: Option<&[u8]>) -> bool {
    let date = match date {
        Some(date) => os::http_date(date),
        None => Some(os::seconds()),
    };
    matches!((os::http_date(expires), date), (Some(expires), Some(date)) if expires < date)
}
