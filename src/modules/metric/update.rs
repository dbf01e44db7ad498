//! `metric`: what a location counts, and the handler that counts it.

use std::sync::Arc;

use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Span, Statement, Text,
    nearest,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::course::request::Request;
use crate::http::plan::phase::{Phase, PhaseHandler};
use crate::http::plan::template::Template;
use crate::metric::parse_value;

use super::zones::{Entry, Registry, USE};

/// The row.
pub(super) const METRIC: DirectiveSpec = DirectiveSpec {
    name: "metric",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    arity: Arity::between(2, 3),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "metric ZONE KEY[=VALUE] [on=request | response | end];",
        default: "on=end",
        text: "Updates KEY in ZONE with VALUE, in the given phase of each request. The parameter is \
               split at its last `=` as written, so that `=` in the value of a variable never \
               splits. An empty VALUE is 0, one that is no number is 1; an empty key is skipped. A \
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
    zone: String,
    zone_span: Span,
    key: Text,
    value: Option<Text>,
    phase: Phase,
    /// Key and value as written.
    words: (String, Option<String>),
}

fn metric(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let zone = statement.word(1);
    let pair = statement.word(2);
    let (key, value) = match pair.text.rfind('=') {
        Some(equals) => (
            pair.slice(0..equals),
            Some(pair.slice(equals + 1..pair.text.len())),
        ),
        None => (pair.clone(), None),
    };
    if key.text.is_empty() {
        let message = format!("empty metric key for zone \"{}\"", zone.text);
        return Err(statement.error(2, message));
    }
    let written = UpdateWritten {
        zone: zone.text.clone(),
        zone_span: zone.span,
        key: Text::parse(&key)?,
        value: value.as_ref().map(Text::parse).transpose()?,
        phase: phase(statement)?,
        words: (
            key.text.clone(),
            value.as_ref().map(|value| value.text.clone()),
        ),
    };
    statement
        .scope
        .get_or_default::<UpdatesWritten>()
        .0
        .push(written);
    Ok(())
}

fn phase(statement: &Statement<'_>) -> Result<Phase, Diagnostic> {
    let Some(word) = statement.argument(3) else {
        return Ok(Phase::End);
    };
    let Some(stage) = word.strip_prefix("on=") else {
        let message = format!("invalid parameter \"{}\"", word.text);
        return Err(statement
            .error(3, message)
            .with_help("expected on=request, response or end"));
    };
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
    /// Whether it takes back what `other` gave.
    fn takes_back(&self, other: &Self) -> bool {
        let value = |written: &Self| written.words.1.clone().unwrap_or_else(|| "1".to_owned());
        let (own, given) = (value(self), value(other));
        let bare = |value: &str| value.strip_prefix('+').unwrap_or(value).to_owned();
        let is_opposite = |one: &str, another: &str| {
            one.strip_prefix('-').map(str::to_owned) == Some(bare(another))
        };
        self.zone == other.zone
            && self.words.0 == other.words.0
            && other.phase < self.phase
            && (is_opposite(&own, &given) || is_opposite(&given, &own))
    }
}

/// Puts the updates that hold in a location into its phases.
pub(super) fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(UpdatesWritten(updates)) = chain.nearest() else {
        return;
    };
    for written in updates {
        let Some(entry) = find(builder, &written.zone, written.zone_span) else {
            continue;
        };
        warn_of_early_use(builder, written);
        let key = builder.template(&written.key);
        let value = written.value.as_ref().map(|value| builder.template(value));
        let takes_back = updates.iter().any(|other| written.takes_back(other));
        let amount = match value {
            None => Amount::Fixed(parse_value(b"")),
            Some(value) => match value.literal() {
                Some(text) => Amount::Fixed(parse_value(text)),
                None => Amount::Evaluated(value),
            },
        };
        parts.phases[written.phase as usize].push(Box::new(Update {
            entry,
            key,
            amount,
            takes_back,
        }));
    }
}

fn warn_of_early_use(builder: &mut Builder<'_>, written: &UpdateWritten) {
    let texts = std::iter::once(&written.key).chain(&written.value);
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

struct Update {
    entry: Arc<Entry>,
    key: Template,
    amount: Amount,
    takes_back: bool,
}

/// The value that a key is fed.
enum Amount {
    Fixed(f64),
    Evaluated(Template),
}

impl Amount {
    fn of(&self, request: &mut Request) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Evaluated(template) => template.with_text(request, |_, text| parse_value(text)),
        }
    }
}

impl PhaseHandler for Update {
    fn run(&self, request: &mut Request) {
        self.key.with_text(request, |request, key| {
            let value = self.amount.of(request);
            let now = request.moment();
            match self.takes_back {
                false => self.entry.update(key, value, now),
                true => self.entry.take_back(key, value, now),
            }
        });
    }
}
