//! What a head asks for: the target, the host, and so the server.

use super::host;
use super::request::Request;
use super::uri::{self, Target};

/// Reads target and host, and finds the server.
pub fn identify(request: &mut Request) -> Result<(), u16> {
    let method = request.head.method();
    if method == b"CONNECT" {
        return Err(405);
    }
    let target = Target::parse(request.head.target(), request.server.settings.slashes);
    let host = host::of(&request.head, target.as_ref().ok());
    if let Ok(host) = &host {
        let names = &request.listener.names;
        let server = names.find(request, host);
        request.host.clone_from(host);
        request.server = &request.runtime.servers[server.0 as usize];
        request.location = request.runtime.location(request.server.own);
    }
    drop_invalid_fields(request);
    if request.head.target() == b"*" && request.head.method() != b"OPTIONS" {
        return Err(400);
    }
    let Ok(target) = target else { return Err(400) };
    request.path = target.path;
    request.arguments = target.arguments;
    let (raw, _) = uri::split_query(request.head.target());
    request.escaped = raw.iter().any(|byte| matches!(byte, b'%' | b'+'));
    let server = request.server;
    for handler in &server.begin {
        handler.run(request);
    }
    host.map_err(|host::BadHost| 400u16)?;
    match request.head.method() {
        b"TRACE" => Err(405),
        _ => Ok(()),
    }
}

/// Begins a request whose head is refused: what can be read of it is kept for logs and metrics.
pub(super) fn salvage(request: &mut Request, input: &[u8]) {
    request.head.salvage(input);
    request.begin();
    let slashes = request.server.settings.slashes;
    if let Ok(target) = Target::parse(request.head.target(), slashes) {
        request.path = target.path;
        request.arguments = target.arguments;
    }
}

/// Forgets fields whose names others may read in another way (`ignore_invalid_headers`).
fn drop_invalid_fields(request: &mut Request) {
    let settings = &request.server.settings;
    let (drops, underscores) = (
        settings.ignore_invalid_headers,
        settings.underscores_in_headers,
    );
    let is_valid =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || (underscores && *byte == b'_');
    if drops {
        request.head.keep_fields(|name| name.iter().all(is_valid));
    }
}
