//! The directives of a location about answers that are not valid any more, and about those that others fetch.

use super::directives::BLOCKS;
use super::settings::{
    BackgroundWritten, LockAgeWritten, LockTimeoutWritten, LockWritten, RevalidateWritten,
    UseStaleWritten,
};
use crate::conf::{Arity, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
use crate::http::plan::failures::Failures;
use crate::modules::family::{Family, FastCgi, Http, Scgi, Uwsgi, growing, insert};

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_cache_lock"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_cache_lock on | off;"),
                    default: concat!($p, "_cache_lock off;"),
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
                    insert::<$family, _>(statement, LockWritten(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_lock_age"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_cache_lock_age TIME;"),
                    default: concat!($p, "_cache_lock_age 5s;"),
                    text: "When the head of the answer that a request is to fill the cache with has not come for so long, another \
                           request may try; when its body has not come further, others go to the origin for themselves.",
                    example: "",
                },
                apply: |statement| {
                    let time = statement.milliseconds(1)?;
                    insert::<$family, _>(statement, LockAgeWritten(time));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_lock_timeout"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_cache_lock_timeout TIME;"),
                    default: concat!($p, "_cache_lock_timeout 5s;"),
                    text: "How long a request waits for another to have the head of its answer. Then it goes to the origin itself, \
                           and what it gets is not kept.",
                    example: "",
                },
                apply: |statement| {
                    let time = statement.milliseconds(1)?;
                    insert::<$family, _>(statement, LockTimeoutWritten(time));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_use_stale"),
                contexts: BLOCKS,
                arity: Arity::at_least(1),
                repeat: Repeat::Many,
                doc: Doc {
                    syntax: concat!($p, "_cache_use_stale error | timeout | invalid_header | updating | http_500 | http_502 | http_503 \
                             | http_504 | http_403 | http_404 | http_429 | off ...;"),
                    default: concat!($p, "_cache_use_stale off;"),
                    text: "When an answer is given that is not valid any more: when no peer could be asked or its answer broke off \
                           (`error`), came too late (`timeout`) or was none (`invalid_header`), when it has this status, or while another \
                           request asks for a newer one (`updating`). An answer with `stale-if-error` allows the first three \
                           itself, one with `stale-while-revalidate` the last one.",
                    example: concat!($p, "_cache_use_stale error timeout updating http_500 http_503;"),
                },
                apply: use_stale::<$family>,
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_background_update"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_cache_background_update on | off;"),
                    default: concat!($p, "_cache_background_update off;"),
                    text: concat!("With `on`, also the request that finds an answer not valid any more gets it, where `updating` of \
                           `", $p, "_cache_use_stale` or the answer itself allows it, and the origin is asked beside it."),
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, BackgroundWritten(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_cache_revalidate"),
                contexts: BLOCKS,
                arity: Arity::FLAG,
                doc: Doc {
                    syntax: concat!($p, "_cache_revalidate on | off;"),
                    default: concat!($p, "_cache_revalidate off;"),
                    text: "With `on`, the origin is asked whether an answer that is not valid any more has changed \
                           (`If-Modified-Since`, `If-None-Match`); when it has not (304), it is valid again.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, RevalidateWritten(on));
                    Ok(())
                },
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(super) const HTTP: [DirectiveSpec; 6] = rows!("proxy", Http);
/// Those of `fastcgi_pass`.
pub(super) const FASTCGI: [DirectiveSpec; 6] = rows!("fastcgi", FastCgi);
/// Those of `uwsgi_pass`.
pub(super) const UWSGI: [DirectiveSpec; 6] = rows!("uwsgi", Uwsgi);
/// Those of `scgi_pass`.
pub(super) const SCGI: [DirectiveSpec; 6] = rows!("scgi", Scgi);

fn use_stale<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
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
    let UseStaleWritten(all) = growing::<F, _>(statement);
    *all = all.with(when);
    Ok(())
}
