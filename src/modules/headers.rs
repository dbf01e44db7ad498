//! Fields that the configuration adds to responses: `add_header` and `expires`.
//!
//! They are added just before the head leaves, whoever made the response; without `always` only to
//! responses that went well, so that an error is not cached or opened to other sites by mistake.

use std::time::{Duration, SystemTime};

use crate::conf::values;
use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Text,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::course::respond;
use crate::http::message::response::ResponseHead;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
use crate::os;

/// The feature.
pub static MODULE: Module = Module {
    name: "headers",
    about: "fields of responses",
    directives: DIRECTIVES,
    location,
    ..module::MODULE
};

pub(super) const CONTEXTS: Contexts = Contexts::HTTP
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION)
    .or(Contexts::LOCATION_IF);

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "add_header",
        contexts: CONTEXTS,
        arity: Arity::between(2, 3),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "add_header NAME VALUE [always];",
            default: "",
            text: "Adds a field to responses with status 200, 201, 204, 206, 301, 302, 303, 304, \
                   307 or 308, and to 416 that tells how much there is, with `always` to all of them. An empty VALUE adds nothing. \
                   `Content-Type`, `Last-Modified` and `ETag` replace what the response has; \
                   `If-Range` is compared with the latter two as they are sent. Inherited only by \
                   blocks that have no `add_header` of their own.",
            example: "add_header X-Request-Time $request_time always;",
        },
        apply: add_header,
        ..SPEC
    },
    DirectiveSpec {
        name: "expires",
        contexts: CONTEXTS,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "expires [modified] TIME;\nexpires epoch | max | off;",
            default: "expires off;",
            text: "Sets `Expires` and `Cache-Control` of successful responses: TIME from now, or \
                   with `modified` from the file's last change, if the response tells it; a negative TIME, as `epoch`, forbids \
                   caching; `@15h30m` is a time of day here; `max` is ten years. The one-word \
                   forms may come from a variable.",
            example: "location /static/ { expires 30d; }",
        },
        apply: expires,
        ..SPEC
    },
];

/// Every `add_header` of a block.
#[derive(Default)]
struct AddHeadersWritten(Vec<AddHeaderWritten>);

struct AddHeaderWritten {
    name: String,
    value: Text,
    always: bool,
}

struct ExpiresWritten {
    from: From,
    /// Read when the configuration is loaded, unless it holds variables.
    text: Text,
}

#[derive(Clone, Copy)]
enum From {
    Now,
    Modified,
}

fn add_header(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        let message = format!("invalid field name \"{name}\" in \"add_header\" directive");
        let help = "a name consists of letters, digits and \"-\"";
        return Err(statement.error(1, message).with_help(help));
    }
    let always = match statement.argument(3).map(|word| word.text.as_str()) {
        None => false,
        Some("always") => true,
        Some(other) => {
            let message = format!("invalid parameter \"{other}\"");
            let help = "the only parameter is \"always\"; quote a value that has blanks";
            return Err(statement.error(3, message).with_help(help));
        }
    };
    let written = AddHeaderWritten {
        name: name.to_owned(),
        value: statement.template(2)?,
        always,
    };
    let all = statement.scope.get_or_default::<AddHeadersWritten>();
    all.0.push(written);
    Ok(())
}

fn expires(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (from, number) = match (statement.text(1), statement.argument(2)) {
        (_, None) => (From::Now, 1),
        ("modified", Some(_)) => (From::Modified, 2),
        (other, Some(_)) => {
            let message = format!("invalid parameter \"{other}\"");
            let help = "expected \"modified\" before a time";
            return Err(statement.error(1, message).with_help(help));
        }
    };
    let text = statement.template(number)?;
    if let Some(literal) = text.literal() {
        let is_daily = matches!(Expiry::read(literal), Some(Expiry::Daily(_)));
        if Expiry::read(literal).is_none() || (number == 2 && is_daily) {
            let message = format!("\"expires\" directive invalid value \"{literal}\"");
            let help = "expected a time such as 24h, -1 or @15h30m, or epoch, max or off";
            return Err(statement.error(number, message).with_help(help));
        }
    }
    statement.scope.insert(ExpiresWritten { from, text });
    Ok(())
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if let Some(written) = chain.nearest::<ExpiresWritten>()
        && written.text.literal() != Some("off")
    {
        let expires = Expires {
            from: written.from,
            text: builder.template(&written.text),
        };
        parts.header_filters.push(Box::new(expires));
    }
    let Some(AddHeadersWritten(all)) = chain.nearest() else {
        return;
    };
    for written in all {
        let added = AddHeader {
            name: written.name.clone(),
            value: builder.template(&written.value),
            always: written.always,
        };
        parts.header_filters.push(Box::new(added));
    }
}

struct AddHeader {
    name: String,
    value: Template,
    always: bool,
}

impl PhaseHandler for AddHeader {
    fn run(&self, request: &mut Request) {
        let head = &request.response;
        if !self.always && !went_well(head.status) && !tells_length(head) {
            return;
        }
        let mut value = request.buffer();
        self.value.append(request, &mut value);
        let head = &mut request.response;
        let is = |name: &str| self.name.eq_ignore_ascii_case(name);
        if is("content-type") {
            // That of a body in parts says where they end.
            if !value.is_empty() && !head.is_in_parts() {
                head.set(&self.name, &value);
            }
        } else if is("last-modified") || is("etag") {
            head.set(&self.name, &value);
        } else if !value.is_empty() {
            head.add(&self.name, &value);
        }
        request.recycle(value);
    }
}

/// Whether fields are added to a response of this status without more words.
pub(super) fn went_well(status: u16) -> bool {
    matches!(
        status,
        200 | 201 | 204 | 206 | 301 | 302 | 303 | 304 | 307 | 308
    )
}

/// Whether a response says that the client wants nothing of what there is, and how much that is.
fn tells_length(head: &ResponseHead) -> bool {
    head.status == 416 && head.field("content-range").is_some()
}

struct Expires {
    from: From,
    text: Template,
}

impl PhaseHandler for Expires {
    fn run(&self, request: &mut Request) {
        if !went_well(request.response.status) {
            return;
        }
        let mut text = request.buffer();
        self.text.append(request, &mut text);
        let expiry = std::str::from_utf8(&text).ok().and_then(Expiry::read);
        request.recycle(text);
        let now = i64::try_from(respond::date()).unwrap_or(i64::MAX);
        let start = match self.from {
            From::Now => now,
            From::Modified => modified(&request.response).unwrap_or(now),
        };
        let Some((date, control)) = expiry.and_then(|one| one.fields(start, now, ahead)) else {
            return;
        };
        request.response.set("Expires", date.as_bytes());
        request.response.set("Cache-Control", control.as_bytes());
    }
}

/// How many seconds clocks here are ahead of Greenwich.
fn ahead(now: i64) -> i64 {
    let time = os::LocalTime::of(now.unsigned_abs());
    i64::from(time.offset_minutes) * 60
}

/// When what a response has was changed last, if it says so.
fn modified(head: &ResponseHead) -> Option<i64> {
    let date = os::http_date(head.field("last-modified")?)?;
    i64::try_from(date).ok()
}

/// When a response grows stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    Off,
    Epoch,
    Max,
    /// So many seconds later.
    In(i64),
    /// At this second of the day.
    Daily(i64),
}

impl Expiry {
    fn read(text: &str) -> Option<Self> {
        let time = |text| i64::try_from(values::seconds(text).ok()?).ok();
        match text {
            "off" | "" => Some(Self::Off),
            "epoch" => Some(Self::Epoch),
            "max" => Some(Self::Max),
            _ => {
                if let Some(text) = text.strip_prefix('@') {
                    return time(text).filter(|time| *time < DAY).map(Self::Daily);
                }
                match text.strip_prefix('-') {
                    Some(text) => time(text).map(|time| Self::In(-time)),
                    None => time(text.strip_prefix('+').unwrap_or(text)).map(Self::In),
                }
            }
        }
    }

    /// `Expires` and `Cache-Control`; clocks here are so many seconds ahead of Greenwich.
    fn fields(self, start: i64, now: i64, ahead: fn(i64) -> i64) -> Option<(String, String)> {
        let offset = match self {
            Self::Off => return None,
            Self::Epoch => return Some((EPOCH.to_owned(), "no-cache".to_owned())),
            Self::Max => return Some((FAR.to_owned(), "max-age=315360000".to_owned())),
            Self::In(offset) => offset,
            Self::Daily(second) => (second - (now + ahead(now)).rem_euclid(DAY)).rem_euclid(DAY),
        };
        let end = start.saturating_add(offset).clamp(0, LATEST);
        let age = end.saturating_sub(now);
        let control = if offset < 0 || age < 0 {
            "no-cache".to_owned()
        } else {
            format!("max-age={age}")
        };
        let end = Duration::from_secs(end.unsigned_abs());
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + end);
        Some((date, control))
    }
}

const DAY: i64 = 24 * 60 * 60;
const EPOCH: &str = "Thu, 01 Jan 1970 00:00:01 GMT";
const FAR: &str = "Thu, 31 Dec 2037 23:55:55 GMT";
/// The end of the year 9999: later dates cannot be written.
const LATEST: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::{get, problems, server};

    #[test]
    fn expiries_are_read() {
        assert_eq!(Expiry::read("off"), Some(Expiry::Off));
        assert_eq!(Expiry::read("1h"), Some(Expiry::In(3600)));
        assert_eq!(Expiry::read("-1"), Some(Expiry::In(-1)));
        assert_eq!(Expiry::read("@1m"), Some(Expiry::Daily(60)));
        for bad in ["@24h", "@", "-", "soon", "--1", "@-1"] {
            assert_eq!(Expiry::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn fields_follow_from_the_time() {
        let control = |expiry: Expiry, start, now| expiry.fields(start, now, |_| 0).unwrap().1;
        assert_eq!(control(Expiry::In(60), 1000, 1000), "max-age=60");
        assert_eq!(control(Expiry::In(60), 900, 1000), "no-cache");
        assert_eq!(control(Expiry::In(-1), 1000, 1000), "no-cache");
        assert_eq!(
            control(Expiry::In(i64::MAX), 1000, 1000),
            "max-age=253402299799"
        );
        assert_eq!(
            control(Expiry::Daily(100), DAY + 40, DAY + 40),
            "max-age=60"
        );
        assert_eq!(
            control(Expiry::Daily(40), DAY + 41, DAY + 41),
            "max-age=86399"
        );
        let east = Expiry::Daily(7200).fields(DAY, DAY, |_| 3600).unwrap().1;
        assert_eq!(east, "max-age=3600");
        let date = Expiry::In(0)
            .fields(784_111_777, 784_111_777, |_| 0)
            .unwrap()
            .0;
        assert_eq!(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn fields_are_added_to_what_went_well() {
        let runtime = server(
            "add_header X-Server outer;
             location / { return 200 x; }
             location /own { add_header X-A $arg_a; add_header X-B b always; return 200 x; }
             location /error { add_header X-A a; add_header X-B b always; expires 1h; return 404; }
             location /if { if ($arg_x) { add_header X-If yes; } return 200 x; }
             location /cache { expires $arg_e; return 200 x; }",
        );
        for (target, name, expected) in [
            ("/", "x-server", "outer"),
            ("/own?a=1", "x-a", "1"),
            ("/own", "x-a", ""),
            ("/own", "x-b", "b"),
            ("/own", "x-server", ""),
            ("/error", "x-a", ""),
            ("/error", "x-b", "b"),
            ("/error", "expires", ""),
            ("/if?x=1", "x-if", "yes"),
            ("/if", "x-server", "outer"),
            ("/cache?e=epoch", "cache-control", "no-cache"),
            ("/cache?e=1d", "cache-control", "max-age=86400"),
            ("/cache?e=off", "cache-control", ""),
            ("/cache?e=nonsense", "cache-control", ""),
        ] {
            assert_eq!(
                get(runtime, target).field(name),
                expected,
                "{target} {name}"
            );
        }
    }

    #[test]
    fn what_is_written_wrongly() {
        for (text, expected) in [
            (
                "add_header 'X Y' 1;",
                "invalid field name \"X Y\" in \"add_header\" directive",
            ),
            ("add_header X a b;", "invalid parameter \"b\""),
            (
                "expires soon;",
                "\"expires\" directive invalid value \"soon\"",
            ),
            (
                "expires modified @1h;",
                "\"expires\" directive invalid value \"@1h\"",
            ),
            ("expires after 1h;", "invalid parameter \"after\""),
        ] {
            assert_eq!(problems(text), [expected], "{text}");
        }
    }
}
