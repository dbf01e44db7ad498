//! `$upstream_*` and `$proxy_*`.
//!
//! A value of several attempts is a list: `, ` between attempts, ` : ` where another `proxy_pass`
//! took over. What is not known is `-`. Nothing is cached, for all of it changes as the request
//! goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::attempts::{Attempt, Attempts, KeptField};
use super::registry::Registry;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::plan::phase::Phase;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, Variable, VariableSpec};

/// Variables that need nothing but the request.
pub(super) const ROWS: &[VariableSpec] = &[VariableSpec {
    name: "proxy_add_x_forwarded_for",
    doc: "The `X-Forwarded-For` field with the client's address added.",
    read: |request, _, out| {
        let fields = request.head.fields();
        for (_, value) in fields.filter(|(name, _)| name.eq_ignore_ascii_case(b"x-forwarded-for")) {
            out.extend_from_slice(value);
            out.extend_from_slice(b", ");
        }
        match request.connection.client {
            Some(client) => out.extend_from_slice(client.ip().to_string().as_bytes()),
            None => out.extend_from_slice(b"unix:"),
        }
        true
    },
    ..VARIABLE
}];

/// What the reference says of the others. With several attempts, values are a list: `, ` stands between
/// attempts, ` : ` where another `proxy_pass` took over, `-` for what is not known.
pub(super) const DESCRIBED: &[VariableSpec] = &[
    late(
        "upstream_addr",
        Phase::Response,
        "The addresses of the peers that were asked, one for each attempt.",
    ),
    late(
        "upstream_status",
        Phase::Response,
        "The status that each attempt was answered with.",
    ),
    late(
        "upstream_response_time",
        Phase::End,
        "How long each attempt took until its response was whole, in seconds with milliseconds.",
    ),
    late(
        "upstream_header_time",
        Phase::Response,
        "How long each attempt took until the head of its response was there, in seconds with milliseconds.",
    ),
    late(
        "upstream_connect_time",
        Phase::Response,
        "How long each attempt took until it was connected, with TLS, in seconds with milliseconds; 0 on a kept connection.",
    ),
    late(
        "upstream_response_length",
        Phase::End,
        "Bytes of the body of each attempt's response.",
    ),
    late(
        "upstream_bytes_received",
        Phase::End,
        "Bytes received from the peer of each attempt.",
    ),
    late(
        "upstream_bytes_sent",
        Phase::End,
        "Bytes sent to the peer of each attempt.",
    ),
    late(
        "upstream_http_*",
        Phase::Response,
        "The field of that name in the response of the last attempt, `_` standing for `-`.",
    ),
    late(
        "upstream_cookie_*",
        Phase::Response,
        "The cookie of that name that the response of the last attempt sets.",
    ),
    late(
        "proxy_host",
        Phase::Request,
        "The host that `proxy_pass` names, with a port that is not the usual one.",
    ),
    late(
        "proxy_port",
        Phase::Request,
        "The port that `proxy_pass` names, or the usual one of its protocol.",
    ),
];

const fn late(name: &'static str, available_from: Phase, doc: &'static str) -> VariableSpec {
    VariableSpec {
        name,
        doc,
        available_from,
        ..VARIABLE
    }
}

/// Defines the others.
pub(super) fn define(builder: &mut Builder<'_>) {
    let state = Registry::state(builder);
    for (name, text) in LISTS {
        let variable = Box::new(List { state, text: *text });
        define_one(builder, name, variable);
    }
    let host = TargetText {
        state,
        read: |attempts| match &attempts.named {
            Some((host, _)) => Some(host),
            None => Some(&attempts.target.as_ref()?.host),
        },
    };
    let port = TargetText {
        state,
        read: |attempts| match &attempts.named {
            Some((_, port)) => Some(port),
            None => Some(&attempts.target.as_ref()?.port),
        },
    };
    define_one(builder, "proxy_host", Box::new(host));
    define_one(builder, "proxy_port", Box::new(port));
    let asked = Arc::clone(&builder.thing::<Registry>().keeps_fields);
    define_family(builder, "upstream_http_", &asked, move |name| {
        Box::new(ResponseField { state, name })
    });
    define_family(builder, "upstream_cookie_", &asked, move |name| {
        Box::new(ResponseCookie { state, name })
    });
}

fn define_one(builder: &mut Builder<'_>, name: &str, variable: Box<dyn Variable>) {
    let defined = builder.variables.define(name, "proxy", None, variable);
    builder.diagnostics.check(defined);
}

/// Variables that begin alike; `asked` is set as soon as there is one.
fn define_family(
    builder: &mut Builder<'_>,
    prefix: &str,
    asked: &Arc<AtomicBool>,
    make: impl Fn(String) -> Box<dyn Variable> + 'static,
) {
    let asked = Arc::clone(asked);
    let family = move |suffix: &str| {
        asked.store(true, Ordering::Relaxed);
        make(suffix.to_owned())
    };
    let defined = builder.variables.define_family(prefix, Box::new(family));
    builder.diagnostics.check(defined);
}

/// The text of one attempt.
type Text = fn(&Attempt, &mut Vec<u8>);

const LISTS: &[(&str, Text)] = &[
    ("upstream_addr", |attempt, out| {
        let group = &attempt.group;
        let name = attempt
            .peer
            .map_or(&group.name, |peer| &group.peers[peer].name);
        out.extend_from_slice(name.as_bytes());
    }),
    ("upstream_status", |attempt, out| match attempt.status {
        0 => out.push(b'-'),
        status => number(u64::from(status), out),
    }),
    ("upstream_response_time", |attempt, out| {
        time(attempt.response_ms, out)
    }),
    ("upstream_header_time", |attempt, out| {
        time(attempt.header_ms, out)
    }),
    ("upstream_connect_time", |attempt, out| {
        time(attempt.connect_ms, out)
    }),
    ("upstream_response_length", |attempt, out| {
        number(attempt.length, out)
    }),
    ("upstream_bytes_received", |attempt, out| {
        number(attempt.received, out)
    }),
    ("upstream_bytes_sent", |attempt, out| {
        number(attempt.sent, out)
    }),
];

struct List {
    state: StateIndex<Attempts>,
    text: Text,
}

impl Variable for List {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let Some(attempts) = request.state_if_any(self.state) else {
            return false;
        };
        let mut before = None;
        for attempt in &attempts.list {
            match before {
                None => {}
                Some(round) if round == attempt.round => out.extend_from_slice(b", "),
                Some(_) => out.extend_from_slice(b" : "),
            }
            (self.text)(attempt, out);
            before = Some(attempt.round);
        }
        before.is_some()
    }
}

struct TargetText {
    state: StateIndex<Attempts>,
    read: fn(&Attempts) -> Option<&String>,
}

impl Variable for TargetText {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let attempts = request.state_if_any(self.state);
        let text = attempts.and_then(self.read);
        out.extend_from_slice(text.map_or(b"", |text| text.as_bytes()));
        text.is_some()
    }

    fn assignable(&self) -> bool {
        true
    }
}

/// `$upstream_http_NAME`
struct ResponseField {
    state: StateIndex<Attempts>,
    name: String,
}

impl Variable for ResponseField {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let attempts = request.state_if_any(self.state);
        let Some(fields) = attempts.and_then(|attempts| attempts.fields.as_ref()) else {
            return false;
        };
        let same = |field: &&KeptField| is_variable_of(&field.name, &self.name);
        let mut found = false;
        for field in fields.iter().filter(same) {
            if found {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(&field.value);
            found = true;
        }
        found
    }

    fn assignable(&self) -> bool {
        true
    }
}

/// `$upstream_cookie_NAME`
struct ResponseCookie {
    state: StateIndex<Attempts>,
    name: String,
}

impl Variable for ResponseCookie {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let attempts = request.state_if_any(self.state);
        let Some(fields) = attempts.and_then(|attempts| attempts.fields.as_ref()) else {
            return false;
        };
        let sets = |field: &&KeptField| field.name.eq_ignore_ascii_case(b"set-cookie");
        let mut cookies = fields.iter().filter(sets);
        let value = cookies.find_map(|field| cookie_value(&field.value, &self.name));
        out.extend_from_slice(value.unwrap_or_default());
        value.is_some()
    }

    fn assignable(&self) -> bool {
        true
    }
}

/// The value of a `Set-Cookie` field, if it sets `name`.
fn cookie_value<'c>(cookie: &'c [u8], name: &str) -> Option<&'c [u8]> {
    let pair = cookie.split(|byte| *byte == b';').next()?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    let own = pair[..equals]
        .trim_ascii()
        .eq_ignore_ascii_case(name.as_bytes());
    own.then(|| pair[equals + 1..].trim_ascii())
}

/// Whether a field is meant by a variable, which has `_` where the field has `-`.
fn is_variable_of(name: &[u8], variable: &str) -> bool {
    let same = |(field, variable): (u8, u8)| {
        let field = field.to_ascii_lowercase();
        field == variable || (field, variable) == (b'-', b'_')
    };
    name.len() == variable.len() && name.iter().copied().zip(variable.bytes()).all(same)
}

fn number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(Decimal::new(number).bytes());
}

/// Seconds with three digits.
fn time(time: Option<u64>, out: &mut Vec<u8>) {
    match time {
        None => out.push(b'-'),
        Some(time) => out.extend_from_slice(Decimal::seconds(time).bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let text = |value| {
            let mut out = Vec::new();
            time(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(None), "-");
        assert_eq!(text(Some(0)), "0.000");
        assert_eq!(text(Some(61_005)), "61.005");
    }

    #[test]
    fn cookies_are_found_by_name() {
        assert_eq!(cookie_value(b"a=b; Path=/", "a"), Some(&b"b"[..]));
        assert_eq!(cookie_value(b"a=b=c", "a"), Some(&b"b=c"[..]));
        assert_eq!(cookie_value(b"ab=c", "a"), None);
        assert_eq!(cookie_value(b"", "a"), None);
    }

    #[test]
    fn fields_are_named_with_underscores() {
        let name = "X-Cache-status";
        assert!(is_variable_of(name.as_bytes(), "x_cache_status"));
        assert!(!is_variable_of(name.as_bytes(), "x_cache"));
    }
}
