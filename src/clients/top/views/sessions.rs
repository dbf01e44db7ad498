//! The session zones: who is there, and how much goes to and fro.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Table};

/// A row for each zone.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = [
        "active",
        "pending",
        "total",
        "passed",
        "rejected",
        "receives",
        "sends",
        "most sent",
    ];
    let mut table = Table::new(
        "Session zones (Enter shows the sessions)",
        "zone",
        &numbers,
        "there is no session_zone",
    );
    for (name, zone) in tree.at("http/session_zones").each() {
        let rejected = zone.at("rejected");
        let rejected = rejected.each().filter_map(|(_, why)| why.number("")).sum();
        let cells = vec![
            Cell::number(zone.number("sessions/active"), Unit::Plain),
            Cell::number(zone.number("sessions/pending"), Unit::Plain),
            Cell::number(zone.number("sessions/total"), Unit::Plain),
            Cell::number(zone.number("passed"), Unit::Plain),
            Cell::Number(rejected, Unit::Plain),
            Cell::number(zone.number("rx/bitrate"), Unit::BitRate),
            Cell::number(zone.number("tx/bitrate"), Unit::BitRate),
            Cell::number(zone.number("tx/top"), Unit::BitRate),
        ];
        table.push(name, cells);
    }
    table
}
