//! Rewriting: `set`, `if`, `return`, `rewrite`, `break`, run in the order in which they are
//! written, first those of the server, then those of the location.
//!
//! Each directive stores what it will become; `steps` puts directives and `if` blocks of a scope
//! into one list. A true `if` lends its settings to the request and runs its own steps; then those
//! behind it run on, unless one of them ended rewriting.

mod answer;
mod condition;
mod replace;
mod set;
mod steps;
mod telling;
#[cfg(test)]
mod tests;

use crate::conf::Contexts;
use crate::http::build::module::{self, Module};
use crate::http::plan::location::Kind;

/// The feature.
pub static MODULE: Module = Module {
    name: "rewrite",
    about: "addresses changed, answers without content, conditions",
    directives: &[
        replace::BREAK,
        condition::IF,
        answer::RETURN,
        replace::REWRITE,
        telling::REWRITE_LOG,
        set::SET,
    ],
    server: |builder, chain, parts| parts.rewrite.extend(steps::build(builder, chain, "")),
    location: |builder, chain, parts| {
        if !matches!(parts.kind, Kind::Server | Kind::If) {
            let steps = steps::build(builder, chain, &parts.name);
            parts.rewrite.extend(steps);
        }
    },
    ..module::MODULE
};

/// Where rewriting may be written, in `if` blocks too.
const CONTEXTS: Contexts = OUTSIDE_IF.or(Contexts::SERVER_IF).or(Contexts::LOCATION_IF);

const OUTSIDE_IF: Contexts = Contexts::SERVER.or(Contexts::LOCATION);
