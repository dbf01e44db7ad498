//! The caches: how large they are, and how much they save.

use super::super::look::Look;
use super::super::numbers::Unit;
use super::super::table::{Cell, Table};

/// A row for each cache.
pub(super) fn table(tree: Look<'_>) -> Table {
    let numbers = [
        "entries", "size", "of", "requests", "per s", "hits", "received", "sent",
    ];
    let mut table = Table::new("Caches", "cache", &numbers, "there is no proxy_cache_path");
    for (name, cache) in tree.at("http/caches").each() {
        let requests = cache.number("requests/total");
        let share = match (cache.number("requests/hit"), requests) {
            (Some(hits), Some(all)) if all > 0.0 => Some(hits / all),
            _ => None,
        };
        let cells = vec![
            Cell::number(cache.number("entries/current"), Unit::Plain),
            Cell::number(cache.number("size"), Unit::Bytes),
            Cell::number(cache.number("max_size"), Unit::Bytes),
            Cell::number(requests, Unit::Plain),
            Cell::number(cache.rate("requests/total"), Unit::Rate),
            Cell::number(share, Unit::Share),
            Cell::number(cache.rate("data/received"), Unit::ByteRate),
            Cell::number(cache.rate("data/sent"), Unit::ByteRate),
        ];
        table.push(name, cells);
    }
    table
}
