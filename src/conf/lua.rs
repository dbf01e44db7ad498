//! Where a block of Lua ends. Nothing of it is understood but what may hide a brace: strings,
//! comments, and brackets such as `[[ … ]]` or `[==[ … ]==]`.

/// The length of a block's text with its closing brace; `None` when the text ends before.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let rest = &text[at..];
        at += match byte {
            b'}' if depth == 0 => return Some(at + 1),
            b'}' => {
                depth -= 1;
                1
            }
            b'{' => {
                depth += 1;
                1
            }
            b'"' | b'\'' => string(rest, byte),
            b'-' if rest.starts_with(b"--") => 2 + comment(&rest[2..]),
            b'[' => bracket(rest).unwrap_or(1),
            _ => 1,
        };
    }
    None
}

/// A string with its quotes; one that is not closed ends with its line.
fn string(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// What stands behind `--`: a long bracket, or the rest of the line.
fn comment(text: &[u8]) -> usize {
    let line = || text.iter().position(|byte| *byte == b'\n');
    bracket(text).or_else(line).unwrap_or(text.len())
}

/// A long bracket; `None` when there is none. One that is not closed takes the rest.
fn bracket(text: &[u8]) -> Option<usize> {
    let inner = text.strip_prefix(b"[")?;
    let level = inner.iter().take_while(|byte| **byte == b'=').count();
    if inner.get(level) != Some(&b'[') {
        return None;
    }
    let mut closing = vec![b'='; level + 2];
    closing[0] = b']';
    closing[level + 1] = b']';
    let start = level + 2;
    let end = text[start..]
        .windows(closing.len())
        .position(|part| part == closing);
    Some(end.map_or(text.len(), |end| start + end + closing.len()))
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn braces_are_counted_where_they_count() {
        for text in [
            "}",
            " local y = { 1, { 2 } } }",
            r#" a = "}" b = '}' c = "\"}" }"#,
            " -- }\n }",
            " --[[ }\n } ]] }",
            " --[==[ } ]] } ]==] }",
            " x = [[ } ]] y = [=[ ]] } ]=] }",
            " t[a[1]] = 2 }",
            " it's a lone quote }\n }",
            " -- it's }\n }",
        ] {
            let all = format!("{text} rest }}");
            assert_eq!(length(all.as_bytes()), Some(text.len()), "{text}");
        }
        for text in ["", " {} ", " \"}", " [[ }", " -- }"] {
            assert_eq!(length(text.as_bytes()), None, "{text}");
        }
    }
}
