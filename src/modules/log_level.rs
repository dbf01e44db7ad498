//! The levels that a feature may be told to log refusals at (`…_log_level`).

use std::fmt;

use crate::conf::{Diagnostic, Statement};

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LogLevel {
    /// Good to know.
    Info,
    /// An event in the life of the server.
    Notice,
    /// Something is probably not as meant.
    Warn,
    /// Something failed.
    #[default]
    Error,
}

/// What lines of the level `notice` are marked with, which the `log` crate does not have.
pub(crate) const NOTICE: &str = concat!(env!("CARGO_CRATE_NAME"), "::notice");

impl LogLevel {
    /// The level that an argument names.
    pub(super) fn of(statement: &Statement<'_>, argument: usize) -> Result<Self, Diagnostic> {
        let levels = [
            ("info", Self::Info),
            ("notice", Self::Notice),
            ("warn", Self::Warn),
            ("error", Self::Error),
        ];
        statement.enumeration(argument, &levels)
    }

    /// The next level below, of which there is none below the lowest.
    pub(super) fn below(self) -> Self {
        match self {
            Self::Error => Self::Warn,
            Self::Warn => Self::Notice,
            Self::Notice | Self::Info => Self::Info,
        }
    }

    /// Writes a line at the level.
    pub(super) fn log(self, line: fmt::Arguments<'_>) {
        match self {
            Self::Info => log::info!("{line}"),
            Self::Notice => log::warn!(target: NOTICE, "{line}"),
            Self::Warn => log::warn!("{line}"),
            Self::Error => log::error!("{line}"),
        }
    }
}
