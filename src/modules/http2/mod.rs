//! HTTP/2 to clients: which servers speak it, and within which limits.
#![forbid(unsafe_code)]

mod status;

use crate::conf::{Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};
use crate::http::build::builder::Builder;
use crate::http::build::listeners;
use crate::http::build::module::{self, Module};
use crate::http::build::written::{Http2Chunk, Http2On, Http2Streams, Http2Window};
use crate::http::message::version::Version;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The feature.
pub static MODULE: Module = Module {
    name: "http2",
    directives: &[HTTP2, STREAMS, PREREAD, CHUNK],
    variables: VARIABLES,
    about: "HTTP/2 with clients",
    status: &[&status::STATUS],
    server: |builder, chain, _| {
        let is_on = chain.nearest().is_some_and(|Http2On(on)| *on);
        warn_of_both(builder, chain);
        let is_spoken = is_on || listeners::speaks_http2_at(chain.scope()).is_some();
        builder.thing::<Spoken>().0 |= is_spoken;
    },
    finish: |builder, _| {
        if builder.thing::<Spoken>().0 {
            status::mount(builder);
        }
    },
    ..module::MODULE
};

/// An address may be asked for HTTP/2 where its server wants none.
fn warn_of_both(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let is_off = chain.own().is_some_and(|Http2On(on)| !on);
    if is_off && let Some(span) = listeners::speaks_http2_at(chain.scope()) {
        let message = "\"http2 off\" has no effect: \"listen … http2\" asks for HTTP/2";
        let problem = Diagnostic::warning(span, message);
        builder.diagnostics.push(problem);
    }
}

/// Whether some server speaks it.
#[derive(Default)]
struct Spoken(bool);

const OUTER: Contexts = Contexts::HTTP.or(Contexts::SERVER);
const ANYWHERE: Contexts = OUTER.or(Contexts::LOCATION);

const HTTP2: DirectiveSpec = DirectiveSpec {
    name: "http2",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "http2 on | off;",
        default: "http2 off;",
        text: "Whether HTTP/2 is spoken with clients that want to, beside HTTP/1. On encrypted connections it is \
               offered by ALPN where the server that the client asks for by name says so; on others a client \
               begins with it unasked (prior knowledge), where the default server of the address says so. \
               `listen … http2` does the same for all servers of an address.\n\nLimits are those of HTTP/1: \
               `large_client_header_buffers`, `keepalive_requests`, `client_header_timeout` and \
               `keepalive_timeout` hold for connections and heads, `client_body_timeout` and `send_timeout` for \
               streams. What a client sends on of a body that nobody wants is thrown away for as long as over \
               HTTP/1, and only then its stream is reset, since some clients lose the answer otherwise; where one is \
               answered with success here (`return 200`), its body comes first. A client that makes work without asking for anything (resets, settings, pings, \
               empty frames) is told to calm down (`ENHANCE_YOUR_CALM`) and its connection is closed. \
               A malformed request (a field name in capitals, a control character in a value, a method or target \
               that is none, a part of the request line missing or twice, fields of connections, a body that does not \
               agree with its `Content-Length`) is logged as a 400 and ends its stream alone, by `PROTOCOL_ERROR`; 256 of them end the connection. \
               Only what leaves the compression of fields in doubt (`COMPRESSION_ERROR`), such as a field with neither \
               name nor value, and what is no frame at its place, ends the connection; most mistakes in frames are called \
               `PROTOCOL_ERROR`, also where the standard has a name of its own for them. Priorities have no effect, nothing is \
               pushed, and WebSockets stay with HTTP/1.1: CONNECT is refused in both of its forms, and `Upgrade` is no field of \
               HTTP/2, nor is HTTP/2 begun by it (`h2c`).\n\n\
               Where it is spoken, `/status/http/http2` tells of it, over all workers: `connections` \
               (`accepted`, `active`, and `errors`, those that were closed for a mistake in the protocol), `streams` \
               (`accepted` and `active` requests; `refused`, which the client may ask again; `rejected`, malformed \
               requests), `resets` and `goaways` (`received`, `sent`; of the latter one for a connection), and \
               `floods`, connections closed for each kind of them.",
        example: "http2 on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(Http2On(on));
        Ok(())
    },
    ..SPEC
};

const STREAMS: DirectiveSpec = DirectiveSpec {
    name: "http2_max_concurrent_streams",
    contexts: OUTER,
    doc: Doc {
        syntax: "http2_max_concurrent_streams number;",
        default: "http2_max_concurrent_streams 128;",
        text: "How many requests of one connection of HTTP/2 may be under way at a time. More are refused so that \
               the client may send them again.",
        example: "http2_max_concurrent_streams 32;",
    },
    apply: |statement| {
        let most = in_range(statement, statement.number(1)?, 1..=1 << 16)?;
        statement.scope.insert(Http2Streams(most));
        Ok(())
    },
    ..SPEC
};

const PREREAD: DirectiveSpec = DirectiveSpec {
    name: "http2_body_preread_size",
    contexts: OUTER,
    doc: Doc {
        syntax: "http2_body_preread_size size;",
        default: "http2_body_preread_size 64k;",
        text: "How much of a request's body a client of HTTP/2 may send ahead of what has been used of it: the \
               initial window of a stream. A connection has sixteen times as much, at least 1m. A larger one \
               makes uploads faster over long distances.",
        example: "http2_body_preread_size 1m;",
    },
    apply: |statement| {
        let size = in_range(statement, statement.size(1)?, 1..=(1 << 31) - 1)?;
        statement.scope.insert(Http2Window(size));
        Ok(())
    },
    ..SPEC
};

const CHUNK: DirectiveSpec = DirectiveSpec {
    name: "http2_chunk_size",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "http2_chunk_size size;",
        default: "http2_chunk_size 8k;",
        text: "The most content that one frame of a response has. Small ones let responses take turns, large ones \
               cost less.",
        example: "http2_chunk_size 16k;",
    },
    apply: |statement| {
        let size = in_range(statement, statement.size(1)?, 1..=16 * 1024)?;
        statement.scope.insert(Http2Chunk(size as usize));
        Ok(())
    },
    ..SPEC
};

fn in_range(
    statement: &Statement<'_>,
    number: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u32, Diagnostic> {
    let fits = range.contains(&number);
    u32::try_from(number).ok().filter(|_| fits).ok_or_else(|| {
        let message = format!("\"{}\" is out of range", statement.text(1));
        let help = format!("between {} and {}", range.start(), range.end());
        statement.error(1, message).with_help(help)
    })
}

const VARIABLES: &[VariableSpec] = &[VariableSpec {
    name: "http2",
    doc: "`h2` for a request of HTTP/2 on an encrypted connection, `h2c` on another, else empty.",
    read: |request, _, out| {
        let is_http2 = request.head.version() == Version::Http2;
        if is_http2 {
            out.extend_from_slice(match request.connection.encryption.is_on() {
                true => b"h2",
                false => b"h2c",
            });
        }
        is_http2
    },
    ..VARIABLE
}];
