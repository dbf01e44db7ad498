//! The directives.

use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word};
use crate::http::message::version::Version;
use crate::modules::media_types::MediaTypeSet;

const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// `gzip`
pub(super) struct Gzip(pub(super) bool);
/// `gzip_comp_level`
pub(super) struct Level(pub(super) u32);
/// `gzip_vary`
pub(super) struct Vary(pub(super) bool);
/// `gzip_min_length`
pub(super) struct MinLength(pub(super) u64);
/// `gzip_http_version`
pub(super) struct LeastVersion(pub(super) Version);
/// `gzip_types`
#[derive(Default)]
pub(super) struct Types(pub(super) MediaTypeSet);
/// `gzip_proxied`: bits of the words
#[derive(Default)]
pub(super) struct Proxied(pub(super) u16);
/// `gzip_disable`
#[derive(Default)]
pub(super) struct Disable(pub(super) Vec<Word>);

/// What may be said of responses to proxies.
pub(super) const OFF: u16 = 1;
pub(super) const EXPIRED: u16 = 1 << 1;
pub(super) const NO_CACHE: u16 = 1 << 2;
pub(super) const NO_STORE: u16 = 1 << 3;
pub(super) const PRIVATE: u16 = 1 << 4;
pub(super) const NO_LAST_MODIFIED: u16 = 1 << 5;
pub(super) const NO_ETAG: u16 = 1 << 6;
pub(super) const AUTH: u16 = 1 << 7;
pub(super) const ANY: u16 = 1 << 8;

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
    DirectiveSpec {
        name: "gzip",
        contexts: ANYWHERE.or(Contexts::LOCATION_IF),
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "gzip on | off;",
            default: "gzip off;",
            text: "Packs responses with status 200, 403 or 404 on their way to clients whose \
                   `Accept-Encoding` takes gzip: files, text and proxied ones alike, unless they \
                   have a `Content-Encoding` already. What has come of a body is sent on when its source \
                   pauses. A packed response has no `Content-Length`, no ranges, and a weak \
                   `ETag`.",
            example: "gzip on;\ngzip_types text/css application/json;",
        },
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(Gzip(on));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_types",
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "gzip_types TYPE ...;\ngzip_types *;",
            default: "gzip_types text/html;",
            text: "Media types that are packed beside `text/html`; `*` stands for all.",
            example: "gzip_types text/plain text/css application/json;",
        },
        apply: |statement| {
            let mut types = std::mem::take(statement.scope.get_or_default::<Types>());
            types.0.read(statement);
            statement.scope.insert(types);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_min_length",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "gzip_min_length LENGTH;",
            default: "gzip_min_length 20;",
            text: "Responses that say in `Content-Length` that they are shorter are not packed.",
            example: "gzip_min_length 1000;",
        },
        apply: |statement| {
            let length = statement.size(1)?;
            statement.scope.insert(MinLength(length));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_comp_level",
        contexts: ANYWHERE,
        doc: Doc {
            syntax: "gzip_comp_level LEVEL;",
            default: "gzip_comp_level 1;",
            text: "How hard is tried, from 1 to 9: higher levels save little and take long.",
            example: "gzip_comp_level 5;",
        },
        apply: level,
        ..SPEC
    },
    DirectiveSpec {
        name: "gzip_vary",
        contexts: ANYWHERE,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "gzip_vary on | off;",
            default: "gzip_vary off;",
            text: "Adds `Vary: Accept-Encoding` to each response that is or could have been packed.",
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
            text: "The least version of a request that is answered packed.",
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
            text: "Which responses are packed for proxies, which are known by a `Via` field of the \
                   request: none; those that `Expires` or `Cache-Control` keep from being cached; \
                   those without `Last-Modified` or `ETag`; those to requests with `Authorization`; \
                   or any.",
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
            text: "Nothing is packed for browsers whose `User-Agent` matches one of the regular \
                   expressions, in any letter case. `msie6` is the name of an old browser.",
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
];

fn level(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let level = u32::try_from(statement.number(1)?).unwrap_or(u32::MAX);
    if !(1..=9).contains(&level) {
        return Err(statement.error(1, "value must be between 1 and 9"));
    }
    statement.scope.insert(Level(level));
    Ok(())
}

fn proxied(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for number in 1..=statement.arguments().len() {
        let bit = statement.enumeration(number, PROXIED)?;
        statement.scope.get_or_default::<Proxied>().0 |= bit;
    }
    Ok(())
}
