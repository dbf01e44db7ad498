//! The name of a family, made from a key.
//!
//! Keys come from clients. One that is a metric name, perhaps with labels behind it, stays as it is; of
//! any other, each letter that cannot stay becomes `_`, as Prometheus escapes names itself. So different keys
//! may come to one name: the one that is the name has it, else the first of them, and the others are left out.
//! Keys that differ only in how they write the same labels are one series.

use std::borrow::Cow;

use crate::status::prometheus::{is_metric_name, labels, unbroken};

/// A series of a family, as it is written in one text, which sorts as series are to be sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Series<'t> {
    pub name: &'t str,
    /// The name before it was changed; empty if it was not.
    pub bent: &'t [u8],
    /// Without braces, sorted, none without a value: what a scraper takes for the same series is equal.
    pub labels: &'t [u8],
}

/// Stands in no name, before all that does.
const END: u8 = 0;
/// Stands in no name, behind [`END`] and before all that does.
pub(super) const BEHIND: u8 = 1;

impl<'t> Series<'t> {
    /// Appends the text of the series that `key` stands for, except with this label; false if no name can be
    /// made of it.
    pub(super) fn write(prefix: &str, key: &[u8], except: Option<&str>, out: &mut Vec<u8>) -> bool {
        let text = String::from_utf8_lossy(key);
        let brace = text.find('{');
        let labelled = brace.and_then(|brace| Some((&text[..brace], labels(&text[brace..])?)));
        let (bare, labels) = labelled.unwrap_or((&text, Vec::new()));
        if bare.is_empty() || labels.iter().any(|(name, _)| Some(*name) == except) {
            return false;
        }
        let start = out.len();
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(bare.as_bytes());
        let is_bent = !is_metric_name(&out[start..]);
        if is_bent {
            out.truncate(start + prefix.len());
            let at = out.len() - start;
            out.extend(
                bare.chars()
                    .enumerate()
                    .map(|(place, letter)| fit(at + place, letter)),
            );
        }
        out.push(END);
        let bent = if is_bent { bare.as_bytes() } else { b"" };
        // A key of 255 bytes may be three times as long once what is ill-formed is replaced.
        out.extend_from_slice(&u16::try_from(bent.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(bent);
        write_labels(labels, out);
        true
    }

    /// The series of a text that was written so.
    pub(super) fn read(text: &'t [u8]) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == END)?;
        let (name, rest) = (&text[..end], &text[end + 1..]);
        let (length, rest) = rest.split_first_chunk()?;
        let (bent, labels) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Self {
            name: str::from_utf8(name).ok()?,
            bent,
            labels,
        })
    }
}

/// Appends labels, whose values are escaped, sorted and without those of no value.
fn write_labels(labels: Vec<(&str, &str)>, out: &mut Vec<u8>) {
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    let mut labels: Vec<(&str, Cow<'_, str>)> = labels
        .map(|(name, value)| (name, unbroken(value)))
        .collect();
    labels.sort_unstable();
    for (number, (name, value)) in labels.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        for part in [name, "=\"", value, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// What stands in a name for a letter in this place.
fn fit(place: usize, letter: char) -> u8 {
    let fits = match letter {
        '0'..='9' => place > 0,
        letter => letter.is_ascii_alphabetic() || matches!(letter, '_' | ':'),
    };
    match u8::try_from(letter) {
        Ok(byte) if fits => byte,
        _ => b'_',
    }
}

/// `text` as a name, or as a part of one if it does not begin with a digit.
pub(super) fn sanitised(text: &str) -> String {
    let fit = |letter| char::from(fit(1, letter));
    text.chars().map(fit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::status::prometheus::is_sample;

    fn shown(prefix: &str, key: &[u8]) -> Option<String> {
        let mut text = Vec::new();
        Series::write(prefix, key, Some("le"), &mut text).then(|| {
            let series = Series::read(&text).unwrap();
            let labels = String::from_utf8_lossy(series.labels);
            format!("{} {labels}", series.name)
        })
    }

    #[test]
    fn keys_become_names() {
        let cases: &[(&str, &[u8], Option<&str>)] = &[
            ("", b"kills", Some("kills ")),
            ("", b"Kills:total", Some("Kills:total ")),
            ("app_", b"kills", Some("app_kills ")),
            ("", b"http.requests", Some("http_requests ")),
            ("", b"a/b", Some("a_b ")),
            ("", b"My-Metric X!", Some("My_Metric_X_ ")),
            ("", b"9lives", Some("_lives ")),
            ("app_", b"9lives", Some("app_9lives ")),
            ("", b"!", Some("_ ")),
            ("app_", b"", None),
            ("", b"a\xffb", Some("a_b ")),
            ("", "größe".as_bytes(), Some("gr__e ")),
            ("", b"jobs{job=\"backup\"}", Some("jobs job=\"backup\"")),
            (
                "p:",
                b"jobs{ job = \"a\\\"}\" , b=\"2\", }",
                Some("p:jobs b=\"2\",job=\"a\\\"}\""),
            ),
            ("", b"My jobs{job=\"x\"}", Some("My_jobs job=\"x\"")),
            ("", b"{job=\"x\"}", None),
            ("", b"jobs{le=\"x\"}", None),
            ("", b"jobs{job=\"x\"", Some("jobs_job__x_ ")),
            (
                "",
                b"jobs{job=\"\xff\r\"}",
                Some("jobs job=\"\u{fffd}\u{fffd}\""),
            ),
            ("", b"jobs{__name__=\"x\"}", Some("jobs___name____x__ ")),
            ("", b"jobs{} 1\nx", Some("jobs___1_x ")),
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
        let text = |key: &[u8]| {
            let mut text = Vec::new();
            assert!(Series::write("", key, None, &mut text));
            text
        };
        assert_eq!(
            text(b"a{b=\"1\",c=\"2\"}"),
            text(b"a{c=\"2\", b=\"1\", d=\"\"}")
        );
        assert_eq!(text(b"a\xff"), text(b"a\xfe"));
        assert_ne!(text(b"a{b=\"1\"}"), text(b"a{b=\"2\"}"));
        // A name as it is comes before those that were made it, and none is mixed with others.
        let mut texts = [&b"a.b"[..], b"a_b", b"a_b{c=\"1\"}", b"a-b", b"a_bc", b"a_"].map(text);
        texts.sort();
        let bent = texts.iter().map(|text| Series::read(text).unwrap().bent);
        assert_eq!(
            bent.collect::<Vec<_>>(),
            [&b""[..], b"", b"", b"a-b", b"a.b", b""]
        );
    }

    proptest! {
        #[test]
        fn any_key_makes_a_sample_that_is_read_or_none(
            key in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'{'), Just(b'}'), Just(b'"'), Just(b'='),
                Just(b','), Just(b'\\'), Just(b'\n'), Just(b'1'), any::<u8>()], 0..12),
        ) {
            for prefix in ["", "p_"] {
                let mut text = b"before".to_vec();
                if Series::write(prefix, &key, None, &mut text) {
                    let series = Series::read(&text[6..]).unwrap();
                    let labels = String::from_utf8(series.labels.to_vec()).unwrap();
                    let sample = format!("{}{{{labels}}}", series.name);
                    prop_assert!(is_sample(sample.as_bytes()), "{sample}");
                } else {
                    let is_nameless = matches!(key.first(), None | Some(b'{'));
                    prop_assert!(is_nameless);
                }
            }
        }
    }
}
