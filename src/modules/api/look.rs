//! One look at the status tree, as a request asks for it.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::Files;
use super::answer::{answer, answer_after_walk};
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
    /// The answer with all of the node that was asked for; `None` if there is none.
    pub(super) fn whole(self, request: &Request) -> Option<Response> {
        if !matches!(self.format.rows, Rows::First(_)) {
            return answer(move |mut out, places| self.write(&mut out, places));
        }
        self.find(u64::MAX, |node, _| node.is_some()).then(|| {
            answer_after_walk(request, move |mut out, places, _| {
                let written = self.write(&mut out, places);
                written.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
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
