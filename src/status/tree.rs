//! The tree itself: who shows what, and in which order.
//!
//! Paths may be mounted in any order, above or below each other: every mention of a name adds to
//! the object of that name. The order of first mention is the order of output, and an object exists
//! as soon as it is declared or something is mounted below it. What only a request knows (the
//! address that took it) has a [`Place`] here and is filled in for one look.

use std::ops::ControlFlow;

use super::{Branch, Node, Value};

/// The mounted branches of one generation of the configuration.
#[derive(Default)]
pub struct Tree {
    top: Directory,
    places: usize,
}

/// A member whose node is given at each look; absent from a look that gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

impl Tree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes sure that there is an object at `path`, be it empty.
    pub fn declare(&mut self, path: &[&str]) {
        self.directory(path);
    }

    /// Shows the children of `branch` in the object at `path`, after what is already there.
    pub fn mount(&mut self, path: &[&str], branch: Box<dyn Branch>) {
        self.directory(path).parts.push(Part::Branch(branch));
    }

    /// Shows a leaf at `path`, read anew at each look; `None` leaves it out.
    pub fn leaf(
        &mut self,
        path: &[&str],
        read: impl Fn() -> Option<Value<'static>> + Send + Sync + 'static,
    ) {
        self.add(path, |name| Part::Leaf(name, Box::new(read)));
    }

    /// Keeps the member at `path` for a node that comes with each look, see [`Tree::root_with`].
    pub fn place(&mut self, path: &[&str]) -> Place {
        let place = Place(self.places);
        self.places += 1;
        self.add(path, |name| Part::Place(name, place));
        place
    }

    /// The top of the tree, all places absent.
    pub fn root(&self) -> Node<'_> {
        self.root_with(&[])
    }

    /// The top of the tree with some places filled.
    pub fn root_with<'a>(&'a self, filled: &'a [(Place, Node<'a>)]) -> Node<'a> {
        Node::branch(View {
            directory: &self.top,
            filled,
        })
    }

    /// Hands over the node at a path, or `None`, see [`Node::find`].
    pub fn find<S, R, F>(&self, names: &[S], then: F) -> R
    where
        S: AsRef<[u8]>,
        F: FnOnce(Option<Node<'_>>) -> R,
    {
        self.root().find(names, then)
    }

    fn add(&mut self, path: &[&str], part: impl FnOnce(String) -> Part) {
        if let Some((name, above)) = path.split_last() {
            self.directory(above).parts.push(part((*name).to_owned()));
        }
    }

    fn directory(&mut self, path: &[&str]) -> &mut Directory {
        path.iter()
            .fold(&mut self.top, |directory, name| directory.below(name))
    }
}

#[derive(Default)]
struct Directory {
    parts: Vec<Part>,
}

enum Part {
    Directory(String, Directory),
    Branch(Box<dyn Branch>),
    Leaf(
        String,
        Box<dyn Fn() -> Option<Value<'static>> + Send + Sync>,
    ),
    Place(String, Place),
}

impl Directory {
    fn below(&mut self, name: &str) -> &mut Self {
        let known = self
            .parts
            .iter()
            .position(|part| matches!(part, Part::Directory(own, _) if own == name));
        let index = known.unwrap_or_else(|| {
            self.parts
                .push(Part::Directory(name.to_owned(), Self::default()));
            self.parts.len() - 1
        });
        match &mut self.parts[index] {
            Part::Directory(_, directory) => directory,
            _ => unreachable!("the index was found or made as that of a directory"),
        }
    }
}

/// One look at a directory: what is mounted, and the nodes that came with the look.
struct View<'a> {
    directory: &'a Directory,
    filled: &'a [(Place, Node<'a>)],
}

impl<'a> View<'a> {
    /// A part that shows a single member, with its name; nothing for a branch or an absent member.
    fn member(&self, part: &'a Part) -> Option<(&'a str, Node<'a>)> {
        match part {
            Part::Directory(name, directory) => Some((
                name,
                Node::branch(View {
                    directory,
                    filled: self.filled,
                }),
            )),
            Part::Leaf(name, read) => Some((name, Node::Value(read()?))),
            Part::Place(name, place) => Some((name, self.given(*place)?)),
            Part::Branch(_) => None,
        }
    }

    fn given(&self, place: Place) -> Option<Node<'a>> {
        let (_, node) = self.filled.iter().find(|(own, _)| *own == place)?;
        Some(node.borrowed())
    }
}

impl Part {
    fn is_named(&self, wanted: &[u8]) -> bool {
        match self {
            Self::Directory(name, _) | Self::Leaf(name, _) | Self::Place(name, _) => {
                name.as_bytes() == wanted
            }
            Self::Branch(_) => false,
        }
    }
}

impl Branch for View<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        self.directory.parts.iter().find_map(|part| match part {
            Part::Branch(branch) => branch.child(name),
            part if part.is_named(name) => self.member(part).map(|(_, node)| node),
            _ => None,
        })
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.directory.parts.iter().try_for_each(|part| match part {
            Part::Branch(branch) => branch.each(visit),
            part => match self.member(part) {
                Some((name, node)) => visit(name.as_bytes(), node),
                None => ControlFlow::Continue(()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Members;
    use super::super::json::{self, Dates, Format, Rows};
    use super::*;

    fn compact(node: &Node<'_>) -> String {
        let mut out = Vec::new();
        json::serialize(
            node,
            Format {
                pretty: false,
                dates: Dates::Iso,
                rows: Rows::Shown,
            },
            &mut out,
        )
        .expect("a vector takes everything");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn numbers(members: &[(&'static str, u64)]) -> Box<dyn Branch> {
        Box::new(Members(
            members
                .iter()
                .map(|(name, n)| (*name, Node::from(*n)))
                .collect(),
        ))
    }

    #[test]
    fn order_is_that_of_the_first_mention() {
        let mut tree = Tree::new();
        tree.declare(&["status", "http", "server_zones"]);
        tree.mount(&["status", "http", "metric_zones"], numbers(&[("z", 1)]));
        tree.mount(&["status", "http", "server_zones"], numbers(&[("s", 2)]));
        tree.declare(&["certificates"]);
        tree.declare(&["status", "http"]);
        assert_eq!(
            compact(&tree.root()),
            r#"{"status":{"http":{"server_zones":{"s":2},"metric_zones":{"z":1}}},"certificates":{}}"#
        );
    }

    #[test]
    fn branches_leaves_and_places_share_one_object() {
        let mut tree = Tree::new();
        tree.mount(&["angie"], numbers(&[("version", 1)]));
        let address = tree.place(&["angie", "address"]);
        tree.leaf(&["angie", "generation"], || Some(Value::Integer(7)));
        tree.leaf(&["angie", "absent"], || None);
        assert_eq!(
            compact(&tree.root()),
            r#"{"angie":{"version":1,"generation":7}}"#
        );
        let filled = [(address, Node::from("127.0.0.1"))];
        let root = tree.root_with(&filled);
        assert_eq!(
            compact(&root),
            r#"{"angie":{"version":1,"address":"127.0.0.1","generation":7}}"#
        );
        assert!(root.find(&["angie", "address"], |node| node.is_some()));
        assert!(!tree.find(&["angie", "address"], |node| node.is_some()));
        assert!(!tree.find(&["angie", "absent"], |node| node.is_some()));
        assert!(tree.find(&["angie", "version"], |node| node.is_some()));
    }
}
