//! Host and port that redirects to a path of this server name.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use super::request::Request;
use crate::http::message::host;
use crate::http::plan::runtime::Address;

/// Appends them. A client that named no host is led back to the address that it came to.
pub(super) fn append(request: &Request, url: &mut Vec<u8>) {
    let rules = &request.location.settings.responses;
    let name = request.server.name.as_bytes();
    match (host::written(&request.head), local(request)) {
        _ if rules.own_name && !name.is_empty() => url.extend_from_slice(name),
        (b"", Some(address)) => append_address(address.ip(), url),
        (b"", None) => return url.extend_from_slice(name),
        (written, _) if rules.own_port.is_none() => return url.extend_from_slice(written),
        (written, _) => url.extend_from_slice(host::without_port(written)),
    }
    if rules.own_port != Some(false) {
        append_port(request, url);
    }
}

/// The address that a request came to; `None` for a Unix socket.
pub fn local(request: &Request) -> Option<SocketAddr> {
    request.connection.local.or(match request.listener.address {
        Address::Tcp(address) => Some(address),
        Address::Unix(_) => None,
    })
}

fn append_address(address: IpAddr, url: &mut Vec<u8>) {
    // Writing to memory does not fail.
    drop(match address {
        IpAddr::V4(address) => write!(url, "{address}"),
        IpAddr::V6(address) => write!(url, "[{address}]"),
    });
}

/// The port that the connection came to, unless it is the usual one.
fn append_port(request: &Request, url: &mut Vec<u8>) {
    let usual = match request.connection.encryption.is_on() {
        true => 443,
        false => 80,
    };
    if let Some(port) = local(request).map(|local| local.port())
        && port != usual
    {
        // Writing to memory does not fail.
        drop(write!(url, ":{port}"));
    }
}
