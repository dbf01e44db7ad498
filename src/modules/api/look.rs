//! One look at the status tree, as a request asks for it.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::Files;
use super::answer::{SHORT_PLACES, answer, answer_after_walk};
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::runtime::Runtime;
use crate::status::json::{self, Format, Rows};
use crate::status::table::{Column, Cut, Problem, Selection};
use crate::status::{Branch, Node, Place};

/// One look at the tree, with what only this request knows.
pub(super) struct Look {
    pub(super) runtime: &'static Runtime,
    pub(super) names: Vec<Vec<u8>>,
    pub(super) format: Format,
    pub(super) address: Option<(Place, String)>,
    pub(super) config_files: Option<(Place, Files)>,
}

/// What a look at all of a node comes to.
pub(super) enum Whole {
    /// The answer.
    Made(Response),
    /// There is nothing.
    Absent,
    /// It would take too long to find out here.
    Far(Look),
}

/// Whether a cut can be made where it was asked for.
pub(super) enum Fit {
    /// There is a table that it fits.
    Fits(Box<Selection>),
    /// There is nothing.
    Absent,
    /// It cannot, for this reason.
    Wrong(String),
}

impl Look {
    /// All of the node that was asked for.
    pub(super) fn whole(self, request: &Request) -> Whole {
        let is_there = |node: Option<Node<'_>>, left: Option<u64>| left.map(|_| node.is_some());
        match self.find(SHORT_PLACES, is_there) {
            None => Whole::Far(self),
            Some(false) => Whole::Absent,
            Some(true) => self.near(request).map_or(Whole::Absent, Whole::Made),
        }
    }

    fn near(self, request: &Request) -> Option<Response> {
        if !self.takes_walk() {
            return answer(move |mut out, places| self.write(&mut out, places));
        }
        let response = answer_after_walk(request, move |mut out, places, _| {
            let written = self.write(&mut out, places);
            written.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
        });
        Some(response)
    }

    /// Whether a whole table is looked at before its first row is written.
    pub(super) fn takes_walk(&self) -> bool {
        matches!(self.format.rows, Rows::First(_))
    }

    /// Looks for the node however far it is, tells whether it is there, and writes it unless only that was asked.
    pub(super) fn write_far(
        &self,
        out: &mut dyn Write,
        tell: impl FnOnce(bool),
        is_head: bool,
    ) -> io::Result<()> {
        self.find(u64::MAX, |node, _| {
            tell(node.is_some());
            let node = node.filter(|_| !is_head);
            node.map_or(Ok(()), |node| {
                json::serialize(&node, self.format, &mut { out })
            })
        })
    }

    /// Writes the node that was asked for; `None` if there is none.
    fn write(&self, out: &mut impl Write, places: u64) -> Option<io::Result<()>> {
        self.find(places, |node, left| match left {
            Some(left) => Some(json::serialize_within(&node?, self.format, left, out)),
            None => Some(Err(too_many())),
        })
    }

    /// What a cut comes to here.
    pub(super) fn fit(&self, cut: Cut) -> Fit {
        // No table is far from the top; what is, is far because rows are collected on the way.
        const NEAR: u64 = 0;
        self.find(NEAR, |node, left| {
            let columns = match &node {
                None if left.is_some() => return Fit::Absent,
                node => node.as_ref().and_then(|node| node.as_branch()?.columns()),
            };
            match columns.map(|columns| cut.fit(columns)) {
                Some(Ok(selection)) => Fit::Fits(Box::new(selection)),
                Some(Err(problem)) => Fit::Wrong(told(&problem)),
                None => Fit::Wrong("\"top\" is for tables, such as the keys of a zone.".to_owned()),
            }
        })
    }

    /// Writes a part of the table that was asked for, unless that takes too many places.
    pub(super) fn write_cut(
        &self,
        selection: &Selection,
        out: &mut impl Write,
        places: u64,
        goes_on: &dyn Fn() -> bool,
    ) -> io::Result<()> {
        self.find(0, |node, _| {
            let node = node.ok_or(io::ErrorKind::NotFound)?;
            let table = node.as_branch().ok_or(io::ErrorKind::NotFound)?;
            if Selection::places(table) > places {
                return Err(too_many());
            }
            let part = selection.of(table, goes_on);
            let part = part.ok_or(io::ErrorKind::BrokenPipe)?;
            json::serialize(&part, self.format, out)
        })
    }

    fn find<R>(&self, places: u64, then: impl FnOnce(Option<Node<'_>>, Option<u64>) -> R) -> R {
        let mut filled = Vec::new();
        if let Some((place, address)) = &self.address {
            filled.push((*place, Node::text(address.as_bytes())));
        }
        if let Some((place, files)) = &self.config_files {
            filled.push((*place, Node::branch(ConfigFiles(files))));
        }
        let root = self.runtime.tree.root_with(&filled);
        root.find_within(&self.names, places, then)
    }
}

/// The files of a configuration, by their names.
struct ConfigFiles<'a>(&'a [(String, Arc<[u8]>)]);

impl Branch for ConfigFiles<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut files = self.0.iter();
        let (_, text) = files.find(|(own, _)| own.as_bytes() == name)?;
        Some(Node::text(&**text))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut files = self.0.iter();
        files.try_for_each(|(name, text)| visit(name.as_bytes(), Node::text(&**text)))
    }

    fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The texts are long and stay as they are.
    fn columns(&self) -> Option<Vec<Column>> {
        Some(vec![Column::only("text")])
    }
}

/// A problem as a sentence.
pub(super) fn told(problem: &Problem) -> String {
    format!("The part of the table cannot be shown: {problem}.")
}

fn too_many() -> io::Error {
    io::Error::other("too many places")
}
