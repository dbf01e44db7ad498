//! The language as a whole: files in memory in, rendered problems or trees out.

mod files;
mod laws;
mod structure;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::*;

/// Files in memory.
#[derive(Default)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    fn new(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(name, text)| ((*name).into(), text.as_bytes().into()))
                .collect(),
        )
    }
}

impl Loader for Memory {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let found = self.0.get(&*path.to_string_lossy()).cloned();
        found.ok_or_else(|| io::Error::from_raw_os_error(2))
    }

    fn expand(&mut self, pattern: &str) -> io::Result<Vec<PathBuf>> {
        let pattern = glob::Pattern::new(pattern).unwrap();
        Ok(self
            .0
            .keys()
            .filter(|name| pattern.matches(name))
            .map(PathBuf::from)
            .collect())
    }
}

/// A tree in one line: `name arg{…}`.
fn shown(tree: &[Directive]) -> String {
    let one = |directive: &Directive| {
        let words = std::iter::once(&directive.name).chain(&directive.arguments);
        let words: Vec<_> = words.map(|word| word.text.as_str()).collect();
        let body = directive
            .body
            .as_ref()
            .map_or(";".into(), |body| format!("{{{}}}", shown(body)));
        words.join(" ") + &body
    };
    tree.iter().map(one).collect()
}

fn parsed(text: &str) -> Parsed {
    parse(
        Path::new("/etc/a.conf"),
        None,
        &mut Memory::new(&[("/etc/a.conf", text)]),
    )
}

/// The problems of a parsed configuration, one line each.
fn problems(parsed: &Parsed) -> String {
    let lines = parsed.diagnostics.log_lines(&parsed.sources);
    lines
        .into_iter()
        .map(|(_, line)| line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A table like those of the features, of every kind of row.
const SPECS: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "events",
        contexts: Contexts::MAIN,
        arity: Arity::NONE,
        body: Body::Block(|_| Context::Events),
        doc: Doc {
            syntax: "events { ... }",
            ..SPEC.doc
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "http",
        contexts: Contexts::MAIN,
        arity: Arity::NONE,
        body: Body::Block(|_| Context::Http),
        ..SPEC
    },
    DirectiveSpec {
        name: "server",
        contexts: Contexts::HTTP,
        arity: Arity::NONE,
        body: Body::Block(|_| Context::Server),
        repeat: Repeat::Many,
        ..SPEC
    },
    DirectiveSpec {
        name: "server",
        contexts: Contexts::UPSTREAM,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        ..SPEC
    },
    DirectiveSpec {
        name: "location",
        contexts: Contexts::SERVER.or(Contexts::LOCATION),
        arity: Arity::between(1, 2),
        body: Body::Block(|_| Context::Location),
        repeat: Repeat::Many,
        apply: |statement| {
            let pattern = statement.template(1)?;
            statement.scope.insert(pattern);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "listen",
        contexts: Contexts::SERVER,
        arity: Arity::exactly(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "listen address;",
            default: "listen 80;",
            text: "Where to listen.",
            example: "listen 8080;",
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "client_max_body_size",
        contexts: Contexts::HTTP.or(Contexts::SERVER),
        apply: |statement| {
            let size = statement.offset(1)?;
            statement.scope.insert(size);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "satisfy",
        contexts: Contexts::HTTP.or(Contexts::SERVER),
        apply: |statement| {
            let all = statement.enumeration(1, &[("all", true), ("any", false)])?;
            statement.scope.insert(all);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "internal_redirects",
        contexts: Contexts::HTTP.or(Contexts::SERVER),
        arity: Arity::FLAG,
        ..SPEC
    },
    DirectiveSpec {
        name: "map",
        contexts: Contexts::HTTP,
        arity: Arity::exactly(2),
        body: Body::Free,
        repeat: Repeat::Many,
        apply: |statement| {
            let lines = statement
                .lines()
                .iter()
                .map(|line| line.name.text.clone())
                .collect();
            statement
                .scope
                .get_or_default::<Vec<Vec<String>>>()
                .push(lines);
            Ok(())
        },
        ..SPEC
    },
];

/// Parses and applies a text; everything that is wrong, one line each.
fn checked(text: &str) -> (Scope, String) {
    let mut parsed = parsed(text);
    let scope = apply(
        &parsed.tree,
        &[SPECS],
        Foreign::NONE,
        &mut parsed.diagnostics,
    );
    let problems = problems(&parsed);
    (scope, problems)
}
