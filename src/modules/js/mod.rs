//! Scripts in JavaScript: `js_import` and the directives that call functions of modules.

use std::time::Duration;

mod content;
mod current;
mod directives;
mod globals;
mod handler;
mod imports;
mod request;
mod running;

use content::Content;
use directives::{ContentWritten, TimeWritten};
use handler::Handler;
use imports::{Check, Making};
use running::Running;

use crate::conf::{Chain, Diagnostic, Span};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::plan::state::StateIndex;
use crate::script::engine;
use crate::script::instance::Instance;
use crate::script::program::Limits;

/// The feature.
pub static MODULE: Module = Module {
    name: "js",
    about: "scripts in JavaScript that answer requests",
    directives: directives::DIRECTIVES,
    http: |builder, chain| imports::load(builder, chain),
    server: |builder, chain, _| imports::load(builder, chain),
    location,
    finish,
    ..module::MODULE
};

/// What is known while a configuration is built.
#[derive(Default)]
struct Known(Option<StateIndex<Running>>);

fn state(builder: &mut Builder<'_>) -> StateIndex<Running> {
    if let Some(known) = builder.thing::<Known>().0 {
        return known;
    }
    let made = builder.state();
    builder.thing::<Known>().0 = Some(made);
    made
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    imports::load(builder, chain);
    if let Some(ContentWritten(name, span)) = chain.own()
        && let Some(handler) = handler(builder, chain, (name, *span))
    {
        parts.content.push(Box::new(Content(handler)));
    }
}

/// The handler that a directive names.
fn handler(builder: &mut Builder<'_>, chain: &Chain<'_>, name: (&str, Span)) -> Option<Handler> {
    let path = imports::find(builder, chain, name)?;
    Some(Handler {
        path,
        program: builder.thing::<Making>().program.clone(),
        limit: limit(chain),
        state: state(builder),
    })
}

fn limit(chain: &Chain<'_>) -> Duration {
    chain
        .nearest()
        .map_or(USUAL_TIME, |TimeWritten(limit)| *limit)
}

/// A script that runs for longer at a stretch is ended.
const USUAL_TIME: Duration = Duration::from_secs(1);

fn finish(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let making = builder.thing::<Making>();
    if !making.is_wanted {
        return;
    }
    let limits = Limits {
        memory: 128 << 20,
        stack: 512 << 10,
    };
    let program = imports::finish(making, limits);
    let checks = std::mem::take(&mut making.checks);
    let limit = limit(chain).max(USUAL_TIME);
    let problems = engine::trial(|| {
        let problem = |check: &Check| {
            let found = Instance::new(&program).and_then(|one| one.find(&check.path, limit));
            let fault = found.err()?;
            let message = format!("\"{}\" cannot be called: {fault}", check.name);
            Some(Diagnostic::error(check.span, message))
        };
        checks.iter().filter_map(problem).collect::<Vec<_>>()
    });
    match problems {
        Ok(problems) => problems
            .into_iter()
            .for_each(|one| builder.diagnostics.push(one)),
        Err(fault) => builder.unplaced(fault.message),
    }
}
