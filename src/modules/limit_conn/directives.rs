//! `limit_conn` and what belongs to it.

use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, values,
};
use crate::modules::limited::{self, MANY, PLACES, ZoneWritten};
use crate::modules::log_level::LogLevel;

/// All rows of the module.
pub(super) const DIRECTIVES: &[DirectiveSpec] =
    &[LIMIT_CONN_ZONE, LIMIT_CONN, STATUS, LOG_LEVEL, DRY_RUN];

const LIMIT_CONN_ZONE: DirectiveSpec = DirectiveSpec {
    name: "limit_conn_zone",
    contexts: Contexts::HTTP,
    arity: Arity::exactly(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "limit_conn_zone KEY zone=NAME:SIZE;",
        default: "",
        text: "Declares a zone in which `limit_conn` keeps how many requests are under way, for each value of KEY, over all \
               workers. Requests with an empty KEY, or one of more than 65535 bytes, are not limited. Where there is no \
               room for another key, one with no request under way gives its place; if there is none, the request is \
               refused. What a killed worker had under way is given back within a second. After a reload what is counted \
               stays; another KEY needs another name. Shown at `/status/http/limit_conns/NAME`.",
        example: "limit_conn_zone $binary_remote_addr zone=addr:10m;",
    },
    apply: zone,
    ..SPEC
};

const LIMIT_CONN: DirectiveSpec = DirectiveSpec {
    name: "limit_conn",
    contexts: PLACES,
    arity: Arity::exactly(2),
    repeat: MANY,
    doc: Doc {
        syntax: "limit_conn ZONE NUMBER;",
        default: "",
        text: "Lets a request in only if fewer than NUMBER with the same key of ZONE are under way; else it is answered with \
               `limit_conn_status`. A connection counts while a request of it is under way, from when its head was read \
               to the end of its response; in HTTP/2 each stream counts. With several zones a request must fit in all. A \
               block that has any `limit_conn` inherits none. A request is counted once, also where it is redirected \
               internally; subrequests are not.",
        example: "location /download/ {\n    limit_conn addr 1;\n}",
    },
    apply: limit,
    ..SPEC
};

const STATUS: DirectiveSpec = DirectiveSpec {
    name: "limit_conn_status",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_conn_status CODE;",
        default: "limit_conn_status 503;",
        text: "What requests are answered with of which too many are under way: 400 to 599.",
        example: "limit_conn_status 429;",
    },
    apply: |statement| {
        let status = limited::status(statement)?;
        statement.scope.insert(StatusWritten(status));
        Ok(())
    },
    ..SPEC
};

const LOG_LEVEL: DirectiveSpec = DirectiveSpec {
    name: "limit_conn_log_level",
    contexts: PLACES,
    doc: Doc {
        syntax: "limit_conn_log_level info | notice | warn | error;",
        default: "limit_conn_log_level error;",
        text: "At which level the error log tells of requests that are refused because too many are under way.",
        example: "limit_conn_log_level warn;",
    },
    apply: |statement| {
        let level = LogLevel::of(statement, 1)?;
        statement.scope.insert(LevelWritten(level));
        Ok(())
    },
    ..SPEC
};

const DRY_RUN: DirectiveSpec = DirectiveSpec {
    name: "limit_conn_dry_run",
    contexts: PLACES,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "limit_conn_dry_run on | off;",
        default: "limit_conn_dry_run off;",
        text: "Lets every request in, and only counts and logs those of which too many are under way.",
        example: "limit_conn_dry_run on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(DryRunWritten(on));
        Ok(())
    },
    ..SPEC
};

/// The zones of an `http` block.
#[derive(Default)]
pub(super) struct ZonesWritten(pub(super) Vec<ZoneWritten>);

/// `limit_conn`, all of one block.
#[derive(Default)]
pub(super) struct LimitsWritten(pub(super) Vec<LimitWritten>);

/// One `limit_conn`.
pub(super) struct LimitWritten {
    pub(super) zone: String,
    pub(super) span: Span,
    pub(super) most: u32,
}

/// `limit_conn_status`
pub(super) struct StatusWritten(pub(super) u16);

/// `limit_conn_log_level`
pub(super) struct LevelWritten(pub(super) LogLevel);

/// `limit_conn_dry_run`
pub(super) struct DryRunWritten(pub(super) bool);

fn zone(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let zone = ZoneWritten::read(statement, &["zone"], |_| Ok(false))?;
    let zones = &mut statement.scope.get_or_default::<ZonesWritten>().0;
    if zones.iter().any(|other| other.name == zone.name) {
        let message = format!("\"limit_conn_zone\" \"{}\" is already declared", zone.name);
        return Err(Diagnostic::error(zone.span, message));
    }
    zones.push(zone);
    Ok(())
}

/// What is noted of a worker's share has 16 bits.
const MOST: u64 = 65_535;

fn limit(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let number = values::number(statement.text(2)).ok();
    let number = number.filter(|number| (1..=MOST).contains(number));
    let Some(most) = number.and_then(|number| u32::try_from(number).ok()) else {
        let message = format!("invalid number of connections \"{}\"", statement.text(2));
        let help = format!("expected a whole number from 1 to {MOST}");
        return Err(statement.error(2, message).with_help(help));
    };
    let word = statement.word(1);
    let limits = &mut statement.scope.get_or_default::<LimitsWritten>().0;
    if limits.iter().any(|limit| limit.zone == word.text) {
        return Err(statement.duplicate().with_help("each zone is named once"));
    }
    limits.push(LimitWritten {
        zone: word.text.clone(),
        span: word.span,
        most,
    });
    Ok(())
}
