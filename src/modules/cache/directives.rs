//! The directives of a location: which answers are kept, under which keys, for how long.

use super::settings::{
    BypassWritten, CacheWritten, ConvertHeadWritten, ForceRangesWritten, KeyWritten,
    MaxRangeOffsetWritten, Methods, MinUsesWritten, NoCacheWritten, PurgeWritten, ValidWritten,
};
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Text, values,
};

pub(super) const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

pub(super) const PROXY_CACHE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache NAME | off;",
        default: "proxy_cache off;",
        text: "Has the answers of `proxy_pass` kept in the cache of this name, and given again as long as they are \
               valid. How long that is, `X-Accel-Expires` says before `Cache-Control` (`s-maxage` before `max-age`), \
               that before `Expires`, whatever order they come in, and `proxy_cache_valid` where none of them says \
               anything. An answer that sets a cookie is not kept, nor one with `no-cache`, `no-store` or `private`, with \
               `Vary: *`, with status 304, with 206 that nobody asked for, or one that is not read ahead of slow clients (`proxy_buffering`). \
               `proxy_ignore_headers` has such a field ignored. Answers that depend on fields of the request (`Vary`) \
               are kept for each of their values.\n\n\
               NAME may have variables: a request asks the cache of that name, or none where it is `off` or empty. Where \
               no `proxy_cache_path` declares the name, the request fails with 500 and the error log says so.\n\n\
               For the request that fills the cache, conditions and ranges are not passed on; they are judged here, \
               whether the answer is kept or not. A request that is to fill the cache goes on when its client has left.\n\n\
               Where `proxy_intercept_errors` has an `error_page` stand for an answer that is to be kept, its status and \
               fields are, and the page is made anew each time; the same goes for 502 and 504 of ours where \
               `proxy_cache_valid` has a time for them.",
        example: "proxy_cache_path /var/cache/pingauge keys_zone=answers:10m;\nserver {\n    location / {\n        \
                  proxy_cache answers;\n        proxy_cache_valid 200 10m;\n        proxy_pass http://127.0.0.1:8000;\n    }\n}",
    },
    apply: |statement| {
        let (word, name) = (statement.word(1).clone(), statement.template(1)?);
        statement
            .scope
            .insert(match (name.is_literal(), &*word.text) {
                (false, _) => CacheWritten::Evaluated(name),
                (true, "off") => CacheWritten::Off,
                (true, _) => CacheWritten::Named(word),
            });
        Ok(())
    },
    ..SPEC
};

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
    apply: |statement| {
        let text = statement.template(1)?;
        statement.scope.insert(KeyWritten(text));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_VALID: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_valid",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_cache_valid [STATUS ... | any] TIME;",
        default: "",
        text: "How long answers with these statuses are valid that do not say so themselves; without a status it is \
               200, 301 and 302. The first of several that names a status decides. `0` keeps such answers out. \
               An answer with status 206 is kept where `proxy_set_header Range` has the origin asked for a part, and given to \
               those whose requests would ask for the same part; without `$http_range` in `proxy_cache_key` each takes the \
               place of the one before.",
        example: "proxy_cache_valid 200 302 10m;\nproxy_cache_valid any 1m;",
    },
    apply: valid,
    ..SPEC
};

pub(super) const PROXY_CACHE_METHODS: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_methods",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_cache_methods GET | HEAD | POST ...;",
        default: "proxy_cache_methods GET HEAD;",
        text: "The methods of requests that the cache is asked about. `GET` and `HEAD` are always among them.",
        example: "",
    },
    apply: methods,
    ..SPEC
};

pub(super) const PROXY_CACHE_MIN_USES: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_min_uses",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache_min_uses NUMBER;",
        default: "proxy_cache_min_uses 1;",
        text: "How often an answer must have been asked for, this time included, before it is kept.",
        example: "",
    },
    apply: |statement| {
        let number = statement.number(1)?;
        statement.scope.insert(MinUsesWritten(number));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_BYPASS: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_bypass",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_cache_bypass STRING ...;",
        default: "",
        text: "When one of these texts is neither empty nor `0`, the origin is asked whatever the cache has; what it \
               answers is kept all the same (see `proxy_no_cache`).",
        example: "proxy_cache_bypass $http_x_refresh;",
    },
    apply: |statement| {
        let texts = templates(statement)?;
        statement
            .scope
            .get_or_default::<BypassWritten>()
            .0
            .extend(texts);
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_NO_CACHE: DirectiveSpec = DirectiveSpec {
    name: "proxy_no_cache",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_no_cache STRING ...;",
        default: "",
        text: "When one of these texts is neither empty nor `0` as the head of an answer has come, it is not kept.",
        example: "proxy_no_cache $http_authorization;",
    },
    apply: |statement| {
        let texts = templates(statement)?;
        statement
            .scope
            .get_or_default::<NoCacheWritten>()
            .0
            .extend(texts);
        Ok(())
    },
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
        statement.scope.insert(ConvertHeadWritten(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_MAX_RANGE_OFFSET: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_max_range_offset",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache_max_range_offset SIZE;",
        default: "",
        text: "A request for a range that begins beyond this place, or that is counted from the end, is passed on with \
               its range when the cache has no answer, and what it gets is not kept.",
        example: "",
    },
    apply: |statement| {
        let size = statement.offset(1)?;
        statement.scope.insert(MaxRangeOffsetWritten(size));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_PURGE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_purge",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_cache_purge STRING ...;",
        default: "",
        text: "When one of these texts is neither empty nor `0`, the request wants what is kept under its key to be \
               removed, with all its variants; it is answered with 204, or 404 if there was nothing. A key that ends with \
               `*` means all keys that begin alike, for which all files are looked at; so are they for any purge as long as \
               the cache is `cold`. Where a folder cannot be listed meanwhile, or a file cannot be read or removed, the answer is \
               500. What is being filled at the time goes to those who wait for it, and is not kept. Allow it to few.",
        example: "map $request_method $purges { PURGE 1; default 0; }\nserver {\n    location / {\n        \
                  proxy_cache answers;\n        proxy_cache_key $uri;\n        proxy_cache_purge $purges;\n        \
                  proxy_pass http://127.0.0.1:8000;\n    }\n}",
    },
    apply: |statement| {
        let texts = templates(statement)?;
        statement
            .scope
            .get_or_default::<PurgeWritten>()
            .0
            .extend(texts);
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_FORCE_RANGES: DirectiveSpec = DirectiveSpec {
    name: "proxy_force_ranges",
    contexts: BLOCKS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "proxy_force_ranges on | off;",
        default: "proxy_force_ranges off;",
        text: "Whether clients can have ranges of answers, kept or not, although the origin did not say `Accept-Ranges`: \
               one range of an answer whose length the origin says; of what is kept, several as well.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(ForceRangesWritten(on));
        Ok(())
    },
    ..SPEC
};

fn valid(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
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
    let ValidWritten(valid) = statement.scope.get_or_default::<ValidWritten>();
    match (usual, is_any) {
        (true, _) => valid.add(Some(&crate::cache::Valid::USUAL), seconds),
        (false, true) => valid.add(None, seconds),
        (false, false) => valid.add(Some(&numbers), seconds),
    }
    Ok(())
}

fn methods(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
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
    statement.scope.get_or_default::<Methods>().post |= methods.post;
    Ok(())
}

fn templates(statement: &Statement<'_>) -> Result<Vec<Text>, Diagnostic> {
    statement.arguments().iter().map(Text::parse).collect()
}
