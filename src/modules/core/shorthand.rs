//! Statements that stand for several others: they are written out before anything looks at them.
//!
//! `location =/a =/b { … }` (Angie's) is two locations with the same content. `ssl on;` (old nginx's) says `ssl` in every
//! `listen` of its servers.

use crate::conf::{Directive, Word};

/// A tree without shorthand.
pub(crate) fn write_out(tree: Vec<Directive>) -> Vec<Directive> {
    let mut out = tree;
    for http in out.iter_mut().filter(|one| one.name.text == "http") {
        let Some(body) = &mut http.body else {
            continue;
        };
        let is_encrypted = encrypts(body);
        let servers = body.iter_mut().filter(|one| one.name.text == "server");
        for server in servers.filter_map(|server| server.body.as_mut()) {
            encrypt(server, is_encrypted.clone());
            write_out_locations(server);
        }
    }
    out
}

fn write_out_locations(block: &mut Vec<Directive>) {
    let is_location = |one: &Directive| one.name.text == "location" && one.body.is_some();
    if !block.iter().any(is_location) {
        return;
    }
    let mut out = Vec::with_capacity(block.len());
    for mut directive in block.drain(..) {
        if !is_location(&directive) {
            out.push(directive);
            continue;
        }
        directive.body.iter_mut().for_each(write_out_locations);
        for arguments in names(&directive.arguments).unwrap_or_default() {
            out.push(Directive {
                arguments,
                ..directive.clone()
            });
        }
        if names(&directive.arguments).is_none() {
            out.push(directive);
        }
    }
    *block = out;
}

/// The arguments of each of several locations; nothing where there is only one, or what is written is none.
fn names(arguments: &[Word]) -> Option<Vec<Vec<Word>>> {
    let mut all = Vec::new();
    let mut rest = arguments;
    while let [first, behind @ ..] = rest {
        let is_modifier = MODIFIERS.contains(&first.text.as_str());
        let length = 1 + usize::from(is_modifier);
        if !is_modifier && !is_name(&first.text) {
            return None;
        }
        all.push(rest.get(..length)?.to_vec());
        rest = &behind[length - 1..];
    }
    (all.len() > 1).then_some(all)
}

const MODIFIERS: [&str; 4] = ["=", "^~", "~", "~*"];

/// Whether a word is a name with its modifier, if it has one.
fn is_name(text: &str) -> bool {
    let bare = ["=", "^~"]
        .iter()
        .find_map(|modifier| text.strip_prefix(modifier));
    match text.strip_prefix('~') {
        Some(pattern) => !pattern.trim_start_matches('*').is_empty(),
        None => bare.unwrap_or(text).starts_with('/') || text.starts_with('@'),
    }
}

/// What `ssl` says in a block: the word that switches it on, or nothing for `off`.
fn encrypts(block: &[Directive]) -> Option<Word> {
    let ssl = block.iter().rfind(|one| one.name.text == "ssl")?;
    let is_on = |word: &&Word| word.text.eq_ignore_ascii_case("on");
    ssl.arguments
        .first()
        .filter(is_on)
        .map(|_| ssl.name.clone())
}

/// Says `ssl` in every `listen` of a server.
fn encrypt(server: &mut Vec<Directive>, outer: Option<Word>) {
    let says_so = server.iter().any(|one| one.name.text == "ssl");
    let Some(word) = (if says_so { encrypts(server) } else { outer }) else {
        return;
    };
    if !server.iter().any(|one| one.name.text == "listen") {
        let span = word.span;
        let written = |text: &str| Word {
            text: text.to_owned(),
            span,
            quoted: false,
        };
        server.push(Directive {
            name: written("listen"),
            arguments: vec![written("*:80")],
            body: None,
            span,
            end: span,
        });
    }
    for listen in server.iter_mut().filter(|one| one.name.text == "listen") {
        listen.arguments.push(word.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Span;

    fn names_of(text: &str) -> Option<Vec<String>> {
        let word = |text: &str| Word {
            text: text.to_owned(),
            span: Span::NOWHERE,
            quoted: false,
        };
        let words: Vec<Word> = text.split(' ').map(word).collect();
        let join = |words: Vec<Word>| {
            let texts: Vec<String> = words.into_iter().map(|word| word.text).collect();
            texts.join(" ")
        };
        Some(names(&words)?.into_iter().map(join).collect())
    }

    #[test]
    fn several_names_are_told_from_a_name_with_its_modifier() {
        for (text, expected) in [
            ("/a /b", &["/a", "/b"][..]),
            ("=/a =/b", &["=/a", "=/b"]),
            ("= /a /b", &["= /a", "/b"]),
            ("/a = /b ~*x ^~/c @d", &["/a", "= /b", "~*x", "^~/c", "@d"]),
            ("~ \\.php$ ~ \\.cgi$", &["~ \\.php$", "~ \\.cgi$"]),
        ] {
            let found = names_of(text).unwrap_or_default();
            assert_eq!(found, expected, "{text}");
        }
        for one in [
            "/a", "= /a", "~ /a", "! /x", "/a x", "/a =", "~* x", "~* /b",
        ] {
            assert_eq!(names_of(one), None, "{one}");
        }
    }
}
