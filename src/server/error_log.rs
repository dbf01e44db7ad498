//! The error log: lines in nginx's shape, to files or to standard error.
//!
//! It stands behind the `log` crate, through which everything writes, Pingora included. Only what comes
//! that way is limited: what the processes themselves report here is never left out. A message stays
//! on its line, whatever a client or a configuration put into it.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use log::{LevelFilter, Log, Metadata, Record};
use parking_lot::{Mutex, RwLock};

use super::log_limit::{LeftOut, Line, LogLimit, Verdict};
use crate::conf::with_reasons;
use crate::metric::Moment;
use crate::modules::log_level::NOTICE;
use crate::modules::process::{ErrorLog, LogForm, LogLevel, LogTarget};
use crate::modules::syslog::Syslog;
use crate::os::{self, LocalTime, LogFile};

/// Where lines go.
pub(super) struct Sinks(Vec<Sink>);

struct Sink {
    to: Way,
    level: LogLevel,
    form: LogForm,
}

enum Way {
    Stderr,
    File(Arc<LogFile>),
    Syslog(Syslog),
}

impl Way {
    fn write(&self, level: LogLevel, line: &[u8]) -> io::Result<()> {
        match self {
            Self::Stderr => io::stderr().write_all(line),
            Self::File(file) => file.write(line),
            Self::Syslog(syslog) => syslog.send(Some(level as u8), line),
        }
    }
}

static SINKS: RwLock<Sinks> = RwLock::new(Sinks(Vec::new()));
static LIMIT: Mutex<LogLimit> = Mutex::new(LogLimit::new());

impl Sinks {
    /// Standard error, for as long as nothing else is known.
    pub(super) fn stderr(level: LogLevel) -> Self {
        Self(vec![Sink {
            to: Way::Stderr,
            level,
            form: LogForm::Text,
        }])
    }

    /// Opens what a configuration names or, when it names nothing, the log of the command line, or
    /// standard error.
    ///
    /// # Errors
    /// Names the file that cannot be opened.
    pub(super) fn of(
        logs: &[ErrorLog],
        prefix: &Path,
        early_log: Option<&Path>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        match early_log {
            _ if !logs.is_empty() => Self::open(logs, prefix),
            Some(path) => Self::file_at(path, LogLevel::Error),
            None => Ok(Self::stderr(LogLevel::Error)),
        }
    }

    /// A file alone.
    ///
    /// # Errors
    /// With its name, when it cannot be opened.
    pub(super) fn file_at(path: &Path, level: LogLevel) -> Result<Self, (PathBuf, io::Error)> {
        let target = LogTarget::File(path.to_owned());
        let form = LogForm::Text;
        Self::open(
            &[ErrorLog {
                target,
                level,
                form,
            }],
            Path::new(""),
        )
    }

    fn open(logs: &[ErrorLog], prefix: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let sink = |log: &ErrorLog| {
            let to = match &log.target {
                LogTarget::Stderr => Way::Stderr,
                LogTarget::Syslog(target) => Way::Syslog(Syslog::new(target.clone())),
                LogTarget::File(path) => {
                    let path = prefix.join(path);
                    Way::File(LogFile::open(&path).map_err(|error| (path, error))?)
                }
            };
            let (level, form) = (log.level, log.form);
            Ok(Sink { to, level, form })
        };
        logs.iter().map(sink).collect::<Result<_, _>>().map(Self)
    }

    /// Nowhere.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// The first file among them.
    pub(super) fn file(&self) -> Option<&Arc<LogFile>> {
        self.0.iter().find_map(|sink| match &sink.to {
            Way::File(file) => Some(file),
            Way::Stderr | Way::Syslog(_) => None,
        })
    }

    /// Whether standard error is among them.
    pub(super) fn has_stderr(&self) -> bool {
        self.0.iter().any(|sink| matches!(sink.to, Way::Stderr))
    }
}

/// Takes over everything that is logged; to be called once, at the start.
pub(super) fn start(sinks: Sinks) {
    change(sinks);
    // It fails only when it was called before.
    drop(log::set_logger(&Facade));
}

/// Logs elsewhere from now on.
pub(super) fn change(sinks: Sinks) {
    let finest = sinks.0.iter().map(|sink| sink.level).max();
    log::set_max_level(match finest {
        None => LevelFilter::Off,
        Some(LogLevel::Emerg | LogLevel::Alert | LogLevel::Crit | LogLevel::Error) => {
            LevelFilter::Error
        }
        Some(LogLevel::Warn | LogLevel::Notice) => LevelFilter::Warn,
        Some(LogLevel::Info) => LevelFilter::Info,
        Some(LogLevel::Debug) => LevelFilter::Debug,
    });
    *SINKS.write() = sinks;
}

/// Has standard error go to the first log file, if there is one and standard error is no log itself.
pub(super) fn redirect_standard_error() {
    let sinks = SINKS.read();
    if let Some(file) = sinks.file().filter(|_| !sinks.has_stderr()) {
        // Without it, standard error goes where it went.
        drop(file.take_standard_error());
    }
}

/// Writes a line.
pub(super) fn write(level: LogLevel, message: &str) {
    write_to(level, message, |_| true);
}

/// Writes a line to all but standard error: standard error has got it already, in another form.
pub(super) fn write_to_files(level: LogLevel, message: &str) {
    write_to(level, message, |sink| !matches!(sink.to, Way::Stderr));
}

fn write_to(level: LogLevel, message: &str, chosen: fn(&Sink) -> bool) {
    let sinks = SINKS.read();
    let wanted = |sink: &&Sink| level <= sink.level && chosen(sink);
    let (mut text, mut json) = (None, None);
    for sink in sinks.0.iter().filter(wanted) {
        let line = match sink.form {
            LogForm::Text => text.get_or_insert_with(|| compose(level, message)),
            LogForm::Json => json.get_or_insert_with(|| compose_json(level, message)),
        };
        // There is nowhere to report that the log itself cannot be written.
        drop(sink.to.write(level, line.as_bytes()));
    }
}

/// Tells of lines that were left out, when it is time to.
pub(super) fn settle() {
    let left_out = LIMIT.lock().settle(Moment(os::monotonic()));
    left_out.iter().for_each(tell_left_out);
}

/// Tells of lines that were left out, at once: the process ends.
pub(super) fn finish() {
    let left_out = LIMIT.lock().settle(Moment(u64::MAX));
    left_out.iter().for_each(tell_left_out);
}

fn tell_left_out(left_out: &LeftOut) {
    let LeftOut {
        count,
        level,
        example,
    } = left_out;
    write(
        *level,
        &format!("{count} more lines are left out, the first was: {example}"),
    );
}

/// `YYYY/MM/DD hh:mm:ss [level] PID#TID: message`
fn compose(level: LogLevel, message: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = LocalTime::of(now.map_or(0, |since| since.as_secs()));
    let (process, thread) = (std::process::id(), os::thread_id());
    let mut line = format!(
        "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [{}] {process}#{thread}: ",
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        level.name()
    );
    append_printable(&mut line, &with_reasons(message));
    line.push('\n');
    line
}

/// The same as an object.
fn compose_json(level: LogLevel, message: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = LocalTime::of(now.map_or(0, |since| since.as_secs()));
    let (process, thread) = (std::process::id(), os::thread_id());
    let ahead = match time.offset_minutes < 0 {
        true => '-',
        false => '+',
    };
    let offset = time.offset_minutes.unsigned_abs();
    let message = with_reasons(message);
    let mut places = (0..=message.len().min(LONGEST)).rev();
    let end = places.find(|place| message.is_char_boundary(*place));
    let end = end.unwrap_or(0);
    let message = serde_json::Value::from(&message[..end]);
    format!(
        "{{\"time\":\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{ahead}{:02}:{:02}\",\"level\":\"{}\",\"pid\":{process},\"tid\":{thread},\"message\":{message}}}\n",
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        offset / 60,
        offset % 60,
        level.name()
    )
}

fn append_printable(line: &mut String, message: &str) {
    for character in message.chars() {
        if line.len() >= LONGEST {
            line.push('…');
            return;
        }
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
}

/// Bytes of the longest line, about.
const LONGEST: usize = 4096;

/// What the `log` crate writes to.
struct Facade;

impl Log for Facade {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        level_of(metadata).is_some()
    }

    fn log(&self, record: &Record<'_>) {
        let Some(level) = level_of(record.metadata()) else {
            return;
        };
        if !SINKS.read().0.iter().any(|sink| level <= sink.level) {
            return;
        }
        let line = Line {
            place: place_of(record),
            level,
            message: *record.args(),
        };
        let verdict = LIMIT.lock().judge(&line, Moment(os::monotonic()));
        let Verdict::Write { left_out } = verdict else {
            return;
        };
        left_out.iter().for_each(tell_left_out);
        match record.args().as_str() {
            Some(message) => write(level, message),
            None => write(level, &record.args().to_string()),
        }
    }

    fn flush(&self) {}
}

/// Our own lines keep their level. Libraries' serious ones do, too; their chatter is for developers.
fn level_of(metadata: &Metadata<'_>) -> Option<LogLevel> {
    let ours = metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    match metadata.level() {
        log::Level::Error => Some(LogLevel::Error),
        log::Level::Warn if metadata.target() == NOTICE => Some(LogLevel::Notice),
        log::Level::Warn => Some(LogLevel::Warn),
        log::Level::Info if ours => Some(LogLevel::Info),
        log::Level::Info => Some(LogLevel::Debug),
        log::Level::Debug => ours.then_some(LogLevel::Debug),
        log::Level::Trace => None,
    }
}

/// The line of source that a record comes from.
fn place_of(record: &Record<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (record.target(), record.file(), record.line()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_shape() {
        let line = compose(LogLevel::Notice, "two\nlines \u{7f}");
        let (time, rest) = line.split_at(19);
        let shape: String = time
            .chars()
            .map(|one| if one.is_ascii_digit() { '0' } else { one })
            .collect();
        assert_eq!(shape, "0000/00/00 00:00:00");
        let process = std::process::id();
        assert!(rest.starts_with(&format!(" [notice] {process}#")), "{rest}");
        assert!(rest.ends_with(": two\\nlines \\u{7f}\n"), "{rest}");
    }

    #[test]
    fn a_line_has_a_limit() {
        let line = compose(LogLevel::Error, &"ä".repeat(100_000));
        assert!(line.len() < LONGEST + 16 && line.ends_with("…\n"));
    }

    #[test]
    fn a_line_may_be_an_object() {
        let line = compose_json(LogLevel::Warn, &format!("\"a\"\n{}", "ä".repeat(9000)));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&read["level"], &read["pid"]),
            (&"warn".into(), &std::process::id().into())
        );
        assert!(read["message"].as_str().unwrap().starts_with("\"a\"\nää"));
        assert!(line.len() < LONGEST + 200 && line.ends_with("}\n"));
        let time = read["time"].as_str().unwrap();
        assert_eq!((time.len(), &time[10..11], &time[22..23]), (25, "T", ":"));
    }

    #[test]
    fn libraries_are_quiet() {
        let level = |target: &str, level| {
            level_of(&Metadata::builder().target(target).level(level).build())
        };
        assert_eq!(
            level("pingauge::zone", log::Level::Info),
            Some(LogLevel::Info)
        );
        assert_eq!(
            level("pingora_core::x", log::Level::Info),
            Some(LogLevel::Debug)
        );
        assert_eq!(level("pingora_core::x", log::Level::Debug), None);
        assert_eq!(level(NOTICE, log::Level::Warn), Some(LogLevel::Notice));
        assert_eq!(
            level("pingora_core::x", log::Level::Warn),
            Some(LogLevel::Warn)
        );
    }

    #[test]
    fn lines_go_to_every_place_that_wants_them() {
        let directory = std::env::temp_dir().join(format!("error-log-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let log = |name: &str, level| ErrorLog {
            target: LogTarget::File(name.into()),
            level,
            form: LogForm::Text,
        };
        let logs = [log("a", LogLevel::Warn), log("b", LogLevel::Info)];
        let sinks = Sinks::open(&logs, &directory).unwrap();
        assert!(sinks.file().is_some() && !sinks.has_stderr());
        change(sinks);
        write(LogLevel::Info, "small");
        write(LogLevel::Alert, "large");
        let lines = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
        assert!(lines("a").ends_with(": large\n") && !lines("a").contains("small"));
        assert!(lines("b").contains(": small\n") && lines("b").contains(": large\n"));
        change(Sinks(Vec::new()));
        std::fs::remove_dir_all(&directory).unwrap();
        let (path, _) = Sinks::open(&logs, &directory).err().unwrap();
        assert_eq!(path, directory.join("a"));
    }
}
