//! Ready-made containers, so that a feature needs a few lines for its part of the tree.
//!
//! [`Fields`] reads a structure through a constant table, [`Named`] lists a slice of things that
//! have names, [`Members`] and [`Elements`] hold nodes made on the spot.

use std::ops::{ControlFlow, Deref};

use super::{Branch, Items, Node};

/// An object of nodes already made, in order. The first of equal names is the one addressed.
pub struct Members<'a, N>(pub Vec<(N, Node<'a>)>);

impl<N: AsRef<[u8]> + Send + Sync> Branch for Members<'_, N> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let (_, node) = self.0.iter().find(|(own, _)| own.as_ref() == name)?;
        Some(node.borrowed())
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0
            .iter()
            .try_for_each(|(name, node)| visit(name.as_ref(), node.borrowed()))
    }

    fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A list of nodes already made.
pub struct Elements<'a>(pub Vec<Node<'a>>);

impl Items for Elements<'_> {
    fn each(&self, visit: &mut dyn FnMut(Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0.iter().try_for_each(|node| visit(node.borrowed()))
    }
}

/// One row of a table that shows a `T` as an object.
pub struct Field<T: ?Sized> {
    /// The member's name.
    pub name: &'static str,
    /// Reads the member; `None` leaves it out.
    pub read: for<'a> fn(&'a T) -> Option<Node<'a>>,
}

/// An object that shows `subject` through a constant table. The subject is held by any pointer
/// (`&T`, `Arc<T>`, `Box<T>`), so the same table serves a mounted branch and a passing look.
pub struct Fields<S>
where
    S: Deref<Target: 'static>,
{
    subject: S,
    table: &'static [Field<S::Target>],
}

impl<S: Deref<Target: 'static>> Fields<S> {
    /// Shows `subject` as the members of `table`, in its order.
    pub fn new(subject: S, table: &'static [Field<S::Target>]) -> Self {
        Self { subject, table }
    }
}

impl<S: Deref<Target: 'static> + Send + Sync> Branch for Fields<S> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let field = self
            .table
            .iter()
            .find(|field| field.name.as_bytes() == name)?;
        (field.read)(&self.subject)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.table
            .iter()
            .try_for_each(|field| match (field.read)(&self.subject) {
                Some(node) => visit(field.name.as_bytes(), node),
                None => ControlFlow::Continue(()),
            })
    }
}

/// An object with one child for each thing of a slice, such as the zones of a configuration.
/// The slice is held by any pointer (`&[T]`, `Vec<T>`, `Arc<[T]>`).
pub struct Named<S, N, R> {
    things: S,
    name: N,
    read: R,
}

impl<S, T: 'static, N, R> Named<S, N, R>
where
    S: Deref<Target = [T]>,
    N: for<'a> Fn(&'a T) -> &'a [u8],
    R: for<'a> Fn(&'a T) -> Option<Node<'a>>,
{
    /// Shows every thing under `name(thing)` as `read(thing)`; `None` leaves it out.
    pub fn new(things: S, name: N, read: R) -> Self {
        Self { things, name, read }
    }
}

impl<S, T: 'static, N, R> Branch for Named<S, N, R>
where
    S: Deref<Target = [T]> + Send + Sync,
    N: for<'a> Fn(&'a T) -> &'a [u8] + Send + Sync,
    R: for<'a> Fn(&'a T) -> Option<Node<'a>> + Send + Sync,
{
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut same = self
            .things
            .iter()
            .filter(|thing| (self.name)(thing) == name);
        same.find_map(&self.read)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.things
            .iter()
            .try_for_each(|thing| match (self.read)(thing) {
                Some(node) => visit((self.name)(thing), node),
                None => ControlFlow::Continue(()),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Peer {
        server: String,
        limit: Option<u64>,
    }

    const PEER: &[Field<Peer>] = &[
        Field {
            name: "server",
            read: |peer| Some(Node::from(peer.server.as_str())),
        },
        Field {
            name: "max_conns",
            read: |peer| peer.limit.map(Node::from),
        },
    ];

    fn names(branch: &dyn Branch) -> Vec<String> {
        let mut names = Vec::new();
        let _ = branch.each(&mut |name, _| {
            names.push(String::from_utf8_lossy(name).into_owned());
            ControlFlow::Continue(())
        });
        names
    }

    #[test]
    fn a_table_shows_a_structure_and_leaves_out_what_is_absent() {
        let peer = Peer {
            server: "a".to_owned(),
            limit: None,
        };
        assert_eq!(names(&Fields::new(&peer, PEER)), ["server"]);
        assert!(Fields::new(&peer, PEER).child(b"max_conns").is_none());
        let limited = Box::new(Peer {
            server: "b".to_owned(),
            limit: Some(3),
        });
        let fields = Fields::new(limited, PEER);
        assert_eq!(names(&fields), ["server", "max_conns"]);
        assert_eq!(fields.count(), 2);
    }

    #[test]
    fn a_slice_of_named_things_is_an_object_of_objects() {
        let peers = vec![
            Peer {
                server: "a".to_owned(),
                limit: Some(1),
            },
            Peer {
                server: "b".to_owned(),
                limit: None,
            },
        ];
        let upstream = Named::new(
            peers,
            |peer: &Peer| peer.server.as_bytes(),
            |peer: &Peer| Some(Node::branch(Fields::new(peer, PEER))),
        );
        assert_eq!(names(&upstream), ["a", "b"]);
        let limit = Node::Borrowed(&upstream).find(&["a", "max_conns"], |node| node.is_some());
        assert!(limit);
        assert!(upstream.child(b"c").is_none());
    }
}
