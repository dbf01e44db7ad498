//! `backpressure` and what belongs to it, in servers and locations.

use super::zone_directive::BACKPRESSURE_ZONE;
use super::{jitter, signal};
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text,
};
use crate::modules::log_level::LogLevel;

/// Where requests are let in, or kept waiting.
pub(super) const PLACES: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// All rows of the module.
pub(super) const DIRECTIVES: &[DirectiveSpec] = &[
    BACKPRESSURE_ZONE,
    signal::MONITOR,
    signal::SIGNAL,
    BACKPRESSURE,
    BYPASS,
    STATUS,
    LOG_LEVEL,
    DRY_RUN,
    jitter::JITTER,
    jitter::MAX,
    jitter::BYPASS,
];

const BACKPRESSURE: DirectiveSpec = DirectiveSpec {
    name: "backpressure",
    contexts: PLACES,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "backpressure ZONE | off;",
        default: "backpressure off;",
        text: "Lets a request in only if the window of ZONE has room for it; else it is answered with \
               `backpressure_status` before anything else is asked of an origin. It is under way until it is over, however it \
               ends. With several zones all of them must have room. A block that has any inherits none, and `off` ends what was \
               inherited. A request is asked once, also where it is redirected internally.",
        example: "location /api/ {\n    backpressure api;\n    proxy_pass http://backend;\n}",
    },
    apply: zone,
    ..SPEC
};

const BYPASS: DirectiveSpec = DirectiveSpec {
    name: "backpressure_bypass",
    contexts: PLACES,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "backpressure_bypass STRING...;",
        default: "",
        text: "Lets requests in without asking for room, and without counting them as under way, where one of the values \
               is neither empty nor \"0\". They are counted as `skipped`.",
        example: "map $http_x_request_criticality $critical {\n    CRITICAL_PLUS 1;\n    default \
                  \"\";\n}\nserver {\n    backpressure_bypass $critical;\n}",
    },
    apply: |statement| {
        let conditions = conditions(statement)?;
        statement.scope.insert(BypassWritten(conditions));
        Ok(())
    },
    ..SPEC
};

const STATUS: DirectiveSpec = DirectiveSpec {
    name: "backpressure_status",
    contexts: PLACES,
    doc: Doc {
        syntax: "backpressure_status CODE;",
        default: "backpressure_status 429;",
        text: "What a request is answered with for which there is no room: 400 to 599.",
        example: "backpressure_status 503;",
    },
    apply: |statement| {
        let code = statement.number(1)?;
        let status = u16::try_from(code)
            .ok()
            .filter(|code| (400..=599).contains(code));
        let Some(status) = status else {
            let message = "value must be between 400 and 599";
            return Err(statement.error(1, message));
        };
        statement.scope.insert(StatusWritten(status));
        Ok(())
    },
    ..SPEC
};

const LOG_LEVEL: DirectiveSpec = DirectiveSpec {
    name: "backpressure_log_level",
    contexts: PLACES,
    doc: Doc {
        syntax: "backpressure_log_level info | notice | warn | error;",
        default: "backpressure_log_level error;",
        text: "At which level the error log tells of requests for which there was no room.",
        example: "backpressure_log_level warn;",
    },
    apply: |statement| {
        let level = LogLevel::of(statement, 1)?;
        statement.scope.insert(LevelWritten(level));
        Ok(())
    },
    ..SPEC
};

const DRY_RUN: DirectiveSpec = DirectiveSpec {
    name: "backpressure_dry_run",
    contexts: PLACES,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "backpressure_dry_run on | off;",
        default: "backpressure_dry_run off;",
        text: "Lets every request in, and only counts and logs those for which there is no room.",
        example: "backpressure_dry_run on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(DryRunWritten(on));
        Ok(())
    },
    ..SPEC
};

/// `backpressure`, all of one block.
#[derive(Default)]
pub(super) struct ZonesWritten {
    pub(super) names: Vec<(String, Span)>,
    is_off: bool,
}

/// `backpressure_bypass`
pub(super) struct BypassWritten(pub(super) Vec<Text>);

/// `backpressure_status`
pub(super) struct StatusWritten(pub(super) u16);

/// `backpressure_log_level`
pub(super) struct LevelWritten(pub(super) LogLevel);

/// `backpressure_dry_run`
pub(super) struct DryRunWritten(pub(super) bool);

fn zone(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let word = statement.word(1);
    let is_off = word.text == "off";
    let known = statement.scope.get_or_default::<ZonesWritten>();
    if known.is_off || is_off && !known.names.is_empty() {
        let message = "\"backpressure off\" stands beside a zone";
        let help = "a block either has zones or \"off\"";
        return Err(statement.error(0, message).with_help(help));
    }
    if known.names.iter().any(|(name, _)| *name == word.text) {
        return Err(statement.duplicate().with_help("each zone is named once"));
    }
    known.is_off = is_off;
    if !is_off {
        known.names.push((word.text.clone(), word.span));
    }
    Ok(())
}

/// The arguments, as texts of which one must be true.
pub(super) fn conditions(statement: &Statement<'_>) -> Result<Vec<Text>, Diagnostic> {
    statement.arguments().iter().map(Text::parse).collect()
}
