//! The values of directives that the course of a request itself depends on.
//!
//! Everything else lives in the handlers that the modules put into a location.

use std::sync::Arc;
use std::time::Duration;

use super::builder::Builder;
use super::location::Kind;
use super::request::Request;
use super::template::Template;
use super::uri::Slashes;
use super::written::*;
use crate::conf::{Chain, Part};

/// Per-location values, already inherited.
#[derive(Clone)]
pub struct Settings {
    /// `root` or `alias`.
    pub root: Root,
    /// `keepalive_timeout`; zero closes after each response.
    pub keepalive_timeout: Duration,
    /// The seconds that a `Keep-Alive` field tells the client.
    pub keepalive_told: Option<u64>,
    /// `keepalive_requests`.
    pub keepalive_requests: u64,
    /// `client_max_body_size`; `None` has no limit.
    pub most_body: Option<u64>,
    /// `client_body_timeout`.
    pub body_timeout: Duration,
    /// `send_timeout`.
    pub send_timeout: Duration,
    /// `error_page`.
    pub error_pages: Arc<[ErrorPage]>,
    /// `satisfy`.
    pub satisfy: Satisfy,
    /// `internal`: not for clients.
    pub internal: bool,
    /// `server_tokens`: the `Server` field, unless it is empty.
    pub server_tokens: Arc<str>,
    /// `default_type`.
    pub default_type: Arc<str>,
    /// `absolute_redirect`.
    pub absolute_redirect: bool,
}

/// Values of a server that are needed before a location is known.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// `client_header_buffer_size` and `large_client_header_buffers`: the longest line.
    pub longest_line: usize,
    /// The longest head.
    pub longest_head: usize,
    /// `client_header_timeout`.
    pub header_timeout: Duration,
    /// `merge_slashes`.
    pub slashes: Slashes,
    /// `ignore_invalid_headers`: fields with odd names are dropped.
    pub ignore_invalid_headers: bool,
    /// `underscores_in_headers`.
    pub underscores_in_headers: bool,
}

/// Where files are.
#[derive(Clone, Debug)]
pub enum Root {
    /// The path of the URI is appended.
    Root(Template),
    /// What follows the name of the location with the `alias` is appended.
    Alias(Template, Box<str>),
    /// The `alias` of a location given by a pattern: it is the file.
    File(Template),
}

/// Which access rules must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Satisfy {
    /// Every one.
    All,
    /// One is enough.
    Any,
}

/// One `error_page` directive.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The statuses it stands for.
    pub codes: Vec<u16>,
    /// The status that the client sees.
    pub status: ErrorStatus,
    /// Where the page comes from.
    pub target: ErrorTarget,
}

/// The status that goes with an error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorStatus {
    /// That of the error.
    Original,
    /// `=`: that of whoever answers.
    OfTarget,
    /// `=CODE`
    Fixed(u16),
}

/// Where an error page comes from.
#[derive(Clone, Debug)]
pub enum ErrorTarget {
    /// A path of ours, or another server's URL.
    Uri(Template),
    /// A named location.
    Named(String),
}

impl Root {
    /// The file that `path` stands for.
    pub fn file(&self, request: &mut Request, path: &[u8]) -> Vec<u8> {
        let directory = self.directory(request);
        self.join(directory, path)
    }

    /// The file that `path` stands for when this evaluates to `directory`.
    pub fn join(&self, directory: Vec<u8>, path: &[u8]) -> Vec<u8> {
        let mut file = directory;
        match self {
            Self::Root(_) => {
                if file.last() == Some(&b'/') {
                    file.pop();
                }
                if path.first() != Some(&b'/') {
                    file.push(b'/');
                }
                file.extend_from_slice(path);
            }
            Self::Alias(_, name) => {
                file.extend_from_slice(path.strip_prefix(name.as_bytes()).unwrap_or(path));
            }
            Self::File(_) => {}
        }
        file
    }

    /// The directory itself (`$document_root`).
    pub fn directory(&self, request: &mut Request) -> Vec<u8> {
        self.template().evaluate(request)
    }

    /// As it is written.
    pub fn template(&self) -> &Template {
        match self {
            Self::Root(template) | Self::Alias(template, _) | Self::File(template) => template,
        }
    }
}

impl Settings {
    /// The values that hold in the innermost scope of `chain`.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let seconds = Duration::from_secs;
        let most_body = chain
            .nearest()
            .map_or(1 << 20, |ClientMaxBodySize(size)| *size);
        Self {
            root: root(builder, chain),
            keepalive_timeout: chain
                .nearest()
                .map_or(seconds(75), |KeepaliveTimeout(time, _)| *time),
            keepalive_told: chain.nearest().and_then(|KeepaliveTimeout(_, told)| *told),
            keepalive_requests: chain
                .nearest()
                .map_or(1000, |KeepaliveRequests(count)| *count),
            most_body: Some(most_body).filter(|size| *size > 0),
            body_timeout: chain
                .nearest()
                .map_or(seconds(60), |ClientBodyTimeout(time)| *time),
            send_timeout: chain
                .nearest()
                .map_or(seconds(60), |SendTimeout(time)| *time),
            error_pages: error_pages(builder, chain),
            satisfy: chain
                .nearest()
                .map_or(Satisfy::All, |SatisfyWritten(all)| *all),
            internal: chain.own::<Internal>().is_some(),
            server_tokens: chain
                .nearest()
                .map_or_else(|| SERVER.into(), |ServerTokens(text)| Arc::clone(text)),
            default_type: chain.nearest().map_or_else(
                || "text/plain".into(),
                |DefaultType(name)| name.as_str().into(),
            ),
            absolute_redirect: chain.nearest().is_none_or(|AbsoluteRedirect(on)| *on),
        }
    }
}

/// What the server calls itself, and with its version.
pub const NAME: &str = "pingauge";
/// Name and version.
pub const SERVER: &str = concat!("pingauge/", env!("CARGO_PKG_VERSION"));

impl ConnectionSettings {
    /// The values that hold in a server.
    pub(super) fn of(chain: &Chain<'_>) -> Self {
        let small = chain
            .nearest()
            .map_or(1024, |ClientHeaderBufferSize(size)| *size);
        let (number, size) = chain
            .nearest()
            .map_or((4, 8192), |large: &LargeClientHeaderBuffers| {
                (large.number, large.size)
            });
        let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            longest_line: bytes(size.max(small)),
            longest_head: bytes(number.saturating_mul(size).max(small)),
            header_timeout: chain
                .nearest()
                .map_or(Duration::from_secs(60), |ClientHeaderTimeout(time)| *time),
            slashes: chain
                .nearest()
                .map_or(Slashes::Merge, |MergeSlashes(slashes)| *slashes),
            ignore_invalid_headers: chain.nearest().is_none_or(|IgnoreInvalidHeaders(on)| *on),
            underscores_in_headers: chain.nearest().is_some_and(|UnderscoresInHeaders(on)| *on),
        }
    }
}

fn root(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Root {
    let Some(written) = chain.nearest::<RootWritten>() else {
        let html = builder.path("html");
        return Root::Root(Template::literal_text(&html.to_string_lossy()));
    };
    let mut text = written.directory.clone();
    match text.parts.first_mut() {
        Some(Part::Variable { .. }) => {}
        Some(Part::Literal(start)) => *start = builder.path(start).to_string_lossy().into_owned(),
        None => {
            text.parts = vec![Part::Literal(
                builder.prefix().to_string_lossy().into_owned(),
            )]
        }
    }
    let directory = builder.template(&text);
    if !written.alias {
        return Root::Root(directory);
    }
    match location_of_root(*chain) {
        Some(pattern) if pattern.kind == Kind::Pattern => Root::File(directory),
        Some(pattern) => Root::Alias(directory, pattern.text.as_str().into()),
        None => Root::Alias(directory, "".into()),
    }
}

/// The location in which the `root` or `alias` that holds is written.
fn location_of_root<'a>(mut chain: Chain<'a>) -> Option<&'a LocationPattern> {
    while chain.own::<RootWritten>().is_none() {
        chain = *chain.outer()?;
    }
    chain.nearest()
}

fn error_pages(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Arc<[ErrorPage]> {
    let Some(written) = chain.nearest::<ErrorPagesWritten>() else {
        return Arc::new([]);
    };
    let page = |one: &ErrorPageWritten| ErrorPage {
        codes: one.codes.clone(),
        status: one.status,
        target: match one.target.literal().and_then(|text| text.strip_prefix('@')) {
            Some(name) => ErrorTarget::Named(name.to_owned()),
            None => ErrorTarget::Uri(builder.template(&one.target)),
        },
    };
    written.0.iter().map(page).collect()
}
