//! The two forms of a page, and which of them a scraper asks for.
//!
//! The text format 0.0.4 is for everybody; OpenMetrics 1.0 is for those who name it. What differs: the
//! comment at the top and other comments, `# EOF`, how a counter's family is called, which types there
//! are, how limits of buckets are written, and that labels have one way to be written.

use std::borrow::Cow;

/// The form of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, 0.0.4.
    Text,
    /// OpenMetrics text, 1.0.
    OpenMetrics,
}

impl Format {
    /// The form that a request's `Accept` asks for: OpenMetrics if it is named and nothing else is
    /// preferred, else text. Of several fields the values are joined with commas.
    pub fn accepted(accept: &[u8]) -> Self {
        let ranges: Vec<Range<'_>> = split(accept, b',').map(Range::of).collect();
        let (open, text) = (quality(&ranges, OPEN_METRICS), quality(&ranges, TEXT));
        let is_named = ranges.iter().any(|range| range.fits(OPEN_METRICS) >= NAMED);
        match is_named && open > 0 && open >= text {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }

    /// What the page says it is.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A media type with the one version that is offered.
#[derive(Clone, Copy)]
struct Offer(&'static [u8], &'static [u8], &'static [u8]);

const OPEN_METRICS: Offer = Offer(b"application", b"openmetrics-text", b"1.0.0");
const TEXT: Offer = Offer(b"text", b"plain", b"0.0.4");

/// How much a type is wanted, in thousandths; what is not mentioned is not.
fn quality(ranges: &[Range<'_>], offer: Offer) -> u16 {
    let fitting = ranges.iter().filter(|range| range.fits(offer) > 0);
    // Of equally precise ranges the first counts.
    let best = fitting.rev().max_by_key(|range| range.fits(offer));
    best.map_or(0, |range| range.quality)
}

/// One of the types that are accepted.
#[derive(Debug)]
struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    version: Option<Cow<'a, [u8]>>,
    quality: u16,
}

/// How well a range fits that names the type; a version fits still better.
const NAMED: u8 = 3;

impl<'a> Range<'a> {
    fn of(text: &'a [u8]) -> Self {
        let mut parts = split(text, b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let slash = name.iter().position(|byte| *byte == b'/');
        let (kind, subtype) = name.split_at(slash.unwrap_or(name.len()));
        let mut range = Self {
            kind,
            subtype: subtype.get(1..).unwrap_or_default(),
            version: None,
            quality: WHOLE,
        };
        for part in parts {
            let equals = part.iter().position(|byte| *byte == b'=');
            let (name, value) = part.split_at(equals.unwrap_or(part.len()));
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            match name.trim_ascii().to_ascii_lowercase().as_slice() {
                b"q" => range.quality = thousandths(&unquoted(value)),
                b"version" => range.version = Some(unquoted(value)),
                _ => {}
            }
        }
        range
    }

    /// 0 for not at all; more, the more precisely the offer is named.
    fn fits(&self, Offer(kind, subtype, version): Offer) -> u8 {
        let same = |one: &[u8], other: &[u8]| one.eq_ignore_ascii_case(other);
        match &self.version {
            _ if same(self.kind, b"*") && same(self.subtype, b"*") => 1,
            _ if !same(self.kind, kind) => 0,
            _ if same(self.subtype, b"*") => 2,
            _ if !same(self.subtype, subtype) => 0,
            None => NAMED,
            Some(own) if **own == *version => NAMED + 1,
            Some(_) => 0,
        }
    }
}

const WHOLE: u16 = 1000;

/// A number from 0 to 1 with at most three decimals; what is none counts as 1.
fn thousandths(text: &[u8]) -> u16 {
    let number = str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<f64>().ok());
    let number = number.filter(|number| (0.0..=1.0).contains(number));
    number.map_or(WHOLE, |number| (number * f64::from(WHOLE)).round() as u16)
}

/// The pieces between separators, of which those within a quoted string are none.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_quoted,
            b'"' => is_quoted = !is_quoted,
            byte => return *byte == separator && !is_quoted,
        }
        false
    })
}

/// What a quoted string says; any other text as it is.
fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    let inner = text
        .strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""));
    let Some(inner) = inner.filter(|inner| inner.contains(&b'\\')) else {
        return inner.unwrap_or(text).into();
    };
    let mut is_escaped = false;
    let keeps = |byte: &&u8| {
        is_escaped = **byte == b'\\' && !is_escaped;
        !is_escaped
    };
    inner.iter().filter(keeps).copied().collect()
}

/// A number as OpenMetrics wants limits of buckets: the shortest digits, with a point or an exponent.
pub fn canonical_number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{number:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scrapers_ask_for() {
        use Format::{OpenMetrics, Text};
        let cases = [
            ("", Text),
            ("*/*", Text),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Text),
            ("text/plain", Text),
            ("application/json", Text),
            ("application/openmetrics-text", OpenMetrics),
            (
                "Application/OpenMetrics-Text; Version=\"1.0.0\"",
                OpenMetrics,
            ),
            ("application/openmetrics-text;version=0.0.1", Text),
            (
                "application/openmetrics-text;version=2.0.0, */*;q=0.1",
                Text,
            ),
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.9", Text),
            (
                "text/plain;q=0.5, application/openmetrics-text;q=0.9",
                OpenMetrics,
            ),
            ("application/openmetrics-text;q=0.2, */*;q=0.9", Text),
            ("application/openmetrics-text, text/*;q=0.5", OpenMetrics),
            ("text/plain, application/openmetrics-text", OpenMetrics),
            ("application/*", Text),
            ("application/openmetrics-text;q=nonsense", OpenMetrics),
            (",;,/;q,application/openmetrics-text", OpenMetrics),
            (
                "application/openmetrics-text;version=\"1.0.\\0\"",
                OpenMetrics,
            ),
            ("a/b;c=\",application/openmetrics-text\"", Text),
            ("a/b;c=\"\\\",\", application/openmetrics-text", OpenMetrics),
            ("application/openmetrics-text;c=\";q=0\"", OpenMetrics),
            ("application/openmetrics-text;q=\"0\"", Text),
            // Prometheus 2.42.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            // Prometheus 3.5.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
            // The same with OpenMetrics turned off.
            (
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3",
                Text,
            ),
        ];
        for (accept, format) in cases {
            assert_eq!(Format::accepted(accept.as_bytes()), format, "{accept}");
        }
    }

    #[test]
    fn numbers_of_limits() {
        for (number, text) in [
            (0.0, "0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (100_000.0, "100000.0"),
            (123_456.75, "123456.75"),
            (1e6, "1e+06"),
            (12_345_678.9, "1.23456789e+07"),
            (1e21, "1e+21"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (1.5e-300, "1.5e-300"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(canonical_number(number), text);
        }
    }
}
