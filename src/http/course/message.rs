//! The heads of responses as HTTP/2 has them.

use std::cell::RefCell;

use http::header::{DATE, HeaderName, HeaderValue, SERVER};
use http::{HeaderMap, Response, StatusCode};

use super::request::Request;
use super::respond;
use crate::http::transport::start::{Message, Start};

/// The head of a taken response that was made here.
pub(in crate::http) fn made(request: &Request) -> Message {
    let mut head = new(request.response.status);
    let fields = head.headers_mut();
    add_server(request, fields);
    add_date(fields);
    add_fields(request, fields);
    head
}

/// The head of a peer's response as it is passed on.
pub fn passed(request: &Request) -> Start {
    let mut head = new(request.response.status);
    let fields = head.headers_mut();
    if request.response.field("server").is_none() {
        add_server(request, fields);
    }
    if request.response.field("date").is_none() {
        add_date(fields);
    }
    add_fields(request, fields);
    Start::Message(head)
}

/// What a client is told before the response; `None` where the status is none of that kind.
pub fn informational<'f>(
    status: u16,
    fields: impl Iterator<Item = (&'f [u8], &'f [u8])>,
) -> Option<Start> {
    let mut head = new(status);
    if !head.status().is_informational() {
        return None;
    }
    for (name, value) in fields {
        add(head.headers_mut(), name, value);
    }
    Some(Start::Message(head))
}

fn new(status: u16) -> Message {
    let mut head = Response::new(());
    *head.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Box::new(head)
}

fn add_server(request: &Request, fields: &mut HeaderMap) {
    if let Some(value) = &request.location.settings.server_value {
        fields.append(SERVER, value.clone());
    }
}

fn add_date(fields: &mut HeaderMap) {
    thread_local! {
        static LAST: RefCell<Option<HeaderValue>> = const { RefCell::new(None) };
    }
    respond::with_date(|line| {
        LAST.with_borrow_mut(|last| {
            if last.as_ref().is_none_or(|last| last.as_bytes() != line) {
                *last = HeaderValue::from_bytes(line).ok();
            }
            if let Some(value) = last {
                fields.append(DATE, value.clone());
            }
        });
    });
}

fn add_fields(request: &Request, fields: &mut HeaderMap) {
    for field in request.response.fields.iter() {
        add(fields, field.name, field.value);
    }
}

/// Adds a field, unless it is one that no client could take: one of a connection of HTTP/1, or no field at all.
fn add(fields: &mut HeaderMap, name: &[u8], value: &[u8]) {
    const OF_CONNECTION: [&str; 5] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ];
    // White space around a value has clients take the whole response for malformed.
    let value = HeaderValue::from_bytes(value.trim_ascii());
    let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) else {
        return;
    };
    if !OF_CONNECTION.contains(&name.as_str()) && name != "te" {
        // A map has room for more than a response has fields.
        let _ = fields.try_append(name, value);
    }
}
