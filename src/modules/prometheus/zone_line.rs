//! `metric_zone ZONE …;` within a template: what is written there, and which families it means.
//!
//! Its second word is no variable, which tells it from a metric that is called `metric_zone`.

use std::sync::Arc;

use super::super::metric::{self, Entry};
use super::key_name::sanitised;
use super::keys::Keys;
use super::part::Part;
use super::zone_page::ZoneLine;
use crate::conf::{Diagnostic, Directive, Span, Word, nearest};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::status::prometheus::{Path, is_label_name, is_metric_name};

/// The line as written.
pub(super) struct WrittenZone {
    /// How many statements stand before it.
    after: usize,
    zone: Word,
    name: Option<Word>,
    prefix: Option<Word>,
    keys: Keys,
    /// Where it says what becomes of keys.
    keys_span: Option<Span>,
    /// Labels that are left out.
    aggregate: Option<Word>,
    help: Option<String>,
    most: u64,
}

/// Whether a line of a template is one of these.
pub(super) fn is_zone_line(directive: &Directive) -> bool {
    let second = directive.arguments.first();
    directive.name.text == "metric_zone" && second.is_some_and(|word| !word.text.starts_with('$'))
}

/// Reads a line for which [`is_zone_line`] holds.
pub(super) fn written(directive: &Directive, after: usize) -> Result<WrittenZone, Diagnostic> {
    let options = &directive.arguments[1..];
    check_once(options)?;
    let option = |name: &str| {
        let mut given = options.iter().filter_map(|word| word.strip_prefix(name));
        given.next_back()
    };
    let is_known = |word: &&Word| OPTIONS.iter().any(|name| word.text.starts_with(name));
    if let Some(word) = options.iter().find(|word| !is_known(word)) {
        let message = format!("invalid parameter \"{}\"", word.text);
        return invalid(word.span, message, EXPECTED);
    }
    if let Some(word) = option("help=").filter(|word| word.text.is_empty()) {
        return invalid(
            word.span,
            "empty help".to_owned(),
            "leave it out, or write a text",
        );
    }
    let zone = WrittenZone {
        after,
        zone: directive.arguments[0].clone(),
        name: option("as="),
        prefix: option("prefix="),
        keys: keys(option("keys="), option("label="), option("labels="))?,
        keys_span: ["keys=families", "label=", "labels="]
            .iter()
            .find_map(|name| Some(option(name)?.span)),
        aggregate: option("aggregate="),
        help: option("help=").map(|word| word.text),
        most: most(option("max_keys="))?,
    };
    if let Some(prefix) = zone
        .prefix
        .as_ref()
        .filter(|word| !is_metric_name(word.text.as_bytes()))
    {
        let message = format!("\"{}\" cannot begin a metric name", prefix.text);
        return invalid(prefix.span, message, NAME);
    }
    let bare = |word: &&Word| !is_metric_name(format!("_{}", word.text).as_bytes());
    if let Some(name) = zone
        .name
        .as_ref()
        .filter(|word| word.text.is_empty() || bare(word))
    {
        let message = format!("\"{}\" cannot be part of a metric name", name.text);
        return invalid(name.span, message, NAME);
    }
    let is_many = zone.zone.text == ALL || matches!(zone.keys, Keys::Families);
    match &zone.name {
        Some(name) if is_many => {
            let message = "\"as=\" would give many families one name";
            invalid(name.span, message.to_owned(), "prefix=TEXT goes with many")
        }
        _ => Ok(zone),
    }
}

/// Refuses what is given twice, of which one would do nothing.
fn check_once(options: &[Word]) -> Result<(), Diagnostic> {
    for name in OPTIONS {
        let mut given = options.iter().filter(|word| word.text.starts_with(name));
        if let (Some(_), Some(second)) = (given.next(), given.next()) {
            let message = format!("\"{name}\" is given twice");
            return invalid(second.span, message, "leave out one of them");
        }
    }
    Ok(())
}

const OPTIONS: [&str; 8] = [
    "as=",
    "label=",
    "labels=",
    "aggregate=",
    "keys=",
    "prefix=",
    "help=",
    "max_keys=",
];
const EXPECTED: &str = "expected as=NAME, label=NAME, labels=~REGEX, aggregate=LABEL,..., keys=labels, \
                        keys=families, prefix=TEXT, help=TEXT or max_keys=N";
const NAME: &str = "letters, digits, \"_\" and \":\", no digit first";
const ALL: &str = "*";

fn invalid<T>(span: Span, message: String, help: &str) -> Result<T, Diagnostic> {
    Err(Diagnostic::error(span, message).with_help(help))
}

/// What becomes of keys.
fn keys(keys: Option<Word>, label: Option<Word>, labels: Option<Word>) -> Result<Keys, Diagnostic> {
    let is_families = match &keys {
        Some(word) if !["labels", "families"].contains(&&*word.text) => {
            let message = format!("unknown use of keys \"{}\"", word.text);
            return invalid(word.span, message, "expected keys=labels or keys=families");
        }
        keys => keys.as_ref().is_some_and(|word| word.text == "families"),
    };
    match (label, labels) {
        (Some(word), _) | (_, Some(word)) if is_families => {
            let message = "keys that are families have the labels they bring";
            invalid(
                word.span,
                message.to_owned(),
                "leave out keys=families or this",
            )
        }
        (Some(_), Some(word)) => {
            let message = "keys are either one label or several";
            invalid(
                word.span,
                message.to_owned(),
                "give label=NAME or labels=~REGEX",
            )
        }
        (Some(word), None) => match is_label_name(word.text.as_bytes()) {
            true => Ok(Keys::Label(word.text)),
            false => {
                let message = format!("\"{}\" is no name of a label", word.text);
                invalid(
                    word.span,
                    message,
                    "letters, digits and \"_\", no digit first",
                )
            }
        },
        (None, Some(word)) => split(&word),
        (None, None) if is_families => Ok(Keys::Families),
        (None, None) => Ok(Keys::Label("key".to_owned())),
    }
}

fn most(word: Option<Word>) -> Result<u64, Diagnostic> {
    let Some(word) = word else {
        return Ok(u64::MAX);
    };
    word.text.parse().map_err(|_| {
        let message = format!("\"{}\" is no number of keys", word.text);
        Diagnostic::error(word.span, message)
    })
}

/// A pattern with a label for each of its named groups.
fn split(word: &Word) -> Result<Keys, Diagnostic> {
    let path = super::path(&word.text, word)?;
    let Path::Pattern { regex, .. } = path else {
        let message = format!("\"{}\" is not a pattern", word.text);
        return invalid(word.span, message, "expected labels=~REGEX");
    };
    let names = regex.capture_names().enumerate();
    let groups: Vec<(usize, String)> = names
        .filter_map(|(number, name)| Some((number, name?.to_owned())))
        .collect();
    let is_label = |(_, name): &(usize, String)| is_label_name(name.as_bytes());
    if let Some((_, name)) = groups.iter().find(|group| !is_label(group)) {
        let message = format!("\"{name}\" is no name of a label");
        return invalid(
            word.span,
            message,
            "letters, digits and \"_\", no digit first",
        );
    }
    if groups.is_empty() {
        let message = "the pattern names no label";
        let help = "each named group is a label: (?<method>\\S+) (?<code>\\d+)";
        return invalid(word.span, message.to_owned(), help);
    }
    Ok(Keys::Split(regex, groups))
}

/// The lines that a written one stands for, ready to use: one for each of its zones.
pub(super) fn lines(builder: &mut Builder<'_>, written: &WrittenZone) -> Vec<ZoneLine> {
    let zones = match written.zone.text == ALL {
        true => metric::zones(builder),
        false => {
            let found = metric::find_zone(builder, &written.zone.text, written.zone.span);
            found.into_iter().collect()
        }
    };
    warn_of_unknown_labels(builder, written, &zones);
    let lines = zones.into_iter().map(|entry| line(written, entry));
    let mut made = Vec::new();
    for line in lines.collect::<Vec<_>>() {
        made.extend(builder.diagnostics.check(line));
    }
    if builder.memory.role() == Role::Check {
        for note in made.iter().filter_map(ZoneLine::note) {
            // Several templates may have the zone.
            if !builder.notes.contains(&note) {
                builder.notes.push(note);
            }
        }
    }
    // Whoever writes "*" does not choose the names.
    for line in made.iter().filter(|_| written.zone.text != ALL) {
        for message in line.objections() {
            let advice = Diagnostic::advice(written.zone.span, message);
            builder.diagnostics.push(advice);
        }
    }
    made
}

/// Says which labels that are to be left out no zone has.
fn warn_of_unknown_labels(builder: &mut Builder<'_>, written: &WrittenZone, zones: &[Arc<Entry>]) {
    let Some(word) = &written.aggregate else {
        return;
    };
    let labels = || zones.iter().flat_map(|zone| zone.schema.labels());
    for (name, span) in listed(word).filter(|_| written.zone.text == ALL) {
        if labels().any(|label| label == name) {
            continue;
        }
        let message = format!("no zone has a label \"{name}\" to leave out");
        let warning = Diagnostic::warning(span, message);
        let similar = nearest(name, labels().map(String::as_str));
        builder.diagnostics.push(match similar {
            Some(similar) => warning.with_help(format!("did you mean \"{similar}\"?")),
            None => warning,
        });
    }
}

/// The names of a list, and where they stand.
fn listed(word: &Word) -> impl Iterator<Item = (&str, Span)> {
    let mut start = 0;
    word.text.split(',').map(move |name| {
        let span = word.span_of(start, start + name.len());
        start += name.len() + 1;
        (name, span)
    })
}

fn line(written: &WrittenZone, entry: Arc<Entry>) -> Result<ZoneLine, Diagnostic> {
    let span = written.zone.span;
    let metrics = entry.schema.metrics().iter();
    let parts: Vec<Part> = metrics
        .map(|metric| Part::of(&entry.name, metric))
        .collect();
    let keys = keys_of(written, &entry)?;
    if keys.has("le") && parts.iter().any(Part::is_histogram) {
        let message = format!(
            "the buckets of zone \"{}\" have the label \"le\"",
            entry.name
        );
        return invalid(span, message, "give the label of keys another name");
    }
    Ok(ZoneLine {
        after: written.after,
        span,
        start: start(written, &entry, &keys)?,
        keys,
        help: written.help.clone(),
        // Whoever names a zone can say what it is.
        has_own_help: written.zone.text == ALL,
        most: written.most,
        parts,
        entry,
    })
}

/// What becomes of the keys of a zone: one with labels has these.
fn keys_of(written: &WrittenZone, entry: &Entry) -> Result<Keys, Diagnostic> {
    let (labels, is_all) = (entry.schema.labels(), written.zone.text == ALL);
    if labels.is_empty() {
        return match &written.aggregate {
            Some(word) if !is_all => {
                let message = format!("zone \"{}\" has no labels to leave out", entry.name);
                invalid(word.span, message, "a zone has labels by labels=NAME,NAME")
            }
            _ => Ok(written.keys.clone()),
        };
    }
    if let Some(span) = written.keys_span.filter(|_| !is_all) {
        let message = format!("zone \"{}\" has labels of its own", entry.name);
        return invalid(
            span,
            message,
            "leave this out; aggregate=LABEL leaves labels out",
        );
    }
    let mut names: Vec<Option<String>> = labels.iter().cloned().map(Some).collect();
    let Some(word) = &written.aggregate else {
        return Ok(Keys::Parts(names));
    };
    for (name, span) in listed(word) {
        match labels.iter().position(|label| label == name) {
            Some(place) if names[place].take().is_some() => {}
            Some(_) => {
                let message = format!("the label \"{name}\" is given twice");
                return invalid(span, message, "name each label once");
            }
            None if is_all => {}
            None => {
                let message = format!("zone \"{}\" has no label \"{name}\"", entry.name);
                return invalid(span, message, &format!("it has {}", labels.join(", ")));
            }
        }
    }
    Ok(Keys::Parts(names))
}

/// What the names of its families begin with.
fn start(written: &WrittenZone, entry: &Entry, keys: &Keys) -> Result<String, Diagnostic> {
    let prefix = written.prefix.as_ref().map_or("", |prefix| &prefix.text);
    let own = written.name.as_ref().map_or(&entry.name, |name| &name.text);
    let whole = format!("{prefix}{own}");
    match keys {
        Keys::Families => Ok(prefix.to_owned()),
        _ if is_metric_name(whole.as_bytes()) => Ok(whole),
        _ => Some(format!("{prefix}{}", sanitised(own)))
            .filter(|name| is_metric_name(name.as_bytes()))
            .ok_or_else(|| {
                let message = format!("zone \"{}\" has no name for a metric", entry.name);
                Diagnostic::error(written.zone.span, message).with_help("add prefix=TEXT")
            }),
    }
}
