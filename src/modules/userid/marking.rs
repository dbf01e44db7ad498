//! What a request has of an identifier, and what the response gives its client.

use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::xxh3_64;

use super::identifier::{DIGITS, Identifier, Version};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::VariableIndex;

/// How clients are marked in a location.
pub(super) struct Marking {
    /// `None` only looks at what clients have (`userid log`).
    pub(super) version: Option<Version>,
    pub(super) name: String,
    /// What follows the value of a cookie: `; path=/` and the like.
    pub(super) expires: Expires,
    pub(super) attributes: String,
    pub(super) mark: Option<u8>,
    pub(super) p3p: Option<String>,
    pub(super) service: Option<u32>,
    pub(super) reset: VariableIndex,
    pub(super) state: StateIndex<Seen>,
}

/// How long a cookie is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expires {
    /// As long as the browser runs.
    WithBrowser,
    /// So many seconds.
    After(u64),
    /// As long as dates of cookies go.
    Never,
}

/// What was found out about a request, and decided.
#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    /// Which cookie was looked for, as a digest of its name; zero before.
    cookie: u64,
    /// Whether it was decided what the client is given. Where clients are only looked at, it is not.
    is_decided: bool,
    /// What the client has.
    pub(super) got: Option<Identifier>,
    /// What it is given.
    pub(super) set: Option<Identifier>,
}

impl Marking {
    /// What a request has, and what its client is given.
    pub(super) fn seen(&self, request: &mut Request) -> Seen {
        let cookie = xxh3_64(self.name.as_bytes()) | 1;
        let known = *request.state(self.state);
        let is_same = known.cookie == cookie;
        if is_same && (known.is_decided || self.version.is_none()) {
            return known;
        }
        // A redirect may have led here from where another cookie counts, or nothing is given.
        let (got, is_marked) = self.got(request);
        let seen = Seen {
            cookie,
            is_decided: self.version.is_some(),
            got,
            set: self.version.and_then(|version| match got {
                Some(got) if !self.is_reset(request, got) => (!is_marked).then_some(got),
                _ => Some(self.fresh(request, version)),
            }),
        };
        *request.state(self.state) = seen;
        seen
    }

    fn fresh(&self, request: &Request, version: Version) -> Identifier {
        let local = request.connection.local.map(|local| local.ip());
        Identifier::fresh(version, self.service, local)
    }

    /// The client's identifier, and whether it has the mark that is wanted.
    fn got(&self, request: &Request) -> (Option<Identifier>, bool) {
        let Some(value) = cookie(request, &self.name) else {
            return (None, false);
        };
        let got = Identifier::read(value);
        if got.is_none() {
            let what = if value.len() < DIGITS {
                "too short"
            } else {
                "invalid"
            };
            let (name, value) = (&self.name, value.escape_ascii());
            let request = Circumstances(request);
            log::error!("client sent {what} userid cookie \"{name}={value}\"{request}");
        }
        let is_marked = self
            .mark
            .is_none_or(|mark| value.get(DIGITS) == Some(&mark));
        (got, is_marked)
    }

    /// Whether `$uid_reset` wants the client to have another identifier.
    fn is_reset(&self, request: &mut Request, got: Identifier) -> bool {
        let reset = request.value(self.reset);
        if reset == b"log" {
            let (name, got) = (&self.name, got.hexadecimal());
            let request = Circumstances(request);
            log::warn!("userid cookie \"{name}={got}\" was reset{request}");
        }
        !reset.is_empty() && reset != b"0"
    }

    fn set_cookie(&self, identifier: Identifier) -> Vec<u8> {
        let mut text = self.name.clone().into_bytes();
        text.push(b'=');
        text.extend_from_slice(&identifier.cookie(self.mark));
        match self.expires {
            Expires::WithBrowser => {}
            Expires::Never => text.extend_from_slice(b"; expires=Thu, 31-Dec-37 23:55:55 GMT"),
            Expires::After(seconds) => {
                let end = SystemTime::now().checked_add(Duration::from_secs(seconds));
                let end = end.unwrap_or_else(SystemTime::now);
                text.extend_from_slice(format!("; expires={}", date(end)).as_bytes());
            }
        }
        text.extend_from_slice(self.attributes.as_bytes());
        text
    }
}

/// The last year whose dates have two digits, because old clients do not know later ones anyway.
const LAST_SHORT_YEAR: &str = "2037";

/// A date as cookies have it: `Mon, 30-Nov-26 20:11:11 GMT`.
fn date(time: SystemTime) -> String {
    // It ends with year 9999 there.
    let most = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let text = httpdate::fmt_http_date(time.min(most));
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let year = match part(12, 16) {
        year if year <= LAST_SHORT_YEAR => part(14, 16),
        year => year,
    };
    format!(
        "{}{}-{}-{year}{}",
        part(0, 5),
        part(5, 7),
        part(8, 11),
        part(16, text.len())
    )
}

/// The value of the first cookie of a name.
fn cookie<'r>(request: &'r Request, name: &str) -> Option<&'r [u8]> {
    let fields = request.head.fields();
    let fields = fields.filter(|(own, _)| own.eq_ignore_ascii_case(b"cookie"));
    let mut pairs = fields.flat_map(|(_, value)| value.split(|byte| *byte == b';'));
    pairs.find_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let own = pair[..equals].trim_ascii();
        own.eq_ignore_ascii_case(name.as_bytes())
            .then(|| pair[equals + 1..].trim_ascii())
    })
}

/// Gives clients their cookies.
pub(super) struct Giving(pub(super) std::sync::Arc<Marking>);

impl PhaseHandler for Giving {
    fn run(&self, request: &mut Request) {
        let Some(identifier) = self.0.seen(request).set else {
            return;
        };
        let cookie = self.0.set_cookie(identifier);
        request.response.add("Set-Cookie", &cookie);
        if let Some(p3p) = &self.0.p3p {
            request.response.add("P3P", p3p.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_cookies() {
        let at = |seconds| date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(784_111_777), "Sun, 06-Nov-94 08:49:37 GMT");
        assert_eq!(at(2_145_916_555), "Thu, 31-Dec-37 23:55:55 GMT");
        assert_eq!(at(2_145_916_800), "Fri, 01-Jan-2038 00:00:00 GMT");
        assert_eq!(at(400_000_000_000), "Fri, 31-Dec-9999 23:59:59 GMT");
    }
}
