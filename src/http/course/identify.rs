//! What a head asks for: the target, the host, and so the server.

use super::request::Request;
use crate::http::message::host;
use crate::http::message::uri::{self, Slashes, Target};
use crate::http::plan::settings::ConnectionSettings;

/// Reads target and host, and finds the server.
pub fn identify(request: &mut Request) -> Result<(), u16> {
    let slashes = request.server.settings.slashes;
    let mut name = std::mem::take(&mut request.host);
    let host = host::of(&request.head, &mut name);
    if host.is_ok() {
        let names = &request.listener.names;
        let server = names.find(request, &name);
        request.host = name;
        request.server = &request.runtime.servers[server.0 as usize];
        request.location = request.runtime.location(request.server.own);
    }
    drop_invalid_fields(request);
    if request.head.method() == b"CONNECT" {
        return Err(405);
    }
    if request.head.target() == b"*" && request.head.method() != b"OPTIONS" {
        return Err(400);
    }
    take_target(request, slashes).map_err(|uri::BadTarget| 400u16)?;
    let server = request.server;
    for handler in &server.begin {
        handler.run(request);
    }
    if let Some(fault) = request.head.fault() {
        return Err(fault.status());
    }
    host.map_err(|host::BadHost| 400u16)?;
    match request.head.method() {
        b"TRACE" => Err(405),
        _ => Ok(()),
    }
}

/// Begins a request whose head is refused: what can be read of it is kept for logs and metrics.
pub(in crate::http) fn salvage(request: &mut Request, input: &[u8]) {
    request.head.salvage(input);
    salvaged(request);
}

/// Begins a request of HTTP/2 whose head is none: what is known of it is kept likewise.
pub(in crate::http) fn salvage_message(request: &mut Request, method: &[u8], target: &[u8]) {
    request.head.salvage_message(method, target);
    salvaged(request);
}

fn salvaged(request: &mut Request) {
    request.begin();
    let slashes = request.server.settings.slashes;
    // What is no target leaves them empty.
    let _ = take_target(request, slashes);
}

fn take_target(request: &mut Request, slashes: Slashes) -> Result<(), uri::BadTarget> {
    let target = Target::parse(request.head.target())?;
    request.escaped = target.is_escaped;
    if target.is_normal {
        request.path.extend_from_slice(target.path);
    } else {
        request.path = uri::normalise(target.path, slashes)?;
    }
    request.arguments.extend_from_slice(target.arguments);
    Ok(())
}

/// Forgets fields whose names others may read in another way (`ignore_invalid_headers`).
fn drop_invalid_fields(request: &mut Request) {
    let settings = &request.server.settings;
    if settings.ignore_invalid_headers && !request.head.are_names_plain() {
        request.head.keep_fields(|name| is_valid(settings, name));
    }
}

fn is_valid(settings: &ConnectionSettings, name: &[u8]) -> bool {
    let underscores = settings.underscores_in_headers;
    let is =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || (underscores && *byte == b'_');
    name.iter().all(is)
}

impl Request {
    /// Whether a field of this name is one that others read the same way.
    pub fn takes_field(&self, name: &[u8]) -> bool {
        let settings = &self.server.settings;
        !settings.ignore_invalid_headers || is_valid(settings, name)
    }

    /// The path with its query, percent-encoded again, as a target for others.
    pub fn encoded_target(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.path.len() + self.arguments.len() + 1);
        uri::escape(&self.path, uri::Escape::Path, &mut out);
        if !self.arguments.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.arguments);
        }
        out
    }
}
