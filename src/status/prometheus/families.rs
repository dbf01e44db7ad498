//! The statements of a template by family, in the order in which a page shows them.
//!
//! Statements that share a metric name are one family: HELP and TYPE stand once, and all its lines
//! follow each other, in the order of the statements and within one in the order of the tree.

use std::io;

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
        }
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

    /// Writes HELP and TYPE.
    pub(super) fn write_head(&self, out: &mut dyn io::Write) -> io::Result<()> {
        if let Some(help) = &self.help {
            let mut escaped = Vec::with_capacity(help.len());
            escape_help(help.as_bytes(), &mut escaped);
            write!(out, "# HELP {} ", self.name)?;
            out.write_all(&escaped)?;
            out.write_all(b"\n")?;
        }
        match self.kind.as_deref() {
            Some(kind) if is_type(kind) => writeln!(out, "# TYPE {} {kind}", self.name),
            _ => Ok(()),
        }
    }
}
