//! What a walk over the tree is made for.

use std::cell::Cell;
use std::ops::ControlFlow;

/// The rules a walk is made for, and how far it may go. Both may change while it is under way.
#[derive(Debug)]
pub struct Wanted {
    rules: Vec<Cell<bool>>,
    /// How often a rule was dropped.
    pub(super) dropped: Cell<usize>,
    /// Nodes that may still be looked at.
    patience: Cell<u64>,
}

impl Wanted {
    /// All rules of a template of so many statements; the walk breaks after `patience` nodes.
    pub fn all(statements: usize, patience: u64) -> Self {
        Self {
            rules: vec![Cell::new(true); statements],
            dropped: Cell::new(0),
            patience: Cell::new(patience),
        }
    }

    /// One rule, as far as it goes.
    pub fn only(rule: usize) -> Self {
        let rules = (0..=rule).map(|number| Cell::new(number == rule));
        Self {
            rules: rules.collect(),
            dropped: Cell::new(0),
            patience: Cell::new(u64::MAX),
        }
    }

    /// No item of this rule is wanted any more.
    pub fn drop(&self, rule: usize) {
        if let Some(wanted) = self.rules.get(rule) {
            wanted.set(false);
            self.dropped.set(self.dropped.get() + 1);
        }
    }

    /// Whether items of this rule are wanted still.
    pub(super) fn has(&self, rule: usize) -> bool {
        self.rules.get(rule).is_some_and(Cell::get)
    }

    /// Looks at some more nodes; breaks when patience is at its end.
    pub(super) fn look(&self, nodes: u64) -> ControlFlow<()> {
        match self.patience.get().checked_sub(nodes) {
            Some(patience) => {
                self.patience.set(patience);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }
}
