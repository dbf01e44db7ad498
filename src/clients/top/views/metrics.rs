//! The metric zones: how full they are, and what they measure.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Column, Table};

/// A row for each zone.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = ["keys", "size", "used", "evicted", "discarded", "failed"];
    let mut table = Table::new(
        "Metric zones (Enter shows the keys)",
        "zone",
        &numbers,
        "there is no metric_zone",
    );
    table.columns.push(Column::text("metrics"));
    let memory = tree.at("angie/self/zones");
    for (name, zone) in tree.at("http/metric_zones").each() {
        let own = memory.each().find(|(one, _)| *one == name);
        let number = |path, unit| {
            let number = own.and_then(|(_, own)| own.number(path));
            Cell::number(number, unit)
        };
        let cells = vec![
            number("keys", Unit::Plain),
            number("size", Unit::Bytes),
            number("fill", Unit::Share),
            number("evictions", Unit::Plain),
            Cell::number(zone.number("discarded"), Unit::Plain),
            number("failures", Unit::Plain),
            Cell::text(&measured(zone)),
        ];
        table.push(name, cells);
    }
    table
}

/// What a zone measures: its modes, with the names of its metrics if they have any.
fn measured(zone: Look<'_>) -> String {
    let columns = zone.at("metrics/columns").value().as_array();
    let columns = columns.map(Vec::as_slice).unwrap_or_default();
    let told = columns.iter().map(|column| {
        let text = |name: &str| column.get(name).and_then(|one| one.as_str()).unwrap_or("");
        let mode = text("mode")
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned();
        match text("name") {
            "value" => text("mode").to_owned(),
            name => format!("{name} {mode}"),
        }
    });
    told.collect::<Vec<_>>().join(", ")
}
