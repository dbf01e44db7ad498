//! What a request remembers of a variable, and values that need not be made.

use super::request::Request;
use crate::http::plan::variable::VariableIndex;

/// What a request remembers of a variable.
#[derive(Clone)]
pub(super) enum Value {
    /// Nothing yet.
    Unset,
    /// Evaluated, and there was none.
    Missing,
    /// Evaluated.
    Evaluated(Box<[u8]>),
    /// Assigned.
    Assigned(Box<[u8]>),
}

impl Request {
    /// The value of a variable where it lies ready; nothing where it has to be made, or there is none.
    pub fn text(&self, index: VariableIndex) -> Option<&[u8]> {
        match &self.values[usize::from(index.0)] {
            Value::Evaluated(text) | Value::Assigned(text) => Some(text),
            Value::Missing => None,
            Value::Unset => self.runtime.variables.source(index).text(self),
        }
    }

    /// The number that the text of a variable stands for, where it is known without the text.
    pub fn number(&mut self, index: VariableIndex) -> Option<f64> {
        match self.values[usize::from(index.0)] {
            Value::Unset => self.runtime.variables.source(index).number(self),
            _ => None,
        }
    }
}
