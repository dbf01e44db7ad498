//! `fastcgi_index`, `fastcgi_split_path_info`: which script a request is for, and what of its path is for the script.

use crate::conf::{Diagnostic, Span, Statement};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::course::request::Request;
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use crate::modules::family::{FastCgi, Levels, insert};

/// `fastcgi_index`
struct Index(Box<[u8]>);
/// `fastcgi_split_path_info`
struct SplitPath(String, Span);

pub(super) fn apply_index(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1).as_bytes().into();
    insert::<FastCgi, _>(statement, Index(name));
    Ok(())
}

pub(super) fn apply_split(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let word = statement.word(1).clone();
    insert::<FastCgi, _>(statement, SplitPath(word.text, word.span));
    Ok(())
}

pub(super) const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "fastcgi_script_name",
        doc: "The path of the request, or the part of it that `fastcgi_split_path_info` takes for the script; behind a `/` at its \
              end stands what `fastcgi_index` says.",
        read: |request, _, out| {
            let [script, _] = parts(request);
            out.extend_from_slice(script);
            if let Some(own) = request.location.extra::<Script>()
                && script.ends_with(b"/")
            {
                out.extend_from_slice(&own.index);
            }
            true
        },
        ..VARIABLE
    },
    VariableSpec {
        name: "fastcgi_path_info",
        doc: "The part of the request's path that `fastcgi_split_path_info` leaves to the script.",
        read: |request, _, out| {
            let [_, info] = parts(request);
            out.extend_from_slice(info);
            true
        },
        ..VARIABLE
    },
];

/// What holds in a location.
struct Script {
    index: Box<[u8]>,
    split: Option<Pattern>,
}

/// Keeps what holds in a location, if anything does.
pub(super) fn build(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, FastCgi>,
    parts: &mut LocationParts,
) {
    let (index, split) = (levels.nearest::<Index>(), levels.nearest::<SplitPath>());
    if index.is_none() && split.is_none() {
        return;
    }
    parts.keep(Script {
        index: index.map_or_else(Box::default, |Index(name)| name.clone()),
        split: split.and_then(|written| pattern(builder, written)),
    });
}

fn pattern(builder: &mut Builder<'_>, SplitPath(text, span): &SplitPath) -> Option<Pattern> {
    let pattern = Pattern::new(text, Case::Sensitive, &mut builder.variables, *span);
    let pattern = builder.diagnostics.check(pattern)?;
    if pattern.groups() == 2 {
        return Some(pattern);
    }
    let message = format!("pattern \"{text}\" must have captures");
    let help = "it needs two: the first takes the script, the second the path for it";
    let problem = Diagnostic::error(*span, message).with_help(help);
    builder.diagnostics.push(problem);
    None
}

/// The script, and what is left of the path.
fn parts(request: &Request) -> [&[u8]; 2] {
    let script = request.location.extra::<Script>();
    let split = script.and_then(|script| script.split.as_ref());
    let parts = split.and_then(|pattern| pattern.split(&request.path));
    parts.unwrap_or([&request.path, b""])
}
