//! What HTTP says: heads, URIs, hosts, bodies. No word of configuration.

pub mod browser;
pub mod chunks;
pub mod decimal;
pub mod fields;
pub mod framing;
pub mod head;
pub mod host;
mod http2_head;
pub mod names;
pub mod ranges;
pub mod request_framing;
pub mod response;
pub mod response_fields;
pub mod response_head;
mod response_lines;
mod scan;
pub mod source;
pub mod stream;
pub mod trailers;
pub mod uri;
pub mod validators;
pub mod version;
