//! The paths of a template's statements, indexed so that a walk enters only what some rule can match.
//!
//! Literal paths stand sorted: those below a place of the tree are one run of the list. A pattern
//! is filed under the literal text every match must begin with, read from its syntax tree, so
//! `^/http/metric_zones/z/(.+)$` costs nothing in any other zone. A pattern without such a text
//! walks everything. Both are filters only: what matches is decided by the whole path.

use std::ops::Range;

use super::outlook::{Automaton, Outlook};
use fancy_regex::{Assertion, Captures, Expr, Regex, RegexBuilder};

/// Which items of the tree a statement takes. Paths start below `/status`.
#[derive(Clone, Debug)]
pub enum Path {
    /// The item with exactly this path.
    Literal(String),
    /// Every item in whose path the pattern is found.
    Pattern {
        /// The compiled pattern; a match that exceeds its limit of backtracking is none.
        regex: Regex,
        /// What every matching path begins with.
        prefix: String,
        /// Whether it tells upper from lower case.
        is_sensitive: bool,
    },
}

/// Whether a pattern tells upper from lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `~`
    Sensitive,
    /// `~*`
    Insensitive,
}

/// The compiled paths of a template. A rule has the number of its statement.
#[derive(Debug, Default)]
pub struct Rules {
    /// Sorted by path; of equal paths only the first rule, the others can never match.
    literals: Vec<(String, usize)>,
    /// In the order of the rules.
    patterns: Vec<Pattern>,
    shadowed: Vec<(usize, usize)>,
    /// Of each statement, whether it has one.
    have_path: Vec<bool>,
}

#[derive(Debug)]
struct Pattern {
    rule: usize,
    regex: Regex,
    prefix: String,
    /// What may follow the prefix, if that is all there is to the pattern.
    rest: Option<Rest>,
    is_sensitive: bool,
    /// For knowing where it cannot match.
    automaton: Option<Automaton>,
}

/// What a rule found in a path.
#[derive(Debug)]
pub(super) enum Found<'p> {
    /// A literal path has no groups.
    Literal,
    /// The groups of a pattern.
    Groups(Captures<'p, str>),
    /// The one group of a pattern that is a prefix and a [`Rest`].
    Rest(&'p str),
}

impl Path {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in the words of the regular expression engine.
    pub fn pattern(pattern: &str, case: Case) -> Result<Self, Box<fancy_regex::Error>> {
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(case == Case::Insensitive)
            .backtrack_limit(BACKTRACK_LIMIT)
            .build()?;
        let prefix = match case {
            Case::Sensitive => literal_prefix(pattern),
            Case::Insensitive => String::new(),
        };
        let is_sensitive = case == Case::Sensitive;
        Ok(Self::Pattern {
            regex,
            prefix,
            is_sensitive,
        })
    }

    /// The names of the pattern's groups, which become variables of the statement.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        let regex = match self {
            Self::Literal(_) => None,
            Self::Pattern { regex, .. } => Some(regex),
        };
        regex
            .into_iter()
            .flat_map(|regex| regex.capture_names().flatten())
    }
}

impl Path {
    /// What the path of every item it takes begins with.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Literal(path) => path,
            Self::Pattern { prefix, .. } => prefix,
        }
    }

    /// The number of the group with a name.
    pub fn group_number(&self, name: &str) -> Option<usize> {
        let Self::Pattern { regex, .. } = self else {
            return None;
        };
        regex.capture_names().position(|own| own == Some(name))
    }
}

impl Rules {
    /// Indexes the paths of a template's statements, in order; `None` for a statement without one.
    pub fn new(paths: Vec<Option<Path>>) -> Self {
        let mut rules = Self {
            have_path: paths.iter().map(Option::is_some).collect(),
            ..Self::default()
        };
        for (rule, path) in paths.into_iter().enumerate() {
            match path {
                Some(Path::Literal(path)) => rules.add_literal(path, rule),
                Some(Path::Pattern {
                    regex,
                    prefix,
                    is_sensitive,
                }) => rules.add_pattern(regex, prefix, is_sensitive, rule),
                None => {}
            }
        }
        rules.literals.sort();
        rules
    }

    /// Whether a statement takes items; one without a path is evaluated once.
    pub fn has_path(&self, statement: usize) -> bool {
        self.have_path.get(statement).is_some_and(|has| *has)
    }

    /// Rules that can never match, each with the earlier rule that takes everything it would.
    /// Not all of them: patterns are compared by their text only.
    pub fn shadowed(&self) -> &[(usize, usize)] {
        &self.shadowed
    }

    /// Everything there is to match.
    pub(super) fn all(&self) -> (Range<usize>, Range<usize>) {
        (0..self.literals.len(), 0..self.patterns.len())
    }

    /// The literals of `range` that begin with `path`.
    pub(super) fn literals_below(&self, range: Range<usize>, path: &str) -> Range<usize> {
        let known = &self.literals[range.clone()];
        let before = known.partition_point(|(literal, _)| literal.as_str() < path);
        let count = known[before..].partition_point(|(literal, _)| literal.starts_with(path));
        range.start + before..range.start + before + count
    }

    /// Literals with their rules.
    pub(super) fn literals(&self, range: Range<usize>) -> impl Iterator<Item = (&str, usize)> {
        self.literals[range]
            .iter()
            .map(|(literal, rule)| (literal.as_str(), *rule))
    }

    /// The rule of a pattern.
    pub(super) fn rule(&self, pattern: usize) -> usize {
        self.patterns[pattern].rule
    }

    /// What a pattern can do at a place and below it.
    pub(super) fn outlook(&self, pattern: usize, path: &str) -> Outlook {
        let pattern = &self.patterns[pattern];
        match &pattern.automaton {
            Some(automaton) => automaton.outlook(path),
            None if pattern.prefix.starts_with(path) || path.starts_with(&pattern.prefix) => {
                Outlook::Below
            }
            None => Outlook::Nothing,
        }
    }

    /// The first rule, among the given literals and patterns, that takes `path`.
    pub(super) fn first<'p>(
        &self,
        literals: Range<usize>,
        patterns: impl Iterator<Item = usize>,
        path: &'p str,
    ) -> Option<(usize, Found<'p>)> {
        let literal = self.literal(literals, path);
        let earlier = patterns
            .map(|pattern| &self.patterns[pattern])
            .take_while(|pattern| literal.is_none_or(|literal| pattern.rule < literal));
        let found = earlier
            .filter(|pattern| path.starts_with(&pattern.prefix))
            .find_map(|pattern| Some((pattern.rule, pattern.found(path)?)));
        found.or(literal.map(|rule| (rule, Found::Literal)))
    }

    fn literal(&self, range: Range<usize>, path: &str) -> Option<usize> {
        let literals = &self.literals[range];
        let index = literals
            .binary_search_by(|(literal, _)| literal.as_str().cmp(path))
            .ok()?;
        Some(literals[index].1)
    }

    fn add_literal(&mut self, path: String, rule: usize) {
        let same = self
            .literals
            .iter()
            .find(|(known, _)| *known == path)
            .map(|(_, by)| *by);
        let mut patterns = self.patterns.iter();
        let pattern = patterns.find(|pattern| pattern.regex.is_match(&*path).unwrap_or(false));
        if let Some(by) = same.or(pattern.map(|pattern| pattern.rule)) {
            self.shadowed.push((rule, by));
        }
        if same.is_none() {
            self.literals.push((path, rule));
        }
    }

    fn add_pattern(&mut self, regex: Regex, prefix: String, is_sensitive: bool, rule: usize) {
        let same = |known: &&Pattern| {
            known.regex.as_str() == regex.as_str() && known.is_sensitive == is_sensitive
        };
        if let Some(by) = self.patterns.iter().find(same) {
            self.shadowed.push((rule, by.rule));
        }
        self.patterns.push(Pattern {
            rule,
            rest: Rest::of(&regex, &prefix),
            automaton: is_anchored(regex.as_str())
                .then(|| Automaton::new(regex.as_str(), is_sensitive))
                .flatten(),
            regex,
            prefix,
            is_sensitive,
        });
    }
}

impl Pattern {
    /// The groups of `path`, which begins with the prefix, if the pattern is found in it.
    fn found<'p>(&self, path: &'p str) -> Option<Found<'p>> {
        match self.rest {
            Some(rest) => {
                let text = &path[self.prefix.len()..];
                rest.takes(text).then_some(Found::Rest(text))
            }
            None => {
                let captures = self.regex.captures(path).ok().flatten()?;
                Some(Found::Groups(captures))
            }
        }
    }
}

/// The commonest end of a pattern, `(.+)$` or `([^/]+)$`, which needs no engine: it would take most of
/// the time of a long page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    /// The one byte that must not be in it.
    but: u8,
}

impl Rest {
    /// The rest of a pattern, if it has a prefix and then nothing else.
    fn of(regex: &Regex, prefix: &str) -> Option<Self> {
        let end = regex.as_str().strip_prefix('^')?;
        let but = [("(.+)$", b'\n'), ("([^/]+)$", b'/')];
        let is_plain = |text: &str| text == prefix && !prefix.is_empty();
        but.into_iter()
            .find(|(text, _)| end.strip_suffix(text).is_some_and(is_plain))
            .map(|(_, but)| Self { but })
    }

    fn takes(self, text: &str) -> bool {
        !text.is_empty() && !text.as_bytes().contains(&self.but)
    }
}

/// Whether a pattern begins with a `^` that governs all of it.
fn is_anchored(pattern: &str) -> bool {
    let tree = Expr::parse_tree(pattern).map(|tree| tree.expr);
    let start = Expr::Assertion(Assertion::StartText);
    matches!(tree, Ok(Expr::Concat(parts)) if parts.first() == Some(&start))
}

/// The text that every match of `pattern` begins with, empty if unknown. Only plain characters
/// right after a `^` that governs the whole pattern count.
fn literal_prefix(pattern: &str) -> String {
    let mut prefix = String::new();
    let Ok(tree) = Expr::parse_tree(pattern) else {
        return prefix;
    };
    if let Expr::Concat(parts) = &tree.expr
        && let Some((Expr::Assertion(Assertion::StartText), rest)) = parts.split_first()
    {
        rest.iter().all(|part| extend(&mut prefix, part));
    }
    prefix
}

/// Adds the text an expression must begin with; true if that was all of it.
fn extend(prefix: &mut String, part: &Expr) -> bool {
    match part {
        Expr::Empty => true,
        Expr::Literal { val, casei: false } => {
            prefix.push_str(val);
            true
        }
        Expr::Group(group) => extend(prefix, group),
        Expr::Concat(parts) => parts.iter().all(|part| extend(prefix, part)),
        _ => false,
    }
}

/// Steps a pattern with look-around or back-references may take on one path of at most
/// `walk::PATH_LIMIT` bytes. Keys come from clients, so the worst case is what counts.
const BACKTRACK_LIMIT: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_prefix_is_what_every_match_begins_with() {
        let cases = [
            (r"^/http/metric_zones/z/(.+)$", "/http/metric_zones/z/"),
            (r"^/a\.b\/c[0-9]", "/a.b/c"),
            (r"^/ab?c", "/a"),
            (r"^/ab*c", "/a"),
            (r"^/ab{0,2}c", "/a"),
            (r"^/ab+c", "/a"),
            (r"^(/a)(b)?", "/a"),
            (r"^(?<zone>/a)/b", "/a/b"),
            (r"^/a|/b", ""),
            (r"^/a(?:b|c)", "/a"),
            (r"^/a/b$", "/a/b"),
            (r"/a/b", ""),
            (r".*/a", ""),
            (r"(?i)^/a", ""),
            (r"^/a(?i)b", "/a"),
            (r"^(?i)/a", ""),
            (r"(?m)^/a", ""),
            (r"(?m:^)/a", ""),
            (r"^/a(?=x)b", "/a"),
            (r"^/a\d", "/a"),
            (r"^\Q/a", ""),
            (r"^/[a]b", "/"),
            (r"(?x)^/a # comment | more", "/a"),
            ("^", ""),
            ("", ""),
        ];
        for (pattern, prefix) in cases {
            assert_eq!(literal_prefix(pattern), prefix, "{pattern}");
        }
    }

    #[test]
    fn a_prefix_never_hides_a_match() {
        let paths = [
            "/a", "/ab", "/abc", "/A", "/b", "/ac", "/a/b", "x/a", "\n/a", "/a.b/c1", "/a1",
        ];
        let patterns = [
            "^/ab?c?",
            "^/ab*",
            "^/a|^/b",
            "^/a|b",
            "^/(?i)A",
            "(?m)^/a",
            "^/a(?:b|c)?",
            "(?i:^/a)",
            r"^/a\.b/c\d",
            r"^/a\d",
            "^(?:/a)",
            "^(?:/a|/b)",
            "(^/a)",
            "^^/a",
            r"\A/a",
            "^/a{0}b",
        ];
        for pattern in patterns {
            let plain = Regex::new(pattern).expect(pattern);
            let prefix = literal_prefix(pattern);
            for path in paths
                .iter()
                .filter(|path| plain.is_match(**path).expect(pattern))
            {
                assert!(
                    path.starts_with(&prefix),
                    "{pattern} matches {path}, not {prefix}"
                );
            }
        }
    }

    #[test]
    fn the_commonest_patterns_match_without_an_engine_as_with_one() {
        let with = |pattern: &str| {
            let path = Path::pattern(pattern, Case::Sensitive).expect(pattern);
            Rules::new(vec![Some(path)])
        };
        for (pattern, is_simple) in [
            ("^/a/b_c/(.+)$", true),
            ("^/a/b_c/([^/]+)$", true),
            ("^/a/b_c/(.)$", false),
            ("^/a/(.+)/(.+)$", false),
            ("^/a/(.+)", false),
            ("^/a/.+$", false),
            ("^(.+)$", false),
            ("(.+)$", false),
            (r"^/a/\(.+)$", false),
        ] {
            let Ok(regex) = Regex::new(pattern) else {
                continue;
            };
            let rules = with(pattern);
            assert_eq!(rules.patterns[0].rest.is_some(), is_simple, "{pattern}");
            let rests = ["", "x", "x/y", "/", "\n", "x\ny", "\u{fffd}é\r", "x\n"];
            for path in rests
                .iter()
                .flat_map(|rest| ["/a/b_c/", "/a/", "/b/"].map(|start| format!("{start}{rest}")))
            {
                let found =
                    rules
                        .first(0..0, [0].into_iter(), &path)
                        .map(|(_, found)| match found {
                            Found::Literal => None,
                            Found::Groups(captures) => {
                                captures.get(1).map(|group| group.as_str().to_owned())
                            }
                            Found::Rest(rest) => Some(rest.to_owned()),
                        });
                let captures = regex.captures(&*path).ok().flatten();
                let expected =
                    captures.map(|captures| captures.get(1).map(|group| group.as_str().to_owned()));
                assert_eq!(found, expected, "{pattern} {path:?}");
            }
        }
    }

    #[test]
    fn rules_that_can_never_match_are_known() {
        let pattern = |text| Path::pattern(text, Case::Sensitive).ok();
        let literal = |text: &str| Some(Path::Literal(text.to_owned()));
        let rules = Rules::new(vec![
            literal("/a"),
            None,
            pattern("^/b"),
            literal("/a"),
            literal("/b/c"),
            pattern("^/b"),
            literal("/c"),
        ]);
        assert_eq!(rules.shadowed(), [(3, 0), (4, 2), (5, 2)]);
    }

    #[test]
    fn group_names_are_told() {
        let path = Path::pattern("^/(?<zone>[^/]+)/(.+)$", Case::Sensitive).expect("a pattern");
        assert_eq!(path.group_names().collect::<Vec<_>>(), ["zone"]);
        assert!(Path::pattern("(", Case::Sensitive).is_err());
    }
}
