//! Variables: what they are called, who gives their value, and the number each one gets.
//!
//! A name is looked up once, when the configuration is loaded; templates hold the number. What a
//! name means is decided after the whole configuration is read, so the order of directives never
//! matters: definitions made by directives come first, then the rows of the modules.

use std::collections::HashMap;

use super::meaning::{Definition, Entry, Known};
use super::phase::Phase;
use crate::conf::{Diagnostic, Diagnostics, Excused, Foreign, Severity, Span};
use crate::http::course::request::Request;

/// The number of a variable in one runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariableIndex(pub(in crate::http) u16);

/// Where a variable's value comes from.
pub trait Variable: Send + Sync {
    /// Appends the value to `out`; false when there is none, and then nothing is appended.
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool;

    /// Its value where that lies in the request as it is; nothing where there is none, or it has to be made.
    fn text<'r>(&self, _request: &'r Request) -> Option<&'r [u8]> {
        None
    }

    /// What its text stands for as the value of a metric, where that can be said without the text.
    fn number(&self, _request: &mut Request) -> Option<f64> {
        None
    }

    /// Takes an assignment (`set`). True when the variable dealt with it itself; false asks the
    /// request to keep the text as the variable's value.
    fn assign(&self, _request: &mut Request, _value: &[u8]) -> bool {
        false
    }

    /// Whether one evaluation serves the whole request.
    fn cached(&self) -> bool {
        false
    }

    /// Whether a directive may assign it.
    fn assignable(&self) -> bool {
        false
    }

    /// Whether it tells of the request's body, which is kept for it.
    fn reads_body(&self) -> bool {
        false
    }

    /// Whether the named group of a pattern may take its place.
    fn gives_way(&self) -> bool {
        true
    }
}

/// One row of a module's table of variables.
#[derive(Clone, Copy)]
pub struct VariableSpec {
    /// The name; one that ends in `_*` stands for every name with that beginning.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// The phase from which the value is final.
    pub available_from: Phase,
    /// Whether one evaluation serves the whole request. Never set for anything that counts.
    pub cached: bool,
    /// Whether it tells of the request's body.
    pub reads_body: bool,
    /// Appends the value; the text is what stands for `*` in the name.
    pub read: fn(&mut Request, &str, &mut Vec<u8>) -> bool,
    /// The value, of those that lie in the request as they are.
    pub text: Option<ReadyText>,
    /// The number that its text stands for, of those that are made of one.
    pub number: Option<fn(&mut Request) -> f64>,
    /// Takes an assignment, for the few that may be set. A name that ends in `_*` needs none: what
    /// is set then holds instead.
    pub assign: Option<fn(&mut Request, &[u8])>,
    /// Whether what is set holds instead, of a name that does not end in `_*`.
    pub may_be_set: bool,
}

/// What a variable is that lies in a request; the text is what stands for `*` in the name.
pub type ReadyText = for<'r> fn(&'r Request, &str) -> Option<&'r [u8]>;

/// The defaults of a row.
pub const VARIABLE: VariableSpec = VariableSpec {
    name: "",
    doc: "",
    available_from: Phase::Request,
    cached: false,
    reads_body: false,
    read: |_, _, _| false,
    text: None,
    number: None,
    assign: None,
    may_be_set: false,
};

impl VariableSpec {
    /// Whether this row stands for `name`.
    pub fn is(&self, name: &str) -> bool {
        self.suffix(name).is_some()
    }

    /// What stands for `*` in `name`, if this row stands for it.
    pub(in crate::http) fn suffix<'n>(&self, name: &'n str) -> Option<&'n str> {
        match self.name.strip_suffix('*') {
            Some(prefix) => name.strip_prefix(prefix).filter(|rest| !rest.is_empty()),
            None => (name == self.name).then_some(""),
        }
    }
}

/// The names seen while a configuration is loaded.
#[derive(Default)]
pub struct VariableTable {
    entries: Vec<Entry>,
    definitions: HashMap<String, Definition>,
    by_name: HashMap<String, VariableIndex>,
    families: Vec<(String, Family)>,
    made_of: HashMap<String, Vec<String>>,
    described: Vec<&'static VariableSpec>,
}

/// Makes the variable that stands for what follows a prefix.
pub type Family = Box<dyn Fn(&str) -> Box<dyn Variable>>;

impl VariableTable {
    /// A table for variables of the program's own, which `rows` describe; see
    /// [`VariableTable::define`].
    pub fn new(rows: Vec<&'static VariableSpec>) -> Self {
        Self {
            described: rows,
            ..Self::default()
        }
    }

    fn expect_described(&self, name: &str) -> Result<(), Diagnostic> {
        match self.described.iter().any(|row| row.is(name)) {
            true => Ok(()),
            false => Err(placed(
                None,
                format!("variable \"${name}\" is not described by its module"),
            )),
        }
    }

    /// The index of `name` (case does not matter), used at `span`.
    pub fn index(&mut self, name: &str, span: Span) -> VariableIndex {
        let index = self.intern(name);
        let entry = &mut self.entries[usize::from(index.0)];
        entry.first_use.get_or_insert(span);
        index
    }

    /// Says what `name` means. `owner` names who says so, for the message when two do. A name that no place of
    /// the configuration has brought up must be among those that modules describe, so that the reference
    /// knows every variable.
    pub fn define(
        &mut self,
        name: &str,
        owner: &str,
        span: Option<Span>,
        variable: Box<dyn Variable>,
    ) -> Result<VariableIndex, Diagnostic> {
        self.offer(name, owner, span, variable)?;
        Ok(self.intern(name))
    }

    /// Says what `name` means, if anybody uses it.
    pub fn offer(
        &mut self,
        name: &str,
        owner: &str,
        span: Option<Span>,
        variable: Box<dyn Variable>,
    ) -> Result<(), Diagnostic> {
        if span.is_none() {
            self.expect_described(name)?;
        }
        let name = name.to_ascii_lowercase();
        if let Some(other) = self.definitions.get(&name) {
            let message = format!(
                "variable \"${name}\" of {owner} is that of {} too",
                other.owner
            );
            let help = "names of variables do not tell upper from lower case";
            return Err(placed(span, message).with_help(help));
        }
        let owner = owner.to_owned();
        self.definitions
            .insert(name, Definition { owner, variable });
        Ok(())
    }

    /// Says what every name that begins with `prefix` means, unless it is defined itself. The reference knows
    /// it as `prefix*`.
    pub fn define_family(&mut self, prefix: &str, family: Family) -> Result<(), Diagnostic> {
        self.expect_described(&format!("{prefix}NAME"))?;
        self.families.push((prefix.to_owned(), family));
        Ok(())
    }

    /// A variable that a directive assigns: defined here unless something else defines it.
    pub fn held(&mut self, name: &str, span: Span) -> VariableIndex {
        let index = self.index(name, span);
        self.entries[usize::from(index.0)].assigned = true;
        index
    }

    /// A variable that the named group of a pattern fills.
    pub fn captured(&mut self, name: &str, span: Span) -> VariableIndex {
        let index = self.held(name, span);
        let entry = &mut self.entries[usize::from(index.0)];
        entry.captured.get_or_insert(span);
        index
    }

    /// Whether a directive has said what `name` means, or has used it.
    pub fn knows(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let is_family = |(prefix, _): &(String, Family)| name.starts_with(prefix.as_str());
        self.definitions.contains_key(&name)
            || self.by_name.contains_key(&name)
            || self.families.iter().any(is_family)
    }

    /// Notes that the value of `name` is made of those of others.
    pub fn note_parts<'n>(&mut self, name: &str, parts: impl Iterator<Item = &'n str>) {
        let parts = parts.map(str::to_ascii_lowercase);
        let all = self.made_of.entry(name.to_ascii_lowercase());
        all.or_default().extend(parts);
    }

    /// The names that a value is made of, directly and indirectly, `name` first.
    pub fn parts(&self, name: &str) -> Vec<String> {
        let mut found = vec![name.to_ascii_lowercase()];
        let mut next = 0;
        while let Some(name) = found.get(next) {
            let parts = self.made_of.get(name).into_iter().flatten();
            let fresh: Vec<_> = parts.filter(|one| !found.contains(one)).cloned().collect();
            found.extend(fresh);
            next += 1;
        }
        found
    }

    /// Every name gets its meaning; one without a meaning is reported.
    pub fn finish(
        mut self,
        rows: &[&'static VariableSpec],
        elsewhere: (Foreign, Option<&Excused>),
        diagnostics: &mut Diagnostics,
    ) -> Variables {
        let known = self.known_names(rows);
        let known = Known {
            rows,
            families: &self.families,
            names: &known,
            foreign: elsewhere.0,
            excused: elsewhere.1,
        };
        let mut resolve = |entry: Entry| {
            let definition = self.definitions.remove(&entry.name);
            entry.resolve(definition, &known, diagnostics)
        };
        let variables: Box<[_]> = self.entries.into_iter().map(&mut resolve).collect();
        Variables {
            reads_body: variables.iter().any(|one| one.reads_body()),
            variables,
        }
    }

    fn intern(&mut self, name: &str) -> VariableIndex {
        let name = name.to_ascii_lowercase();
        if let Some(index) = self.by_name.get(&name) {
            return *index;
        }
        // A configuration with more names than this is not one that anybody wrote.
        let index = VariableIndex(u16::try_from(self.entries.len()).unwrap_or(u16::MAX));
        if index.0 == u16::MAX {
            return VariableIndex(0);
        }
        self.entries.push(Entry {
            name: name.clone(),
            first_use: None,
            assigned: false,
            captured: None,
        });
        self.by_name.insert(name, index);
        index
    }

    fn known_names(&self, rows: &[&'static VariableSpec]) -> Vec<String> {
        let rows = rows.iter().map(|row| row.name.to_owned());
        self.definitions.keys().cloned().chain(rows).collect()
    }
}

pub(in crate::http) fn placed(span: Option<Span>, message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Emerg,
        span,
        message,
        help: None,
    }
}

/// The variables of a runtime, by index.
pub struct Variables {
    variables: Box<[Box<dyn Variable>]>,
    /// Whether one of them tells of the request's body.
    pub reads_body: bool,
}

impl Variables {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether no name was used at all.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// The source of `index`.
    pub fn source(&self, index: VariableIndex) -> &dyn Variable {
        &*self.variables[usize::from(index.0)]
    }
}
