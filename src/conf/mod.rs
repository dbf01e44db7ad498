//! The configuration language: text becomes a tree of directives, the tree is checked against
//! tables of directives, and what they accept becomes scopes full of settings.
//!
//! Three steps, each of which reports every problem it meets and goes on: [`parse`] (files,
//! includes, syntax), [`apply`] (which directive may stand where, with how many arguments, and its
//! own reading of them), and whatever the caller checks on the finished [`Scope`]. This folder
//! knows no directive but `include`, which belongs to the language itself.
//!
//! Must stay true: no input makes this code panic, recurse without bound, or take more than linear
//! time; only [`Disk`] touches the file system.
#![forbid(unsafe_code)]

mod apply;
mod diagnostic;
mod foreign;
mod grammar;
mod include;
mod loader;
mod lua;
mod nearest;
mod parameters;
mod reference;
mod render;
mod scope;
mod source;
mod spec;
mod statement;
mod survey;
mod token;
mod tree;
pub mod values;
mod word;

pub use apply::{Excused, apply};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use foreign::{Feature, Foreign};
pub use include::{Parsed, parse, reason, with_reasons};
pub use loader::{Disk, Loader, Recorder, Recording};
pub use nearest::nearest;
pub use parameters::{each_once, unknown_parameter};
pub use reference::{Group, reference};
pub use scope::{Chain, Scope};
pub use source::{FileId, Position, SourceFile, Sources, Span};
pub use spec::{Arity, Body, Context, Contexts, DirectiveSpec, Doc, INCLUDE, Repeat, SPEC};
pub use statement::{Assignment, Statement};
pub use survey::{Applies, Habit, Subject, Survey};
pub use tree::{Directive, require_section};
pub use word::{Part, Text, Word};

#[cfg(test)]
mod tests;
