//! Which responses are packed for whom: nginx's conditions, in its order.

use std::time::SystemTime;

use super::directives::{self, Disable, LeastVersion, MinLength, Proxied, Types};
use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::response::ResponseHead;
use crate::http::message::version::Version;
use crate::http::plan::pattern::{Case, Pattern};
use crate::modules::media_types::MediaTypeSet;

/// What a location says of it.
pub(super) struct Conditions {
    min_length: u64,
    types: MediaTypeSet,
    least_version: Version,
    proxied: u16,
    disabled: Vec<Pattern>,
    is_disabled_for_msie6: bool,
}

impl Conditions {
    /// Those of the innermost scope.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let mut conditions = Self {
            min_length: chain.nearest().map_or(20, |MinLength(length)| *length),
            types: chain
                .nearest()
                .map_or_else(MediaTypeSet::default, |Types(types)| types.clone()),
            least_version: chain
                .nearest()
                .map_or(Version::Http11, |LeastVersion(version)| *version),
            proxied: chain
                .nearest()
                .map_or(directives::OFF, |Proxied(bits)| *bits),
            disabled: Vec::new(),
            is_disabled_for_msie6: false,
        };
        for word in chain.nearest().map_or(&[][..], |Disable(words)| words) {
            if word.text == "msie6" {
                conditions.is_disabled_for_msie6 = true;
                continue;
            }
            let variables = &mut builder.variables;
            match Pattern::new(&word.text, Case::Insensitive, variables, word.span) {
                Ok(pattern) => conditions.disabled.push(pattern),
                Err(problem) => builder.diagnostics.push(problem),
            }
        }
        conditions
    }

    /// Whether the response is one to be packed for whoever takes it.
    pub(super) fn suit(&self, request: &Request) -> bool {
        let head = &request.response;
        let is_encoded = head
            .field("content-encoding")
            .is_some_and(|it| !it.is_empty());
        matches!(head.status, 200 | 403 | 404)
            && !is_encoded
            && length(head).is_none_or(|length| length >= self.min_length)
            && self.types.contains(head.field("content-type"))
    }

    /// Whether the client takes it.
    pub(super) fn allow(&self, request: &Request) -> bool {
        let accepted = request.head.field(b"accept-encoding").unwrap_or_default();
        let browser = request.head.field(b"user-agent");
        takes_gzip(accepted)
            && request.head.version() >= self.least_version
            && !(self.is_disabled_for_msie6 && browser.is_some_and(is_msie6))
            && (request.head.field(b"via").is_none() || self.allow_proxy(request))
            && !browser.is_some_and(|browser| self.disabled.iter().any(|one| one.is_match(browser)))
    }

    fn allow_proxy(&self, request: &Request) -> bool {
        let has = |bit| self.proxied & bit != 0;
        let head = &request.response;
        if has(directives::OFF) || has(directives::ANY) {
            return !has(directives::OFF);
        }
        if has(directives::AUTH) && request.head.field(b"authorization").is_some() {
            return true;
        }
        if let Some(expires) = head.field("expires") {
            return has(directives::EXPIRED) && is_over(expires, head.field("date"));
        }
        if head.field("cache-control").is_some() {
            let says = |word| head.lists("cache-control", word);
            return (has(directives::NO_CACHE) && says(b"no-cache"))
                || (has(directives::NO_STORE) && says(b"no-store"))
                || (has(directives::PRIVATE) && says(b"private"));
        }
        let keeps = |bit, name| has(bit) && head.field(name).is_some();
        !keeps(directives::NO_LAST_MODIFIED, "last-modified") && !keeps(directives::NO_ETAG, "etag")
    }
}

fn length(head: &ResponseHead) -> Option<u64> {
    let text = std::str::from_utf8(head.field("content-length")?).ok()?;
    text.parse().ok()
}

/// Whether a response with this `Expires` is stale at the time that it tells, or now.
fn is_over(expires: &[u8], date: Option<&[u8]>) -> bool {
    let time = |text| httpdate::parse_http_date(std::str::from_utf8(text).ok()?).ok();
    let date = match date {
        Some(date) => time(date),
        None => Some(SystemTime::now()),
    };
    matches!((time(expires), date), (Some(expires), Some(date)) if expires < date)
}

/// Internet Explorer up to version 6 without its second service pack.
fn is_msie6(browser: &[u8]) -> bool {
    let find = |text: &[u8], word: &[u8]| text.windows(word.len()).position(|one| one == word);
    let Some(start) = find(browser, b"MSIE ") else {
        return false;
    };
    match &browser[start + 5..] {
        [b'4' | b'5', b'.', _, ..] => true,
        [b'6', b'.', _, rest @ ..] => find(rest, b"SV1").is_none(),
        _ => false,
    }
}

/// Whether an `Accept-Encoding` names gzip and does not weigh it with nothing.
fn takes_gzip(accepted: &[u8]) -> bool {
    let mut rest = accepted;
    while let Some(at) = rest
        .windows(4)
        .position(|word| word.eq_ignore_ascii_case(b"gzip"))
    {
        let before = accepted[..accepted.len() - rest.len() + at].last();
        rest = &rest[at + 4..];
        if matches!(before, None | Some(b',' | b' ')) {
            return has_weight(rest);
        }
    }
    false
}

fn has_weight(behind: &[u8]) -> bool {
    let behind = behind.trim_ascii_start();
    let parameter = match behind {
        [] | [b',', ..] => return true,
        [b';', rest @ ..] => rest.trim_ascii_start(),
        _ => return false,
    };
    match parameter {
        [] => true,
        [b'q' | b'Q', b'=', weight @ ..] => is_weight(weight),
        _ => false,
    }
}

/// A number above 0, up to 1, with at most three places.
fn is_weight(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| matches!(byte, b',' | b' '));
    let text = &text[..end.unwrap_or(text.len())];
    let (whole, places) = match text {
        [whole @ (b'0' | b'1')] => (whole, &b""[..]),
        [whole @ (b'0' | b'1'), b'.', places @ ..] => (whole, places),
        _ => return false,
    };
    let are_digits = places.len() <= 3 && places.iter().all(u8::is_ascii_digit);
    let is_more = places.iter().any(|digit| *digit != b'0');
    are_digits && (*whole == b'1') != is_more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip() {
        for (accepted, takes) in [
            ("", false),
            ("gzip", true),
            ("GZip", true),
            ("deflate, gzip", true),
            ("gzip, deflate, br", true),
            ("x-gzip", false),
            ("x-gzip, gzip", true),
            ("gzipped", false),
            ("*", false),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("gzip; q=0.001", true),
            ("gzip ; q=1.000", true),
            ("gzip;q=1.001", false),
            ("gzip;q=0.0001", false),
            ("gzip;q=2", false),
            ("gzip;q=", false),
            ("gzip;x=1", false),
            ("gzip;q=0, deflate", false),
            ("gzip;q=0.5,deflate", true),
        ] {
            assert_eq!(takes_gzip(accepted.as_bytes()), takes, "{accepted}");
        }
    }

    #[test]
    fn old_browsers() {
        for (browser, is) in [
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", true),
            (
                "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
                false,
            ),
            ("Mozilla/4.0 (compatible; MSIE 5.5; Windows 98)", true),
            ("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1)", false),
            ("Mozilla/5.0 (compatible; MSIE 7.0)", false),
            ("MSIE 6.", false),
            ("MSIE ", false),
            ("curl/8", false),
        ] {
            assert_eq!(is_msie6(browser.as_bytes()), is, "{browser}");
        }
    }
}
