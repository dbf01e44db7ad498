//! The table of directives that `proxy_pass` has alone, and `grpc_pass`.

use super::{pass_directive, replies, settings};
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC};
use crate::modules::family::{Grpc, Http};

/// Where most of them may stand.
const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);
/// Where `proxy_pass` may stand.
const PLACES: Contexts = Contexts::LOCATION
    .or(Contexts::LOCATION_IF)
    .or(Contexts::LIMIT_EXCEPT);

/// The rows.
pub(super) const ROWS: [DirectiveSpec; 6] = [
    DirectiveSpec {
        name: "proxy_pass",
        contexts: PLACES,
        doc: Doc {
            syntax: "proxy_pass URL;",
            default: "",
            text: "Hands requests of this location to an origin: `http://`, or `https://` for TLS, and the name of an \
                   `upstream`, a host or an address with or without a port, or `unix:` and the \
                   path of a socket. A URI behind the host takes the place of the part of the \
                   path that the location's name matched; without one the peer is asked for what \
                   the client asked for. With variables in the URL it is evaluated for each \
                   request: it may name an `upstream`, an address, a host that another \
                   `proxy_pass` names without variables, or any host, which is looked up then (`resolver`); \
                   all its addresses are tried in turn, and a URI in it is used as it is. The port of a host \
                   without one is 80, or 443 with `https`; that of a `server` in an `upstream` is always 80. With TLS \
                   `proxy_connect_timeout` and `$upstream_connect_time` include the handshake, and the bytes that are \
                   counted (`$upstream_bytes_sent`, `$upstream_bytes_received`, those of peers) are those within it. A \
                   response with `X-Accel-Redirect: PATH` is not passed on: the location of that path, also an \
                   `internal` one, answers instead, with the `Content-Type`, `Content-Disposition`, `Cache-Control`, \
                   `Expires`, `Accept-Ranges` and cookies of the response, unless it says these itself.",
            example: "proxy_pass http://backend/app/;",
        },
        apply: pass_directive::apply::<Http>,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_http_version",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_http_version 1.0 | 1.1 | 2;",
            default: "proxy_http_version 1.1;",
            text: "The version of HTTP to speak with peers. With 1.0 no connection is used \
                   twice, and a body of unknown length is sent with 1.1 all the same. HTTP/2 (`2` or `2.0`) is asked for \
                   by ALPN behind `https://`, and a peer that answers with another protocol fails; without TLS, and where \
                   a peer does not answer to ALPN, it is spoken without a word. A connection carries one request at \
                   a time, and is kept with `keepalive` as any other. A head or trailers of more than 256k, with 32 bytes for each field, fail, and so \
                   does a peer that floods a connection with frames that carry nothing. Bytes are counted as HTTP/1.1 would have \
                   written the same message (`$upstream_bytes_sent`, `$upstream_bytes_received`, those of peers).",
            example: "",
        },
        apply: settings::apply_version::<Http>,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_method",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_method method;",
            default: "",
            text: "The method that peers get in place of the client's.",
            example: "",
        },
        apply: settings::apply_method::<Http>,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_redirect",
        contexts: BLOCKS,
        arity: Arity::between(1, 2),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "proxy_redirect off;\n         proxy_redirect default;\n         \
                     proxy_redirect text replacement;\n         proxy_redirect ~regex \
                     replacement;",
            default: "proxy_redirect default;",
            text: "Changes `Location` and `Refresh` of responses: where the value begins with a \
                   text, or matches an expression, it is replaced. The default leads from the \
                   URL of `proxy_pass` to the location.",
            example: "proxy_redirect http://backend:8000/ /;",
        },
        apply: replies::apply_redirect,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_pass_trailers",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_pass_trailers on | off;",
            default: "proxy_pass_trailers off;",
            text: "Whether clients of HTTP/2 and HTTP/1.1 get the trailers of a response, fields behind its body, if its length was not \
                   said before. With `proxy_http_version 2` peers are told that they are welcome; those of HTTP/1.1 may want \
                   to hear it in fields (`proxy_set_header TE trailers`, `proxy_set_header Connection te`). Fields that would \
                   have to be known before the body are not passed on, nor are those of `proxy_hide_header`. Peers of HTTP/2 \
                   get those of a request likewise, but for names of `proxy_set_header`; those of HTTP/1.1 get none, as from \
                   nginx. A client of HTTP/2 that says the length of its body has to announce them (`Trailer`).",
            example: "",
        },
        apply: settings::apply_pass_trailers::<Http>,
        ..SPEC
    },
    DirectiveSpec {
        name: "grpc_pass",
        contexts: PLACES,
        doc: Doc {
            syntax: "grpc_pass address;",
            default: "",
            text: "Hands requests of this location to a server of gRPC, in HTTP/2 and with the path that the client asked for: \
                   the name of an `upstream`, a host or an address with or without a port, or `unix:` and the path of a socket, \
                   behind `grpc://` or nothing, or behind `grpcs://` for TLS with ALPN. Both sides are passed on as they come, \
                   without buffering, and so are trailers: those of a request to the peer, those of a response to clients of HTTP/2, and in chunks to those of HTTP/1.1. Variables are evaluated as those of \
                   `proxy_pass`. Peers are told that trailers are welcome, and `grpc_set_header Host` sets the authority that \
                   they are asked for. What is said of HTTP/2 at `proxy_http_version` holds here too.",
            example: "grpc_pass grpc://localhost:9000;",
        },
        apply: pass_directive::apply::<Grpc>,
        ..SPEC
    },
];
