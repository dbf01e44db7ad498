//! The keys of a zone, or its sessions: as many as were asked for, in the order of the server.

use serde_json::Value;

use super::super::look::Look;
use super::super::numbers::{Unit, buckets, quantile};
use super::super::table::{Cell, Column, Row, Table};
use crate::clients::printable::visible;

/// The rows of a cut, each with what its columns hold.
pub(in super::super) fn cut(cut: Look<'_>, seconds: f64, before: Option<&Value>) -> Table {
    let mut table = Table {
        columns: vec![Column::text("key")],
        when_empty: "no key matches",
        ..Table::default()
    };
    let columns = described(cut);
    for (name, mode) in &columns {
        for (title, by) in titles(name, mode) {
            table.columns.push(Column {
                title,
                by: Some(by),
                is_text: is_text(mode),
            });
        }
    }
    for row in rows(cut.value()) {
        let Some(key) = row.get("key").and_then(Value::as_str) else {
            continue;
        };
        let earlier = before.into_iter().flat_map(rows);
        let earlier = earlier
            .filter(|one| one.get("key").and_then(Value::as_str) == Some(key))
            .find_map(|one| one.get("value"));
        let value = Look::new(row.get("value").unwrap_or(&Value::Null), earlier, seconds);
        let mut cells = vec![Cell::text(key)];
        for (name, mode) in &columns {
            let path = if name == "value" { "" } else { name.as_str() };
            cells.extend(told(value.at(path), mode));
        }
        table.rows.push(Row {
            name: key.to_owned(),
            cells,
        });
    }
    table
}

/// What stands above it: which part of how many rows this is.
pub(in super::super) fn cut_title(name: &str, cut: Look<'_>) -> String {
    let number = |path| cut.number(path).unwrap_or_default();
    let (total, matched, offset) = (number("total"), number("matched"), number("offset"));
    let here = rows(cut.value()).count() as f64;
    let mut title = format!("{}: ", visible(name));
    title.push_str(&match here > 0.0 {
        true => format!(
            "{:.0} to {:.0} of {matched:.0}",
            offset + 1.0,
            offset + here
        ),
        false => format!("none of {matched:.0}"),
    });
    if matched < total {
        title.push_str(&format!(" found, {total:.0} in all"));
    }
    title
}

fn rows(cut: &Value) -> impl Iterator<Item = &Value> {
    cut.get("rows")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Names and modes of the columns.
fn described(cut: Look<'_>) -> Vec<(String, String)> {
    let columns = cut.at("columns").value().as_array();
    let text = |column: &Value, name| {
        let text = column.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let columns = columns.into_iter().flatten().take(MOST_COLUMNS);
    columns
        .map(|one| (text(one, "name"), text(one, "mode")))
        .collect()
}

/// What is shown of a column of the server's, with the name by which the server sorts.
fn titles(name: &str, mode: &str) -> Vec<(String, String)> {
    let title = visible(name);
    match first_word(mode) {
        "histogram" => vec![
            (format!("{title} n"), name.to_owned()),
            ("p50".to_owned(), format!("{name}/p50")),
            ("p99".to_owned(), format!("{name}/p99")),
        ],
        "count" => vec![
            (title, name.to_owned()),
            ("per s".to_owned(), name.to_owned()),
        ],
        _ => vec![(title, name.to_owned())],
    }
}

/// The cells below those titles.
fn told(value: Look<'_>, mode: &str) -> Vec<Cell> {
    match first_word(mode) {
        "histogram" => {
            let buckets = buckets(value.value());
            let total = buckets.last().map(|(_, count)| *count);
            vec![
                Cell::number(total, Unit::Plain),
                Cell::number(quantile(&buckets, 0.5), Unit::Plain),
                Cell::number(quantile(&buckets, 0.99), Unit::Plain),
            ]
        }
        "count" => vec![
            Cell::number(value.number(""), Unit::Plain),
            Cell::number(value.rate(""), Unit::Rate),
        ],
        _ => vec![match value.value() {
            Value::Number(_) => Cell::number(value.number(""), Unit::Plain),
            Value::String(text) => Cell::text(text),
            Value::Bool(truth) => Cell::text(&truth.to_string()),
            _ => Cell::Nothing,
        }],
    }
}

fn is_text(mode: &str) -> bool {
    matches!(first_word(mode), "text" | "time")
}

fn first_word(mode: &str) -> &str {
    mode.split(' ').next().unwrap_or_default()
}

/// More columns fit on no screen.
const MOST_COLUMNS: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_follow_modes() {
        let now = json!({
            "total": 9, "matched": 2, "offset": 0,
            "columns": [
                {"name": "n", "mode": "count"}, {"name": "s", "mode": "histogram 1 +Inf"},
                {"name": "g", "mode": "gauge"}
            ],
            "rows": [
                {"key": "/a\u{1b}", "value": {"n": 30, "s": {"1": 3, "+Inf": 4}, "g": -1.5}},
                {"key": "new", "value": {"n": 1, "s": null, "g": null}},
                {"nothing": 1}
            ]
        });
        let before = json!({"rows": [{"key": "/a\u{1b}", "value": {"n": 10}}]});
        let look = Look::new(&now, Some(&before), 2.0);
        let table = cut(look, 2.0, Some(&before));
        let titles: Vec<&str> = table.columns.iter().map(|one| one.title.as_str()).collect();
        assert_eq!(titles, ["key", "n", "per s", "s n", "p50", "p99", "g"]);
        assert_eq!(table.columns[5].by.as_deref(), Some("s/p99"));
        let shown =
            |row: usize| -> Vec<String> { table.rows[row].cells.iter().map(Cell::shown).collect() };
        assert_eq!(
            shown(0),
            ["/a\\x1b", "30", "10/s", "4", "0.6667", "1", "-1.5"]
        );
        assert_eq!(shown(1), ["new", "1", "-", "-", "-", "-", "-"]);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(cut_title("z", look), "z: 1 to 3 of 2 found, 9 in all");
    }

    #[test]
    fn a_simple_zone_has_one_value() {
        let now = json!({
            "total": 1, "matched": 1, "offset": 0, "columns": [{"name": "value", "mode": "last"}],
            "rows": [{"key": "k", "value": 5}]
        });
        let table = cut(Look::new(&now, None, 0.0), 0.0, None);
        assert_eq!(table.rows[0].cells[1].shown(), "5");
    }

    #[test]
    fn nonsense_is_an_empty_table() {
        for nonsense in [
            json!(null),
            json!([]),
            json!({"rows": 1, "columns": {"a": 1}}),
        ] {
            let look = Look::new(&nonsense, None, 0.0);
            assert!(cut(look, 0.0, None).rows.is_empty());
            assert_eq!(cut_title("z", look), "z: none of 0");
        }
    }
}
