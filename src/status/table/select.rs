//! The rows of a table that come first in some order, found while it is walked once.
//!
//! No more rows are kept than were asked for, and those before them. A row is copied when it gets among
//! them, so what is shown of it is what it was sorted by.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::cut::{Measure, Order, Selection};
use super::list;
use crate::status::{Branch, Node, Value};

impl Selection {
    /// The part of `table` that was asked for; `None` if `goes_on`, which is asked now and then, said no.
    pub fn of(&self, table: &dyn Branch, goes_on: &dyn Fn() -> bool) -> Option<Node<'static>> {
        let mut found = Found::new(self);
        let flow = table.each_row(&mut |name, row| {
            found.look(name, &row);
            match found.seen.is_multiple_of(GLANCE) && !goes_on() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        flow.is_continue().then(|| found.node())
    }

    /// How much has to be looked at for it, in places (see [`Branch::places`]); each may have a row, which takes
    /// as long as several places without one.
    pub fn places(table: &dyn Branch) -> u64 {
        const ROW: u64 = 16;
        table.places().saturating_mul(ROW)
    }

    fn rank(&self, row: &Node<'_>) -> Rank {
        let Some(measure) = &self.measure else {
            return Rank(0.0);
        };
        let number = row.find(&measure.path, |node| measure.number(&node?));
        Rank(match (number, self.order) {
            (None, _) => f64::INFINITY,
            (Some(number), Order::Ascending) => number,
            (Some(number), Order::Descending) => -number,
        })
    }
}

/// After so many rows it is asked whether to go on.
const GLANCE: u64 = 4096;

impl Measure {
    fn number(&self, node: &Node<'_>) -> Option<f64> {
        if let Some(branch) = node.as_branch() {
            return branch.rank(self.part.as_bytes());
        }
        match *node.as_value()? {
            Value::Integer(number) => Some(number as f64),
            Value::Signed(number) => Some(number as f64),
            Value::Float(number) => Some(number).filter(|number| number.is_finite()),
            Value::Boolean(truth) => Some(f64::from(u8::from(truth))),
            Value::Time {
                seconds,
                milliseconds,
            } => Some(seconds as f64 + f64::from(milliseconds) / 1000.0),
            Value::Text(_) | Value::Null => None,
        }
    }
}

/// Where a row stands: the smallest comes first. It is never NaN.
#[derive(Clone, Copy)]
struct Rank(f64);

struct Row {
    rank: Rank,
    /// Whether equal ranks are in the other order of keys.
    is_reversed: bool,
    key: Vec<u8>,
    value: Node<'static>,
}

/// What has been found so far.
struct Found<'a> {
    selection: &'a Selection,
    /// The worst row on top.
    rows: BinaryHeap<Row>,
    chosen: Vec<Option<Row>>,
    lowered: Vec<u8>,
    /// Whether keys go down.
    is_reversed: bool,
    seen: u64,
    matched: u64,
}

impl<'a> Found<'a> {
    fn new(selection: &'a Selection) -> Self {
        Self {
            selection,
            rows: BinaryHeap::new(),
            chosen: selection.cut.chosen.iter().map(|_| None).collect(),
            lowered: Vec::new(),
            is_reversed: selection.measure.is_none() && selection.order == Order::Descending,
            seen: 0,
            matched: 0,
        }
    }

    fn look(&mut self, name: &[u8], row: &Node<'_>) {
        self.seen += 1;
        let chosen = &self.selection.cut.chosen;
        if let Some(place) = chosen.iter().position(|key| key == name) {
            self.chosen[place] = Some(self.copy(Rank(0.0), name, row));
        }
        if !self.fits(name) {
            return;
        }
        self.matched += 1;
        let rank = self.selection.rank(row);
        if self.rows.len() < self.selection.cut.offset + self.selection.cut.top {
            let row = self.copy(rank, name, row);
            self.rows.push(row);
            return;
        }
        let is_before = |worst: &Row| {
            let order = order((rank, name), (worst.rank, &worst.key), self.is_reversed);
            order == Ordering::Less
        };
        if self.rows.peek().is_some_and(is_before) {
            let row = self.copy(rank, name, row);
            if let Some(mut worst) = self.rows.peek_mut() {
                *worst = row;
            }
        }
    }

    fn copy(&self, rank: Rank, name: &[u8], row: &Node<'_>) -> Row {
        Row {
            rank,
            is_reversed: self.is_reversed,
            key: name.to_vec(),
            value: row.copied(),
        }
    }

    fn fits(&mut self, name: &[u8]) -> bool {
        let cut = &self.selection.cut;
        if !name.starts_with(&cut.prefix) {
            return false;
        }
        let Some(contains) = &cut.contains else {
            return true;
        };
        self.lowered.clear();
        self.lowered.extend_from_slice(name);
        self.lowered.make_ascii_lowercase();
        contains.find(&self.lowered).is_some()
    }

    fn node(self) -> Node<'static> {
        let cut = &self.selection.cut;
        let rows = self.rows.into_sorted_vec().into_iter().skip(cut.offset);
        let mut members = vec![
            ("total", Node::from(self.seen)),
            ("matched", Node::from(self.matched)),
            ("offset", Node::from(cut.offset as u64)),
            ("columns", list(&self.selection.columns)),
            ("rows", Node::list(rows.map(Row::node).collect())),
        ];
        if !cut.chosen.is_empty() {
            let chosen = self.chosen.into_iter().flatten().map(Row::node);
            members.push(("chosen", Node::list(chosen.collect())));
        }
        Node::object(members)
    }
}

impl Row {
    fn node(self) -> Node<'static> {
        Node::object(vec![("key", Node::text(self.key)), ("value", self.value)])
    }
}

fn order(left: (Rank, &[u8]), right: (Rank, &[u8]), is_reversed: bool) -> Ordering {
    let keys = || match is_reversed {
        true => right.1.cmp(left.1),
        false => left.1.cmp(right.1),
    };
    left.0.0.total_cmp(&right.0.0).then_with(keys)
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = ((self.rank, &*self.key), (other.rank, &*other.key));
        order(own, others, self.is_reversed)
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Row {}

#[cfg(test)]
mod tests {
    use super::super::{Column, Cut};
    use super::*;
    use crate::status::json::{self, Dates, Format, Rows};

    /// Keys with a number, or none.
    struct Numbers(Vec<(&'static str, Option<f64>)>);

    impl Branch for Numbers {
        fn child(&self, name: &[u8]) -> Option<Node<'_>> {
            let mut rows = self.0.iter();
            let (_, number) = rows.find(|(own, _)| own.as_bytes() == name)?;
            Some(number.map_or(Node::Value(Value::Null), Node::from))
        }

        fn each(
            &self,
            visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
        ) -> ControlFlow<()> {
            self.0.iter().try_for_each(|(name, number)| {
                let node = number.map_or(Node::Value(Value::Null), Node::from);
                visit(name.as_bytes(), node)
            })
        }

        fn columns(&self) -> Option<Vec<Column>> {
            Some(vec![Column::only("last")])
        }
    }

    fn numbers() -> Numbers {
        Numbers(vec![
            ("b", Some(2.0)),
            ("none", None),
            ("a", Some(-1.0)),
            ("C", Some(7.0)),
            ("c", Some(2.0)),
        ])
    }

    fn selection(arguments: &[(&str, &str)]) -> Selection {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let arguments = arguments
            .iter()
            .map(|(name, value)| (bytes(name), bytes(value)));
        let cut = Cut::read(&arguments.collect::<Vec<_>>()).unwrap().unwrap();
        cut.fit(numbers().columns().unwrap()).unwrap()
    }

    fn cut(arguments: &[(&str, &str)]) -> serde_json::Value {
        let node = selection(arguments).of(&numbers(), &|| true).unwrap();
        let format = Format {
            pretty: false,
            dates: Dates::Iso,
            rows: Rows::Shown,
        };
        let mut out = Vec::new();
        json::serialize(&node, format, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn keys(arguments: &[(&str, &str)]) -> Vec<String> {
        let cut = cut(arguments);
        let rows = cut["rows"].as_array().unwrap().iter();
        rows.map(|row| row["key"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn rows_are_in_order_and_those_without_a_number_last() {
        assert_eq!(keys(&[("top", "9")]), ["C", "a", "b", "c", "none"]);
        let down = [("top", "9"), ("order", "desc")];
        assert_eq!(keys(&down), ["none", "c", "b", "a", "C"]);
        let by = [("top", "9"), ("by", "value")];
        assert_eq!(keys(&by), ["C", "b", "c", "a", "none"]);
        let up = [("top", "9"), ("by", "value"), ("order", "asc")];
        assert_eq!(keys(&up), ["a", "b", "c", "C", "none"]);
    }

    #[test]
    fn pages_come_one_after_another() {
        for (offset, expected) in [("0", ["C", "b"]), ("1", ["b", "c"]), ("2", ["c", "a"])] {
            let by = [("top", "2"), ("by", "value"), ("offset", offset)];
            assert_eq!(keys(&by), expected);
        }
        let beyond = [("top", "2"), ("offset", "5")];
        assert_eq!(keys(&beyond), [""; 0]);
    }

    #[test]
    fn only_rows_that_fit_are_counted() {
        let cut = cut(&[("top", "1"), ("contains", "C"), ("by", "value")]);
        assert_eq!(
            cut,
            serde_json::json!({
                "total": 5, "matched": 2, "offset": 0,
                "columns": [{"name": "value", "mode": "last"}],
                "rows": [{"key": "C", "value": 7}],
            })
        );
        assert_eq!(keys(&[("top", "9"), ("prefix", "c")]), ["c"]);
        assert_eq!(keys(&[("top", "9"), ("prefix", "cc")]), [""; 0]);
    }

    #[test]
    fn chosen_rows_come_wherever_they_stand() {
        let chosen = [("key", "none"), ("key", "c"), ("key", "absent")];
        let cut = cut(&[&[("top", "1"), ("prefix", "a")], &chosen[..]].concat());
        let expected =
            serde_json::json!([{"key": "none", "value": null}, {"key": "c", "value": 2}]);
        assert_eq!(cut["chosen"], expected);
        assert_eq!(cut["matched"], 1);
    }

    #[test]
    fn nobody_goes_on_for_one_who_has_left() {
        let many = Numbers(vec![("k", Some(1.0)); 3 * GLANCE as usize]);
        let selection = selection(&[("top", "1")]);
        assert!(selection.of(&many, &|| true).is_some());
        assert!(selection.of(&many, &|| false).is_none());
    }
}
