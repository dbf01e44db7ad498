//! `jitter`: requests wait for a time that is drawn for each, so that those that come together go on apart.
//!
//! A request that waits holds nothing: no room in a window, no thread. Its client is watched meanwhile.

use std::time::Duration;

use super::directives::{PLACES, conditions};
use super::state::{State, is_any_true};
use crate::conf::values;
use crate::conf::{Arity, Chain, Diagnostic, DirectiveSpec, Doc, Part, SPEC, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::{Preaccess, PreaccessHandler};
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::http::plan::wait::Wait;
use crate::os;

/// `jitter`
pub(super) const JITTER: DirectiveSpec = DirectiveSpec {
    name: "jitter",
    contexts: PLACES,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "jitter TIME [STRING...] | off;",
        default: "jitter off;",
        text: "Has each request wait for a time before it goes on, drawn anew for each, between none and the longest of the \
               times: TIME and those that the strings evaluate to, but no longer than `jitter_max`. Waiting takes \
               place before `backpressure` asks for room. A value that is no time is ignored; the error log has it at level `info`. A \
               client that leaves meanwhile is logged with 499, and no origin is asked. A request waits once.",
        example: "jitter 2s $http_x_can_wait;",
    },
    apply: jitter,
    ..SPEC
};

/// `jitter_max`
pub(super) const MAX: DirectiveSpec = DirectiveSpec {
    name: "jitter_max",
    contexts: PLACES,
    doc: Doc {
        syntax: "jitter_max TIME;",
        default: "jitter_max 30s;",
        text: "The longest time that `jitter` has a request wait, whatever its values are.",
        example: "jitter_max 10s;",
    },
    apply: |statement| {
        let time = statement.milliseconds(1)?;
        statement
            .scope
            .insert(MaxWritten(Duration::from_millis(time)));
        Ok(())
    },
    ..SPEC
};

/// `jitter_bypass`
pub(super) const BYPASS: DirectiveSpec = DirectiveSpec {
    name: "jitter_bypass",
    contexts: PLACES,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "jitter_bypass STRING...;",
        default: "",
        text: "Requests do not wait where one of the values is neither empty nor \"0\".",
        example: "jitter_bypass $critical;",
    },
    apply: |statement| {
        let conditions = conditions(statement)?;
        statement.scope.insert(BypassWritten(conditions));
        Ok(())
    },
    ..SPEC
};

/// `jitter`; nothing for `off`.
pub(super) struct JitterWritten(Vec<Text>);

/// `jitter_max`
struct MaxWritten(Duration);

/// `jitter_bypass`
struct BypassWritten(Vec<Text>);

fn jitter(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let words = statement.arguments();
    if let [word] = words
        && word.text == "off"
    {
        statement.scope.insert(JitterWritten(Vec::new()));
        return Ok(());
    }
    let mut times = Vec::new();
    for word in words {
        let text = Text::parse(word)?;
        let is_variable = text
            .parts
            .iter()
            .any(|part| matches!(part, Part::Variable { .. }));
        if !is_variable && values::milliseconds(&word.text).is_err() {
            let message = format!("invalid \"jitter\" value \"{}\"", word.text);
            let help = "expected a time such as 500ms or 2s, or text with variables";
            return Err(Diagnostic::error(word.span, message).with_help(help));
        }
        times.push(text);
    }
    statement.scope.insert(JitterWritten(times));
    Ok(())
}

/// Tells of times that no request ever waits for.
fn warn_of_long(builder: &mut Builder<'_>, times: &[Text], max: Duration) {
    for text in times {
        let time = text
            .literal()
            .and_then(|time| values::milliseconds(time).ok());
        if time.is_some_and(|time| Duration::from_millis(time) > max) {
            let message =
                format!("\"jitter\" of more than {max:?} is shortened to that by \"jitter_max\"");
            let help = "raise \"jitter_max\" if requests may wait longer";
            let problem = Diagnostic::warning(text.span, message).with_help(help);
            builder.diagnostics.push(problem);
        }
    }
}

/// What keeps requests of a location waiting; nothing where none wait.
pub(super) fn handler(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    state: StateIndex<State>,
) -> Option<Jitter> {
    let bypass = bypass(builder, chain);
    let JitterWritten(times) = chain
        .nearest()
        .filter(|JitterWritten(all)| !all.is_empty())?;
    let max = chain.nearest().map_or(LONGEST, |MaxWritten(max)| *max);
    warn_of_long(builder, times, max);
    let times = times.iter().map(|time| builder.template(time)).collect();
    Some(Jitter {
        times,
        max,
        bypass,
        state,
    })
}

/// What has requests not wait; whether others do or not, its variables must be known.
pub(super) fn bypass(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Box<[Template]> {
    let written = chain.nearest::<BypassWritten>();
    let texts = written.iter().flat_map(|BypassWritten(texts)| texts);
    texts.map(|text| builder.template(text)).collect()
}

const LONGEST: Duration = Duration::from_secs(30);

/// Keeps requests of a location waiting.
pub(super) struct Jitter {
    times: Box<[Template]>,
    max: Duration,
    bypass: Box<[Template]>,
    state: StateIndex<State>,
}

impl Jitter {
    /// The longest of the times, within the limit.
    fn bound(&self, request: &mut Request) -> Duration {
        let mut longest = 0;
        for time in &self.times {
            let mut text = request.buffer();
            time.append(request, &mut text);
            let time = str::from_utf8(&text).ok().map(values::milliseconds);
            match time {
                _ if text.is_empty() => {}
                Some(Ok(time)) => longest = longest.max(time),
                _ => {
                    let (text, circumstances) = (text.escape_ascii(), Circumstances(request));
                    log::info!("\"{text}\" is no time to wait{circumstances}");
                }
            }
            request.recycle(text);
        }
        Duration::from_millis(longest).min(self.max)
    }
}

impl PreaccessHandler for Jitter {
    fn run(&'static self, request: &mut Request) -> Preaccess {
        if request.state(self.state).waited.is_some() {
            return Preaccess::Pass;
        }
        let bound = match is_any_true(&self.bypass, request) {
            true => Duration::ZERO,
            false => self.bound(request),
        };
        let time = drawn(bound, os::random().unwrap_or(0));
        request.state(self.state).waited = Some(time);
        match time.is_zero() {
            true => Preaccess::Pass,
            false => Preaccess::Wait(Wait::Until(Box::pin(tokio::time::sleep(time)))),
        }
    }
}

/// A time from zero up to but not including the bound, by a random number.
fn drawn(bound: Duration, random: u64) -> Duration {
    let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
    // The upper half of a product is spread as evenly as the number is.
    let part = (u128::from(bound) * u128::from(random)) >> 64;
    Duration::from_nanos(part as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_drawn_from_the_whole_range() {
        let bound = Duration::from_millis(200);
        assert_eq!(drawn(bound, 0), Duration::ZERO);
        assert_eq!(drawn(bound, 1 << 63), Duration::from_millis(100));
        let last = drawn(bound, u64::MAX);
        assert!(last < bound && last > bound - Duration::from_micros(1));
        assert_eq!(drawn(Duration::ZERO, u64::MAX), Duration::ZERO);
        assert!(drawn(Duration::MAX, u64::MAX) < Duration::MAX);
    }
}
