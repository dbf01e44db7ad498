//! Directives about the server as a whole: its processes, whom they belong to, its pid file and its
//! error log.
//!
//! Nothing here takes part in requests; the `server` folder reads the settings and acts on them.

mod error_log;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::conf::{
    Arity, Body, Chain, Context, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Scope,
    Statement,
};
use crate::http::build::module::{self, Module};
use crate::modules::syslog::SyslogTarget;
use crate::os::{self, Identity};
use error_log::error_log;

/// The feature.
pub static MODULE: Module = Module {
    name: "process",
    about: "the server as a whole: its processes, whose they are, its error log",
    directives: DIRECTIVES,
    ..module::MODULE
};

/// What a configuration says about the server as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many workers.
    pub workers: usize,
    /// Whom they belong to when the server is started by root.
    pub user: Option<Identity>,
    /// Whether the server leaves the foreground.
    pub daemon: bool,
    /// The file with the master's process number.
    pub pid: Option<PathBuf>,
    /// Where errors are logged; empty when nothing is said.
    pub logs: Vec<ErrorLog>,
    /// Where those of workers are logged, when the `http` block says so; empty when it does not.
    pub http_logs: Vec<ErrorLog>,
    /// How long a worker that is to end may take to finish its requests.
    pub shutdown: Option<Duration>,
    /// How many files a worker may have open.
    pub open_files: Option<u64>,
}

impl Settings {
    /// The settings of a configuration.
    pub fn of(main: &Scope) -> Self {
        let logs = |scope: &Scope| scope.get::<ErrorLogs>().map(|logs| logs.0.clone());
        let http = main.blocks_in(Context::Http).next();
        Self {
            workers: main.get::<WorkerProcesses>().map_or(1, |workers| workers.0),
            user: main.get::<User>().map(|user| user.0.clone()),
            daemon: main.get::<Daemon>().is_none_or(|daemon| daemon.0),
            pid: main.get::<Pid>().map(|pid| pid.0.clone()),
            logs: logs(main).unwrap_or_default(),
            http_logs: http.and_then(logs).unwrap_or_default(),
            shutdown: main.get::<WorkerShutdownTimeout>().map(|time| time.0),
            open_files: main.get::<WorkerRlimitNofile>().map(|files| files.0),
        }
    }
}

/// One `error_log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLog {
    /// Where to.
    pub target: LogTarget,
    /// The least severe level that is logged.
    pub level: LogLevel,
    /// What lines look like.
    pub form: LogForm,
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    /// As those of nginx.
    #[default]
    Text,
    /// Each an object of JSON.
    Json,
}

/// Where log lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error.
    Stderr,
    /// A file; a relative path starts from the prefix.
    File(PathBuf),
    /// A daemon.
    Syslog(SyslogTarget),
}

impl LogTarget {
    /// The path of a file, starting from `prefix` when it is relative.
    pub fn path(&self, prefix: &Path) -> Option<PathBuf> {
        match self {
            Self::Stderr | Self::Syslog(_) => None,
            Self::File(path) => Some(prefix.join(path)),
        }
    }
}

/// How severe a log line is; the most severe come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// The server cannot go on, or a configuration cannot be used.
    Emerg,
    /// Somebody must act at once.
    Alert,
    /// Something essential failed.
    Crit,
    /// Something failed.
    Error,
    /// Something is probably not as meant.
    Warn,
    /// An event in the life of the server.
    Notice,
    /// Good to know.
    Info,
    /// For developers.
    Debug,
}

impl LogLevel {
    /// Every level with its word.
    pub const ALL: [(&'static str, Self); 8] = [
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("notice", Self::Notice),
        ("warn", Self::Warn),
        ("error", Self::Error),
        ("crit", Self::Crit),
        ("alert", Self::Alert),
        ("emerg", Self::Emerg),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, level)| *level == self);
        found.map_or("", |(name, _)| name)
    }
}

/// With as many as these, two generations find place beside each other.
const MOST_WORKERS: u64 = 250;

/// Who workers are, where that is not the master's own user.
pub(super) fn identity_of_workers(chain: &Chain<'_>) -> Option<Identity> {
    let named = chain.nearest().map(|User(user)| user.clone());
    os::is_root().then(|| named.unwrap_or_else(Identity::nobody))
}

/// The first file that errors are logged to, where they go to files.
pub(super) fn error_log_file(chain: &Chain<'_>) -> Option<PathBuf> {
    let ErrorLogs(logs) = chain.nearest()?;
    logs.iter().find_map(|log| match &log.target {
        LogTarget::File(path) => Some(path.clone()),
        LogTarget::Stderr | LogTarget::Syslog(_) => None,
    })
}

struct WorkerProcesses(usize);
struct User(Identity);
struct Daemon(bool);
struct Pid(PathBuf);
struct WorkerShutdownTimeout(Duration);
struct WorkerRlimitNofile(u64);
#[derive(Default)]
struct ErrorLogs(Vec<ErrorLog>);

const LOGGING: Contexts = Contexts::MAIN
    .or(Contexts::HTTP)
    .or(Contexts::SERVER)
    .or(Contexts::LOCATION);

static DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "worker_processes",
        contexts: Contexts::MAIN,
        doc: Doc {
            syntax: "worker_processes number | auto;",
            default: "worker_processes 1;",
            text: "How many processes serve requests, at most 250; `auto` takes one for each \
                   processor.",
            example: "worker_processes auto;",
        },
        apply: |statement| {
            let workers = worker_processes(statement)?;
            statement.scope.insert(WorkerProcesses(workers));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "events",
        contexts: Contexts::MAIN,
        arity: Arity::NONE,
        body: Body::Block(|_| Context::Events),
        doc: Doc {
            syntax: "events { … }",
            default: "",
            text: "Must be there, as in nginx. What it may contain has no effect: connections are \
                   limited by `worker_rlimit_nofile` only, and the system's best way of waiting \
                   is always used.",
            example: "events {}",
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "user",
        contexts: Contexts::MAIN,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "user name [group];",
            default: "user nobody;",
            text: "Whom the workers belong to when the server is started by root; without a group, \
                   the user's own. Anybody else cannot change it, and a warning says so.",
            example: "user www-data;",
        },
        apply: |statement| {
            let user = user(statement)?;
            statement.scope.insert(User(user));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "daemon",
        contexts: Contexts::MAIN,
        arity: Arity::FLAG,
        doc: Doc {
            syntax: "daemon on | off;",
            default: "daemon on;",
            text: "Whether the server leaves the foreground. With `on`, the command ends as soon as \
                   the server listens.",
            example: "",
        },
        apply: |statement| {
            let daemon = statement.flag(1)?;
            statement.scope.insert(Daemon(daemon));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "pid",
        contexts: Contexts::MAIN,
        doc: Doc {
            syntax: "pid file;",
            default: "",
            text: "The file in which the number of the master process is kept while it runs. A \
                   relative path starts from the prefix. Without the directive it is \
                   `pingauge.pid`, or `pingauge-NAME.pid` for a main file that is called `NAME.conf`, below the prefix \
                   given by `-p`, else in `/run`; whoever may not write there has it beside the main file.",
            example: "pid /run/pingauge.pid;",
        },
        apply: |statement| {
            let path = path(statement)?;
            statement.scope.insert(Pid(path));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "error_log",
        contexts: LOGGING,
        arity: Arity::between(1, 3),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "error_log file | stderr | syslog:server=ADDRESS[,PARAMETER …] [level] [format=text | json];",
            default: "error_log stderr error;",
            text: "Where errors are logged, from which level on: `debug`, `info`, `notice`, `warn`, \
                   `error`, `crit`, `alert` or `emerg`. A relative path starts from the prefix. \
                   Several directives log to several places. `syslog:` is that of `access_log`; the severity of a line is its level. \
                   With `format=json` each line is an object with `time` (as in RFC 3339), `level`, `pid`, `tid` and `message`. In the `http` block it says where the \
                   workers log; in a server or location it is accepted, but lines about their \
                   requests go where those of all others go.\n\nLines that one place in the program \
                   writes more often than ten times in a second are left out, and one line tells \
                   how many and what the first of them was.",
            example: "error_log /var/log/pingauge/error.log notice;",
        },
        apply: |statement| {
            let log = error_log(statement)?;
            statement.scope.get_or_default::<ErrorLogs>().0.push(log);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "worker_shutdown_timeout",
        contexts: Contexts::MAIN,
        doc: Doc {
            syntax: "worker_shutdown_timeout time;",
            default: "",
            text: "How long a worker that is to end (after a reload or `QUIT`) may take to finish \
                   its requests; then it closes their connections, and logs and counts what it \
                   cut off, with the status 000 unless a head was sent. Without the directive \
                   it may take as long as they do.",
            example: "worker_shutdown_timeout 1m;",
        },
        apply: |statement| {
            let time = Duration::from_millis(statement.milliseconds(1)?);
            statement.scope.insert(WorkerShutdownTimeout(time));
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "worker_rlimit_nofile",
        contexts: Contexts::MAIN,
        doc: Doc {
            syntax: "worker_rlimit_nofile number;",
            default: "",
            text: "How many files, connections included, a worker may have open. Without the \
                   directive, as many as the system allows it.",
            example: "worker_rlimit_nofile 65536;",
        },
        apply: |statement| {
            let files = statement.number(1)?;
            statement.scope.insert(WorkerRlimitNofile(files));
            Ok(())
        },
        ..SPEC
    },
];

fn worker_processes(statement: &Statement<'_>) -> Result<usize, Diagnostic> {
    if statement.text(1) == "auto" {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        return Ok(processors.min(MOST_WORKERS as usize));
    }
    match statement.number(1)? {
        workers @ 1..=MOST_WORKERS => Ok(workers as usize),
        workers => {
            let message = format!("\"worker_processes\" directive invalid value \"{workers}\"");
            let problem = statement.error(1, message);
            Err(problem.with_help(format!(
                "expected a number from 1 to {MOST_WORKERS}, or auto"
            )))
        }
    }
}

fn user(statement: &Statement<'_>) -> Result<Identity, Diagnostic> {
    let group = statement.argument(2).map(|word| word.text.as_str());
    let name = statement.text(1);
    if let Some(identity) = Identity::named(name, group) {
        return Ok(identity);
    }
    Err(match (Identity::named(name, None), group) {
        (Some(_), Some(group)) => statement.error(2, format!("there is no group \"{group}\"")),
        _ => {
            let help = "name one that the system has, or add it: useradd --system NAME";
            let problem = statement.error(1, format!("there is no user \"{name}\""));
            problem.with_help(help)
        }
    })
}

fn path(statement: &Statement<'_>) -> Result<PathBuf, Diagnostic> {
    match statement.text(1) {
        "" => {
            let name = &statement.directive.name.text;
            Err(statement.error(1, format!("\"{name}\" directive invalid value \"\"")))
        }
        path => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{Diagnostics, Foreign, Recording, parse};

    fn load(text: &str) -> (Settings, Vec<String>) {
        let json = serde_json::json!({ "files": { "main": text }, "expansions": {} });
        let mut recording: Recording = serde_json::from_value(json).unwrap();
        let parsed = parse(Path::new("main"), None, &mut recording);
        let mut diagnostics: Diagnostics = parsed.diagnostics;
        let main = crate::conf::apply(&parsed.tree, &[DIRECTIVES], Foreign::NONE, &mut diagnostics);
        let messages = diagnostics.iter().map(|one| one.message.clone());
        (Settings::of(&main), messages.collect())
    }

    #[test]
    fn nothing_said_leaves_the_defaults() {
        let (settings, problems) = load("events {}");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((settings.workers, settings.daemon), (1, true));
        assert_eq!((settings.pid, settings.user), (None, None));
        assert_eq!((settings.logs, settings.shutdown), (vec![], None));
    }

    #[test]
    fn everything_said_is_read() {
        let (settings, problems) = load(
            "worker_processes 4; user root; daemon off; pid a/b; error_log e.log warn; \
             error_log stderr; worker_shutdown_timeout 1500ms; worker_rlimit_nofile 99;",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!((settings.workers, settings.daemon), (4, false));
        assert_eq!(settings.pid, Some("a/b".into()));
        assert_eq!(settings.user.unwrap().user, 0);
        assert_eq!(settings.shutdown, Some(Duration::from_millis(1500)));
        assert_eq!(settings.open_files, Some(99));
        let path = settings.logs[0].target.path(Path::new("/p"));
        assert_eq!(path, Some("/p/e.log".into()));
        let levels: Vec<_> = settings.logs.iter().map(|log| log.level).collect();
        assert_eq!(levels, [LogLevel::Warn, LogLevel::Error]);
    }

    #[test]
    fn bad_values_are_named() {
        for (text, word) in [
            ("worker_processes 0;", "worker_processes"),
            ("worker_processes 1000;", "worker_processes"),
            ("user no-such-user;", "no-such-user"),
            ("user root no-such-group;", "no-such-group"),
            ("error_log x loud;", "loud"),
            ("error_log syslog:server=x;", "syslog"),
            ("error_log \"\";", "error_log"),
            ("pid \"\";", "pid"),
        ] {
            let (_, problems) = load(text);
            assert!(
                problems.len() == 1 && problems[0].contains(word),
                "{text}: {problems:?}"
            );
        }
    }

    #[test]
    fn levels_are_ordered_by_severity() {
        assert!(LogLevel::Emerg < LogLevel::Debug);
        assert!(LogLevel::ALL.is_sorted_by(|a, b| a.1 > b.1));
        assert_eq!(LogLevel::Notice.name(), "notice");
    }
}
