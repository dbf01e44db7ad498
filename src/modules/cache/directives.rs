//! The directives of a location: which answers are kept, under which keys, for how long.

use super::settings::{
    BypassWritten, CacheWritten, ConvertHeadWritten, ForceRangesWritten, KeyWritten,
    MaxRangeOffsetWritten, Methods, MinUsesWritten, NoCacheWritten, PurgeWritten, ValidWritten,
};
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Text, values,
};
use crate::modules::family::{Family, FastCgi, Http, Scgi, Uwsgi, growing, insert};

pub(super) const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty, $address:literal, $range:literal, $key:literal) => {
        [
            DirectiveSpec {
                name: concat!($p, "_cache"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_cache NAME | off;"),
                    default: concat!($p, "_cache off;"),
                    text: concat!("Has the answers of `", $p, "_pass` kept in the cache of this name, and given again as long as they are \
                           valid. How long that is, `X-Accel-Expires` says before `Cache-Control` (`s-maxage` before `max-age`), \
                           that before `Expires`, whatever order they come in, and `", $p, "_cache_valid` where none of them says \
                           anything. An answer that sets a cookie is not kept, nor one with `no-cache`, `no-store` or `private`, with \
                           `Vary: *`, with status 304, with 206 that nobody asked for, or one that is not read ahead of slow clients (`", $p, "_buffering`). \
                           `", $p, "_ignore_headers` has such a field ignored. Answers that depend on fields of the request (`Vary`) \
                           are kept for each of their values.\n\n\
                           NAME may have variables: a request asks the cache of that name, or none where it is `off` or empty. Where \
                           no `", $p, "_cache_path` declares the name, the request fails with 500 and the error log says so.\n\n\
                           For the request that fills the cache, conditions and ranges are not passed on; they are judged here, \
                           whether the answer is kept or not. A request that is to fill the cache goes on when its client has left.\n\n\
                           Where `", $p, "_intercept_errors` has an `error_page` stand for an answer that is to be kept, its status and \
                           fields are, and the page is made anew each time; the same goes for 502 and 504 of ours where \
                           `", $p, "_cache_valid` has a time for them."),
                    example: concat!($p, "_cache_path /var/cache/pingauge keys_zone=answers:10m;\nserver {\n    location / {\n        \
                              ", $p, "_cache answers;\n        ", $key, $p, "_cache_valid 200 10m;\n        ", $p, "_pass ", $address, ";\n    }\n}"),
                },
                apply: |statement| {
                    let (word, name) = (statement.word(1).clone(), statement.template(1)?);
                    let written = match (name.is_literal(), &*word.text) {
                        (false, _) => CacheWritten::Evaluated(word, name),
                        (true, "off") => CacheWritten::Off,
                        (true, _) => CacheWritten::Named(word),
                    };
                    insert::<$family, _>(statement, written);
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_valid"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_cache_valid [STATUS ... | any] TIME;"),
                    default: "",
                    text: concat!("How long answers with these statuses are valid that do not say so themselves; without a status it is \
                           200, 301 and 302. The first of several that names a status decides. `0` keeps such answers out. \
                           An answer with status 206 is kept where `", $range, "` has the origin asked for a part, and given to \
                           those whose requests would ask for the same part; without `$http_range` in `", $p, "_cache_key` each takes the \
                           place of the one before."),
                    example: concat!($p, "_cache_valid 200 302 10m;\n", $p, "_cache_valid any 1m;"),
                },
                apply: valid::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_methods"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_cache_methods GET | HEAD | POST ...;"),
                    default: concat!($p, "_cache_methods GET HEAD;"),
                    text: "The methods of requests that the cache is asked about. `GET` and `HEAD` are always among them.",
                    example: "",
                },
                apply: methods::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_min_uses"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_cache_min_uses NUMBER;"),
                    default: concat!($p, "_cache_min_uses 1;"),
                    text: "How often an answer must have been asked for, this time included, before it is kept.",
                    example: "",
                },
                apply: |statement| {
                    let number = statement.number(1)?;
                    insert::<$family, _>(statement, MinUsesWritten(number));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_bypass"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_cache_bypass STRING ...;"),
                    default: "",
                    text: concat!("When one of these texts is neither empty nor `0`, the origin is asked whatever the cache has; what it \
                           answers is kept all the same (see `", $p, "_no_cache`)."),
                    example: concat!($p, "_cache_bypass $http_x_refresh;"),
                },
                apply: |statement| {
                    let texts = templates(statement)?;
                    growing::<$family, BypassWritten>(statement).0.extend(texts);
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_no_cache"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_no_cache STRING ...;"),
                    default: "",
                    text: "When one of these texts is neither empty nor `0` as the head of an answer has come, it is not kept.",
                    example: concat!($p, "_no_cache $http_authorization;"),
                },
                apply: |statement| {
                    let texts = templates(statement)?;
                    growing::<$family, NoCacheWritten>(statement).0.extend(texts);
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_max_range_offset"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_cache_max_range_offset SIZE;"),
                    default: "",
                    text: "A request for a range that begins beyond this place, or that is counted from the end, is passed on with \
                           its range when the cache has no answer, and what it gets is not kept.",
                    example: "",
                },
                apply: |statement| {
                    let size = statement.offset(1)?;
                    insert::<$family, _>(statement, MaxRangeOffsetWritten(size));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_purge"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_cache_purge STRING ...;"),
                    default: "",
                    text: "When one of these texts is neither empty nor `0`, the request wants what is kept under its key to be \
                           removed, with all its variants; it is answered with 204, or 404 if there was nothing. A key that ends with \
                           `*` means all keys that begin alike, for which all files are looked at; so are they for any purge as long as \
                           the cache is `cold`. Where a folder cannot be listed meanwhile, or a file cannot be read or removed, the answer is \
                           500. What is being filled at the time goes to those who wait for it, and is not kept. Allow it to few.",
                    example: concat!("map $request_method $purges { PURGE 1; default 0; }\nserver {\n    location / {\n        \
                              ", $p, "_cache answers;\n        ", $p, "_cache_key $uri;\n        ", $p, "_cache_purge $purges;\n        \
                              ", $p, "_pass ", $address, ";\n    }\n}"),
                },
                apply: |statement| {
                    let texts = templates(statement)?;
                    growing::<$family, PurgeWritten>(statement).0.extend(texts);
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_force_ranges"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_force_ranges on | off;"),
                    default: concat!($p, "_force_ranges off;"),
                    text: "Whether clients can have ranges of answers, kept or not, although the origin did not say `Accept-Ranges`: \
                           one range of an answer whose length the origin says; of what is kept, several as well.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, ForceRangesWritten(on));
                    Ok(())
                },
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(super) const HTTP: [DirectiveSpec; 9] = rows!(
    "proxy",
    Http,
    "http://127.0.0.1:8000",
    "proxy_set_header Range",
    ""
);
/// Those of `fastcgi_pass`.
pub(super) const FASTCGI: [DirectiveSpec; 9] = rows!(
    "fastcgi",
    FastCgi,
    "127.0.0.1:9000",
    "fastcgi_param HTTP_RANGE",
    "fastcgi_cache_key $scheme$request_method$host$request_uri;\n        "
);
/// Those of `uwsgi_pass`.
pub(super) const UWSGI: [DirectiveSpec; 9] = rows!(
    "uwsgi",
    Uwsgi,
    "127.0.0.1:9000",
    "uwsgi_param HTTP_RANGE",
    "uwsgi_cache_key $scheme$request_method$host$request_uri;\n        "
);
/// Those of `scgi_pass`.
pub(super) const SCGI: [DirectiveSpec; 9] = rows!(
    "scgi",
    Scgi,
    "127.0.0.1:9000",
    "scgi_param HTTP_RANGE",
    "scgi_cache_key $scheme$request_method$host$request_uri;\n        "
);

/// The key of one family of programs.
macro_rules! key {
    ($p:literal, $family:ty) => {
        DirectiveSpec {
            name: concat!($p, "_cache_key"),
            contexts: BLOCKS,
            doc: Doc {
                syntax: concat!($p, "_cache_key STRING;"),
                default: "",
                text: concat!(
                    "What an answer is kept under: requests for which this text is the same get the same answer. A location with `",
                    $p,
                    "_cache` must have one, since parameters say what a program is asked for. The answer to HEAD is kept as \
                     such, and given to HEAD alone. With `$request_body` in it the body is read before the cache is asked; a \
                     request whose body is longer than 64k is passed on, and its answer is not kept."
                ),
                example: concat!($p, "_cache_key $scheme$request_method$host$request_uri;"),
            },
            apply: key::<$family>,
            ..SPEC
        }
    };
}

pub(super) const FASTCGI_KEY: DirectiveSpec = key!("fastcgi", FastCgi);
pub(super) const UWSGI_KEY: DirectiveSpec = key!("uwsgi", Uwsgi);
pub(super) const SCGI_KEY: DirectiveSpec = key!("scgi", Scgi);

pub(super) const PROXY_CACHE_KEY: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_key",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache_key STRING;",
        default: "the URL that the origin is asked for",
        text: "What an answer is kept under: requests for which this text is the same get the same answer. Without it, \
               this is what the origin is asked for: the scheme and host of `proxy_pass` and the path with its \
               arguments as they are sent, after rewriting, and with the URI of `proxy_pass` in the place of the location's \
               name. Cookies, other fields and bodies are no part of it. With `$request_body` in it the body is read before the cache \
               is asked; a request whose body is longer than 64k is passed on, and its answer is not kept.",
        example: "proxy_cache_key $proxy_host$uri$is_args$args;",
    },
    apply: key::<Http>,
    ..SPEC
};

pub(super) const PROXY_CACHE_CONVERT_HEAD: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_convert_head",
    contexts: BLOCKS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "proxy_cache_convert_head on | off;",
        default: "proxy_cache_convert_head on;",
        text: "With `on`, the origin is asked by GET where a client asks by HEAD, so that the answer can be kept. With \
               `off`, HEAD is passed on, and its answer is not kept; what GET has brought is given to HEAD as well.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        insert::<Http, _>(statement, ConvertHeadWritten(on));
        Ok(())
    },
    ..SPEC
};

fn key<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.template(1)?;
    insert::<F, _>(statement, KeyWritten(text));
    Ok(())
}

fn valid<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let words = statement.arguments();
    let Some((time, statuses)) = words.split_last() else {
        return Ok(());
    };
    let seconds = values::seconds(&time.text).map_err(|_| {
        let message = format!("invalid time value \"{}\"", time.text);
        Diagnostic::error(time.span, message).with_help("a time such as 30, 10s or \"1h 30m\"")
    })?;
    let mut numbers = Vec::new();
    let mut is_any = false;
    for word in statuses {
        if word.text == "any" {
            is_any = true;
            continue;
        }
        let status = word.text.parse::<u16>().ok();
        let status = status.filter(|status| (100..600).contains(status));
        if status == Some(304) {
            let what = "an answer with status 304 is never kept";
            statement.diagnostics.note_without_effect(word.span, what);
        }
        numbers.push(status.ok_or_else(|| {
            let message = format!("invalid status \"{}\"", word.text);
            Diagnostic::error(word.span, message).with_help("a number from 100 to 599, or \"any\"")
        })?);
    }
    let usual = statuses.is_empty();
    let ValidWritten(valid) = growing::<F, ValidWritten>(statement);
    match (usual, is_any) {
        (true, _) => valid.add(Some(&crate::cache::Valid::USUAL), seconds),
        (false, true) => valid.add(None, seconds),
        (false, false) => valid.add(Some(&numbers), seconds),
    }
    Ok(())
}

fn methods<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut methods = Methods::default();
    for (word, index) in statement.arguments().iter().zip(1..) {
        match word.text.as_str() {
            "GET" | "HEAD" => {}
            "POST" => methods.post = true,
            other => {
                let message = format!("invalid value \"{other}\"");
                return Err(statement
                    .error(index, message)
                    .with_help("expected GET, HEAD or POST"));
            }
        }
    }
    growing::<F, Methods>(statement).post |= methods.post;
    Ok(())
}

fn templates(statement: &Statement<'_>) -> Result<Vec<Text>, Diagnostic> {
    statement.arguments().iter().map(Text::parse).collect()
}
