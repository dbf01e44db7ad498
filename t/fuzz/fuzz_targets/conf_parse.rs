//! Any bytes as configuration files: loading, checking, applying and rendering end without a
//! panic, and an accepted text read from a recording is the same tree.
//!
//! The input is cut at zero bytes: the main file, then the files `1`, `2` … it may include.
#![no_main]

use std::io;
use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use pingauge::conf::{
    Arity, Body, Context, Contexts, Directive, DirectiveSpec, Foreign, Loader, Recorder, Repeat,
    SPEC, Text, apply, parse,
};

fuzz_target!(|input: &[u8]| {
    let files = Pieces(input.split(|byte| *byte == 0).collect());
    let mut recorder = Recorder::new(files);
    let mut parsed = parse(Path::new("0"), Some("a; b"), &mut recorder);
    let scope = apply(
        &parsed.tree,
        &[SPECS],
        Foreign(&[]),
        &mut parsed.diagnostics,
    );
    let rendered = parsed.diagnostics.render(&parsed.sources, "fuzz");
    assert_eq!(rendered.is_empty(), parsed.diagnostics.is_empty());
    assert!(scope.blocks.len() <= parsed.tree.len());
    check(&parsed.tree);
    let again = parse(Path::new("0"), Some("a; b"), &mut recorder.into_recording());
    assert_eq!(again.tree, parsed.tree);
});

/// Files named by their number.
struct Pieces<'i>(Vec<&'i [u8]>);

impl Loader for Pieces<'_> {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let number = path.to_str().and_then(|name| name.parse::<usize>().ok());
        let piece = number.and_then(|number| self.0.get(number));
        piece
            .map(|piece| piece.to_vec())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn expand(&mut self, _: &str) -> io::Result<Vec<PathBuf>> {
        Ok((1..self.0.len())
            .map(|number| number.to_string().into())
            .collect())
    }
}

/// What reading the words of a tree must not break.
fn check(tree: &[Directive]) {
    for directive in tree {
        assert!(directive.span.start <= directive.span.end);
        for word in &directive.arguments {
            let variables = Text::parse(word).map_or(0, |text| text.variables().count());
            assert!(variables <= word.text.matches('$').count());
        }
        check(directive.body.as_deref().unwrap_or_default());
    }
}

/// Short names, so that random text meets them.
const SPECS: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "s",
        contexts: Contexts::MAIN.or(Contexts::SERVER),
        arity: Arity::between(0, 2),
        body: Body::Block(|_| Context::Server),
        repeat: Repeat::Many,
        ..SPEC
    },
    DirectiveSpec {
        name: "m",
        contexts: Contexts::ALL,
        arity: Arity::at_least(0),
        body: Body::Free,
        apply: |statement| {
            let lines = statement.lines().len();
            statement.scope.insert(lines);
            Ok(())
        },
        ..SPEC
    },
    DirectiveSpec {
        name: "f",
        contexts: Contexts::SERVER,
        arity: Arity::FLAG,
        ..SPEC
    },
    DirectiveSpec {
        name: "v",
        contexts: Contexts::SERVER,
        apply: |statement| {
            let (size, time) = (statement.size(1), statement.milliseconds(1));
            statement.diagnostics.check(size);
            statement.diagnostics.check(time);
            let text = statement.template(1)?;
            statement.scope.insert(text);
            Ok(())
        },
        ..SPEC
    },
];
