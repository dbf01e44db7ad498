//! Whether a text is PromQL that a signal can be made of: a grammar of its own, known to a crate.
//!
//! The tables of its parser were made when it was built, and are all that the crates it brings decode; a query is read
//! when a configuration is loaded, never while serving.

use std::thread;

use promql_parser::parser;
use promql_parser::parser::value::ValueType;

/// What is wrong with a query; nothing if it gives a vector or a scalar.
pub(super) fn objection(query: &str) -> Option<String> {
    let text = query.to_owned();
    // The tree of a query is taken apart recursively, however deep it is, and not every stack is large.
    let reader = thread::Builder::new().stack_size(STACK);
    let reader =
        reader.spawn(move || parser::parse(&text).map(|expression| expression.value_type()));
    let read = reader.map(|reader| reader.join());
    match read {
        Ok(Ok(Ok(ValueType::Vector | ValueType::Scalar))) => None,
        Ok(Ok(Ok(kind))) => Some(format!(
            "the query gives a {kind}, not a vector or a number"
        )),
        Ok(Ok(Err(objection))) => Some(objection),
        Ok(Err(_)) => Some("the query cannot be read".to_owned()),
        Err(error) => Some(format!("the query cannot be read ({error})")),
    }
}

/// More than the longest word of a configuration can need.
const STACK: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_signals_are_made_of() {
        for query in [
            "up",
            "1",
            "ALERTS{alertname=\"Overload\",alertstate=\"firing\"}",
            "avg(1 - rate(node_cpu_seconds_total{mode=\"idle\"}[1m]))",
            "sum by (job) (rate(x[5m] offset 1h)) > bool 0.1",
            "histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m])))",
            "max_over_time(sum(rate(x[1m]))[10m:1m])",
            "scalar(up) # a comment",
            "x @ start() unless on (a) y",
            "{__name__=~\"a.+\"}",
        ] {
            assert_eq!(objection(query), None, "{query}");
        }
    }

    #[test]
    fn queries_that_are_none() {
        for (query, part) in [
            ("", ""),
            ("sum(up", ""),
            ("up >", ""),
            ("rate(up)", "type"),
            ("nonsense(up)", "nonsense"),
            ("up{a=~\"(\"}", ""),
            ("up[5m]", "matrix"),
            ("\"up\"", "string"),
            ("{}", ""),
            ("up up", ""),
        ] {
            let objection = objection(query).unwrap_or_default();
            assert!(
                !objection.is_empty() && objection.contains(part),
                "{query}: {objection}"
            );
        }
    }

    #[test]
    fn the_deepest_there_can_be_is_read() {
        let deep = [
            format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
            format!("{}1", "-".repeat(4000)),
            "(".repeat(4000),
            "1+".repeat(2000) + "1",
            "1^".repeat(2000) + "1",
        ];
        for query in deep {
            assert_ne!(
                objection(&query).as_deref(),
                Some("the query cannot be read")
            );
        }
    }
}
