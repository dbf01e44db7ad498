//! `metric_zone` and `metric_complex_zone`: what they accept, as values.

use std::collections::HashSet;
use std::sync::Arc;

use crate::conf::values;
use crate::conf::{
    Arity, Body, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, SPEC, Span,
    Statement, Word,
};
use crate::metric::{Mode, Schema, parse_mode};
use crate::zone::{MINIMUM, Overflow};

/// The rows of both directives.
pub(super) const METRIC_ZONE: DirectiveSpec = DirectiveSpec {
    name: "metric_zone",
    contexts: Contexts::HTTP,
    arity: Arity::at_least(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric_zone NAME:SIZE [expire=on | off] [discard_key=KEY] MODE [PARAMETERS];",
        default: "",
        text: "Declares a zone of shared memory that keeps one value for each key, and how samples \
               become that value: `count`, `gauge`, `last`, `min`, `max`, `average exp \
               [factor=0..99]`, `average mean [window=off|TIME] [count=N]` or `histogram LIMIT...`. \
               When it is full, a new key is refused, or with `expire=on` takes the place of the \
               keys that were updated longest ago; what is refused or dropped is added to KEY. \
               SIZE is at least 32k. Shown at `/status/http/metric_zones/NAME/`.",
        example: "metric_zone upstream_time:10m expire=on histogram 0.05 0.1 0.5 1 5 inf;",
    },
    apply: simple,
    ..SPEC
};

/// See [`METRIC_ZONE`].
pub(super) const METRIC_COMPLEX_ZONE: DirectiveSpec = DirectiveSpec {
    name: "metric_complex_zone",
    contexts: Contexts::HTTP,
    arity: Arity::between(1, 3),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric_complex_zone NAME:SIZE [expire=on | off] [discard_key=KEY] {\n    METRIC \
                 MODE [PARAMETERS];\n    ...\n}",
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
pub(super) struct ZoneWritten {
    pub name: String,
    pub size: usize,
    pub overflow: Overflow,
    pub schema: Arc<Schema>,
    /// Whether it has one metric without a name.
    pub is_simple: bool,
    pub span: Span,
}

fn simple(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, size) = name_and_size(statement)?;
    let mut overflow = Overflow::default();
    let mut words = &statement.arguments()[1..];
    while let Some((word, rest)) = words.split_first() {
        if !option(&mut overflow, word)? {
            break;
        }
        words = rest;
    }
    let mode = parse_mode(&statement.directive.name, words)?;
    let schema = Arc::new(Schema::simple(mode));
    let span = statement.directive.span;
    add(
        statement,
        ZoneWritten {
            name,
            size,
            overflow,
            schema,
            is_simple: true,
            span,
        },
    )
}

fn complex(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let (name, size) = name_and_size(statement)?;
    let mut overflow = Overflow::default();
    for word in &statement.arguments()[1..] {
        if !option(&mut overflow, word)? {
            let message = format!("invalid parameter \"{}\"", word.text);
            let help = "expected expire=on, expire=off or discard_key=KEY";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
    }
    let lines = statement.lines();
    let metrics = metrics(statement, &lines);
    if lines.is_empty() {
        let message = format!("no submetrics in zone \"{name}\"");
        return Err(statement
            .error(1, message)
            .with_help("add lines such as \"total count;\""));
    }
    let schema = Arc::new(Schema::complex(metrics));
    let span = statement.directive.span;
    add(
        statement,
        ZoneWritten {
            name,
            size,
            overflow,
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

fn name_and_size(statement: &Statement<'_>) -> Result<(String, usize), Diagnostic> {
    let text = statement.text(1);
    let parts: Vec<&str> = text.split(':').collect();
    let invalid = || {
        let message = format!("invalid zone specification \"{text}\"");
        statement
            .error(1, message)
            .with_help("expected NAME:SIZE, as in requests:1m")
    };
    let (name, size) = match *parts {
        [_, _, file, ..] if file.starts_with("file=") => {
            let message = format!("zone \"{text}\" cannot be kept in a file");
            return Err(statement.error(1, message));
        }
        [name, size] if !name.is_empty() && !size.is_empty() => (name, size),
        [name] if !name.is_empty() => {
            let message = format!("zone \"{name}\" has no size");
            let help = format!("expected NAME:SIZE, as in {name}:1m");
            return Err(statement.error(1, message).with_help(help));
        }
        _ => return Err(invalid()),
    };
    let bytes = values::size(size)
        .ok()
        .and_then(|bytes| usize::try_from(bytes).ok());
    let Some(bytes) = bytes else {
        let message = format!("invalid zone size \"{size}\"");
        return Err(statement
            .error(1, message)
            .with_help("digits, and k or m for more"));
    };
    if bytes < MINIMUM {
        let message = format!("zone \"{name}\" is too small: at least {MINIMUM} bytes");
        return Err(statement
            .error(1, message)
            .with_help("the smallest zone is 32k"));
    }
    Ok((name.to_owned(), bytes))
}

/// Takes an option; false when the word is none.
fn option(overflow: &mut Overflow, word: &Word) -> Result<bool, Diagnostic> {
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
