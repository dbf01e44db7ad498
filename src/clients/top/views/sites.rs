//! Servers and locations that have a `status_zone`.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Column, Table};
use super::responses;

/// A row for each zone.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = ["requests", "per s", "now", "4xx", "5xx", "received", "sent"];
    let mut table = Table::new(
        "Servers and locations",
        "zone",
        &numbers,
        "no server or location has a status_zone",
    );
    table.columns.insert(1, Column::text("of a"));
    for (kind, branch) in [
        ("server", "http/server_zones"),
        ("location", "http/location_zones"),
    ] {
        for (name, zone) in tree.at(branch).each() {
            table.push(name, cells(kind, zone));
        }
    }
    table
}

fn cells(kind: &str, zone: Look<'_>) -> Vec<Cell> {
    vec![
        Cell::text(kind),
        Cell::number(zone.number("requests/total"), Unit::Plain),
        Cell::number(zone.rate("requests/total"), Unit::Rate),
        Cell::number(zone.number("requests/processing"), Unit::Plain),
        Cell::Number(responses(zone, '4').0, Unit::Plain),
        Cell::Number(responses(zone, '5').0, Unit::Plain),
        Cell::number(zone.rate("data/received"), Unit::ByteRate),
        Cell::number(zone.rate("data/sent"), Unit::ByteRate),
    ]
}
