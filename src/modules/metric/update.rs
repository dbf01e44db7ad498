//! `metric`: what a location counts.

use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text,
    Word, nearest,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::plan::phase::{Phase, PhaseHandler};
use crate::http::plan::template::Template;
use crate::metric::MOST_LABELS;

use super::handler::{Amount, Key, Update, UpdateOfParts};
use super::pair::{Pair, Pairing};
use super::together::{CommonKey, MOST, One, Together};
use super::zones::{Entry, Registry, USE};

/// The row.
pub(super) const METRIC: DirectiveSpec = DirectiveSpec {
    name: "metric",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    arity: Arity::between(2, 2 + MOST_LABELS),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric ZONE KEY[=VALUE] [on=request | response | end];\n\
                 metric ZONE PART PART...[=VALUE] [on=request | response | end];",
        default: "on=end",
        text: "Updates KEY in ZONE with VALUE, in the given phase of each request. The parameter is \
               split at its last `=` as written, so that `=` in the value of a variable never \
               splits. An empty VALUE is 0, one that is no number is 1; an empty key is skipped. In a zone with \
               `labels` a key has a part for each, in their order, each a word of its own, the last with VALUE. A part may be \
               empty, and a key is skipped if all are; together they have 255 bytes, one of which each part takes \
               besides. Of a longer key the longest parts are cut. A \
               level inherits the directives of the level above only if it has none of its own. Of \
               two that differ in the phase and the sign of VALUE, such as `g k=1 on=request` and \
               `g k=-1 on=end`, the later takes back what the earlier gave: if the key has been \
               dropped meanwhile, the discard key has both, and without one the later is left out. \
               What a worker has given that was killed stays given: only it knew which of its \
               requests were under way, since to note that in shared memory would take as long \
               as the update itself.",
        example: "metric upstream_time $upstream_addr=$upstream_response_time on=end;",
    },
    apply: metric,
    ..SPEC
};

/// The `metric` directives of one level.
#[derive(Default)]
struct UpdatesWritten(Vec<UpdateWritten>);

struct UpdateWritten {
    zone: Word,
    /// The key, or its parts; the last one without the value.
    key: Vec<Text>,
    value: Option<Text>,
    phase: Phase,
    /// Key and value as written.
    words: (Vec<Word>, Option<String>),
}

fn metric(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let zone = statement.word(1).clone();
    let words = &statement.arguments()[1..];
    let (words, phase) = match words.split_last() {
        Some((last, others)) if !others.is_empty() && last.text.starts_with("on=") => {
            (others, phase(last)?)
        }
        _ => (words, Phase::End),
    };
    let mut key = words.to_vec();
    let value = key.last_mut().and_then(|last| {
        let equals = last.text.rfind('=')?;
        let value = last.slice(equals + 1..last.text.len());
        *last = last.slice(0..equals);
        Some(value)
    });
    if key.iter().all(|part| part.text.is_empty()) {
        let message = format!("empty metric key for zone \"{}\"", zone.text);
        return Err(statement.error(2, message));
    }
    let written = UpdateWritten {
        zone,
        key: key.iter().map(Text::parse).collect::<Result<_, _>>()?,
        value: value.as_ref().map(Text::parse).transpose()?,
        phase,
        words: (key, value.map(|value| value.text)),
    };
    let updates = statement.scope.get_or_default::<UpdatesWritten>();
    updates.0.push(written);
    Ok(())
}

fn phase(word: &Word) -> Result<Phase, Diagnostic> {
    let stage = word.slice("on=".len()..word.text.len());
    match stage.text.as_str() {
        "request" => Ok(Phase::Request),
        "response" => Ok(Phase::Response),
        "end" => Ok(Phase::End),
        other => {
            let message = format!("unknown stage \"{other}\"");
            Err(Diagnostic::error(stage.span, message).with_help("request, response or end"))
        }
    }
}

impl UpdateWritten {
    /// Whether there are as many words as the zone has labels.
    fn check_parts(&self, entry: &Entry) -> Result<(), Diagnostic> {
        let (labels, words) = (entry.schema.labels(), &self.words.0);
        if labels.is_empty() {
            return match &words[1..] {
                [] => Ok(()),
                [_, _, ..] => {
                    let message = "invalid number of arguments in \"metric\" directive";
                    Err(Diagnostic::error(self.zone.span, message)
                        .with_help(format!("zone \"{}\" has no labels", entry.name)))
                }
                [word] => {
                    let message = format!("invalid parameter \"{}\"", word.text);
                    let help = "expected on=request, response or end";
                    Err(Diagnostic::error(word.span, message).with_help(help))
                }
            };
        }
        let span = match (words.get(labels.len()), words.last()) {
            (Some(word), _) => word.span,
            (None, Some(last)) if words.len() < labels.len() => last.span,
            _ => return Ok(()),
        };
        let (given, wanted, zone) = (words.len(), labels.len(), &entry.name);
        let message = format!("{given} parts for the {wanted} labels of zone \"{zone}\"");
        let help = format!("one word each for {}", labels.join(", "));
        Err(Diagnostic::error(span, message).with_help(help))
    }

    /// The value as it is written, without a plus.
    fn bare_value(&self) -> &str {
        let value = self.words.1.as_deref().unwrap_or("1");
        value.strip_prefix('+').unwrap_or(value)
    }

    /// The words of its key.
    fn texts(&self) -> Vec<&str> {
        let words = self.words.0.iter();
        words.map(|word| word.text.as_str()).collect()
    }

    /// What it gives to which key, in words that tell it from all others.
    fn gift(&self) -> String {
        format!("{:?}", (&self.zone.text, self.texts(), self.bare_value()))
    }

    /// Whether it takes back what `other` gave.
    fn takes_back(&self, other: &Self) -> bool {
        let (own, given) = (self.bare_value(), other.bare_value());
        let is_opposite = |one: &str, another: &str| one.strip_prefix('-') == Some(another);
        self.zone.text == other.zone.text
            && self.texts() == other.texts()
            && other.phase < self.phase
            && (is_opposite(own, given) || is_opposite(given, own))
    }
}

/// Puts the updates that hold in a location into its phases.
pub(super) fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(UpdatesWritten(updates)) = chain.nearest() else {
        return;
    };
    let mut prepared: Vec<Prepared<'_>> = Vec::new();
    for written in updates {
        let Some(entry) = find(builder, &written.zone.text, written.zone.span) else {
            continue;
        };
        warn_of_early_use(builder, written);
        let fits = written.check_parts(&entry);
        if builder.diagnostics.check(fits).is_none() {
            continue;
        }
        let pairing = pairing(builder, written, updates);
        prepared.push(Prepared {
            written,
            entry,
            pairing,
        });
    }
    prepared.sort_by_key(|one| one.written.phase);
    for together in prepared.chunk_by(Prepared::goes_with) {
        let phase = &mut parts.phases[together[0].written.phase as usize];
        for some in together.chunks(MOST) {
            phase.push(handler_of_several(builder, some));
        }
    }
}

/// Whether an update takes back what one of the others gives, or the other way round.
fn pairing(
    builder: &mut Builder<'_>,
    written: &UpdateWritten,
    updates: &[UpdateWritten],
) -> Pairing {
    let is_given = |other: &UpdateWritten| other.takes_back(written);
    if let Some(given) = updates.iter().find(|other| written.takes_back(other)) {
        return Pairing::TakesBack(Pair::of(builder, given.gift()));
    }
    match updates.iter().any(is_given) {
        true => Pairing::Gives(Pair::of(builder, written.gift())),
        false => Pairing::Alone,
    }
}

/// An update that is right.
struct Prepared<'w> {
    written: &'w UpdateWritten,
    entry: Arc<Entry>,
    pairing: Pairing,
}

impl Prepared<'_> {
    /// Whether it may be made together with the next one, under the same key.
    fn goes_with(&self, next: &Self) -> bool {
        let (own, its) = (self.written, next.written);
        let is_plain = |one: &Self| {
            !one.pairing.takes_back()
                && one.entry.registers.is_none()
                && one.written.key.iter().flat_map(Text::variables).count() > 0
        };
        own.phase == its.phase
            && self.entry.labels() == next.entry.labels()
            && is_plain(self)
            && is_plain(next)
            && own.texts() == its.texts()
    }
}

fn handler_of_several(
    builder: &mut Builder<'_>,
    together: &[Prepared<'_>],
) -> Box<dyn PhaseHandler> {
    let alone = |builder: &mut Builder<'_>, one: &Prepared<'_>| {
        handler(builder, one.written, Arc::clone(&one.entry), one.pairing)
    };
    let [first, _, ..] = together else {
        return alone(builder, &together[0]);
    };
    let key = first.written.key.iter();
    let parts: Vec<Template> = key.map(|part| builder.template(part)).collect();
    let key = match (first.entry.labels(), &parts[..]) {
        (0, [text]) => match text.variable() {
            Some(variable) => CommonKey::Variable(variable),
            None => CommonKey::Text(text.clone()),
        },
        _ => CommonKey::Parts(parts.into()),
    };
    let mut updates = Vec::new();
    for one in together {
        updates.push(One {
            entry: Arc::clone(&one.entry),
            amount: amount(builder, one.written),
            pairing: one.pairing,
            alone: alone(builder, one),
        });
    }
    let updates = updates.into();
    Box::new(Together { key, updates })
}

fn amount(builder: &mut Builder<'_>, written: &UpdateWritten) -> Amount {
    Amount::new(written.value.as_ref().map(|value| builder.template(value)))
}

fn handler(
    builder: &mut Builder<'_>,
    written: &UpdateWritten,
    entry: Arc<Entry>,
    pairing: Pairing,
) -> Box<dyn PhaseHandler> {
    let mut key: Vec<Template> = Vec::new();
    for part in &written.key {
        key.push(builder.template(part));
    }
    let amount = amount(builder, written);
    match (entry.labels(), key.pop()) {
        (0, Some(key)) => Box::new(Update {
            entry,
            key: Key::new(key),
            amount,
            pairing,
        }),
        (_, last) => Box::new(UpdateOfParts {
            entry,
            parts: key.into_iter().chain(last).collect(),
            amount,
            pairing,
        }),
    }
}

fn warn_of_early_use(builder: &mut Builder<'_>, written: &UpdateWritten) {
    let texts = written.key.iter().chain(&written.value);
    for (name, span) in texts.flat_map(Text::variables) {
        warn_if_early(builder, name, span, written.phase);
    }
}

/// A variable that has no final value yet would be counted as empty, or as 1.
pub(in crate::modules) fn warn_if_early(
    builder: &mut Builder<'_>,
    name: &str,
    span: Span,
    phase: Phase,
) {
    let (available, part) = builder.available_from(name);
    if available <= phase {
        return;
    }
    let message = format!("\"${name}\" has no final value in this phase");
    let known = match available {
        Phase::Response => "is known from on=response",
        _ => "is known at on=end",
    };
    let help = match part.eq_ignore_ascii_case(name) {
        true => format!("it {known}"),
        false => format!("it depends on \"${part}\", which {known}"),
    };
    let warning = Diagnostic::warning(span, message).with_help(help);
    builder.diagnostics.push(warning);
}

/// The metric zone called `name`; one that is not there is reported.
pub(in crate::modules) fn find(
    builder: &mut Builder<'_>,
    name: &str,
    span: Span,
) -> Option<Arc<Entry>> {
    let unknown = format!("metric zone \"{name}\" is not declared");
    find_or_say(builder, name, span, unknown)
}

/// The metric zone called `name`; of one that is not there, `unknown` is said.
pub(super) fn find_or_say(
    builder: &mut Builder<'_>,
    name: &str,
    span: Span,
    unknown: String,
) -> Option<Arc<Entry>> {
    if let Some(entry) = builder.thing::<Registry>().find(name) {
        return Some(Arc::clone(entry));
    }
    if let Some(other) = builder.use_of_zone(name) {
        if other == USE {
            // What is wrong with the zone itself was told.
            return None;
        }
        let message = format!("zone \"{name}\" is declared for a different use");
        let help = format!("it is a zone of {other}, not of metrics");
        let problem = Diagnostic::error(span, message).with_help(help);
        builder.diagnostics.push(problem);
        return None;
    }
    let registry = builder.thing::<Registry>();
    let known: Vec<String> = registry.names().map(str::to_owned).collect();
    let mut problem = Diagnostic::error(span, unknown);
    if let Some(similar) = nearest(name, known.iter().map(String::as_str)) {
        problem = problem.with_help(format!("did you mean \"{similar}\"?"));
    }
    builder.diagnostics.push(problem);
    None
}
