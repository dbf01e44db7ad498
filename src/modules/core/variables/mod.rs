//! The variables that every configuration has, by what they tell about: the connection, the
//! request, the response, the time and the machine.
//!
//! Only what cannot change during a request is kept after its first evaluation; nothing that
//! counts ever is.

mod clock;
mod connection;
mod request;
mod response;

use super::rate;
use crate::http::course::request::Request;
use crate::http::plan::phase::Phase;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

pub(in crate::modules) use clock::hostname;

/// Rows in the order of the reference.
pub(super) const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "arg_*",
        doc: "The query argument of that name.",
        read: request::argument,
        text: Some(request::argument_text),
        ..VARIABLE
    },
    VariableSpec {
        name: "args",
        doc: "The query, if there is one. It can be set.",
        read: request::arguments,
        assign: Some(request::set_arguments),
        ..VARIABLE
    },
    VariableSpec {
        name: "binary_remote_addr",
        doc: "The client's address in 4 or 16 bytes; `unix:` on a socket in the file system.",
        read: connection::binary_client,
        ..VARIABLE
    },
    VariableSpec {
        name: "body_bytes_sent",
        doc: "Bytes sent so far behind the response's head, with the framing of chunks. Over HTTP/2, content alone.",
        available_from: Phase::End,
        read: response::body_bytes_sent,
        number: Some(|request| request.body_bytes_sent() as f64),
        ..VARIABLE
    },
    VariableSpec {
        name: "bytes_sent",
        doc: "Bytes sent to the client so far, head included. Over HTTP/2, the frames of head, content and trailers \
              with their headers.",
        available_from: Phase::End,
        read: response::bytes_sent,
        number: Some(|request| request.bytes_sent() as f64),
        ..VARIABLE
    },
    VariableSpec {
        name: "connection",
        doc: "The number of the connection, in its worker.",
        read: connection::number,
        ..VARIABLE
    },
    VariableSpec {
        name: "connection_requests",
        doc: "How many requests the connection has carried, this one included.",
        read: connection::requests,
        ..VARIABLE
    },
    VariableSpec {
        name: "connection_time",
        doc: "For how long the connection has been there, in seconds with milliseconds.",
        read: connection::time,
        ..VARIABLE
    },
    VariableSpec {
        name: "content_length",
        doc: "The request's `Content-Length` field, or the length of a body without it that was read as a whole.",
        read: request::content_length,
        ..VARIABLE
    },
    VariableSpec {
        name: "content_type",
        doc: "The request's `Content-Type` field.",
        read: |request, _, out| request::field(request, b"content-type", out),
        ..VARIABLE
    },
    VariableSpec {
        name: "cookie_*",
        doc: "The cookie of that name.",
        read: request::cookie,
        ..VARIABLE
    },
    VariableSpec {
        name: "document_root",
        doc: "What `root` or `alias` says for the request.",
        read: request::document_root,
        ..VARIABLE
    },
    VariableSpec {
        name: "document_uri",
        doc: "The same as `$uri`.",
        read: request::path,
        text: Some(|request, _| Some(&request.path)),
        ..VARIABLE
    },
    VariableSpec {
        name: "host",
        doc: "The host asked for, in lower case and without a port; the server's name if none is.",
        read: request::host,
        text: Some(request::host_text),
        ..VARIABLE
    },
    VariableSpec {
        name: "hostname",
        doc: "The name of this machine.",
        read: clock::read_hostname,
        ..VARIABLE
    },
    VariableSpec {
        name: "http_*",
        doc: "The request field of that name, `_` standing for `-`.",
        read: request::named_field,
        ..VARIABLE
    },
    VariableSpec {
        name: "https",
        doc: "`on` on an encrypted connection, empty on others.",
        read: connection::https,
        ..VARIABLE
    },
    VariableSpec {
        name: "is_args",
        doc: "`?` if there is a query.",
        read: request::question_mark,
        ..VARIABLE
    },
    VariableSpec {
        name: "limit_rate",
        doc: "How many bytes of the response may leave in a second; 0 before that is known, and where it is not limited. It \
              can be set, to a size such as `4k`.",
        read: rate::read,
        assign: Some(Request::set_rate),
        ..VARIABLE
    },
    VariableSpec {
        name: "msec",
        doc: "The time in seconds since 1970, with milliseconds.",
        read: clock::milliseconds,
        ..VARIABLE
    },
    VariableSpec {
        name: "nginx_version",
        doc: "The version of Pingauge.",
        read: |_, _, out| {
            out.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
            true
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "pid",
        doc: "The process number of the worker.",
        read: clock::process,
        ..VARIABLE
    },
    VariableSpec {
        name: "pipe",
        doc: "`p` if the request was there before the last one was answered, else `.`.",
        read: |request, _, out| {
            out.push(if request.connection.pipelined {
                b'p'
            } else {
                b'.'
            });
            true
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "query_string",
        doc: "The same as `$args`.",
        read: request::arguments,
        ..VARIABLE
    },
    VariableSpec {
        name: "realpath_root",
        doc: "`$document_root` with symbolic links resolved.",
        read: request::real_root,
        ..VARIABLE
    },
    VariableSpec {
        name: "remote_addr",
        doc: "The client's address.",
        read: connection::client,
        ..VARIABLE
    },
    VariableSpec {
        name: "remote_port",
        doc: "The client's port; empty on a socket in the file system, and where a proxy has told only its address.",
        read: connection::client_port,
        ..VARIABLE
    },
    VariableSpec {
        name: "remote_user",
        doc: "The user name of basic authentication.",
        read: request::user,
        ..VARIABLE
    },
    VariableSpec {
        name: "request",
        doc: "The request line as received.",
        read: request::line,
        ..VARIABLE
    },
    VariableSpec {
        name: "request_body",
        doc: "The request's body up to 64k, as far as it was read for an origin or for `metric_push`; a longer one is not kept.",
        reads_body: true,
        read: request::body,
        ..VARIABLE
    },
    VariableSpec {
        name: "request_completion",
        doc: "`OK` if the response was sent to its end.",
        available_from: Phase::End,
        read: response::completion,
        ..VARIABLE
    },
    VariableSpec {
        name: "request_filename",
        doc: "The file that the path stands for by `root` or `alias`.",
        read: request::file,
        ..VARIABLE
    },
    VariableSpec {
        name: "request_id",
        doc: "A random number of the request's own: 32 hexadecimal digits.",
        cached: true,
        read: request::identity,
        ..VARIABLE
    },
    VariableSpec {
        name: "request_length",
        doc: "Bytes received for the request so far: head and body. Over HTTP/2, what the frames of both hold, \
              without their headers and padding.",
        available_from: Phase::End,
        read: request::length,
        number: Some(|request| request.bytes_received() as f64),
        ..VARIABLE
    },
    VariableSpec {
        name: "request_method",
        doc: "The method, as `GET`.",
        read: request::method,
        text: Some(|request, _| Some(request.client_method())),
        ..VARIABLE
    },
    VariableSpec {
        name: "request_time",
        doc: "Seconds since the first byte of the request came, with milliseconds.",
        available_from: Phase::End,
        read: clock::elapsed,
        number: Some(|request| request.elapsed_ms() as f64 / 1000.0),
        ..VARIABLE
    },
    VariableSpec {
        name: "request_uri",
        doc: "Path and query as received.",
        read: request::target,
        ..VARIABLE
    },
    VariableSpec {
        name: "scheme",
        doc: "`http`, or `https` on an encrypted connection.",
        read: connection::scheme,
        ..VARIABLE
    },
    VariableSpec {
        name: "sent_http_*",
        doc: "The response field of that name, `_` standing for `-`.",
        available_from: Phase::Response,
        read: response::named_field,
        ..VARIABLE
    },
    VariableSpec {
        name: "server_addr",
        doc: "The address that the request came to.",
        read: connection::server,
        ..VARIABLE
    },
    VariableSpec {
        name: "server_name",
        doc: "The first name of the server.",
        read: request::server_name,
        text: Some(|request, _| Some(request.server.name.as_bytes())),
        ..VARIABLE
    },
    VariableSpec {
        name: "server_port",
        doc: "The port that the request came to.",
        read: connection::server_port,
        ..VARIABLE
    },
    VariableSpec {
        name: "server_protocol",
        doc: "The protocol of the request, as `HTTP/1.1`.",
        read: request::protocol,
        ..VARIABLE
    },
    VariableSpec {
        name: "status",
        doc: "The status of the response; `000` while there is none.",
        available_from: Phase::Response,
        read: response::status,
        number: Some(|request| f64::from(response::status_now(request))),
        ..VARIABLE
    },
    VariableSpec {
        name: "time_iso8601",
        doc: "The local time, as `2025-01-31T23:59:59+01:00`.",
        read: clock::iso_8601,
        ..VARIABLE
    },
    VariableSpec {
        name: "time_local",
        doc: "The local time, as `31/Jan/2025:23:59:59 +0100`.",
        read: clock::log_form,
        ..VARIABLE
    },
    VariableSpec {
        name: "uri",
        doc: "The path: decoded, normalised, and as rewriting and redirects left it. A request whose \
              first line could not be read has none.",
        read: request::path,
        text: Some(|request, _| Some(&request.path)),
        ..VARIABLE
    },
];
