//! What the program says of itself: its options and commands, its version, and how it was built.
//!
//! The rows are the one place where options, commands and signals are described; the usage on a
//! terminal and the page `conf/COMMANDS.md` are both made of them.

use std::fmt::Write;

use super::command_line::{MAIN_FILE, PID_FILE, PREFIX, RUN};
use super::signals;
use crate::modules::MODULES;

/// Something that can be written on the command line, and what it does.
struct Row {
    form: &'static str,
    doc: &'static str,
}

const OPTIONS: &[Row] = &[
    Row {
        form: "-h, --help",
        doc: "show this and end",
    },
    Row {
        form: "-v, --version",
        doc: "show the version and end",
    },
    Row {
        form: "-V",
        doc: "show the version, how it was built, and what it has; and end",
    },
    Row {
        form: "-t",
        doc: "check the configuration and end",
    },
    Row {
        form: "-T",
        doc: "check the configuration, print all of it and end",
    },
    Row {
        form: "--lenient",
        doc: "with -t or -T: leave out what only other servers have, tell of each, and check the rest",
    },
    Row {
        form: "-q",
        doc: "say nothing but errors while checking",
    },
    Row {
        form: "-s word",
        doc: "signal the running master: stop, quit, reload or reopen; reload checks the configuration first",
    },
    Row {
        form: "-p prefix",
        doc: "where relative paths begin, those of -c and -e included (default: the directory of the \
              file given by -c, else /etc/pingauge)",
    },
    Row {
        form: "-c file",
        doc: "the main file (default: pingauge.conf in the prefix)",
    },
    Row {
        form: "-e file",
        doc: "log here until the configuration says where; may be stderr",
    },
    Row {
        form: "-g directives",
        doc: "directives of the top level, before those of the main file",
    },
];

const COMMANDS: &[Row] = &[
    Row {
        form: "demo",
        doc: "serve the built-in demo, in the foreground",
    },
    Row {
        form: "check [file]",
        doc: "tell what a configuration of nginx or Angie needs to run here, feature by feature",
    },
    Row {
        form: "push",
        doc: "change or read a metric of a server that has metric_push, from a script; pingauge push \
              --help tells more",
    },
    Row {
        form: "status [path]",
        doc: "print what a running server counts, or a branch of it; pingauge status --help tells more",
    },
    Row {
        form: "top",
        doc: "show in the terminal what a running server does",
    },
];

/// The usage on a terminal.
pub(super) fn text() -> String {
    let mut text = format!("{}\n{HEAD}\n", version());
    for rows in [OPTIONS, COMMANDS] {
        text.push('\n');
        for row in rows {
            let lines = wrapped(row.doc, DOC_WIDTH);
            for (number, line) in lines.iter().enumerate() {
                let form = if number == 0 { row.form } else { "" };
                // Writing to a string cannot fail.
                let _ = writeln!(text, "  {form:FORM_WIDTH$}{line}");
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

const HEAD: &str = "\
usage: pingauge [-hvVtTq] [--lenient] [-s word] [-p prefix] [-c file] [-e file] [-g directives]
       pingauge demo
       pingauge check [file]
       pingauge push [options] URL KEY ACTION [VALUE]
       pingauge status [-c file | --address URL] [options] [PATH]
       pingauge top [-c file | --address URL] [options]

Without any argument the installed configuration is served, /etc/pingauge/pingauge.conf; where
there is none, the built-in demo is, in the foreground.";

const FORM_WIDTH: usize = 15;
const DOC_WIDTH: usize = 80;

/// A text in lines of at most so many characters, unless a word alone is longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The name and version, as `-v` shows them.
pub(super) fn version() -> String {
    format!("pingauge version: {}", name_and_version())
}

/// The name and version as one word.
pub(super) fn name_and_version() -> String {
    format!("pingauge/{}", env!("CARGO_PKG_VERSION"))
}

/// The commit that the program was built from, if that is known.
pub(super) const COMMIT: Option<&str> = option_env!("PINGAUGE_COMMIT");

/// What `-V` shows.
pub(super) fn details() -> String {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let modules: Vec<_> = MODULES.iter().map(|module| module.name).collect();
    format!(
        "{}\ncommit: {}\nbuild: {build}, {} {}\nlibraries: {}\nmodules: {}\n\
         defaults: -c {PREFIX}/{MAIN_FILE} -p {PREFIX}, pid {RUN}/{PID_FILE}",
        version(),
        COMMIT.unwrap_or(UNKNOWN),
        std::env::consts::OS,
        std::env::consts::ARCH,
        env!("PINGAUGE_LIBRARIES"),
        modules.join(", "),
    )
}

const UNKNOWN: &str = "unknown (it was built without git, or for debugging)";

/// The page about the command line and signals, in Markdown.
pub(super) fn reference() -> String {
    let mut page = String::from(PAGE_HEAD);
    let mut table = |title: &str, rows: &[Row]| {
        let _ = write!(page, "\n## {title}\n\n| | |\n|---|---|\n");
        for row in rows {
            let _ = writeln!(page, "| `{}` | {} |", row.form, row.doc);
        }
    };
    table("Options", OPTIONS);
    table("Commands", COMMANDS);
    page.push_str(SIGNALS_HEAD);
    for row in signals::ROWS {
        let word = row.word.map_or("", |word| word);
        let shown = |text: &str| {
            if text.is_empty() {
                String::new()
            } else {
                format!("`-s {text}`")
            }
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            row.name.trim_start_matches("SIG"),
            shown(word),
            row.master,
            row.worker
        );
    }
    page.push_str(PAGE_END);
    page
}

const PAGE_HEAD: &str = "\
# The command line and signals

Made from the tables in the source; a test keeps it fresh.

Without any argument the installed configuration is served, `/etc/pingauge/pingauge.conf`; where there is none, the built-in
demo is, in the foreground.
";

const SIGNALS_HEAD: &str = "
## Signals

Signals are for the master, whose process number is in the file that `pid` names. Those to a worker do the same to it alone.

| signal | the same as | to the master | to a worker |
|---|---|---|---|
";

const PAGE_END: &str = "
## Where the process number is

In the file that `pid` names. Without it: in `pingauge.pid`, and if the main file is not called `pingauge.conf` but, say,
`shop.conf`, in `pingauge-shop.pid`, so that several servers are told apart. That is in the folder that `-p` names; without that, in
`/run`. Whoever may not write to `/run` has it beside the main file, or, where that is not possible either, in
the folder that `XDG_RUNTIME_DIR` names. A server that starts where the file names another one that runs warns of it: the file then
names the newer one. A server that ends leaves the file alone if it names another.

## How it ends

`-t` and `-T` end with 0 if the configuration can be used, else with 1. `check` ends with 0 if it can be used as it is, else
with 1. `-s` ends with 0 once the signal was sent, and with 1 if there is nobody to send it to or, with `reload`, the
configuration cannot be used. A server ends with 0 unless it could not start. Other arguments than those that there are make all of
these end with 1.

`push`, `status` and `top` end with 0 when it is done (`top` by a key or a signal), with 1 if the server refused or was not reached
(`top`: if there is no terminal), and with 2 if the arguments are wrong.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_fits_a_terminal_and_knows_every_option() {
        let text = text();
        for line in text.lines() {
            assert!(line.len() <= 100, "{line}");
        }
        for row in OPTIONS.iter().chain(COMMANDS) {
            let word = row.form.split([' ', ',']).next().unwrap_or_default();
            assert!(text.contains(&format!("  {word}")), "{word}");
        }
    }

    #[test]
    fn every_signal_that_is_handled_is_described() {
        let page = reference();
        for row in signals::ROWS {
            assert!(!row.master.is_empty(), "{}", row.name);
            assert!(page.contains(&format!("| {} |", &row.name[3..])), "{page}");
        }
    }
}
