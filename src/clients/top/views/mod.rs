//! What the views show: each makes a table of the status tree, and knows nothing of terminals.

mod caches;
mod cut;
mod metrics;
mod overview;
mod peers;
mod pressure;
mod sessions;
mod sites;

pub(super) use cut::{cut, cut_title};
pub(super) use overview::{request_rate, summary};

use super::look::Look;
use super::table::Table;

/// A view, by its number on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tab(pub(super) usize);

/// One of the views.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) table: fn(Look<'_>) -> Table,
    /// What a row of it leads to: the branch that has a table for each row, and that table.
    pub(super) opens: Option<(&'static str, &'static str)>,
}

/// The views, in the order in which they are shown.
pub(super) const VIEWS: &[View] = &[
    View {
        name: "Overview",
        table: overview::table,
        opens: None,
    },
    View {
        name: "Sites",
        table: sites::table,
        opens: None,
    },
    View {
        name: "Metrics",
        table: metrics::table,
        opens: Some(("http/metric_zones", "metrics")),
    },
    View {
        name: "Peers",
        table: peers::table,
        opens: None,
    },
    View {
        name: "Caches",
        table: caches::table,
        opens: None,
    },
    View {
        name: "Sessions",
        table: sessions::table,
        opens: Some(("http/session_zones", "active")),
    },
    View {
        name: "Backpressure",
        table: pressure::table,
        opens: None,
    },
];

impl Tab {
    /// The view itself.
    pub(super) fn view(self) -> &'static View {
        &VIEWS[self.0.min(VIEWS.len() - 1)]
    }
}

/// How many of a zone's responses have a status of this class, such as `5`; and how fast they become more.
fn responses(zone: Look<'_>, class: char) -> (f64, Option<f64>) {
    let responses = zone.at("responses");
    let of_class = responses.each().filter(|(code, _)| code.starts_with(class));
    let (mut total, mut rate) = (0.0, 0.0);
    for (_, count) in of_class {
        total += count.number("").unwrap_or_default();
        // A status that was never seen before was at zero.
        rate += count.rate("").unwrap_or_default();
    }
    let is_known = zone.rate("requests/total").is_some() || zone.rate("selected/total").is_some();
    (total, is_known.then_some(rate))
}
