//! A table of which the server shows a part: which part is wanted, and in which order.

use super::sample::Sample;
use super::table::Sorting;
use crate::http::message::uri::{Escape, escape};

/// A table of which the server shows a part.
pub(super) struct Opened {
    /// The zone.
    pub(super) name: String,
    /// The path of the table.
    path: String,
    pub(super) sorting: Sorting,
    pub(super) by: Option<String>,
    pub(super) offset: usize,
    pub(super) part: Sample,
}

impl Opened {
    /// The table of a row, which is called `leaf` there.
    pub(super) fn new(row: &str, branch: &str, leaf: &str) -> Self {
        let mut name = Vec::new();
        escape(row.as_bytes(), Escape::Argument, &mut name);
        let name = String::from_utf8_lossy(&name);
        Self {
            name: row.to_owned(),
            path: format!("{branch}/{name}/{leaf}/"),
            sorting: Sorting::default(),
            by: None,
            offset: 0,
            part: Sample::default(),
        }
    }

    /// Turns so many pages; whether there are such.
    pub(super) fn turn(&mut self, step: isize) -> bool {
        let matched = self.part.look().0.number("matched").unwrap_or_default();
        let page = isize::try_from(PAGE).unwrap_or(1);
        let offset = self.offset.saturating_add_signed(step.saturating_mul(page));
        if offset as f64 >= matched.max(1.0) || offset + PAGE > LAST_ROW {
            return false;
        }
        self.offset = offset;
        true
    }

    /// What to ask the server for.
    pub(super) fn query(&self, search: &str) -> String {
        let mut query = format!("{}?top={PAGE}&offset={}&pretty=off", self.path, self.offset);
        let mut argument = |name: &str, value: &str| {
            let mut escaped = Vec::new();
            escape(value.as_bytes(), Escape::Argument, &mut escaped);
            query.push_str(&format!("&{name}={}", String::from_utf8_lossy(&escaped)));
        };
        if let Some(by) = &self.by {
            argument("by", by);
        }
        let order = if self.sorting.descending {
            "desc"
        } else {
            "asc"
        };
        argument("order", order);
        if !search.is_empty() {
            argument("contains", search);
        }
        query
    }
}

/// So many rows of a table are asked for.
const PAGE: usize = 200;
/// The server counts no further.
const LAST_ROW: usize = 10_000;
