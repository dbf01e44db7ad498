//! The values of directives that the course of a request itself depends on.
//!
//! Everything else lives in the handlers that the modules put into a location.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::media_types::MediaTypes;
use super::template::Template;
use crate::http::course::request::Request;
use crate::http::message::uri::Slashes;
use crate::http::message::validators::Since;

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
    /// `keepalive_time`.
    pub keepalive_time: Duration,
    /// `client_max_body_size`; `None` has no limit.
    pub most_body: Option<u64>,
    /// `client_body_timeout`.
    pub body_timeout: Duration,
    /// `send_timeout`.
    pub send_timeout: Duration,
    /// `limit_rate`: how many bytes of a response leave in a second.
    pub rate: Option<Template>,
    /// `limit_rate_after`: how many leave before that.
    pub rate_after: Option<Template>,
    /// `error_page`.
    pub error_pages: Arc<[ErrorPage]>,
    /// `satisfy`.
    pub satisfy: Satisfy,
    /// `auth_delay`: what an answer of 401 waits for.
    pub auth_delay: Duration,
    /// `log_subrequest`: whether subrequests have lines in the access log.
    pub log_subrequest: bool,
    /// `internal`: not for clients, nor are the locations within.
    pub internal: bool,
    /// `server_tokens`: the line of the `Server` field; empty when there is to be none.
    pub server_line: Box<str>,
    /// The same as a value alone.
    pub server_value: Option<HeaderValue>,
    /// `types`.
    pub types: Arc<MediaTypes>,
    /// `default_type`.
    pub default_type: Arc<str>,
    /// `http2_chunk_size`.
    pub chunk: usize,
    /// `absolute_redirect`.
    pub absolute_redirect: bool,
    /// What responses say and how they are sent.
    pub responses: Responses,
}

/// Details of responses.
#[derive(Clone, Copy, Debug)]
pub struct Responses {
    /// `etag`: whether files have one.
    pub etag: bool,
    /// `if_modified_since`.
    pub since: Since,
    /// `max_ranges`: so many of one body are sent.
    pub most_ranges: usize,
    /// `chunked_transfer_encoding`: whether bodies go out in chunks where their length is not known.
    pub chunks: bool,
    /// `recursive_error_pages`: whether error pages have error pages.
    pub recursive_error_pages: bool,
    /// `server_name_in_redirect`: whether redirects name the server as it is called here.
    pub own_name: bool,
    /// `port_in_redirect`: whether redirects name the port of the address; nothing for that of the client.
    pub own_port: Option<bool>,
    /// `keepalive_disable`: whose connections end with the response.
    pub impatient: Impatient,
}

/// Browsers whose connections are not kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impatient {
    /// Old ones of Microsoft, behind a POST.
    pub msie6: bool,
    /// Safari on macOS.
    pub safari: bool,
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
    /// How HTTP/2 is spoken.
    pub http2: Http2,
}

/// How HTTP/2 is spoken with clients.
#[derive(Clone, Copy, Debug)]
pub struct Http2 {
    /// `http2`: whether it is.
    pub is_on: bool,
    /// `http2_max_concurrent_streams`.
    pub streams: u32,
    /// `http2_body_preread_size`: how much of a body comes before it is asked for.
    pub window: u32,
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

/// For the names of most directories.
const ROOM: usize = 80;

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
        // What follows has room, too.
        let mut directory = Vec::with_capacity(ROOM + request.path.len());
        self.template().append(request, &mut directory);
        directory
    }

    /// As it is written.
    pub fn template(&self) -> &Template {
        match self {
            Self::Root(template) | Self::Alias(template, _) | Self::File(template) => template,
        }
    }
}

impl Settings {
    /// The media type of what `path` names.
    pub fn media_type(&self, path: &[u8]) -> &str {
        self.types.of(path).unwrap_or(&self.default_type)
    }
}

/// What the server calls itself, and with its version.
pub const NAME: &str = "pingauge";
/// Name and version.
pub const SERVER: &str = concat!("pingauge/", env!("CARGO_PKG_VERSION"));
