//! Tables: objects whose children are rows, alike and maybe very many, such as the keys of a zone.
//!
//! A reader who looks at tables wants the rows that come first in some order, not a million of them:
//! `cut.rs` is about what was asked for, and `select.rs` finds these rows while the table is walked once.
//! Whoever wants everything but rows gets the outline of a table.

mod cut;
mod select;

pub use cut::{Cut, Problem, Selection, percentile};

use std::borrow::Cow;

use super::Node;

/// A column of a table: a member of each row, or of what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it is called where rows are sorted by it.
    pub name: Cow<'static, str>,
    /// How its values come about: a mode of metrics with its parameters, `text` or `time`.
    pub mode: Cow<'static, str>,
    /// The names that lead from a row to its value.
    path: Vec<Cow<'static, str>>,
}

impl Column {
    /// The column of rows that have one value and no names.
    pub fn only(mode: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: Cow::Borrowed("value"),
            mode: mode.into(),
            path: Vec::new(),
        }
    }

    /// The column of the rows' members of this name.
    pub fn of(name: impl Into<Cow<'static, str>>, mode: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        Self {
            path: vec![name.clone()],
            name,
            mode: mode.into(),
        }
    }

    /// The column of what lies deeper in rows; its name is the path with slashes.
    pub fn at(path: &'static str, mode: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(path),
            mode: Cow::Borrowed(mode),
            path: path.split('/').map(Cow::Borrowed).collect(),
        }
    }

    /// Whether its values are numbers, or have some that stand for them.
    fn has_order(&self) -> bool {
        self.mode != "text"
    }

    /// Whether they are numbers that something measured.
    fn is_measured(&self) -> bool {
        self.has_order() && self.mode != "time"
    }

    fn node(&self) -> Node<'static> {
        let text = |text: &str| Node::text(text.as_bytes().to_vec());
        Node::object(vec![("name", text(&self.name)), ("mode", text(&self.mode))])
    }
}

/// What stands for a table where its rows are left out: how many there are, if that is known, and its columns.
pub fn outline(total: Option<u64>, columns: &[Column]) -> Node<'static> {
    let total = total.map(|total| ("total", Node::from(total)));
    let columns = ("columns", list(columns));
    Node::object(total.into_iter().chain([columns]).collect())
}

fn list(columns: &[Column]) -> Node<'static> {
    Node::list(columns.iter().map(Column::node).collect())
}
