//! A table of a screen: columns, rows, which of them are shown and in which order.

use std::cmp::Ordering;

use super::numbers::{Unit, shown};
use crate::clients::printable::visible;

/// What is shown below a heading.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// What to say when there is no row.
    pub(super) when_empty: &'static str,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) title: String,
    /// What the server calls it when it sorts.
    pub(super) by: Option<String>,
    pub(super) is_text: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// What it is about, as the server calls it.
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64, Unit),
    /// Not known.
    Nothing,
}

/// The column that says the order, and its direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sorting {
    pub(super) column: usize,
    pub(super) descending: bool,
}

impl Column {
    /// A column of text.
    pub(super) fn text(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            by: None,
            is_text: true,
        }
    }

    /// A column of numbers.
    pub(super) fn number(title: &str) -> Self {
        Self {
            is_text: false,
            ..Self::text(title)
        }
    }
}

impl Cell {
    /// A number that may be unknown.
    pub(super) fn number(number: Option<f64>, unit: Unit) -> Self {
        number.map_or(Self::Nothing, |number| Self::Number(number, unit))
    }

    /// Text of somebody else.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(visible(text))
    }

    /// What is shown.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number, unit) => shown(*number, *unit),
            Self::Nothing => "-".to_owned(),
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one, _), Self::Number(other, _)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

impl Table {
    /// An empty table with a first column of names and columns of numbers.
    pub(super) fn new(title: &str, name: &str, numbers: &[&str], when_empty: &'static str) -> Self {
        let mut columns = vec![Column::text(name)];
        columns.extend(numbers.iter().map(|title| Column::number(title)));
        Self {
            title: title.to_owned(),
            columns,
            rows: Vec::new(),
            when_empty,
        }
    }

    /// Adds a row; its name is in the first column.
    pub(super) fn push(&mut self, name: &str, mut cells: Vec<Cell>) {
        cells.insert(0, Cell::text(name));
        self.rows.push(Row {
            name: name.to_owned(),
            cells,
        });
    }

    /// Leaves the rows that a text is found in, whatever the case of its letters.
    pub(super) fn search(&mut self, text: &str) {
        let text = text.to_ascii_lowercase();
        self.rows
            .retain(|row| row.name.to_ascii_lowercase().contains(&text));
    }

    /// Orders the rows; those of which nothing is known come last.
    pub(super) fn sort(&mut self, sorting: Sorting) {
        let cell = |row: &Row| {
            row.cells
                .get(sorting.column)
                .cloned()
                .unwrap_or(Cell::Nothing)
        };
        self.rows.sort_by(|one, other| {
            let (a, b) = (cell(one), cell(other));
            let known = a.is_nothing().cmp(&b.is_nothing());
            let order = match sorting.descending {
                true => b.compare(&a),
                false => a.compare(&b),
            };
            known.then(order).then_with(|| one.name.cmp(&other.name))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table) -> Vec<&str> {
        table.rows.iter().map(|row| row.name.as_str()).collect()
    }

    fn table() -> Table {
        let mut table = Table::new("t", "name", &["n"], "nothing");
        for (name, number) in [
            ("b", Some(2.0)),
            ("Ab", None),
            ("a\x1b", Some(2.0)),
            ("c", Some(9.0)),
        ] {
            table.push(name, vec![Cell::number(number, Unit::Plain)]);
        }
        table
    }

    #[test]
    fn rows_are_sorted_and_found() {
        let mut sorted = table();
        sorted.sort(Sorting {
            column: 1,
            descending: true,
        });
        assert_eq!(names(&sorted), ["c", "a\x1b", "b", "Ab"]);
        sorted.sort(Sorting {
            column: 1,
            descending: false,
        });
        assert_eq!(names(&sorted), ["a\x1b", "b", "c", "Ab"]);
        sorted.sort(Sorting::default());
        assert_eq!(names(&sorted), ["Ab", "a\x1b", "b", "c"]);
        sorted.sort(Sorting {
            column: 99,
            descending: true,
        });
        sorted.search("B");
        assert_eq!(names(&sorted), ["Ab", "b"]);
    }

    #[test]
    fn what_others_wrote_is_shown_as_text() {
        assert_eq!(table().rows[2].cells[0].shown(), "a\\x1b");
    }
}
