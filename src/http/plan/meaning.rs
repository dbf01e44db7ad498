//! What a name of a variable means: what a directive defines, a family of names, a row of the tables,
//! or what `set` and patterns put there. In this order, once everything is read.

use super::variable::{Family, Variable, VariableSpec, placed};
use crate::conf::{Diagnostic, Diagnostics, Excused, Foreign, Span, nearest};
use crate::http::course::request::Request;

/// A name that is used.
pub(in crate::http) struct Entry {
    pub(in crate::http) name: String,
    pub(in crate::http) first_use: Option<Span>,
    pub(in crate::http) assigned: bool,
    /// Where the first pattern is that has a group of this name.
    pub(in crate::http) captured: Option<Span>,
}

/// What a directive says that a name means.
pub(in crate::http) struct Definition {
    pub(in crate::http) owner: String,
    pub(in crate::http) variable: Box<dyn Variable>,
}

/// What a name may mean, beside what is defined for it alone.
pub(in crate::http) struct Known<'a> {
    pub(in crate::http) rows: &'a [&'static VariableSpec],
    pub(in crate::http) families: &'a [(String, Family)],
    /// All names, for advice.
    pub(in crate::http) names: &'a [String],
    pub(in crate::http) foreign: Foreign,
    pub(in crate::http) excused: Option<&'a Excused>,
}

impl Entry {
    /// Finds its meaning; that there is none, or two, is reported.
    pub(in crate::http) fn resolve(
        self,
        definition: Option<Definition>,
        known: &Known<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Box<dyn Variable> {
        if let Some(definition) = definition {
            self.check_assignment(&*definition.variable, diagnostics);
            self.check_groups(&definition, diagnostics);
            return definition.variable;
        }
        for (prefix, family) in known.families {
            if let Some(suffix) = self.name.strip_prefix(prefix.as_str()) {
                let variable = family(suffix);
                self.check_assignment(&*variable, diagnostics);
                return variable;
            }
        }
        for spec in known.rows {
            if let Some(suffix) = spec.suffix(&self.name) {
                let variable = Box::new(RowVariable {
                    spec,
                    suffix: suffix.to_owned(),
                });
                self.check_assignment(&*variable, diagnostics);
                return variable;
            }
        }
        if !self.assigned {
            self.report(known, diagnostics);
        } else if let Some(feature) = known.foreign.set_variable(&self.name) {
            diagnostics.missing(feature, self.first_use, &format!("${}", self.name));
        }
        Box::new(Held)
    }

    /// A group would be what the name reads as, and what was counted could not be seen.
    fn check_groups(&self, definition: &Definition, out: &mut Diagnostics) {
        let Some(span) = self.captured.filter(|_| !definition.variable.gives_way()) else {
            return;
        };
        let (name, owner) = (&self.name, &definition.owner);
        let message = format!("variable \"${name}\" of {owner} is that of a named group too");
        out.push(Diagnostic::error(span, message).with_help("give the group another name"));
    }

    fn check_assignment(&self, variable: &dyn Variable, out: &mut Diagnostics) {
        let Some(span) = self
            .first_use
            .filter(|_| self.assigned && !variable.assignable())
        else {
            return;
        };
        let message = format!("the duplicate \"{}\" variable", self.name);
        let help = "this variable has a meaning of its own and cannot be set";
        out.push(Diagnostic::error(span, message).with_help(help));
    }

    fn report(&self, known: &Known<'_>, out: &mut Diagnostics) {
        let name = &self.name;
        if known
            .excused
            .is_some_and(|Excused(names)| names.contains(name))
        {
            out.orphaned(name);
            return;
        }
        if let Some(feature) = known.foreign.variable(name) {
            return out.missing(feature, self.first_use, &format!("${name}"));
        }
        let mut problem = placed(self.first_use, format!("unknown \"{name}\" variable"));
        let own = known.names.iter().map(String::as_str);
        let similar = nearest(
            name,
            own.chain(known.foreign.variables().map(|one| one as &str)),
        );
        problem.help = similar.map(|name| match known.foreign.variable(name) {
            Some(_) => format!("\"${name}\" of other servers is not supported here"),
            None => format!("did you mean \"${name}\"?"),
        });
        out.push(problem);
    }
}

struct RowVariable {
    spec: &'static VariableSpec,
    suffix: String,
}

impl Variable for RowVariable {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        (self.spec.read)(request, &self.suffix, out)
    }

    fn text<'r>(&self, request: &'r Request) -> Option<&'r [u8]> {
        self.spec.text.and_then(|text| text(request, &self.suffix))
    }

    fn number(&self, request: &mut Request) -> Option<f64> {
        self.spec.number.map(|number| number(request))
    }

    fn assign(&self, request: &mut Request, value: &[u8]) -> bool {
        match self.spec.assign {
            Some(assign) => {
                assign(request, value);
                true
            }
            None => false,
        }
    }

    fn cached(&self) -> bool {
        self.spec.cached
    }

    fn reads_body(&self) -> bool {
        self.spec.reads_body
    }

    fn assignable(&self) -> bool {
        self.spec.assign.is_some() || self.spec.may_be_set || self.spec.name.ends_with('*')
    }
}

/// A variable that only holds what `set`, or the named group of a pattern, put there.
struct Held;

impl Variable for Held {
    fn read(&self, _request: &mut Request, _out: &mut Vec<u8>) -> bool {
        false
    }

    fn cached(&self) -> bool {
        true
    }

    fn assignable(&self) -> bool {
        true
    }
}
