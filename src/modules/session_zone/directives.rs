//! `session` and what belongs to it, as written.

use super::bitrate;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text, Word,
    each_once, unknown_parameter,
};
use crate::modules::log_level::LogLevel;

const CONTEXTS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows, but for that of zones.
pub(super) const SESSION: DirectiveSpec = DirectiveSpec {
    name: "session",
    contexts: CONTEXTS,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "session ZONE ID [reference=TEXT] [location=TEXT] [peer=TEXT] [extra=TEXT]\n    \
                 [activate=TEXT] [estimate=TX[,RX]] [close=TEXT] [if=TEXT];\nsession off;",
        default: "session off;",
        text: "Counts the request to the session ID in ZONE: all bytes that go over the client's \
               connection while the request is under way, at once as they go. A session that is not known yet \
               begins, unless a limit of the zone refuses it; one that is known is never refused. \
               With an empty ID, or where `if=` is empty or `0`, the request is not counted.\n\n\
               `reference`, `location` and `peer` say what the session is summed up by when it is over; they and \
               `extra` are those of the first request, but that a later `extra` replaces an earlier one, at most \
               once a second: of what requests say within a second of that, nothing is kept. An empty \
               `location` or `peer` is `unknown`. A session is pending until the first byte of a body goes \
               either way; with `activate`, until a request for which that is neither empty nor `0`. Pending ones \
               leave no trace. Bodies of error pages are bodies, too: use `activate` where only some requests count. \
               A session may end while a request is under way, which pauses for longer than it lives: the next byte \
               begins it anew, as one that no limit refuses, that is charged its estimate again, and that new ones are \
                  measured against. A new session is charged the bitrate TX (and RX) at once, in bits per \
               second with `k`, `m` or `g`; unless said, that of the fastest session of the same \
               reference. When a request is over for which `close` is neither empty nor `0`, its session is, too.\n\n\
               Several zones may be named; where one refuses a request, the others take back the sessions that it \
                  began. So does whatever refuses it behind `session` and before it is answered: `backpressure`, `deny`, \
                  `auth_request`, `auth_api_key`, a client's certificate. A session that was known keeps the request \
                  and the bytes of its answer. A level inherits the directives of the level above only if it \
               has none of its own. A request is counted once in each zone, whatever internal redirects it \
                  takes, to an error page, by `try_files` or by `X-Accel-Redirect`: once it is let in it stays with its session, \
                  also where `session off` holds, since its bytes go to the same client; only zones that it has not met yet are \
                  asked then. Subrequests are not counted, nor are requests that `return` or \
                  a `rewrite` to another address answers, which comes before.",
        example: "session viewers $arg_session reference=$stream location=$uri\n    \
                  peer=$peer_host activate=$is_media;",
    },
    apply: session,
    ..SPEC
};

pub(super) const SESSION_STATUS: DirectiveSpec = DirectiveSpec {
    name: "session_status",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "session_status CODE;",
        default: "session_status 503;",
        text: "The status of requests whose session is refused, 400 to 599.",
        example: "session_status 509;",
    },
    apply: |statement| {
        let status = statement.number(1)?;
        let status = u16::try_from(status).ok();
        let Some(status) = status.filter(|status| (400..600).contains(status)) else {
            let message = format!("invalid \"session_status\" value \"{}\"", statement.text(1));
            return Err(statement.error(1, message).with_help("400 to 599"));
        };
        statement.scope.insert(StatusWritten(status));
        Ok(())
    },
    ..SPEC
};

pub(super) const SESSION_LOG_LEVEL: DirectiveSpec = DirectiveSpec {
    name: "session_log_level",
    contexts: CONTEXTS,
    doc: Doc {
        syntax: "session_log_level info | notice | warn | error;",
        default: "session_log_level error;",
        text: "How the error log tells of sessions that are refused.",
        example: "session_log_level notice;",
    },
    apply: |statement| {
        let level = LogLevel::of(statement, 1)?;
        statement.scope.insert(LevelWritten(level));
        Ok(())
    },
    ..SPEC
};

pub(super) const SESSION_DRY_RUN: DirectiveSpec = DirectiveSpec {
    name: "session_dry_run",
    contexts: CONTEXTS,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "session_dry_run on | off;",
        default: "session_dry_run off;",
        text: "Whether requests are served although their session would be refused: it begins all \
               the same, and the request is counted as rejected.",
        example: "session_dry_run on;",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(DryRunWritten(on));
        Ok(())
    },
    ..SPEC
};

/// `session_status`.
pub(super) struct StatusWritten(pub u16);

/// `session_log_level`.
pub(super) struct LevelWritten(pub LogLevel);

/// `session_dry_run`.
pub(super) struct DryRunWritten(pub bool);

/// The `session` directives of one level.
#[derive(Default)]
pub(super) struct SessionsWritten {
    is_off: bool,
    pub sessions: Vec<SessionWritten>,
}

/// One `session` directive.
pub(super) struct SessionWritten {
    pub zone: Word,
    pub id: Text,
    pub reference: Option<Text>,
    pub location: Option<Text>,
    pub peer: Option<Text>,
    pub extra: Option<Text>,
    pub activate: Option<Text>,
    pub estimate: Option<Text>,
    pub close: Option<Text>,
    pub condition: Option<Text>,
}

impl SessionWritten {
    fn new(zone: &Word, id: Text) -> Self {
        Self {
            zone: zone.clone(),
            id,
            reference: None,
            location: None,
            peer: None,
            extra: None,
            activate: None,
            estimate: None,
            close: None,
            condition: None,
        }
    }

    /// The parameter of this name.
    fn parameter(&mut self, name: &str) -> Option<&mut Option<Text>> {
        Some(match name {
            "reference" => &mut self.reference,
            "location" => &mut self.location,
            "peer" => &mut self.peer,
            "extra" => &mut self.extra,
            "activate" => &mut self.activate,
            "estimate" => &mut self.estimate,
            "close" => &mut self.close,
            "if" => &mut self.condition,
            _ => return None,
        })
    }
}

fn session(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let is_off = statement.text(1) == "off" && statement.argument(2).is_none();
    let zone = statement.word(1);
    let all = statement.scope.get_or_default::<SessionsWritten>();
    let known = all.sessions.iter().any(|one| one.zone.text == zone.text);
    if all.is_off || is_off && !all.sessions.is_empty() {
        let message = "\"session off\" stands beside other \"session\" directives";
        let help =
            "what the level above has is inherited only where there is no \"session\" at all";
        return Err(statement.error(1, message).with_help(help));
    }
    if is_off {
        all.is_off = true;
        return Ok(());
    }
    if known {
        let message = format!("zone \"{}\" has a \"session\" here already", zone.text);
        let help = "a request belongs to one session of a zone";
        return Err(statement.error(1, message).with_help(help));
    }
    let is_named = |word: &&Word| {
        let name = word.text.split_once('=').map(|(name, _)| name);
        name.is_none_or(|name| !NAMES.contains(&name))
    };
    let id = statement.argument(2).filter(is_named);
    let Some(id) = id.filter(|id| !id.text.is_empty()) else {
        let message = "\"session\" requires an id";
        let help = "write \"session ZONE ID\", as in session viewers $arg_session";
        return Err(statement.error(1, message).with_help(help));
    };
    let mut written = SessionWritten::new(zone, Text::parse(id)?);
    let words = joined(&statement.arguments()[2..]);
    each_once(&words, &[])?;
    for word in &words {
        parameter(&mut written, word)?;
    }
    let all = statement.scope.get_or_default::<SessionsWritten>();
    all.sessions.push(written);
    Ok(())
}

/// The words with those put together that a quoted value consists of: by the rules of the language the quotes in
/// `extra="one two"` are part of two words, but nobody means that.
fn joined(words: &[Word]) -> Vec<Word> {
    let mut all: Vec<Word> = Vec::new();
    let mut is_open = false;
    for word in words {
        match all.last_mut().filter(|_| is_open) {
            Some(last) => {
                last.text = format!("{} {}", last.text, word.text);
                last.span = Span {
                    end: word.span.end,
                    ..last.span
                };
            }
            None => {
                is_open = !word.quoted && word.text.contains("=\"");
                all.push(word.clone());
            }
        }
        let value = all.last().and_then(|last| last.text.split_once("=\""));
        is_open = is_open && value.is_some_and(|(_, value)| !value.ends_with('"'));
    }
    for word in &mut all {
        let value = word.text.split_once("=\"").filter(|_| !word.quoted);
        if let Some((name, value)) =
            value.and_then(|(name, value)| Some((name, value.strip_suffix('"')?)))
        {
            word.text = format!("{name}={value}");
        }
    }
    all
}

const NAMES: [&str; 8] = [
    "reference",
    "location",
    "peer",
    "extra",
    "activate",
    "estimate",
    "close",
    "if",
];

fn parameter(written: &mut SessionWritten, word: &Word) -> Result<(), Diagnostic> {
    let (name, text) = word.text.split_once('=').unwrap_or((&word.text, ""));
    let place = written.parameter(name);
    let Some(place) = place.filter(|_| word.text.contains('=')) else {
        return Err(unknown_parameter(word, &NAMES));
    };
    let value = word.slice(name.len() + 1..word.text.len());
    let value_text = Text::parse(&value)?;
    if name == "estimate" && value_text.is_literal() && !text.is_empty() {
        bitrate::check_pair(&value)?;
    }
    *place = Some(value_text);
    Ok(())
}
