//! What all scripts of a configuration have in common: the program, and the names of variables.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::running::Running;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VariableIndex, VariableSpec};
use crate::script::program::Program;

/// What all scripts of a configuration have in common.
pub(super) struct Site {
    /// What a request keeps of its scripts.
    pub state: StateIndex<Running>,
    /// Once the configuration is built.
    pub program: OnceLock<Arc<Program>>,
    /// Variables by the names that stand in sources.
    pub names: OnceLock<HashMap<String, VariableIndex>>,
    /// The tables of variables of all modules.
    pub rows: Vec<&'static VariableSpec>,
}

impl Site {
    /// The variable of this name, if a source or the configuration has it.
    pub(super) fn variable(&self, name: &str) -> Option<VariableIndex> {
        let names = self.names.get()?;
        if let Some(index) = names.get(name) {
            return Some(*index);
        }
        names.get(&name.to_ascii_lowercase()).copied()
    }

    /// How much memory scripts may hold (`js_limit_memory`).
    pub(super) fn memory(&self) -> u64 {
        self.program
            .get()
            .map_or(0, |program| program.limits().memory as u64)
    }

    /// Whether a table has this name.
    pub(super) fn is_row(&self, name: &str) -> bool {
        self.rows.iter().any(|row| row.is(name))
    }

    /// Appends the value of a variable that has no place in requests; false when there is none.
    pub(super) fn read_row(&self, request: &mut Request, name: &str, out: &mut Vec<u8>) -> bool {
        let name = name.to_ascii_lowercase();
        let Some(row) = self.rows.iter().find(|row| row.is(&name)) else {
            return false;
        };
        let suffix = row
            .name
            .strip_suffix('*')
            .map_or("", |prefix| &name[prefix.len()..]);
        (row.read)(request, suffix, out)
    }
}
