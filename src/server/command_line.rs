//! The command line, as nginx's users know it.
//!
//! What is meant follows from the words alone; nothing is read or opened here. Without any word the
//! installed configuration is meant where there is one, else the built-in demo; with any, the file of
//! `-c`, which is `pingauge.conf` in the prefix.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgAction, Parser};

use super::report::PROGRAM;
use super::usage;

/// What the command is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Serve.
    Run,
    /// Serve the demo.
    Demo,
    /// Check the configuration (`-t`), show it (`-T`), or check what is left without what is not supported
    /// (`--lenient`).
    Check { dump: bool, lenient: bool },
    /// Tell what a configuration of another server needs (`check`).
    Survey,
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
    #[arg(long)]
    lenient: bool,
    #[arg(short = 'v', long, action = ArgAction::Count)]
    version: u8,
    #[arg(short = 'V', action = ArgAction::Count)]
    details: u8,
    #[arg(short = 'h', short_alias = '?', long, action = ArgAction::Count)]
    help: u8,
    /// The file of `check`; nothing else takes a word without an option.
    file: Option<PathBuf>,
}

/// What a command line is understood in.
pub(super) struct Surroundings<'a> {
    /// The current directory.
    pub(super) here: &'a Path,
    /// Whether there is a file where the main file is looked for when nothing says where.
    pub(super) is_installed: bool,
}

/// Where the main file is looked for when nothing says where.
pub(super) fn installed_main() -> PathBuf {
    Path::new(PREFIX).join(MAIN_FILE)
}

/// Understands a command line.
///
/// # Errors
/// What is wrong with it, for a line that begins with the program's name.
pub(super) fn understand(
    arguments: &[OsString],
    surroundings: &Surroundings<'_>,
) -> Result<CommandLine, String> {
    let here = surroundings.here;
    let (command, arguments) = Command::of(arguments);
    let mut options = Options::try_parse_from(&arguments).map_err(|error| complaint(&error))?;
    if let Some(file) = options.file.take() {
        command.take_file(&mut options, file)?;
    }
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
        (None, None) => (PREFIX.into(), installed_main()),
    };
    let base = options.prefix.as_ref().map_or(here, |_| prefix.as_path());
    let early_log = options.early_log.as_ref();
    Ok(CommandLine {
        task: match command {
            Command::Demo => Task::Demo,
            Command::None if arguments.len() < 2 && !surroundings.is_installed => Task::Demo,
            Command::Check if options.help == 0 => Task::Survey,
            Command::Check | Command::None => task(&options)?,
        },
        pid: match &options.prefix {
            Some(_) => prefix.join(pid_file(&main)),
            None => Path::new(RUN).join(pid_file(&main)),
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

/// The name of the file with the process number of a server that this main file is of: servers whose main files are in one
/// folder are told apart by it.
fn pid_file(main: &Path) -> OsString {
    let stem = main.file_stem().unwrap_or_default();
    if stem.is_empty() || stem == PROGRAM {
        return PID_FILE.into();
    }
    let mut name = OsString::from(PROGRAM);
    name.push("-");
    name.push(stem);
    name.push(".pid");
    name
}

/// What the first word may ask for instead of serving.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    None,
    Demo,
    Check,
}

impl Command {
    /// Tells it, and gives the arguments without it.
    fn of(arguments: &[OsString]) -> (Self, Vec<OsString>) {
        let command = match arguments.get(1).and_then(|word| word.to_str()) {
            Some("demo") if arguments.len() == 2 => Self::Demo,
            Some("check") => Self::Check,
            _ => Self::None,
        };
        let mut rest = arguments.to_vec();
        if command != Self::None {
            rest.remove(1);
        }
        (command, rest)
    }

    fn take_file(self, options: &mut Options, file: PathBuf) -> Result<(), String> {
        if self != Self::Check {
            let word = file.to_string_lossy();
            return Err(match COMMANDS.contains(&&*word) {
                true => format!(
                    "invalid option: \"{word}\"; a command comes first, and its options behind it: {PROGRAM} {word} ..."
                ),
                false => unknown(&word),
            });
        }
        if file.as_os_str().is_empty() {
            return Err("the name of the file is empty".to_owned());
        }
        match options.main.replace(file) {
            Some(_) => Err("\"check\" takes one file".to_owned()),
            None => Ok(()),
        }
    }
}

fn task(options: &Options) -> Result<Task, String> {
    if options.help > 0 {
        return Ok(Task::Print(usage::text()));
    }
    if options.details > 0 {
        return Ok(Task::Print(usage::details()));
    }
    if options.version > 0 {
        return Ok(Task::Print(usage::version()));
    }
    let (dump, lenient) = (options.dump > 0, options.lenient);
    if options.test > 0 || dump {
        return Ok(Task::Check { dump, lenient });
    }
    if lenient {
        return Err(
            "\"--lenient\" goes with -t or -T: what is left out may be what keeps people out, so that nothing is \
             served that way"
                .to_owned(),
        );
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
        ErrorKind::InvalidValue if argument.starts_with('[') => {
            "the name of the file is empty".to_owned()
        }
        ErrorKind::InvalidValue | ErrorKind::TooFewValues | ErrorKind::NoEquals => {
            format!("option \"{argument}\" requires a value")
        }
        ErrorKind::ArgumentConflict => format!("option \"{argument}\" is given twice"),
        ErrorKind::InvalidUtf8 => "an option is not valid UTF-8".to_owned(),
        _ => unknown(argument),
    }
}

fn unknown(argument: &str) -> String {
    format!("invalid option: \"{argument}\"; -h shows all")
}

/// What may stand in place of options.
const COMMANDS: &[&str] = &["demo", "check", "push", "status", "top"];
/// Where a configuration is looked for when nothing says where.
pub(super) const PREFIX: &str = "/etc/pingauge";
pub(super) const MAIN_FILE: &str = "pingauge.conf";
pub(super) const PID_FILE: &str = "pingauge.pid";
/// Where the process number is kept when nothing says where.
pub(super) const RUN: &str = "/run";

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(arguments: &[&str]) -> Result<CommandLine, String> {
        let all = std::iter::once("pingauge").chain(arguments.iter().copied());
        let all: Vec<OsString> = all.map(Into::into).collect();
        let surroundings = Surroundings {
            here: Path::new("/here"),
            is_installed: false,
        };
        understand(&all, &surroundings)
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
        assert_eq!(understood(&["demo"]).unwrap().task, Task::Demo);
    }

    #[test]
    fn nothing_at_all_means_what_is_installed_where_something_is() {
        let surroundings = Surroundings {
            here: Path::new("/here"),
            is_installed: true,
        };
        let line = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(Into::into).collect();
            understand(&words, &surroundings).unwrap()
        };
        assert_eq!(line(&["pingauge"]).task, Task::Run);
        assert_eq!(line(&["pingauge"]).main, installed_main());
        assert_eq!(line(&["pingauge", "demo"]).task, Task::Demo);
    }

    #[test]
    fn paths_start_from_the_prefix_when_one_is_given() {
        let expected =
            |main: &str, prefix: &str, pid: &str| (main.into(), prefix.into(), pid.into());
        assert_eq!(
            paths(&["-p", "dir/", "-c", "a.conf"]),
            expected("/here/dir/a.conf", "/here/dir/", "/here/dir/pingauge-a.pid")
        );
        assert_eq!(
            paths(&["-p", "/x"]),
            expected("/x/pingauge.conf", "/x", "/x/pingauge.pid")
        );
        assert_eq!(
            paths(&["-c", "conf/a.conf"]),
            expected("/here/conf/a.conf", "/here/conf", "/run/pingauge-a.pid")
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
        let check = |dump, lenient| Task::Check { dump, lenient };
        assert_eq!(task(&["-t"]), check(false, false));
        assert_eq!(task(&["-T", "-q"]), check(true, false));
        assert_eq!(task(&["-tT"]), check(true, false));
        assert_eq!(task(&["-t", "--lenient"]), check(false, true));
        assert_eq!(task(&["check"]), Task::Survey);
        let line = understood(&["check", "a.conf", "-q"]).unwrap();
        assert_eq!((line.task, line.quiet), (Task::Survey, true));
        assert_eq!(line.main, Path::new("/here/a.conf"));
        assert_eq!(task(&["-s", "reload"]), Task::Signal(Word::Reload));
        for option in ["-v", "--version", "-V", "-h", "-?", "--help"] {
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
            (&["demo", "file"], "file"),
            (&["-c", "a.conf", "status"], "pingauge status"),
            (&["check", ""], "empty"),
            (&["check", "-c", ""], "-c"),
            (&["check", "a", "b"], "b"),
            (&["check", "-c", "a", "b"], "one file"),
            (&["--lenient"], "-t"),
            (&["-c"], "-c"),
            (&["-c", "a", "-c", "b"], "-c"),
        ] {
            let message = understood(arguments).unwrap_err();
            assert!(message.contains(part), "{arguments:?}: {message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
