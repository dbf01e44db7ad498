//! Programs that ask a running server: `pingauge push`, `pingauge status` and `pingauge top`.
//!
//! They go to it over HTTP, as everybody does. The memory of its zones is not opened from outside: those
//! who look at a key leave a mark in it, so looking takes the right to write, and most of what there is
//! to see (servers, peers, caches) is put together by the processes that serve.
//!
//! `access.rs` is the way to a server, `address.rs` says where the status of one is, `reading.rs` reads a
//! branch of it, `url.rs` knows which addresses can be meant, and `printable.rs` keeps what servers say from moving the cursor.
#![forbid(unsafe_code)]

mod access;
mod address;
mod printable;
pub mod push;
mod reading;
pub mod status;
pub mod top;
mod url;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::conf::reason;

/// Does what arguments ask for, each of these programs by its own word: `None` when the word is none of theirs.
pub fn run(word: &str, arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    Some(match word {
        push::WORD => push::run(arguments),
        status::WORD => status::run(arguments),
        top::WORD => top::run(arguments),
        _ => return None,
    })
}

/// Prints what is wrong with arguments, or the help that they ask for.
fn usage(error: &clap::Error) -> ExitCode {
    // Help is asked for in the same way, and goes to standard output.
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Ends with what went wrong, if anything did.
fn end(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// What to say when standard output takes no more: nothing if whoever read it is gone, as behind a pipe to `head`.
fn output(error: &io::Error) -> Result<(), String> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(format!("standard output failed ({})", reason(error))),
    }
}

/// Says a line on standard error.
fn say(message: &str) {
    let message = printable::one_line(message);
    drop(writeln!(io::stderr(), "pingauge: {message}"));
}
