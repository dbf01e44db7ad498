//! `valid_referers` and `$invalid_referer`: whether the page that a request refers to is one of those that may.

use std::collections::HashMap;

use super::map::{Key, Table, read_mask};
use crate::conf::{
    Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Statement, Word,
};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::build::written::ServerNamesWritten;
use crate::http::course::request::Request;
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::variable::{VARIABLE, VariableSpec};

/// The feature.
pub static MODULE: Module = Module {
    name: "referer",
    about: "pages that may refer to this one",
    directives: &[VALID_REFERERS],
    variables: &[VariableSpec {
        name: "invalid_referer",
        doc: "Empty if the request's `Referer` is one of `valid_referers`, or none are said; `1` otherwise.",
        read: |request, _, out| {
            let location = request.location;
            let referers = location.extra::<Referers>();
            if referers.is_some_and(|referers| !referers.allow(request)) {
                out.push(b'1');
            }
            true
        },
        ..VARIABLE
    }],
    location,
    ..module::MODULE
};

const VALID_REFERERS: DirectiveSpec = DirectiveSpec {
    name: "valid_referers",
    contexts: Contexts::SERVER.or(Contexts::LOCATION),
    arity: Arity::at_least(1),
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "valid_referers none | blocked | server_names | NAME …;",
        text: "The values of `Referer` that leave `$invalid_referer` empty: `none`, there is no such field; `blocked`, \
               its value does not begin with `http://` or `https://`; `server_names`, its host is a name of the \
               server; a host name, which may begin or end with `*` and go on with the beginning of a path; or `~` \
               and a regular expression for what stands behind `http://` or `https://`. Letter case does not matter, \
               ports are passed over. A block that has any inherits none.",
        example: "valid_referers none blocked server_names *.example.com example.* www.example.org/galleries/ \
                  ~\\.google\\.;\nif ($invalid_referer) {\n    return 403;\n}",
        ..SPEC.doc
    },
    apply: store,
    ..SPEC
};

/// `valid_referers`, all of one block.
#[derive(Default)]
struct Written(Vec<Valid>);

enum Valid {
    None,
    Blocked,
    ServerNames,
    /// Hosts, and how their paths begin.
    Name(Vec<Key>, Box<[u8]>),
    Pattern(Word),
}

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    for word in statement.arguments() {
        let valid = match word.text.as_str() {
            "none" => Valid::None,
            "blocked" => Valid::Blocked,
            "server_names" => Valid::ServerNames,
            text if text.starts_with('~') => Valid::Pattern(word.clone()),
            _ => name(word)?,
        };
        let written = statement.scope.get_or_default::<Written>();
        written.0.push(valid);
    }
    Ok(())
}

fn name(word: &Word) -> Result<Valid, Diagnostic> {
    let invalid = |help| {
        let message = format!("invalid referer \"{}\"", word.text);
        Err(Diagnostic::error(word.span, message).with_help(help))
    };
    if word.text.contains("://") {
        return invalid("a host is written without \"http://\"");
    }
    let end = word.text.find('/').unwrap_or(word.text.len());
    let (host, path) = word.text.split_at(end);
    if host.is_empty() {
        return invalid("none, blocked, server_names, a host name, or ~ and a regular expression");
    }
    Ok(Valid::Name(
        keys(&word.slice(0..end))?,
        path.as_bytes().into(),
    ))
}

/// The hosts that a name stands for.
fn keys(host: &Word) -> Result<Vec<Key>, Diagnostic> {
    let exact = || {
        vec![Key::Exact(
            host.text.to_ascii_lowercase().into_bytes().into(),
        )]
    };
    Ok(read_mask(host)?.unwrap_or_else(exact))
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(Written(all)) = chain.nearest() else {
        return;
    };
    let mut making = Making::default();
    for valid in all {
        match valid {
            Valid::None => making.referers.none = true,
            Valid::Blocked => making.referers.blocked = true,
            Valid::Name(keys, path) => making.add(keys, path),
            Valid::Pattern(word) => making.add_pattern(builder, word, Part::Whole),
            Valid::ServerNames => {
                let names = chain.nearest::<ServerNamesWritten>();
                for (name, span) in names.iter().flat_map(|names| &names.0) {
                    let word = Word {
                        span: *span,
                        ..Word::from(name.as_str())
                    };
                    if name.starts_with('~') {
                        making.add_pattern(builder, &word, Part::Host);
                    } else if let Ok(keys) = keys(&word) {
                        making.add(&keys, b"");
                    }
                }
            }
        }
    }
    parts.keep(making.referers);
}

/// Which referers are valid.
#[derive(Default)]
struct Referers {
    none: bool,
    blocked: bool,
    hosts: Table,
    /// How paths of a host may begin, by the host's number.
    paths: Vec<Vec<Box<[u8]>>>,
    patterns: Vec<(Pattern, Part)>,
}

/// What of a referer a pattern is about.
#[derive(Clone, Copy)]
enum Part {
    Host,
    /// All that stands behind the scheme.
    Whole,
}

#[derive(Default)]
struct Making {
    referers: Referers,
    numbers: HashMap<Key, usize>,
}

impl Making {
    fn add(&mut self, keys: &[Key], path: &[u8]) {
        let Referers { hosts, paths, .. } = &mut self.referers;
        for key in keys {
            let number = *self.numbers.entry(key.clone()).or_insert_with(|| {
                hosts.insert(key, paths.len());
                paths.push(Vec::new());
                paths.len() - 1
            });
            paths[number].push(path.into());
        }
    }

    fn add_pattern(&mut self, builder: &mut Builder<'_>, word: &Word, part: Part) {
        let text = word.text.trim_start_matches('~');
        let pattern = Pattern::new(text, Case::Insensitive, &mut builder.variables, word.span);
        if let Some(pattern) = builder.diagnostics.check(pattern) {
            self.referers.patterns.push((pattern, part));
        }
    }
}

impl Referers {
    fn allow(&self, request: &Request) -> bool {
        let Some(referer) = request.head.field(b"referer") else {
            return self.none;
        };
        let Some((host, whole)) = split(referer) else {
            return self.blocked;
        };
        self.knows(host, &whole[host.len()..]) || self.matches(host, whole)
    }

    /// Whether a host is one of those named, with a path that begins as one of its own.
    fn knows(&self, host: &[u8], behind: &[u8]) -> bool {
        let Some(number) = self.hosts.find(host) else {
            return false;
        };
        let slash = behind.iter().position(|byte| *byte == b'/');
        let path = slash.map_or(&b""[..], |slash| &behind[slash..]);
        let mut begins = self.paths[number].iter();
        begins.any(|begin| path.starts_with(begin))
    }

    fn matches(&self, host: &[u8], whole: &[u8]) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|(pattern, part)| match part {
            Part::Host => pattern.is_match(&host.to_ascii_lowercase()),
            Part::Whole => pattern.is_match(whole),
        })
    }
}

/// The host of a referer, and all that stands behind the scheme; `None` when it is not one of a page.
fn split(referer: &[u8]) -> Option<(&[u8], &[u8])> {
    let schemes: [&[u8]; 2] = [b"http://", b"https://"];
    let mut rests = schemes.iter().filter_map(|scheme| {
        let (begin, rest) = referer.split_at_checked(scheme.len())?;
        begin.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let whole = rests.next()?;
    let end = whole.iter().position(|byte| matches!(byte, b'/' | b':'));
    let host = &whole[..end.unwrap_or(whole.len())];
    (!host.is_empty()).then_some((host, whole))
}

#[cfg(test)]
mod tests {
    use crate::modules::core::trial::{ask, problems, server};

    /// What nginx answers for the same lines.
    #[test]
    fn referers_are_judged_as_elsewhere() {
        let runtime = server(
            "server_name x.test ~^re\\d+\\.test$ .dot.test;
             location / { valid_referers none blocked server_names *.example.com www.example.* example.org/galleries/
                 ~\\.google\\.; return 200 [$invalid_referer]; }
             location /strict { valid_referers example.net; return 200 [$invalid_referer]; }
             location /free { return 200 [$invalid_referer]; }",
        );
        for (path, referer, expected) in [
            ("/", None, "[]"),
            ("/", Some("http://x.test/"), "[]"),
            ("/", Some("https://x.test"), "[]"),
            ("/", Some("HTTP://X.TEST/a"), "[]"),
            ("/", Some("http://re5.test/"), "[]"),
            ("/", Some("http://a.dot.test/"), "[]"),
            ("/", Some("http://dot.test"), "[]"),
            ("/", Some("http://www.example.org/"), "[]"),
            ("/", Some("http://example.com/"), "[1]"),
            ("/", Some("http://a.example.com/x"), "[]"),
            ("/", Some("http://example.org/galleries/1"), "[]"),
            ("/", Some("http://example.org:80/galleries/1"), "[]"),
            ("/", Some("http://example.org/other"), "[1]"),
            ("/", Some("http://example.org"), "[1]"),
            ("/", Some("https://www.google.com:80/"), "[]"),
            ("/", Some("foo"), "[]"),
            ("/", Some("ftp://x.test/"), "[]"),
            ("/", Some("http://"), "[]"),
            ("/", Some("http://x.test:8080/"), "[]"),
            ("/", Some("http://user@x.test/"), "[1]"),
            ("/", Some("http://q/.google."), "[]"),
            ("/strict", Some("http://example.net/"), "[]"),
            ("/strict", Some("http://x.test/"), "[1]"),
            ("/strict", Some("foo"), "[1]"),
            ("/strict", None, "[1]"),
            ("/free", Some("http://zz/"), "[]"),
        ] {
            let field = referer.map_or_else(String::new, |text| format!("Referer: {text}\r\n"));
            let head = format!("GET {path} HTTP/1.1\r\nHost: x.test\r\n{field}\r\n");
            assert_eq!(ask(runtime, &head).body, expected, "{path} {referer:?}");
        }
    }

    #[test]
    fn what_is_written_wrongly() {
        for (line, expected) in [
            ("valid_referers http://a/;", "invalid referer \"http://a/\""),
            ("valid_referers /a;", "invalid referer \"/a\""),
            ("valid_referers *a;", "invalid hostname or wildcard \"*a\""),
        ] {
            assert_eq!(problems(line), [expected], "{line}");
        }
        assert!(problems("valid_referers ~(;")[0].starts_with("invalid regular expression"));
    }
}
