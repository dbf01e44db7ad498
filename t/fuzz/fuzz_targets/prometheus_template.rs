//! Any two paths or patterns, over a tree with any keys: the walk ends, the index of literal
//! prefixes hides nothing, and every line of the page can be read.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use pingauge::status::Node;
use pingauge::status::prometheus::{
    Bounds, Case, Evaluate, Families, Format, Labels, Line, Match, Path, Piece, Rules, Scrape,
    Statement, Syntax, Wanted, escape_label, is_number, is_sample, value_text, walk,
};

fuzz_target!(|input: ([(&str, bool); 2], Vec<(&[u8], &[u8])>)| {
    let (texts, keys) = input;
    let keys = keys
        .iter()
        .map(|(key, text)| (*key, Node::object(vec![(*text, Node::from(*text))])));
    let tree = Node::object(vec![("a", Node::object(keys.collect()))]);
    let [Some(first), Some(second)] = texts.map(|(text, is_literal)| compiled(text, is_literal))
    else {
        return;
    };
    let paths = [first, second];
    let everything = Rules::new(vec![Path::pattern("", Case::Sensitive).ok()]);
    let mut expected = 0;
    let _ = walk(&tree, &everything, &Wanted::all(1, u64::MAX), &mut |item| {
        expected += usize::from(paths.iter().any(|path| takes(path, item.path)));
        ControlFlow::Continue(())
    });
    let rules = Rules::new(paths.into_iter().map(Some).collect());
    let mut found = 0;
    let _ = walk(&tree, &rules, &Wanted::all(2, u64::MAX), &mut |_| {
        found += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(found, expected);
    check_pages(&tree, &rules, texts[0].0);
});

fn compiled(text: &str, is_literal: bool) -> Option<Path> {
    if is_literal {
        return Some(Path::Literal(format!("/a/{text}")));
    }
    Path::pattern(text, Case::Sensitive).ok()
}

fn takes(path: &Path, item: &str) -> bool {
    match path {
        Path::Literal(literal) => literal == item,
        Path::Pattern { regex, .. } => regex.is_match(item).unwrap_or(false),
    }
}

/// A page is the same whether its lines are kept or made again.
fn check_pages(tree: &Node<'_>, rules: &Rules, text: &str) {
    let pieces = pieces(text);
    let Some(labels) = Labels::of(&pieces) else {
        return;
    };
    let statement = |kind: &str, labels: Option<Vec<String>>| Statement {
        name: "m_total".to_owned(),
        kind: Some(kind.to_owned()),
        help: Some(text.to_owned()),
        labels,
    };
    let statements = [
        statement("counter", Some(vec!["key".to_owned()])),
        statement(text, labels.names.clone()),
    ];
    let families = Families::new(text, &statements, Vec::new());
    let mut lines = Lines(pieces, labels.syntax);
    for format in [Format::Text, Format::OpenMetrics] {
        let scrape = Scrape {
            root: tree,
            rules,
            families: &families,
            format,
        };
        let mut out = Vec::new();
        let written = scrape.long(kept(1), &mut lines, &mut out);
        written.expect("a vector takes everything");
        if let Some((short, _)) = scrape.short(kept(1 << 20), &mut lines) {
            assert_eq!(short, out);
        }
        check(&String::from_utf8(out).expect("a page is UTF-8"));
    }
}

fn kept(lines: usize) -> Bounds {
    Bounds {
        lines,
        statement: 1 << 20,
        bytes: 1 << 20,
        nodes: u64::MAX,
    }
}

/// The text as labels, with a variable at each `$`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for (number, part) in text.split('$').enumerate() {
        if number > 0 {
            pieces.push(Piece::Other);
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(part.as_bytes()));
        }
    }
    pieces
}

/// Makes a line of every item.
struct Lines<'a>(Vec<Piece<'a>>, Syntax);

impl Evaluate for Lines<'_> {
    fn line(&mut self, statement: usize, item: Option<&Match<'_>>, line: &mut Line) {
        let Some(item) = item else { return };
        value_text(&item.value, &mut line.value);
        let key = item.group(1).unwrap_or(item.path).as_bytes();
        let own = [
            Piece::Text(b"{key=\""),
            Piece::Other,
            Piece::Text(b"\"}"),
        ];
        let (pieces, syntax) = match statement {
            0 => (&own[..], Syntax::Strict),
            _ => (&self.0[..], self.1),
        };
        line.syntax = syntax;
        line.sample.extend_from_slice(b"m_total");
        for piece in pieces {
            match piece {
                Piece::Text(text) => line.sample.extend_from_slice(text),
                Piece::Group(_) | Piece::Other => escape_label(key, &mut line.sample),
            }
        }
    }
}

fn check(page: &str) {
    for line in page
        .strip_suffix('\n')
        .expect("a final line end")
        .split('\n')
    {
        if line.starts_with("# ") {
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
        assert!(
            is_sample(sample.as_bytes()) && is_number(value.as_bytes()),
            "{line:?}"
        );
    }
}
