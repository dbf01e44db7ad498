//! The rows of the module, and what they store.

use std::time::Duration;

use super::COMBINED;
use super::file::Buffering;
use super::format::Escaping;
use crate::conf::values;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text, Word,
};

/// The directives of access logs.
pub(super) const DIRECTIVES: &[DirectiveSpec] = &[LOG_FORMAT, ACCESS_LOG];

/// Every `log_format`.
#[derive(Default)]
pub(super) struct FormatsWritten(pub Vec<FormatWritten>);

/// One `log_format`.
pub(super) struct FormatWritten {
    pub name: String,
    pub text: Text,
    pub escaping: Escaping,
}

/// Every `access_log` of a block.
#[derive(Default)]
pub(super) struct AccessLogsWritten {
    pub is_off: bool,
    pub logs: Vec<AccessLogWritten>,
}

/// One `access_log`.
pub(super) struct AccessLogWritten {
    pub path: String,
    pub format: Option<Word>,
    pub condition: Option<Text>,
    pub buffering: Option<Buffering>,
    pub span: Span,
}

impl AccessLogWritten {
    /// A log with nothing but a path.
    pub(super) fn new(path: &str, span: Span) -> Self {
        Self {
            path: path.to_owned(),
            format: None,
            condition: None,
            buffering: None,
            span,
        }
    }
}

const LOG_FORMAT: DirectiveSpec = DirectiveSpec {
    name: "log_format",
    contexts: Contexts::HTTP,
    arity: Arity::at_least(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "log_format NAME [escape=default | json | none] TEXT ...;",
        default: "log_format combined '$remote_addr - $remote_user [$time_local] \"$request\" \
                  $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"';",
        text: "Names a form of access log lines; several TEXTs are joined. In the values of \
               variables quotes, backslashes and whatever is not printable ASCII are written as \
               `\\xXX`, with `json` as in a JSON string, with `none` as they are. A variable \
               without a value is written as `-` in the default form.",
        example: "log_format times '$request_time $upstream_response_time \"$request\"';",
    },
    apply: log_format,
    ..SPEC
};

const ACCESS_LOG: DirectiveSpec = DirectiveSpec {
    name: "access_log",
    contexts: Contexts::HTTP
        .or(Contexts::SERVER)
        .or(Contexts::LOCATION)
        .or(Contexts::LOCATION_IF)
        .or(Contexts::LIMIT_EXCEPT),
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "access_log PATH [FORMAT] [buffer=SIZE [flush=TIME]] [if=TEXT];\naccess_log off;",
        default: "access_log logs/access.log combined;",
        text: "Writes a line for each request to a file, which USR1 reopens. With `if=`, only when \
               TEXT is neither empty nor `0`. With `buffer=`, lines are gathered and written when \
               SIZE is full, after TIME, and when the worker ends. PATH holds no variables. Blocks \
               with an `access_log` of their own inherit none.",
        example: "access_log logs/slow.log combined if=$is_slow;",
    },
    apply: access_log,
    ..SPEC
};

fn log_format(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1).to_owned();
    let known = statement.scope.get_or_default::<FormatsWritten>();
    if name == COMBINED || known.0.iter().any(|format| format.name == name) {
        let message = format!("duplicate \"log_format\" name \"{name}\"");
        return Err(statement.error(1, message));
    }
    let choices = [
        ("escape=default", Escaping::Default),
        ("escape=json", Escaping::Json),
        ("escape=none", Escaping::None),
    ];
    let has_escape = statement.text(2).starts_with("escape=");
    let (escaping, first) = match has_escape {
        true => (statement.enumeration(2, &choices)?, 3),
        false => (Escaping::Default, 2),
    };
    let mut text = Text {
        parts: Vec::new(),
        span: statement.directive.span,
    };
    for number in first..=statement.arguments().len() {
        text.parts.extend(statement.template(number)?.parts);
    }
    let format = FormatWritten {
        name,
        text,
        escaping,
    };
    statement
        .scope
        .get_or_default::<FormatsWritten>()
        .0
        .push(format);
    Ok(())
}

fn access_log(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    if statement.text(1) == "off" {
        if let Some(word) = statement.argument(2) {
            return Err(invalid(word, "nothing follows \"off\""));
        }
        let written = statement.scope.get_or_default::<AccessLogsWritten>();
        written.is_off = true;
        return Ok(());
    }
    let path = statement.text(1);
    check_path("access_log", path, statement.word(1).span)?;
    let mut log = AccessLogWritten::new(path, statement.word(1).span);
    let mut flush = None;
    for (number, word) in statement.arguments().iter().enumerate().skip(1) {
        match word.text.split_once('=') {
            Some(("if", _)) => {
                let condition = word.slice("if=".len()..word.text.len());
                log.condition = Some(Text::parse(&condition)?);
            }
            Some(("buffer", size)) => {
                let size = values::size(size).ok().filter(|size| *size > 0);
                let size = size.and_then(|size| usize::try_from(size).ok());
                let size =
                    size.ok_or_else(|| invalid(word, "expected a size, as in buffer=64k"))?;
                log.buffering = Some(Buffering { size, flush: None });
            }
            Some(("flush", time)) => {
                let time = values::milliseconds(time).ok().filter(|time| *time > 0);
                let time = time.ok_or_else(|| invalid(word, "expected a time, as in flush=5s"))?;
                flush = Some((word, Duration::from_millis(time)));
            }
            Some(("gzip", _)) => return Err(invalid(word, "logs are not compressed here")),
            None if word.text == "gzip" => {
                return Err(invalid(word, "logs are not compressed here"));
            }
            None if number == 1 => log.format = Some(word.clone()),
            _ => return Err(invalid(word, "expected buffer=SIZE, flush=TIME or if=TEXT")),
        }
    }
    if let Some((word, time)) = flush {
        let buffering = log.buffering.as_mut();
        let buffering = buffering.ok_or_else(|| invalid(word, "flush needs buffer=SIZE"))?;
        buffering.flush = Some(time);
    }
    let written = statement.scope.get_or_default::<AccessLogsWritten>();
    written.logs.push(log);
    Ok(())
}

/// Refuses the path of a log that names no one file.
pub(in crate::modules) fn check_path(
    directive: &str,
    path: &str,
    span: Span,
) -> Result<(), Diagnostic> {
    let (what, help) = if path.contains('$') {
        let help = "write a fixed path; \"if=\" chooses what goes to which log";
        ("variables in its path", help)
    } else if path.starts_with("syslog:") {
        ("syslog", "write to a file, or to /dev/stdout")
    } else {
        return Ok(());
    };
    let message = format!("\"{directive}\" does not support {what}");
    Err(Diagnostic::error(span, message).with_help(help))
}

fn invalid(word: &Word, help: &str) -> Diagnostic {
    let message = format!("invalid parameter \"{}\"", word.text);
    Diagnostic::error(word.span, message).with_help(help)
}
