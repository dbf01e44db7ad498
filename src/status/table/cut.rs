//! What part of a table was asked for.
//!
//! It comes from clients, so everything has a limit, and what is wrong is told in a sentence.

use std::fmt;

use memchr::memmem::Finder;

use super::Column;

/// A part of some table, as it was asked for.
#[derive(Clone, Debug)]
pub struct Cut {
    pub(super) top: usize,
    pub(super) offset: usize,
    by: Option<String>,
    order: Option<Order>,
    pub(super) prefix: Vec<u8>,
    pub(super) contains: Option<Finder<'static>>,
    pub(super) chosen: Vec<Vec<u8>>,
}

/// Which rows come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Those with the smallest value.
    Ascending,
    /// Those with the largest value.
    Descending,
}

/// What is wrong with what was asked for, for people to read.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem(String);

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// So many rows at a time.
const MOST_ROWS: usize = 1000;
/// Rows that come later than this in their order are not shown, however few are asked for: all that come before
/// them are kept meanwhile.
const MOST_SORTED: usize = 10_000;
/// So many keys may be named.
const MOST_CHOSEN: usize = 16;

const NAMES: [&str; 7] = ["top", "by", "order", "offset", "prefix", "contains", "key"];

impl Cut {
    /// What the arguments of a request, decoded, ask for; `None` where they do not speak of cuts.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn read(arguments: &[(Vec<u8>, Vec<u8>)]) -> Result<Option<Self>, Problem> {
        let all = |name: &'static str| {
            let named = arguments
                .iter()
                .filter(move |(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
            named.map(|(_, value)| value.as_slice())
        };
        let first = |name| all(name).next();
        let Some(top) = first("top") else {
            let without = NAMES.into_iter().find(|name| first(name).is_some());
            return match without {
                Some(name) => Err(Problem(format!("\"{name}\" needs \"top\""))),
                None => Ok(None),
            };
        };
        let chosen: Vec<Vec<u8>> = all("key").map(<[u8]>::to_vec).collect();
        if chosen.len() > MOST_CHOSEN {
            return Err(Problem(format!("more than {MOST_CHOSEN} times \"key\"")));
        }
        let top = number("top", top, 1, MOST_ROWS)?;
        let offset =
            first("offset").map_or(Ok(0), |text| number("offset", text, 0, MOST_SORTED - top))?;
        let contains = first("contains").filter(|text| !text.is_empty());
        Ok(Some(Self {
            top,
            offset,
            by: first("by").map(|name| String::from_utf8_lossy(name).into_owned()),
            order: first("order").map(order).transpose()?,
            prefix: first("prefix").unwrap_or_default().to_vec(),
            contains: contains.map(|text| Finder::new(&text.to_ascii_lowercase()).into_owned()),
            chosen,
        }))
    }

    /// The same as an order of a table with these columns.
    ///
    /// # Errors
    /// When it has no such column.
    pub fn fit(self, columns: Vec<Column>) -> Result<Selection, Problem> {
        let measure = match &self.by {
            None => None,
            Some(by) => Some(Measure::find(by, &columns)?),
        };
        let order = self.order.unwrap_or(match measure {
            Some(_) => Order::Descending,
            None => Order::Ascending,
        });
        Ok(Selection {
            cut: self,
            columns,
            measure,
            order,
        })
    }
}

fn number(name: &str, text: &[u8], least: usize, most: usize) -> Result<usize, Problem> {
    let digits = text.iter().all(u8::is_ascii_digit).then_some(text);
    let parsed = digits.and_then(|text| str::from_utf8(text).ok()?.parse().ok());
    parsed
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| {
            let text = shown(text);
            Problem(format!(
                "\"{name}\" is a number from {least} to {most} here, not \"{text}\""
            ))
        })
}

fn order(text: &[u8]) -> Result<Order, Problem> {
    match text {
        b"asc" => Ok(Order::Ascending),
        b"desc" => Ok(Order::Descending),
        _ => {
            let text = shown(text);
            Err(Problem(format!(
                "\"order\" is \"asc\" or \"desc\", not \"{text}\""
            )))
        }
    }
}

/// The beginning of what a client sent, for a message.
fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 64;
    let end = text.len().min(LONGEST);
    let dots = if text.len() > LONGEST { "..." } else { "" };
    format!("{}{dots}", String::from_utf8_lossy(&text[..end]))
}

/// A cut that fits a table.
#[derive(Clone, Debug)]
pub struct Selection {
    pub(super) cut: Cut,
    pub(super) columns: Vec<Column>,
    /// Without one, rows are sorted by their keys.
    pub(super) measure: Option<Measure>,
    pub(super) order: Order,
}

impl Selection {
    /// So many rows with the largest values in the first column that has numbers; `None` if no column has.
    pub fn first(top: usize, columns: Vec<Column>) -> Option<Self> {
        let by = columns.iter().find(|column| column.is_measured())?;
        let cut = Cut {
            top,
            offset: 0,
            by: Some(by.name.clone().into_owned()),
            order: None,
            prefix: Vec::new(),
            contains: None,
            chosen: Vec::new(),
        };
        cut.fit(columns).ok()
    }
}

/// The number in a row that it is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) path: Vec<String>,
    /// A part of a value that has several.
    pub(super) part: String,
}

impl Measure {
    fn find(by: &str, columns: &[Column]) -> Result<Self, Problem> {
        let exact = columns.iter().find(|column| column.name == by);
        let inner = || {
            let parts = columns.iter().filter_map(|column| {
                let part = by.strip_prefix(&*column.name)?.strip_prefix('/')?;
                is_part(part, &column.mode).then_some((column, part))
            });
            parts.max_by_key(|(column, _)| column.name.len())
        };
        let found = exact.map(|column| (column, "")).or_else(inner);
        let Some((column, part)) = found.filter(|(column, _)| column.has_order()) else {
            let sortable = columns.iter().filter(|column| column.has_order());
            let names: Vec<&str> = sortable.map(|column| &*column.name).collect();
            let (by, names) = (shown(by.as_bytes()), names.join(", "));
            let message = format!("rows cannot be sorted by \"{by}\" here, but by: {names}");
            return Err(Problem(message));
        };
        Ok(Self {
            path: column.path.iter().map(|name| name.to_string()).collect(),
            part: part.to_owned(),
        })
    }
}

/// Whether values of a mode have a part of this name: a histogram's limits, and quantiles as `p99`.
fn is_part(part: &str, mode: &str) -> bool {
    let mut words = mode.split(' ');
    words.next() == Some("histogram")
        && (percentile(part).is_some() || words.any(|limit| limit == part))
}

/// The quantile that is meant by a name such as `p99` or `p99.9`.
pub fn percentile(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let percent: f64 = digits
        .bytes()
        .all(is_digit)
        .then(|| digits.parse().ok())??;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[(&str, &str)]) -> Result<Option<Cut>, String> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let arguments: Vec<_> = arguments
            .iter()
            .map(|(name, value)| (bytes(name), bytes(value)))
            .collect();
        Cut::read(&arguments).map_err(|problem| problem.to_string())
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::of("n", "count"),
            Column::of("h", "histogram 1 +Inf"),
            Column::of("h/1", "last"),
            Column::at("tx/bytes", "count"),
            Column::of("who", "text"),
        ]
    }

    fn measured(by: &str) -> Result<Measure, String> {
        Measure::find(by, &columns()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn only_arguments_of_cuts_make_one() {
        assert!(read(&[("pretty", "off"), ("a", "")]).unwrap().is_none());
        let cut = read(&[("TOP", "5"), ("offset", "9995")]).unwrap().unwrap();
        assert_eq!((cut.top, cut.offset), (5, 9995));
        for name in &NAMES[1..] {
            let problem = read(&[(name, "1")]).map(|_| ()).unwrap_err();
            assert_eq!(problem, format!("\"{name}\" needs \"top\""));
        }
    }

    #[test]
    fn what_is_beyond_limits_is_refused() {
        for top in [
            "",
            "0",
            "1001",
            "-1",
            "+1",
            "1.5",
            "x",
            "99999999999999999999",
        ] {
            let problem = read(&[("top", top)]).map(|_| ()).unwrap_err();
            let expected = format!("\"top\" is a number from 1 to 1000 here, not \"{top}\"");
            assert_eq!(problem, expected);
        }
        assert!(read(&[("top", "5"), ("offset", "9996")]).is_err());
        assert!(read(&[("top", "5"), ("order", "up")]).is_err());
        let mut keys = vec![("key", "k"); 17];
        keys.push(("top", "1"));
        assert!(read(&keys).is_err());
        assert!(read(&keys[1..]).is_ok());
        let long = "x".repeat(100_000);
        assert!(read(&[("top", &long)]).map(|_| ()).unwrap_err().len() < 200);
    }

    #[test]
    fn rows_are_sorted_by_columns_and_parts_of_them() {
        let measure = |path: &[&str], part: &str| Measure {
            path: path.iter().map(|name| name.to_string()).collect(),
            part: part.to_owned(),
        };
        assert_eq!(measured("n"), Ok(measure(&["n"], "")));
        assert_eq!(measured("tx/bytes"), Ok(measure(&["tx", "bytes"], "")));
        assert_eq!(measured("h"), Ok(measure(&["h"], "")));
        assert_eq!(measured("h/+Inf"), Ok(measure(&["h"], "+Inf")));
        assert_eq!(measured("h/p99.9"), Ok(measure(&["h"], "p99.9")));
        assert_eq!(measured("h/1"), Ok(measure(&["h/1"], "")));
        for by in [
            "", "x", "n/p99", "h/2", "h/p", "h/p101", "h/p1e1", "who", "tx",
        ] {
            let problem = measured(by).unwrap_err();
            let end = "here, but by: n, h, h/1, tx/bytes";
            assert!(problem.ends_with(end), "{problem}");
        }
    }
}
