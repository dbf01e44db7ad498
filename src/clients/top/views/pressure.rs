//! The backpressure zones: how much they let in, and which signals say so.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Column, Table};

/// A row for each zone.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = [
        "window", "active", "min", "max", "passed", "per s", "rejected",
    ];
    let mut table = Table::new(
        "Backpressure zones",
        "zone",
        &numbers,
        "there is no backpressure_zone",
    );
    table.columns.push(Column::text("signals that act"));
    for (name, zone) in tree.at("http/backpressure_zones").each() {
        let cells = vec![
            Cell::number(zone.number("window"), Unit::Plain),
            Cell::number(zone.number("active"), Unit::Plain),
            Cell::number(zone.number("min"), Unit::Plain),
            Cell::number(zone.number("max"), Unit::Plain),
            Cell::number(zone.number("passed"), Unit::Plain),
            Cell::number(zone.rate("passed"), Unit::Rate),
            Cell::number(zone.number("rejected"), Unit::Plain),
            Cell::text(&signals(zone)),
        ];
        table.push(name, cells);
    }
    table
}

fn signals(zone: Look<'_>) -> String {
    let signals = zone.at("signals");
    let acting = signals.each().filter(|(_, signal)| {
        let fires = signal.at("firing").value() == true;
        fires || signal.number("throttle").is_some_and(|part| part > 0.0)
    });
    acting.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}
