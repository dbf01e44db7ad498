//! Leaving the foreground.
//!
//! The command starts itself once more, in a session of its own, and waits until that process listens
//! or says at the common terminal why it cannot.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::error_log::Sinks;
use crate::os::{self, Session, Standard};

/// How this process was launched.
#[derive(Debug)]
pub(super) enum Launch {
    /// By somebody's command.
    Command,
    /// By [`launch`], which waits for a word.
    Daemon(PipeWriter),
}

/// The first argument of a daemon; its second is the number of a descriptor.
const OPTION: &str = "--daemon";

impl Launch {
    /// Tells it from the arguments, and gives those that somebody wrote.
    pub(super) fn of(mut arguments: Vec<OsString>) -> (Self, Vec<OsString>) {
        if arguments.get(1).map(OsString::as_os_str) != Some(OsStr::new(OPTION)) {
            return (Self::Command, arguments);
        }
        let number = arguments
            .get(2)
            .and_then(|number| number.to_str()?.parse().ok());
        match number.map(os::inherited) {
            Some(Ok(fd)) => {
                arguments.drain(1..3);
                (Self::Daemon(fd.into()), arguments)
            }
            _ => (Self::Command, arguments),
        }
    }

    /// Says that the server listens, and leaves the terminal.
    pub(super) fn listening(self, sinks: &Sinks) -> io::Result<()> {
        let Self::Daemon(mut pipe) = self else {
            return Ok(());
        };
        leave_standard_error(sinks)?;
        // The command may have been ended meanwhile; the server goes on.
        drop(pipe.write_all(b"R"));
        Ok(())
    }
}

/// Has what libraries write to standard error go to the log, unless that is standard error itself.
pub(super) fn leave_standard_error(sinks: &Sinks) -> io::Result<()> {
    match sinks.file() {
        _ if sinks.has_stderr() => Ok(()),
        Some(file) => file.take_standard_error(),
        None => os::redirect(Standard::Error, std::fs::File::open("/dev/null")?),
    }
}

/// Starts the daemon; true when it listens.
pub(super) fn launch(arguments: &[OsString]) -> io::Result<bool> {
    let (mut reader, writer) = io::pipe()?;
    let mut command = Command::new("/proc/self/exe");
    if let Some(program) = arguments.first() {
        command.arg0(program);
    }
    command
        .arg(OPTION)
        .arg(writer.as_raw_fd().to_string())
        .args(arguments.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut child = os::spawn(&mut command, &[writer.as_fd()], Session::New)?;
    drop(writer);
    if matches!(reader.read(&mut [0]), Ok(1)) {
        return Ok(true);
    }
    child.wait()?;
    Ok(false)
}
