//! `metric_zone` and `metric_complex_zone`: what they accept, as values.

use std::collections::HashSet;
use std::sync::Arc;

use crate::conf::values;
use crate::conf::{
    Arity, Body, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, SPEC, Span,
    Statement, Word,
};
use crate::metric::{MOST_LABELS, Mode, Schema, parse_mode};
use crate::modules::shared_zone::{Declaration, FileWritten, Purpose, Sync};
use crate::zone::{MINIMUM, Overflow};

use super::labelling::{Bound, Labelling};

/// The rows of both directives.
pub(super) const METRIC_ZONE: DirectiveSpec = DirectiveSpec {
    name: "metric_zone",
    contexts: Contexts::HTTP,
    arity: Arity::at_least(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric_zone NAME:SIZE[:file=PATH] [labels=NAME,...] [max_values=LABEL:N]...\n    \
                 [expire=on | off] [discard_key=KEY] [inactive=TIME] [sync=TIME | always | exit]\n    MODE [PARAMETERS];",
        default: "",
        text: "Declares a zone of shared memory that keeps one value for each key, and how samples \
               become that value: MODE is one of [these](MODES.md). \
               When it is full, a new key is refused, or with `expire=on` takes the place of the \
               keys that were updated longest ago; what is refused or dropped is added to KEY. \
               A key that is not updated for `inactive` is dropped, too. SIZE is at least 32k. Shown at \
               `/status/http/metric_zones/NAME/`.\n\n\
               With `labels`, 16 at most, a key has a part for each, which is what `metric` gives: JSON nests by them, and scrapers get a label \
               for each. The discard key then is KEY in every part. With `max_values` a label has N different values at most (1 to 100000), \
               over all workers: what else comes counts as KEY in that part, which is not `discarded`. A place of a value that no key has any more is free \
               again after a minute or so. A smaller N in a reload takes no value its place: it holds once enough of them are gone. The values are kept in \
               memory beside SIZE, which `-t` tells: for 1000 about half a megabyte. A reload may give labels other names and add some behind the others, where \
               keys that are there have an empty part; after any other change of labels the zone starts anew, and what requests of before still count is left out. \
               `/status/angie/self/zones/NAME/labels/` tells how many values each label has.\n\n\
               Nothing that is updated makes other requests wait: what cannot be done within two milliseconds, because another process \
               has the zone's lock, is done by a thread of the worker, in order, and until then what is read is without it. So for at most 16 MiB of updates \
               for each zone in each worker; if a process with the lock was stopped, or died in a zone so large that putting it in order takes longer, further ones are refused, counted among \
               the `fails` of `/status/slabs/` and told in the error log. What waits in a worker that is killed is lost with it.\n\n\
               With `file`, the zone lasts: its memory is the file PATH, which survives the death of all \
               processes, and a snapshot is written beside it every `sync` (1s unless said otherwise) in \
               case the machine goes down. `always`: a change through `metric_push` is answered only \
               when it is on the disk. `exit`: one snapshot, when the server ends. A file that is damaged \
               is kept as PATH.bad, one without a metric in common as PATH.old. Do not keep values in a \
               file that go up when a request begins and down when it ends: a server that is killed \
               leaves them up.",
        example: "metric_zone upstream_time:10m expire=on histogram 0.05 0.1 0.5 1 5 inf;",
    },
    apply: simple,
    ..SPEC
};

/// See [`METRIC_ZONE`].
pub(super) const METRIC_COMPLEX_ZONE: DirectiveSpec = DirectiveSpec {
    name: "metric_complex_zone",
    contexts: Contexts::HTTP,
    arity: Arity::between(1, 6 + MOST_LABELS),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric_complex_zone NAME:SIZE[:file=PATH] [labels=NAME,...] [max_values=LABEL:N]...\n    \
                 [expire=on | off] [discard_key=KEY] [inactive=TIME] [sync=TIME | always | exit] {\n    METRIC MODE [PARAMETERS];\n    \
                 ...\n}",
        default: "",
        text: "Declares a zone that keeps several named values for each key; every update feeds all \
               of them.",
        example: "metric_complex_zone requests:1m expire=on {\n    fastest min;\n    slowest max;\n    \
                  total count;\n}",
    },
    apply: complex,
};

/// The zones of an `http` block.
#[derive(Default)]
pub(super) struct ZonesWritten(pub Vec<ZoneWritten>);

/// One zone, as written.
pub(in crate::modules) struct ZoneWritten {
    pub name: String,
    pub size: usize,
    pub options: Options,
    pub schema: Arc<Schema>,
    /// Whether it has one metric without a name.
    pub is_simple: bool,
    pub span: Span,
}

/// What holds for the zone as a whole.
#[derive(Default)]
pub(in crate::modules) struct Options {
    pub overflow: Overflow,
    /// How long a key stays without an update, in milliseconds.
    pub inactive: Option<u64>,
    /// Where it lasts.
    pub file: Option<FileWritten>,
    sync: Option<(Sync, Span)>,
    pub(super) labelling: Labelling,
    /// How many values labels may have.
    pub(super) bounds: Vec<Bound>,
}

impl ZoneWritten {
    pub(in crate::modules) fn declaration(&self, purpose: &'static Purpose) -> Declaration {
        let options = &self.options;
        Declaration {
            purpose,
            name: self.name.clone(),
            size: self.size,
            schema: Arc::clone(&self.schema),
            overflow: options.overflow.clone(),
            inactive: options.inactive,
            file: options.file.clone(),
            sync: options.sync.map(|(sync, _)| sync).unwrap_or_default(),
            span: self.span,
        }
    }
}

impl Options {
    /// Where `sync` was written, if it was.
    pub(in crate::modules) fn sync_span(&self) -> Option<Span> {
        self.sync.map(|(_, span)| span)
    }

    /// What keys are, once all parameters are known.
    fn settle(&mut self, span: Span) -> Result<(), Diagnostic> {
        self.labelling.divide(&mut self.overflow, span)?;
        self.bounds = self.labelling.bounds()?;
        self.check()
    }

    pub(in crate::modules) fn check(&self) -> Result<(), Diagnostic> {
        match (&self.file, self.sync) {
            (None, Some((_, span))) => {
                let message = "\"sync\" requires a file";
                Err(Diagnostic::error(span, message).with_help("write NAME:SIZE:file=PATH"))
            }
            _ => Ok(()),
        }
    }
}

fn simple(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, size, file) = name_and_size(statement)?;
    let mut options = Options {
        file,
        ..Options::default()
    };
    let mut words = &statement.arguments()[1..];
    while let Some((word, rest)) = words.split_first() {
        if !option_of_metrics(&mut options, word)? {
            break;
        }
        words = rest;
    }
    options.settle(statement.directive.name.span)?;
    let mode = parse_mode(&statement.directive.name, words)?;
    let labels = options.labelling.names.clone();
    let schema = Arc::new(Schema::simple(mode).with_labels(labels));
    let span = statement.directive.span;
    add(
        statement,
        ZoneWritten {
            name,
            size,
            options,
            schema,
            is_simple: true,
            span,
        },
    )
}

fn complex(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, size, file) = name_and_size(statement)?;
    let mut options = Options {
        file,
        ..Options::default()
    };
    let room = |word: &&Word| {
        let is = |name| word.text.starts_with(name);
        is("expire=") || is("discard_key=")
    };
    if statement.arguments()[1..].iter().filter(room).count() > 2 {
        let name = &statement.directive.name;
        let message = format!("invalid number of arguments in \"{}\" directive", name.text);
        let help = "\"expire\" and \"discard_key\" are given once each";
        return Err(Diagnostic::error(name.span, message).with_help(help));
    }
    for word in &statement.arguments()[1..] {
        if !option_of_metrics(&mut options, word)? {
            let message = format!("invalid parameter \"{}\"", word.text);
            let help = "expected labels=NAME,NAME, max_values=LABEL:N, expire=on, expire=off, \
                        discard_key=KEY, inactive=TIME or sync=TIME";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
    }
    options.settle(statement.directive.name.span)?;
    let lines = statement.lines();
    let metrics = metrics(statement, &lines);
    if lines.is_empty() {
        let message = format!("no submetrics in zone \"{name}\"");
        return Err(statement
            .error(1, message)
            .with_help("add lines such as \"total count;\""));
    }
    let labels = options.labelling.names.clone();
    let schema = Arc::new(Schema::complex(metrics).with_labels(labels));
    let span = statement.directive.span;
    add(
        statement,
        ZoneWritten {
            name,
            size,
            options,
            schema,
            is_simple: false,
            span,
        },
    )
}

fn metrics(statement: &mut Statement<'_>, lines: &[&Directive]) -> Vec<(String, Box<dyn Mode>)> {
    let mut names = HashSet::new();
    let mut metrics = Vec::new();
    for line in lines {
        if !names.insert(&line.name.text) {
            let message = format!("duplicated metric name \"{}\"", line.name.text);
            statement
                .diagnostics
                .push(Diagnostic::error(line.name.span, message));
        }
        let mode = parse_mode(&line.name, &line.arguments);
        let mode = statement.diagnostics.check(mode);
        metrics.extend(mode.map(|mode| (line.name.text.clone(), mode)));
    }
    metrics
}

/// Reads `NAME:SIZE[:file=PATH]`, the first argument.
pub(in crate::modules) fn name_and_size(
    statement: &Statement<'_>,
) -> Result<(String, usize, Option<FileWritten>), Diagnostic> {
    zone_specification(statement.word(1))
}

/// Reads `NAME:SIZE[:file=PATH]`.
pub(in crate::modules) fn zone_specification(
    word: &Word,
) -> Result<(String, usize, Option<FileWritten>), Diagnostic> {
    let text = word.text.as_str();
    let error = |message: String| Diagnostic::error(word.span, message);
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    let invalid = || {
        error(format!("invalid zone specification \"{text}\""))
            .with_help("expected NAME:SIZE, as in requests:1m")
    };
    let (name, size, file) = match *parts {
        [name, size] if !name.is_empty() && !size.is_empty() => (name, size, None),
        [name, size, file] if !name.is_empty() && !size.is_empty() => {
            let path = file.strip_prefix("file=").ok_or_else(invalid)?;
            (name, size, Some(path))
        }
        [name] if !name.is_empty() => {
            let help = format!("expected NAME:SIZE, as in {name}:1m");
            return Err(error(format!("zone \"{name}\" has no size")).with_help(help));
        }
        _ => return Err(invalid()),
    };
    if file == Some("") {
        return Err(error(format!("zone \"{name}\" has an empty file name")));
    }
    let file = file.map(|path| FileWritten {
        path: path.to_owned(),
        span: word.slice(text.len() - path.len()..text.len()).span,
    });
    let bytes = values::size(size)
        .ok()
        .and_then(|bytes| usize::try_from(bytes).ok());
    let Some(bytes) = bytes else {
        return Err(
            error(format!("invalid zone size \"{size}\"")).with_help("digits, and k or m for more")
        );
    };
    if bytes < MINIMUM {
        let message = format!("zone \"{name}\" is too small: at least {MINIMUM} bytes");
        return Err(error(message).with_help("the smallest zone is 32k"));
    }
    Ok((name.to_owned(), bytes, file))
}

/// Takes an option of a zone of metrics; false when the word is none.
fn option_of_metrics(options: &mut Options, word: &Word) -> Result<bool, Diagnostic> {
    Ok(options.labelling.option(word)? || option(options, word)?)
}

/// Takes an option; false when the word is none.
pub(in crate::modules) fn option(options: &mut Options, word: &Word) -> Result<bool, Diagnostic> {
    if let Some(value) = word.strip_prefix("inactive=") {
        options.inactive = Some(inactive(&value)?);
        return Ok(true);
    }
    if let Some(value) = word.strip_prefix("sync=") {
        options.sync = Some((sync(&value)?, word.span));
        return Ok(true);
    }
    let overflow = &mut options.overflow;
    if let Some(value) = word.strip_prefix("expire=") {
        overflow.expire = match value.text.as_str() {
            "on" => true,
            "off" => false,
            other => {
                let message = format!("unknown expire mode \"{other}\"");
                return Err(Diagnostic::error(value.span, message).with_help("on or off"));
            }
        };
        return Ok(true);
    }
    let Some(key) = word.strip_prefix("discard_key=") else {
        return Ok(false);
    };
    let text = if word.quoted {
        &key.text
    } else {
        bare(&key.text)
    };
    overflow.discard_key = Some(text.as_bytes())
        .filter(|key| !key.is_empty())
        .map(Into::into);
    Ok(true)
}

fn inactive(value: &Word) -> Result<u64, Diagnostic> {
    match values::milliseconds(&value.text) {
        Ok(time) if time > 0 => Ok(time),
        _ => {
            let message = format!("invalid \"inactive\" value \"{}\"", value.text);
            Err(Diagnostic::error(value.span, message).with_help("a time, such as 1h or 90s"))
        }
    }
}

fn sync(value: &Word) -> Result<Sync, Diagnostic> {
    match (value.text.as_str(), values::milliseconds(&value.text)) {
        ("always", _) => Ok(Sync::Always),
        ("exit", _) => Ok(Sync::Exit),
        (_, Ok(time)) if time >= LEAST_SYNC => Ok(Sync::Every(time)),
        (text, _) => {
            let message = format!("invalid \"sync\" value \"{text}\"");
            let help = "a time of at least 100ms, \"always\" or \"exit\"";
            Err(Diagnostic::error(value.span, message).with_help(help))
        }
    }
}

/// The shortest time between two snapshots, in milliseconds.
const LEAST_SYNC: u64 = 100;

/// Text without the quotes around it: in `discard_key="old"` they are, by the rules of the language,
/// part of the word, but nobody means them.
fn bare(text: &str) -> &str {
    let within = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

fn add(statement: &mut Statement<'_>, zone: ZoneWritten) -> Result<(), Diagnostic> {
    let known = statement.scope.get_or_default::<ZonesWritten>();
    let Some(other) = known.0.iter().find(|other| other.name == zone.name) else {
        known.0.push(zone);
        return Ok(());
    };
    let (name, directive) = (&zone.name, &statement.directive.name.text);
    let message = if other.size == zone.size {
        format!("\"{directive}\" \"{name}\" is already declared")
    } else {
        let (new, old) = (zone.size, other.size);
        format!("size {new} of zone \"{name}\" conflicts with its declared size {old}")
    };
    Err(statement.error(1, message))
}
