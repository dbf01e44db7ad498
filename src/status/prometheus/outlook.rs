//! Whether a pattern can still match at a place of the tree or below it.
//!
//! The pattern is compiled into a finite automaton once more. What the automaton has left after the path
//! of a place tells what longer paths can do: if it is dead, nothing below is worth a look. So
//! `^/http/metric_zones/([^/]+)/discarded$` never enters the keys of a zone, however many there are.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind, nfa::thompson};

/// An anchored pattern without look-around.
#[derive(Debug)]
pub(super) struct Automaton(dense::DFA<Vec<u32>>);

/// What a pattern can do at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Match neither the place nor anything below it.
    Nothing,
    /// Match the place at most.
    Here,
    /// Perhaps match something below.
    Below,
}

impl Automaton {
    /// The automaton of a pattern that only matches at the start of a text; nothing if it needs more than
    /// an automaton, or one that is large.
    pub(super) fn new(pattern: &str, is_sensitive: bool) -> Option<Self> {
        let syntax = syntax::Config::new().case_insensitive(!is_sensitive);
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(LARGE))
            .determinize_size_limit(Some(4 * LARGE));
        let built = dense::Builder::new()
            .configure(config)
            .syntax(syntax)
            .thompson(thompson::Config::new().nfa_size_limit(Some(LARGE)))
            .build(pattern);
        built.ok().map(Self)
    }

    /// The outlook at a place of the tree, whose path ends in `/`.
    pub(super) fn outlook(&self, path: &str) -> Outlook {
        let start = start::Config::new().anchored(Anchored::Yes);
        let Ok(mut state) = self.0.start_state(&start) else {
            return Outlook::Below;
        };
        for byte in path.bytes() {
            state = self.0.next_state(state, byte);
            if self.0.is_dead_state(state) {
                return Outlook::Nothing;
            }
            if self.0.is_match_state(state) || self.0.is_quit_state(state) {
                return Outlook::Below;
            }
        }
        match self.goes_on(state) {
            true => Outlook::Below,
            false => Outlook::Here,
        }
    }

    fn goes_on(&self, state: StateID) -> bool {
        let is_alive = |byte| !self.0.is_dead_state(self.0.next_state(state, byte));
        (0..=u8::MAX).any(is_alive)
    }
}

/// Bytes that an automaton may take.
const LARGE: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outlook(pattern: &str, path: &str) -> Option<Outlook> {
        Some(Automaton::new(pattern, true)?.outlook(path))
    }

    #[test]
    fn outlooks() {
        use Outlook::{Below, Here, Nothing};
        let zone = "/http/metric_zones/z/";
        let keys = "/http/metric_zones/z/metrics/";
        for (pattern, path, expected) in [
            ("^/http/metric_zones/([^/]+)/discarded$", zone, Some(Below)),
            (
                "^/http/metric_zones/([^/]+)/discarded$",
                keys,
                Some(Nothing),
            ),
            ("^/http/metric_zones/([^/]+)/metrics/$", keys, Some(Here)),
            ("^/http/metric_zones/(.+)/discarded$", keys, Some(Below)),
            ("^/http/metric_zones/z/metrics", keys, Some(Below)),
            ("^/http/metric_zones/z/metrics/.*$", keys, Some(Below)),
            ("^(/slabs|/http)/([a-z]+)/([0-9]+)$", zone, Some(Nothing)),
            ("^/(?=a)", zone, None),
        ] {
            assert_eq!(outlook(pattern, path), expected, "{pattern} at {path}");
        }
    }

    proptest! {
        #[test]
        fn no_match_is_ever_hidden(
            pattern in r"\^(/|a|b|\[\^/\]\+|\(a\|b/\)|\.|\.\+|\.\*|\\w|b\?){1,6}\$?",
            path in "(/[ab]{0,2}){1,4}/",
            rest in "[ab/]{1,4}",
        ) {
            let regex = fancy_regex::Regex::new(&pattern).expect("a pattern");
            // Unicode classes may make it too large.
            let outlook = outlook(&pattern, &path).unwrap_or(Outlook::Below);
            let below = format!("{path}{rest}");
            if regex.is_match(&*below).unwrap_or(false) {
                prop_assert_eq!(outlook, Outlook::Below);
            }
            if regex.is_match(&*path).unwrap_or(false) {
                prop_assert_ne!(outlook, Outlook::Nothing);
            }
        }
    }
}
