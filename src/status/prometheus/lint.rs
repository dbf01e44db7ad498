//! What a style guide for metrics objects to; the rules are those of `promtool check metrics`, or nearly so.

use super::{Families, is_metric_name, is_type};

impl Families {
    /// What there is to object to the statements, each with the number of one.
    pub fn objections(&self) -> Vec<(usize, String)> {
        let families = self.families.iter().flat_map(|family| {
            let labels = family
                .members
                .iter()
                .filter_map(|member| member.labels.clone());
            let labels: Vec<String> = labels.flatten().collect();
            let kind = family.kind.as_deref().filter(|kind| is_type(kind));
            let all = objections_to(&family.name, kind, family.help.as_deref(), &labels);
            all.into_iter().map(|text| (family.first(), text))
        });
        families.collect()
    }
}

/// What there is to object to a family.
pub fn objections_to(
    name: &str,
    kind: Option<&str>,
    help: Option<&str>,
    labels: &[String],
) -> Vec<String> {
    if !is_metric_name(name.as_bytes()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut object = |text: &str| found.push(format!("metric \"{name}\" {text}"));
    if help.is_none_or(str::is_empty) {
        object("has no help");
    }
    match (kind, name.ends_with("_total")) {
        (Some("counter"), false) => object("is a counter and should end in \"_total\""),
        (Some("gauge" | "histogram" | "summary"), true) => {
            object("is not a counter and should not end in \"_total\"");
        }
        _ => {}
    }
    if kind.is_some_and(|kind| kind != "untyped") {
        reserved(name, kind, labels, &mut object);
    }
    if name.contains(':') {
        object("should not contain \":\", which is for recording rules");
    }
    if is_camel(name) {
        object("should be in snake_case");
    }
    if labels.iter().any(|label| is_camel(label)) {
        object("has a label that should be in snake_case");
    }
    units(name, &mut object);
    found
}

/// What only some types may have.
fn reserved(name: &str, kind: Option<&str>, labels: &[String], object: &mut impl FnMut(&str)) {
    let is_histogram = kind == Some("histogram");
    let is_summary = kind == Some("summary");
    let has = |label: &str| labels.iter().any(|name| name == label);
    if !is_histogram && name.ends_with("_bucket") {
        object("is not a histogram and should not end in \"_bucket\"");
    }
    for suffix in ["_count", "_sum"] {
        if !is_histogram && !is_summary && name.ends_with(suffix) {
            object(&format!(
                "is neither histogram nor summary and should not end in \"{suffix}\""
            ));
        }
    }
    if !is_histogram && has("le") {
        object("is not a histogram and should have no label \"le\"");
    }
    if !is_summary && has("quantile") {
        object("is not a summary and should have no label \"quantile\"");
    }
    let of_type = |word: &&str| ["counter", "gauge", "histogram", "summary"].contains(word);
    if let Some(word) = name.split('_').skip(1).find(of_type) {
        object(&format!("should not have its type \"{word}\" in its name"));
    }
}

fn is_camel(name: &str) -> bool {
    let pairs = name.as_bytes().windows(2);
    pairs
        .into_iter()
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

fn units(name: &str, object: &mut impl FnMut(&str)) {
    let name = name.to_ascii_lowercase();
    let mut words = name.split('_');
    if let Some(word) = words.clone().find(|word| ABBREVIATED.contains(word)) {
        object(&format!("should not abbreviate the unit \"{word}\""));
    }
    if let Some((word, base)) = words.find_map(|word| Some((word, base_unit(word)?))) {
        object(&format!(
            "should use the base unit \"{base}\", not \"{word}\""
        ));
    }
}

const ABBREVIATED: [&str; 14] = [
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
];

/// The base unit of a word that is another unit.
fn base_unit(word: &str) -> Option<&'static str> {
    let other = OTHER_UNITS.iter().find(|(units, _)| units.contains(&word));
    other.map(|(_, base)| *base).or_else(|| {
        let multiple = |base: &&&str| {
            let prefix = word.strip_suffix(**base);
            prefix.is_some_and(|prefix| PREFIXES.contains(&prefix))
        };
        BASE_UNITS.iter().find(multiple).copied()
    })
}

const BASE_UNITS: [&str; 10] = [
    "amperes", "bytes", "celsius", "grams", "joules", "meters", "metres", "moles", "seconds",
    "volts",
];

const OTHER_UNITS: [(&[&str], &str); 6] = [
    (&["minutes", "hours", "days", "weeks"], "seconds"),
    (&["kelvins", "fahrenheit", "rankine"], "celsius"),
    (&["inches", "yards", "miles"], "meters"),
    (&["bits"], "bytes"),
    (&["calories"], "joules"),
    (&["pounds", "ounces"], "grams"),
];

const PREFIXES: [&str; 18] = [
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega",
    "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_objected_to() {
        let cases: [(&str, Option<&str>, &[&str], &str); 17] = [
            ("requests_total", Some("counter"), &["code"], ""),
            ("requests", Some("counter"), &[], "end in \"_total\""),
            (
                "requests_total",
                Some("gauge"),
                &[],
                "not end in \"_total\"",
            ),
            ("requests_total", None, &[], ""),
            ("seconds_sum", Some("gauge"), &[], "not end in \"_sum\""),
            (
                "seconds_bucket",
                Some("gauge"),
                &["le"],
                "not end in \"_bucket\"",
            ),
            ("times", Some("gauge"), &["le"], "no label \"le\""),
            ("times", None, &["le"], ""),
            ("times", Some("histogram"), &["le"], ""),
            ("a:b", Some("gauge"), &[], "recording"),
            ("fooBar", Some("gauge"), &[], "snake_case"),
            ("foo", Some("gauge"), &["barBaz"], "label"),
            (
                "wait_milliseconds",
                Some("gauge"),
                &[],
                "\"seconds\", not \"milliseconds\"",
            ),
            (
                "wait_minutes",
                Some("gauge"),
                &[],
                "\"seconds\", not \"minutes\"",
            ),
            ("wait_ms", Some("gauge"), &[], "abbreviate"),
            ("memory_gauge", Some("gauge"), &[], "its type \"gauge\""),
            ("used_kilobytes", None, &[], "\"bytes\""),
        ];
        for (name, kind, labels, expected) in cases {
            let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
            let found = objections_to(name, kind, Some("A text."), &labels).join("\n");
            assert!(found.contains(expected), "{name}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{name}: {found}");
        }
        assert!(objections_to("a", None, None, &[])[0].contains("no help"));
    }
}
