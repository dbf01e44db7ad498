//! The command line, as nginx's users know it.
//!
//! What is meant follows from the options alone; nothing is read or opened here. Without any argument
//! the built-in demo is meant; with any, the file of `-c`, which is `pingauge.conf` in the prefix.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgAction, Parser};

/// What the command is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Serve.
    Run,
    /// Serve the demo.
    Demo,
    /// Check the configuration (`-t`), and show it (`-T`).
    Check { dump: bool },
    /// Send a signal to the master that runs.
    Signal(Word),
    /// Print this text.
    Print(String),
}

/// The words of `-s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Stop,
    Quit,
    Reload,
    Reopen,
}

impl Word {
    /// The signal that the word stands for.
    pub(super) fn signal(self) -> i32 {
        match self {
            Self::Stop => libc::SIGTERM,
            Self::Quit => libc::SIGQUIT,
            Self::Reload => libc::SIGHUP,
            Self::Reopen => libc::SIGUSR1,
        }
    }
}

/// The command line as understood; all paths are absolute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    pub(super) task: Task,
    /// The main file.
    pub(super) main: PathBuf,
    /// Where relative paths of the configuration begin.
    pub(super) prefix: PathBuf,
    /// Where the process number is kept unless the configuration says so.
    pub(super) pid: PathBuf,
    /// `-e`; `stderr` is none.
    pub(super) early_log: Option<PathBuf>,
    /// `-g`
    pub(super) directives: Option<String>,
    /// `-q`
    pub(super) quiet: bool,
}

#[derive(Parser)]
#[command(disable_help_flag = true, disable_version_flag = true)]
struct Options {
    #[arg(short = 'c')]
    main: Option<PathBuf>,
    #[arg(short = 'p')]
    prefix: Option<PathBuf>,
    #[arg(short = 'e')]
    early_log: Option<PathBuf>,
    #[arg(short = 'g', allow_hyphen_values = true)]
    directives: Option<String>,
    #[arg(short = 't', action = ArgAction::Count)]
    test: u8,
    #[arg(short = 'T', action = ArgAction::Count)]
    dump: u8,
    #[arg(short = 'q', action = ArgAction::Count)]
    quiet: u8,
    #[arg(short = 's')]
    signal: Option<String>,
    #[arg(short = 'v', action = ArgAction::Count)]
    version: u8,
    #[arg(short = 'V', action = ArgAction::Count)]
    details: u8,
    #[arg(short = 'h', short_alias = '?', long, action = ArgAction::Count)]
    help: u8,
}

/// Understands a command line. `here` is the current directory.
///
/// # Errors
/// What is wrong with it, for a line that begins with the program's name.
pub(super) fn understand(arguments: &[OsString], here: &Path) -> Result<CommandLine, String> {
    let options = Options::try_parse_from(arguments).map_err(|error| complaint(&error))?;
    let demo = arguments.len() < 2;
    let (prefix, main) = match (&options.prefix, &options.main) {
        (Some(prefix), main) => {
            let prefix = here.join(prefix);
            let main = prefix.join(main.as_deref().unwrap_or(Path::new(MAIN_FILE)));
            (prefix, main)
        }
        (None, Some(main)) => {
            let main = here.join(main);
            (main.parent().unwrap_or(here).to_owned(), main)
        }
        (None, None) => (PREFIX.into(), Path::new(PREFIX).join(MAIN_FILE)),
    };
    let base = options.prefix.as_ref().map_or(here, |_| prefix.as_path());
    let early_log = options.early_log.as_ref();
    Ok(CommandLine {
        task: if demo { Task::Demo } else { task(&options)? },
        pid: match &options.prefix {
            Some(_) => prefix.join(PID_FILE),
            None => Path::new("/run").join(PID_FILE),
        },
        early_log: early_log
            .filter(|path| path.as_os_str() != "stderr")
            .map(|path| base.join(path)),
        directives: options.directives,
        quiet: options.quiet > 0,
        main,
        prefix,
    })
}

fn task(options: &Options) -> Result<Task, String> {
    if options.help > 0 {
        return Ok(Task::Print(format!("{}\n{USAGE}", version())));
    }
    if options.details > 0 {
        return Ok(Task::Print(details()));
    }
    if options.version > 0 {
        return Ok(Task::Print(version()));
    }
    if options.test > 0 || options.dump > 0 {
        return Ok(Task::Check {
            dump: options.dump > 0,
        });
    }
    let word = match options.signal.as_deref() {
        None => return Ok(Task::Run),
        Some("stop") => Word::Stop,
        Some("quit") => Word::Quit,
        Some("reload") => Word::Reload,
        Some("reopen") => Word::Reopen,
        Some(word) => {
            return Err(format!(
                "invalid option: \"-s {word}\", the word must be stop, quit, reload or reopen"
            ));
        }
    };
    Ok(Task::Signal(word))
}

fn complaint(error: &clap::Error) -> String {
    use clap::error::{ContextKind, ContextValue};
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => text.split(' ').next().unwrap_or(text),
        Some(ContextValue::Strings(all)) => all.first().map_or("", String::as_str),
        _ => "",
    };
    match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::TooFewValues | ErrorKind::NoEquals => {
            format!("option \"{argument}\" requires a value")
        }
        ErrorKind::ArgumentConflict => format!("option \"{argument}\" is given twice"),
        ErrorKind::InvalidUtf8 => "an option is not valid UTF-8".to_owned(),
        _ => format!("invalid option: \"{argument}\"; -h shows all"),
    }
}

/// Where a configuration is looked for when nothing says where.
const PREFIX: &str = "/etc/pingauge";
const MAIN_FILE: &str = "pingauge.conf";
const PID_FILE: &str = "pingauge.pid";

fn version() -> String {
    format!("pingauge version: pingauge/{}", env!("CARGO_PKG_VERSION"))
}

fn details() -> String {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    format!(
        "{}\nbuild: {build}, {} {}, Pingora 0.9, mimalloc\n\
         defaults: -c {PREFIX}/{MAIN_FILE} -p {PREFIX}, pid /run/{PID_FILE}",
        version(),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

const USAGE: &str = "\
usage: pingauge [-hvVtTq] [-s word] [-p prefix] [-c file] [-e file] [-g directives]
       pingauge push [options] URL KEY ACTION [VALUE]
       pingauge status [options] [PATH]
       pingauge top [options]

Without any argument the built-in demo is served, in the foreground.

  -h, --help     show this and end
  -v             show the version and end
  -V             show the version and how it was built, and end
  -t             check the configuration and end
  -T             check the configuration, print all of it and end
  -q             say nothing but errors while checking
  -s word        signal the running master: stop, quit, reload or reopen
  -p prefix      where relative paths begin, those of -c and -e included
                 (default: the directory of the file given by -c, else /etc/pingauge)
  -c file        the main file (default: pingauge.conf in the prefix)
  -e file        log here until the configuration says where; may be stderr
  -g directives  directives of the top level, before those of the main file

  push           change or read a metric of a server that has metric_push, from a script;
                 pingauge push --help tells more
  status         print what a running server counts, or a branch of it
  top            show it in the terminal";

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(arguments: &[&str]) -> Result<CommandLine, String> {
        let all = std::iter::once("pingauge").chain(arguments.iter().copied());
        let all: Vec<OsString> = all.map(Into::into).collect();
        understand(&all, Path::new("/here"))
    }

    fn paths(arguments: &[&str]) -> (PathBuf, PathBuf, PathBuf) {
        let line = understood(arguments).unwrap();
        (line.main, line.prefix, line.pid)
    }

    #[test]
    fn nothing_at_all_means_the_demo() {
        assert_eq!(understood(&[]).unwrap().task, Task::Demo);
        let line = understood(&["-e", "stderr"]).unwrap();
        assert_eq!((line.task, line.early_log), (Task::Run, None));
    }

    #[test]
    fn paths_start_from_the_prefix_when_one_is_given() {
        let expected =
            |main: &str, prefix: &str, pid: &str| (main.into(), prefix.into(), pid.into());
        assert_eq!(
            paths(&["-p", "dir/", "-c", "a.conf"]),
            expected("/here/dir/a.conf", "/here/dir/", "/here/dir/pingauge.pid")
        );
        assert_eq!(
            paths(&["-p", "/x"]),
            expected("/x/pingauge.conf", "/x", "/x/pingauge.pid")
        );
        assert_eq!(
            paths(&["-c", "conf/a.conf"]),
            expected("/here/conf/a.conf", "/here/conf", "/run/pingauge.pid")
        );
        assert_eq!(
            paths(&["-t"]),
            expected(
                "/etc/pingauge/pingauge.conf",
                "/etc/pingauge",
                "/run/pingauge.pid"
            )
        );
        let early = |arguments: &[&str]| understood(arguments).unwrap().early_log;
        assert_eq!(early(&["-p", "/x", "-e", "l"]), Some("/x/l".into()));
        assert_eq!(early(&["-e", "l"]), Some("/here/l".into()));
    }

    #[test]
    fn tasks_follow_from_options() {
        let task = |arguments: &[&str]| understood(arguments).unwrap().task;
        assert_eq!(task(&["-t"]), Task::Check { dump: false });
        assert_eq!(task(&["-T", "-q"]), Task::Check { dump: true });
        assert_eq!(task(&["-tT"]), Task::Check { dump: true });
        assert_eq!(task(&["-s", "reload"]), Task::Signal(Word::Reload));
        for option in ["-v", "-V", "-h", "-?", "--help"] {
            assert!(matches!(task(&[option]), Task::Print(text) if text.contains("pingauge/")));
        }
        let line = understood(&["-q", "-g", "daemon off;"]).unwrap();
        assert_eq!(line.directives.as_deref(), Some("daemon off;"));
        assert!(line.quiet);
    }

    #[test]
    fn mistakes_are_named() {
        for (arguments, part) in [
            (&["-s", "frobnicate"][..], "-s frobnicate"),
            (&["-x"], "-x"),
            (&["--no-such-option"], "--no-such-option"),
            (&["file"], "file"),
            (&["-c"], "-c"),
            (&["-c", "a", "-c", "b"], "-c"),
        ] {
            let message = understood(arguments).unwrap_err();
            assert!(message.contains(part), "{arguments:?}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
