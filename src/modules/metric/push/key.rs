//! The keys that clients may write to: a name that Prometheus can show, and labels.
//!
//! Whatever comes is bent into a name or refused, so that a page made of the keys is always in order.
//! One set of labels has one form: sorted by name, escaped, and without labels of no value, which for
//! Prometheus are not there. A name with a slash is no family's and is taken as it is.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::http::message::uri;
use crate::metric::{KEY_LIMIT, KeyWriter, join, parts, split};

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// There is nothing, or nothing is left of it.
    #[error("The key is empty.")]
    Empty,
    /// Names do not begin so.
    #[error("The key \"{0}\" begins with a digit.")]
    Digit(String),
    /// With its labels.
    #[error("The key is longer than 255 bytes.")]
    TooLong,
    /// Not `name{label="value",...}`.
    #[error("The key \"{0}\" is not a name with labels.")]
    Malformed(String),
    /// Not a name that labels may have.
    #[error("There cannot be a label \"{0}\".")]
    Label(String),
    /// A query argument without `=`.
    #[error("The label \"{0}\" has no value.")]
    NoValue(String),
    /// Its value is no text.
    #[error("The value of label \"{0}\" is not UTF-8.")]
    NotText(String),
    /// There are two of it.
    #[error("The label \"{0}\" is given twice.")]
    Twice(String),
    /// It has another number of parts than its zone has labels.
    #[error("The key \"{0}\" is not one word for each of the labels {1}.")]
    Parts(String, String),
    /// What found no place is counted there.
    #[error("The key \"{0}\" is reserved.")]
    Reserved(String),
}

/// Labels, sorted by name, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<(String, String)>);

impl Labels {
    /// Those of a query: arguments with their values, percent-decoded.
    ///
    /// # Errors
    /// When an argument cannot be a label.
    pub fn of_query(query: &[u8]) -> Result<Self, BadKey> {
        let mut labels = Vec::new();
        for pair in query.split(|byte| *byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at(equals.unwrap_or(pair.len()));
            let name = lossy(&decode(name));
            let value = value
                .strip_prefix(b"=")
                .ok_or_else(|| BadKey::NoValue(name.clone()))?;
            let value = String::from_utf8(decode(value));
            let value = value.map_err(|_| BadKey::NotText(name.clone()))?;
            labels.push((name, value));
        }
        Self::new(labels)
    }

    fn new(mut labels: Vec<(String, String)>) -> Result<Self, BadKey> {
        labels.sort_unstable();
        if let Some(two) = labels.windows(2).find(|two| two[0].0 == two[1].0) {
            return Err(BadKey::Twice(two[0].0.clone()));
        }
        match labels.iter().find(|(name, _)| !is_label(name)) {
            Some((name, _)) => Err(BadKey::Label(name.clone())),
            None => Ok(Self(labels)),
        }
    }

    fn and(&self, others: Vec<(String, String)>) -> Result<Self, BadKey> {
        if others.is_empty() {
            return Ok(self.clone());
        }
        Self::new(self.0.iter().cloned().chain(others).collect())
    }

    /// Appends `{name="value",...}`, or nothing.
    fn write(&self, out: &mut Vec<u8>) {
        let mut open = b'{';
        for (name, value) in self.0.iter().filter(|(_, value)| !value.is_empty()) {
            out.push(open);
            open = b',';
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            for byte in value.bytes() {
                match byte {
                    b'\n' => out.extend_from_slice(b"\\n"),
                    b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                    byte => out.push(byte),
                }
            }
            out.push(b'"');
        }
        if open == b',' {
            out.push(b'}');
        }
    }
}

/// What keys of a zone may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Any.
    Any,
    /// Those of histograms, which have the label `le` to themselves.
    WithoutLe,
    /// Those of a zone with these labels.
    Parts(Arc<[String]>),
}

impl Keys {
    /// The key of a name as it stands in a path, and of labels.
    ///
    /// # Errors
    /// When it cannot be a key.
    pub fn named(&self, name: &[u8], labels: &Labels) -> Result<Vec<u8>, BadKey> {
        if let Self::Parts(names) = self {
            return of_parts(names, name, labels);
        }
        if *self == Self::WithoutLe && labels.0.iter().any(|(name, _)| name == "le") {
            return Err(BadKey::Label("le".to_owned()));
        }
        let mut key = if name.contains(&b'/') {
            if !labels.0.is_empty() && name.contains(&b'{') {
                return Err(BadKey::Malformed(lossy(name)));
            }
            name.to_vec()
        } else {
            sanitised(name)?
        };
        labels.write(&mut key);
        if key.len() > KEY_LIMIT {
            return Err(BadKey::TooLong);
        }
        Ok(key)
    }

    /// The key of a text that may have labels of its own, `name{label="value"}`, beside others.
    ///
    /// # Errors
    /// When it cannot be a key.
    pub fn written(&self, text: &str, labels: &Labels) -> Result<Vec<u8>, BadKey> {
        if matches!(self, Self::Parts(_)) && !text.starts_with('{') {
            return self.named(text.as_bytes(), labels);
        }
        let brace = text.find('{').filter(|brace| !text[..*brace].contains('/'));
        let Some(brace) = brace else {
            return self.named(text.as_bytes(), labels);
        };
        let own = read_labels(&text[brace..]).ok_or_else(|| BadKey::Malformed(text.to_owned()))?;
        self.named(&text.as_bytes()[..brace], &labels.and(own)?)
    }
}

impl Keys {
    /// Whether keys have parts that arguments of a query name, as some of these do.
    pub fn are_named_by(&self, query: &[u8]) -> bool {
        let Self::Parts(names) = self else {
            return false;
        };
        query.split(|byte| *byte == b'&').any(|pair| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let name = decode(name);
            names.iter().any(|label| label.as_bytes() == name)
        })
    }

    /// A key for people to read.
    pub fn shown(&self, key: &[u8]) -> String {
        let mut shown = Vec::new();
        match self {
            Self::Parts(names) => join(parts(key, names.len()), false, &mut shown),
            Self::Any | Self::WithoutLe => shown.extend_from_slice(key),
        }
        lossy(&shown)
    }
}

/// The key whose parts are words of a text or, without one, have the values of labels.
fn of_parts(names: &[String], text: &[u8], labels: &Labels) -> Result<Vec<u8>, BadKey> {
    let mut key = Vec::new();
    let mut writer = KeyWriter::new(&mut key);
    if text.is_empty() {
        if let Some((name, _)) = labels.0.iter().find(|(name, _)| !names.contains(name)) {
            return Err(BadKey::Label(name.clone()));
        }
        for name in names {
            let value = labels.0.iter().find(|(label, _)| label == name);
            let value = value.map_or("", |(_, value)| value);
            writer.part(|out| out.extend_from_slice(value.as_bytes()));
        }
    } else {
        let words = split(text).filter(|words| words.len() == names.len() && labels.0.is_empty());
        let words = words.ok_or_else(|| BadKey::Parts(lossy(text), names.join(", ")))?;
        for word in &words {
            writer.part(|out| out.extend_from_slice(word));
        }
    }
    match (writer.finish(), key.is_empty()) {
        (false, _) => Err(BadKey::TooLong),
        (true, true) => Err(BadKey::Empty),
        (true, false) => Ok(key),
    }
}

/// Lower-case letters, digits and underscores, as the original makes them.
fn sanitised(name: &[u8]) -> Result<Vec<u8>, BadKey> {
    let bent = name.iter().filter_map(|byte| match byte {
        b'-' | b' ' => Some(b'_'),
        b'_' => Some(b'_'),
        byte if byte.is_ascii_alphanumeric() => Some(byte.to_ascii_lowercase()),
        _ => None,
    });
    let key: Vec<u8> = bent.collect();
    match key.first() {
        None => Err(BadKey::Empty),
        Some(first) if first.is_ascii_digit() => Err(BadKey::Digit(lossy(&key))),
        Some(_) => Ok(key),
    }
}

fn is_label(name: &str) -> bool {
    let starts = |first: char| first.is_ascii_alphabetic() || first == '_';
    let goes_on = |one: char| one.is_ascii_alphanumeric() || one == '_';
    name.starts_with(starts) && name.chars().all(goes_on) && !name.starts_with("__")
}

/// Labels between braces, up to the end of the text.
fn read_labels(text: &str) -> Option<Vec<(String, String)>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let (mut rest, mut labels) = (inner.trim_matches(' '), Vec::new());
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = quoted(behind.trim_start_matches(' '))?;
        labels.push((name.trim_matches(' ').to_owned(), value));
        let behind = behind.trim_start_matches(' ');
        rest = match behind.strip_prefix(',') {
            Some(next) => next.trim_start_matches(' '),
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    Some(labels)
}

/// A value in quotes with its escapes, and what stands behind it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?.chars();
    let mut value = String::new();
    loop {
        let next = match rest.next()? {
            '"' => return Some((value, rest.as_str())),
            '\\' => match rest.next()? {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            },
            plain => plain,
        };
        // Writing to memory does not fail.
        let _ = value.write_char(next);
    }
}

fn decode(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    uri::decode(&text.iter().map(blank).collect::<Vec<u8>>())
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(name: &str, query: &str) -> Result<String, BadKey> {
        let labels = Labels::of_query(query.as_bytes())?;
        let key = Keys::Any.named(name.as_bytes(), &labels)?;
        Ok(String::from_utf8(key).unwrap())
    }

    fn written(text: &str) -> Result<String, BadKey> {
        let key = Keys::Any.written(text, &Labels::default())?;
        Ok(String::from_utf8(key).unwrap())
    }

    #[test]
    fn names_are_bent() {
        for (name, key) in [
            ("My-Metric X!", "my_metric_x"),
            ("kills", "kills"),
            ("_a.b:c", "_abc"),
            ("a{b=\"c\"}", "abc"),
            ("żółw", "w"),
            ("10.0.0.1/Bytes", "10.0.0.1/Bytes"),
        ] {
            assert_eq!(named(name, "").as_deref(), Ok(key));
        }
        assert_eq!(named("", ""), Err(BadKey::Empty));
        assert_eq!(named("!", ""), Err(BadKey::Empty));
        assert_eq!(named("-9!", "").as_deref(), Ok("_9"));
        assert_eq!(named("!9a", ""), Err(BadKey::Digit("9a".into())));
        assert_eq!(
            named(&"k".repeat(255), "").as_deref(),
            Ok(&*"k".repeat(255))
        );
        assert_eq!(named(&"k".repeat(256), ""), Err(BadKey::TooLong));
        assert_eq!(named(&"k".repeat(250), "a=1"), Err(BadKey::TooLong));
    }

    #[test]
    fn arguments_become_labels() {
        for (query, key) in [
            ("job=backup", "k{job=\"backup\"}"),
            ("b=2&a=1&&", "k{a=\"1\",b=\"2\"}"),
            ("a=x+y%2Bz", "k{a=\"x y+z\"}"),
            ("a=%22%5c%0A", "k{a=\"\\\"\\\\\\n\"}"),
            ("a=b=c&%62=%c3%a9", "k{a=\"b=c\",b=\"é\"}"),
            ("a=&b=1", "k{b=\"1\"}"),
            ("a=", "k"),
        ] {
            assert_eq!(named("k", query).as_deref(), Ok(key), "{query}");
        }
        assert_eq!(named("a/b", "c=1").as_deref(), Ok("a/b{c=\"1\"}"));
    }

    #[test]
    fn what_cannot_be_a_label_is_refused() {
        for (query, problem) in [
            ("a", BadKey::NoValue("a".into())),
            ("=1", BadKey::Label("".into())),
            ("9a=1", BadKey::Label("9a".into())),
            ("a-b=1", BadKey::Label("a-b".into())),
            ("__name__=x", BadKey::Label("__name__".into())),
            ("é=1", BadKey::Label("é".into())),
            ("a=%ff", BadKey::NotText("a".into())),
            ("a=1&b=2&a=1", BadKey::Twice("a".into())),
            ("a=&a=", BadKey::Twice("a".into())),
        ] {
            assert_eq!(named("k", query), Err(problem), "{query}");
        }
        let le = Labels::of_query(b"le=1").unwrap();
        assert!(Keys::Any.named(b"k", &le).is_ok());
        assert!(Keys::WithoutLe.named(b"k", &le).is_err());
        let braces = Labels::of_query(b"a=1").unwrap();
        assert!(Keys::Any.named(b"a/b{c=\"1\"}", &braces).is_err());
    }

    #[test]
    fn labels_may_be_written_out() {
        for (text, key) in [
            ("K", "k"),
            ("K{}", "k"),
            ("k{ b=\"2\", a = \"1\" ,}", "k{a=\"1\",b=\"2\"}"),
            ("k{p=\"/x{}\"}", "k{p=\"/x{}\"}"),
            ("k{a=\"\\n\\\"\\\\\"}", "k{a=\"\\n\\\"\\\\\"}"),
            ("a/b{", "a/b{"),
        ] {
            assert_eq!(written(text).as_deref(), Ok(key), "{text}");
        }
        for text in [
            "k{",
            "k{a}",
            "k{a=1}",
            "k{a=\"1}",
            "k{a=\"\\t\"}",
            "k{a=\"1\"}x",
            "k{a=\"1\"b=\"2\"}",
            "k{,}",
        ] {
            assert!(written(text).is_err(), "{text}");
        }
        assert_eq!(written("{a=\"1\"}"), Err(BadKey::Empty));
        let beside = Labels::of_query(b"b=2").unwrap();
        let key = Keys::Any.written("k{a=\"1\"}", &beside).unwrap();
        assert_eq!(key, b"k{a=\"1\",b=\"2\"}");
        let twice = Keys::Any.written("k{b=\"2\"}", &beside);
        assert_eq!(twice, Err(BadKey::Twice("b".into())));
    }

    proptest! {
        #[test]
        fn a_key_reads_back_as_itself(
            name in "[a-z_][a-z0-9_]{0,5}",
            value in "\\PC{0,5}[\"\\\\\n{}/,]{0,3}",
        ) {
            let labels = Labels::new(vec![("l".to_owned(), value)]).unwrap();
            let key = Keys::Any.named(name.as_bytes(), &labels).unwrap();
            let text = String::from_utf8(key.clone()).unwrap();
            prop_assert_eq!(Keys::Any.written(&text, &Labels::default()), Ok(key));
        }

        #[test]
        fn nothing_panics(text in "\\PC*", query in proptest::collection::vec(any::<u8>(), 0..99)) {
            let labels = Labels::of_query(&query).unwrap_or_default();
            let keys = [Keys::Any.written(&text, &labels), Keys::Any.named(&query, &labels)];
            for key in keys.into_iter().flatten() {
                prop_assert!(!key.is_empty() && key.len() <= KEY_LIMIT);
            }
        }
    }
}
