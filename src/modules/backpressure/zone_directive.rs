//! `backpressure_zone`: what it accepts, as values.

use std::time::Duration;

use super::rules::{Decrease, Rules};
use super::signal::{Stale, StaleRule};
use crate::conf::values;
use crate::conf::{
    Arity, Body, Context, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, Span, Statement, Text,
    Word, each_once, unknown_parameter,
};
use crate::modules::metric::name_and_size;
use crate::modules::shared_zone::{FileWritten, Sync};

/// The row.
pub(super) const BACKPRESSURE_ZONE: DirectiveSpec = DirectiveSpec {
    name: "backpressure_zone",
    contexts: Contexts::HTTP,
    arity: Arity::at_least(1),
    body: Body::Block(|_| Context::BackpressureZone),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "backpressure_zone NAME:SIZE[:file=PATH] [sync=TIME | exit] [min=N] [max=N] [increase=N] [decrease=N%]\n    \
                 [decrease_on=interval | completion] [utilization=N%] [interval=TIME]\n    \
                 [stale=TIME [open | hold | close]] [key=KEY] { ... }",
        default: "",
        text: "Declares a window: how many requests may be under way at once, over all workers. It begins at `min` \
               (1) and grows by `increase` (1) with each request that is over, up to `max` (1000). The signals \
               within the block are evaluated every `interval` (1s, give or take a tenth). While a signal without \
               grades fires, the window does not grow, and with each evaluation it loses `decrease` (50%) of itself; \
               `decrease_on=completion` has it lose that with each request that is over instead. A signal with `warn` and \
               `emergency` leaves a part of `max` only, down to `min`. With `utilization` the window grows only by \
               requests that came when so much of it was in use (0%). A signal without a fresh value for \
               `stale` (5m, and more than passes between two of its values) is ignored (`open`), keeps its last value (`hold`), or is taken for the \
               worst (`close`). After a reload the signals are evaluated and other limits hold at once. What a killed worker had under way is given back within a \
               second, whatever `interval` is.\n\n\
               With `key` each value of KEY has a window of its own; requests with an empty KEY pass and are counted as `skipped`. Where there is no \
               room for another key, the key that was used longest ago and has no request under way gives its place; if there \
               is none, the request passes and is counted as `exhausted`. A key has at most 65535 requests under way. \
               With `file` the windows last: PATH is written as that of a `metric_zone` is, with a snapshot every `sync` (1s), or \
               one when the server ends. Shown at `/status/http/backpressure_zones/NAME`.",
        example: "backpressure_zone api:64k min=10 max=200 {\n    signal errors \
                  path=~^/http/server_zones/app/responses/5..$ func=rate agg=sum\n        \
                  over=~^/http/server_zones/app/responses/(?!429)...$ warn=0.05 emergency=0.30;\n}",
    },
    apply,
};

/// A zone, as written.
pub(super) struct ZoneWritten {
    pub(super) name: String,
    pub(super) size: usize,
    pub(super) file: Option<FileWritten>,
    pub(super) sync: Sync,
    pub(super) rules: Rules,
    pub(super) interval: Duration,
    pub(super) stale: Stale,
    pub(super) key: Option<Text>,
    pub(super) span: Span,
    /// Where it says how old a value may be, or else how often values come.
    pub(super) at_time: Span,
}

/// The largest window of a zone, and of one key.
const LARGEST: u32 = 1_000_000_000;
/// See [`LARGEST`].
const LARGEST_OF_KEY: u32 = 65_535;
/// The shortest time between two evaluations, in milliseconds.
const SHORTEST: u64 = 100;

fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, size, file) = name_and_size(statement)?;
    let mut options = Options::default();
    each_once(&statement.arguments()[1..], &[])?;
    let mut words = statement.arguments()[1..].iter().peekable();
    while let Some(word) = words.next() {
        options.take(word)?;
        if word.text.starts_with("stale=") {
            let rule = words.next_if(|word| !word.text.contains('='));
            options.stale.rule = rule.map_or(Ok(StaleRule::Open), stale_rule)?;
        }
    }
    let rules = options.rules()?;
    if let (None, Some(span)) = (&file, options.sync.1) {
        let problem = Diagnostic::error(span, "\"sync\" requires a file");
        return Err(problem.with_help("write NAME:SIZE:file=PATH"));
    }
    let span = statement.word(1).span;
    statement.scope.insert(ZoneWritten {
        name,
        size,
        file,
        sync: options.sync.0,
        rules,
        interval: Duration::from_millis(options.interval),
        stale: options.stale,
        key: options.key,
        span,
        at_time: options.at_stale.or(options.at_interval).unwrap_or(span),
    });
    Ok(())
}

/// What stands behind the name.
struct Options {
    min: (u32, Option<Span>),
    max: (u32, Option<Span>),
    increase: u32,
    decrease: u32,
    when: Decrease,
    utilization: u32,
    interval: u64,
    at_interval: Option<Span>,
    stale: Stale,
    at_stale: Option<Span>,
    key: Option<Text>,
    sync: (Sync, Option<Span>),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min: (1, None),
            max: (1000, None),
            increase: 1,
            decrease: 50,
            when: Decrease::OnEvaluation,
            utilization: 0,
            interval: 1000,
            at_interval: None,
            at_stale: None,
            stale: Stale {
                after: 300_000,
                rule: StaleRule::Open,
            },
            key: None,
            sync: (Sync::default(), None),
        }
    }
}

impl Options {
    fn take(&mut self, word: &Word) -> Result<(), Diagnostic> {
        let name = word.text.split('=').next().unwrap_or_default();
        let value = word.slice((name.len() + 1).min(word.text.len())..word.text.len());
        let value = &value;
        match name {
            "min" => self.min = (number(name, value, 1)?, Some(value.span)),
            "max" => self.max = (number(name, value, 1)?, Some(value.span)),
            "increase" => self.increase = number(name, value, 1)?,
            "decrease" => self.decrease = percent(name, value, 1)?,
            "utilization" => self.utilization = percent(name, value, 0)?,
            "decrease_on" => self.when = when(value)?,
            "interval" => {
                self.interval = time(name, value, SHORTEST)?;
                self.at_interval = Some(value.span);
            }
            "stale" => {
                self.stale.after = time(name, value, 1)?;
                self.at_stale = Some(value.span);
            }
            "sync" => self.sync = (sync(value)?, Some(value.span)),
            "key" if word.text == "key=" => {
                let problem = Diagnostic::error(word.span, "empty \"key\"");
                return Err(problem.with_help("write a text with variables: key=$remote_addr"));
            }
            "key" if !value.text.is_empty() => self.key = Some(Text::parse(value)?),
            _ => return Err(unknown_parameter(word, PARAMETERS)),
        }
        Ok(())
    }

    fn rules(&self) -> Result<Rules, Diagnostic> {
        let ((min, at_min), (max, at_max)) = (self.min, self.max);
        let span = at_max.or(at_min).unwrap_or(Span::NOWHERE);
        if max < min {
            let problem = Diagnostic::error(span, "\"max\" is less than \"min\"");
            let help = format!("\"min\" is {min}, \"max\" is {max}");
            return Err(problem.with_help(help));
        }
        if self.key.is_some() && max > LARGEST_OF_KEY {
            let message = format!("\"max\" must be at most {LARGEST_OF_KEY} with \"key\"");
            return Err(Diagnostic::error(span, message));
        }
        Ok(Rules {
            min,
            max,
            increase: self.increase,
            decrease: self.decrease,
            when: self.when,
            utilization: self.utilization,
        })
    }
}

fn sync(value: &Word) -> Result<Sync, Diagnostic> {
    match value.text.as_str() {
        "exit" => Ok(Sync::Exit),
        _ => {
            let time = time("sync", value, SHORTEST).map(Sync::Every);
            time.map_err(|_| invalid("sync", value, "a time of at least 100ms, or exit"))
        }
    }
}

fn number(name: &str, value: &Word, least: u32) -> Result<u32, Diagnostic> {
    let number = match values::number(&value.text) {
        Ok(number) => u32::try_from(number).unwrap_or(u32::MAX),
        Err(_) => return Err(invalid(name, value, "a whole number")),
    };
    if number < least {
        let message = format!("\"{name}\" must be at least {least}");
        return Err(Diagnostic::error(value.span, message));
    }
    if number > LARGEST {
        let message = format!("\"{name}\" must be at most {LARGEST}");
        return Err(Diagnostic::error(value.span, message));
    }
    Ok(number)
}

fn percent(name: &str, value: &Word, least: u32) -> Result<u32, Diagnostic> {
    let digits = value.text.strip_suffix('%');
    let number = digits.and_then(|digits| values::number(digits).ok());
    let number = number.and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (least..=100).contains(number))
        .ok_or_else(|| invalid(name, value, &format!("{least}% to 100%")))
}

fn time(name: &str, value: &Word, least: u64) -> Result<u64, Diagnostic> {
    match values::milliseconds(&value.text) {
        Ok(time) if (least..=LONGEST).contains(&time) => Ok(time),
        Ok(_) => Err(invalid(name, value, &format!("{least}ms to a year"))),
        Err(_) => Err(invalid(name, value, "a time such as 500ms, 1s or 5m")),
    }
}

/// A year, in milliseconds.
const LONGEST: u64 = 365 * 24 * 60 * 60 * 1000;

fn when(value: &Word) -> Result<Decrease, Diagnostic> {
    match value.text.as_str() {
        "interval" => Ok(Decrease::OnEvaluation),
        "completion" => Ok(Decrease::OnCompletion),
        _ => Err(invalid("decrease_on", value, "interval or completion")),
    }
}

/// What a zone may say.
const PARAMETERS: &[&str] = &[
    "min",
    "max",
    "increase",
    "decrease",
    "decrease_on",
    "utilization",
    "interval",
    "stale",
    "key",
    "sync",
];

fn stale_rule(word: &Word) -> Result<StaleRule, Diagnostic> {
    match word.text.as_str() {
        "open" => Ok(StaleRule::Open),
        "hold" => Ok(StaleRule::Hold),
        "close" => Ok(StaleRule::Close),
        _ => Err(invalid("stale", word, "open, hold or close after the time")),
    }
}

fn invalid(name: &str, value: &Word, expected: &str) -> Diagnostic {
    let message = format!("invalid \"{name}\" value \"{}\"", value.text);
    Diagnostic::error(value.span, message).with_help(format!("expected {expected}"))
}
