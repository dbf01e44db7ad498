//! `map`: a variable whose value is looked up by that of others.
//!
//! Exact keys come first, then masks of host names (the longest), then patterns in the order of
//! the file, then the default. Exact keys and masks do not tell upper from lower case.

use std::collections::{HashMap, HashSet};

use super::made_name;
use crate::conf::{
    Arity, Body, Chain, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, Span,
    Statement, Text, Word,
};
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::pattern::{Case, Pattern};
use crate::http::plan::template::Template;
use crate::http::plan::variable::Variable;

/// The feature.
pub static MODULE: Module = Module {
    name: "map",
    about: "variables made of others",
    directives: DIRECTIVES,
    http: declare,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[DirectiveSpec {
    name: "map",
    contexts: Contexts::HTTP,
    arity: Arity::exactly(2),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "map TEXT $VARIABLE {\n    KEY VALUE;\n    ...\n}",
        default: "",
        text: "Makes a variable whose value depends on that of TEXT. KEY is a plain word in any \
               letter case; `~PATTERN` or, in any letter case, `~*PATTERN`; with the line \
               `hostnames;` also `*.suffix`, `.suffix` or `prefix.*`; or `default`. The first that \
               fits is taken: plain words, the longest mask, patterns in the order written, the \
               default, which is empty unless written. Patterns are not tried on an empty TEXT. VALUE may hold variables and captures of \
               the pattern. A backslash before a KEY takes its special meaning away, `\\default` \
               for instance. One lookup serves a whole request unless `volatile;` is written.",
        example: "map $uri $kind {\n    default    page;\n    /          home;\n    ~^/api/v(\\d)  api$1;\n}",
    },
    apply: store,
}];

/// Every `map`.
#[derive(Default)]
struct MapsWritten(Vec<MapWritten>);

struct MapWritten {
    source: Text,
    /// The words that it is known by: where the source is written, and the variable's name.
    owner: String,
    name: String,
    span: Span,
    is_volatile: bool,
    entries: Vec<(Key, Text)>,
}

/// A line of a `map`, by what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Default,
    Exact(Box<[u8]>),
    /// With its leading dot.
    Suffix(Box<[u8]>),
    /// With its final dot.
    Prefix(Box<[u8]>),
    Pattern {
        text: String,
        case: Case,
        span: Span,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Masks {
    /// `hostnames` is written.
    Known,
    Unknown,
}

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let source = statement.template(1)?;
    let name = made_name::read(statement, 2, "$kind")?;
    let lines = statement.lines();
    let is_said = |word: &str| {
        let mut alone = lines.iter().filter(|line| line.arguments.is_empty());
        alone.any(|line| line.name.text == word)
    };
    let masks = if is_said("hostnames") {
        Masks::Known
    } else {
        Masks::Unknown
    };
    let map = MapWritten {
        owner: format!("map \"{}\"", statement.text(1)),
        is_volatile: is_said("volatile"),
        entries: entries(statement, &lines, masks),
        span: statement.word(2).span,
        source,
        name,
    };
    statement.scope.get_or_default::<MapsWritten>().0.push(map);
    Ok(())
}

fn entries(statement: &mut Statement<'_>, lines: &[&Directive], masks: Masks) -> Vec<(Key, Text)> {
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    for line in lines {
        let word = &line.name;
        if line.arguments.is_empty() && matches!(&*word.text, "hostnames" | "volatile") {
            continue;
        }
        let read = read_line(line, masks).and_then(|(keys, value)| {
            let is_new = keys.iter().all(|key| seen.insert(key.clone()));
            is_new
                .then_some((keys, value))
                .ok_or_else(|| repeated(word))
        });
        if let Some((keys, value)) = statement.diagnostics.check(read) {
            entries.extend(keys.into_iter().map(|key| (key, value.clone())));
        }
    }
    entries
}

fn repeated(word: &Word) -> Diagnostic {
    if word.text == "default" {
        return Diagnostic::error(word.span, "duplicate default map parameter");
    }
    let message = format!("conflicting parameter \"{}\"", word.text);
    Diagnostic::error(word.span, message).with_help("this key has a value already")
}

fn read_line(line: &Directive, masks: Masks) -> Result<(Vec<Key>, Text), Diagnostic> {
    let [value] = line.arguments.as_slice() else {
        let message = "invalid number of the map parameters";
        let help = "a line is KEY VALUE; or one of the words hostnames and volatile";
        return Err(Diagnostic::error(line.span, message).with_help(help));
    };
    let keys = read_key(&line.name, masks)?;
    Ok((keys, Text::parse(value)?))
}

/// The keys of a word: two for `.example.com`.
fn read_key(word: &Word, masks: Masks) -> Result<Vec<Key>, Diagnostic> {
    let text = word.text.as_str();
    let exact = |text: &str| Key::Exact(text.to_ascii_lowercase().into_bytes().into());
    if text == "default" {
        return Ok(vec![Key::Default]);
    }
    if let Some(plain) = text.strip_prefix('\\') {
        return Ok(vec![exact(plain)]);
    }
    if let Some(pattern) = text.strip_prefix('~') {
        let (text, case) = match pattern.strip_prefix('*') {
            Some(pattern) => (pattern, Case::Insensitive),
            None => (pattern, Case::Sensitive),
        };
        return Ok(vec![Key::Pattern {
            text: text.to_owned(),
            case,
            span: word.span,
        }]);
    }
    if masks == Masks::Unknown {
        return Ok(vec![exact(text)]);
    }
    read_mask(word).map(|mask| mask.unwrap_or_else(|| vec![exact(text)]))
}

/// The keys of a mask of host names; `None` when a word is none.
///
/// # Errors
/// It is none that anything could fit.
pub(super) fn read_mask(word: &Word) -> Result<Option<Vec<Key>>, Diagnostic> {
    let lower = word.text.to_ascii_lowercase();
    let bytes = |text: &str| text.as_bytes().into();
    let keys = if let Some(host) = lower.strip_prefix('.') {
        vec![Key::Exact(bytes(host)), Key::Suffix(bytes(&lower))]
    } else if let Some(suffix) = lower.strip_prefix('*') {
        vec![Key::Suffix(bytes(suffix))]
    } else if let Some(prefix) = lower.strip_suffix('*') {
        vec![Key::Prefix(bytes(prefix))]
    } else {
        return Ok(None);
    };
    let is_mask = |key: &Key| match key {
        Key::Exact(text) => !text.is_empty() && !text.contains(&b'*'),
        Key::Suffix(text) => text.len() > 1 && text[0] == b'.' && !text.contains(&b'*'),
        Key::Prefix(text) => text.len() > 1 && text.ends_with(b".") && !text.contains(&b'*'),
        _ => false,
    };
    if !keys.iter().all(is_mask) {
        let message = format!("invalid hostname or wildcard \"{}\"", word.text);
        let help = "a mask is *.suffix, .suffix or prefix.*";
        return Err(Diagnostic::error(word.span, message).with_help(help));
    }
    Ok(Some(keys))
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let Some(MapsWritten(maps)) = chain.own() else {
        return;
    };
    for written in maps {
        let map = Map::new(builder, written);
        let texts = written.entries.iter().map(|(_, value)| value);
        let texts = texts.chain([&written.source]);
        let parts = texts.flat_map(Text::variables).map(|(name, _)| name);
        builder.variables.note_parts(&written.name, parts);
        let offered = builder.variables.offer(
            &written.name,
            &written.owner,
            Some(written.span),
            Box::new(map),
        );
        builder.diagnostics.check(offered);
    }
}

/// One `map`.
struct Map {
    source: Template,
    is_volatile: bool,
    table: Table,
    patterns: Vec<(Pattern, Template)>,
    values: Vec<Template>,
    default: Option<Template>,
}

/// Keys that are found without trying each; the numbers are those of values.
#[derive(Debug, Default)]
pub(super) struct Table {
    exact: HashMap<Box<[u8]>, usize>,
    suffixes: HashMap<Box<[u8]>, usize>,
    prefixes: HashMap<Box<[u8]>, usize>,
}

impl Map {
    fn new(builder: &mut Builder<'_>, written: &MapWritten) -> Self {
        let mut map = Self {
            source: builder.template(&written.source),
            is_volatile: written.is_volatile,
            table: Table::default(),
            patterns: Vec::new(),
            values: Vec::new(),
            default: None,
        };
        for (key, value) in &written.entries {
            let value = builder.template(value);
            map.add(builder, key, value);
        }
        map
    }

    fn add(&mut self, builder: &mut Builder<'_>, key: &Key, value: Template) {
        let number = self.values.len();
        match key {
            Key::Default => {
                self.default = Some(value);
                return;
            }
            Key::Pattern { text, case, span } => {
                let pattern = Pattern::new(text, *case, &mut builder.variables, *span);
                if let Some(pattern) = builder.diagnostics.check(pattern) {
                    self.patterns.push((pattern, value));
                }
                return;
            }
            key => self.table.insert(key, number),
        }
        self.values.push(value);
    }

    fn find(&self, request: &mut Request, text: &[u8]) -> Option<&Template> {
        if let Some(number) = self.table.find(text) {
            return Some(&self.values[number]);
        }
        if text.is_empty() {
            return self.default.as_ref();
        }
        let mut patterns = self.patterns.iter();
        patterns
            .find(|(pattern, _)| pattern.matches(request, text))
            .map(|(_, value)| value)
            .or(self.default.as_ref())
    }
}

impl Table {
    /// From now on a key that is found without trying has this number.
    pub(super) fn insert(&mut self, key: &Key, number: usize) {
        let (table, text) = match key {
            Key::Exact(text) => (&mut self.exact, text),
            Key::Suffix(text) => (&mut self.suffixes, text),
            Key::Prefix(text) => (&mut self.prefixes, text),
            Key::Default | Key::Pattern { .. } => return,
        };
        table.insert(text.clone(), number);
    }

    /// The number of the key that a text fits best, in any letter case.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        let lower = text.to_ascii_lowercase();
        let exact = self.exact.get(&*lower);
        exact.or_else(|| self.find_mask(&lower)).copied()
    }

    /// The longest mask that a host name fits, with or without its final dot.
    fn find_mask(&self, lower: &[u8]) -> Option<&usize> {
        if self.suffixes.is_empty() && self.prefixes.is_empty() {
            return None;
        }
        let host = lower.strip_suffix(b".").unwrap_or(lower);
        let dots = || (1..host.len()).filter(|at| host[*at] == b'.');
        dots()
            .find_map(|dot| self.suffixes.get(&host[dot..]))
            .or_else(|| {
                dots()
                    .rev()
                    .find_map(|dot| self.prefixes.get(&host[..=dot]))
            })
    }
}

impl Variable for Map {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let mut text = request.buffer();
        self.source.append(request, &mut text);
        let value = self.find(request, &text);
        request.recycle(text);
        if let Some(value) = value {
            value.append(request, out);
        }
        true
    }

    fn cached(&self) -> bool {
        !self.is_volatile
    }

    fn assignable(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::{get, load};

    fn table(keys: &[&str]) -> Table {
        let mut table = Table::default();
        for (number, key) in keys.iter().enumerate() {
            for key in read_key(&Word::from(*key), Masks::Known).unwrap() {
                table.insert(&key, number);
            }
        }
        table
    }

    #[test]
    fn the_longest_mask_is_found() {
        let table = table(&["A.b.c", "*.b.c", "*.c", ".d", "w.*", "w.x.*", ""]);
        let found = |text: &str| table.find(text.as_bytes());
        assert_eq!(found("a.B.c"), Some(0));
        assert_eq!(found("x.y.b.c"), Some(1));
        assert_eq!(found("b.c"), Some(2));
        assert_eq!(found("c"), None);
        assert_eq!(found("d"), Some(3));
        assert_eq!(found("x.D"), Some(3));
        assert_eq!(found("w.y"), Some(4));
        assert_eq!(found("w.x.y."), Some(5));
        assert_eq!(found(".c"), None);
        assert_eq!(found(""), Some(6));
        assert_eq!(found("."), None);
    }

    #[test]
    fn keys_are_read() {
        let key = |text| read_key(&Word::from(text), Masks::Unknown).unwrap();
        assert_eq!(key("default"), [Key::Default]);
        assert_eq!(key("\\default"), [Key::Exact((*b"default").into())]);
        assert_eq!(key("*.X"), [Key::Exact((*b"*.x").into())]);
        assert!(
            matches!(&key("~*^a")[..], [Key::Pattern { text, case: Case::Insensitive, .. }] if text == "^a")
        );
        for bad in ["*", "*x", "*.", "a*", "*.a.*", ".", ".*"] {
            assert!(read_key(&Word::from(bad), Masks::Known).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_looked_up() {
        let text = "events {} http {
            map $arg_a $kind { default none; One 1; '' empty; \\default literal; \\~x tilde;
                ~^v(?<n>\\d+)$ \"v$n:$1\"; ~*^V any; }
            map $kind $outer { 1 one; ~(.)$ $1$arg_b; }
            map $v $once { a A; b B; }
            map $v $always { volatile; a A; b B; }
            map $arg_a $given { default d; }
            server { listen 80;
                location / { return 200 \"$kind|$outer\"; }
                location /v { set $v a; set $first $once$always; set $v b;
                    return 200 $first$once$always; }
                location /set { set $given mine; return 200 $given; } } }";
        let runtime = load(text.to_owned()).unwrap();
        for (target, expected) in [
            ("/?a=ONE", "1|one"),
            ("/", "empty|y"),
            ("/?a=x&b=-", "none|e-"),
            ("/?a=default", "literal|l"),
            ("/?a=~x", "tilde|e"),
            ("/?a=v12", "v12:12|2"),
            ("/?a=VX", "any|y"),
            ("/v", "AAAB"),
            ("/set", "mine"),
        ] {
            assert_eq!(get(runtime, target).body, expected, "{target}");
        }
    }

    #[test]
    fn what_is_written_wrongly() {
        for (map, expected) in [
            ("map $uri $a { x 1; X 2; }", "conflicting parameter \"X\""),
            (
                "map $uri $a { default 1; default 2; }",
                "duplicate default map parameter",
            ),
            (
                "map $uri $a { hostnames; .a 1; *.a 2; }",
                "conflicting parameter \"*.a\"",
            ),
            (
                "map $uri $a { hostnames; *a 1; }",
                "invalid hostname or wildcard \"*a\"",
            ),
            ("map $uri $a { x; }", "invalid number of the map parameters"),
            (
                "map $uri $a { x 1 2; }",
                "invalid number of the map parameters",
            ),
            ("map $uri a { }", "invalid variable name \"a\""),
            ("map $uri $uri { }", "the duplicate \"uri\" variable"),
            (
                "map $uri $a { } map $args $A { }",
                "variable \"$a\" of map \"$args\" is that of map \"$uri\" too",
            ),
            (
                "map $no_such $a { } map $a $b { }",
                "unknown \"no_such\" variable",
            ),
        ] {
            let text = format!("events {{}} http {{ {map} server {{ listen 80; }} }}");
            assert_eq!(load(text).err().unwrap(), [expected], "{map}");
        }
        let text = "events {} http { map $uri $a { ~( 1; } server { listen 80; } }";
        let found = load(text.to_owned()).err().unwrap();
        assert!(
            found[0].starts_with("invalid regular expression \"(\""),
            "{found:?}"
        );
    }
}
