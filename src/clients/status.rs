//! `pingauge status`: prints a branch of the status tree, once or again and again.
//!
//! What it prints is the server's JSON; of that, only characters that would do something to a terminal are
//! written in another way, which means the same.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;

use super::access::{Access, time};
use super::address::Whom;
use super::printable::Json;
use super::reading::Reader;
use super::{end, output, say, usage};
use crate::conf::reason;

/// The word after the program's name that asks for this.
pub const WORD: &str = "status";

/// Prints a branch of the status tree of a running server.
#[derive(Debug, Parser)]
#[command(name = "pingauge status", disable_version_flag = true, after_help = AFTER)]
struct Arguments {
    /// The branch, such as http/server_zones/; without it, everything
    #[arg(default_value = "", hide_default_value = true)]
    path: String,
    #[command(flatten)]
    whom: Whom,
    /// Print it again and again, after so much time each
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "1s", value_parser = time)]
    watch: Option<Duration>,
    #[command(flatten)]
    access: Access,
}

const AFTER: &str = "\
The server is found by --address, or by its configuration: that of --config, else
/etc/pingauge/pingauge.conf, else that of the demo. An API key is read from
--api-key-file or PINGAUGE_API_KEY.

PATH is written as in a URL: %2F is a slash within a key. It may have a query, such as
?date=epoch or ?pretty=off.

Exit codes: 0 done, 1 refused or not reached, 2 wrong arguments.

Examples:
  pingauge status http/server_zones/
  pingauge status connections/active --address http://127.0.0.1:8080/status/ --watch 5s";

/// Does what the arguments behind the word ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let all = std::iter::once("pingauge status".into()).chain(arguments);
    match Arguments::try_parse_from(all) {
        Ok(arguments) => end(show(&arguments)),
        Err(error) => usage(&error),
    }
}

fn show(arguments: &Arguments) -> Result<(), String> {
    let reader = Reader::new(&arguments.whom.place()?, &arguments.access)?;
    let Some(pause) = arguments.watch else {
        return match print(&reader, &arguments.path) {
            Ok(()) => Ok(()),
            Err(Failure::Server(message)) => Err(message),
            Err(Failure::Output(error)) => output(&error),
        };
    };
    let clears = io::stdout().is_terminal();
    loop {
        if clears {
            // To the top left, with nothing below it.
            if let Err(error) = write!(io::stdout(), "\x1b[H\x1b[2J") {
                return output(&error);
            }
        }
        match print(&reader, &arguments.path) {
            Ok(()) => {}
            // It may come back.
            Err(Failure::Server(message)) => say(&message),
            Err(Failure::Output(error)) => return output(&error),
        }
        thread::sleep(pause);
    }
}

/// Whose fault it is that nothing was printed.
enum Failure {
    Server(String),
    Output(io::Error),
}

fn print(reader: &Reader, path: &str) -> Result<(), Failure> {
    let body = reader.open(path).map_err(Failure::Server)?;
    let mut body = body.into_reader();
    let mut out = Json::new(io::BufWriter::new(io::stdout().lock()));
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = match io::Read::read(&mut body, &mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => {
                let message = format!("the answer broke off ({})", reason(&error));
                return Err(Failure::Server(message));
            }
        };
        let written = out.write_all(&piece[..read]);
        written.map_err(Failure::Output)?;
    }
    out.finish().map_err(Failure::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understand(line: &str) -> Result<Arguments, clap::Error> {
        let words = line.split(' ').filter(|word| !word.is_empty());
        Arguments::try_parse_from(std::iter::once("pingauge status").chain(words))
    }

    #[test]
    fn lines_are_understood() {
        let line = understand("").unwrap();
        assert_eq!((line.path.as_str(), line.watch), ("", None));
        let line = understand("http/ --watch").unwrap();
        assert_eq!(line.watch, Some(Duration::from_secs(1)));
        let line = understand("http/ --watch 250ms --address http://h/").unwrap();
        assert_eq!(line.watch, Some(Duration::from_millis(250)));
        assert_eq!(line.path, "http/");
        for wrong in [
            "a b",
            "a --watch soon",
            "a --watch 0",
            "--address x -c y",
            "--nonsense",
        ] {
            assert_eq!(understand(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
