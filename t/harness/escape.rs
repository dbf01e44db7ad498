//! The two small languages inside `.t` texts: C escapes (`\r\n`, `\x00`, `\\`) where bytes matter,
//! and repetition marks, so that long keys and numbered requests stay readable:
//! `<<text*N>>` is `text` N times, `<<#W>>` the number of the repetition padded to W digits,
//! `<<#W+M>>` the same counted from M.

/// Replaces C escapes by the bytes they stand for; an unknown escape keeps both characters.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first != b'\\' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let (written, used) = one_escape(tail);
        bytes.extend(written);
        rest = &tail[used..];
    }
    bytes
}

/// The inverse for display: printable text stays, control characters become escapes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '\r' => text.push_str("\\r"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            c if (c as u32) < 0x20 => text.push_str(&format!("\\x{:02x}", c as u32)),
            c => text.push(c),
        }
    }
    text
}

/// Expands the repetition marks of `text` for the `index`-th repetition of a request.
pub(crate) fn expand(text: &str, index: usize) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<<") {
        let Some(length) = rest[start..].find(">>") else {
            break;
        };
        expanded.push_str(&rest[..start]);
        let mark = &rest[start + 2..start + length];
        match one_mark(mark, index) {
            Some(replacement) => expanded.push_str(&replacement),
            None => expanded.push_str(&rest[start..start + length + 2]),
        }
        rest = &rest[start + length + 2..];
    }
    expanded.push_str(rest);
    expanded
}

fn one_escape(tail: &[u8]) -> (Vec<u8>, usize) {
    match tail {
        [b'n', ..] => (vec![b'\n'], 1),
        [b'r', ..] => (vec![b'\r'], 1),
        [b't', ..] => (vec![b'\t'], 1),
        [b'0', ..] => (vec![0], 1),
        [b'\\', ..] => (vec![b'\\'], 1),
        [b'x', high, low, ..] => {
            let digits = [*high, *low];
            let parsed = std::str::from_utf8(&digits)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok());
            parsed.map_or((b"\\x".to_vec(), 1), |byte| (vec![byte], 3))
        }
        _ => (vec![b'\\'], 0),
    }
}

fn one_mark(mark: &str, index: usize) -> Option<String> {
    if let Some(counter) = mark.strip_prefix('#') {
        let (width, offset) = counter.split_once('+').unwrap_or((counter, "0"));
        let (width, offset): (usize, usize) = (width.parse().ok()?, offset.parse().ok()?);
        return Some(format!("{:0width$}", index + offset));
    }
    let (text, times) = mark.rsplit_once('*')?;
    Some(text.repeat(times.parse().ok()?))
}
