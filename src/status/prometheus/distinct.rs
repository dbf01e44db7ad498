//! Whether the labels of a statement tell its items apart.
//!
//! They do if the path of an item can be read back from its line. That is so when the pattern is a row of
//! plain texts and groups from the first to the last character, so that a path is nothing but these texts
//! and what the groups matched, and when every group stands in the labels, where a quote of the template
//! ends it: what is substituted holds no bare quote. Bytes that were replaced are not read back, so an item
//! whose path holds U+FFFD is never told apart.

use fancy_regex::{Assertion, Expr};

use super::Path;

/// A piece of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text of the template.
    Text(&'a [u8]),
    /// What a group of the pattern matched, escaped.
    Group(usize),
    /// Some other text, escaped.
    Other,
}

/// Whether no two items with different paths, which `path` takes, can have the same labels.
pub fn is_distinct(path: &Path, labels: &[Piece<'_>]) -> bool {
    let groups = match path {
        // There is one such item.
        Path::Literal(_) => Some(0),
        Path::Pattern {
            regex,
            is_sensitive: true,
            ..
        } => whole_groups(regex),
        Path::Pattern { .. } => None,
    };
    let has = |group| labels.contains(&Piece::Group(group));
    let is_ended = |(at, piece): (usize, &Piece<'_>)| {
        matches!(piece, Piece::Text(_)) || labels.get(at + 1).is_some_and(ends)
    };
    groups.is_some_and(|groups| (1..=groups).all(has)) && labels.iter().enumerate().all(is_ended)
}

/// Whether what was substituted before it ends at the first quote of a text.
fn ends(piece: &Piece<'_>) -> bool {
    let Piece::Text(text) = piece else {
        return false;
    };
    text.iter()
        .find(|byte| matches!(byte, b'"' | b'\\'))
        .is_some_and(|byte| *byte == b'"')
}

/// The number of groups, if what they match and plain texts are all there is of any match.
fn whole_groups(regex: &fancy_regex::Regex) -> Option<usize> {
    let tree = Expr::parse_tree(regex.as_str()).ok()?;
    let Expr::Concat(parts) = &tree.expr else {
        return None;
    };
    let (first, rest) = parts.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_anchored = matches!(first, Expr::Assertion(Assertion::StartText))
        && matches!(last, Expr::Assertion(Assertion::EndText));
    let is_plain = |part: &Expr| matches!(part, Expr::Literal { casei: false, .. });
    let is_group = |part: &&Expr| matches!(part, Expr::Group(_));
    let groups = middle.iter().filter(is_group).count();
    let is_whole = middle.iter().all(|part| is_plain(part) || is_group(&part));
    // Groups within groups have numbers too.
    (is_anchored && is_whole && regex.captures_len() == groups + 1).then_some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::prometheus::Case;

    fn told(pattern: &str, case: Case, labels: &[Piece<'_>]) -> bool {
        is_distinct(&Path::pattern(pattern, case).expect("a pattern"), labels)
    }

    #[test]
    fn labels_that_hold_all_of_the_path() {
        let key = [
            Piece::Text(b"{key=\""),
            Piece::Group(1),
            Piece::Text(b"\"}"),
        ];
        let cases = [
            ("^/z/(.+)$", true),
            ("^/z/(?<key>.+)$", true),
            ("^/z/(?:.+)(a)$", false),
            ("^/z/(.+)", false),
            ("/z/(.+)$", false),
            ("^/z/(.+)/(.+)$", false),
            ("^/z/(.+)/.*$", false),
            ("^/z/(.(.))$", false),
            ("^/z/(.)?$", false),
            ("^/z/(.+)\\Z", false),
            ("(?m)^/z/(.+)$", false),
            ("^/z/(.+)$|a", false),
            ("^/z/(?i)a(.+)$", false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(told(pattern, Case::Sensitive, &key), expected, "{pattern}");
        }
        assert!(!told("^/z/(.+)$", Case::Insensitive, &key));
        assert!(is_distinct(&Path::Literal("/a".to_owned()), &[]));
    }

    #[test]
    fn a_quote_ends_what_was_substituted() {
        let pattern = "^/(.+)/(.+)$";
        let between = |text: &'static [u8]| {
            let labels = [
                Piece::Text(b"{a=\""),
                Piece::Group(1),
                Piece::Text(text),
                Piece::Group(2),
                Piece::Text(b"\"}"),
            ];
            told(pattern, Case::Sensitive, &labels)
        };
        assert!(between(b"\",b=\""));
        assert!(between(b"x\",b=\""));
        assert!(!between(b"-"));
        assert!(!between(b"\\\"x"));
        assert!(!between(b""));
        let pieces = [Piece::Group(1), Piece::Group(2), Piece::Text(b"\"}")];
        assert!(!told(pattern, Case::Sensitive, &pieces));
        assert!(!told(pattern, Case::Sensitive, &pieces[..2]));
    }
}
