//! The table of directives about what peers get of requests, which `proxy_pass` and those that pass to programs have in common.

use super::settings;
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::modules::family::{FastCgi, Http, Scgi, Uwsgi};
use crate::modules::temporary_folder;

/// Where they may stand.
const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_pass_request_headers"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_pass_request_headers on | off;"),
                    default: concat!($p, "_pass_request_headers on;"),
                    text: "Whether peers get the fields of the client's request.",
                    example: "",
                },
                apply: settings::apply_pass_fields::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_pass_request_body"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_pass_request_body on | off;"),
                    default: concat!($p, "_pass_request_body on;"),
                    text: "Whether peers get the body of the client's request.",
                    example: "",
                },
                apply: settings::apply_pass_body::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_ignore_client_abort"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_ignore_client_abort on | off;"),
                    default: concat!($p, "_ignore_client_abort off;"),
                    text: "Whether the response of a peer is awaited although the client has closed the \
                           connection.",
                    example: "",
                },
                apply: settings::apply_ignore_abort::<$family>,
                ..SPEC
            },
        ]
    };
}

/// The row about temporary files of a family of programs.
macro_rules! temp_path {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_temp_path"),
                contexts: BLOCKS,
                arity: Arity::between(1, 4),
                doc: Doc {
                    syntax: concat!($p, "_temp_path PATH [LEVEL ...];"),
                    default: "that of `proxy_temp_path`",
                    text: "The folder of temporary files. They have no names, so levels have no effect, and \
                           nothing is left behind, however a worker ends. It is made when it is missing.",
                    example: "",
                },
                apply: temporary_folder::apply_to::<$family>,
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(super) const HTTP: [DirectiveSpec; 3] = rows!("proxy", Http);
/// Those of `fastcgi_pass`.
pub(super) const FASTCGI: [DirectiveSpec; 3] = rows!("fastcgi", FastCgi);
/// Those of `uwsgi_pass`.
pub(super) const UWSGI: [DirectiveSpec; 3] = rows!("uwsgi", Uwsgi);
/// Those of `scgi_pass`.
pub(super) const SCGI: [DirectiveSpec; 3] = rows!("scgi", Scgi);

/// `fastcgi_temp_path`
pub(super) const FASTCGI_TEMP: [DirectiveSpec; 1] = temp_path!("fastcgi", FastCgi);
/// `uwsgi_temp_path`
pub(super) const UWSGI_TEMP: [DirectiveSpec; 1] = temp_path!("uwsgi", Uwsgi);
/// `scgi_temp_path`
pub(super) const SCGI_TEMP: [DirectiveSpec; 1] = temp_path!("scgi", Scgi);
