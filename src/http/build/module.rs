//! What a feature consists of: its directives, its variables, and how it takes part in building a
//! runtime.

use super::builder::{Builder, LocationParts, ServerParts};
use crate::conf::{Chain, DirectiveSpec};
use crate::http::plan::variable::VariableSpec;

/// One feature, as nginx would call it: a module.
pub struct Module {
    /// Its name, for the reference.
    pub name: &'static str,
    /// Its directives.
    pub directives: &'static [DirectiveSpec],
    /// Its variables.
    pub variables: &'static [VariableSpec],
    /// Called once with the `http` block, before any server is built: things that are declared
    /// there (zones, maps, upstreams) and branches of the status tree.
    pub http: fn(&mut Builder<'_>, &Chain<'_>),
    /// Called for each server.
    pub server: fn(&mut Builder<'_>, &Chain<'_>, &mut ServerParts),
    /// Called for each location, for each server itself, and for each `if` block.
    pub location: fn(&mut Builder<'_>, &Chain<'_>, &mut LocationParts),
    /// Called once at the end, when everything is declared.
    pub finish: fn(&mut Builder<'_>, &Chain<'_>),
}

/// The defaults of a module: it takes no part.
pub const MODULE: Module = Module {
    name: "",
    directives: &[],
    variables: &[],
    http: |_, _| {},
    server: |_, _, _| {},
    location: |_, _, _| {},
    finish: |_, _| {},
};
