//! What holds for every input: printing and parsing are inverse, nothing panics, nothing is slow.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Writes a tree so that every word is quoted.
fn printed(tree: &[Directive]) -> String {
    let mut text = String::new();
    for directive in tree {
        for word in std::iter::once(&directive.name).chain(&directive.arguments) {
            text += &format!(
                "\"{}\" ",
                word.text.replace('\\', "\\\\").replace('"', "\\\"")
            );
        }
        match &directive.body {
            Some(body) => text += &format!("{{\n{}}}\n", printed(body)),
            None => text += ";\n",
        }
    }
    text
}

fn directive(name: String, arguments: Vec<String>, body: Option<Vec<Directive>>) -> Directive {
    let word = |text: String| Word {
        text,
        span: Span::NOWHERE,
        quoted: true,
    };
    let arguments = arguments.into_iter().map(word).collect();
    Directive {
        name: word(name),
        arguments,
        body,
        span: Span::NOWHERE,
        end: Span::NOWHERE,
    }
}

fn trees() -> impl Strategy<Value = Vec<Directive>> {
    let word = || "(?s)[a-z{};#\"'\\\\$ \n\t\u{e9}]{0,9}|.{0,20}";
    let words = move || (word(), prop::collection::vec(word(), 0..4));
    let leaf = words().prop_map(|(name, arguments)| directive(name, arguments, None));
    let block = leaf.prop_recursive(4, 40, 5, move |inner| {
        (words(), prop::collection::vec(inner, 0..5))
            .prop_map(|((name, arguments), body)| directive(name, arguments, Some(body)))
    });
    prop::collection::vec(block, 0..6)
}

/// Parses and applies bytes as far as they go.
fn survive(bytes: Vec<u8>) -> String {
    let mut files = Memory::default();
    files.0.insert("/a".into(), bytes);
    let mut found = parse(Path::new("/a"), None, &mut files);
    apply(&found.tree, &[SPECS], Foreign::NONE, &mut found.diagnostics);
    for directive in &found.tree {
        for word in &directive.arguments {
            let _ = Text::parse(word);
            let _ = word.slice(1..word.text.len());
        }
    }
    found.diagnostics.render(&found.sources, "p")
}

proptest! {
    #[test]
    fn parsing_inverts_printing(tree in trees()) {
        let text = printed(&tree);
        let found = parsed(&text);
        prop_assert!(found.diagnostics.is_empty(), "{}", problems(&found));
        prop_assert_eq!(printed(&found.tree), text);
        prop_assert_eq!(shown(&found.tree), shown(&tree));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        survive(bytes);
    }

    #[test]
    fn no_near_miss_panics(text in "([a-e]|[ \n;{}\"'\\\\$#)é]|http|server|listen|include a){0,80}") {
        survive(text.into_bytes());
    }

    #[test]
    fn values_never_panic(text in "[0-9]{0,21}[ 0-9yMwdhmsgk]{0,9}.?") {
        let _ = (values::size(&text), values::offset(&text), values::number(&text));
        let _ = (values::seconds(&text), values::milliseconds(&text), values::flag(&text));
    }
}

#[test]
fn a_mebibyte_of_anything_is_quick() {
    let patterns = [
        "a;",
        "}",
        "a{",
        "'\" ",
        "\"\\;",
        "\\",
        "${",
        "#",
        "\"a\"b",
        "http{server{listen ",
        "include x;",
        "lisetn 1;",
        "\"a\n;",
        "x \"y",
        "map a b{c{",
    ];
    for pattern in patterns {
        let text = pattern.repeat((1 << 20) / pattern.len());
        let start = Instant::now();
        let rendered = survive(text.into_bytes());
        let time = start.elapsed();
        assert!(time < Duration::from_secs(20), "{pattern:?} took {time:?}");
        assert!(rendered.len() < 1 << 20, "{pattern:?} says too much");
    }
}

#[test]
fn nesting_is_limited() {
    let text = format!("{}x;{}y;", "a {".repeat(300), "}".repeat(300));
    let found = parsed(&text);
    assert_eq!(
        problems(&found),
        "blocks are nested deeper than 100 levels in /etc/a.conf:1"
    );
    assert!(shown(&found.tree).ends_with("}y;"));
}
