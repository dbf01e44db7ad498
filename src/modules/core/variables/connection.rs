//! What is known of a request's connection.

use std::net::IpAddr;

use super::clock::write;
use crate::http::course::authority::local;
use crate::http::course::request::Request;

pub(super) fn number(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    write(out, format_args!("{}", request.connection.number))
}

pub(super) fn requests(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    write(out, format_args!("{}", request.connection.requests))
}

pub(super) fn time(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    let milliseconds = request.connection.age().as_millis();
    write(
        out,
        format_args!("{}.{:03}", milliseconds / 1000, milliseconds % 1000),
    )
}

pub(super) fn client(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match request.connection.client {
        Some(client) => write(out, format_args!("{}", client.ip())),
        None => write(out, format_args!("unix:")),
    }
}

pub(super) fn binary_client(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match request.connection.client.map(|client| client.ip()) {
        Some(IpAddr::V4(address)) => out.extend_from_slice(&address.octets()),
        Some(IpAddr::V6(address)) => out.extend_from_slice(&address.octets()),
        None => out.extend_from_slice(b"unix:"),
    }
    true
}

pub(super) fn client_port(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match request.connection.client {
        Some(client) if client.port() > 0 => write(out, format_args!("{}", client.port())),
        _ => true,
    }
}

pub(super) fn server(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match local(request) {
        Some(local) => write(out, format_args!("{}", local.ip())),
        None => write(out, format_args!("{}", request.listener.address)),
    }
}

pub(super) fn server_port(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    match local(request) {
        Some(local) => write(out, format_args!("{}", local.port())),
        None => true,
    }
}

pub(super) fn scheme(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(match request.connection.encryption.is_on() {
        true => b"https",
        false => b"http",
    });
    true
}

pub(super) fn https(request: &mut Request, _: &str, out: &mut Vec<u8>) -> bool {
    if request.connection.encryption.is_on() {
        out.extend_from_slice(b"on");
    }
    true
}
