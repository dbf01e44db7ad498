//! The rows of the module, and what they store.

use std::time::Duration;

use super::COMBINED;
use super::file::Buffering;
use super::format::Escaping;
use super::named::OPEN_LOG_FILE_CACHE;
use crate::conf::values;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text, Word,
};
use crate::modules::syslog::{self, SyslogTarget};

/// The directives of access logs.
pub(super) const DIRECTIVES: &[DirectiveSpec] = &[LOG_FORMAT, ACCESS_LOG, OPEN_LOG_FILE_CACHE];

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
    /// The path, where it holds variables.
    pub named: Option<Text>,
    /// The daemon that it goes to instead of a file.
    pub syslog: Option<SyslogTarget>,
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
            named: None,
            syslog: None,
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
        syntax: "access_log PATH [FORMAT] [buffer=SIZE] [gzip[=LEVEL]] [flush=TIME] [if=TEXT];\n\
                 access_log syslog:server=ADDRESS[,PARAMETER …] [FORMAT] [if=TEXT];\naccess_log off;",
        default: "access_log logs/access.log combined;",
        text: "Writes a line for each request to a file, which USR1 reopens. With `if=`, only when \
               TEXT is neither empty nor `0`. With `buffer=`, lines are gathered and written when \
               SIZE is full, after TIME, and when the worker ends; with `gzip` each time packed, by LEVEL 1 (the default) to 9, \
               and SIZE is 64k if it is not written. A PATH with variables names a file for \
               each value, which is opened for each line, or kept open by `open_log_file_cache`; no file is made where the \
               `root` of the request does not exist. `syslog:` sends each line to a daemon at ADDRESS, by UDP to port \
               514 unless another is written, or `unix:PATH`. Its PARAMETERs are `facility=` (`local7`), `severity=` (`info`), \
               `tag=` (`pingauge`) and `nohostname`; lines that the system has no room for are lost. Blocks \
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
    let path = statement.word(1);
    let mut log = AccessLogWritten::new(&path.text, path.span);
    if path.text.starts_with(syslog::PREFIX) {
        log.syslog = Some(SyslogTarget::parse(path)?);
    } else if path.text.contains('$') {
        log.named = Some(statement.template(1)?);
    }
    log.buffering = buffering(statement, &mut log)?;
    if log.buffering.is_some() && (log.syslog.is_some() || log.named.is_some()) {
        let message = match log.syslog {
            Some(_) => "logs to syslog cannot be buffered",
            None => "buffered logs cannot have variables in name",
        };
        let help = "remove buffer, gzip and flush";
        return Err(Diagnostic::error(log.span, message).with_help(help));
    }
    let written = statement.scope.get_or_default::<AccessLogsWritten>();
    written.logs.push(log);
    Ok(())
}

/// Reads what is behind the path; returns how lines are gathered.
fn buffering(
    statement: &Statement<'_>,
    log: &mut AccessLogWritten,
) -> Result<Option<Buffering>, Diagnostic> {
    let (mut size, mut gzip, mut flush) = (None, None, None);
    for (number, word) in statement.arguments().iter().enumerate().skip(1) {
        match word.text.split_once('=') {
            Some(("if", _)) => {
                let condition = word.slice("if=".len()..word.text.len());
                log.condition = Some(Text::parse(&condition)?);
            }
            Some(("buffer", text)) => {
                let read = values::size(text).ok().filter(|size| *size > 0);
                let read = read.and_then(|size| usize::try_from(size).ok());
                size =
                    Some(read.ok_or_else(|| invalid(word, "expected a size, as in buffer=64k"))?);
            }
            Some(("flush", time)) => {
                let time = values::milliseconds(time).ok().filter(|time| *time > 0);
                let time = time.ok_or_else(|| invalid(word, "expected a time, as in flush=5s"))?;
                flush = Some((word, Duration::from_millis(time)));
            }
            Some(("gzip", level)) => gzip = Some(packing(word, level)?),
            None if word.text == "gzip" => gzip = Some(1),
            None if number == 1 => log.format = Some(word.clone()),
            _ => {
                let help = "expected buffer=SIZE, gzip=LEVEL, flush=TIME or if=TEXT";
                return Err(invalid(word, help));
            }
        }
    }
    let Some(size) = size.or(gzip.map(|_| PACKED)) else {
        return match flush {
            Some((word, _)) => Err(invalid(word, "flush needs buffer=SIZE")),
            None => Ok(None),
        };
    };
    let flush = flush.map(|(_, time)| time);
    Ok(Some(Buffering { size, flush, gzip }))
}

fn packing(word: &Word, level: &str) -> Result<u32, Diagnostic> {
    let level = values::number(level).ok();
    let level = level.and_then(|level| u32::try_from(level).ok());
    let level = level.filter(|level| (1..=9).contains(level));
    level.ok_or_else(|| invalid(word, "levels are 1 to 9"))
}

/// So much is gathered to be packed.
const PACKED: usize = 64 * 1024;

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
