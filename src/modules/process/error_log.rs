//! What an `error_log` says.

use super::{ErrorLog, LogForm, LogLevel, LogTarget, path};
use crate::conf::{Diagnostic, Statement};
use crate::modules::syslog::{self, SyslogTarget};

/// Reads the statement.
pub(super) fn error_log(statement: &Statement<'_>) -> Result<ErrorLog, Diagnostic> {
    let (mut level, mut form) = (None, None);
    for number in 2..=statement.arguments().len() {
        let forms = [
            ("format=text", LogForm::Text),
            ("format=json", LogForm::Json),
        ];
        if form.is_none() && statement.text(number).starts_with("format=") {
            form = Some(statement.enumeration(number, &forms)?);
        } else if level.is_none() {
            level = Some(statement.enumeration(number, &LogLevel::ALL)?);
        } else {
            let message = format!("invalid parameter \"{}\"", statement.text(number));
            let help = "a level and format=text or format=json may follow";
            return Err(statement.error(number, message).with_help(help));
        }
    }
    let target = match statement.text(1) {
        "stderr" => LogTarget::Stderr,
        text if text.starts_with(syslog::PREFIX) => {
            LogTarget::Syslog(SyslogTarget::parse(statement.word(1))?)
        }
        text if text.starts_with("memory:") => {
            let message = format!("\"{text}\" is not supported in \"error_log\" directive");
            return Err(statement
                .error(1, message)
                .with_help("log to a file, to stderr or to syslog:"));
        }
        _ => LogTarget::File(path(statement)?),
    };
    Ok(ErrorLog {
        target,
        level: level.unwrap_or(LogLevel::Error),
        form: form.unwrap_or_default(),
    })
}
