//! How deep the evaluation of variables is nested, so that a cycle ends.
//!
//! Values may name several variables each, so that a cycle would grow like the branches of a tree:
//! once one is found, everything up to the outermost variable is given up.

/// How deep evaluation is nested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct Nesting(u8);

/// Variables nested deeper than this are a cycle.
const DEEPEST: u8 = 16;
/// Stands for a depth while a cycle is left.
const CYCLE: u8 = u8::MAX;

impl Nesting {
    /// Goes one deeper; gives what `leave` needs, or `None` in a cycle.
    pub(in crate::http) fn enter(&mut self) -> Option<Self> {
        let outer = *self;
        if outer.0 < DEEPEST {
            self.0 += 1;
            return Some(outer);
        }
        if outer.0 == DEEPEST {
            log::error!("variables refer to each other in a cycle");
        }
        self.0 = CYCLE;
        None
    }

    /// Returns to what was `outer`.
    pub(in crate::http) fn leave(&mut self, outer: Self) {
        if self.0 != CYCLE || outer.0 == 0 {
            *self = outer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(nesting: &mut Nesting, steps: &mut u32) {
        *steps += 1;
        if let Some(outer) = nesting.enter() {
            evaluate(nesting, steps);
            evaluate(nesting, steps);
            nesting.leave(outer);
        }
    }

    #[test]
    fn a_cycle_with_branches_ends_soon() {
        let (mut nesting, mut steps) = (Nesting::default(), 0);
        evaluate(&mut nesting, &mut steps);
        assert!(steps < 40, "{steps}");
        assert_eq!(nesting, Nesting::default());
    }
}
