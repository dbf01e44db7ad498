//! Scripts in JavaScript: `js_import` and the directives that call functions of modules.

mod access;
mod body_filter;
mod content;
mod current;
mod directives;
mod fetch;
mod filter;
mod globals;
mod handler;
mod imports;
mod periodic;
mod request;
mod running;
mod site;
mod streaming;
mod variables;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use access::Access;
use body_filter::{BodyFilterWritten, BodyScript};
use content::Content;
use directives::{
    AccessWritten, ContentWritten, HeaderFilterWritten, MemoryWritten, SetsWritten, StackWritten,
    TimeWritten, VariablesWritten,
};
use fetch::Terms;
use filter::HeaderFilter;
use globals::Facts;
use handler::Handler;
use imports::{Check, Making};
use periodic::PeriodicsWritten;
use site::Site;
use variables::{Assigned, Computed};

use crate::conf::{Chain, Diagnostic, DirectiveSpec, Span};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content as builder_content;
use crate::http::build::memory::Role;
use crate::http::build::module::{self, Module};
use crate::http::plan::location::Kind;
use crate::http::plan::template::Template;
use crate::http::plan::variable::Variable;
use crate::modules::{process, temporary_folder};
use crate::script::engine;
use crate::script::instance::Instance;
use crate::script::program::{Limits, Program};

/// The feature.
pub static MODULE: Module = Module {
    name: "js",
    about: "scripts in JavaScript that take part in requests",
    directives: &DIRECTIVES,
    http: |builder, chain| declare(builder, chain),
    server: |builder, chain, _| declare(builder, chain),
    location,
    finish,
    ..module::MODULE
};

const TABLES: [&[DirectiveSpec]; 4] = [
    directives::DIRECTIVES,
    &body_filter::ROWS,
    &fetch::DIRECTIVES,
    &periodic::ROWS,
];
const DIRECTIVES: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);

/// What a block imports, and the variables that it makes.
fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    imports::load(builder, chain);
    let sets = chain.own::<SetsWritten>();
    for set in sets.into_iter().flat_map(|sets| &sets.0) {
        // Where there is no such handler, that is said; the variable is known all the same.
        let variable: Box<dyn Variable> =
            match handler(builder, chain, (&set.handler.0, set.handler.1)) {
                Some(handler) => Box::new(Computed {
                    handler,
                    is_cached: set.is_cached,
                }),
                None => Box::new(Assigned(Template::literal_text(""))),
            };
        let (name, span) = &set.variable;
        let owner = format!("js_set \"{}\"", set.handler.0);
        let defined = builder.variables.offer(name, &owner, Some(*span), variable);
        builder.diagnostics.check(defined);
    }
    let own = chain.own::<VariablesWritten>();
    for written in own.into_iter().flat_map(|own| &own.0) {
        let value = written.value.as_ref().map(|value| builder.template(value));
        let variable = Assigned(value.unwrap_or_else(|| Template::literal_text("")));
        let (name, span) = &written.variable;
        let defined = builder
            .variables
            .offer(name, "js_var", Some(*span), Box::new(variable));
        builder.diagnostics.check(defined);
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if parts.kind != Kind::Server {
        declare(builder, chain);
    }
    if let Some(AccessWritten(Some(name), span)) = chain.nearest()
        && let Some(handler) = handler(builder, chain, (name, *span))
    {
        parts.access.push(Box::new(Access(handler)));
    }
    if let Some(HeaderFilterWritten(name, span)) = chain.nearest()
        && let Some(handler) = handler(builder, chain, (name, *span))
    {
        parts.header_filters.push(Box::new(HeaderFilter(handler)));
    }
    if let Some(written) = chain.nearest::<BodyFilterWritten>()
        && let Some(handler) = handler(builder, chain, (&written.name, written.span))
    {
        let kind = written.kind;
        let script = BodyScript { handler, kind };
        parts.header_filters.push(Box::new(script));
    }
    let periodics = chain.own::<PeriodicsWritten>();
    for written in periodics.into_iter().flat_map(|all| &all.0) {
        if let Some(handler) = handler(builder, chain, (&written.name, written.span)) {
            written.begin(builder, handler);
        }
    }
    if let Some(ContentWritten(name, span)) = builder_content::written(chain)
        && let Some(handler) = handler(builder, chain, (name, *span))
    {
        let temporary = temporary_folder::of(builder, chain);
        parts.content.push(Box::new(Content { handler, temporary }));
    }
}

/// The handler that a directive names.
fn handler(builder: &mut Builder<'_>, chain: &Chain<'_>, name: (&str, Span)) -> Option<Handler> {
    let path = imports::find(builder, chain, name)?;
    let fetch = Terms::of(builder, chain);
    let fetch = builder.diagnostics.check(fetch)?;
    Some(Handler {
        path,
        fetch,
        site: site(builder),
        limit: limit(chain),
    })
}

fn site(builder: &mut Builder<'_>) -> Arc<Site> {
    if let Some(site) = &builder.thing::<Making>().site {
        return Arc::clone(site);
    }
    let site = Arc::new(Site {
        state: builder.state(),
        program: OnceLock::new(),
        names: OnceLock::new(),
        rows: super::MODULES
            .iter()
            .flat_map(|module| module.variables)
            .collect(),
    });
    builder.thing::<Making>().site = Some(Arc::clone(&site));
    site
}

fn limit(chain: &Chain<'_>) -> Duration {
    chain
        .nearest()
        .map_or(USUAL_TIME, |TimeWritten(limit)| *limit)
}

/// A script that runs for longer at a stretch is ended.
const USUAL_TIME: Duration = Duration::from_secs(1);
const USUAL_MEMORY: usize = 128 << 20;
const USUAL_STACK: usize = 512 << 10;

fn finish(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if !builder.thing::<Making>().is_wanted {
        return;
    }
    let limits = Limits {
        memory: chain
            .nearest()
            .map_or(USUAL_MEMORY, |MemoryWritten(size)| *size),
        stack: chain
            .nearest()
            .map_or(USUAL_STACK, |StackWritten(size)| *size),
    };
    let facts = facts(builder, chain);
    let making = builder.thing::<Making>();
    let program = imports::finish(making, facts, limits);
    let checks = std::mem::take(&mut making.checks);
    let site = site(builder);
    let names = names(builder, &site, &program);
    let _: Result<(), _> = site.names.set(names);
    let _: Result<(), _> = site.program.set(Arc::clone(&program));
    let problems = engine::trial(|| {
        let problems = checks.iter().filter_map(|check| objection(&program, check));
        problems.collect::<Vec<_>>()
    });
    match problems {
        Ok(problems) => problems
            .into_iter()
            .for_each(|one| builder.diagnostics.push(one)),
        Err(fault) => builder.unplaced(fault.message),
    }
}

/// What is wrong with a function that a directive names.
fn objection(program: &Arc<Program>, check: &Check) -> Option<Diagnostic> {
    let found = Instance::new(program).and_then(|one| one.find(&check.path, USUAL_TIME));
    let fault = found.err()?;
    let message = format!("\"{}\" cannot be called: {fault}", check.name);
    Some(Diagnostic::error(check.span, message))
}

fn facts(builder: &Builder<'_>, chain: &Chain<'_>) -> Facts {
    let main = builder.sources.files().next();
    let error_log = process::error_log_file(chain);
    Facts {
        main: main.map(|main| main.name.clone()).unwrap_or_default(),
        main_folder: builder.beside("").display().to_string(),
        prefix: builder.prefix().display().to_string(),
        error_log: error_log
            .map(|path| builder.path(&path.to_string_lossy()).display().to_string())
            .unwrap_or_default(),
        worker: match builder.memory.role() {
            Role::Worker(_) => i32::try_from(builder.memory.number()).unwrap_or(-1),
            _ => -1,
        },
    }
}

/// The variables whose names stand in the sources of a program.
fn names(
    builder: &mut Builder<'_>,
    site: &Site,
    program: &Program,
) -> HashMap<String, crate::http::plan::variable::VariableIndex> {
    let mut names = HashMap::new();
    for word in program.words() {
        let name = word.to_ascii_lowercase();
        if builder.variables.knows(&name) || site.is_row(&name) {
            names.insert(
                word.to_owned(),
                builder.variables.index(&name, Span::NOWHERE),
            );
        }
    }
    names
}
