//! The name of a family, made from a key.
//!
//! Keys come from clients. One that is a metric name, perhaps with labels behind it, stays as it is; of
//! any other, letters become lower case, `-` and blanks become `_`, and what cannot be in a name is dropped.

use crate::status::prometheus::{is_metric_name, labels};

/// A family and one series of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub name: String,
    /// Names with values as they are escaped, in the key's order.
    pub labels: Vec<(String, String)>,
}

impl Named {
    /// What `key` stands for; nothing if no name can be made of it.
    pub(super) fn of(prefix: &str, key: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(key);
        // A byte that was replaced is not what the key says.
        let brace = text
            .find('{')
            .filter(|_| !text.contains(char::REPLACEMENT_CHARACTER));
        let labelled = brace.and_then(|brace| Some((&text[..brace], labels(&text[brace..])?)));
        let (bare, labels) = labelled.unwrap_or((&text, Vec::new()));
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let whole = format!("{prefix}{bare}");
        let name = match !bare.is_empty() && is_metric_name(whole.as_bytes()) {
            true => whole,
            false => format!(
                "{prefix}{}",
                Some(sanitised(bare)).filter(|name| !name.is_empty())?
            ),
        };
        is_metric_name(name.as_bytes()).then(|| Self {
            name,
            labels: labels.into_iter().map(owned).collect(),
        })
    }

    /// The labels as a page shows them, without braces.
    pub(super) fn text(&self) -> String {
        joined(self.labels.iter())
    }

    /// Equal for what scrapers take for the same series of a family: the order of labels is nothing to
    /// them, nor is a label without a value.
    pub(super) fn identity(&self) -> String {
        let mut labels: Vec<_> = self
            .labels
            .iter()
            .filter(|label| !label.1.is_empty())
            .collect();
        labels.sort();
        joined(labels.into_iter())
    }

    /// Whether a label is there already.
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|(name, _)| name == label)
    }
}

fn joined<'a>(labels: impl Iterator<Item = &'a (String, String)>) -> String {
    let shown: Vec<String> = labels
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    shown.join(",")
}

/// What of `text` can be in a name.
pub(super) fn sanitised(text: &str) -> String {
    let changed = text.chars().map(|letter| match letter {
        '-' | ' ' => '_',
        letter => letter.to_ascii_lowercase(),
    });
    changed
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::status::prometheus::is_sample;

    fn shown(prefix: &str, key: &[u8]) -> Option<String> {
        let named = Named::of(prefix, key)?;
        Some(format!("{} {}", named.name, named.text()))
    }

    #[test]
    fn keys_become_names() {
        let cases: &[(&str, &[u8], Option<&str>)] = &[
            ("", b"kills", Some("kills ")),
            ("", b"Kills:total", Some("Kills:total ")),
            ("app_", b"kills", Some("app_kills ")),
            ("", b"My-Metric X!", Some("my_metric_x ")),
            ("", b"9lives", None),
            ("app_", b"9lives", Some("app_9lives ")),
            ("", b"!", None),
            ("app_", b"!", None),
            ("app_", b"", None),
            ("", b"a\xffb", Some("ab ")),
            ("", b"jobs{job=\"backup\"}", Some("jobs job=\"backup\"")),
            (
                "p:",
                b"jobs{ job = \"a\\\"}\" , b=\"2\", }",
                Some("p:jobs job=\"a\\\"}\",b=\"2\""),
            ),
            ("", b"My jobs{job=\"x\"}", Some("my_jobs job=\"x\"")),
            ("", b"{job=\"x\"}", None),
            ("", b"jobs{job=\"x\"", Some("jobsjobx ")),
            ("", b"jobs{job=\"\xff\"}", Some("jobsjob ")),
            ("", b"jobs{__name__=\"x\"}", Some("jobs__name__x ")),
            ("", b"jobs{} 1\nx", Some("jobs_1x ")),
            ("", b"jobs{}", Some("jobs ")),
        ];
        for (prefix, key, expected) in cases {
            assert_eq!(
                shown(prefix, key).as_deref(),
                *expected,
                "{}",
                key.escape_ascii()
            );
        }
    }

    #[test]
    fn the_same_series_is_known_in_any_form() {
        let identity = |key: &[u8]| Named::of("", key).map(|named| named.identity());
        assert_eq!(
            identity(b"a{b=\"1\",c=\"2\"}"),
            identity(b"a{c=\"2\", b=\"1\", d=\"\"}")
        );
        assert_ne!(identity(b"a{b=\"1\"}"), identity(b"a{b=\"2\"}"));
    }

    proptest! {
        #[test]
        fn any_key_makes_a_sample_that_is_read_or_none(
            key in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'{'), Just(b'}'), Just(b'"'), Just(b'='),
                Just(b','), Just(b'\\'), Just(b'\n'), Just(b'1'), any::<u8>()], 0..12),
        ) {
            for prefix in ["", "p_"] {
                if let Some(named) = Named::of(prefix, &key) {
                    let sample = format!("{}{{{}}}", named.name, named.text());
                    prop_assert!(is_sample(sample.as_bytes()), "{sample}");
                }
            }
        }
    }
}
