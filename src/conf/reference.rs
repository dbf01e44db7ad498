//! The directives' reference page, made from the rows: what the program knows is what it says.

use std::fmt::Write;

use super::spec::{Contexts, DirectiveSpec, INCLUDE};

/// Directives that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The name of the module.
    pub name: &'static str,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// Its directives.
    pub directives: &'static [DirectiveSpec],
}

/// A Markdown page of all rows by group, with a list of what is in it; what has no effect stands apart. Within
/// a group, rows are sorted by name; rows of one name keep their order.
pub fn reference(groups: &[Group]) -> String {
    let own = Group {
        name: "include",
        about: "the language itself",
        directives: &[INCLUDE],
    };
    let all: Vec<(Group, Vec<&DirectiveSpec>)> = [own]
        .iter()
        .chain(groups)
        .map(|group| (*group, sorted(*group)))
        .collect();
    let mut page = String::from(HEAD);
    for (group, rows) in all.iter().filter(|(_, rows)| !rows.is_empty()) {
        let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        names.dedup();
        let links: Vec<String> = names
            .iter()
            .map(|name| format!("[{name}](#{name})"))
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "- **{}**, {}: {}",
            group.name,
            group.about,
            links.join(", ")
        );
    }
    let _ = writeln!(page, "- [without effect](#without-effect)");
    for (group, rows) in all.iter().filter(|(_, rows)| !rows.is_empty()) {
        let _ = writeln!(page, "\n## Module {}: {}", group.name, group.about);
        rows.iter().for_each(|row| describe(row, &mut page));
    }
    page.push_str(NO_EFFECT);
    let mut idle: Vec<&DirectiveSpec> = groups
        .iter()
        .flat_map(|group| group.directives)
        .filter(|row| is_idle(row))
        .collect();
    idle.sort_by_key(|row| row.name);
    for row in idle {
        let why = row
            .doc
            .text
            .trim_start_matches(IDLE)
            .trim_start_matches(": ");
        let syntax = row.doc.forms().join("` or `").replace('|', "\\|");
        let _ = writeln!(page, "| `{syntax}` | {} | {why} |", row.contexts.names());
    }
    page
}

fn sorted(group: Group) -> Vec<&'static DirectiveSpec> {
    let mut rows: Vec<_> = group
        .directives
        .iter()
        .filter(|row| !is_idle(row))
        .collect();
    rows.sort_by_key(|row| row.name);
    rows
}

/// Whether a directive is read for the sake of others' configurations alone.
fn is_idle(row: &DirectiveSpec) -> bool {
    row.doc.text.starts_with(IDLE)
}

const IDLE: &str = "Has no effect";

/// Writing to a string cannot fail, so the results are dropped.
fn describe(row: &DirectiveSpec, page: &mut String) {
    let _ = writeln!(page, "\n### {}\n", row.name);
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

const HEAD: &str = "\
# Directives

Made from the tables in the source; a test keeps it fresh. [Variables](VARIABLES.md), [modes](MODES.md), the [status
tree](STATUS.md), [series](SERIES.md) and the [command line](COMMANDS.md) have pages of their own.

";

const NO_EFFECT: &str = "
## Without effect

Directives of other servers that are read here and do nothing. `pingauge -t` tells which of them a configuration has.

| syntax | context | why |
|---|---|---|
";
