//! The steps of one scope: its directives and its `if` blocks, in the order of the file.
//!
//! Directives and blocks of a scope are kept apart, so each directive notes how many blocks stood
//! before it.

use super::condition::{Condition, ConditionWritten};
use super::telling::RewriteLog;
use crate::conf::{Chain, Context, Span, Statement};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::uri::{self, Escape};
use crate::http::plan::location::Kind;
use crate::http::plan::location::LocationIndex;
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::phase::{Flow, RewriteStep};
use crate::http::plan::template::{Part, Template};
use crate::modules::log_level::LogLevel;

/// A directive that becomes a step.
pub(super) trait Written: Send + Sync {
    /// The step; `None` when there was a problem, which was reported.
    fn build(&self, builder: &mut Builder<'_>, telling: Telling) -> Option<Box<dyn RewriteStep>>;
}

/// Whether the error log is told what steps do (`rewrite_log`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// It is not.
    Nothing,
    /// What matched, and what became of it.
    Everything,
}

#[derive(Default)]
struct Steps(Vec<Placed>);

struct Placed {
    blocks_before: usize,
    step: Box<dyn Written>,
}

/// Keeps a directive in its scope.
pub(super) fn store(statement: &mut Statement<'_>, step: impl Written + 'static) {
    let blocks_before = statement.scope.blocks.len();
    let steps = statement.scope.get_or_default::<Steps>();
    steps.0.push(Placed {
        blocks_before,
        step: Box::new(step),
    });
}

/// The steps of the innermost scope of `chain`, which belongs to the location `name`.
pub(super) fn build(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    name: &str,
) -> Vec<Box<dyn RewriteStep>> {
    let telling = match chain.nearest() {
        Some(RewriteLog(true)) => Telling::Everything,
        _ => Telling::Nothing,
    };
    let scope = chain.scope();
    let mut steps: Vec<Box<dyn RewriteStep>> = Vec::new();
    let mut placed = scope
        .get::<Steps>()
        .map_or(&[][..], |steps| &steps.0)
        .iter();
    for (number, block) in scope.blocks.iter().enumerate() {
        let before = placed
            .as_slice()
            .partition_point(|one| one.blocks_before <= number);
        steps.extend(
            placed
                .by_ref()
                .take(before)
                .filter_map(|one| one.step.build(builder, telling)),
        );
        if let Some(condition) = block.get::<ConditionWritten>() {
            let inner = chain.inner(block);
            let step = If {
                condition: condition.build(builder, telling),
                steps: build(builder, &inner, name),
                location: (block.context == Context::LocationIf)
                    .then(|| builder.location(&inner, Kind::If, name)),
            };
            steps.push(Box::new(step));
        }
    }
    steps.extend(placed.filter_map(|one| one.step.build(builder, telling)));
    steps
}

struct If {
    /// `None` when it could not be understood, and then nothing is ever run.
    condition: Option<Condition>,
    steps: Vec<Box<dyn RewriteStep>>,
    /// The settings that a location's `if` lends.
    location: Option<LocationIndex>,
}

impl RewriteStep for If {
    fn run(&self, request: &mut Request) -> Flow {
        let holds = self
            .condition
            .as_ref()
            .is_some_and(|one| one.holds(request));
        if !holds {
            return Flow::Next;
        }
        if let Some(index) = self.location {
            request.location = request.runtime.location(index);
        }
        for step in &self.steps {
            match step.run(request) {
                Flow::Next => {}
                flow => return flow,
            }
        }
        Flow::Next
    }
}

/// Evaluates text in which captures of an escaped path are escaped again, as rewriting does.
pub(super) fn evaluate_escaped(template: &Template, request: &mut Request, out: &mut Vec<u8>) {
    for part in template.parts() {
        match part {
            Part::Capture(_) if request.escaped => {
                let mut capture = Vec::new();
                part.append(request, &mut capture);
                uri::escape(&capture, Escape::Capture, out);
            }
            part => {
                part.append(request, out);
            }
        }
    }
}

/// A pattern, and its text where the log is told of it.
pub(super) struct Expression {
    pattern: Pattern,
    told: Option<Box<str>>,
}

impl Expression {
    /// Compiles a pattern; `None` when it could not be understood, which was reported.
    pub(super) fn new(
        builder: &mut Builder<'_>,
        (text, case, span): (&str, Case, Span),
        telling: Telling,
    ) -> Option<Self> {
        let pattern = Pattern::new(text, case, &mut builder.variables, span);
        Some(Self {
            pattern: builder.diagnostics.check(pattern)?,
            told: (telling == Telling::Everything).then(|| text.into()),
        })
    }

    /// Whether it matches; when it does not, nothing is captured any more.
    pub(super) fn matches(&self, request: &mut Request, subject: &[u8]) -> bool {
        let is_match = self.pattern.matches(request, subject);
        if !is_match {
            request.captures.clear();
        }
        if let Some(text) = &self.told {
            let verb = if is_match {
                "matches"
            } else {
                "does not match"
            };
            let (subject, request) = (subject.escape_ascii(), Circumstances(request));
            LogLevel::Notice.log(format_args!("\"{text}\" {verb} \"{subject}\"{request}"));
        }
        is_match
    }
}
