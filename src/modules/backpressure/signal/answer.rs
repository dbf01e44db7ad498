//! What a monitor answers: the JSON of Prometheus's `/api/v1/query`, of which a signal needs little.
//!
//! Labels and everything else are passed over without being kept. Whatever does not look as it must is no
//! answer, for a wrong number would close the window of a server that is well.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::status::prometheus::is_number;

/// What a signal takes of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one value, which is not negative: for a graded signal.
    Value,
    /// How many samples there are, or the value of a scalar: for a plain one.
    Presence,
}

/// The value that an answer has for a signal.
///
/// # Errors
/// Why it has none, in words for the log.
pub fn value(body: &[u8], wanted: Wanted) -> Result<f64, String> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| {
        format!(
            "the answer is not one of a query ({})",
            brief(&error.to_string())
        )
    })?;
    if answer.status != "success" {
        let what = answer.error.unwrap_or_else(|| answer.status.clone());
        return Err(format!("the query failed ({})", brief(&what)));
    }
    let data = answer.data.ok_or("the answer has no data")?;
    let value = match data.result_type.as_str() {
        "vector" => vector(&data.result, wanted),
        "scalar" => data.result.scalar().ok_or_else(nonsense),
        other => Err(format!("the result is a {}, not a vector", brief(other))),
    }?;
    match value {
        _ if value.is_nan() => Err("the value is not a number".to_owned()),
        _ if value < 0.0 => Err(format!("the value is negative ({value})")),
        _ => Ok(value),
    }
}

/// What a monitor says of a request it refuses.
pub fn refusal(body: &[u8]) -> Option<String> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    answer.error.map(|error| brief(&error))
}

fn vector(result: &Items, wanted: Wanted) -> Result<f64, String> {
    let are_samples = result
        .first
        .iter()
        .all(|item| matches!(item, Item::Sample(_)));
    match (wanted, result.count, result.first.first()) {
        _ if !are_samples => Err(nonsense()),
        (Wanted::Presence, count, _) => Ok(count as f64),
        (Wanted::Value, 1, Some(Item::Sample(Some(value)))) => Ok(*value),
        (Wanted::Value, 1, _) => Err("the sample has no value".to_owned()),
        (Wanted::Value, 0, _) => Err("the query found nothing".to_owned()),
        (Wanted::Value, count, _) => Err(format!("the query found {count} samples, not one")),
    }
}

fn nonsense() -> String {
    "the result is not what it is said to be".to_owned()
}

/// The beginning of a text from outside, as it may stand in a log.
fn brief(text: &str) -> String {
    let letters = text
        .chars()
        .take(LONGEST)
        .map(|letter| match letter.is_control() {
            true => ' ',
            false => letter,
        });
    letters.collect()
}

const LONGEST: usize = 200;

#[derive(Deserialize)]
struct Answer {
    status: String,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Items,
}

/// A list: how long it is, and its first two items.
#[derive(Default)]
struct Items {
    count: u64,
    first: Vec<Item>,
}

/// One of a result.
enum Item {
    /// An object, with the number that its `value` holds.
    Sample(Option<f64>),
    /// A number.
    Number,
    /// A number that is written as a text, as values are.
    Value(f64),
    /// Something else.
    Other,
}

impl Items {
    /// The value of a pair of a moment and a value.
    fn scalar(&self) -> Option<f64> {
        match (self.count, self.first.as_slice()) {
            (2, [Item::Number, Item::Value(value)]) => Some(*value),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items, A::Error> {
        let mut items = Items::default();
        while let Some(item) = list.next_element()? {
            items.count += 1;
            if items.first.len() < 2 || !matches!(item, Item::Sample(_)) {
                items.first.truncate(1);
                items.first.push(item);
            }
        }
        Ok(items)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut value = None;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "value" => value = map.next_value::<Items>()?.scalar(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Item::Sample(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Item::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        let number = is_number(text.as_bytes()).then(|| text.parse().ok());
        Ok(number.flatten().map_or(Item::Other, Item::Value))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Item, E> {
        Ok(Item::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Item, E> {
        Ok(Item::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Item, E> {
        Ok(Item::Number)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Item, E> {
        Ok(Item::Other)
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(body: &str) -> [Result<f64, String>; 2] {
        [Wanted::Value, Wanted::Presence].map(|wanted| value(body.as_bytes(), wanted))
    }

    fn result(kind: &str, result: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result},"stats":[{{}}]}},"warnings":["x"]}}"#
        )
    }

    fn sample(value: &str) -> String {
        format!(
            r#"{{"metric":{{"__name__":"up","value":"[1,2]"}},"value":[1435781451.781,"{value}"]}}"#
        )
    }

    fn fails(answer: &Result<f64, String>, part: &str) -> bool {
        answer.as_ref().is_err_and(|reason| reason.contains(part))
    }

    #[test]
    fn one_sample() {
        for (text, number) in [
            ("1", 1.0),
            ("0.25", 0.25),
            ("1e+06", 1e6),
            ("+Inf", f64::INFINITY),
        ] {
            let body = result("vector", &format!("[{}]", sample(text)));
            assert_eq!(both(&body), [Ok(number), Ok(1.0)], "{body}");
        }
    }

    #[test]
    fn none_and_several() {
        let [graded, plain] = both(&result("vector", "[]"));
        assert!(fails(&graded, "nothing") && plain == Ok(0.0));
        let three = format!("[{0},{0},{0}]", sample("1"));
        let [graded, plain] = both(&result("vector", &three));
        assert!(fails(&graded, "3 samples") && plain == Ok(3.0));
    }

    #[test]
    fn scalars() {
        let body = result("scalar", "[1435781451,\"2.5\"]");
        assert_eq!(both(&body), [Ok(2.5), Ok(2.5)]);
        for list in [
            "[]",
            "[1]",
            "[1,2]",
            "[1,\"x\"]",
            "[\"1\",\"2\"]",
            "[1,\"2\",3]",
            "[{},{}]",
        ] {
            let answers = both(&result("scalar", list));
            assert!(
                answers.iter().all(|answer| fails(answer, "said to be")),
                "{list}"
            );
        }
    }

    #[test]
    fn values_that_are_none() {
        for (text, part) in [
            ("NaN", "not a number"),
            ("-1", "negative"),
            ("-Inf", "negative"),
        ] {
            let [graded, plain] = both(&result("vector", &format!("[{}]", sample(text))));
            assert!(fails(&graded, part), "{text}: {graded:?}");
            assert_eq!(plain, Ok(1.0));
            let scalar = both(&result("scalar", &format!("[1,\"{text}\"]")));
            assert!(
                scalar.iter().all(|answer| fails(answer, part)),
                "{scalar:?}"
            );
        }
        for item in [
            sample("x"),
            sample(""),
            "{}".into(),
            r#"{"value":[]}"#.into(),
            r#"{"histogram":[1,{}]}"#.into(),
        ] {
            let [graded, _] = both(&result("vector", &format!("[{item}]")));
            assert!(fails(&graded, "no value"), "{item}: {graded:?}");
        }
    }

    #[test]
    fn nonsense_is_no_answer() {
        let deep = "[".repeat(100_000);
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "up 1",
            "<html>",
            "\u{0}",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":{}}"#,
            r#"{"status":1}"#,
            r#"{"status":"success","status":"success"}"#,
            &result("vector", "null"),
            &result("vector", "{}"),
            &result("vector", "[1]"),
            &result("vector", &format!("[{},[]]", sample("1"))),
            &result("vector", &format!("[{0},{0},{0},true,{0}]", sample("1"))),
            &result("matrix", "[]"),
            &result("string", "[1,\"x\"]"),
            &result("vector", &deep),
            &format!("{}x", result("vector", "[]")),
        ] {
            let shown = &body[..body.len().min(200)];
            assert!(both(body).iter().all(Result::is_err), "{shown}");
        }
    }

    #[test]
    fn what_the_monitor_complains_of_is_told() {
        let body = "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"un\\nknown\"}";
        assert!(both(body).iter().all(|answer| fails(answer, "un known")));
        assert_eq!(refusal(body.as_bytes()).as_deref(), Some("un known"));
        assert_eq!(refusal(b"<html>"), None);
        let odd = format!(
            "{{\"status\":\"success\",\"data\":\"{}\"}}",
            "x".repeat(10_000)
        );
        let long = format!(
            "{{\"status\":\"error\",\"error\":\"{}\"}}",
            "x".repeat(10_000)
        );
        for body in [odd, long] {
            let is_short =
                |answer: &Result<f64, String>| answer.as_ref().is_err_and(|text| text.len() < 300);
            assert!(both(&body).iter().all(is_short));
        }
    }

    proptest! {
        /// Whatever becomes of a right answer on its way: a value that a signal can have, or a short reason.
        #[test]
        fn no_answer_is_a_surprise(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            rest in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut body = result("vector", &format!("[{}]", sample("1"))).into_bytes();
            for (place, byte) in changes {
                let place = place.index(body.len());
                body[place] = byte;
            }
            body.extend(rest);
            for wanted in [Wanted::Value, Wanted::Presence] {
                match value(&body, wanted) {
                    Ok(value) => prop_assert!(value >= 0.0),
                    Err(reason) => prop_assert!(reason.chars().count() < 300 && !reason.contains('\n')),
                }
            }
        }

        #[test]
        fn what_was_cut_is_no_answer(cut in 0_usize..150) {
            let body = result("vector", &format!("[{}]", sample("1")));
            prop_assert!(value(&body.as_bytes()[..cut.min(body.len() - 1)], Wanted::Presence).is_err());
        }
    }
}
