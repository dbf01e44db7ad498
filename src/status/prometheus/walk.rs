//! The walk over the tree that offers every item to the rules of a template.
//!
//! Depth first, in the order of the tree. A leaf is offered with its path; an object or list is
//! offered after its members, with a path that ends in `/` and the number of its members as value.
//! The first rule that matches takes the item. What no rule can reach is not entered, and where only
//! literal paths lead further, their names are asked for instead of listing all children.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

use fancy_regex::Captures;

use super::Rules;
use crate::status::{Branch, Items, Node, Value};

/// An item taken by a rule.
#[derive(Debug)]
pub struct Match<'a> {
    /// The number of the rule.
    pub rule: usize,
    /// The item's path, below `/status`, ill-formed UTF-8 replaced by U+FFFD.
    pub path: &'a str,
    /// The leaf, or the number of members.
    pub value: Value<'a>,
    captures: Option<Captures<'a, str>>,
}

impl<'a> Match<'a> {
    /// What a numbered group of the rule's pattern matched; 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<&'a str> {
        Some(self.captures.as_ref()?.get(number)?.as_str())
    }

    /// What each group of the rule's pattern matched, the whole match first; empty for one that took
    /// no part. `None` for a literal path.
    pub fn groups(&self) -> Option<impl Iterator<Item = &'a str>> {
        let captures = self.captures.as_ref()?;
        let texts = (0..captures.len()).map(|number| captures.get(number));
        Some(texts.map(|group| group.map_or("", |group| group.as_str())))
    }

    /// What a named group of the rule's pattern matched.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        Some(self.captures.as_ref()?.name(name)?.as_str())
    }
}

/// Offers everything at and below `root` (the node of `/status`) to `rules`. Ends early when the
/// visitor breaks, and says so.
pub fn walk(
    root: &Node<'_>,
    rules: &Rules,
    visit: &mut dyn FnMut(&Match<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (literals, patterns) = rules.all();
    let reach = Reach {
        literals,
        patterns: patterns.clone(),
    };
    let open = patterns.collect();
    Walker {
        rules,
        visit,
        path: String::new(),
        open,
    }
    .node(root, &reach)
}

/// Paths longer than this are skipped with all below them.
const PATH_LIMIT: usize = 2048;

struct Walker<'r> {
    rules: &'r Rules,
    visit: &'r mut dyn FnMut(&Match<'_>) -> ControlFlow<()>,
    path: String,
    /// The patterns in reach at each level from the root to here, one level after the other.
    open: Vec<usize>,
}

/// What can match at some place or below it.
struct Reach {
    /// A run of the sorted literals.
    literals: Range<usize>,
    /// A run of `Walker::open`.
    patterns: Range<usize>,
}

impl Walker<'_> {
    fn node(&mut self, node: &Node<'_>, reach: &Reach) -> ControlFlow<()> {
        if self.path.len() >= PATH_LIMIT {
            return ControlFlow::Continue(());
        }
        if let Some(value) = node.as_value() {
            return self.offer(reach, value.borrowed());
        }
        let (path, open) = (self.path.len(), self.open.len());
        self.path.push('/');
        let inner = self.narrowed(reach);
        let flow = if inner.literals.is_empty() && inner.patterns.is_empty() {
            ControlFlow::Continue(())
        } else {
            self.container(node, &inner)
        };
        self.path.truncate(path);
        self.open.truncate(open);
        flow
    }

    fn container(&mut self, node: &Node<'_>, reach: &Reach) -> ControlFlow<()> {
        let count = match (node.as_branch(), node.as_items()) {
            (Some(branch), _) => match self.only_names(reach) {
                Some(names) => self.named(branch, &names, reach)?,
                None => self.every(branch, reach)?,
            },
            (None, Some(items)) => self.elements(items, reach)?,
            (None, None) => return ControlFlow::Continue(()),
        };
        self.offer(reach, Value::Integer(count))
    }

    /// What of `reach` can still match at or below the current path.
    fn narrowed(&mut self, reach: &Reach) -> Reach {
        let start = self.open.len();
        for index in reach.patterns.clone() {
            let pattern = self.open[index];
            if self.rules.reaches(pattern, &self.path) {
                self.open.push(pattern);
            }
        }
        let literals = self
            .rules
            .literals_below(reach.literals.clone(), &self.path);
        Reach {
            literals,
            patterns: start..self.open.len(),
        }
    }

    /// The names of the children that literal paths lead to, if nothing else is in reach. A name may
    /// itself contain slashes, so every cut of a path at a slash is one. A replaced byte in a path
    /// hides which name is meant, then all children must be seen.
    fn only_names(&self, reach: &Reach) -> Option<Vec<String>> {
        if !reach.patterns.is_empty() {
            return None;
        }
        let mut names = BTreeSet::new();
        for literal in self.rules.literals(reach.literals.clone()) {
            let rest = &literal[self.path.len()..];
            if rest.contains(char::REPLACEMENT_CHARACTER) {
                return None;
            }
            let cuts = rest.match_indices('/').map(|(cut, _)| &rest[..cut]);
            names.extend(
                cuts.chain([rest])
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
            );
        }
        Some(names.into_iter().collect())
    }

    /// Visits the named children only; gives the number of all, counted only if it is asked for.
    fn named(
        &mut self,
        branch: &dyn Branch,
        names: &[String],
        reach: &Reach,
    ) -> ControlFlow<(), u64> {
        for name in names {
            if let Some(child) = branch.child(name.as_bytes()) {
                self.member(name, &child, reach)?;
            }
        }
        let is_asked_for = self.first(reach).is_some();
        ControlFlow::Continue(if is_asked_for { branch.count() } else { 0 })
    }

    fn every(&mut self, branch: &dyn Branch, reach: &Reach) -> ControlFlow<(), u64> {
        let mut count = 0;
        branch.each(&mut |name, child| {
            count += 1;
            self.member(&String::from_utf8_lossy(name), &child, reach)
        })?;
        ControlFlow::Continue(count)
    }

    fn elements(&mut self, items: &dyn Items, reach: &Reach) -> ControlFlow<(), u64> {
        let mut count = 0;
        items.each(&mut |element| {
            let name = count.to_string();
            count += 1;
            self.member(&name, &element, reach)
        })?;
        ControlFlow::Continue(count)
    }

    /// Goes to a child. One without a name could not be told from its parent, and is skipped.
    fn member(&mut self, name: &str, node: &Node<'_>, reach: &Reach) -> ControlFlow<()> {
        if name.is_empty() {
            return ControlFlow::Continue(());
        }
        let length = self.path.len();
        self.path.push_str(name);
        let flow = self.node(node, reach);
        self.path.truncate(length);
        flow
    }

    fn first(&self, reach: &Reach) -> Option<(usize, Option<Captures<'_, str>>)> {
        let patterns = &self.open[reach.patterns.clone()];
        self.rules
            .first(reach.literals.clone(), patterns, &self.path)
    }

    fn offer(&mut self, reach: &Reach, value: Value<'_>) -> ControlFlow<()> {
        let patterns = &self.open[reach.patterns.clone()];
        match self
            .rules
            .first(reach.literals.clone(), patterns, &self.path)
        {
            Some((rule, captures)) => (self.visit)(&Match {
                rule,
                path: &self.path,
                value,
                captures,
            }),
            None => ControlFlow::Continue(()),
        }
    }
}
