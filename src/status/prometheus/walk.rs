//! The walk over the tree that offers every item to the rules of a template.
//!
//! Depth first, in the order of the tree. A leaf is offered with its path; an object or list is
//! offered after its members, with a path that ends in `/` and the number of its members as value.
//! The first rule that matches takes the item. What no rule can reach is not entered, and where only
//! literal paths lead further, their names are asked for instead of listing all children.
//!
//! Which rule takes an item is decided by all rules; but only items of *wanted* rules are shown, and
//! only what a wanted rule can reach is entered. A walk for one rule therefore shows exactly what a
//! walk for all of them shows for this rule, in the same order.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

use super::Rules;
use super::outlook::Outlook;
use super::rules::Found;
use super::wanted::Wanted;
use crate::status::{Branch, Items, NAMELESS, Node, Value};

/// An item taken by a rule.
#[derive(Debug)]
pub struct Match<'a> {
    /// The number of the rule.
    pub rule: usize,
    /// The item's path, below `/status`, ill-formed UTF-8 replaced by U+FFFD.
    pub path: &'a str,
    /// The leaf, or the number of members.
    pub value: Value<'a>,
    /// Whether no other item can have this path.
    pub is_alone: bool,
    found: Found<'a>,
}

impl<'a> Match<'a> {
    /// What a numbered group of the rule's pattern matched; 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<&'a str> {
        match (&self.found, number) {
            (Found::Literal, _) => None,
            (Found::Groups(captures), number) => Some(captures.get(number)?.as_str()),
            (Found::Rest(_), 0) => Some(self.path),
            (Found::Rest(rest), 1) => Some(rest),
            (Found::Rest(_), _) => None,
        }
    }

    /// What each group of the rule's pattern matched, the whole match first; empty for one that took
    /// no part. `None` for a literal path.
    pub fn groups(&self) -> Option<impl Iterator<Item = &'a str>> {
        let count = match &self.found {
            Found::Literal => return None,
            Found::Groups(captures) => captures.len(),
            Found::Rest(_) => 2,
        };
        Some((0..count).map(|number| self.group(number).unwrap_or("")))
    }

    /// What a named group of the rule's pattern matched.
    pub fn named(&self, name: &str) -> Option<&'a str> {
        match &self.found {
            Found::Groups(captures) => Some(captures.name(name)?.as_str()),
            // A pattern with names needs the engine.
            Found::Literal | Found::Rest(_) => None,
        }
    }
}

/// Offers everything at and below `root` (the node of `/status`) to `rules`, and shows what wanted
/// ones take. Ends early when the visitor breaks or patience is at its end, and says so.
pub fn walk(
    root: &Node<'_>,
    rules: &Rules,
    wanted: &Wanted,
    visit: &mut dyn FnMut(&Match<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let (literals, patterns) = rules.all();
    let reach = Reach {
        literals,
        patterns: patterns.clone(),
    };
    let open = patterns.map(|pattern| Open {
        pattern,
        leads_below: true,
    });
    let open = open.collect();
    Walker {
        rules,
        wanted,
        visit,
        path: String::new(),
        unclear: 0,
        open,
    }
    .node(root, &reach)
}

/// So many empty places of a branch take as long as a node.
pub const PLACES: u64 = 16;

/// Paths longer than this are skipped with all below them.
const PATH_LIMIT: usize = 2048;

struct Walker<'r> {
    rules: &'r Rules,
    wanted: &'r Wanted,
    visit: &'r mut dyn FnMut(&Match<'_>) -> ControlFlow<()>,
    path: String,
    /// How many names on the way here may be read otherwise in the path.
    unclear: usize,
    /// The patterns in reach at each level from the root to here, one level after the other.
    open: Vec<Open>,
}

/// A pattern in reach.
#[derive(Clone, Copy)]
struct Open {
    pattern: usize,
    /// Whether it may match something below the place, and not only the place.
    leads_below: bool,
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
        if self.path.len() > PATH_LIMIT {
            return ControlFlow::Continue(());
        }
        self.wanted.look(1)?;
        if let Some(value) = node.as_value() {
            return self.offer(reach, value.borrowed());
        }
        let (path, open) = (self.path.len(), self.open.len());
        self.path.push('/');
        let inner = self.narrowed(reach);
        let flow = if self.is_wanted(&inner) {
            self.container(node, &inner)
        } else {
            ControlFlow::Continue(())
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

    /// Whether a wanted rule is in reach.
    fn is_wanted(&self, reach: &Reach) -> bool {
        let mut literals = self.rules.literals(reach.literals.clone());
        literals.any(|(_, rule)| self.wanted.has(rule)) || self.wants_pattern(reach, |_| true)
    }

    /// Whether a wanted rule may match something below the current path.
    fn leads_below(&self, reach: &Reach) -> bool {
        let mut literals = self.rules.literals(reach.literals.clone());
        literals.any(|(path, rule)| path.len() > self.path.len() && self.wanted.has(rule))
            || self.wants_pattern(reach, |open| open.leads_below)
    }

    fn wants_pattern(&self, reach: &Reach, which: impl Fn(&Open) -> bool) -> bool {
        let patterns = self.open[reach.patterns.clone()].iter();
        let mut patterns = patterns.filter(|open| which(open));
        patterns.any(|open| self.wanted.has(self.rules.rule(open.pattern)))
    }

    /// What of `reach` can still match at or below the current path.
    fn narrowed(&mut self, reach: &Reach) -> Reach {
        let start = self.open.len();
        for index in reach.patterns.clone() {
            let pattern = self.open[index].pattern;
            let outlook = self.rules.outlook(pattern, &self.path);
            if outlook != Outlook::Nothing {
                self.open.push(Open {
                    pattern,
                    leads_below: outlook == Outlook::Below,
                });
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

    /// The names of the children that wanted literal paths lead to, if no pattern leads further. A name
    /// may itself contain slashes, so every cut of a path at a slash is one. A replaced byte in a path
    /// hides which name is meant, then all children must be seen.
    fn only_names(&self, reach: &Reach) -> Option<Vec<String>> {
        let mut patterns = self.open[reach.patterns.clone()].iter();
        if patterns.any(|open| open.leads_below) {
            return None;
        }
        let mut names = BTreeSet::new();
        for (literal, rule) in self.rules.literals(reach.literals.clone()) {
            let rest = &literal[self.path.len()..];
            if rest.contains(char::REPLACEMENT_CHARACTER) {
                return None;
            }
            if self.wanted.has(rule) {
                let cuts = rest.match_indices('/').map(|(cut, _)| &rest[..cut]);
                let cuts = cuts.chain([rest]).filter(|name| !name.is_empty());
                names.extend(cuts.map(str::to_owned));
            }
        }
        Some(names.into_iter().collect())
    }

    /// Visits the named children only; gives the number of all.
    fn named(
        &mut self,
        branch: &dyn Branch,
        names: &[String],
        reach: &Reach,
    ) -> ControlFlow<(), u64> {
        for name in names {
            self.wanted
                .look(branch.places_to(name.as_bytes()) / PLACES)?;
            if let Some(child) = branch.child(name.as_bytes()) {
                let is_unclear = branch.is_nested() && is_unclear(name);
                self.child((name, is_unclear), &child, reach)?;
            }
        }
        ControlFlow::Continue(self.count(branch, reach))
    }

    /// Visits the children as long as something below is wanted; gives the number of all.
    fn every(&mut self, branch: &dyn Branch, reach: &Reach) -> ControlFlow<(), u64> {
        let (mut count, mut is_cut) = (0, !self.leads_below(reach));
        let (mut dropped, is_nested) = (self.wanted.dropped.get(), branch.is_nested());
        if !is_cut {
            self.wanted.look(branch.places() / PLACES)?;
            let flow = branch.each(&mut |name, child| {
                if dropped != self.wanted.dropped.get() {
                    dropped = self.wanted.dropped.get();
                    is_cut = !self.leads_below(reach);
                }
                if is_cut {
                    return ControlFlow::Break(());
                }
                count += 1;
                let name = match name {
                    // Others could not be told from their parent.
                    b"" if is_nested => NAMELESS.into(),
                    name => String::from_utf8_lossy(name),
                };
                let is_unclear = is_nested && is_unclear(&name);
                self.child((&name, is_unclear), &child, reach)
            });
            if !is_cut {
                flow?;
            }
        }
        ControlFlow::Continue(if is_cut {
            self.count(branch, reach)
        } else {
            count
        })
    }

    /// The number of children, counted only if it is asked for.
    fn count(&self, branch: &dyn Branch, reach: &Reach) -> u64 {
        let rule = self.first(reach).map(|(rule, _)| rule);
        if rule.is_some_and(|rule| self.wanted.has(rule)) {
            branch.count()
        } else {
            0
        }
    }

    fn elements(&mut self, items: &dyn Items, reach: &Reach) -> ControlFlow<(), u64> {
        let mut count = 0;
        items.each(&mut |element| {
            let name = count.to_string();
            count += 1;
            self.child((&name, false), &element, reach)
        })?;
        ControlFlow::Continue(count)
    }

    /// Goes to a child; one without a name is skipped.
    fn child(
        &mut self,
        (name, is_unclear): (&str, bool),
        node: &Node<'_>,
        reach: &Reach,
    ) -> ControlFlow<()> {
        if name.is_empty() {
            return ControlFlow::Continue(());
        }
        let length = self.path.len();
        self.path.push_str(name);
        self.unclear += usize::from(is_unclear);
        let flow = self.node(node, reach);
        self.unclear -= usize::from(is_unclear);
        self.path.truncate(length);
        flow
    }

    fn first(&self, reach: &Reach) -> Option<(usize, Found<'_>)> {
        first(
            self.rules,
            &self.open[reach.patterns.clone()],
            reach,
            &self.path,
        )
    }

    fn offer(&mut self, reach: &Reach, value: Value<'_>) -> ControlFlow<()> {
        let open = &self.open[reach.patterns.clone()];
        match first(self.rules, open, reach, &self.path) {
            Some((rule, found)) if self.wanted.has(rule) => (self.visit)(&Match {
                rule,
                path: &self.path,
                value,
                is_alone: self.unclear == 0,
                found,
            }),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Whether a name in a path may be another one, or more than one.
fn is_unclear(name: &str) -> bool {
    name == NAMELESS || name.contains('/')
}

/// The first rule that takes a path, among those in reach.
fn first<'p>(
    rules: &Rules,
    open: &[Open],
    reach: &Reach,
    path: &'p str,
) -> Option<(usize, Found<'p>)> {
    let patterns = open.iter().map(|open| open.pattern);
    rules.first(reach.literals.clone(), patterns, path)
}
