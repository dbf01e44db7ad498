//! The head that a peer gets: what the configuration sets, and what the client sent.
//!
//! Fields that concern one connection only, and those that say how the body ends, are never
//! copied from the client.

use pingora::http::RequestHeader;
use pingora_core::Result;

use super::odd_fields;
use super::settings::HttpVersion;
use crate::conf::{Chain, Diagnostic, Statement, Text};
use crate::http::builder::Builder;
use crate::http::head::BodyFraming;
use crate::http::request::Request;
use crate::http::template::Template;

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
        for (name, value) in &self.set {
            let value = clean(value.evaluate(request));
            let closed = outline.closes && name.eq_ignore_ascii_case("connection");
            // An upgrade ends the life of its connection anyway.
            let endures = closed && (value.is_empty() || value.eq_ignore_ascii_case(b"keep-alive"));
            if !value.is_empty() && !endures {
                head.append_header(name.clone(), value)?;
            } else if endures {
                head.append_header("Connection", "close")?;
            }
        }
        if outline.closes && !self.sets("connection") {
            head.append_header("Connection", "close")?;
        }
        self.frame(request, outline, &mut head)?;
        if outline.passes_fields {
            self.copy(request, &mut head)?;
        }
        Ok(head)
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
            // Those that are left out here are written by the connection.
            let text = std::str::from_utf8(name).ok();
            let Some(text) = text.filter(|_| odd_fields::is_plain(name)) else {
                continue;
            };
            if !own && !self.sets(text) {
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
