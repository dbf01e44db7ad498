//! Writer 1: a node as JSON, in the text format clients of `/status/` know.
//!
//! The node is walked while it is written and nothing is collected, so a listing of any size needs
//! no memory here; a writer that fails ends the walk. The text is always valid UTF-8: bytes that
//! are not become U+FFFD. Whoever has names that are equal after that shows one member for all of them:
//! only he knows what they are together.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::{CharEscape, Formatter};

use super::date::Date;
use super::table::Selection;
use super::{Branch, Items, Node, Value};
use crate::metric;

/// How a JSON answer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Tabs and CRLF line ends; otherwise no white space at all.
    pub pretty: bool,
    /// How dates are written.
    pub dates: Dates,
    /// Whether the rows of tables are.
    pub rows: Rows,
}

/// Whether the rows of tables are written, see [`super::table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// As the members of objects that they are.
    Shown,
    /// Tables are written as what they are like, and how many rows they have.
    LeftOut,
    /// The same with so many rows, those with the largest values, where tables are not too long for that.
    First(usize),
}

/// How many places the tables may have that show their first rows in one answer.
const MOST_LOOKED_AT: u64 = 200_000;

/// How dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// A string in ISO 8601.
    Iso,
    /// A number of seconds since 1970.
    Epoch,
}

/// Writes `node` in small pieces (give a buffered writer). Fails only where `out` does.
pub fn serialize(node: &Node<'_>, format: Format, out: &mut impl io::Write) -> io::Result<()> {
    serialize_within(node, format, u64::MAX, out)
}

/// The same, which also fails where more than so many places, see [`Branch::places`], are to be looked at.
pub fn serialize_within(
    node: &Node<'_>,
    format: Format,
    places: u64,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let layout = Layout {
        pretty: format.pretty,
        depth: 0,
        filled: false,
        closed: false,
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, layout);
    Shown {
        node,
        dates: format.dates,
        rows: format.rows,
        looks: &Cell::new(MOST_LOOKED_AT),
        places: &Cell::new(places),
    }
    .serialize(&mut serializer)?;
    if format.pretty {
        out.write_all(b"\r\n")
    } else {
        Ok(())
    }
}

/// More places would have to be looked at than may be.
struct TooMany;

/// A node together with the choices that matter while it is walked.
struct Shown<'a> {
    node: &'a Node<'a>,
    dates: Dates,
    rows: Rows,
    /// Places of tables whose first rows may still be looked for.
    looks: &'a Cell<u64>,
    /// Those that may still be looked at.
    places: &'a Cell<u64>,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(branch) = self.node.as_branch() {
            return self.branch(branch, serializer);
        }
        if let Some(items) = self.node.as_items() {
            return self.list(items, serializer);
        }
        match self.node.as_value() {
            Some(value) => self.leaf(value, serializer),
            None => serializer.serialize_unit(),
        }
    }
}

impl Shown<'_> {
    fn branch<S: Serializer>(&self, branch: &dyn Branch, out: S) -> Result<S::Ok, S::Error> {
        let instead = match self.rows {
            Rows::Shown => None,
            Rows::LeftOut => branch.outline(),
            Rows::First(most) => match self.first_rows(branch, most) {
                Ok(rows) => rows.or_else(|| branch.outline()),
                Err(TooMany) => return Err(S::Error::custom("too many places")),
            },
        };
        match instead {
            Some(node) => Shown {
                node: &node,
                rows: Rows::Shown,
                ..*self
            }
            .serialize(out),
            None => self.object(branch, out),
        }
    }

    /// Those of a table that is short enough to look for them.
    fn first_rows(
        &self,
        table: &dyn Branch,
        most: usize,
    ) -> Result<Option<Node<'static>>, TooMany> {
        let Some(first) = table
            .columns()
            .and_then(|columns| Selection::first(most, columns))
        else {
            return Ok(None);
        };
        let Some(looks) = self.looks.get().checked_sub(table.places()) else {
            return Ok(None);
        };
        let left = self.places.get().checked_sub(Selection::places(table));
        self.places.set(left.ok_or(TooMany)?);
        self.looks.set(looks);
        Ok(first.of(table, &|| true))
    }

    fn object<S: Serializer>(&self, branch: &dyn Branch, out: S) -> Result<S::Ok, S::Error> {
        let left = self.places.get().checked_sub(branch.places());
        self.places
            .set(left.ok_or_else(|| S::Error::custom("too many places"))?);
        let mut map = out.serialize_map(None)?;
        let mut outcome = Ok(());
        let _ = branch.each(&mut |name, node| {
            let shown = Shown {
                node: &node,
                ..*self
            };
            outcome = map.serialize_entry(&*String::from_utf8_lossy(name), &shown);
            flow(&outcome)
        });
        outcome?;
        map.end()
    }

    fn list<S: Serializer>(&self, items: &dyn Items, out: S) -> Result<S::Ok, S::Error> {
        let mut list = out.serialize_seq(None)?;
        let mut outcome = Ok(());
        let _ = items.each(&mut |node| {
            outcome = list.serialize_element(&Shown {
                node: &node,
                ..*self
            });
            flow(&outcome)
        });
        outcome?;
        list.end()
    }

    fn leaf<S: Serializer>(&self, value: &Value<'_>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Value::Integer(number) => out.serialize_u64(*number),
            Value::Signed(number) => out.serialize_i64(*number),
            Value::Float(number) => out.serialize_f64(*number),
            Value::Text(text) => out.serialize_str(&String::from_utf8_lossy(text)),
            Value::Boolean(truth) => out.serialize_bool(*truth),
            Value::Time {
                seconds,
                milliseconds,
            } => match self.dates {
                Dates::Epoch => out.serialize_u64(*seconds),
                Dates::Iso => out.collect_str(&Date {
                    seconds: *seconds,
                    milliseconds: *milliseconds,
                }),
            },
            Value::Null => out.serialize_unit(),
        }
    }
}

fn flow<E>(outcome: &Result<(), E>) -> ControlFlow<()> {
    if outcome.is_ok() {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

/// The text format: line ends, tabs, blank lines, escapes and numbers.
struct Layout {
    pretty: bool,
    depth: usize,
    /// The container being written has a member.
    filled: bool,
    /// What was written last is a container that is not empty.
    closed: bool,
}

impl Layout {
    fn open<W: ?Sized + io::Write>(&mut self, out: &mut W, brace: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        out.write_all(brace)
    }

    fn close<W: ?Sized + io::Write>(&mut self, out: &mut W, brace: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        self.closed = self.filled;
        if self.filled {
            self.line(out)?;
        }
        self.filled = true;
        out.write_all(brace)
    }

    fn member<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
            if self.pretty && self.closed {
                out.write_all(b"\r\n")?;
            }
        }
        self.filled = true;
        self.closed = false;
        self.line(out)
    }

    fn line<W: ?Sized + io::Write>(&self, out: &mut W) -> io::Result<()> {
        if !self.pretty {
            return Ok(());
        }
        out.write_all(b"\r\n")?;
        (0..self.depth).try_for_each(|_| out.write_all(b"\t"))
    }
}

impl Formatter for Layout {
    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.member(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.pretty { b": " } else { b":" })
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.member(out, first)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        out.write_all(metric::Number::new().format(value).as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => out.write_all(b"\\\""),
            CharEscape::ReverseSolidus => out.write_all(b"\\\\"),
            CharEscape::Solidus => out.write_all(b"\\/"),
            CharEscape::Backspace => out.write_all(b"\\b"),
            CharEscape::FormFeed => out.write_all(b"\\f"),
            CharEscape::LineFeed => out.write_all(b"\\n"),
            CharEscape::CarriageReturn => out.write_all(b"\\r"),
            CharEscape::Tab => out.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(out, "\\u{byte:04X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(node: &Node<'_>, pretty: bool) -> String {
        let mut out = Vec::new();
        serialize(
            node,
            Format {
                pretty,
                dates: Dates::Iso,
                rows: Rows::Shown,
            },
            &mut out,
        )
        .expect("a vector");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    fn empty() -> Node<'static> {
        Node::object(Vec::<(&str, Node<'_>)>::new())
    }

    #[test]
    fn the_conformance_example_byte_for_byte() {
        let zone = || {
            let metrics = Node::object(vec![("k1", Node::from(5.0))]);
            Node::object(vec![("discarded", Node::from(0u64)), ("metrics", metrics)])
        };
        assert_eq!(
            text(&zone(), true),
            "{\r\n\t\"discarded\": 0,\r\n\t\"metrics\": {\r\n\t\t\"k1\": 5\r\n\t}\r\n}\r\n"
        );
        assert_eq!(
            text(&zone(), false),
            r#"{"discarded":0,"metrics":{"k1":5}}"#
        );
    }

    #[test]
    fn an_empty_line_follows_a_filled_container_before_another_member() {
        let node = Node::object(vec![
            ("a", Node::object(vec![("x", Node::from(1u64))])),
            ("e", empty()),
            (
                "l",
                Node::list(vec![
                    Node::object(vec![("y", Node::from(2u64))]),
                    Node::from(3u64),
                ]),
            ),
            ("z", Node::list(vec![])),
            ("f", Node::from(true)),
        ]);
        assert_eq!(
            text(&node, true),
            "{\r\n\t\"a\": {\r\n\t\t\"x\": 1\r\n\t},\r\n\r\n\t\"e\": {},\r\n\t\"l\": [\r\n\t\t{\r\n\t\t\t\"y\": 2\r\n\
             \t\t},\r\n\r\n\t\t3\r\n\t],\r\n\r\n\t\"z\": [],\r\n\t\"f\": true\r\n}\r\n"
        );
        let empty_last = Node::object(vec![("a", empty()), ("b", empty())]);
        assert_eq!(
            text(&empty_last, true),
            "{\r\n\t\"a\": {},\r\n\t\"b\": {}\r\n}\r\n"
        );
    }

    #[test]
    fn scalars_stand_alone() {
        assert_eq!(text(&Node::from("1.13.0"), true), "\"1.13.0\"\r\n");
        assert_eq!(text(&Node::from(-0.5), false), "-0.5");
        assert_eq!(text(&Node::from(u64::MAX), false), "18446744073709551615");
        assert_eq!(text(&Node::from(-3i64), false), "-3");
        assert_eq!(text(&Node::from(1e21), false), "1e+21");
        assert_eq!(text(&Node::from(f64::NAN), false), "null");
        assert_eq!(text(&Node::from(f64::INFINITY), false), "null");
        assert_eq!(text(&Node::Value(Value::Null), false), "null");
        assert_eq!(text(&empty(), true), "{}\r\n");
    }

    #[test]
    fn strings_are_escaped_and_always_utf8() {
        let node = Node::text(&b"\"\\\n\r\t\x08\x0c\x01\x1f/\x7f\xc3\xa9\xff"[..]);
        assert_eq!(
            text(&node, false),
            "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F/\u{7f}é\u{fffd}\""
        );
        let keys = Node::object(vec![
            (&b"\xff"[..], Node::from(1u64)),
            (b"\xfe", Node::from(2u64)),
        ]);
        assert_eq!(text(&keys, false), "{\"\u{fffd}\":1,\"\u{fffd}\":2}");
    }

    #[test]
    fn dates_are_text_or_seconds() {
        let node = Node::Value(Value::Time {
            seconds: 1_700_000_000,
            milliseconds: 5,
        });
        assert_eq!(text(&node, false), "\"2023-11-14T22:13:20.005Z\"");
        let mut out = Vec::new();
        serialize(
            &node,
            Format {
                pretty: true,
                dates: Dates::Epoch,
                rows: Rows::Shown,
            },
            &mut out,
        )
        .expect("a vector");
        assert_eq!(out, b"1700000000\r\n");
    }

    #[test]
    fn a_failing_writer_ends_the_walk() {
        struct Endless;
        impl Items for Endless {
            fn each(&self, visit: &mut dyn FnMut(Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
                loop {
                    visit(Node::from(1u64))?;
                }
            }
        }
        let mut short = [0; 64];
        let format = Format {
            pretty: false,
            dates: Dates::Iso,
            rows: Rows::Shown,
        };
        let outcome = serialize(&Node::BorrowedList(&Endless), format, &mut &mut short[..]);
        assert_eq!(
            outcome.map_err(|error| error.kind()),
            Err(io::ErrorKind::WriteZero)
        );
    }
}
