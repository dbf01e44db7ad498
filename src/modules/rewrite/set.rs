//! `set`: gives a variable a value.

use super::steps::{Telling, Written, evaluate_escaped, store};
use crate::conf::{Arity, Assignment, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::phase::{Flow, Phase, RewriteStep};
use crate::http::plan::template::Template;
use crate::http::plan::variable::VariableIndex;
use crate::modules::metric::warn_if_early;

pub(super) const SET: DirectiveSpec = DirectiveSpec {
    name: "set",
    contexts: super::CONTEXTS,
    arity: Arity::exactly(2),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "set $variable value;",
        text: "Gives the variable a value, which may have variables in it. A variable that other \
               directives define can be set only where they say so; setting `$args` changes the \
               query, setting a metric's variable updates the metric. If the path came with \
               percent-escapes, `$1` to `$9` are put in escaped again.",
        example: "set $name \"$arg_first $arg_last\";",
        ..SPEC.doc
    },
    apply: set,
    ..SPEC
};

fn set(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let written = statement.assignment()?;
    store(statement, written);
    Ok(())
}

impl Written for Assignment {
    fn build(&self, builder: &mut Builder<'_>, _telling: Telling) -> Option<Box<dyn RewriteStep>> {
        if self.name.to_ascii_lowercase().starts_with("metric_") {
            for (name, span) in self.value.variables() {
                warn_if_early(builder, name, span, Phase::Request);
            }
        }
        Some(Box::new(Set {
            variable: builder.variables.held(&self.name, self.span),
            value: builder.template(&self.value),
        }))
    }
}

struct Set {
    variable: VariableIndex,
    value: Template,
}

impl RewriteStep for Set {
    fn run(&self, request: &mut Request) -> Flow {
        let mut value = Vec::new();
        evaluate_escaped(&self.value, request, &mut value);
        request.assign(self.variable, &value);
        Flow::Next
    }
}
