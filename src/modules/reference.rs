//! The pages of reference that are made from the tables of all features: directives, variables, modes of metrics, the
//! status tree, and the series of the stock template.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use super::MODULES;
use crate::conf::{self, Directive, Group, Loader};
use crate::http::plan::phase::Phase;
use crate::http::plan::variable::VariableSpec;
use crate::metric::MODES;
use crate::status::Since;

const FRESH: &str = "Made from the tables in the source; a test keeps it fresh.";

/// All directives, by module.
pub fn directives() -> String {
    let group = |module: &&crate::http::build::module::Module| Group {
        name: module.name,
        about: module.about,
        directives: module.directives,
    };
    conf::reference(&MODULES.iter().map(group).collect::<Vec<_>>())
}

/// All variables, by module.
pub fn variables() -> String {
    let mut page = format!(
        "# Variables\n\n{FRESH}\n\nA name that ends in `*` stands for every name with that beginning. *From* is when a value is final: at the \
         *request*, before content is made; at the *response*, when its head leaves; at the *end*. Directives that work earlier read \
         what there is by then. Names that `set`, `map` and groups of patterns bring up are the configuration's own.\n"
    );
    for module in MODULES {
        let mut rows: Vec<&VariableSpec> =
            module.variables.iter().chain(module.described).collect();
        rows.sort_by_key(|row| row.name);
        if rows.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "\n## {}: {}\n\n| variable | from | meaning |\n|---|---|---|",
            module.name, module.about
        );
        for row in rows {
            let from = match row.available_from {
                Phase::Request => "request",
                Phase::Response => "response",
                Phase::End => "end",
            };
            let _ = writeln!(page, "| `${}` | {from} | {} |", row.name, row.doc);
        }
    }
    page
}

/// The modes of metrics.
pub fn modes() -> String {
    format!(
        "# Modes\n\n{FRESH}\n\nA mode says how the samples of a key become its value: `metric_zone NAME:SIZE MODE;`.\n\n{}",
        modes_table()
    )
}

/// The modes as a table in Markdown, which the README has as well.
pub fn modes_table() -> String {
    let mut table = String::from("| mode | the question | a key's value |\n|---|---|---|\n");
    for mode in MODES {
        let syntax = mode.syntax.replace('|', "\\|");
        let _ = writeln!(table, "| `{syntax}` | {} | {} |", mode.question, mode.doc);
    }
    table
}

/// The status tree, by module.
pub fn status() -> String {
    let mut page = format!(
        "# The status tree\n\n{FRESH}\n\n`api /status/;` shows it as JSON, `prometheus` makes pages of it, and signals of backpressure read it. Paths \
         are those of `api /;`; `{{…}}` stands for any name, `[]` for every element of a list, which a path cannot name.\n\n\
         *since* says when a value begins anew:\n\n"
    );
    for (_, word, meaning) in Since::ALL {
        let word = if word.is_empty() { "nothing" } else { word };
        let _ = writeln!(page, "- {word}: {meaning}");
    }
    for module in MODULES.iter().filter(|module| !module.status.is_empty()) {
        let _ = writeln!(page, "\n## {}: {}", module.name, module.about);
        module
            .status
            .iter()
            .for_each(|mount| mount.write(&mut page));
    }
    page
}

const TEMPLATE: &str = include_str!("../../conf/prometheus_all.conf");

/// The template alone.
struct Text;

impl Loader for Text {
    fn read(&mut self, _path: &Path) -> io::Result<Vec<u8>> {
        Ok(TEMPLATE.as_bytes().to_vec())
    }

    fn expand(&mut self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// The series of the stock template.
pub fn series() -> String {
    let parsed = conf::parse(Path::new("prometheus_all.conf"), None, &mut Text);
    let mut page = format!(
        "# Series\n\n{FRESH}\n\nWhat `include prometheus_all.conf;` and `prometheus all;` give a scraper. *From* is the place in the [status \
         tree](STATUS.md) below `/status`; `$1`, `$2` are what stands at the groups of its pattern.\n\n\
         | series | type | from | meaning |\n|---|---|---|---|\n"
    );
    let templates = parsed
        .tree
        .iter()
        .filter(|one| one.name.text == "prometheus_template");
    for line in templates.flat_map(|one| one.body.iter().flatten()) {
        write_series(line, &mut page);
    }
    page
}

fn write_series(line: &Directive, page: &mut String) {
    let words = line.arguments.iter().map(|word| word.text.as_str());
    let parameter = |name: &str| {
        words
            .clone()
            .find_map(|word| word.strip_prefix(name))
            .unwrap_or_default()
    };
    let cell = |text: &str| text.replace('|', "\\|");
    let _ = match line.name.text.as_str() {
        "metric_zone" => writeln!(
            page,
            "| `{}*` | by mode | `/http/metric_zones` | Every zone: a family for each of its metrics, the key as a label. |",
            parameter("prefix=")
        ),
        name => writeln!(
            page,
            "| `{}` | {} | `{}` | {} |",
            cell(name),
            parameter("type="),
            cell(parameter("path=")),
            cell(parameter("help="))
        ),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_described() {
        for module in MODULES {
            assert!(
                !module.about.is_empty(),
                "say what module {} is about",
                module.name
            );
            for row in module.variables.iter().chain(module.described) {
                assert!(
                    row.doc.ends_with('.'),
                    "describe ${}: {:?}",
                    row.name,
                    row.doc
                );
            }
        }
        for mode in MODES {
            assert!(
                mode.doc.ends_with('.') && mode.question.contains('?'),
                "describe {}",
                mode.name
            );
        }
        let mut seen = std::collections::HashSet::new();
        for mount in MODULES.iter().flat_map(|module| module.status) {
            for node in mount.nodes {
                assert!(
                    !node.text.is_empty(),
                    "describe {:?} {}",
                    mount.path,
                    node.path
                );
                assert!(
                    seen.insert((mount.path, node.path)),
                    "{:?} {} twice",
                    mount.path,
                    node.path
                );
            }
        }
    }

    #[test]
    fn every_series_has_a_type_a_place_and_a_meaning() {
        let page = series();
        let rows: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        assert!(rows.len() > 100, "{page}");
        for row in rows {
            assert!(!row.contains("|  |") && !row.contains("``"), "{row}");
        }
    }

    #[test]
    fn a_variable_without_a_description_is_refused() {
        let mut table = crate::http::plan::variable::VariableTable::new(Vec::new());
        let refused =
            table.define_family("upstream_http_", Box::new(|_| unreachable!("nobody asks")));
        assert!(refused.unwrap_err().message.contains("is not described"));
    }
}
