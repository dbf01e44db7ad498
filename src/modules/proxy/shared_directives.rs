//! The tables of directives that all families have in common, `proxy_pass`, `grpc_pass` and those of programs.

use super::{buffering, headers, ignored, replies, settings};
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, Repeat, SPEC};
use crate::modules::family::{FastCgi, Grpc, Http, Scgi, Uwsgi};

/// Where they may stand.
const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_connect_timeout"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_connect_timeout time;"),
                    default: concat!($p, "_connect_timeout 60s;"),
                    text: "How long a connection to a peer may take to be made.",
                    example: "",
                },
                apply: settings::apply_connect_timeout::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_read_timeout"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_read_timeout time;"),
                    default: concat!($p, "_read_timeout 60s;"),
                    text: "How long a peer may be silent between two pieces of its response. After that \
                           the request fails with 504.",
                    example: "",
                },
                apply: settings::apply_read_timeout::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_send_timeout"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_send_timeout time;"),
                    default: concat!($p, "_send_timeout 60s;"),
                    text: "How long a peer may take nothing of a request.",
                    example: "",
                },
                apply: settings::apply_send_timeout::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_next_upstream"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_next_upstream error | timeout | invalid_header | http_500 | http_502 \
                             | http_503 | http_504 | http_403 | http_404 | http_429 | non_idempotent | \
                             off ...;"),
                    default: concat!($p, "_next_upstream error timeout;"),
                    text: "When a request is given to the next peer. One that was sent already and could \
                           do something twice (`POST`, `LOCK`, `PATCH`) is not, unless `non_idempotent` \
                           is among the words; nor is one of whose body more than 64k was read. A status \
                           that is named counts as a failure of the peer, also when there is no next one; \
                           403 and 404 never do. What a peer of HTTP/2 says that it has not touched was not sent to it.",
                    example: "",
                },
                apply: settings::apply_next::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_next_upstream_tries"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_next_upstream_tries number;"),
                    default: concat!($p, "_next_upstream_tries 0;"),
                    text: "How many peers a request may be given to, the first included; 0 for as many \
                           as there are.",
                    example: "",
                },
                apply: settings::apply_next_tries::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_next_upstream_timeout"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_next_upstream_timeout time;"),
                    default: concat!($p, "_next_upstream_timeout 0;"),
                    text: "For how long a request may be given to further peers; 0 for no limit.",
                    example: "",
                },
                apply: settings::apply_next_timeout::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_hide_header"),
                contexts: BLOCKS,
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_hide_header field;"),
                    default: "",
                    text: "A field of responses that the client does not get, beside `Date`, `Server`, \
                           `X-Pad` and `X-Accel-...`.",
                    example: "",
                },
                apply: replies::apply_hide_header::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_pass_header"),
                contexts: BLOCKS,
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_pass_header field;"),
                    default: "",
                    text: "A field of responses that the client gets although it would be hidden.",
                    example: "",
                },
                apply: replies::apply_pass_header::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ignore_headers"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_ignore_headers field ...;"),
                    default: "",
                    text: "Fields of responses that are as if they were not there: `X-Accel-Redirect`, `X-Accel-Buffering`, `X-Accel-Limit-Rate`, \
                           and what says whether and for how long an answer is kept (`X-Accel-Expires`, `Expires`, `Cache-Control`, \
                           `Set-Cookie`, `Vary`). Clients get them all the same. `X-Accel-Charset` \
                           never has an effect.",
                    example: concat!($p, "_ignore_headers Cache-Control Set-Cookie;"),
                },
                apply: ignored::apply::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_intercept_errors"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_intercept_errors on | off;"),
                    default: concat!($p, "_intercept_errors off;"),
                    text: "Whether responses with a status of 300 or more are replaced by an \
                           `error_page` that names their status; `WWW-Authenticate` of a 401 is kept.",
                    example: "",
                },
                apply: settings::apply_intercept::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_buffer_size"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_buffer_size SIZE;"),
                    default: concat!($p, "_buffer_size 8k;"),
                    text: "The longest head of a response that is taken from a peer; a longer one is \
                           answered with 502. There is no limit to the number of its fields.",
                    example: "",
                },
                apply: buffering::apply_size::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_bind"),
                contexts: BLOCKS,
                arity: Arity::between(1, 2),
                doc: Doc {
                    syntax: concat!($p, "_bind address | off;"),
                    default: "",
                    text: "The address of this machine, with or without a port, that fresh connections to peers come from; \
                           variables are evaluated, and nothing or `off` leaves it to the system. Idle connections are used again by \
                           requests that ask for the same address. Peers of the \
                           other family of addresses cannot be reached then. `transparent` is refused.",
                    example: concat!($p, "_bind 10.0.0.7;"),
                },
                apply: settings::apply_bind::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_socket_keepalive"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_socket_keepalive on | off;"),
                    default: concat!($p, "_socket_keepalive off;"),
                    text: "Whether the system asks now and then, on fresh connections, if a silent peer is still there \
                           (TCP keepalive).",
                    example: "",
                },
                apply: settings::apply_socket_keepalive::<$family>,
                ..SPEC
            },
        ]
    };
}

/// The row about fields of requests, of one family.
macro_rules! set_header {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_set_header"),
                contexts: BLOCKS,
                arity: Arity::exactly(2),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_set_header field value;"),
                    default: concat!($p, "_set_header Host $proxy_host;"),
                    text: "Sets a field of the request that the peer gets, in place of the client's own; \
                           with an empty value the peer gets no such field. A field that one level sets \
                           twice is sent twice. The directives of one level replace those of all outer \
                           levels. `Connection` is `close` unless it is set, \
                           or the upstream has `keepalive`. `Content-Length` and `Transfer-Encoding` are \
                           always those of the body that is sent.",
                    example: concat!($p, "_set_header Host $host;"),
                },
                apply: headers::apply_set_header::<$family>,
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(super) const HTTP: [DirectiveSpec; 13] = rows!("proxy", Http);
/// Those of `grpc_pass`.
pub(super) const GRPC: [DirectiveSpec; 13] = rows!("grpc", Grpc);
/// Those of `fastcgi_pass`.
pub(super) const FASTCGI: [DirectiveSpec; 13] = rows!("fastcgi", FastCgi);
/// Those of `uwsgi_pass`.
pub(super) const UWSGI: [DirectiveSpec; 13] = rows!("uwsgi", Uwsgi);
/// Those of `scgi_pass`.
pub(super) const SCGI: [DirectiveSpec; 13] = rows!("scgi", Scgi);

/// `proxy_set_header`
pub(super) const HTTP_HEADER: [DirectiveSpec; 1] = set_header!("proxy", Http);
/// `grpc_set_header`
pub(super) const GRPC_HEADER: [DirectiveSpec; 1] = set_header!("grpc", Grpc);
