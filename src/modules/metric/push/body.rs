//! What clients send: a number, a text of help, or a batch of changes in JSON.
//!
//! Nothing is guessed. A number is decimal from its beginning to its end and finite; a batch is
//! understood as a whole or refused, and never takes more memory than a few times its length.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::metric::Assignment;
use crate::zone::Action;

/// Bytes of the longest text of help.
pub const LONGEST_HELP: usize = 255;
/// Bytes of the longest number: any double written out in full is shorter.
const LONGEST_NUMBER: usize = 1200;
/// A batch has no more changes than this.
pub const MOST_CHANGES: usize = 10_000;

/// The number that `text` is; blanks and line ends around it do not matter.
pub fn number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    let is_decimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if text.len() > LONGEST_NUMBER || !text.iter().all(is_decimal) {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// The text of help that `text` is: short, and without control characters but tabs and line ends, of which
/// those at its end do not matter.
pub fn help(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text)
        .ok()?
        .trim_end_matches(['\r', '\n']);
    let is_odd = |character: char| character.is_control() && !"\t\r\n".contains(character);
    (text.len() <= LONGEST_HELP && !text.chars().any(is_odd)).then_some(text)
}

/// One change of a batch, its key as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Any text.
    pub key: String,
    /// Its values are finite.
    pub action: Action,
    /// See [`help`].
    pub help: Option<String>,
}

/// Reads a batch: `{"k": 5, "j": {"add": 2}, "h": {"value": 1, "help": "..."}}`.
///
/// # Errors
/// Says what is wrong with it, and where.
pub fn batch(body: &[u8]) -> Result<Vec<Wish>, String> {
    let batch: Batch = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    Ok(batch.0)
}

struct Batch(Vec<Wish>);

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BatchVisitor)
    }
}

struct BatchVisitor;

impl<'de> Visitor<'de> for BatchVisitor {
    type Value = Batch;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of keys and their changes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Batch, A::Error> {
        let mut wishes = Vec::new();
        while let Some((key, wanted)) = map.next_entry::<String, Wanted>()? {
            if wishes.len() == MOST_CHANGES {
                return Err(A::Error::custom(format!("more than {MOST_CHANGES} keys")));
            }
            let Wanted { action, help } = wanted;
            wishes.push(Wish { key, action, help });
        }
        Ok(Batch(wishes))
    }
}

struct Wanted {
    action: Action,
    help: Option<String>,
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WantedVisitor)
    }
}

struct WantedVisitor;

impl WantedVisitor {
    fn put<E: Error>(value: f64) -> Result<Wanted, E> {
        let action = Action::Put(value);
        Ok(Wanted { action, help: None })
    }
}

impl<'de> Visitor<'de> for WantedVisitor {
    type Value = Wanted;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or an object")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Wanted, E> {
        Self::put(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Wanted, E> {
        Self::put(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Wanted, E> {
        Self::put(value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wanted, A::Error> {
        let members = Members::deserialize(MapAccessDeserializer::new(map))?;
        members.wanted().map_err(A::Error::custom)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    #[serde(default, deserialize_with = "given")]
    value: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    add: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    sub: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    inc: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    dec: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    help: Option<String>,
}

/// What is there is not null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(out: D) -> Result<Option<T>, D::Error> {
    T::deserialize(out).map(Some)
}

impl Members {
    fn wanted(self) -> Result<Wanted, &'static str> {
        if self.inc == Some(false) || self.dec == Some(false) {
            return Err("\"inc\" and \"dec\" are true where they are given");
        }
        let assign = |assignment| move |_: bool| Action::Assign(assignment);
        let actions = [
            self.value.map(Action::Put),
            self.add.map(|value| Action::Assign(Assignment::Add(value))),
            self.sub
                .map(|value| Action::Assign(Assignment::Add(-value))),
            self.inc.map(assign(Assignment::Increment)),
            self.dec.map(assign(Assignment::Add(-1.0))),
        ];
        let mut actions = actions.into_iter().flatten();
        let (Some(action), None) = (actions.next(), actions.next()) else {
            return Err("expected one of \"value\", \"add\", \"sub\", \"inc\" and \"dec\"");
        };
        let fits = self.help.as_deref().map(|text| help(text.as_bytes()));
        if fits == Some(None) {
            return Err("\"help\" is no text of at most 255 bytes without control characters");
        }
        let help = fits.flatten().filter(|help| !help.is_empty());
        let help = help.map(str::to_owned);
        Ok(Wanted { action, help })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_decimal_to_their_end() {
        for (text, value) in [
            ("5", 5.0),
            ("+5", 5.0),
            ("-0.5", -0.5),
            ("5.", 5.0),
            (".5", 0.5),
            ("12.000000", 12.0),
            ("1e+06", 1e6),
            ("1E-3", 0.001),
            (" \t7\r\n", 7.0),
            ("1e-400", 0.0),
            ("007", 7.0),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text:?}");
        }
        let long = format!("{}.000000", f64::MAX);
        assert_eq!(number(long.as_bytes()), Some(f64::MAX));
        for text in [
            "", " ", "x", "5x", "5 5", "0x10", "nan", "NaN", "inf", "-Inf", "infinity", "1e400",
            "1e", "e5", ".", "-", "--5", "1_000", "1,5", "5\0", "\u{a0}5", "٣",
        ] {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(number(b"\xff"), None);
        assert_eq!(number(&[b'1'; LONGEST_NUMBER + 1]), None);
    }

    #[test]
    fn help_is_a_short_text() {
        assert_eq!(help(b""), Some(""));
        assert_eq!(help("größer".as_bytes()), Some("größer"));
        assert_eq!(help(&[b'h'; 255]).map(str::len), Some(255));
        assert_eq!(help(b"a\tb\nc\r\n"), Some("a\tb\nc"));
        for text in [&[b'h'; 256][..], b"a\x1bb", b"\0", b"\xff", b"\xc2\x85"] {
            assert_eq!(help(text), None);
        }
    }

    #[test]
    fn a_batch_is_read() {
        let text = r#"{"k": 5, "j": {"add": 2}, "s": {"sub": 1.5}, "i": {"inc": true},
            "d": {"dec": true}, "h": {"value": -1, "help": "what"}, "e": {"value": 0, "help": ""}}"#;
        let read: Vec<(String, Action, Option<String>)> = batch(text.as_bytes())
            .unwrap()
            .into_iter()
            .map(|wish| (wish.key, wish.action, wish.help))
            .collect();
        let add = |value| Action::Assign(Assignment::Add(value));
        let expected = [
            ("k", Action::Put(5.0), None),
            ("j", add(2.0), None),
            ("s", add(-1.5), None),
            ("i", Action::Assign(Assignment::Increment), None),
            ("d", add(-1.0), None),
            ("h", Action::Put(-1.0), Some("what")),
            ("e", Action::Put(0.0), None),
        ]
        .map(|(key, action, help)| (key.to_owned(), action, help.map(str::to_owned)));
        assert_eq!(read, expected);
        assert_eq!(batch(b" {} "), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        for text in [
            "",
            "5",
            "[]",
            "null",
            "{",
            "{} x",
            r#"{"k": "5"}"#,
            r#"{"k": null}"#,
            r#"{"k": true}"#,
            r#"{"k": [5]}"#,
            r#"{"k": {}}"#,
            r#"{"k": {"help": "h"}}"#,
            r#"{"k": {"add": null}}"#,
            r#"{"k": {"add": "1"}}"#,
            r#"{"k": {"add": 1, "sub": 1}}"#,
            r#"{"k": {"add": 1, "add": 1}}"#,
            r#"{"k": {"value": 1, "inc": true}}"#,
            r#"{"k": {"inc": false}}"#,
            r#"{"k": {"inc": 1}}"#,
            r#"{"k": {"set": 1}}"#,
            r#"{"k": {"value": 1, "help": "a\u0001b"}}"#,
            r#"{"k": {"value": 1, "help": 5}}"#,
            r#"{"k": {"value": {"value": 1}}}"#,
            r#"{"k": 1e400}"#,
            r#"{"k": NaN}"#,
            r#"{"k": 0x10}"#,
            r#"{"k": 05}"#,
            r#"{5: 5}"#,
        ] {
            assert!(batch(text.as_bytes()).is_err(), "{text}");
        }
        assert!(batch(b"{\"\xff\": 1}").is_err());
    }

    #[test]
    fn deep_and_large_batches_are_refused() {
        let deep = |open: &str| format!("{{\"k\": {}", open.repeat(200_000));
        assert!(batch(deep("[").as_bytes()).is_err());
        assert!(batch(deep("{\"value\":").as_bytes()).is_err());
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|one| format!("\"k{one}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(batch(many(MOST_CHANGES).as_bytes()).unwrap().len(), 10_000);
        assert!(batch(many(MOST_CHANGES + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn a_printed_number_is_read_as_itself(value in proptest::num::f64::NORMAL) {
            prop_assert_eq!(number(format!("{value}").as_bytes()), Some(value));
            prop_assert_eq!(number(format!("{value:e}").as_bytes()), Some(value));
        }

        #[test]
        fn nothing_panics(body in proptest::collection::vec(any::<u8>(), 0..99)) {
            prop_assert!(number(&body).is_none_or(f64::is_finite));
            let _ = (help(&body), batch(&body));
        }
    }
}
