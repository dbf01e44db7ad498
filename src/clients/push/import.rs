//! State files of MetricNexus: what its server writes once a minute, and this one takes over.

use std::path::Path;

use serde::Deserialize;

use crate::clients::access;
use crate::clients::say;

/// A metric of the file.
#[derive(Debug, Deserialize)]
pub(super) struct Metric {
    pub(super) key: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) value: f64,
}

#[derive(Debug, Deserialize)]
struct State {
    #[serde(default)]
    metrics: Vec<Metric>,
}

/// The metrics of a file, all of them fit to be sent.
pub(super) fn read(file: &Path) -> Result<Vec<Metric>, String> {
    let text = access::read(file)?;
    let name = file.display();
    let metrics = parse(&text).map_err(|problem| format!("\"{name}\": {problem}"))?;
    let cut = |mut metric: Metric| {
        let description = short(&metric.description);
        if description != metric.description {
            let key = &metric.key;
            say(&format!(
                "the description of \"{key}\" is cut to {LONGEST_HELP} bytes of text"
            ));
            metric.description = description;
        }
        metric
    };
    Ok(metrics.into_iter().map(cut).collect())
}

fn parse(text: &[u8]) -> Result<Vec<Metric>, String> {
    let state: State = serde_yaml::from_slice(text).map_err(|error| error.to_string())?;
    if state.metrics.is_empty() {
        return Err("there is no metric in it".to_owned());
    }
    for metric in &state.metrics {
        let Metric { key, value, .. } = metric;
        if key.is_empty() {
            return Err("a metric has an empty key".to_owned());
        }
        if !value.is_finite() {
            return Err(format!(
                "the value of \"{key}\" is {value}, which is no number to set"
            ));
        }
    }
    Ok(state.metrics)
}

/// A description as servers take it.
fn short(description: &str) -> String {
    let mut text: String = description.trim_end().chars().map(plain).collect();
    while text.len() > LONGEST_HELP {
        text.pop();
    }
    text
}

fn plain(character: char) -> char {
    let is_kept = !character.is_control() || matches!(character, '\n' | '\t');
    if is_kept { character } else { ' ' }
}

/// Servers take no longer help.
const LONGEST_HELP: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_they_are_written() {
        let text = "metrics:\n    - key: uptime\n      description: 'it''s up: \"yes\"'\n      value: 12.5\n\
                    \n    - key: \"123\"\n      description: |-\n        two\n        lines\n      value: 1e+21\n";
        let metrics = parse(text.as_bytes()).unwrap();
        let told: Vec<_> = metrics
            .iter()
            .map(|one| (one.key.as_str(), one.description.as_str(), one.value))
            .collect();
        let expected = [
            ("uptime", "it's up: \"yes\"", 12.5),
            ("123", "two\nlines", 1e21),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_cannot_be_set_is_told_before_anything_is_sent() {
        for (text, part) in [
            ("", "metric"),
            ("metrics: []", "no metric"),
            ("metrics:\n- key: a\n  value: .nan\n", "\"a\""),
            ("metrics:\n- key: a\n  value: -.inf\n", "\"a\""),
            ("metrics:\n- key: ''\n  value: 1\n", "empty key"),
            ("metrics:\n- key: a\n", "value"),
            ("metrics:\n- key: a\n  value: x\n", "value"),
            ("metrics: {", ""),
            ("- 1", ""),
            ("a: &a [*a]", ""),
        ] {
            let problem = parse(text.as_bytes()).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
        assert!(parse(b"\xff\xfe").is_err());
    }

    #[test]
    fn descriptions_are_as_long_as_servers_take_them() {
        assert_eq!(short("as it is\n"), "as it is");
        assert_eq!(short("a\u{1b}b\tc"), "a b\tc");
        assert_eq!(short(&"ü".repeat(200)).len(), 254);
    }
}
