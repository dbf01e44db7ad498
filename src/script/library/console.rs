//! `console`: lines for whoever reads the log, and timers. Where lines go is said by who runs the engine ([`Output`]).

use std::cell::RefCell;
use std::collections::VecDeque;

use rquickjs::{Ctx, Object, Result, Value};

use super::native::{Tally, given_text, undefined};
use super::{Kept, kept};
use crate::os::monotonic;
use crate::os::script::{Call, Member, Shared, method, text};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `console.error`.
    Error,
    /// `console.warn`.
    Warn,
    /// `console.info`, `console.log` and what timers say.
    Info,
}

/// Where lines of consoles go: `ctx.store_userdata(Shared(Output(…)))`.
pub struct Output(pub Tell);

/// Tells a line.
pub type Tell = Box<dyn Fn(Level, &str)>;

/// The timers that run in an engine: whose, by what label, and when they began in nanoseconds. Consoles are frozen and
/// shared, so nothing of that stands in them.
#[derive(Default)]
struct Timers(RefCell<VecDeque<(u64, String, u64)>>);

/// How many timers of an engine run at once; with one more, the oldest is forgotten.
const TIMERS: usize = 1000;

static MEMBERS: [Member; 7] = [
    method(c"dump", 1, info),
    method(c"error", 1, error),
    method(c"info", 1, info),
    method(c"log", 1, info),
    method(c"time", 1, time),
    method(c"timeEnd", 1, time_end),
    method(c"warn", 1, warn),
];

/// The console of a context.
pub(super) fn object<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    kept(ctx, Kept::Console, &MEMBERS).map(Object::into_value)
}

impl Timers {
    /// Begins a timer; false if it runs.
    fn begin(&self, owner: u64, label: String, now: u64) -> bool {
        let mut timers = self.0.borrow_mut();
        if timers
            .iter()
            .any(|timer| timer.0 == owner && timer.1 == label)
        {
            return false;
        }
        if timers.len() == TIMERS {
            timers.pop_front();
        }
        timers.push_back((owner, label, now));
        true
    }

    /// Ends a timer, and tells when it began.
    fn end(&self, owner: u64, label: &str) -> Option<u64> {
        let mut timers = self.0.borrow_mut();
        let place = timers
            .iter()
            .position(|timer| timer.0 == owner && timer.1 == label)?;
        timers.remove(place).map(|timer| timer.2)
    }
}

/// Does something with the timers of an engine.
fn with_timers<R>(ctx: &Ctx<'_>, act: impl FnOnce(&Timers) -> R) -> Option<R> {
    if ctx.userdata::<Shared<Timers>>().is_none() {
        let _ = ctx.store_userdata(Shared(Timers::default()));
    }
    Some(act(&ctx.userdata::<Shared<Timers>>()?.0))
}

/// Whose timers a call means: those of the instance that runs.
fn owner() -> u64 {
    crate::script::instance::current().unwrap_or_default()
}

fn error<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    print(call, Level::Error)
}

fn warn<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    print(call, Level::Warn)
}

fn info<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    print(call, Level::Info)
}

fn print<'js>(call: &Call<'js>, level: Level) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let (mut line, mut tally) = (String::new(), Tally::new(ctx)?);
    for index in 0..call.len() {
        let word = shown(&call.arg(index))?;
        tally.add(ctx, word.len())?;
        if index > 0 {
            line.push(' ');
        }
        line.push_str(&word);
    }
    tell(ctx, level, &line);
    Ok(undefined(ctx))
}

fn tell(ctx: &Ctx<'_>, level: Level, line: &str) {
    match ctx.userdata::<Shared<Output>>() {
        Some(output) => output.0.0(level, line),
        None => log::info!("{line}"),
    }
}

/// A value as a console shows it: errors with their stack, other objects as JSON has them, the rest as texts.
pub(super) fn shown(value: &Value<'_>) -> Result<String> {
    let ctx = value.ctx();
    if let Some(exception) = value.as_exception() {
        let stack = exception.stack().unwrap_or_default();
        let stack = stack.trim_end();
        let head = text(value)?;
        let between = if stack.is_empty() { "" } else { "\n" };
        return Ok(format!("{head}{between}{stack}"));
    }
    if value.is_function() {
        let name: Value<'_> = value
            .as_object()
            .map_or_else(|| Ok(undefined(ctx)), |function| function.get("name"))?;
        return Ok(format!("[Function {}]", text(&name)?));
    }
    if value.is_object()
        && let Some(json) = ctx.json_stringify(value.clone())?
    {
        return text(json.as_value());
    }
    if value.is_symbol() {
        return text(
            &value
                .as_symbol()
                .map_or_else(|| Ok(undefined(ctx)), rquickjs::Symbol::description)?,
        )
        .map(|name| format!("Symbol({name})"));
    }
    text(value)
}

/// A longer label is cut: timers lie outside of the memory of scripts.
const LONGEST_LABEL: usize = 64;

fn label(call: &Call<'_>) -> Result<String> {
    let mut label = given_text(call, 0)?.unwrap_or_else(|| "default".into());
    let mut places = (0..=LONGEST_LABEL.min(label.len())).rev();
    let end = places.find(|place| label.is_char_boundary(*place));
    label.truncate(end.unwrap_or_default());
    label.shrink_to_fit();
    Ok(label)
}

fn time<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let label = label(call)?;
    let has_begun = with_timers(ctx, |timers| {
        timers.begin(owner(), label.clone(), monotonic())
    });
    if has_begun == Some(false) {
        tell(
            ctx,
            Level::Info,
            &format!("Timer \"{label}\" already exists."),
        );
    }
    Ok(undefined(ctx))
}

fn time_end<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let label = label(call)?;
    let began = with_timers(ctx, |timers| timers.end(owner(), &label)).flatten();
    let line = match began {
        Some(began) => {
            let passed = monotonic().saturating_sub(began);
            format!(
                "{label}: {}.{:06}ms",
                passed / 1_000_000,
                passed % 1_000_000
            )
        }
        None => format!("Timer \"{label}\" doesn’t exist."),
    };
    tell(ctx, Level::Info, &line);
    Ok(undefined(ctx))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::script::library::trial::with;

    fn lines(source: &str) -> Vec<String> {
        let lines = Rc::new(RefCell::new(Vec::new()));
        with(|ctx| {
            let told = lines.clone();
            let output = Output(Box::new(move |level, line: &str| {
                told.borrow_mut().push(format!("{level:?} {line}"));
            }));
            let _ = ctx.store_userdata(Shared(output));
            ctx.eval::<(), _>(source).unwrap();
            let _ = ctx.remove_userdata::<Shared<Output>>();
        });
        lines.take()
    }

    #[test]
    fn values_of_every_kind_are_shown() {
        let told = lines(
            "console.log('a', 1, undefined, null, true, {b: [1, 'c']}, 10n);
             console.warn(function f() {}, Symbol('s'));
             const {error} = console; error('\\ud800', []);",
        );
        assert_eq!(
            told,
            [
                "Info a 1 undefined null true {\"b\":[1,\"c\"]} 10",
                "Warn [Function f] Symbol(s)",
                "Error \u{fffd} []",
            ]
        );
    }

    #[test]
    fn errors_are_shown_with_their_stack() {
        let told = lines("console.error(new TypeError('no'))");
        assert!(
            told[0].starts_with("Error TypeError: no\n    at "),
            "{told:?}"
        );
    }

    #[test]
    fn timers_tell_what_passed_and_what_is_wrong() {
        let told = lines(
            "console.time('a'); console.time('a'); console.timeEnd('a'); console.timeEnd('a');
             console.time(); console.timeEnd()",
        );
        assert_eq!(told[0], "Info Timer \"a\" already exists.");
        assert!(
            told[1].starts_with("Info a: ") && told[1].ends_with("ms"),
            "{told:?}"
        );
        assert_eq!(told[2], "Info Timer \"a\" doesn’t exist.");
        assert!(told[3].starts_with("Info default: "), "{told:?}");
    }

    #[test]
    fn long_labels_of_timers_are_cut() {
        let told = lines("console.time('é'.repeat(99)); console.timeEnd('é'.repeat(99) + 'x')");
        assert!(
            told[0].starts_with(&format!("Info {}: ", "é".repeat(32))),
            "{told:?}"
        );
    }
}
