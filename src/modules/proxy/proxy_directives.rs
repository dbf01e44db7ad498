//! The table of `proxy_*` directives.

use super::{headers, pass_directive, replies, settings};
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC};

/// Where most of them may stand.
const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);
/// Where `proxy_pass` may stand.
const PLACES: Contexts = Contexts::LOCATION
    .or(Contexts::LOCATION_IF)
    .or(Contexts::LIMIT_EXCEPT);

/// The rows.
pub(super) const ROWS: [DirectiveSpec; 17] = [
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
                   counted (`$upstream_bytes_sent`, `$upstream_bytes_received`, those of peers) are those within it.",
            example: "proxy_pass http://backend/app/;",
        },
        apply: pass_directive::apply_pass,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_set_header",
        contexts: BLOCKS,
        arity: Arity::exactly(2),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "proxy_set_header field value;",
            default: "proxy_set_header Host $proxy_host;",
            text: "Sets a field of the request that the peer gets, in place of the client's own; \
                   with an empty value the peer gets no such field. A field that one level sets \
                   twice is sent twice. The directives of one level replace those of all outer \
                   levels. `Connection` is `close` unless it is set, \
                   or the upstream has `keepalive`. `Content-Length` and `Transfer-Encoding` are \
                   always those of the body that is sent.",
            example: "proxy_set_header Host $host;",
        },
        apply: headers::apply_set_header,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_http_version",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_http_version 1.0 | 1.1;",
            default: "proxy_http_version 1.1;",
            text: "The version of HTTP to speak with peers. With 1.0 no connection is used \
                   twice, and a body of unknown length is sent with 1.1 all the same.",
            example: "",
        },
        apply: settings::apply_version,
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
        apply: settings::apply_method,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_connect_timeout",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_connect_timeout time;",
            default: "proxy_connect_timeout 60s;",
            text: "How long a connection to a peer may take to be made.",
            example: "",
        },
        apply: settings::apply_connect_timeout,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_read_timeout",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_read_timeout time;",
            default: "proxy_read_timeout 60s;",
            text: "How long a peer may be silent between two pieces of its response. After that \
                   the request fails with 504.",
            example: "",
        },
        apply: settings::apply_read_timeout,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_send_timeout",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_send_timeout time;",
            default: "proxy_send_timeout 60s;",
            text: "How long a peer may take nothing of a request.",
            example: "",
        },
        apply: settings::apply_send_timeout,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_next_upstream",
        contexts: BLOCKS,
        arity: Arity::at_least(1),
        doc: Doc {
            syntax: "proxy_next_upstream error | timeout | invalid_header | http_500 | http_502 \
                     | http_503 | http_504 | http_403 | http_404 | http_429 | non_idempotent | \
                     off ...;",
            default: "proxy_next_upstream error timeout;",
            text: "When a request is given to the next peer. One that was sent already and could \
                   do something twice (`POST`, `LOCK`, `PATCH`) is not, unless `non_idempotent` \
                   is among the words; nor is one of whose body more than 64k was read. A status \
                   that is named counts as a failure of the peer, also when there is no next one; \
                   403 and 404 never do.",
            example: "",
        },
        apply: settings::apply_next,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_next_upstream_tries",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_next_upstream_tries number;",
            default: "proxy_next_upstream_tries 0;",
            text: "How many peers a request may be given to, the first included; 0 for as many \
                   as there are.",
            example: "",
        },
        apply: settings::apply_next_tries,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_next_upstream_timeout",
        contexts: BLOCKS,
        doc: Doc {
            syntax: "proxy_next_upstream_timeout time;",
            default: "proxy_next_upstream_timeout 0;",
            text: "For how long a request may be given to further peers; 0 for no limit.",
            example: "",
        },
        apply: settings::apply_next_timeout,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_hide_header",
        contexts: BLOCKS,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "proxy_hide_header field;",
            default: "",
            text: "A field of responses that the client does not get, beside `Date`, `Server`, \
                   `X-Pad` and `X-Accel-...`.",
            example: "",
        },
        apply: replies::apply_hide_header,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_pass_header",
        contexts: BLOCKS,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "proxy_pass_header field;",
            default: "",
            text: "A field of responses that the client gets although it would be hidden.",
            example: "",
        },
        apply: replies::apply_pass_header,
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
        name: "proxy_intercept_errors",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_intercept_errors on | off;",
            default: "proxy_intercept_errors off;",
            text: "Whether responses with a status of 300 or more are replaced by an \
                   `error_page` that names their status; `WWW-Authenticate` of a 401 is kept.",
            example: "",
        },
        apply: settings::apply_intercept,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_pass_request_headers",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_pass_request_headers on | off;",
            default: "proxy_pass_request_headers on;",
            text: "Whether peers get the fields of the client's request.",
            example: "",
        },
        apply: settings::apply_pass_fields,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_pass_request_body",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_pass_request_body on | off;",
            default: "proxy_pass_request_body on;",
            text: "Whether peers get the body of the client's request.",
            example: "",
        },
        apply: settings::apply_pass_body,
        ..SPEC
    },
    DirectiveSpec {
        name: "proxy_ignore_client_abort",
        contexts: BLOCKS,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "proxy_ignore_client_abort on | off;",
            default: "proxy_ignore_client_abort off;",
            text: "Whether the response of a peer is awaited although the client has closed the \
                   connection.",
            example: "",
        },
        apply: settings::apply_ignore_abort,
        ..SPEC
    },
];
