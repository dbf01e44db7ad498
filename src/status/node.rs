//! What the status tree is made of: nodes that are looked at only when a reader comes by.
//!
//! A container is a trait object, so a feature answers from its own data without building a copy.
//! A node may borrow from the container that gave it; a path is therefore walked with a closure
//! that receives the node at its end, while everything above is still alive.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::table::{self, Column};

/// What a child with an empty name is called in a path, where nothing would be no name.
pub const NAMELESS: &str = "\"\"";

/// An object of the tree: named children in a fixed order.
///
/// `child` and `each` agree: what `each` shows under a name, `child` finds under that name.
/// A name may be any bytes; one that is empty is written as [`NAMELESS`] in a path.
pub trait Branch: Send + Sync {
    /// The child called `name`, byte for byte.
    fn child(&self, name: &[u8]) -> Option<Node<'_>>;

    /// Shows every child in order until the visitor breaks; gives back what the visitor said last.
    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()>;

    /// Shows every row in order, if it is a table; they are the children unless these have rows themselves.
    fn each_row(
        &self,
        visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.each(visit)
    }

    /// How many places `each` looks at, where these may be far more than what it shows.
    fn places(&self) -> u64 {
        0
    }

    /// How many places `child` looks at to find this one, where these may be many.
    fn places_to(&self, _name: &[u8]) -> u64 {
        0
    }

    /// Whether names of its children and of those below them may be any bytes, so that two ways down may be written as one
    /// path.
    fn is_nested(&self) -> bool {
        false
    }

    /// How many children `each` would show. Override it where counting is cheaper than showing.
    fn count(&self) -> u64 {
        let mut count = 0;
        let _ = self.each(&mut |_, _| {
            count += 1;
            ControlFlow::Continue(())
        });
        count
    }

    /// The columns of the table that it is, if the children are rows: alike, and maybe very many.
    fn columns(&self) -> Option<Vec<Column>> {
        None
    }

    /// What stands for it where rows are left out, if it is not shown as it is.
    fn outline(&self) -> Option<Node<'_>> {
        let columns = self.columns()?;
        Some(table::outline(Some(self.count()), &columns))
    }

    /// The number that it is sorted by where it is a value in a row; `part` names one of several if it is not empty.
    fn rank(&self, _part: &[u8]) -> Option<f64> {
        None
    }
}

/// The elements of a list, in order. They have no names and are not addressed by a path.
pub trait Items: Send + Sync {
    /// Shows every element until the visitor breaks; gives back what the visitor said last.
    fn each(&self, visit: &mut dyn FnMut(Node<'_>) -> ControlFlow<()>) -> ControlFlow<()>;
}

/// One place of the tree.
pub enum Node<'a> {
    /// An object made for this visit.
    Object(Box<dyn Branch + 'a>),
    /// An object that lives elsewhere.
    Borrowed(&'a dyn Branch),
    /// A list made for this visit.
    List(Box<dyn Items + 'a>),
    /// A list that lives elsewhere.
    BorrowedList(&'a dyn Items),
    /// A leaf.
    Value(Value<'a>),
}

/// A leaf of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A count.
    Integer(u64),
    /// A whole number that may be negative.
    Signed(i64),
    /// A measured number; written as null in JSON when it is not finite.
    Float(f64),
    /// Bytes, normally UTF-8; a writer replaces what is not.
    Text(Cow<'a, [u8]>),
    /// A yes or no; 1 or 0 in Prometheus.
    Boolean(bool),
    /// A date: seconds since 1970 in UTC, and milliseconds below 1000.
    Time {
        /// Whole seconds since 1970.
        seconds: u64,
        /// The rest, 0 to 999.
        milliseconds: u16,
    },
    /// Nothing known.
    Null,
}

impl<'a> Node<'a> {
    /// An object of the given members, in the given order.
    pub fn object<N: AsRef<[u8]> + Send + Sync + 'a>(members: Vec<(N, Self)>) -> Self {
        Self::Object(Box::new(super::Members(members)))
    }

    /// A list of the given elements.
    pub fn list(elements: Vec<Self>) -> Self {
        Self::List(Box::new(super::Elements(elements)))
    }

    /// An object given by its branch.
    pub fn branch(branch: impl Branch + 'a) -> Self {
        Self::Object(Box::new(branch))
    }

    /// A leaf of text.
    pub fn text(text: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Value(Value::Text(text.into()))
    }

    /// A copy of all there is now, which borrows nothing.
    pub fn copied(&self) -> Node<'static> {
        let mut elements = Vec::new();
        if let Some(items) = self.as_items() {
            let _ = items.each(&mut |node| {
                elements.push(node.copied());
                ControlFlow::Continue(())
            });
            return Node::list(elements);
        }
        let Some(branch) = self.as_branch() else {
            let value = self.as_value().map_or(Value::Null, Value::copied);
            return Node::Value(value);
        };
        let mut members = Vec::new();
        let _ = branch.each(&mut |name, node| {
            members.push((name.to_vec(), node.copied()));
            ControlFlow::Continue(())
        });
        Node::object(members)
    }

    /// The same node, lent out.
    pub fn borrowed(&self) -> Node<'_> {
        match self {
            Self::Object(branch) => Node::Borrowed(&**branch),
            Self::Borrowed(branch) => Node::Borrowed(*branch),
            Self::List(items) => Node::BorrowedList(&**items),
            Self::BorrowedList(items) => Node::BorrowedList(*items),
            Self::Value(value) => Node::Value(value.borrowed()),
        }
    }

    /// This node as an object, if it is one.
    pub fn as_branch(&self) -> Option<&dyn Branch> {
        match self {
            Self::Object(branch) => Some(&**branch),
            Self::Borrowed(branch) => Some(*branch),
            _ => None,
        }
    }

    /// This node as a list, if it is one.
    pub fn as_items(&self) -> Option<&dyn Items> {
        match self {
            Self::List(items) => Some(&**items),
            Self::BorrowedList(items) => Some(*items),
            _ => None,
        }
    }

    /// This node as a leaf, if it is one.
    pub fn as_value(&self) -> Option<&Value<'a>> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Walks down along the names and hands over the node at the end, or `None` where there is no
    /// such child. Empty names are skipped; there is nothing below a leaf or a list.
    pub fn find<S, R, F>(&self, names: &[S], then: F) -> R
    where
        S: AsRef<[u8]>,
        F: FnOnce(Option<Node<'_>>) -> R,
    {
        self.find_within(names, u64::MAX, |node, _| then(node))
    }

    /// The same for one who may look at so many places on the way (see [`Branch::places_to`]): hands over, too, how many
    /// are left, or `None` where there would have to be more.
    pub fn find_within<S, R, F>(&self, names: &[S], places: u64, then: F) -> R
    where
        S: AsRef<[u8]>,
        F: FnOnce(Option<Node<'_>>, Option<u64>) -> R,
    {
        let Some(next) = names.iter().position(|name| !name.as_ref().is_empty()) else {
            return then(Some(self.borrowed()), Some(places));
        };
        let Some(branch) = self.as_branch() else {
            return then(None, Some(places));
        };
        let name = names[next].as_ref();
        let Some(left) = places.checked_sub(branch.places_to(name)) else {
            return then(None, None);
        };
        match branch.child(name) {
            Some(child) => child.find_within(&names[next + 1..], left, then),
            None => then(None, Some(left)),
        }
    }
}

impl Value<'_> {
    /// A date, in milliseconds.
    pub fn since_1970(milliseconds: u64) -> Self {
        Self::Time {
            seconds: milliseconds / 1000,
            // Below 1000.
            milliseconds: (milliseconds % 1000) as u16,
        }
    }

    /// A copy that borrows nothing.
    pub fn copied(&self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.to_vec())),
            Self::Integer(number) => Value::Integer(*number),
            Self::Signed(number) => Value::Signed(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Boolean(truth) => Value::Boolean(*truth),
            Self::Time {
                seconds,
                milliseconds,
            } => Value::Time {
                seconds: *seconds,
                milliseconds: *milliseconds,
            },
            Self::Null => Value::Null,
        }
    }

    /// The same value, lent out.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Integer(number) => Value::Integer(*number),
            Self::Signed(number) => Value::Signed(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Boolean(truth) => Value::Boolean(*truth),
            Self::Time {
                seconds,
                milliseconds,
            } => Value::Time {
                seconds: *seconds,
                milliseconds: *milliseconds,
            },
            Self::Null => Value::Null,
        }
    }
}

impl<'a, V: Into<Value<'a>>> From<V> for Node<'a> {
    fn from(value: V) -> Self {
        Self::Value(value.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text.into_bytes()))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Node<'static> {
        Node::object(vec![
            ("a", Node::object(vec![(&b"x/\xff"[..], Node::from(5u64))])),
            ("list", Node::list(vec![Node::from(1u64)])),
            ("leaf", Node::from("text")),
        ])
    }

    fn found(names: &[&[u8]]) -> Option<String> {
        sample().find(names, |node| {
            node.map(|node| match node.as_value() {
                Some(value) => format!("{value:?}"),
                None => "container".to_owned(),
            })
        })
    }

    #[test]
    fn a_path_is_walked_by_bytes() {
        assert_eq!(found(&[b"a", b"x/\xff"]).as_deref(), Some("Integer(5)"));
        assert_eq!(found(&[b"", b"a", b"", b""]).as_deref(), Some("container"));
        assert_eq!(found(&[]).as_deref(), Some("container"));
        assert_eq!(found(&[b"A"]), None);
    }

    #[test]
    fn nothing_lies_below_a_leaf_or_a_list() {
        assert_eq!(found(&[b"leaf", b"x"]), None);
        assert_eq!(found(&[b"list", b"0"]), None);
        assert!(found(&[b"leaf", b""]).is_some());
    }

    #[test]
    fn a_way_that_is_too_long_is_not_taken() {
        struct Far;
        impl Branch for Far {
            fn child(&self, name: &[u8]) -> Option<Node<'_>> {
                (name == b"a").then(|| Node::from(7u64))
            }
            fn each(
                &self,
                visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
            ) -> ControlFlow<()> {
                visit(b"a", Node::from(7u64))
            }
            fn places_to(&self, name: &[u8]) -> u64 {
                if name == b"a" { 100 } else { 0 }
            }
        }
        let root = Node::object(vec![("far", Node::branch(Far))]);
        let find = |name, places| {
            root.find_within(&["far", name], places, |node, left| (node.is_some(), left))
        };
        assert_eq!(find("a", 100), (true, Some(0)));
        assert_eq!(find("a", 99), (false, None));
        assert_eq!(find("b", 99), (false, Some(99)));
        assert!(root.find(&["far", "a"], |node| node.is_some()));
    }

    #[test]
    fn children_are_counted() {
        assert_eq!(sample().as_branch().map(Branch::count), Some(3));
    }
}
