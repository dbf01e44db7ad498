//! The servers of each upstream.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Column, Table};
use super::responses;

/// A row for each peer.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = [
        "requests", "per s", "now", "4xx", "5xx", "fails", "down", "header", "response", "received",
    ];
    let mut table = Table::new("Peers", "upstream/peer", &numbers, "no upstream has a zone");
    table.columns.insert(1, Column::text("state"));
    for (group, upstream) in tree.at("http/upstreams").each() {
        for (name, peer) in upstream.at("peers").each() {
            table.push(&format!("{group}/{name}"), cells(peer));
        }
    }
    table
}

fn cells(peer: Look<'_>) -> Vec<Cell> {
    let is_backup = peer.at("backup").value() == true;
    let state = peer.text("state");
    vec![
        Cell::text(&match is_backup {
            true => format!("{state}, backup"),
            false => state.to_owned(),
        }),
        Cell::number(peer.number("selected/total"), Unit::Plain),
        Cell::number(peer.rate("selected/total"), Unit::Rate),
        Cell::number(peer.number("selected/current"), Unit::Plain),
        Cell::Number(responses(peer, '4').0, Unit::Plain),
        Cell::Number(responses(peer, '5').0, Unit::Plain),
        Cell::number(peer.number("health/fails"), Unit::Plain),
        Cell::number(peer.number("health/downtime"), Unit::Milliseconds),
        Cell::number(peer.number("health/header_time"), Unit::Milliseconds),
        Cell::number(peer.number("health/response_time"), Unit::Milliseconds),
        Cell::number(peer.rate("data/received"), Unit::ByteRate),
    ]
}
