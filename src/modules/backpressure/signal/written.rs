//! `signal` and `monitor` lines, read.

use std::time::Duration;

use super::grade::{CURVE, Grade};
use super::history::Change;
use super::local::{Aggregation, Function, LocalWritten};
use super::monitor::{MonitorWritten, endpoint};
use super::plan::{Signal, Source, Written, WrittenMonitor};
use super::promql;
use crate::conf::{Diagnostic, Span, Statement, Word, each_once, unknown_parameter, values};
use crate::modules::prometheus::path;
use crate::status::prometheus::{Path, is_number};

/// As many signals as a zone may have.
const MOST: usize = 32;
/// What a signal may say.
const SIGNAL: &[&str] = &[
    "path",
    "query",
    "func",
    "agg",
    "over",
    "window",
    "warn",
    "emergency",
    "curve",
    "interval",
];
/// What only a signal with a path may say.
const OF_PATHS: &[&str] = &["func", "agg", "over", "window"];
const MONITOR: &[&str] = &["timeout", "interval"];
/// The shortest interval, in milliseconds.
const LEAST: u64 = 100;

pub(super) fn signal(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let read = read(statement);
    let written = statement.scope.get_or_default::<Written>();
    written.0.push(read?);
    Ok(())
}

pub(super) fn monitor(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let monitor = read_monitor(statement)?;
    let span = statement.word(0).span;
    statement.scope.insert(WrittenMonitor { monitor, span });
    Ok(())
}

fn read_monitor(statement: &Statement<'_>) -> Result<MonitorWritten, Diagnostic> {
    let options = Options::of(statement, MONITOR)?;
    let url = statement.word(1);
    let endpoint = endpoint(&url.text).ok_or_else(|| {
        let message = format!("invalid url in \"monitor\": \"{}\"", url.text);
        let help = "expected the address of a Prometheus, as in http://127.0.0.1:9090, without user and password";
        Diagnostic::error(url.span, message).with_help(help)
    })?;
    Ok(MonitorWritten {
        endpoint,
        timeout: Duration::from_millis(options.time("timeout", 1)?.unwrap_or(10_000)),
        interval: options.time("interval", LEAST)?.unwrap_or(30_000),
    })
}

fn read(statement: &Statement<'_>) -> Result<Signal, Diagnostic> {
    let name = statement.word(1);
    if name.text.is_empty() || name.text.contains('=') {
        let message = format!("invalid signal name \"{}\"", name.text);
        return Err(Diagnostic::error(name.span, message)
            .with_help("the name comes first, then what it is"));
    }
    if let Some(written) = statement.scope.get::<Written>() {
        check_place(written, name)?;
    }
    let options = Options::of(statement, SIGNAL)?;
    let text: Vec<&str> = statement
        .arguments()
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    Ok(Signal {
        name: name.text.clone(),
        source: source(name, &options)?,
        at: options.at_source(),
        grade: grade(&options)?,
        interval: options.time("interval", LEAST)?,
        text: text.join(" "),
    })
}

fn check_place(written: &Written, name: &Word) -> Result<(), Diagnostic> {
    if written.0.iter().any(|signal| signal.name == name.text) {
        let message = format!("duplicate signal \"{}\"", name.text);
        return Err(Diagnostic::error(name.span, message));
    }
    if written.0.len() >= MOST {
        let message = format!("too many signals: a zone has {MOST} at most");
        return Err(Diagnostic::error(name.span, message));
    }
    Ok(())
}

fn source(name: &Word, options: &Options) -> Result<Source, Diagnostic> {
    let problem = |message: String| Diagnostic::error(name.span, message);
    match (options.get("path"), options.get("query")) {
        (None, None) => {
            let message = format!("signal \"{}\" requires \"path\" or \"query\"", name.text);
            Err(problem(message)
                .with_help("a path of the status tree, as in path=/connections/active"))
        }
        (Some(_), Some(_)) => {
            let message = format!("signal \"{}\" has both \"path\" and \"query\"", name.text);
            Err(problem(message).with_help("make two signals of it"))
        }
        (Some(path), None) => local(path, options).map(|local| Source::Local(Box::new(local))),
        (None, Some(query)) => {
            if let Some(option) = OF_PATHS.iter().find_map(|option| options.word(option)) {
                let message = format!("\"{}\" is for signals with \"path\"", option.text);
                return Err(Diagnostic::error(option.span, message)
                    .with_help("the query says all of that itself"));
            }
            checked(query).map(Source::Query)
        }
    }
}

fn local(path: &Word, options: &Options) -> Result<LocalWritten, Diagnostic> {
    let change = options.choice(
        "func",
        &[
            ("value", None),
            ("rate", Some(Change::Rate)),
            ("delta", Some(Change::Delta)),
        ],
    )?;
    let window = options.time("window", LEAST)?;
    let function = match (change.flatten(), window) {
        (Some(change), window) => Function::Change {
            change,
            window: window.unwrap_or(10_000),
        },
        (None, None) => Function::Value,
        (None, Some(_)) => {
            let message = "\"window\" requires \"func=rate\" or \"func=delta\"";
            return Err(options.problem("window", message));
        }
    };
    let aggregations = [
        ("sum", Aggregation::Sum),
        ("max", Aggregation::Max),
        ("min", Aggregation::Min),
        ("avg", Aggregation::Average),
    ];
    Ok(LocalWritten {
        path: of_tree(path)?,
        over: options.get("over").map(of_tree).transpose()?,
        function,
        aggregation: options
            .choice("agg", &aggregations)?
            .unwrap_or(Aggregation::Sum),
    })
}

/// A path of the status tree, or a pattern.
fn of_tree(word: &Word) -> Result<Path, Diagnostic> {
    let path = path(&word.text, word)?;
    match &path {
        Path::Literal(text) if !text.starts_with('/') => {
            let message = format!("path \"{text}\" does not begin with \"/\"");
            let help = format!("did you mean \"/{text}\"?");
            Err(Diagnostic::error(word.span, message).with_help(help))
        }
        Path::Literal(text) if text.starts_with("/status/") => {
            let message = format!("path \"{text}\" matches nothing");
            let help = format!(
                "paths begin below /status: \"{}\"",
                &text["/status".len()..]
            );
            Err(Diagnostic::error(word.span, message).with_help(help))
        }
        _ => Ok(path),
    }
}

fn checked(query: &Word) -> Result<String, Diagnostic> {
    let text = query.text.trim();
    if is_quoted(text) {
        let problem = Diagnostic::error(query.span, "PromQL must not be quoted twice");
        return Err(problem.with_help("one pair of quotes is enough: query='up == 0'"));
    }
    match promql::objection(text) {
        None => Ok(text.to_owned()),
        Some(objection) => {
            let objection = objection.split_whitespace().collect::<Vec<_>>().join(" ");
            let message = format!("invalid PromQL \"{text}\": {objection}");
            Err(Diagnostic::error(query.span, message))
        }
    }
}

fn is_quoted(text: &str) -> bool {
    let within = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    within('"') || within('\'')
}

fn is_half_quoted(text: &str) -> bool {
    text.starts_with(['"', '\'']) && !is_quoted(text)
}

fn grade(options: &Options) -> Result<Option<Grade>, Diagnostic> {
    let (warn, emergency) = (options.threshold("warn")?, options.threshold("emergency")?);
    let curve = options.number("curve")?;
    let (warn, emergency) = match (warn, emergency) {
        (Some(warn), Some(emergency)) => (warn, emergency),
        (Some(_), None) => return Err(options.problem("warn", "\"warn\" requires \"emergency\"")),
        (None, Some(_)) => {
            return Err(options.problem("emergency", "\"emergency\" requires \"warn\""));
        }
        (None, None) if curve.is_some() => {
            return Err(options.problem("curve", "\"curve\" requires \"warn\" and \"emergency\""));
        }
        (None, None) => return Ok(None),
    };
    if emergency <= warn {
        return Err(options.problem("emergency", "\"emergency\" must be greater than \"warn\""));
    }
    if curve.is_some_and(|curve| curve < 0.0) {
        return Err(options.problem("curve", "\"curve\" must not be negative"));
    }
    Ok(Some(Grade {
        warn,
        emergency,
        curve: curve.unwrap_or(CURVE),
    }))
}

/// The `name=value` words of a line, each name once.
struct Options {
    /// Name, whole word, value.
    all: Vec<(&'static str, Word, Word)>,
}

impl Options {
    fn of(statement: &Statement<'_>, known: &'static [&'static str]) -> Result<Self, Diagnostic> {
        let mut all: Vec<(&'static str, Word, Word)> = Vec::new();
        each_once(&statement.arguments()[1..], &[])?;
        for word in &statement.arguments()[1..] {
            let name = word.text.split_once('=').map_or("", |(name, _)| name);
            let Some(own) = known.iter().find(|own| **own == name) else {
                return Err(unknown_parameter(word, known));
            };
            let mut value = word.slice(name.len() + 1..word.text.len());
            if !word.quoted && is_quoted(&value.text) {
                value = value.slice(1..value.text.len() - 1);
            }
            if !word.quoted && is_half_quoted(&value.text) {
                let message = format!("unexpected quote in \"{name}\"");
                let help = format!("quote the whole value: {name}='...'");
                return Err(Diagnostic::error(value.span, message).with_help(help));
            }
            if value.text.is_empty() {
                return Err(Diagnostic::error(word.span, format!("empty \"{name}\"")));
            }
            all.push((own, word.clone(), value));
        }
        Ok(Self { all })
    }

    /// The value of an option.
    fn get(&self, name: &str) -> Option<&Word> {
        let found = self.all.iter().find(|(own, _, _)| *own == name);
        found.map(|(_, _, value)| value)
    }

    /// An option as written.
    fn word(&self, name: &str) -> Option<&Word> {
        let found = self.all.iter().find(|(own, _, _)| *own == name);
        found.map(|(_, word, _)| word)
    }

    /// Where it says what the value comes from.
    fn at_source(&self) -> Span {
        let found = self.word("path").or(self.word("query"));
        found.map_or(Span::NOWHERE, |word| word.span)
    }

    /// A problem with an option that is there.
    fn problem(&self, name: &str, message: &str) -> Diagnostic {
        let span = self.word(name).map_or(Span::NOWHERE, |word| word.span);
        Diagnostic::error(span, message)
    }

    fn time(&self, name: &str, least: u64) -> Result<Option<u64>, Diagnostic> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match values::milliseconds(&value.text) {
            Ok(time) if time >= least && time <= LONGEST => Ok(Some(time)),
            _ => {
                let message = format!("invalid \"{name}\" value \"{}\"", value.text);
                let help = format!("a time from {least}ms to 365d, such as 500ms, 10s or 1m");
                Err(Diagnostic::error(value.span, message).with_help(help))
            }
        }
    }

    fn number(&self, name: &str) -> Result<Option<f64>, Diagnostic> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = is_number(value.text.as_bytes()).then(|| value.text.parse::<f64>().ok());
        match number.flatten().filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => {
                let message = format!("invalid \"{name}\" value \"{}\"", value.text);
                Err(Diagnostic::error(value.span, message)
                    .with_help("a number, such as 0.05 or 200"))
            }
        }
    }

    fn threshold(&self, name: &str) -> Result<Option<f64>, Diagnostic> {
        let number = self.number(name)?;
        match number {
            Some(number) if number < 0.0 => Err(self.problem(name, "negative threshold")),
            _ => Ok(number),
        }
    }

    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Diagnostic> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == value.text) {
            return Ok(Some(*choice));
        }
        let words: Vec<_> = choices
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        let message = format!("invalid \"{name}\" value \"{}\"", value.text);
        let help = format!("it must be {}", words.join(" or "));
        Err(Diagnostic::error(value.span, message).with_help(help))
    }
}

/// The longest time, in milliseconds.
const LONGEST: u64 = 365 * 24 * 60 * 60 * 1000;
