//! The target of a request: the path as locations see it, the query, and the raw text.
//!
//! The path is percent-decoded, `.` and `..` are resolved and repeated slashes merged (unless
//! told not to). What cannot be understood is refused with 400.

/// How a target is made ready for matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slashes {
    /// `merge_slashes on`
    Merge,
    /// `merge_slashes off`
    Keep,
}

/// The parts of a request target as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'t> {
    /// The path, neither decoded nor normalised.
    pub path: &'t [u8],
    /// The query without its `?`.
    pub arguments: &'t [u8],
    /// The authority of an absolute target (`GET http://host/path`).
    pub authority: Option<&'t [u8]>,
    /// Whether the path has escapes, or what others take for one.
    pub is_escaped: bool,
    /// Whether the path is what [`normalise`] makes of it, at first sight.
    pub is_normal: bool,
}

/// The target cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTarget;

impl<'t> Target<'t> {
    /// Takes the target of a request line apart.
    pub fn parse(raw: &'t [u8]) -> Result<Self, BadTarget> {
        let (authority, rest) = split_authority(raw)?;
        let look = look(rest);
        let (path, behind) = rest.split_at(look.end);
        let arguments = behind.strip_prefix(b"?").map(|arguments| {
            let end = memchr::memchr(b'#', arguments);
            &arguments[..end.unwrap_or(arguments.len())]
        });
        let is_empty = path.is_empty();
        Ok(Self {
            path: if is_empty { b"/" } else { path },
            arguments: arguments.unwrap_or_default(),
            authority,
            is_escaped: look.kinds & (ESCAPE | ODD_ESCAPE) != 0,
            is_normal: is_empty || look.is_normal(),
        })
    }
}

/// What one look at a target sees: where its path ends, and what it is made of.
struct Look {
    end: usize,
    kinds: u8,
    begins_with_slash: bool,
    has_odd_segment: bool,
}

impl Look {
    fn is_normal(&self) -> bool {
        self.begins_with_slash && !self.has_odd_segment && self.kinds & (ODD | ODD_ESCAPE) == 0
    }
}

/// What a byte is in a path: its end, something that normalising takes away or refuses, an escape or both, and
/// what makes a segment odd that it begins.
const END: u8 = 1;
const ODD: u8 = 2;
const ESCAPE: u8 = 4;
const ODD_ESCAPE: u8 = 8;
const SLASH: u8 = 16;
const ODD_BEHIND_SLASH: u8 = 32;
static IN_PATH: [u8; 256] = {
    let mut kinds = [0; 256];
    kinds[0] = ODD;
    kinds[b'%' as usize] = ODD_ESCAPE;
    kinds[b'+' as usize] = ESCAPE;
    kinds[b'?' as usize] = END;
    kinds[b'#' as usize] = END;
    kinds[b'/' as usize] = SLASH | ODD_BEHIND_SLASH;
    kinds[b'.' as usize] = ODD_BEHIND_SLASH;
    kinds
};

fn look(target: &[u8]) -> Look {
    let (mut end, mut kinds, mut before, mut odd) = (0, 0, 0, 0);
    for byte in target {
        let kind = IN_PATH[usize::from(*byte)];
        if kind == END {
            break;
        }
        kinds |= kind;
        odd |= (before & SLASH) << 1 & kind;
        before = kind;
        end += 1;
    }
    Look {
        end,
        kinds,
        begins_with_slash: target.first() == Some(&b'/'),
        has_odd_segment: odd != 0,
    }
}

/// Splits at the first `?`.
pub fn split_query(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'?', text) {
        Some(mark) => (&text[..mark], Some(&text[mark + 1..])),
        None => (text, None),
    }
}

/// The authority of an absolute target, and what follows it: nothing, or something that begins
/// with a slash or a question mark.
pub(in crate::http) fn split_authority(raw: &[u8]) -> Result<(Option<&[u8]>, &[u8]), BadTarget> {
    if raw.first() == Some(&b'/') {
        return Ok((None, raw));
    }
    if raw == b"*" {
        return Ok((None, b"/"));
    }
    let scheme_end = raw
        .windows(3)
        .position(|three| three == b"://")
        .ok_or(BadTarget)?;
    let scheme = &raw[..scheme_end];
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !scheme.iter().all(is_scheme) {
        return Err(BadTarget);
    }
    let rest = &raw[scheme_end + 3..];
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let (authority, path) = rest.split_at(end.unwrap_or(rest.len()));
    if authority.is_empty() {
        return Err(BadTarget);
    }
    Ok((Some(authority), path))
}

/// Decodes and normalises a path that begins with a slash.
pub fn normalise(raw: &[u8], slashes: Slashes) -> Result<Vec<u8>, BadTarget> {
    if is_normal(raw) {
        return Ok(raw.to_vec());
    }
    let decoded = decode_strict(raw)?;
    if decoded.first() != Some(&b'/') {
        return Err(BadTarget);
    }
    let mut path: Vec<u8> = Vec::with_capacity(decoded.len());
    let mut segments = decoded[1..].split(|byte| *byte == b'/').peekable();
    path.push(b'/');
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"." => {}
            b".." => leave(&mut path)?,
            b"" if slashes == Slashes::Merge => {}
            name => {
                path.extend_from_slice(name);
                if !last {
                    path.push(b'/');
                }
            }
        }
    }
    Ok(path)
}

/// Whether a path is what [`normalise`] makes of it, at first sight.
fn is_normal(path: &[u8]) -> bool {
    let look = look(path);
    look.is_normal() && look.end == path.len()
}

fn leave(path: &mut Vec<u8>) -> Result<(), BadTarget> {
    if path.len() <= 1 {
        return Err(BadTarget);
    }
    path.pop();
    while path.last() != Some(&b'/') {
        path.pop();
    }
    Ok(())
}

fn decode_strict(raw: &[u8]) -> Result<Vec<u8>, BadTarget> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            0 => return Err(BadTarget),
            b'%' => {
                let value = hexadecimal(tail)
                    .filter(|value| *value != 0)
                    .ok_or(BadTarget)?;
                out.push(value);
                rest = &tail[2..];
            }
            byte => out.push(*byte),
        }
    }
    Ok(out)
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

/// Decodes `%XX`, leaving what is not one as it stands.
pub fn decode(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match hexadecimal(tail).filter(|_| *byte == b'%') {
            Some(value) => {
                out.push(value);
                rest = &tail[2..];
            }
            None => out.push(*byte),
        }
    }
    out
}

/// Decodes those `%XX` that stand for a question mark or for a character that may stand in a URL and has no meaning
/// of its own there, up to a question mark.
pub fn decode_harmless(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, tail @ ..] = rest {
        if *byte == b'?' {
            break;
        }
        match hexadecimal(tail).filter(|_| *byte == b'%') {
            Some(value) if value > b'%' && may_stand(value) => {
                out.push(value);
                rest = &tail[2..];
                if value == b'?' {
                    break;
                }
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// What percent-encoding must leave alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// A path: everything that would end or change it is encoded.
    Path,
    /// A query value.
    Argument,
    /// What a pattern captured of a path: everything that has a meaning in a query is encoded.
    Capture,
}

/// Percent-encodes `text` onto `out`.
pub fn escape(text: &[u8], form: Escape, out: &mut Vec<u8>) {
    for byte in text {
        if is_plain(*byte, form) {
            out.push(*byte);
        } else {
            let digits = [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]);
            out.push(b'%');
            out.extend_from_slice(&digits);
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

fn is_plain(byte: u8, form: Escape) -> bool {
    match form {
        Escape::Path => may_stand(byte) && !matches!(byte, b'%' | b'?' | b'#'),
        Escape::Argument => {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
        }
        Escape::Capture => {
            may_stand(byte) && !matches!(byte, b'#' | b'%' | b'&' | b'+' | b';' | b'?')
        }
    }
}

/// Whether a byte may stand in a URI as it is (RFC 3986).
fn may_stand(byte: u8) -> bool {
    let is_excluded = matches!(
        byte,
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
    );
    byte > b' ' && byte < 0x7f && !is_excluded
}

/// The value of argument `name` (case does not matter, and there is no `=` in it): that of its first occurrence.
pub fn argument<'a>(arguments: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = arguments;
    loop {
        let end = memchr::memchr(b'&', rest);
        let pair = &rest[..end.unwrap_or(rest.len())];
        if let Some((own, value)) = pair.split_at_checked(name.len())
            && own.eq_ignore_ascii_case(name)
            && let Some(value) = value.strip_prefix(b"=")
        {
            return Some(value);
        }
        rest = &rest[end? + 1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Result<String, BadTarget> {
        normalise(raw.as_bytes(), Slashes::Merge).map(|path| String::from_utf8(path).unwrap())
    }

    #[test]
    fn paths_are_normalised() {
        assert_eq!(path("/a/./b/../c"), Ok("/a/c".into()));
        assert_eq!(path("//a///b//"), Ok("/a/b/".into()));
        assert_eq!(path("/a/%2e%2E/b"), Ok("/b".into()));
        assert_eq!(path("/a/.."), Ok("/".into()));
        assert_eq!(path("/a/."), Ok("/a/".into()));
        assert_eq!(path("/k%31"), Ok("/k1".into()));
        assert_eq!(path("/a%2fb"), Ok("/a/b".into()));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for raw in ["/..", "/%zz", "/%2", "/%00", "a", "", "/a/../../b"] {
            assert_eq!(path(raw), Err(BadTarget), "{raw}");
        }
    }

    #[test]
    fn normal_paths_stay_as_they_are() {
        for raw in ["/", "/a/b", "/a.b/c.", "/a+b", "/\u{e9}"] {
            assert!(is_normal(raw.as_bytes()), "{raw}");
            assert_eq!(path(raw), Ok(raw.into()));
        }
        for raw in [
            "", "a", "/.", "/a/./b", "//", "/a%62", "/a\0", "/a//b", "/.a",
        ] {
            assert!(!is_normal(raw.as_bytes()), "{raw}");
        }
    }

    #[test]
    fn slashes_are_kept_when_asked() {
        assert_eq!(normalise(b"/a//b", Slashes::Keep), Ok(b"/a//b".to_vec()));
    }

    #[test]
    fn absolute_targets_give_their_authority() {
        let target = Target::parse(b"http://host:80/p?q=1#f").unwrap();
        assert_eq!(target.authority, Some(&b"host:80"[..]));
        assert_eq!(target.path, b"/p");
        assert_eq!(target.arguments, b"q=1");
        for (raw, arguments) in [
            ("http://h?a=/b", "a=/b"),
            ("http://h", ""),
            ("a+b.c://h?", ""),
        ] {
            let target = Target::parse(raw.as_bytes()).unwrap();
            assert_eq!(target.authority, Some(&b"h"[..]), "{raw}");
            assert_eq!(target.path, b"/", "{raw}");
            assert_eq!(target.arguments, arguments.as_bytes(), "{raw}");
        }
        for raw in ["http:///x", "://h/", "h", "?a", "1h://a/"] {
            let target = Target::parse(raw.as_bytes());
            assert_eq!(target, Err(BadTarget), "{raw}");
        }
    }

    #[test]
    fn what_may_not_stand_in_a_uri_is_escaped() {
        let escaped = |form| {
            let mut out = Vec::new();
            escape(b"/a\"<>\\^`{|} \x7f\xc3%?#&+;=:@!$'()*,[]~", form, &mut out);
            String::from_utf8(out).unwrap()
        };
        let start = "/a%22%3C%3E%5C%5E%60%7B%7C%7D%20%7F%C3%25%3F%23";
        let path = "&+;=:@!$'()*,[]~";
        let capture = "%26%2B%3B=:@!$'()*,[]~";
        assert_eq!(escaped(Escape::Path), format!("{start}{path}"));
        assert_eq!(escaped(Escape::Capture), format!("{start}{capture}"));
        assert_eq!(decode_harmless(b"/%41%7B%2F%20%3Fa%41"), b"/A%7B/%20?a%41");
    }

    #[test]
    fn arguments_are_found_whatever_their_case() {
        assert_eq!(argument(b"a=1&B=2&b=3", b"b"), Some(&b"2"[..]));
        assert_eq!(argument(b"abc", b"abc"), None);
    }
}
