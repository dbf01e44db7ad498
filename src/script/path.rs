//! Which function of a program is meant.

use std::sync::atomic::{AtomicU64, Ordering};

/// A function of a program: a module's, or one that a member of a module has.
#[derive(Clone, Debug)]
pub struct Path {
    /// What tells it from all others of the process.
    pub(super) number: u64,
    /// The module, by its number in the program.
    pub(super) module: usize,
    pub(super) members: Vec<String>,
}

impl Path {
    /// The function of a module to which these members lead from what the module exports by default.
    pub fn new(module: usize, members: Vec<String>) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            module,
            members,
        }
    }
}
