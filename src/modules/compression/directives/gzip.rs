//! Those of gzip, and `gzip_vary`, which holds for all codings.

use super::super::coding::GZIP;
use super::{ANYWHERE, family};
use crate::conf::{Arity, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word};
use crate::http::message::version::Version;

/// `gzip_vary`
pub(in super::super) struct Vary(pub(in super::super) bool);
/// `gzip_http_version`
pub(in super::super) struct LeastVersion(pub(in super::super) Version);
/// `gzip_proxied`: bits of the words
#[derive(Default)]
pub(in super::super) struct Proxied(pub(in super::super) u16);
/// `gzip_disable`
#[derive(Default)]
pub(in super::super) struct Disable(pub(in super::super) Vec<Word>);

/// What may be said of responses to proxies.
pub(in super::super) const OFF: u16 = 1;
pub(in super::super) const EXPIRED: u16 = 1 << 1;
pub(in super::super) const NO_CACHE: u16 = 1 << 2;
pub(in super::super) const NO_STORE: u16 = 1 << 3;
pub(in super::super) const PRIVATE: u16 = 1 << 4;
pub(in super::super) const NO_LAST_MODIFIED: u16 = 1 << 5;
pub(in super::super) const NO_ETAG: u16 = 1 << 6;
pub(in super::super) const AUTH: u16 = 1 << 7;
pub(in super::super) const ANY: u16 = 1 << 8;

const PROXIED: &[(&str, u16)] = &[
    ("off", OFF),
    ("expired", EXPIRED),
    ("no-cache", NO_CACHE),
    ("no-store", NO_STORE),
    ("private", PRIVATE),
    ("no_last_modified", NO_LAST_MODIFIED),
    ("no_etag", NO_ETAG),
    ("auth", AUTH),
    ("any", ANY),
];

pub(super) const ROWS: &[DirectiveSpec] = &[
    family::on::<GZIP>(
        "gzip",
        Doc {
            syntax: "gzip on | off;",
            default: "gzip off;",
            text: "Packs responses with status 200, 403 or 404 on their way to clients whose \
                   `Accept-Encoding` takes gzip: files, text and proxied ones alike, unless they \
                   have a `Content-Encoding` already. What has come of a body is sent on when its source \
                   pauses. A packed response has no `Content-Length`, no ranges, and a weak \
                   `ETag`.",
            example: "gzip on;\ngzip_types text/css application/json;",
        },
    ),
    family::types::<GZIP>(
        "gzip_types",
        Doc {
            syntax: "gzip_types TYPE ...;\ngzip_types *;",
            default: "gzip_types text/html;",
            text: "Media types that are packed beside `text/html`; `*` stands for all.",
            example: "gzip_types text/plain text/css application/json;",
        },
    ),
    family::min_length::<GZIP>(
        "gzip_min_length",
        Doc {
            syntax: "gzip_min_length LENGTH;",
            default: "gzip_min_length 20;",
            text: "Responses that say in `Content-Length` that they are shorter are not packed.",
            example: "gzip_min_length 1000;",
        },
    ),
    family::level::<GZIP, 1, 9>(
        "gzip_comp_level",
        Doc {
            syntax: "gzip_comp_level LEVEL;",
            default: "gzip_comp_level 1;",
            text: "How hard is tried, from 1 to 9: higher levels save little and take long.",
            example: "gzip_comp_level 5;",
        },
    ),
    family::window::<GZIP, 9, 15>(
        "gzip_window",
        Doc {
            syntax: "gzip_window SIZE;",
            default: "gzip_window 32k;",
            text: "How far back is looked for what repeats: a power of 2 from `512` to `32k`, and no more than the body is \
                   long where that is known. A body takes less than 500 kB of memory while it is packed.",
            example: "gzip_window 16k;",
        },
    ),
    DirectiveSpec {
        name: "gzip_vary",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "gzip_vary on | off;",
            default: "gzip_vary off;",
            text: "Adds `Vary: Accept-Encoding` to each response that is or could have been packed, by whichever coding.",
            example: "gzip_vary on;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Vary(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_http_version",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "gzip_http_version 1.0 | 1.1;",
            default: "gzip_http_version 1.1;",
            text: "The least version of a request that is answered packed with gzip. The other codings have no \
                   such rule, as in the modules that nginx has for them.",
            example: "gzip_http_version 1.0;",
        },
        apply: |statement| {
            let version =
                statement.enumeration(1, &[("1.0", Version::Http10), ("1.1", Version::Http11)])?;
            statement.scope.insert(LeastVersion(version));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_proxied",
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "gzip_proxied off | expired | no-cache | no-store | private | no_last_modified \
                     | no_etag | auth | any ...;",
            default: "gzip_proxied off;",
            text: "Which responses are packed with gzip for proxies, which are known by a `Via` field of the \
                   request: none; those that `Expires` or `Cache-Control` keep from being cached; \
                   those without `Last-Modified` or `ETag`; those to requests with `Authorization`; \
                   or any. The other codings have no such rule.",
            example: "gzip_proxied expired no-cache no-store private auth;",
        },
        apply: proxied,
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_disable",
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "gzip_disable PATTERN ...;",
            default: "",
            text: "Nothing is packed with gzip for browsers whose `User-Agent` matches one of the regular \
                   expressions, in any letter case. `msie6` is the name of an old browser. The other codings \
                   have no such rule.",
            example: "gzip_disable msie6;",
        },
        apply: |statement| {
            let words = statement.arguments().to_vec();
            let all = statement.scope.get_or_default::<Disable>();
            all.0.extend(words);
            Ok(())
        },
        ..SPEC
    },
    family::packed_files::<GZIP>(
        "gzip_static",
        Doc {
            syntax: "gzip_static on | off | always;",
            default: "gzip_static off;",
            text: "With `on`, a client that gets gzip is sent `FILE.gz`, where there is one, instead of FILE, which need not \
                   be there; with `always`, everybody is, and `gunzip` unpacks it for those who do not take it. Its length, \
                   `Last-Modified`, `ETag` and ranges are those of the packed file. Who made it has to see to it that \
                   both hold the same. With `gzip_vary on`, answers say that they depend on the client where there \
                   is a packed file.",
            example: "location /assets/ { gzip_static on; gzip_vary on; }",
        },
    ),
];

fn proxied(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for number in 1..=statement.arguments().len() {
        let bit = statement.enumeration(number, PROXIED)?;
        statement.scope.get_or_default::<Proxied>().0 |= bit;
    }
    Ok(())
}
