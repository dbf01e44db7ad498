//! The head that a peer gets: what the configuration sets, and what the client sent.
//!
//! Fields that concern one connection only, and those that say how the body ends, are never
//! copied from the client.

use super::settings::HttpVersion;
use crate::conf::{Diagnostic, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::decimal::Decimal;
use crate::http::message::response_fields::NameLengths;
use crate::http::plan::origin::SentBody;
use crate::http::plan::template::Template;
use crate::modules::cache::{Asking, Caching};
use crate::modules::family::{Family, Levels, growing};

/// `proxy_set_header` or `grpc_set_header`, all of one block.
#[derive(Default)]
struct SetFields(Vec<(String, Text)>);

/// What the configuration says about the fields that peers get.
#[derive(Debug)]
pub(super) struct Fields {
    set: Vec<SetField>,
    /// How long the names of those are.
    lengths: NameLengths,
    sets_host: bool,
    sets_connection: bool,
    sets_te: bool,
    /// Which of them asks for a part, if one does.
    range: Option<usize>,
    /// Whether the configuration says itself under which conditions something is sent.
    pub(super) sets_conditions: bool,
}

/// One `proxy_set_header`.
#[derive(Debug)]
struct SetField {
    name: String,
    is_authorization: bool,
    value: Value,
}

#[derive(Debug)]
enum Value {
    /// Nothing is sent.
    None,
    /// Always the same: the whole line.
    Line(Box<[u8]>),
    /// Whatever variables say.
    Evaluated(Template),
    /// What decides how long a connection lasts; it may be nothing.
    Connection(Template),
}

/// What else a head depends on.
pub(super) struct Outline<'a> {
    pub(super) host: &'a [u8],
    pub(super) version: HttpVersion,
    /// Whether the connection is closed after this request.
    pub(super) closes: bool,
    /// Whether it is one that would have been kept.
    pub(super) retires: bool,
    pub(super) passes_fields: bool,
    /// Whether the peer is told that trailers are welcome.
    pub(super) takes_trailers: bool,
    pub(super) body: SentBody,
    pub(super) credentials: Credentials<'a>,
    /// What somebody who keeps the answer wants to be different.
    pub(super) cache: Option<&'static Caching>,
}

/// What becomes of `Authorization`.
#[derive(Clone, Copy)]
pub(super) enum Credentials<'a> {
    /// The peer gets that of the client.
    OfClient,
    /// The client's is for us alone.
    None,
    /// The peer gets these of ours.
    Own(&'a [u8]),
}

const AUTHORIZATION: &str = "Authorization";
const RANGE: &str = "Range";

/// Whether a peer does not get this field of the client as it is.
fn is_own(name: &[u8]) -> bool {
    let is = |own: &[u8]| name.eq_ignore_ascii_case(own);
    match name.len() {
        2 => is(b"te"),
        4 => is(b"host"),
        6 => is(b"expect"),
        7 => is(b"upgrade"),
        10 => is(b"connection") || is(b"keep-alive"),
        14 => is(b"content-length"),
        17 => is(b"transfer-encoding"),
        _ => false,
    }
}

/// `proxy_set_header`, `grpc_set_header`
pub(super) fn apply_set_header<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1);
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        let message = format!("invalid header name \"{name}\"");
        return Err(statement.error(1, message));
    }
    let value = statement.template(2)?;
    let field = (name.to_owned(), value);
    growing::<F, SetFields>(statement).0.push(field);
    Ok(())
}

/// What a block says of fields itself: variables must be known although nothing may be passed on from there.
pub(super) fn texts<'a, F: Family>(levels: &Levels<'_, 'a, F>) -> impl Iterator<Item = &'a Text> {
    let own = levels.own::<SetFields>().into_iter();
    own.flat_map(|SetFields(all)| all).map(|(_, text)| text)
}

impl Fields {
    /// What holds in the innermost scope.
    pub(super) fn of<F: Family>(builder: &mut Builder<'_>, levels: &Levels<'_, '_, F>) -> Self {
        let none = SetFields::default();
        let written = levels.nearest::<SetFields>().unwrap_or(&none);
        let compile = |(name, text): &(String, Text)| SetField {
            name: name.clone(),
            is_authorization: name.eq_ignore_ascii_case(AUTHORIZATION),
            value: Value::new(name, builder.template(text)),
        };
        let set: Vec<SetField> = written.0.iter().map(compile).collect();
        let mut lengths = NameLengths::default();
        set.iter().for_each(|field| lengths.add(field.name.len()));
        let sets = |name: &str| {
            set.iter()
                .any(|field| field.name.eq_ignore_ascii_case(name))
        };
        Self {
            lengths,
            sets_host: sets("host"),
            sets_connection: sets("connection"),
            sets_te: sets("te"),
            range: set
                .iter()
                .position(|field| field.name.eq_ignore_ascii_case(RANGE)),
            sets_conditions: sets("if-none-match") || sets("if-modified-since"),
            set,
        }
    }

    /// The part that the configuration asks peers for; nothing where it asks for none.
    pub(super) fn range(&self, request: &mut Request) -> Option<Vec<u8>> {
        let mut value = match &self.set.get(self.range?)?.value {
            Value::Evaluated(template) => template.evaluate(request),
            // The name, a colon and a blank, and the line end behind it.
            Value::Line(line) => line.get(RANGE.len() + 2..line.len() - 2)?.to_vec(),
            Value::None | Value::Connection(_) => return None,
        };
        clean(&mut value);
        (!value.is_empty()).then_some(value)
    }

    /// Appends the head of a request, from its version on, as a peer gets it.
    pub(super) fn write(&self, request: &mut Request, outline: &Outline<'_>, out: &mut Vec<u8>) {
        // The length of a body in chunks is not known beforehand, which HTTP/1.0 cannot say.
        let is_old = outline.version == HttpVersion::Http10 && outline.body != SentBody::Chunked;
        out.extend_from_slice(match is_old {
            true => b" HTTP/1.0\r\n",
            false => b" HTTP/1.1\r\n",
        });
        if !self.sets_host {
            line(out, b"Host", outline.host);
        }
        if outline.takes_trailers && !self.sets_te {
            line(out, b"TE", b"trailers");
        }
        if let Credentials::Own(own) = outline.credentials {
            line(out, AUTHORIZATION.as_bytes(), own);
        }
        self.write_fields(request, outline, out);
        self.frame(request, outline.body, out);
        let asking = match outline.cache {
            Some(cache) => cache.asking(request),
            None => Asking::default(),
        };
        if outline.passes_fields {
            self.copy(request, outline, &asking, out);
        }
        if let Some(conditions) = asking.conditions {
            out.extend_from_slice(conditions.lines());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Writes what the configuration sets.
    fn write_fields(&self, request: &mut Request, outline: &Outline<'_>, out: &mut Vec<u8>) {
        let mut ends = outline.closes && !self.sets_connection;
        for field in &self.set {
            let start = out.len();
            if field.is_authorization && matches!(outline.credentials, Credentials::Own(_)) {
                continue;
            }
            let (template, decides) = match &field.value {
                Value::None => continue,
                Value::Line(line) => {
                    out.extend_from_slice(line);
                    continue;
                }
                Value::Evaluated(template) => (template, false),
                Value::Connection(template) => (template, outline.retires),
            };
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b": ");
            let value = out.len();
            template.append(request, out);
            clean(&mut out[value..]);
            let value = &out[value..];
            // An upgrade ends the life of its connection anyway.
            let endures = value.is_empty() || value.eq_ignore_ascii_case(b"keep-alive");
            ends |= decides && endures;
            match value.is_empty() || decides && endures {
                true => out.truncate(start),
                false => out.extend_from_slice(b"\r\n"),
            }
        }
        if ends {
            line(out, b"Connection", b"close");
        }
    }

    /// Says how the body ends.
    fn frame(&self, request: &Request, body: SentBody, out: &mut Vec<u8>) {
        match body {
            SentBody::None => {
                if request.head.has_length() && !request.is_subrequest() {
                    line(out, b"Content-Length", b"0");
                }
            }
            SentBody::Length(length) => {
                line(out, b"Content-Length", Decimal::new(length).bytes());
            }
            SentBody::Chunked => line(out, b"Transfer-Encoding", b"chunked"),
        }
    }

    /// Whether a peer gets a field of this name from behind the client's body, where it could stand for one that only
    /// the configuration says.
    pub(super) fn takes_trailer(&self, request: &Request, name: &[u8]) -> bool {
        let is_named = request.head.connection_names_fields() && is_of_connection(request, name);
        !(is_own(name) || self.sets(name) || is_named) && request.takes_field(name)
    }

    fn sets(&self, name: &[u8]) -> bool {
        let mut set = self.set.iter();
        set.any(|own| own.name.as_bytes().eq_ignore_ascii_case(name))
    }

    fn copy(
        &self,
        request: &Request,
        outline: &Outline<'_>,
        asking: &Asking<'_>,
        out: &mut Vec<u8>,
    ) {
        let names_some = request.head.connection_names_fields();
        let is_addition = request.is_addition();
        let keeps_all = matches!(outline.credentials, Credentials::OfClient);
        let is_kept_back =
            |name: &[u8]| !keeps_all && name.eq_ignore_ascii_case(AUTHORIZATION.as_bytes());
        let is_wanted = |name: &[u8]| {
            if is_addition && is_about_state(name) {
                return false;
            }
            let is_set = self.lengths.have(name.len()) && self.sets(name);
            let is_ours = is_own(name) || is_set || is_kept_back(name) || asking.hides(name);
            !(is_ours || names_some && is_of_connection(request, name))
        };
        request.head.write_fields(is_wanted, out);
    }
}

impl Value {
    fn new(name: &str, template: Template) -> Self {
        if frames(name) {
            return Self::None;
        }
        if name.eq_ignore_ascii_case("connection") {
            return Self::Connection(template);
        }
        match template.literal() {
            Some([]) => Self::None,
            Some(text) => {
                let mut value = text.to_vec();
                clean(&mut value);
                let mut whole = Vec::new();
                line(&mut whole, name.as_bytes(), &value);
                Self::Line(whole.into())
            }
            None => Self::Evaluated(template),
        }
    }
}

/// Whether a field says how long the body is, which only the sender of the body knows.
fn frames(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
}

/// Whether a field says which part or state of the client's own target is wanted: what is added to that is another.
fn is_about_state(name: &[u8]) -> bool {
    let is = |own: &[u8]| name.eq_ignore_ascii_case(own);
    is(b"range")
        || name
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"if-"))
}

/// Whether the client says that a field is for us alone (RFC 9110 §7.6.1). It cannot say so of
/// fields that peers rely on.
fn is_of_connection(request: &Request, name: &[u8]) -> bool {
    const KEPT: [&[u8]; 8] = [
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"cookie",
        b"forwarded",
        b"range",
        b"via",
        b"x-real-ip",
    ];
    let is_forwarded = name
        .get(..12)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"x-forwarded-"));
    let is_kept = is_forwarded || KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept));
    !is_kept && request.head.lists(b"connection", name)
}

fn line(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Control characters, which would end a field, become blanks.
fn clean(value: &mut [u8]) {
    for byte in value {
        if (*byte < b' ' && *byte != b'\t') || *byte == 0x7f {
            *byte = b' ';
        }
    }
}
