//! To whom problems are told: people at a terminal, in nginx's form with the spot shown below, or the
//! error log, a line for each.

use std::io::{self, Write};

use super::error_log;
use crate::conf::{Diagnostics, Severity, Sources, with_reasons};
use crate::modules::process::LogLevel;

/// Who is to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Whoever started the command; a log file that is open already gets it, too.
    Terminal,
    /// Readers of the error log.
    Log,
}

impl Audience {
    /// Tells what is wrong with a configuration.
    pub(super) fn diagnostics(self, diagnostics: &Diagnostics, sources: &Sources) {
        if self == Self::Terminal {
            say(&diagnostics.render(sources, PROGRAM));
        }
        for (severity, line) in diagnostics.log_lines(sources) {
            let level = match severity {
                Severity::Emerg => LogLevel::Emerg,
                Severity::Warn | Severity::Advice => LogLevel::Warn,
            };
            self.log(level, &line);
        }
    }

    /// Tells one thing.
    pub(super) fn line(self, level: LogLevel, message: &str) {
        if self == Self::Terminal {
            say(&format!("{PROGRAM}: [{}] {message}\n", level.name()));
        }
        self.log(level, message);
    }

    fn log(self, level: LogLevel, message: &str) {
        match self {
            Self::Terminal => error_log::write_to_files(level, message),
            Self::Log => error_log::write(level, message),
        }
    }
}

/// Writes to standard error, if anybody reads it.
pub(super) fn say(text: &str) {
    drop(io::stderr().write_all(with_reasons(text).as_bytes()));
}

/// The name that lines on a terminal begin with.
pub(super) const PROGRAM: &str = "pingauge";
/// What the title of a master begins with.
pub(super) const MASTER: &str = "pingauge: master process";
