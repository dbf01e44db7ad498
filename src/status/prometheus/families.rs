//! The statements of a template by family, in the order in which a page shows them.
//!
//! Statements that share a metric name are one family: HELP and TYPE stand once, and all its lines
//! follow each other, in the order of the statements and within one in the order of the tree.

use super::{escape_help, is_metric_name, is_type};

/// What a template says about a statement, apart from its path and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The metric name: everything before the first `{`.
    pub name: String,
    /// The text after `type=`.
    pub kind: Option<String>,
    /// The text after `help=`.
    pub help: Option<String>,
}

/// The statements of a template, grouped by metric name. Made when the configuration is loaded.
#[derive(Debug)]
pub struct Families {
    /// The first line of every page.
    pub(super) title: Vec<u8>,
    pub(super) families: Vec<Family>,
    pub(super) statements: usize,
    /// For each section, how many statements stand before it; ascending.
    pub(super) sections: Vec<usize>,
}

/// The statements of one metric name.
#[derive(Debug)]
pub(super) struct Family {
    name: String,
    kind: Option<String>,
    help: Option<String>,
    pub(super) statements: Vec<usize>,
}

impl Families {
    /// Groups the statements of the template called `name`. Where several statements of a family
    /// have a type or a help text, the first counts.
    pub fn new(name: &str, statements: &[Statement]) -> Self {
        let mut title = b"# Angie Prometheus template \"".to_vec();
        escape_help(name.as_bytes(), &mut title);
        title.extend_from_slice(b"\"\n");
        let mut families: Vec<Family> = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            match families
                .iter_mut()
                .find(|family| family.name == statement.name)
            {
                Some(family) => family.join(index, statement),
                None => families.push(Family::new(index, statement)),
            }
        }
        Self {
            title,
            families,
            statements: statements.len(),
            sections: Vec::new(),
        }
    }

    /// Adds a section, which somebody else fills, after so many statements. To be called in order.
    pub fn add_section(&mut self, after: usize) {
        self.sections.push(after);
    }

    /// Every name that belongs to a family, also those that its type implies.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.families.iter().flat_map(|family| {
            let kind = family.kind.as_deref().unwrap_or_default();
            series_names(&family.name, kind)
        })
    }

    /// What a scraper would object to, each with the number of a statement. A family whose name or
    /// type is wrong still loads: its lines, or its TYPE, do not appear.
    pub fn warnings(&self) -> Vec<(usize, String)> {
        let mut warnings = Vec::new();
        for family in &self.families {
            let first = family.statements[0];
            if !is_metric_name(family.name.as_bytes()) {
                let text = format!("\"{}\" is not a Prometheus metric name", family.name);
                warnings.push((first, text));
            }
            if let Some(kind) = family.kind.as_deref().filter(|kind| !is_type(kind)) {
                warnings.push((first, format!("\"{kind}\" is not a Prometheus metric type")));
            }
        }
        warnings
    }
}

impl Family {
    fn new(index: usize, statement: &Statement) -> Self {
        Self {
            name: statement.name.clone(),
            kind: statement.kind.clone(),
            help: statement.help.clone(),
            statements: vec![index],
        }
    }

    fn join(&mut self, index: usize, statement: &Statement) {
        self.statements.push(index);
        self.kind = self.kind.take().or_else(|| statement.kind.clone());
        self.help = self.help.take().or_else(|| statement.help.clone());
    }

    /// HELP and TYPE.
    pub(super) fn head(&self) -> Vec<u8> {
        let help = self.help.as_ref().map(String::as_bytes);
        head(&self.name, self.kind.as_deref(), help)
    }
}

/// HELP and TYPE of a family, as far as there are such.
pub(super) fn head(name: &str, kind: Option<&str>, help: Option<&[u8]>) -> Vec<u8> {
    let mut head = Vec::new();
    if let Some(help) = help {
        head.extend_from_slice(format!("# HELP {name} ").as_bytes());
        escape_help(help, &mut head);
        head.push(b'\n');
    }
    if let Some(kind) = kind.filter(|kind| is_type(kind)) {
        head.extend_from_slice(format!("# TYPE {name} {kind}\n").as_bytes());
    }
    head
}

/// The names that samples of a family may have, and that no other family can have therefore.
pub(super) fn series_names(name: &str, kind: &str) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        "histogram" => &["", "_bucket", "_sum", "_count"],
        "summary" => &["", "_sum", "_count"],
        _ => &[""],
    };
    suffixes
        .iter()
        .map(|suffix| format!("{name}{suffix}"))
        .collect()
}
