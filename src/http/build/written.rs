//! What directives say about servers and locations, as it is stored in the scopes of a
//! configuration: one type for each. A location takes the nearest that was written.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::conf::{Span, Text};
use crate::http::message::uri::Slashes;
use crate::http::message::validators::Since;
use crate::http::plan::location::Kind;
use crate::http::plan::media_types::MediaTypes;
use crate::http::plan::runtime::Address;
use crate::http::plan::settings::{ErrorStatus, Impatient, Satisfy};

/// `location`
#[derive(Clone, Debug)]
pub struct LocationPattern {
    /// What it is written as.
    pub kind: Kind,
    /// Path, pattern or name.
    pub text: String,
    /// `~*`
    pub ignores_case: bool,
    /// Where it is written.
    pub span: Span,
}

/// `listen`, all of one server.
#[derive(Default)]
pub struct Listens(pub Vec<Listen>);

/// One `listen`.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Where.
    pub address: Address,
    /// Whether its server takes requests that name no other.
    pub default_server: bool,
    /// `backlog=`
    pub backlog: Option<i32>,
    /// `ssl`
    pub encrypted: bool,
    /// `http2`
    pub http2: bool,
    /// `proxy_protocol`
    pub proxied: bool,
    /// Where it is written.
    pub span: Span,
}

/// `server_name`, all of one server.
#[derive(Default)]
pub struct ServerNamesWritten(pub Vec<(String, Span)>);

/// `root` or `alias`
#[derive(Clone, Debug)]
pub struct RootWritten {
    /// The directory.
    pub directory: Text,
    /// Whether it is an alias.
    pub alias: bool,
}

/// `error_page`, all of one block.
#[derive(Default)]
pub struct ErrorPagesWritten(pub Vec<ErrorPageWritten>);

/// One `error_page`.
#[derive(Clone, Debug)]
pub struct ErrorPageWritten {
    /// The statuses it stands for.
    pub codes: Vec<u16>,
    /// `=` or `=CODE`
    pub status: ErrorStatus,
    /// A URI, or `@name`.
    pub target: Text,
}

/// `keepalive_timeout`: how long, and the seconds that the client is told
pub struct KeepaliveTimeout(pub Duration, pub Option<u64>);
/// `keepalive_requests`
pub struct KeepaliveRequests(pub u64);
/// `keepalive_time`
pub struct KeepaliveTime(pub Duration);
/// `client_max_body_size`; 0 for no limit
pub struct ClientMaxBodySize(pub u64);
/// `client_body_timeout`
pub struct ClientBodyTimeout(pub Duration);
/// `send_timeout`
pub struct SendTimeout(pub Duration);
/// `limit_rate`
pub struct LimitRate(pub Text);
/// `limit_rate_after`
pub struct LimitRateAfter(pub Text);
/// `satisfy`
pub struct SatisfyWritten(pub Satisfy);
/// `auth_delay`
pub struct AuthDelay(pub Duration);
/// `log_subrequest`
pub struct LogSubrequest(pub bool);
/// `internal`
pub struct Internal;
/// `server_tokens`: what the `Server` field says; there is none when it is empty
pub struct ServerTokens(pub Arc<str>);
/// `types`
#[derive(Default)]
pub struct TypesWritten(pub Arc<MediaTypes>);
/// `default_type`
pub struct DefaultType(pub String);
/// `absolute_redirect`
pub struct AbsoluteRedirect(pub bool);
/// `etag`
pub struct Etag(pub bool);
/// `if_modified_since`
pub struct IfModifiedSince(pub Since);
/// `max_ranges`
pub struct MaxRanges(pub usize);
/// `chunked_transfer_encoding`
pub struct Chunks(pub bool);
/// `recursive_error_pages`
pub struct RecursiveErrorPages(pub bool);
/// `server_name_in_redirect`
pub struct ServerNameInRedirect(pub bool);
/// `port_in_redirect`
pub struct PortInRedirect(pub bool);
/// `keepalive_disable`
pub struct KeepaliveDisable(pub Impatient);
/// `client_header_buffer_size`
pub struct ClientHeaderBufferSize(pub u64);
/// `large_client_header_buffers`
pub struct LargeClientHeaderBuffers {
    /// How many.
    pub number: u64,
    /// How large each.
    pub size: u64,
}
/// `client_header_timeout`
pub struct ClientHeaderTimeout(pub Duration);
/// `merge_slashes`
pub struct MergeSlashes(pub Slashes);
/// `ignore_invalid_headers`
pub struct IgnoreInvalidHeaders(pub bool);
/// `underscores_in_headers`
pub struct UnderscoresInHeaders(pub bool);
/// `http2`
pub struct Http2On(pub bool);
/// `http2_max_concurrent_streams`
pub struct Http2Streams(pub u32);
/// `http2_body_preread_size`
pub struct Http2Window(pub u32);
/// `http2_chunk_size`
pub struct Http2Chunk(pub usize);
/// Where relative paths of the configuration begin (`-p`).
#[derive(Clone)]
pub struct Prefix(pub PathBuf);
