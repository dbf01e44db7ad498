//! What a scraper can read: the strict syntax of metric names, types, samples and numbers.
//!
//! One line that a scraper cannot read costs it the whole page, so the page asks here before it
//! takes a line. The configuration may ask the same questions about a template's own text.

/// Whether `name` is a metric name: letters, digits, `_` and `:`, no digit first.
pub fn is_metric_name(name: &[u8]) -> bool {
    is_name(name, |byte| byte == b'_' || byte == b':')
}

/// Whether `name` may be that of a label: letters, digits and `_`, no digit first.
pub fn is_label_name(name: &[u8]) -> bool {
    is_name(name, |byte| byte == b'_') && name != b"__name__"
}

/// Whether `word` is a type of the text format.
pub fn is_type(word: &str) -> bool {
    ["counter", "gauge", "histogram", "summary", "untyped"].contains(&word)
}

/// Whether `text` is a number: decimal, or an infinity or NaN by name. A decimal number beyond the
/// range of a double is none, because scrapers report it as an error.
pub fn is_number(text: &[u8]) -> bool {
    if !text.is_empty() && text.len() < 20 && text.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let Ok(text) = str::from_utf8(text) else {
        return false;
    };
    let unsigned = text.strip_prefix(['+', '-']);
    match (text.parse::<f64>(), unsigned) {
        (Ok(number), Some(_)) if number.is_nan() => false,
        (Ok(number), _) if number.is_infinite() => !text.bytes().any(|byte| byte.is_ascii_digit()),
        (outcome, _) => outcome.is_ok(),
    }
}

/// Whether `text` is a sample without its value: a metric name, then perhaps labels in braces, each
/// name once, values in quotes with only `\\`, `\"` and `\n` escaped.
pub fn is_sample(text: &[u8]) -> bool {
    let brace = text.iter().position(|byte| *byte == b'{');
    let (name, braced) = text.split_at(brace.unwrap_or(text.len()));
    let is_read = braced.is_empty() || each_label(braced, |_, _| {}).is_some();
    is_metric_name(name) && is_read && str::from_utf8(braced).is_ok()
}

/// The labels in braces, names with values as they are escaped; nothing where the text is something
/// else, or a name stands twice.
pub fn labels(braced: &str) -> Option<Vec<(&str, &str)>> {
    let mut labels = Vec::new();
    each_label(braced.as_bytes(), |name, value| labels.push((name, value)))?;
    let text = |(name, value)| Some((str::from_utf8(name).ok()?, str::from_utf8(value).ok()?));
    labels.into_iter().map(text).collect()
}

/// The one form that OpenMetrics has for a sample: no blanks, no comma at the end, no empty braces.
pub(super) fn canonical(sample: &[u8]) -> Vec<u8> {
    joined(sample, |_| {})
}

/// Equal for samples that are the same series for a scraper: the order of labels is nothing to it, nor
/// is a label without a value.
pub(super) fn identity(sample: &[u8]) -> Vec<u8> {
    joined(sample, |labels| {
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_unstable();
    })
}

/// Whether a label, if it is there, is a number.
pub(super) fn has_number(sample: &[u8], label: &[u8]) -> bool {
    let brace = sample.iter().position(|byte| *byte == b'{');
    let mut is_number_there = true;
    each_label(&sample[brace.unwrap_or(sample.len())..], |name, value| {
        is_number_there &= name != label || is_number(value);
    });
    is_number_there
}

/// A sample put together again from its name and what `change` makes of its labels.
fn joined(sample: &[u8], change: impl Fn(&mut Vec<(&[u8], &[u8])>)) -> Vec<u8> {
    let brace = sample.iter().position(|byte| *byte == b'{');
    let (name, braced) = sample.split_at(brace.unwrap_or(sample.len()));
    let mut labels = Vec::new();
    if each_label(braced, |name, value| labels.push((name, value))).is_none() {
        return sample.to_vec();
    }
    change(&mut labels);
    let mut out = name.to_vec();
    for (number, (name, value)) in labels.iter().enumerate() {
        out.push(if number == 0 { b'{' } else { b',' });
        for part in [name, &b"=\""[..], value, b"\""] {
            out.extend_from_slice(part);
        }
    }
    if !labels.is_empty() {
        out.push(b'}');
    }
    out
}

/// Shows the labels in braces; nothing where the text is something else, or a name stands twice.
fn each_label<'t>(braced: &'t [u8], mut show: impl FnMut(&'t [u8], &'t [u8])) -> Option<()> {
    let mut rest = trimmed(braced.strip_prefix(b"{")?);
    // Most samples have one label, and need no list.
    let (mut first, mut others): (&[u8], Vec<&[u8]>) = (b"", Vec::new());
    while rest != b"}" {
        let (name, value, after) = label(rest)?;
        if name == first || others.contains(&name) {
            return None;
        }
        match first {
            b"" => first = name,
            _ => others.push(name),
        }
        show(name, value);
        rest = after;
    }
    Some(())
}

/// One label with the comma that may follow: its name, its value, and what comes after.
fn label(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let name = text[..equals].trim_ascii_end();
    let value = trimmed(&text[equals + 1..]);
    let after = quoted(value)?;
    let value = &value[1..value.len() - after.len() - 1];
    match trimmed(after) {
        _ if !is_label_name(name) => None,
        [b',', rest @ ..] => Some((name, value, trimmed(rest))),
        b"}" => Some((name, value, b"}")),
        _ => None,
    }
}

/// What follows a quoted text.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'\\' | b'"' | b'n', after @ ..] => after,
            [b'\\' | b'\n', ..] | [] => return None,
            [_, after @ ..] => after,
        };
    }
}

fn trimmed(text: &[u8]) -> &[u8] {
    let blank = text
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    &text[blank..]
}

fn is_name(name: &[u8], is_mark: impl Fn(u8) -> bool) -> bool {
    let is_digit_first = name.first().is_none_or(u8::is_ascii_digit);
    !is_digit_first
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for text in [
            "0", "-1", "+1.5", "1e21", "1e+21", ".5", "5.", "NaN", "+Inf", "-inf", "Infinity",
        ] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in [
            "", "1.13.0", "up", "0x10", "1e400", "-1e400", "1_0", " 1", "1 ", "+NaN", "(null)",
        ] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
        assert!(!is_number(b"\xff"));
    }

    #[test]
    fn samples() {
        for text in [
            "a",
            "a:b_9",
            "a{}",
            "a{ }",
            r#"a{b="c"}"#,
            r#"a{b="c",}"#,
            r#"a{ b = "c" , d="\\\"\n}=," }"#,
            "a{b=\"é\r\"}",
            r#"a{b=""}"#,
        ] {
            assert!(is_sample(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "9a",
            "a-b",
            "{}",
            "a{",
            "a}",
            r#"a{b="c"} "#,
            r#"a{b="c""#,
            r#"a{b="c"d="e"}"#,
            r#"a{b=c}"#,
            r#"a{b:c="d"}"#,
            r#"a{b="\x"}"#,
            "a{b=\"\n\"}",
            r#"a{,}"#,
            r#"a{="c"}"#,
            r#"a {b="c"}"#,
            r#"a{b="1",b="2"}"#,
            r#"a{__name__="b"}"#,
            r#"a{b="c"}}"#,
        ] {
            assert!(!is_sample(text.as_bytes()), "{text}");
        }
        assert!(!is_sample(b"a{b=\"\xff\"}"));
    }

    #[test]
    fn types() {
        assert!(is_type("histogram") && is_type("untyped"));
        assert!(!is_type("Gauge") && !is_type("") && !is_type("gauge\nx 1"));
    }
}
