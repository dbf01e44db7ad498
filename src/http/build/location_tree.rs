//! The locations of one level: built, and put where a search will find them.

use super::builder::Builder;
use super::written::LocationPattern;
use crate::conf::{Chain, Context, Diagnostic};
use crate::http::plan::location::{Kind, LocationIndex, Locations};
use crate::http::plan::pattern::{Case, Pattern};

/// Builds the locations that stand directly in the innermost scope of `chain`.
pub(in crate::http) fn build(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Locations {
    let mut locations = Locations::default();
    let outer = chain.own::<LocationPattern>();
    for scope in chain.scope().blocks_in(Context::Location) {
        let inner = chain.inner(scope);
        let Some(pattern) = scope.get::<LocationPattern>() else {
            continue;
        };
        if let Some(outer) = outer {
            check_nesting(builder, outer, pattern);
        }
        let index = builder.location(&inner, pattern.kind, &pattern.text);
        add(builder, &mut locations, pattern, index);
    }
    locations
}

fn add(
    builder: &mut Builder<'_>,
    locations: &mut Locations,
    pattern: &LocationPattern,
    index: LocationIndex,
) {
    let earlier = match pattern.kind {
        Kind::Exact => locations.add_exact(&pattern.text, index),
        Kind::Named => locations.add_named(&pattern.text[1..], index),
        Kind::Pattern => {
            let case = if pattern.ignores_case {
                Case::Insensitive
            } else {
                Case::Sensitive
            };
            let compiled = Pattern::new(&pattern.text, case, &mut builder.variables, pattern.span);
            if let Some(compiled) = builder.diagnostics.check(compiled) {
                locations.add_pattern(compiled, index);
            }
            None
        }
        _ => locations.add_prefix(&pattern.text, index),
    };
    if earlier.is_some() {
        let message = format!("duplicate location \"{}\"", pattern.text);
        builder
            .diagnostics
            .push(Diagnostic::error(pattern.span, message));
    }
}

fn check_nesting(builder: &mut Builder<'_>, outer: &LocationPattern, inner: &LocationPattern) {
    let problem = match (outer.kind, inner.kind) {
        (Kind::Exact, _) => {
            format!(
                "location \"{}\" cannot be inside the exact location \"{}\"",
                inner.text, outer.text
            )
        }
        (Kind::Named, _) => {
            format!(
                "location \"{}\" cannot be inside the named location \"{}\"",
                inner.text, outer.text
            )
        }
        (_, Kind::Named) => {
            format!(
                "named location \"{}\" can be on the server level only",
                inner.text
            )
        }
        (_, Kind::Prefix | Kind::FinalPrefix | Kind::Exact)
            if !inner.text.starts_with(&outer.text) =>
        {
            format!(
                "location \"{}\" is outside location \"{}\"",
                inner.text, outer.text
            )
        }
        _ => return,
    };
    builder
        .diagnostics
        .push(Diagnostic::error(inner.span, problem));
}
