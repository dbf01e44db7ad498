//! Those of the public module zstd-nginx-module.

use super::super::coding::ZSTD;
use super::family;
use crate::conf::{DirectiveSpec, Doc};

pub(super) const ROWS: &[DirectiveSpec] = &[
    family::on::<ZSTD>(
        "zstd",
        Doc {
            syntax: "zstd on | off;",
            default: "zstd off;",
            text: "Packs responses as `gzip` does, with Zstandard, for clients whose `Accept-Encoding` takes `zstd`; \
                   `brotli` says who gets which. Browsers take it only on encrypted connections.",
            example: "gzip on;\nzstd on;\nzstd_types text/css application/json;",
        },
    ),
    family::types::<ZSTD>(
        "zstd_types",
        Doc {
            syntax: "zstd_types TYPE ...;\nzstd_types *;",
            default: "zstd_types text/html;",
            text: "Media types that are packed with Zstandard beside `text/html`; `*` stands for all.",
            example: "zstd_types text/plain text/css application/json;",
        },
    ),
    family::min_length::<ZSTD>(
        "zstd_min_length",
        Doc {
            syntax: "zstd_min_length LENGTH;",
            default: "zstd_min_length 20;",
            text: "Responses that say in `Content-Length` that they are shorter are not packed with Zstandard.",
            example: "zstd_min_length 1000;",
        },
    ),
    family::level::<ZSTD, 1, 22>(
        "zstd_comp_level",
        Doc {
            syntax: "zstd_comp_level LEVEL;",
            default: "zstd_comp_level 1;",
            text: "How hard is tried, from 1 to 22. No level looks back further than 1 MiB, nor further than the body is \
                   long where that is known, so that a body takes no more memory while it is packed than about 1 MB at \
                   level 1, 12 MB at level 9 and 20 MB at level 22.",
            example: "zstd_comp_level 5;",
        },
    ),
    family::packed_files::<ZSTD>(
        "zstd_static",
        Doc {
            syntax: "zstd_static on | off | always;",
            default: "zstd_static off;",
            text: "The same as `gzip_static` for `FILE.zst`.",
            example: "zstd_static on;",
        },
    ),
];
