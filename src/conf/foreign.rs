//! What other servers have and this one has not: names with the feature they belong to.
//!
//! Such a name is no slip of the finger. Whoever wrote it is told once for each feature what to do
//! instead. The tables themselves belong to the features, not to the language.

use std::collections::HashMap;
use std::iter::repeat;

/// A feature of another server.
#[derive(Debug)]
pub struct Feature {
    /// What it is called.
    pub name: &'static str,
    /// Who has it.
    pub home: &'static str,
    /// What to do without it.
    pub instead: &'static str,
    /// The names of its directives, with blanks between them.
    pub directives: &'static str,
    /// The names of its variables, with blanks between them; one that ends in `_*` stands for every
    /// name with that beginning. One that begins with `=` is acted on where it is set: who sets it wants the feature,
    /// where any other name that is set is a variable of the configuration's own.
    pub variables: &'static str,
}

/// Tables of such features.
#[derive(Clone, Copy, Debug)]
pub struct Foreign(pub &'static [&'static [Feature]]);

impl Foreign {
    /// No features at all.
    pub const NONE: Self = Self(&[]);

    /// The feature that a directive belongs to.
    pub fn directive(self, name: &str) -> Option<&'static Feature> {
        self.features()
            .find(|one| one.directives.split_whitespace().any(|own| own == name))
    }

    /// The feature that a variable belongs to.
    pub fn variable(self, name: &str) -> Option<&'static Feature> {
        let is_meant = |own: &'static str| match plain(own).strip_suffix('*') {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => plain(own) == name,
        };
        self.features()
            .find(|one| one.variables.split_whitespace().any(is_meant))
    }

    /// The feature that setting a variable asks for.
    pub fn set_variable(self, name: &str) -> Option<&'static Feature> {
        let is_meant = |own: &str| own.strip_prefix('=') == Some(name);
        self.features()
            .find(|one| one.variables.split_whitespace().any(is_meant))
    }

    /// The names of all directives, with their features.
    pub(super) fn by_directive(self) -> HashMap<&'static str, &'static Feature> {
        let names = |one: &'static Feature| one.directives.split_whitespace().zip(repeat(one));
        self.features().flat_map(names).collect()
    }

    /// The names of all variables.
    pub fn variables(self) -> impl Iterator<Item = &'static str> {
        self.features()
            .flat_map(|one| one.variables.split_whitespace().map(plain))
    }

    fn features(self) -> impl Iterator<Item = &'static Feature> {
        self.0.iter().copied().flatten()
    }
}

/// The name of a variable in a table.
fn plain(own: &'static str) -> &'static str {
    own.strip_prefix('=').unwrap_or(own)
}
