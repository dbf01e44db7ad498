//! Those of the public module ngx_brotli.

use super::super::coding::BROTLI;
use super::family;
use crate::conf::{DirectiveSpec, Doc};

pub(super) const ROWS: &[DirectiveSpec] = &[
    family::on::<BROTLI>(
        "brotli",
        Doc {
            syntax: "brotli on | off;",
            default: "brotli off;",
            text: "Packs responses as `gzip` does, with Brotli, for clients whose `Accept-Encoding` takes `br`; of \
                   several codings the client gets the one that weighs most for it, and of those that weigh alike Brotli \
                   before Zstandard before gzip. `gzip_vary` holds for all; `gzip_http_version`, `gzip_proxied` and \
                   `gzip_disable` for gzip alone. Browsers take it only on encrypted connections.",
            example: "gzip on;\nbrotli on;\nbrotli_types text/css application/json;",
        },
    ),
    family::types::<BROTLI>(
        "brotli_types",
        Doc {
            syntax: "brotli_types TYPE ...;\nbrotli_types *;",
            default: "brotli_types text/html;",
            text: "Media types that are packed with Brotli beside `text/html`; `*` stands for all.",
            example: "brotli_types text/plain text/css application/json;",
        },
    ),
    family::min_length::<BROTLI>(
        "brotli_min_length",
        Doc {
            syntax: "brotli_min_length LENGTH;",
            default: "brotli_min_length 20;",
            text: "Responses that say in `Content-Length` that they are shorter are not packed with Brotli.",
            example: "brotli_min_length 1000;",
        },
    ),
    family::level::<BROTLI, 0, 11>(
        "brotli_comp_level",
        Doc {
            syntax: "brotli_comp_level LEVEL;",
            default: "brotli_comp_level 6;",
            text: "How hard is tried, from 0 to 11. Levels from 10 on are for files that are packed beforehand: they \
                   take fifty times as long.",
            example: "brotli_comp_level 4;",
        },
    ),
    family::window::<BROTLI, 10, 24>(
        "brotli_window",
        Doc {
            syntax: "brotli_window SIZE;",
            default: "brotli_window 512k;",
            text: "How far back Brotli looks for what repeats: a power of 2 from `1k` to `16m`, and no more than the \
                   body is long where that is known. With the default, a body takes about 5 MB of memory while it is \
                   packed, at levels up to 6, and 7 MB at 11; with `16m` and level 9 about 30 MB.",
            example: "brotli_window 256k;",
        },
    ),
    family::packed_files::<BROTLI>(
        "brotli_static",
        Doc {
            syntax: "brotli_static on | off | always;",
            default: "brotli_static off;",
            text: "The same as `gzip_static` for `FILE.br`. Where files of several codings are there, the client gets the one \
                   that weighs most for it, and of those that weigh alike Brotli before Zstandard before gzip.",
            example: "brotli_static on;\ngzip_static on;",
        },
    ),
];
