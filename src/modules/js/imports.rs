//! What is imported where: names of modules, and their files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::globals::Facts;
use super::site::Site;
use crate::conf::{Chain, Diagnostic, Loader, Span};
use crate::http::build::builder::Builder;
use crate::script::program::{Files, Limits, Loading, Program, Refusal};

/// Every `js_import` of a block.
#[derive(Default)]
pub(super) struct ImportsWritten(pub Vec<ImportWritten>);

/// `js_import`
pub(super) struct ImportWritten {
    pub name: String,
    pub file: String,
    pub span: Span,
}

/// Every `js_path` of a block.
#[derive(Default)]
pub(super) struct PathsWritten(pub Vec<String>);

/// The program while a configuration is built.
#[derive(Default)]
pub(super) struct Making {
    loading: Loading,
    /// Modules by where their import is written.
    known: HashMap<Span, Option<usize>>,
    pub site: Option<Arc<Site>>,
    pub checks: Vec<Check>,
    pub is_wanted: bool,
}

/// A function that has to be there.
pub(super) struct Check {
    pub path: crate::script::path::Path,
    pub name: String,
    pub span: Span,
}

/// The imports that hold here, inner ones first.
fn imports<'a>(chain: &Chain<'a>) -> Vec<&'a ImportWritten> {
    let mut found = Vec::new();
    let mut level = Some(*chain);
    while let Some(chain) = level {
        let own = chain.own::<ImportsWritten>();
        found.extend(own.into_iter().flat_map(|own| &own.0));
        level = chain.outer().copied();
    }
    found
}

/// Loads what is imported in a block, so that what is wrong with it is told even where nothing uses it.
pub(super) fn load(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let own = chain.own::<ImportsWritten>();
    for import in own.into_iter().flat_map(|own| &own.0) {
        module(builder, chain, import);
    }
}

/// The function called `module.function` where it is used.
pub(super) fn find(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    (name, span): (&str, Span),
) -> Option<crate::script::path::Path> {
    let mut members = name.split('.').map(str::to_owned);
    let called = members.next().unwrap_or_default();
    let known = imports(chain);
    let Some(import) = known.iter().find(|import| import.name == called) else {
        let message = format!("no \"js_import\" has the name \"{called}\" of \"{name}\" here");
        let help = "a handler is written as module.function, where \"js_import module.js;\" imports the module";
        builder
            .diagnostics
            .push(Diagnostic::error(span, message).with_help(help));
        return None;
    };
    let module = module(builder, chain, import)?;
    let path = crate::script::path::Path::new(module, members.collect());
    let making = builder.thing::<Making>();
    making.checks.push(Check {
        path: path.clone(),
        name: name.to_owned(),
        span,
    });
    Some(path)
}

fn module(builder: &mut Builder<'_>, chain: &Chain<'_>, import: &ImportWritten) -> Option<usize> {
    let making = builder.thing::<Making>();
    making.is_wanted = true;
    if let Some(known) = making.known.get(&import.span) {
        return *known;
    }
    let mut loading = std::mem::take(&mut making.loading);
    let mut places: Vec<PathBuf> = Vec::new();
    let mut level = Some(*chain);
    while let Some(chain) = level {
        let own = chain.own::<PathsWritten>();
        places.extend(
            own.into_iter()
                .flat_map(|own| &own.0)
                .map(|path| builder.path(path)),
        );
        level = chain.outer().copied();
    }
    places.push(builder.beside(""));
    let mut places = Places {
        files: &mut *builder.files,
        places,
    };
    let module = loading.module(&import.file, None, &mut places);
    let module = match module {
        Ok(module) => Some(module),
        Err(refusal) => {
            builder.diagnostics.push(problem(refusal, import));
            None
        }
    };
    let making = builder.thing::<Making>();
    making.loading = loading;
    making.known.insert(import.span, module);
    module
}

/// Makes the program that was loaded.
pub(super) fn finish(making: &mut Making, facts: Facts, limits: Limits) -> Arc<Program> {
    let loading = std::mem::take(&mut making.loading);
    Arc::new(loading.finish(Box::new(facts), limits))
}

fn problem(refusal: Refusal, import: &ImportWritten) -> Diagnostic {
    let Some((place, line)) = refusal.place else {
        return Diagnostic::error(import.span, refusal.message);
    };
    let message = format!(
        "{} in {}:{}:{}",
        refusal.message, place.file, place.line, place.column
    );
    let blanks = " ".repeat(place.column.saturating_sub(1));
    Diagnostic::error(import.span, message).with_help(format!("{line}\n{blanks}^"))
}

/// Where files of modules are looked for.
struct Places<'f> {
    files: &'f mut dyn Loader,
    places: Vec<PathBuf>,
}

impl Files for Places<'_> {
    fn read(&mut self, name: &str, from: Option<&Path>) -> Result<(PathBuf, String), String> {
        let beside = from.and_then(Path::parent).map(Path::to_owned);
        let mut problem = None;
        for place in beside.iter().chain(&self.places) {
            let path = tidy(&place.join(name));
            match self.files.read(&path) {
                Ok(content) => {
                    let shown = path.display().to_string();
                    let text = String::from_utf8(content);
                    let text = text.map_err(|_| format!("\"{shown}\" is not UTF-8"))?;
                    return Ok((path, text));
                }
                Err(error) => problem = problem.or(Some((path, error))),
            }
        }
        Err(match problem {
            Some((path, error)) => format!("cannot read \"{}\" ({error})", path.display()),
            None => format!("there is no place to look for \"{name}\" in"),
        })
    }
}

/// A path without `.` and `..` that can be seen through.
fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}
