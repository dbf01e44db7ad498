//! Signals that read the status tree of this very server.
//!
//! Paths mean what they mean in prometheus templates. A reading looks at what can match and at nothing else:
//! one key of a zone costs the same however many others there are.

use std::ops::ControlFlow;

use super::history::{Change, History};
use crate::status::prometheus::{Match, Path, Rules, Wanted, walk};
use crate::status::{Node, Value};

/// What becomes of several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Their mean.
    Average,
}

/// What of a value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The value itself.
    Value,
    /// How it changes.
    Change {
        /// In which way.
        change: Change,
        /// Over how many milliseconds.
        window: u64,
    },
}

/// A signal of the status tree, as written.
#[derive(Clone, Debug)]
pub struct LocalWritten {
    /// Which items.
    pub path: Path,
    /// Which items they are divided by.
    pub over: Option<Path>,
    /// What is taken of them.
    pub function: Function,
    /// What becomes of several.
    pub aggregation: Aggregation,
}

#[cfg(test)]
impl LocalWritten {
    /// The sum of what is at one path.
    pub(super) fn at(path: &str) -> Self {
        Self {
            path: Path::Literal(path.to_owned()),
            over: None,
            function: Function::Value,
            aggregation: Aggregation::Sum,
        }
    }
}

/// What a look at the tree gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found {
    /// A value.
    Value(f64),
    /// There is nothing at the path.
    Nothing,
    /// A change cannot be told yet.
    Soon,
    /// There is more than a signal looks at.
    TooMuch,
}

/// Reads a signal again and again.
pub(super) struct Local {
    path: Reading,
    over: Option<Reading>,
}

impl Local {
    /// Reads what is written.
    pub(super) fn new(written: &LocalWritten) -> Self {
        let reading = |path: &Path| Reading {
            rules: Rules::new(vec![Some(path.clone())]),
            aggregation: written.aggregation,
            history: match written.function {
                Function::Value => None,
                Function::Change { change, window } => Some(History::new(change, window)),
            },
        };
        Self {
            path: reading(&written.path),
            over: written.over.as_ref().map(reading),
        }
    }

    /// What there is now, in milliseconds, at and below the node of `/status`.
    pub(super) fn read(&mut self, root: &Node<'_>, now: u64) -> Found {
        let found = self.path.read(root, now);
        match &mut self.over {
            None => found,
            Some(over) => quotient(found, over.read(root, now)),
        }
    }
}

/// One value divided by another. Of a part that is not there, there is nothing as long as the whole is there;
/// nothing of nothing is nothing.
fn quotient(part: Found, whole: Found) -> Found {
    let (part, whole) = match (part, whole) {
        (Found::TooMuch, _) | (_, Found::TooMuch) => return Found::TooMuch,
        (Found::Soon, _) | (_, Found::Soon) => return Found::Soon,
        (_, Found::Nothing) => return Found::Nothing,
        (Found::Nothing, Found::Value(whole)) => (0.0, whole),
        (Found::Value(part), Found::Value(whole)) => (part, whole),
    };
    match part == 0.0 {
        true => Found::Value(0.0),
        false => Found::Value(part / whole),
    }
}

/// One path with its past.
struct Reading {
    rules: Rules,
    aggregation: Aggregation,
    history: Option<History>,
}

impl Reading {
    fn read(&mut self, root: &Node<'_>, now: u64) -> Found {
        let mut sum = Aggregate::new(self.aggregation);
        let Some(history) = &mut self.history else {
            let flow = each(&self.rules, root, &mut |_, value| {
                sum.add(value);
                ControlFlow::Continue(())
            });
            return sum.found(flow);
        };
        history.begin();
        let flow = each(
            &self.rules,
            root,
            &mut |path, value| match history.show(path, value) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            },
        );
        if flow.is_break() {
            // What it has not come to would seem to come from nothing.
            history.clear();
            return Found::TooMuch;
        }
        let is_known = history.end(now, &mut |change| sum.add(change));
        match sum.found(flow) {
            Found::Nothing if !is_known && history.has_series() => Found::Soon,
            found => found,
        }
    }
}

/// Shows the numbers that rules take.
fn each(
    rules: &Rules,
    root: &Node<'_>,
    show: &mut dyn FnMut(&str, f64) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let wanted = Wanted::all(1, PATIENCE);
    walk(
        root,
        rules,
        &wanted,
        &mut |item: &Match<'_>| match number(&item.value) {
            Some(value) => show(item.path, value),
            None => ControlFlow::Continue(()),
        },
    )
}

/// Nodes that a look takes time for.
const PATIENCE: u64 = 1 << 18;

fn number(value: &Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Signed(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Boolean(is_true) => f64::from(u8::from(*is_true)),
        Value::Time {
            seconds,
            milliseconds,
        } => *seconds as f64 + f64::from(*milliseconds) / 1000.0,
        Value::Text(_) | Value::Null => return None,
    };
    number.is_finite().then_some(number)
}

/// Several values on the way to one.
struct Aggregate {
    aggregation: Aggregation,
    value: f64,
    count: u64,
}

impl Aggregate {
    fn new(aggregation: Aggregation) -> Self {
        Self {
            aggregation,
            value: 0.0,
            count: 0,
        }
    }

    fn add(&mut self, value: f64) {
        self.value = match self.aggregation {
            _ if self.count == 0 => value,
            Aggregation::Sum | Aggregation::Average => self.value + value,
            Aggregation::Max => self.value.max(value),
            Aggregation::Min => self.value.min(value),
        };
        self.count += 1;
    }

    fn found(&self, flow: ControlFlow<()>) -> Found {
        match (flow, self.count, self.aggregation) {
            (ControlFlow::Break(()), _, _) => Found::TooMuch,
            (_, 0, _) => Found::Nothing,
            (_, count, Aggregation::Average) => Found::Value(self.value / count as f64),
            _ => Found::Value(self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::status::Branch;
    use crate::status::prometheus::Case;

    fn pattern(text: &str) -> Path {
        Path::pattern(text, Case::Sensitive).unwrap()
    }

    fn literal(text: &str) -> Path {
        Path::Literal(text.to_owned())
    }

    fn written(path: Path) -> LocalWritten {
        LocalWritten {
            path,
            over: None,
            function: Function::Value,
            aggregation: Aggregation::Sum,
        }
    }

    fn zone(responses: &[(&'static str, u64)], total: u64) -> Node<'static> {
        let responses = responses
            .iter()
            .map(|(name, count)| (*name, Node::from(*count)));
        let requests = Node::object(vec![("total", Node::from(total))]);
        let members = vec![
            ("responses", Node::object(responses.collect())),
            ("requests", requests),
        ];
        let zones = Node::object(vec![(
            "server_zones",
            Node::object(vec![("app", Node::object(members))]),
        )]);
        Node::object(vec![("http", zones)])
    }

    fn shares() -> LocalWritten {
        LocalWritten {
            over: Some(literal("/http/server_zones/app/requests/total")),
            function: Function::Change {
                change: Change::Rate,
                window: 10_000,
            },
            ..written(pattern("^/http/server_zones/app/responses/5..$"))
        }
    }

    #[test]
    fn values_are_brought_together() {
        let root = zone(&[("200", 7), ("500", 1), ("502", 4), ("503", 1)], 13);
        for (aggregation, value) in [
            (Aggregation::Sum, 6.0),
            (Aggregation::Max, 4.0),
            (Aggregation::Min, 1.0),
            (Aggregation::Average, 2.0),
        ] {
            let written = LocalWritten {
                aggregation,
                ..written(pattern("/responses/5..$"))
            };
            assert_eq!(Local::new(&written).read(&root, 0), Found::Value(value));
        }
        // A path that ends in a slash is the number of what is there.
        let count = written(literal("/http/server_zones/app/responses/"));
        assert_eq!(Local::new(&count).read(&root, 0), Found::Value(4.0));
        let absent = written(literal("/http/server_zones/other/requests/total"));
        assert_eq!(Local::new(&absent).read(&root, 0), Found::Nothing);
    }

    #[test]
    fn what_is_no_number_is_not_there() {
        let root = Node::object(vec![
            ("text", Node::from("5")),
            ("null", Node::Value(Value::Null)),
            ("nan", Node::from(f64::NAN)),
            ("yes", Node::from(true)),
            ("below", Node::from(-2_i64)),
        ]);
        for (path, found) in [
            ("/text", Found::Nothing),
            ("/null", Found::Nothing),
            ("/nan", Found::Nothing),
            ("/yes", Found::Value(1.0)),
            ("/below", Found::Value(-2.0)),
        ] {
            assert_eq!(
                Local::new(&written(literal(path))).read(&root, 0),
                found,
                "{path}"
            );
        }
    }

    #[test]
    fn a_share_of_what_happened_in_the_window() {
        let mut local = Local::new(&shares());
        assert_eq!(local.read(&zone(&[("200", 100)], 100), 0), Found::Soon);
        // No failure has ever been seen, but the requests are there.
        assert_eq!(
            local.read(&zone(&[("200", 200)], 200), 1000),
            Found::Value(0.0)
        );
        let failing = zone(&[("200", 260), ("500", 30), ("503", 10)], 300);
        assert_eq!(local.read(&failing, 2000), Found::Value(0.2));
        // Nothing at all happens: after a window, nothing of nothing.
        let mut last = Found::Nothing;
        for second in 3..20 {
            last = local.read(&failing, second * 1000);
        }
        assert_eq!(last, Found::Value(0.0));
        let nothing = Node::object::<&str>(vec![]);
        assert_eq!(local.read(&nothing, 20_000), Found::Nothing);
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let value = Found::Value;
        assert_eq!(quotient(value(0.0), value(0.0)), value(0.0));
        assert_eq!(quotient(value(5.0), value(0.0)), value(f64::INFINITY));
        assert_eq!(quotient(value(1.0), value(4.0)), value(0.25));
        assert_eq!(quotient(Found::Nothing, value(4.0)), value(0.0));
        assert_eq!(quotient(value(1.0), Found::Nothing), Found::Nothing);
        assert_eq!(quotient(value(1.0), Found::Soon), Found::Soon);
        assert_eq!(quotient(Found::TooMuch, Found::Nothing), Found::TooMuch);
    }

    /// A branch of many keys that counts how often one is looked at.
    struct Keys {
        keys: u64,
        looks: AtomicU64,
    }

    impl Branch for Keys {
        fn child(&self, name: &[u8]) -> Option<Node<'_>> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let number: u64 = str::from_utf8(name).ok()?.parse().ok()?;
            (number < self.keys).then(|| Node::from(number))
        }

        fn each(
            &self,
            visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
        ) -> ControlFlow<()> {
            (0..self.keys).try_for_each(|number| {
                self.looks.fetch_add(1, Ordering::Relaxed);
                visit(number.to_string().as_bytes(), Node::from(number))
            })
        }

        fn count(&self) -> u64 {
            self.keys
        }
    }

    #[test]
    fn keys_that_cannot_match_are_not_looked_at() {
        let keys = Keys {
            keys: 100_000,
            looks: AtomicU64::new(0),
        };
        let zone = Node::object(vec![
            ("discarded", Node::from(3_u64)),
            ("metrics", Node::Borrowed(&keys)),
        ]);
        let root = Node::object(vec![("http", Node::object(vec![("z", zone)]))]);
        for (path, value, looks) in [
            (literal("/http/z/metrics/77"), 77.0, 1),
            (literal("/http/z/metrics/"), 100_000.0, 0),
            (literal("/http/z/discarded"), 3.0, 0),
            (pattern("^/http/[^/]+/discarded$"), 3.0, 0),
        ] {
            keys.looks.store(0, Ordering::Relaxed);
            assert_eq!(
                Local::new(&written(path)).read(&root, 0),
                Found::Value(value)
            );
            assert_eq!(keys.looks.load(Ordering::Relaxed), looks);
        }
    }

    #[test]
    fn there_is_an_end_to_looking() {
        let keys = |keys| Keys {
            keys,
            looks: AtomicU64::new(0),
        };
        let many = keys(PATIENCE + 10);
        let root = Node::object(vec![("all", Node::Borrowed(&many))]);
        let mut local = Local::new(&written(pattern("^/all/.")));
        assert_eq!(local.read(&root, 0), Found::TooMuch);
        let some = keys(10_000);
        let root = Node::object(vec![("all", Node::Borrowed(&some))]);
        let mut local = Local::new(&LocalWritten {
            function: shares().function,
            ..written(pattern("^/all/."))
        });
        assert_eq!(local.read(&root, 0), Found::TooMuch);
        assert_eq!(local.read(&root, 1000), Found::TooMuch);
    }
}
