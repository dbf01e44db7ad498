//! The head that a peer gets: what the configuration sets, and what the client sent.
//!
//! Fields that concern one connection only, and those that say how the body ends, are never
//! copied from the client.

use pingora::http::RequestHeader;
use pingora_core::Result;

use super::another_host;
use super::settings::HttpVersion;
use crate::conf::{Chain, Diagnostic, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::head::BodyFraming;
use crate::http::plan::template::Template;

/// `proxy_set_header`, all of one block.
#[derive(Default)]
struct SetFields(Vec<(String, Text)>);

/// What the configuration says about the fields that peers get.
#[derive(Debug)]
pub(super) struct Fields {
    set: Vec<(String, Template)>,
}

/// What else a head depends on.
pub(super) struct Outline {
    pub(super) method: Vec<u8>,
    pub(super) uri: Vec<u8>,
    pub(super) host: Vec<u8>,
    pub(super) version: HttpVersion,
    /// Whether the connection is closed after this request.
    pub(super) closes: bool,
    /// Whether it is one that would have been kept.
    pub(super) retires: bool,
    pub(super) passes_fields: bool,
    pub(super) passes_body: bool,
}

/// Fields of the client that a peer does not get as they are.
const OWN: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "keep-alive",
    "expect",
    "upgrade",
];

/// `proxy_set_header`
pub(super) fn apply_set_header(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1);
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        let message = format!("invalid header name \"{name}\"");
        return Err(statement.error(1, message));
    }
    let value = statement.template(2)?;
    let fields = statement.scope.get_or_default::<SetFields>();
    fields.0.push((name.to_owned(), value));
    Ok(())
}

impl Fields {
    /// What holds in the innermost scope.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let none = SetFields::default();
        let written = chain.nearest::<SetFields>().unwrap_or(&none);
        let compile = |(name, text): &(String, Text)| (name.clone(), builder.template(text));
        Self {
            set: written.0.iter().map(compile).collect(),
        }
    }

    /// The head of a request as a peer gets it.
    pub(super) fn head(&self, request: &mut Request, outline: &Outline) -> Result<RequestHeader> {
        let count = self.set.len() + request.head.fields().count() + 3;
        let mut head = RequestHeader::build(&*outline.method, &outline.uri, Some(count))?;
        if outline.version == HttpVersion::Http10 {
            head.set_version(http::Version::HTTP_10);
        }
        if !self.sets("host") {
            head.append_header("Host", &*outline.host)?;
        }
        self.set(request, outline, &mut head)?;
        self.frame(request, outline, &mut head)?;
        if outline.passes_fields {
            self.copy(request, &mut head)?;
        }
        Ok(head)
    }

    /// Adds what the configuration sets.
    fn set(
        &self,
        request: &mut Request,
        outline: &Outline,
        head: &mut RequestHeader,
    ) -> Result<()> {
        let mut ends = outline.closes && !self.sets("connection");
        let mut has_host = false;
        for (name, value) in &self.set {
            let value = clean(value.evaluate(request));
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            // An upgrade ends the life of its connection anyway.
            let endures = value.is_empty() || value.eq_ignore_ascii_case(b"keep-alive");
            if outline.retires && is("connection") && endures {
                ends = true;
            } else if value.is_empty() {
            } else if is("host") && has_host {
                head.append_header(another_host::NAME, value)?;
            } else {
                has_host |= is("host");
                head.append_header(name.clone(), value)?;
            }
        }
        if ends {
            head.append_header("Connection", "close")?;
        }
        Ok(())
    }

    /// Whether a head may have more than one `Host`.
    pub(super) fn repeats_host(&self) -> bool {
        let hosts = self.set.iter();
        let hosts = hosts.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
        hosts.count() > 1
    }

    /// Says how the body ends.
    fn frame(&self, request: &Request, outline: &Outline, head: &mut RequestHeader) -> Result<()> {
        if self.sets("content-length") || self.sets("transfer-encoding") {
            return Ok(());
        }
        match request.head.body() {
            BodyFraming::None => {
                let empty = request.head.field(b"content-length").is_some();
                if empty && outline.passes_body {
                    head.append_header("Content-Length", "0")?;
                }
            }
            _ if !outline.passes_body => {
                head.append_header("Content-Length", "0")?;
            }
            BodyFraming::Length(length) => {
                head.append_header("Content-Length", length)?;
            }
            BodyFraming::Chunked => {
                // The length of such a body is not known beforehand, which HTTP/1.0 cannot say.
                head.set_version(http::Version::HTTP_11);
                head.append_header("Transfer-Encoding", "chunked")?;
            }
        }
        Ok(())
    }

    fn copy(&self, request: &Request, head: &mut RequestHeader) -> Result<()> {
        for (name, value) in request.head.fields() {
            let own = OWN
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
            let Ok(text) = std::str::from_utf8(name) else {
                continue;
            };
            let is_ours = text.eq_ignore_ascii_case(another_host::NAME);
            if !own && !is_ours && !self.sets(text) {
                head.append_header(text.to_owned(), value)?;
            }
        }
        Ok(())
    }

    fn sets(&self, name: &str) -> bool {
        self.set
            .iter()
            .any(|(own, _)| own.eq_ignore_ascii_case(name))
    }
}

/// How many bytes a head takes on the wire.
pub(super) fn head_length(start: usize, fields: &http::HeaderMap) -> u64 {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    let fields: usize = fields.iter().map(field).sum();
    (start + fields + "\r\n".len()) as u64
}

/// Control characters, which would end a field, become blanks.
fn clean(mut value: Vec<u8>) -> Vec<u8> {
    for byte in &mut value {
        if (*byte < b' ' && *byte != b'\t') || *byte == 0x7f {
            *byte = b' ';
        }
    }
    value
}
