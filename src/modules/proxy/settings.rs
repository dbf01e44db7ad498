//! The directives of both families with a single value, and what they come to in a location.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::buffering;
use super::headers;
use super::ssl;
use crate::conf::{Chain, Diagnostic, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::failures::Failures;
use crate::http::plan::template::Template;
use crate::http::transport::link::Language;
use crate::modules::family::{Family, Levels, Protocol, growing, insert};

struct ConnectTimeout(Duration);
struct ReadTimeout(Duration);
struct SendTimeout(Duration);
struct NextTimeout(Duration);
struct NextTries(u64);
struct Intercept(bool);
struct PassFields(bool);
struct PassBody(bool);
struct IgnoreAbort(bool);
struct PassTrailers(bool);
struct SocketKeepalive(bool);
struct KeepConnection(bool);
struct Bind(Option<Text>);
struct Method(Text);
struct Version(HttpVersion);

/// `proxy_next_upstream`
#[derive(Default)]
struct Next(Failures);

/// `proxy_http_version`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpVersion {
    Http10,
    Http11,
    Http2,
}

/// The values that hold in one location.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
    pub(super) send_timeout: Duration,
    /// What makes a request go to the next peer.
    pub(super) next: Failures,
    pub(super) next_tries: u64,
    /// Zero for no limit.
    pub(super) next_timeout: Duration,
    pub(super) intercepts: bool,
    pub(super) passes_fields: bool,
    pub(super) passes_body: bool,
    pub(super) ignores_abort: bool,
    /// `proxy_limit_rate`
    pub(super) rate: Option<Template>,
    pub(super) method: Option<Template>,
    pub(super) version: HttpVersion,
    pub(super) language: Language,
    /// Whether connections are used again, where the group keeps any.
    pub(super) reuses: bool,
    pub(super) passes_trailers: bool,
    pub(super) asks_if_alive: bool,
    /// The address of ours that connections come from.
    pub(super) from: Option<Template>,
}

/// What a protocol is spoken in, in this version where it is HTTP.
fn language(protocol: Protocol, version: HttpVersion) -> Language {
    match protocol {
        Protocol::Http if version != HttpVersion::Http2 => Language::Http,
        Protocol::Http | Protocol::Grpc => Language::Http2,
        Protocol::FastCgi => Language::FastCgi,
        Protocol::Uwsgi | Protocol::Scgi => Language::Parameters,
    }
}

impl Settings {
    /// The values that hold in the innermost scope.
    pub(super) fn of<F: Family>(builder: &mut Builder<'_>, levels: &Levels<'_, '_, F>) -> Self {
        let minute = Duration::from_secs(60);
        let method = levels.nearest();
        let version = match F::IS_GRPC {
            true => HttpVersion::Http2,
            false => levels
                .nearest()
                .map_or(HttpVersion::Http11, |Version(version)| *version),
        };
        let from = levels.nearest().and_then(|Bind(text)| text.as_ref());
        Self {
            connect_timeout: levels
                .nearest()
                .map_or(minute, |ConnectTimeout(time)| *time),
            read_timeout: levels.nearest().map_or(minute, |ReadTimeout(time)| *time),
            send_timeout: levels.nearest().map_or(minute, |SendTimeout(time)| *time),
            next: levels.nearest().map_or(NEXT, |Next(next)| *next),
            next_tries: levels.nearest().map_or(0, |NextTries(tries)| *tries),
            next_timeout: levels
                .nearest()
                .map_or(Duration::ZERO, |NextTimeout(time)| *time),
            intercepts: levels.nearest().is_some_and(|Intercept(on)| *on),
            passes_fields: levels.nearest().is_none_or(|PassFields(on)| *on),
            passes_body: levels.nearest().is_none_or(|PassBody(on)| *on),
            ignores_abort: levels.nearest().is_some_and(|IgnoreAbort(on)| *on),
            rate: buffering::rate(builder, levels),
            method: method.map(|Method(text)| builder.template(text)),
            language: language(F::PROTOCOL, version),
            version,
            reuses: match F::PROTOCOL {
                Protocol::FastCgi => levels.nearest().is_some_and(|KeepConnection(on)| *on),
                protocol => !protocol.is_program(),
            },
            asks_if_alive: levels.nearest().is_some_and(|SocketKeepalive(on)| *on),
            from: from.map(|text| builder.template(text)),
            passes_trailers: F::IS_GRPC || levels.nearest().is_some_and(|PassTrailers(on)| *on),
        }
    }

    /// The address of ours that a connection comes from, if that is said.
    pub(super) fn local_address(&self, request: &mut Request) -> Option<SocketAddr> {
        let from = self.from.as_ref()?.evaluate(request);
        let address = local_address(&from);
        if address.is_none() && !from.is_empty() {
            let from = String::from_utf8_lossy(&from);
            let text = from.escape_debug();
            log::error!("invalid local address \"{text}\"{}", Circumstances(request));
        }
        address
    }
}

/// What is tried with the next peer unless something else is said.
const NEXT: Failures = Failures::ERROR.with(Failures::TIMEOUT);

/// `proxy_next_upstream`
pub(super) fn apply_next<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut next = Failures::NONE;
    for (word, index) in statement.arguments().iter().zip(1..) {
        let one = match word.text.as_str() {
            "non_idempotent" => Some(Failures::NON_IDEMPOTENT),
            other => Failures::word(other),
        };
        next = next.with(one.ok_or_else(|| {
            let message = format!("invalid value \"{}\"", word.text);
            statement.error(index, message).with_help(
                "expected error, timeout, invalid_header, non_idempotent, off, or http_ and one of \
                 403, 404, 429, 500, 502, 503, 504",
            )
        })?);
    }
    let Next(all) = growing::<F, Next>(statement);
    *all = all.with(next);
    Ok(())
}

/// `proxy_http_version`
pub(super) fn apply_version<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let choices = [
        ("1.0", HttpVersion::Http10),
        ("1.1", HttpVersion::Http11),
        ("2", HttpVersion::Http2),
        ("2.0", HttpVersion::Http2),
    ];
    let version = statement.enumeration(1, &choices)?;
    insert::<F, _>(statement, Version(version));
    Ok(())
}

/// `proxy_method`
pub(super) fn apply_method<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let method = statement.template(1)?;
    insert::<F, _>(statement, Method(method));
    Ok(())
}

/// Checks what a block says itself, where settings of blocks around a pass are not looked at until there is one.
pub(super) fn check<F: Family>(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let levels = Levels::<F>::of(chain);
    let bind = levels.own().and_then(|Bind(text)| text.as_ref());
    let texts = headers::texts(&levels)
        .chain(bind)
        .chain(ssl::text(&levels));
    for text in texts {
        builder.template(text);
    }
    let read = ssl::passwords(builder, &levels);
    builder.diagnostics.check(read);
}

/// `proxy_bind`, `grpc_bind`
pub(super) fn apply_bind<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.template(1)?;
    let word = statement.text(1);
    if let Some(more) = statement.argument(2) {
        let more = &more.text;
        let message = format!(
            "\"{more}\" is not supported in \"{}\"",
            statement.directive.name.text
        );
        let help = "connections can only come from an address of this machine";
        return Err(statement.error(2, message).with_help(help));
    }
    if text.is_literal() && word != "off" && local_address(word.as_bytes()).is_none() {
        let message = format!("invalid address \"{word}\"");
        let help = "expected an address of this machine, with or without a port, or \"off\"";
        return Err(statement.error(1, message).with_help(help));
    }
    let from = (word != "off").then_some(text);
    insert::<F, _>(statement, Bind(from));
    Ok(())
}

/// An address of ours, with or without a port.
fn local_address(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let address = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = address.unwrap_or(text).parse::<IpAddr>();
    let without_port = address.map(|address| SocketAddr::new(address, 0));
    without_port.or_else(|_| text.parse()).ok()
}

/// `proxy_next_upstream_tries`
pub(super) fn apply_next_tries<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let tries = statement.number(1)?;
    insert::<F, _>(statement, NextTries(tries));
    Ok(())
}

macro_rules! times {
    ($($apply:ident => $setting:ident),* $(,)?) => {$(
        pub(super) fn $apply<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
            let time = statement.milliseconds(1)?;
            insert::<F, _>(statement, $setting(Duration::from_millis(time)));
            Ok(())
        }
    )*};
}

times! {
    apply_connect_timeout => ConnectTimeout,
    apply_read_timeout => ReadTimeout,
    apply_send_timeout => SendTimeout,
    apply_next_timeout => NextTimeout,
}

macro_rules! flags {
    ($($apply:ident => $setting:ident),* $(,)?) => {$(
        pub(in crate::modules) fn $apply<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
            let on = statement.flag(1)?;
            insert::<F, _>(statement, $setting(on));
            Ok(())
        }
    )*};
}

flags! {
    apply_intercept => Intercept,
    apply_pass_fields => PassFields,
    apply_pass_body => PassBody,
    apply_ignore_abort => IgnoreAbort,
    apply_pass_trailers => PassTrailers,
    apply_socket_keepalive => SocketKeepalive,
    apply_keep_connection => KeepConnection,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ours_are_read() {
        let read = |text: &str| local_address(text.as_bytes()).map(|address| address.to_string());
        assert_eq!(read("127.0.0.2").as_deref(), Some("127.0.0.2:0"));
        assert_eq!(read("127.0.0.2:81").as_deref(), Some("127.0.0.2:81"));
        assert_eq!(read("::1").as_deref(), Some("[::1]:0"));
        assert_eq!(read("[::1]").as_deref(), Some("[::1]:0"));
        assert_eq!(read("[::1]:81").as_deref(), Some("[::1]:81"));
        for text in ["", "localhost", "127.0.0.1:x", "1.2.3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
