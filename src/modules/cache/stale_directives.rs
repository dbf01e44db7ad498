//! The directives of a location about answers that are not valid any more, and about those that others fetch.

use super::directives::BLOCKS;
use super::settings::{
    BackgroundWritten, LockAgeWritten, LockTimeoutWritten, LockWritten, RevalidateWritten,
    UseStaleWritten,
};
use crate::conf::{Arity, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
use crate::http::plan::failures::Failures;

pub(super) const PROXY_CACHE_LOCK: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_lock",
    contexts: BLOCKS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "proxy_cache_lock on | off;",
        default: "proxy_cache_lock off;",
        text: "With `on`, one request at a time fills the same place of the cache, over all workers. Others wait until \
               the head of its answer is there, and then get the body as it comes, which counts as a hit. With `off` \
               they go to the origin as well, and their answers are not kept. Where the answer turns out to be one that is \
               not kept, all who waited for it go to the origin at once.\n\n\
               Where the disk takes no more of an answer, or whoever fills its place dies or stands still, those who get it as \
               it comes ask the origin once more, those of a range for that range, and go on where they were if it answers \
               the same; requests by POST, whose body is not kept, and subrequests break off.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(LockWritten(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_LOCK_AGE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_lock_age",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache_lock_age TIME;",
        default: "proxy_cache_lock_age 5s;",
        text: "When the head of the answer that a request is to fill the cache with has not come for so long, another \
               request may try; when its body has not come further, others go to the origin for themselves.",
        example: "",
    },
    apply: |statement| {
        let time = statement.milliseconds(1)?;
        statement.scope.insert(LockAgeWritten(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_LOCK_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_lock_timeout",
    contexts: BLOCKS,
    doc: Doc {
        syntax: "proxy_cache_lock_timeout TIME;",
        default: "proxy_cache_lock_timeout 5s;",
        text: "How long a request waits for another to have the head of its answer. Then it goes to the origin itself, \
               and what it gets is not kept.",
        example: "",
    },
    apply: |statement| {
        let time = statement.milliseconds(1)?;
        statement.scope.insert(LockTimeoutWritten(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_USE_STALE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_use_stale",
    contexts: BLOCKS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "proxy_cache_use_stale error | timeout | invalid_header | updating | http_500 | http_502 | http_503 \
                 | http_504 | http_403 | http_404 | http_429 | off ...;",
        default: "proxy_cache_use_stale off;",
        text: "When an answer is given that is not valid any more: when no peer could be asked or its answer broke off \
               (`error`), came too late (`timeout`) or was none (`invalid_header`), when it has this status, or while another \
               request asks for a newer one (`updating`). An answer with `stale-if-error` allows the first three \
               itself, one with `stale-while-revalidate` the last one.",
        example: "proxy_cache_use_stale error timeout updating http_500 http_503;",
    },
    apply: use_stale,
    ..SPEC
};

pub(super) const PROXY_CACHE_BACKGROUND_UPDATE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_background_update",
    contexts: BLOCKS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "proxy_cache_background_update on | off;",
        default: "proxy_cache_background_update off;",
        text: "With `on`, also the request that finds an answer not valid any more gets it, where `updating` of \
               `proxy_cache_use_stale` or the answer itself allows it, and the origin is asked beside it.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(BackgroundWritten(on));
        Ok(())
    },
    ..SPEC
};

pub(super) const PROXY_CACHE_REVALIDATE: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_revalidate",
    contexts: BLOCKS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "proxy_cache_revalidate on | off;",
        default: "proxy_cache_revalidate off;",
        text: "With `on`, the origin is asked whether an answer that is not valid any more has changed \
               (`If-Modified-Since`, `If-None-Match`); when it has not (304), it is valid again.",
        example: "",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(RevalidateWritten(on));
        Ok(())
    },
    ..SPEC
};

fn use_stale(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut when = Failures::NONE;
    for (word, index) in statement.arguments().iter().zip(1..) {
        let one = match word.text.as_str() {
            "updating" => Some(Failures::UPDATING),
            other => Failures::word(other),
        };
        when = when.with(one.ok_or_else(|| {
            let message = format!("invalid value \"{}\"", word.text);
            statement.error(index, message).with_help(
                "expected error, timeout, invalid_header, updating, off, or http_ and one of 403, 404, 429, 500, \
                 502, 503, 504",
            )
        })?);
    }
    let UseStaleWritten(all) = statement.scope.get_or_default();
    *all = all.with(when);
    Ok(())
}
