//! `limit_req` and what belongs to it, in servers and locations.

use super::bucket::{MOST, REQUEST};
use super::zone_directive::LIMIT_REQ_ZONE;
use crate::conf::{
    Arity, Diagnostic, DirectiveSpec, Doc, SPEC, Span, Statement, Word, each_once,
    unknown_parameter, values,
};
use crate::modules::limited::{self, MANY, PLACES};
use crate::modules::log_level::LogLevel;

/// All rows of the module.
pub(super) const DIRECTIVES: &[DirectiveSpec] =
    &[LIMIT_REQ_ZONE, LIMIT_REQ, STATUS, LOG_LEVEL, DRY_RUN];

const LIMIT_REQ: DirectiveSpec = DirectiveSpec {
    name: "limit_req",
    contexts: PLACES,
    arity: Arity::between(1, 3),
    repeat: MANY,
    doc: Doc {
        syntax: "limit_req zone=NAME [burst=N] [nodelay | delay=N];",
        default: "",
        text: "Lets requests in at the rate of the zone. Those that come faster wait until they fit the rate; with more than `burst` \
               (0) of them beyond it, the next is answered with `limit_req_status`. With `nodelay` none of them waits, with \
               `delay=N` the first N do not. A request that waits holds no thread, and ends with 499 when its client \
               leaves. With several zones it waits for the longest of the times, and is counted in all of them or in \
               none. A block that has any `limit_req` inherits none. A request is asked once, also where it is \
               redirected internally; subrequests are not. It is asked before `limit_conn` and `backpressure`.",
        example: "location /search/ {\n    limit_req zone=one burst=5;\n}",
    },
    apply: limit,
    ..SPEC
};

const STATUS: DirectiveSpec = DirectiveSpec {
    name: "limit_req_status",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_req_status CODE;",
        default: "limit_req_status 503;",
        text: "What requests are answered with that come too fast: 400 to 599.",
        example: "limit_req_status 429;",
    },
    apply: |statement| {
        let status = limited::status(statement)?;
        statement.scope.insert(StatusWritten(status));
        Ok(())
    },
    ..SPEC
};

const LOG_LEVEL: DirectiveSpec = DirectiveSpec {
    name: "limit_req_log_level",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_req_log_level info | notice | warn | error;",
        default: "limit_req_log_level error;",
        text: "At which level the error log tells of requests that are refused for their rate; of those that wait it tells one \
               level below.",
        example: "limit_req_log_level warn;",
    },
    apply: |statement| {
        let level = LogLevel::of(statement, 1)?;
        statement.scope.insert(LevelWritten(level));
        Ok(())
    },
    ..SPEC
};

const DRY_RUN: DirectiveSpec = DirectiveSpec {
    name: "limit_req_dry_run",
    contexts: PLACES,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "limit_req_dry_run on | off;",
        default: "limit_req_dry_run off;",
        text: "Lets every request in at once, and only counts and logs what would have been done.",
        example: "limit_req_dry_run on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(DryRunWritten(on));
        Ok(())
    },
    ..SPEC
};

/// `limit_req`, all of one block.
#[derive(Default)]
pub(super) struct LimitsWritten(pub(super) Vec<LimitWritten>);

/// One `limit_req`, in thousandths of requests.
pub(super) struct LimitWritten {
    pub(super) zone: String,
    pub(super) span: Span,
    pub(super) burst: u64,
    /// How far beyond the rate nobody waits.
    pub(super) delay: u64,
}

/// `limit_req_status`
pub(super) struct StatusWritten(pub(super) u16);

/// `limit_req_log_level`
#[derive(Clone, Copy)]
pub(super) struct LevelWritten(pub(super) LogLevel);

/// `limit_req_dry_run`
pub(super) struct DryRunWritten(pub(super) bool);

fn limit(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let words = statement.arguments();
    each_once(words, &[])?;
    let (mut zone, mut burst, mut delay) = (None, 0, None);
    for word in words {
        let (name, value) = parts(word);
        let is_delay_known = delay.is_some();
        match name {
            "zone" if !value.text.is_empty() => zone = Some(value),
            "burst" => burst = number(name, &value)?,
            "delay" | "nodelay" if is_delay_known => {
                let message = "\"nodelay\" and \"delay\" exclude each other";
                return Err(Diagnostic::error(word.span, message));
            }
            "delay" => delay = Some(number(name, &value)?),
            "nodelay" if word.text == "nodelay" => delay = Some(u64::MAX),
            _ => return Err(unknown(word)),
        }
    }
    let Some(zone) = zone else {
        let message = "\"limit_req\" must have \"zone\" parameter";
        let help = "write zone=NAME, of a zone that limit_req_zone declares";
        return Err(statement.error(0, message).with_help(help));
    };
    let limits = &mut statement.scope.get_or_default::<LimitsWritten>().0;
    if limits.iter().any(|limit| limit.zone == zone.text) {
        return Err(statement.duplicate().with_help("each zone is named once"));
    }
    limits.push(LimitWritten {
        zone: zone.text,
        span: zone.span,
        burst,
        delay: delay.unwrap_or(0),
    });
    Ok(())
}

/// The name of a parameter, and its value.
fn parts(word: &Word) -> (&str, Word) {
    let name = word.text.split('=').next().unwrap_or_default();
    let start = (name.len() + 1).min(word.text.len());
    (name, word.slice(start..word.text.len()))
}

fn unknown(word: &Word) -> Diagnostic {
    if word.text.starts_with("nodelay") {
        let message = format!("invalid parameter \"{}\"", word.text);
        return Diagnostic::error(word.span, message).with_help("\"nodelay\" has no value");
    }
    unknown_parameter(word, &["zone", "burst", "delay"])
}

/// A number of requests, as thousandths.
fn number(name: &str, value: &Word) -> Result<u64, Diagnostic> {
    let number = values::number(&value.text).ok();
    match number.filter(|number| (1..=MOST).contains(number)) {
        Some(number) => Ok(number * REQUEST),
        None => {
            let message = format!("invalid {name} value \"{}\"", value.text);
            let help = format!("expected a whole number from 1 to {MOST}");
            Err(Diagnostic::error(value.span, message).with_help(help))
        }
    }
}
