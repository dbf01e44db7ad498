//! `session_zone` as written.

use std::sync::Arc;

use super::bitrate;
use crate::conf::values;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word, each_once,
    unknown_parameter,
};
use crate::modules::log;
use crate::modules::metric::{Options, ZoneWritten as Memory, name_and_size, option};
use crate::modules::shared_zone::{Purpose, Sync};
use crate::sessions::{self, Limits, Settings};

/// The row.
pub(super) const SESSION_ZONE: DirectiveSpec = DirectiveSpec {
    name: "session_zone",
    contexts: Contexts::HTTP,
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "session_zone NAME:SIZE[:file=PATH] [timeout=TIME] [pending=TIME]\n    \
                 [max_sessions=N] [max_rx_bitrate=N] [max_tx_bitrate=N] [headroom=PERCENT%]\n    \
                 [companion=ZONE ...] [expire=on | off] [discard_key=NAME] [history=TIME]\n    \
                 [sync=TIME | exit] [log=PATH [format=NAME]];",
        default: "",
        text: "Declares a zone of shared memory for sessions: who gets what, and how fast (see `session`). A \
               session that is active is over when no byte went either way for `timeout` (30s unless said \
               otherwise, at least 1s), one that is pending after `pending` (5s). Shown at \
               `/status/http/session_zones/NAME`.\n\n\
               New sessions are refused when there are `max_sessions` pending and active ones; when the sum of the \
               highest bitrates sent to the pending and active ones, and to those of each `companion`, with \
               `headroom` (15%) on top and what the new one is expected to take, comes to `max_tx_bitrate`; or when \
               more than `max_rx_bitrate` is being received. Workers decide one after another for each zone; zones \
               that are companions of each other do not wait for each other, so each of them may let in one session \
               more than they should together, at the same instant. Bitrates are bits per second, with `k`, `m` or `g`; 0 is no \
               limit. What is refused is told in the error log (`session_log_level`) and answered with \
               `session_status`.\n\n\
               A session that is over is summed up by peer (and its locations), by location and by reference. What is \
               not touched for `history` is dropped; with `expire=on`, also what was not touched for longest, when \
               there is no room. With `expire=off`, which is the default, the history may fill the zone: new sessions \
               are not counted then, which is `discarded`, and told in the error log once a minute by each worker. With `discard_key`, what was dropped goes on counting under NAME. A session that \
               finds no room is served and not counted. With `log`, a line is written for each session that was \
               active, when it is over, by a `log_format` which may use `$session_...`; it knows nothing of any \
               request. Unless said otherwise it is \
               `$time_iso8601 \"$session_id\" \"$session_reference\" \"$session_location\" \"$session_peer\" \
               $session_duration $session_requests $session_rx_bytes $session_tx_bytes $session_rx_top \
               $session_tx_top \"$session_extra\"`. `log=off` writes none.\n\n\
               With `file`, the zone lasts, as with `metric_zone`; what was active when the server ended is \
               summed up when it begins again, as if it had ended after its `timeout`, and has its line in the log then, once. \
               (Of an id only 246 bytes are in such a line. If the machine itself went down, a line may come twice.) A server \
               that ends takes five seconds at most for what is active; what is left is closed like that.\n\n\
               Where something else changes bits of the zone's memory or file, requests are served, and what is shown of a \
               session is its own: a key that became another one is not shown, is taken away within a second, and told in \
               the error log; attributes that do not fit their check are `unknown`; sessions are counted anew when there \
               cannot be as many as was said. Numbers of bytes and bitrates have no check and may be wrong; limits may go by wrong ones for a second. A file in which a \
               key was changed, or that is not as a server left it that ended well, is set aside as `.bad`, and its snapshot counts.",
        example: "session_zone viewers:16m:file=/var/lib/pingauge/viewers timeout=30s max_sessions=1000\n    \
                  max_tx_bitrate=500m discard_key=other expire=on log=/var/log/pingauge/viewers.log;",
    },
    apply: zone,
    ..SPEC
};

/// What the zones are for. What is counted in memory that a zone has left is counted to sessions that are not there.
pub(super) static PURPOSE: Purpose = Purpose {
    kind: "session_zone",
    noun: "session zone",
    use_of_name: USE,
    section: "session_zones",
    adds_up: false,
};

/// What the names of the zones are used for.
pub(super) const USE: &str = "sessions";

/// The zones of an `http` block.
#[derive(Default)]
pub(super) struct ZonesWritten(pub Vec<ZoneWritten>);

/// One `session_zone`.
pub(super) struct ZoneWritten {
    pub memory: Memory,
    pub settings: Settings,
    /// What `discard_key` says.
    pub rest: Option<Vec<u8>>,
    pub companions: Vec<Word>,
    /// The path of a file, or `off`.
    pub log: Option<Word>,
    pub format: Option<Word>,
}

impl ZoneWritten {
    /// What is said of a zone that has no room for as many sessions as it may have.
    pub(super) fn tightness(&self, room: Option<u64>) -> Option<Diagnostic> {
        let (room, most) = (room?, self.settings.limits.sessions?);
        let name = &self.memory.name;
        let message = format!(
            "zone \"{name}\" has room for about {room} sessions, of \"max_sessions\" {most}"
        );
        let help = format!(
            "about {} bytes for each",
            self.memory.size as u64 / room.max(1)
        );
        let problem = Diagnostic::warning(self.memory.span, message).with_help(help);
        Some(problem).filter(|_| room < most)
    }
}

/// In a millisecond.
const NANOSECONDS: u64 = 1_000_000;

fn zone(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let mut written = begin(statement)?;
    let words = &statement.arguments()[1..];
    each_once(words, &["companion"])?;
    for word in words {
        parameter(&mut written, word)?;
    }
    finish(&mut written)?;
    let all = statement.scope.get_or_default::<ZonesWritten>();
    let name = &written.memory.name;
    if all.0.iter().any(|other| other.memory.name == *name) {
        let message = format!("session zone \"{name}\" is already declared");
        return Err(statement.error(1, message));
    }
    all.0.push(written);
    Ok(())
}

/// A zone with nothing but a name and a size.
fn begin(statement: &Statement<'_>) -> Result<ZoneWritten, Diagnostic> {
    let word = statement.word(1);
    let name = word.text.split(':').next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_plain) {
        let message = format!("invalid session zone name \"{name}\"");
        let problem = Diagnostic::error(word.slice(0..name.len()).span, message);
        return Err(problem.with_help("letters, digits and \"_\""));
    }
    let (name, size, file) = name_and_size(statement)?;
    let mut options = Options::default();
    options.file = file;
    Ok(ZoneWritten {
        memory: Memory {
            name,
            size,
            options,
            schema: Arc::new(sessions::schema()),
            is_simple: false,
            span: word.span,
        },
        settings: Settings {
            timeout: 30_000 * NANOSECONDS,
            pending: 5_000 * NANOSECONDS,
            limits: Limits {
                headroom: 0.15,
                ..Limits::default()
            },
        },
        rest: None,
        companions: Vec::new(),
        log: None,
        format: None,
    })
}

fn parameter(written: &mut ZoneWritten, word: &Word) -> Result<(), Diagnostic> {
    let (name, _) = word.text.split_once('=').unwrap_or((&word.text, ""));
    let value = word.slice((name.len() + 1).min(word.text.len())..word.text.len());
    let limits = &mut written.settings.limits;
    match name {
        "timeout" => written.settings.timeout = seconds(name, &value)?,
        "pending" => written.settings.pending = seconds(name, &value)?,
        "history" => {
            // What is pinned is never inactive: only rows of the history are.
            written.memory.options.inactive = Some(seconds(name, &value)? / NANOSECONDS);
        }
        "max_sessions" => limits.sessions = limit(sessions_number(&value)?),
        "max_rx_bitrate" => limits.rx_bitrate = limit(bitrate::read(&value)?),
        "max_tx_bitrate" => limits.tx_bitrate = limit(bitrate::read(&value)?),
        "headroom" => limits.headroom = headroom(&value)?,
        "companion" => written.companions.push(value),
        "log" if value.text.is_empty() => {
            let problem = Diagnostic::error(word.span, "empty \"log\"");
            return Err(problem.with_help("write log=PATH, or log=off"));
        }
        "log" => {
            let checked = log::check_path("session_zone", &value.text, value.span);
            checked.map_err(|problem| problem.with_help("write the path of a file"))?;
            written.log = Some(value);
        }
        "format" => written.format = Some(value),
        "discard_key" if matches!(&*value.text, "" | "\"\"" | "''") => {
            let problem = Diagnostic::error(word.span, "empty \"discard_key\"");
            return Err(problem.with_help("write discard_key=NAME, or leave it out"));
        }
        "expire" | "discard_key" | "sync" if option(&mut written.memory.options, word)? => {}
        _ => return Err(unknown_parameter(word, &NAMES)),
    }
    Ok(())
}

const NAMES: [&str; 13] = [
    "timeout",
    "pending",
    "max_sessions",
    "max_rx_bitrate",
    "max_tx_bitrate",
    "headroom",
    "companion",
    "expire",
    "discard_key",
    "history",
    "sync",
    "log",
    "format",
];

fn finish(written: &mut ZoneWritten) -> Result<(), Diagnostic> {
    written.rest = written.memory.options.overflow.discard_key.take();
    if let (Some(format), None) = (&written.format, &written.log) {
        let problem = Diagnostic::error(format.span, "\"format\" requires \"log\"");
        return Err(problem.with_help("write log=PATH format=NAME"));
    }
    if written.memory.declaration(&PURPOSE).sync == Sync::Always {
        let message = "\"sync=always\" is for zones that clients push to";
        let span = written.memory.options.sync_span();
        let problem = Diagnostic::error(span.unwrap_or(written.memory.span), message);
        return Err(problem.with_help("write sync=TIME or sync=exit"));
    }
    written.memory.options.check()
}

/// Zero is no limit.
fn limit(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number > 0)
}

/// A time of at least a second, in nanoseconds.
fn seconds(name: &str, value: &Word) -> Result<u64, Diagnostic> {
    let Ok(time) = values::milliseconds(&value.text) else {
        let message = format!("invalid \"{name}\" value \"{}\"", value.text);
        return Err(Diagnostic::error(value.span, message).with_help("a time, such as 30s or 5m"));
    };
    if time < 1000 {
        let message = format!("\"{name}\" must be at least 1s");
        return Err(
            Diagnostic::error(value.span, message).with_help("sessions are looked at each second")
        );
    }
    Ok(time.saturating_mul(NANOSECONDS))
}

fn sessions_number(value: &Word) -> Result<u64, Diagnostic> {
    values::number(&value.text).map_err(|_| {
        let message = format!("invalid \"max_sessions\" value \"{}\"", value.text);
        Diagnostic::error(value.span, message).with_help("a whole number; 0 is no limit")
    })
}

fn headroom(value: &Word) -> Result<f64, Diagnostic> {
    let digits = value.text.strip_suffix('%');
    let percent = digits.and_then(|digits| values::number(digits).ok());
    let percent = percent.filter(|percent| *percent <= MOST_HEADROOM);
    let percent = percent.ok_or_else(|| {
        let message = format!("invalid \"headroom\" value \"{}\"", value.text);
        Diagnostic::error(value.span, message).with_help("0% to 1000%")
    })?;
    Ok(percent as f64 / 100.0)
}

/// In percent.
const MOST_HEADROOM: u64 = 1000;
