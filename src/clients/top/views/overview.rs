//! The whole server in a few lines, and its processes.

use super::super::look::Look;
use super::super::numbers::{Unit, shown};
use super::super::table::{Cell, Table};
use super::responses;

/// A row for each process.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = ["pid", "processor", "memory", "files", "of"];
    let mut table = Table::new(
        "Processes",
        "process",
        &numbers,
        "the server tells nothing of its processes",
    );
    for (name, process) in tree.at("angie/self/processes").each() {
        let cells = vec![
            // A number that is a name.
            Cell::text(&process.at("pid").value().to_string()),
            Cell::number(process.rate("cpu_seconds"), Unit::Share),
            Cell::number(process.number("resident_memory"), Unit::Bytes),
            Cell::number(process.number("open_files"), Unit::Plain),
            Cell::number(process.number("max_files"), Unit::Plain),
        ];
        table.push(name, cells);
    }
    table
}

/// The lines above that, each with a word and what there is to say.
pub(in super::super) fn summary(tree: Look<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("requests", requests(tree)),
        ("bytes", bytes(tree)),
        ("connections", connections(tree)),
        ("workers", workers(tree)),
        ("zones", zones(tree)),
    ]
}

/// Requests in a second, over all servers that count them.
pub(in super::super) fn request_rate(tree: Look<'_>) -> Option<f64> {
    sum(tree, |zone| zone.rate("requests/total"))
}

fn requests(tree: Look<'_>) -> String {
    let branch = tree.at("http/server_zones");
    if branch.each().next().is_none() {
        return "not counted: no server has a status_zone".to_owned();
    }
    let processing = sum(tree, |zone| zone.number("requests/processing"));
    let class = |class| rate(sum(tree, |zone| responses(zone, class).1), Unit::Rate);
    format!(
        "{}   being served {}   4xx {}   5xx {}",
        rate(request_rate(tree), Unit::Rate),
        rate(processing, Unit::Plain),
        class('4'),
        class('5'),
    )
}

fn bytes(tree: Look<'_>) -> String {
    let of = |path: &'static str| rate(sum(tree, |zone| zone.rate(path)), Unit::ByteRate);
    format!(
        "received {}   sent {}",
        of("data/received"),
        of("data/sent")
    )
}

fn connections(tree: Look<'_>) -> String {
    let connections = tree.at("connections");
    let number = |name| rate(connections.number(name), Unit::Plain);
    format!(
        "{} active   {} idle   accepted {}   dropped {}",
        number("active"),
        number("idle"),
        rate(connections.rate("accepted"), Unit::Rate),
        number("dropped"),
    )
}

fn workers(tree: Look<'_>) -> String {
    let own = tree.at("angie/self");
    let number = |path| rate(own.number(path), Unit::Plain);
    format!(
        "{} running   {} replaced   reloads: {} successful, {} failed",
        number("workers/running"),
        number("workers/restarts"),
        number("reloads/successful"),
        number("reloads/failed"),
    )
}

fn zones(tree: Look<'_>) -> String {
    let zones = tree.at("angie/self/zones");
    let (mut size, mut used, mut fullest) = (0.0, 0.0, ("", -1.0));
    for (name, zone) in zones.each() {
        let own = zone.number("size").unwrap_or_default();
        let fill = zone.number("fill").unwrap_or_default();
        size += own;
        used += own * fill;
        if fill > fullest.1 {
            fullest = (name, fill);
        }
    }
    if fullest.1 < 0.0 {
        return "none".to_owned();
    }
    format!(
        "{} of {} used   fullest: {} ({})",
        shown(used, Unit::Bytes),
        shown(size, Unit::Bytes),
        crate::clients::printable::visible(fullest.0),
        shown(fullest.1, Unit::Share),
    )
}

/// A sum over all server zones of what is known; `None` when nothing is.
fn sum(tree: Look<'_>, of: impl Fn(Look<'_>) -> Option<f64>) -> Option<f64> {
    let zones = tree.at("http/server_zones");
    let known: Vec<f64> = zones.each().filter_map(|(_, zone)| of(zone)).collect();
    (!known.is_empty()).then(|| known.iter().sum())
}

fn rate(number: Option<f64>, unit: Unit) -> String {
    Cell::number(number, unit).shown()
}
