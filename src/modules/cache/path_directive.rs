//! `proxy_cache_path` as written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Levels;
use crate::cache::index;
use crate::cache::store::Limits;
use crate::conf::values;
use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word,
    each_once, unknown_parameter,
};
use crate::http::build::builder::Builder;
use crate::modules::family::{self, Family, FastCgi, Http, Scgi, Uwsgi};
use crate::modules::metric::{Options, ZoneWritten as Memory, zone_specification};
use crate::modules::shared_zone::Purpose;
use crate::modules::temporary_folder;

/// The row of one family.
macro_rules! row {
    ($p:literal, $family:ty) => {
        DirectiveSpec {
            name: concat!($p, "_cache_path"),
            contexts: Contexts::HTTP,
            arity: Arity::at_least(2),
            repeat: Repeat::Many,
            doc: Doc {
                syntax: concat!($p, "_cache_path PATH keys_zone=NAME:SIZE[:file=PATH] [levels=LEVELS]\n    \
                         [use_temp_path=on | off] [inactive=TIME] [max_size=SIZE] [min_free=SIZE]\n    \
                         [manager_files=NUMBER] [manager_threshold=TIME] [manager_sleep=TIME]\n    \
                         [loader_files=NUMBER] [loader_threshold=TIME] [loader_sleep=TIME];"),
                default: "",
                text: concat!("Declares a cache: a folder of files, one for each answer that is kept, and a zone of shared memory that \
                       says which there are. The name of a file is the MD5 of its cache key, as with nginx; `levels` says how many of \
                       its last digits each folder above it has (`1:2`; up to three folders, of one or two digits). A megabyte of \
                       `keys_zone` has room for about ten thousand answers. With `file`, the zone lasts, as with `metric_zone`: the \
                       server then knows at once what is in the folder when it begins again; otherwise the files are looked at one \
                       after the other. What cannot be looked at leaves the cache `cold` until it can be. The folder is for the cache \
                       alone: files that have the name and place of an entry and are none are removed, and the log says so; those \
                       where other `levels` would have them stay, in no sum, and the log says how many.\n\n\
                       Answers go that nobody asked for during `inactive` (10m unless said otherwise), and those that were not \
                       asked for longest when all take more than `max_size`, when the file system has less than `min_free` \
                       left, and when the zone has little room left. A process beside the workers sees to that: it looks at \
                       `manager_files` (100) at once, no longer than `manager_threshold` (200ms), and pauses for \
                       `manager_sleep` (50ms) in between. The files that are there at the start are found half the time of one \
                       processor, in rounds of 2ms, each followed by a pause as long as it took; where `loader_files`, \
                       `loader_threshold` or `loader_sleep` is written, as these say (100, 200ms and 50ms those that are not).\n\n\
                       Answers grow in files beside their place, unlike in nginx, where `use_temp_path` is on unless `off` is written: \
                       `", $p, "_temp_path` is the system's folder for temporary files here, often in memory and on another file system, \
                       and what grows there would have to be copied. With `use_temp_path=on` they grow in the `", $p, "_temp_path` of the \
                       `http` block, which must be on the same file system. Path, `levels` and where answers grow stay the same as \
                       long as the server runs: a reload that changes them for a name is refused.\n\n\
                       `/status/http/caches/NAME` says what is there and what became of requests: `requests` is the sum of all outcomes, \
                       `data` has the bytes of bodies that came from origins and that clients were sent, and `entries` says how many there \
                       are and why others went. Requests that had to ask an origin are misses and nothing else; those that were given \
                       what somebody else was fetching are hits, counted in `shared` too. Requests of our own for something newer \
                       (`", $p, "_cache_background_update`) are no client's, and so neither hits nor misses; they are counted in \
                       `background_update` alone, and what they brought in `data`. Other subrequests (`auth_request`, `mirror`) are hits and \
                       misses like any, of which nobody is sent anything. The variables \
                       `$cache_NAME_requests`, `…_hits`, `…_misses`, `…_received` and `…_sent` are the same numbers, all of the \
                       moment at which a request first asks for one of them."),
                example: concat!($p, "_cache_path /var/cache/pingauge levels=1:2 keys_zone=answers:10m inactive=1d max_size=20g;"),
            },
            apply: path::<$family>,
            ..SPEC
        }
    };
}

pub(super) const PROXY_CACHE_PATH: DirectiveSpec = row!("proxy", Http);
pub(super) const FASTCGI_CACHE_PATH: DirectiveSpec = row!("fastcgi", FastCgi);
pub(super) const UWSGI_CACHE_PATH: DirectiveSpec = row!("uwsgi", Uwsgi);
pub(super) const SCGI_CACHE_PATH: DirectiveSpec = row!("scgi", Scgi);

/// What the zones are for. What was counted in memory that a zone has left is about files that are known here.
pub(super) static PURPOSE: Purpose = Purpose {
    kind: "cache",
    noun: "cache",
    use_of_name: USE,
    section: "caches",
    adds_up: false,
};

/// What the names of the zones are used for.
pub(super) const USE: &str = "caches";

/// The caches of an `http` block.
#[derive(Default)]
pub(super) struct PathsWritten(pub Vec<PathWritten>);

/// One `proxy_cache_path`.
pub(super) struct PathWritten {
    pub memory: Memory,
    pub path: Word,
    pub levels: Levels,
    pub limits: Limits,
    pub manager: Pace,
    /// Nothing for [`Pace::HALF`].
    pub loader: Option<Pace>,
    /// `use_temp_path=on`, where it is written.
    pub grows_elsewhere: Option<Word>,
    pub temporary: Temporary,
}

/// Where the temporary files of a family are.
#[derive(Clone, Copy)]
pub(super) struct Temporary {
    /// What its directives begin with.
    pub prefix: &'static str,
    pub of: fn(&mut Builder<'_>, &Chain<'_>) -> Arc<Path>,
}

/// How fast work beside requests goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) struct Pace {
    /// So many files at once,
    pub files: usize,
    /// but no longer than this,
    pub threshold: Duration,
    /// and then a pause; nothing for one as long as the work took.
    pub sleep: Option<Duration>,
}

impl Pace {
    /// Half the time, so that whoever else needs the processor or the disk has the other half: where these are busy
    /// the work takes longer, and so do the pauses. Nobody waits longer than a round for his turn.
    pub(super) const HALF: Self = Self {
        files: usize::MAX,
        threshold: Duration::from_millis(2),
        sleep: None,
    };

    /// How long to pause behind work that took so long.
    pub(super) fn pause(&self, worked: Duration) -> Duration {
        self.sleep.unwrap_or(worked)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            files: 100,
            threshold: Duration::from_millis(200),
            sleep: Some(Duration::from_millis(50)),
        }
    }
}

/// `inactive` for want of a word, in nanoseconds.
const INACTIVE: u64 = 600_000 * MILLISECOND;
const MILLISECOND: u64 = 1_000_000;

fn path<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let words = &statement.arguments()[1..];
    each_once(words, &[])?;
    let mut written = begin::<F>(statement, words)?;
    for word in words {
        parameter(&mut written, word, statement)?;
    }
    let all = statement.scope.get_or_default::<PathsWritten>();
    let name = &written.memory.name;
    if all.0.iter().any(|other| other.memory.name == *name) {
        let message = format!("cache \"{name}\" is already declared");
        return Err(Diagnostic::error(written.memory.span, message));
    }
    all.0.push(written);
    Ok(())
}

/// A cache with nothing but a path and a zone.
fn begin<F: Family>(statement: &Statement<'_>, words: &[Word]) -> Result<PathWritten, Diagnostic> {
    let path = statement.word(1);
    let zone = words
        .iter()
        .find_map(|word| word.strip_prefix("keys_zone="));
    let Some(zone) = zone else {
        let message = format!("\"{}_cache_path\" has no \"keys_zone\"", F::PREFIX);
        let problem = Diagnostic::error(statement.directive.name.span, message);
        return Err(problem.with_help("write keys_zone=NAME:SIZE, as in keys_zone=answers:10m"));
    };
    if path.text.is_empty() || path.text.contains('=') {
        let message = format!("\"{}\" is no path", path.text);
        let problem = Diagnostic::error(path.span, message);
        return Err(problem.with_help("the path of a folder comes first"));
    }
    let (name, size, file) = zone_specification(&zone)?;
    let mut options = Options::default();
    options.file = file;
    Ok(PathWritten {
        memory: Memory {
            name,
            size,
            options,
            schema: Arc::new(index::schema()),
            is_simple: false,
            span: zone.span,
        },
        path: path.clone(),
        levels: Levels::default(),
        limits: Limits {
            inactive: INACTIVE,
            max_size: None,
            min_free: None,
        },
        manager: Pace::default(),
        loader: None,
        grows_elsewhere: None,
        temporary: Temporary {
            prefix: F::PREFIX,
            of: |builder, chain| {
                temporary_folder::of_family(builder, &family::Levels::<F>::of(chain))
            },
        },
    })
}

const NAMES: [&str; 12] = [
    "keys_zone",
    "levels",
    "use_temp_path",
    "inactive",
    "max_size",
    "min_free",
    "manager_files",
    "manager_threshold",
    "manager_sleep",
    "loader_files",
    "loader_threshold",
    "loader_sleep",
];

fn parameter(
    written: &mut PathWritten,
    word: &Word,
    statement: &mut Statement<'_>,
) -> Result<(), Diagnostic> {
    let Some((name, _)) = word.text.split_once('=') else {
        return Err(unknown_parameter(word, &NAMES));
    };
    let value = word.slice(name.len() + 1..word.text.len());
    let limits = &mut written.limits;
    match name {
        // It was read before everything else.
        "keys_zone" => {}
        "levels" => written.levels = levels(&value)?,
        "use_temp_path" => {
            let on = values::flag(&value.text).map_err(|_| invalid(name, &value, "on or off"))?;
            written.grows_elsewhere = on.then_some(value);
        }
        "inactive" => limits.inactive = time(name, &value)?.saturating_mul(MILLISECOND),
        "max_size" => limits.max_size = Some(size(name, &value)?),
        "min_free" => limits.min_free = Some(size(name, &value)?),
        "purger" | "purger_files" | "purger_sleep" | "purger_threshold" => {
            let what = "what is purged is removed at once";
            statement.diagnostics.note_without_effect(word.span, what);
        }
        _ => return pace(written, name, word, &value),
    }
    Ok(())
}

fn pace(
    written: &mut PathWritten,
    name: &str,
    word: &Word,
    value: &Word,
) -> Result<(), Diagnostic> {
    let (pace, what) = match name.split_once('_') {
        Some(("manager", what)) => (&mut written.manager, what),
        Some(("loader", what)) => (written.loader.get_or_insert_default(), what),
        _ => return Err(unknown_parameter(word, &NAMES)),
    };
    match what {
        "files" => {
            let number = values::number(&value.text)
                .ok()
                .filter(|number| *number > 0);
            let number = number.and_then(|number| usize::try_from(number).ok());
            pace.files = number.ok_or_else(|| invalid(name, value, "a whole number above 0"))?;
        }
        "threshold" => pace.threshold = Duration::from_millis(time(name, value)?),
        "sleep" => pace.sleep = Some(Duration::from_millis(time(name, value)?)),
        _ => return Err(unknown_parameter(word, &NAMES)),
    }
    Ok(())
}

fn invalid(name: &str, value: &Word, expected: &str) -> Diagnostic {
    let message = format!("invalid \"{name}\" value \"{}\"", value.text);
    Diagnostic::error(value.span, message).with_help(format!("expected {expected}"))
}

fn levels(value: &Word) -> Result<Levels, Diagnostic> {
    let levels = Levels::parse(&value.text);
    levels.ok_or_else(|| invalid("levels", value, "up to three of 1 and 2, as in 1:2"))
}

fn time(name: &str, value: &Word) -> Result<u64, Diagnostic> {
    let time = values::milliseconds(&value.text);
    time.map_err(|_| invalid(name, value, "a time, such as 10m or 1d"))
}

fn size(name: &str, value: &Word) -> Result<u64, Diagnostic> {
    let size = values::offset(&value.text);
    size.map_err(|_| invalid(name, value, "a size, such as 500m or 20g"))
}
