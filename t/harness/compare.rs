//! Comparison of what came with what was expected; each function gives the first difference as
//! text, or nothing when all is well.

use fancy_regex::Regex;
use serde_json::Value;

/// How JSON objects are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// Both sides have the same members.
    All,
    /// The expected members are there; others may be too.
    AtLeast,
}

/// Compares JSON values. Numbers are compared by value (`5` is `5.0`). Expected strings in angle
/// brackets match by kind: `<any>`, `<number>`, `<string>`, `<date>`, `</pattern/>`.
pub(crate) fn json(expected: &Value, got: &Value, members: Members) -> Result<(), String> {
    json_at("", expected, got, members)
}

/// Whether a JSON text would parse, with the reason when it does not.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let shown: String = String::from_utf8_lossy(bytes).chars().take(400).collect();
        format!("not valid JSON ({error}): {shown}")
    })
}

/// Compares texts line by line.
pub(crate) fn text(expected: &str, got: &str) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let pairs = expected.lines().zip(got.lines());
    let line = pairs.take_while(|(left, right)| left == right).count();
    let show = |text: &str| {
        text.lines()
            .nth(line)
            .map_or("(end)".to_owned(), |l| format!("{l:?}"))
    };
    let (wanted, seen) = (show(expected), show(got));
    Err(format!(
        "line {} differs: expected {wanted}, got {seen}\n--- got\n{got}",
        line + 1
    ))
}

/// Every non-empty line of `patterns` is a regular expression that must match somewhere in `text`.
pub(crate) fn all_match(patterns: &str, text: &str) -> Result<(), String> {
    for pattern in patterns.lines().filter(|line| !line.is_empty()) {
        if !matches(pattern, text)? {
            return Err(format!("nothing matches `{pattern}`\n--- got\n{text}"));
        }
    }
    Ok(())
}

/// No line of `patterns` may match in `text`.
pub(crate) fn none_match(patterns: &str, text: &str) -> Result<(), String> {
    for pattern in patterns.lines().filter(|line| !line.is_empty()) {
        if matches(pattern, text)? {
            return Err(format!("`{pattern}` must not match"));
        }
    }
    Ok(())
}

/// Whether a regular expression is found in `text`; `^` and `$` match at lines.
pub(crate) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let compiled = Regex::new(&format!("(?m){pattern}"));
    let compiled = compiled.map_err(|error| format!("bad pattern `{pattern}`: {error}"))?;
    compiled.is_match(text).map_err(|error| error.to_string())
}

/// Checks that a page is Prometheus text as strict parsers want it: names, escaped labels, numbers,
/// and HELP and TYPE at most once and before the samples of their name.
pub(crate) fn exposition(page: &str) -> Result<usize, String> {
    const SAMPLE: &str = r#"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.]+(e[-+]?[0-9]+)?|[-+]Inf|NaN)$"#;
    let sample = Regex::new(SAMPLE).map_err(|error| error.to_string())?;
    if !page.is_empty() && !page.ends_with('\n') {
        return Err("the page does not end with a line feed".into());
    }
    let (mut described, mut samples) = (Vec::new(), 0);
    for line in page.split_terminator('\n') {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').take(2).collect();
            if matches!(words[..], ["HELP" | "TYPE", _]) {
                if described.contains(&words) {
                    return Err(format!("given twice: {line}"));
                }
                described.push(words);
            }
        } else if sample.is_match(line).map_err(|error| error.to_string())? {
            samples += 1;
        } else {
            return Err(format!("not a sample: {line:?}"));
        }
    }
    Ok(samples)
}

fn json_at(at: &str, expected: &Value, got: &Value, members: Members) -> Result<(), String> {
    let differ = || Err(format!("at `{at}/`: expected {expected}, got {got}"));
    match (expected, got) {
        (Value::String(kind), _) if kind.starts_with('<') && kind.ends_with('>') => {
            if is_of_kind(&kind[1..kind.len() - 1], got)? {
                Ok(())
            } else {
                differ()
            }
        }
        (Value::Number(left), Value::Number(right)) => {
            let same = left == right || left.as_f64() == right.as_f64();
            if same { Ok(()) } else { differ() }
        }
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                let Some(other) = right.get(name) else {
                    return Err(format!("at `{at}/`: no member {name:?} in {got}"));
                };
                json_at(&format!("{at}/{name}"), value, other, members)?;
            }
            let extra = right.keys().find(|name| !left.contains_key(*name));
            match (members, extra) {
                (Members::All, Some(name)) => {
                    Err(format!("at `{at}/`: extra member {name:?} in {got}"))
                }
                _ => Ok(()),
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut pairs = left.iter().zip(right).enumerate();
            pairs.try_for_each(|(index, (l, r))| json_at(&format!("{at}/{index}"), l, r, members))
        }
        _ if expected == got => Ok(()),
        _ => differ(),
    }
}

fn is_of_kind(kind: &str, got: &Value) -> Result<bool, String> {
    const DATE: &str = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$";
    let text = got.as_str();
    Ok(match kind {
        "any" => true,
        "number" => got.is_number(),
        "string" => got.is_string(),
        "date" => text.is_some_and(|text| matches(DATE, text).unwrap_or(false)),
        _ => match kind
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
        {
            Some(pattern) => matches(pattern, text.unwrap_or(&got.to_string()))?,
            None => text == Some(&format!("<{kind}>")),
        },
    })
}
