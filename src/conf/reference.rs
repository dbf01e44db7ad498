//! The directives' reference page, made from the rows: what the program knows is what it says.

use std::fmt::Write;

use super::spec::{Contexts, DirectiveSpec, INCLUDE};

/// A Markdown page of all rows, sorted by name; rows of one name keep their order.
pub fn reference(specs: &[&'static [DirectiveSpec]]) -> String {
    let mut rows: Vec<_> = specs.iter().copied().flatten().chain([&INCLUDE]).collect();
    rows.sort_by_key(|row| row.name);
    let mut page = String::from(HEAD);
    for row in rows {
        describe(row, &mut page);
    }
    page
}

/// Writing to a string cannot fail, so the results are dropped.
fn describe(row: &DirectiveSpec, page: &mut String) {
    let _ = writeln!(page, "\n## {}\n", row.name);
    for syntax in row.doc.forms() {
        let _ = writeln!(page, "- Syntax: `{syntax}`");
    }
    if !row.doc.default.is_empty() {
        let _ = writeln!(page, "- Default: `{}`", row.doc.default);
    }
    let contexts = if row.contexts == Contexts::ALL {
        "any".into()
    } else {
        row.contexts.names()
    };
    let _ = writeln!(page, "- Context: {contexts}");
    if !row.doc.text.is_empty() {
        let _ = writeln!(page, "\n{}", row.doc.text.trim());
    }
    if !row.doc.example.is_empty() {
        let _ = writeln!(page, "\n```nginx\n{}\n```", row.doc.example.trim());
    }
}

const HEAD: &str = "# Directives\n\nMade from the tables in the source; a test keeps it fresh.\n";
