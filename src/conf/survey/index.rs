//! What was found about a configuration, by place and by name, so that each statement is looked at once.

use std::collections::{BTreeMap, HashMap};

use super::Subject;
use crate::conf::foreign::Feature;
use crate::conf::source::{FileId, Span};
use crate::conf::spec::{Body, DirectiveSpec};
use crate::conf::tree::Directive;

pub(super) struct Index<'a> {
    rows: HashMap<&'static str, Vec<&'static DirectiveSpec>>,
    /// Features that directives ask for, by the place of their names.
    directives: HashMap<Span, &'static Feature>,
    /// Features that variables ask for, or whose directives would have defined them; names in lower case.
    variables: HashMap<String, Vec<&'static Feature>>,
    /// The numbers of findings, by where they begin.
    problems: BTreeMap<(FileId, u32), Vec<usize>>,
    /// What has no effect, by where it begins.
    effectless: BTreeMap<(FileId, u32), &'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn of(subject: &'a Subject<'a>) -> Self {
        let mut index = Self {
            rows: HashMap::new(),
            directives: HashMap::new(),
            variables: HashMap::new(),
            problems: BTreeMap::new(),
            effectless: BTreeMap::new(),
        };
        for row in subject.specs.iter().copied().flatten() {
            index.rows.entry(row.name).or_default().push(row);
        }
        for asked in subject.diagnostics.asked() {
            match (asked.name.strip_prefix('$'), asked.span) {
                (Some(variable), _) => index.add(variable, asked.feature),
                (None, Some(span)) => drop(index.directives.insert(span, asked.feature)),
                (None, None) => {}
            }
        }
        for name in subject.diagnostics.orphans() {
            index
                .variables
                .entry(name.to_ascii_lowercase())
                .or_default();
        }
        index.note_orphans(subject.tree);
        for (number, finding) in subject.diagnostics.findings().iter().enumerate() {
            for span in finding.first.span.iter().chain(&finding.places) {
                let here = index.problems.entry((span.file, span.start)).or_default();
                here.push(number);
            }
        }
        for (span, what) in subject.diagnostics.effectless() {
            index.effectless.insert((span.file, span.start), what);
        }
        index
    }

    fn add(&mut self, variable: &str, feature: &'static Feature) {
        let features = self
            .variables
            .entry(variable.to_ascii_lowercase())
            .or_default();
        if !features.iter().any(|one| one.name == feature.name) {
            features.push(feature);
        }
    }

    /// Variables among the words of what was left out, which it would have defined.
    fn note_orphans(&mut self, statements: &[Directive]) {
        for directive in statements {
            if let Some(feature) = self.directives.get(&directive.name.span).copied() {
                for name in variables_of(directive) {
                    if self.variables.contains_key(&name) {
                        self.add(&name, feature);
                    }
                }
            }
            self.note_orphans(directive.body.as_deref().unwrap_or_default());
        }
    }

    /// The features that a statement asks for.
    pub(super) fn missing(&self, directive: &Directive) -> Vec<&'static Feature> {
        let own = self.directives.get(&directive.name.span).copied();
        let mut features: Vec<&'static Feature> = own.into_iter().collect();
        if self.is_closed(directive) {
            self.note_variables(directive.body.as_deref().unwrap_or_default(), &mut features);
        }
        self.note_variables(std::slice::from_ref(directive), &mut features);
        features
    }

    fn note_variables(&self, statements: &[Directive], features: &mut Vec<&'static Feature>) {
        for directive in statements {
            let named = variables_of(directive);
            let asked = named.iter().filter_map(|name| self.variables.get(name));
            for feature in asked.flatten() {
                if !features.iter().any(|one| one.name == feature.name) {
                    features.push(feature);
                }
            }
        }
    }

    /// Whether a block is told of as one: only its directive understands what is in it, or nobody does.
    pub(super) fn is_closed(&self, directive: &Directive) -> bool {
        let mut rows = self.rows(directive);
        !rows.any(|row| matches!(row.body, Body::Block(_)))
    }

    fn rows(&self, directive: &Directive) -> impl Iterator<Item = &'static DirectiveSpec> {
        let rows = self.rows.get(directive.name.text.as_str());
        rows.into_iter().flatten().copied()
    }

    /// The findings about a statement, each once.
    pub(super) fn problems(&self, directive: &Directive) -> Vec<usize> {
        let mut numbers = Vec::new();
        self.visit(directive, &mut |from, to| {
            let here = self.problems.range(from..to);
            numbers.extend(here.flat_map(|(_, numbers)| numbers));
        });
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Why a statement has no effect, if it has none.
    pub(super) fn without_effect(&self, directive: &Directive) -> Option<String> {
        let mut found = None;
        self.visit(directive, &mut |from, to| {
            found = found.or(self
                .effectless
                .range(from..to)
                .next()
                .map(|(_, what)| *what));
        });
        let what = found?;
        if what != directive.name.text {
            // A parameter is named behind its directive; what is anything else is a sentence.
            return Some(match what.starts_with(directive.name.text.as_str()) {
                true => format!("{what} has no effect"),
                false => what.to_owned(),
            });
        }
        let mut rows = self.rows(directive);
        let text = rows.find_map(|row| row.doc.text.strip_prefix("Has no effect: "));
        // What is behind the first sentence is about other values.
        let text = text.and_then(|text| text.split(". ").next());
        let text = text.unwrap_or("it has no effect");
        Some(text.trim_end_matches('.').to_owned())
    }

    /// Visits the ranges of text that belong to a statement itself: not those of a block within, whose statements are
    /// told of by themselves.
    fn visit(&self, directive: &Directive, visit: &mut dyn FnMut((FileId, u32), (FileId, u32))) {
        for span in [directive.span, directive.end] {
            visit((span.file, span.start), (span.file, span.end));
        }
        if self.is_closed(directive) {
            for inner in directive.body.iter().flatten() {
                self.visit(inner, visit);
            }
        }
    }
}

/// The variables in the words of a statement, its name included, in lower case.
fn variables_of(directive: &Directive) -> Vec<String> {
    let words = std::iter::once(&directive.name).chain(&directive.arguments);
    let texts = words.map(|word| word.text.as_str());
    let behind =
        texts.flat_map(|text| text.match_indices('$').map(|(place, _)| &text[place + 1..]));
    let name = |rest: &str| {
        let rest = rest.trim_start_matches('{');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        rest[..end.unwrap_or(rest.len())].to_ascii_lowercase()
    };
    behind.map(name).filter(|name| !name.is_empty()).collect()
}
