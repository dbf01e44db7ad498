//! Keys of several parts, one for each label of a zone, as one run of bytes.
//!
//! Each part is a byte with its length and its own bytes; before the length of one that was cut stands
//! [`CUT`]. Empty parts at the end are left out: so a label can be added behind the others without
//! changing any key, and a key whose parts are all empty is empty. As text, parts are joined by blanks.

use super::sample::{ELLIPSIS, KEY_LIMIT};

/// So many labels a zone may have.
pub const MOST_LABELS: usize = 16;

/// No length: those of parts that were not cut are below it.
const CUT: u8 = 255;

/// One part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part<'k> {
    /// Its bytes, as far as they are kept.
    pub bytes: &'k [u8],
    /// Whether there were more.
    pub is_cut: bool,
}

impl Part<'_> {
    /// Appends the part as it is shown: one that was cut gets three full stops.
    pub fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes);
        if self.is_cut {
            out.extend_from_slice(ELLIPSIS);
        }
    }

    /// Whether it is shown like this.
    pub fn is_called(&self, name: &[u8]) -> bool {
        match self.is_cut {
            true => name.strip_suffix(ELLIPSIS) == Some(self.bytes),
            false => name == self.bytes,
        }
    }
}

/// The parts of a key, for a zone of so many labels.
pub fn parts(key: &[u8], labels: usize) -> impl ExactSizeIterator<Item = Part<'_>> + Clone {
    let mut rest = key;
    (0..labels).map(move |_| next_part(&mut rest).0)
}

/// Whether a key has the form in which [`KeyWriter`] writes keys of so many labels.
pub fn has_parts(key: &[u8], labels: usize) -> bool {
    let (mut rest, mut count, mut last) = (key, 0, 1);
    while !rest.is_empty() {
        let (part, is_whole) = next_part(&mut rest);
        if !is_whole {
            return false;
        }
        (count, last) = (count + 1, part.bytes.len());
    }
    count <= labels && last > 0
}

/// Takes a part from the front of what is left of a key; and whether it is all there.
fn next_part<'k>(rest: &mut &'k [u8]) -> (Part<'k>, bool) {
    let is_cut = rest.first() == Some(&CUT);
    let header = &rest[usize::from(is_cut)..];
    let Some((length, bytes)) = header.split_first() else {
        let is_whole = rest.is_empty();
        *rest = &[];
        return (Part { bytes: &[], is_cut }, is_whole);
    };
    let length = usize::from(*length);
    let (bytes, behind) = bytes.split_at(length.min(bytes.len()));
    *rest = behind;
    (Part { bytes, is_cut }, bytes.len() == length)
}

/// Makes a key of parts.
#[derive(Debug)]
pub struct KeyWriter<'b> {
    key: &'b mut Vec<u8>,
    /// Where each part ends.
    ends: [usize; MOST_LABELS],
    parts: usize,
    /// A bit for each part that was cut before.
    cuts: u32,
}

impl<'b> KeyWriter<'b> {
    /// Begins a key in a buffer, which is cleared.
    pub fn new(key: &'b mut Vec<u8>) -> Self {
        key.clear();
        Self {
            key,
            ends: [0; MOST_LABELS],
            parts: 0,
            cuts: 0,
        }
    }

    /// Adds a part, which is what `write` appends. Beyond [`MOST_LABELS`] there are none.
    #[inline]
    pub fn part(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.key.len();
        // Its length, once that is known.
        self.key.push(0);
        write(self.key);
        match self.ends.get_mut(self.parts) {
            Some(end) => {
                *end = self.key.len();
                self.parts += 1;
            }
            None => self.key.truncate(start),
        }
    }

    /// Adds a part of another key.
    pub fn copy(&mut self, part: Part<'_>) {
        let place = self.parts;
        self.part(|out| {
            // For the mark.
            out.extend(part.is_cut.then_some(0));
            out.extend_from_slice(part.bytes);
        });
        if part.is_cut && self.parts > place {
            self.cuts |= 1 << place;
        }
    }

    /// Ends the key; false if it was too long and parts of it were cut. Then the longest parts are as long as each
    /// other, and the others whole: so a long path does not cost its status code.
    pub fn finish(mut self) -> bool {
        while self.parts > 0 && self.length(self.parts - 1) == 0 {
            self.parts -= 1;
        }
        self.key.truncate(self.start(self.parts));
        if self.key.len() > KEY_LIMIT {
            self.cut();
            return false;
        }
        for part in 0..self.parts {
            // Less than all of the key.
            let (start, length) = (self.start(part), self.length(part) as u8);
            match self.header(part) {
                1 => self.key[start] = length,
                _ => self.key[start..start + 2].copy_from_slice(&[CUT, length]),
            }
        }
        true
    }

    fn start(&self, part: usize) -> usize {
        match part {
            0 => 0,
            _ => self.ends[part - 1],
        }
    }

    /// How many bytes stand before those of a part.
    fn header(&self, part: usize) -> usize {
        1 + usize::from(self.cuts & 1 << part != 0)
    }

    fn length(&self, part: usize) -> usize {
        self.ends[part] - self.start(part) - self.header(part)
    }

    #[cold]
    fn cut(&mut self) {
        let stored = |most: usize| {
            let stored = |part| match self.length(part) {
                length if length > most => 2 + most,
                length => self.header(part) + length,
            };
            (0..self.parts).map(stored).sum::<usize>()
        };
        let fits = |most: &usize| stored(*most) <= KEY_LIMIT;
        let most = (0..KEY_LIMIT).rev().find(fits).unwrap_or(0);
        let mut end = 0;
        for part in 0..self.parts {
            let (length, header) = (self.length(part), self.header(part));
            let start = self.start(part) + header;
            let kept = length.min(most);
            let header = if length > most { 2 } else { header };
            // No part begins later than it did: one that was cut has lost more than its mark takes.
            self.key.copy_within(start..start + kept, end + header);
            if header == 2 {
                self.key[end] = CUT;
            }
            self.key[end + header - 1] = kept as u8;
            end += header + kept;
        }
        self.key.truncate(end);
    }
}

/// Writes the key whose parts are shown by these names, the longest of those that end in three full stops as
/// parts that were cut; false if there is no such key.
pub fn cut_key<N: AsRef<[u8]>>(names: &[N], key: &mut Vec<u8>) -> bool {
    let bare = |name: &N| name.as_ref().strip_suffix(ELLIPSIS).map(<[u8]>::len);
    let Some(most) = names.iter().filter_map(bare).max() else {
        return false;
    };
    let mut writer = KeyWriter::new(key);
    for name in names {
        let is_cut = bare(name) == Some(most);
        let bytes = match is_cut {
            true => &name.as_ref()[..most],
            false => name.as_ref(),
        };
        if bytes.len() > most {
            return false;
        }
        writer.copy(Part { bytes, is_cut });
    }
    writer.finish()
}

/// Appends parts as one text, joined by blanks: one that is empty, has blanks or begins with a quote as a string
/// of JSON. With `is_shown`, those that were cut get three full stops.
pub fn join<'k>(parts: impl Iterator<Item = Part<'k>>, is_shown: bool, out: &mut Vec<u8>) {
    for (place, part) in parts.enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        let is_plain = |byte: &u8| *byte > b' ' && *byte != 0x7f;
        let is_bare = !part.bytes.is_empty() && part.bytes.iter().all(is_plain);
        let dots = if part.is_cut && is_shown {
            ELLIPSIS
        } else {
            b""
        };
        if is_bare && part.bytes[0] != b'"' {
            out.extend_from_slice(part.bytes);
            out.extend_from_slice(dots);
            continue;
        }
        out.push(b'"');
        part.bytes.iter().for_each(|byte| escape(*byte, out));
        out.extend_from_slice(dots);
        out.push(b'"');
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}

/// Reads what [`join`] writes; nothing if it is no such text. What stands between two blanks is an empty part, too.
pub fn split(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut rest, mut parts) = (text, Vec::new());
    loop {
        let part;
        (part, rest) = match rest.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = rest.iter().position(|byte| *byte == b' ');
                let (bare, behind) = rest.split_at(end.unwrap_or(rest.len()));
                (bare.to_vec(), behind)
            }
        };
        parts.push(part);
        match rest.split_first() {
            None => return Some(parts),
            Some((b' ', behind)) if parts.len() < MOST_LABELS => rest = behind,
            Some(_) => return None,
        }
    }
}

/// The text up to the closing quote, and what stands behind that.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut place = 0;
    loop {
        match text.get(place)? {
            b'"' => break,
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
    let (quoted, behind) = (&text[..place], &text[place + 1..]);
    if !quoted.contains(&b'\\') {
        return Some((quoted.to_vec(), behind));
    }
    let mut part = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((byte, next)) = rest.split_first() {
        rest = next;
        match byte {
            b'\\' => rest = unescape(rest, &mut part)?,
            byte => part.push(*byte),
        }
    }
    Some((part, behind))
}

/// Appends what stands behind a backslash; gives the rest.
fn unescape<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let (kind, rest) = text.split_first()?;
    let plain = match kind {
        b'"' | b'\\' | b'/' => *kind,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'u' => return unescape_unicode(rest, out),
        _ => return None,
    };
    out.push(plain);
    Some(rest)
}

fn unescape_unicode<'t>(text: &'t [u8], out: &mut Vec<u8>) -> Option<&'t [u8]> {
    let unit = |text: &[u8]| {
        let digits = text.get(..4)?;
        let is_number = digits.iter().all(u8::is_ascii_hexdigit);
        let digits = is_number.then_some(digits)?;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(text)?;
    let second = text[4..].strip_prefix(b"\\u").and_then(unit);
    let is_pair = (0xd800..0xdc00).contains(&first);
    let units = [Some(first), second.filter(|_| is_pair)];
    let mut characters = char::decode_utf16(units.into_iter().flatten());
    let character = characters.next()?.ok()?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(&text[if is_pair { 10 } else { 4 }..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(parts: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut key = Vec::new();
        let mut writer = KeyWriter::new(&mut key);
        for part in parts {
            writer.part(|out| out.extend_from_slice(part));
        }
        let is_whole = writer.finish();
        (key, is_whole)
    }

    fn names(key: &[u8], labels: usize) -> Vec<Vec<u8>> {
        let name = |part: Part<'_>| {
            let mut name = Vec::new();
            part.write_name(&mut name);
            name
        };
        parts(key, labels).map(name).collect()
    }

    #[test]
    fn empty_parts_at_the_end_take_nothing() {
        assert_eq!(key(&[b"GET", b"", b""]), (b"\x03GET".to_vec(), true));
        assert_eq!(key(&[b"", b"a"]), (b"\0\x01a".to_vec(), true));
        assert_eq!(key(&[b"", b""]), (Vec::new(), true));
        assert_eq!(names(b"\x03GET", 2), [&b"GET"[..], b""]);
    }

    #[test]
    fn the_longest_parts_are_cut_and_the_others_whole() {
        let long = [b'x'; 400];
        let (one, is_whole) = key(&[b"GET", &long, b"200"]);
        assert!(!is_whole && one.len() == KEY_LIMIT);
        let shown = names(&one, 3);
        assert_eq!((&*shown[0], &*shown[2]), (&b"GET"[..], &b"200"[..]));
        assert_eq!(shown[1].len(), KEY_LIMIT - 4 - 4 - 2 + 3);
        assert!(shown[1].ends_with(b"x..."));
        let (both, _) = key(&[&long, b"", &long[..300]]);
        let shown = names(&both, 3);
        assert_eq!(shown[0], shown[2]);
        assert!(both.len() > KEY_LIMIT - 2);
    }

    #[test]
    fn what_is_no_key_of_parts_is_told() {
        for (bytes, labels, expected) in [
            (&b""[..], 1, true),
            (b"\x01a", 1, true),
            (b"\x01a\x01b", 1, false),
            (b"\x02a", 1, false),
            (b"GET", 1, false),
            (b"\x01a\0", 2, false),
            (b"\xff", 2, false),
            (b"\xff\x01a", 2, true),
        ] {
            assert_eq!(has_parts(bytes, labels), expected, "{bytes:?}");
        }
    }

    #[test]
    fn blanks_and_quotes_are_written_as_json() {
        let (one, _) = key(&[b"a b", b"", b"\"q", b"x\\y", b"\n\x01"]);
        let mut text = Vec::new();
        join(parts(&one, 5), true, &mut text);
        let expected = br#""a b" "" "\"q" x\y "\n\u0001""#;
        assert_eq!(
            String::from_utf8_lossy(&text),
            String::from_utf8_lossy(expected)
        );
        assert_eq!(
            split(b"a  b"),
            Some(vec![b"a".to_vec(), vec![], b"b".to_vec()])
        );
        assert_eq!(
            split(br#""\ud83d\ude00\/""#),
            Some(vec!["😀/".as_bytes().to_vec()])
        );
        for bad in [
            &br#""a"#[..],
            br#""a"b"#,
            br#""\x""#,
            br#""\ud83d""#,
            br#""\u12""#,
            br#""\"#,
        ] {
            assert_eq!(split(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn any_parts_make_a_key_that_gives_them_back(
            written in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 1..=MOST_LABELS),
            word in prop::collection::vec(any::<u8>(), 1..300),
        ) {
            let slices: Vec<&[u8]> = written.iter().map(|part| &**part).collect();
            let (one, is_whole) = key(&slices);
            prop_assert!(one.len() <= KEY_LIMIT && has_parts(&one, written.len()));
            let shown = names(&one, written.len());
            if is_whole {
                prop_assert_eq!(&shown, &written);
                let mut text = Vec::new();
                join(parts(&one, written.len()), false, &mut text);
                prop_assert_eq!(split(&text), Some(written.clone()));
            } else {
                let mut again = Vec::new();
                prop_assert!(cut_key(&shown, &mut again));
                prop_assert_eq!(&again, &one);
            }
            let mut other = Vec::new();
            let mut writer = KeyWriter::new(&mut other);
            for (place, part) in parts(&one, written.len()).enumerate() {
                match place {
                    0 => writer.part(|out| out.extend_from_slice(&word)),
                    _ => writer.copy(part),
                }
            }
            writer.finish();
            prop_assert!(other.len() <= KEY_LIMIT && has_parts(&other, written.len()));
        }

        #[test]
        fn any_bytes_have_parts(bytes in prop::collection::vec(any::<u8>(), 0..300), labels in 1..=MOST_LABELS) {
            let mut text = Vec::new();
            join(parts(&bytes, labels), true, &mut text);
            prop_assert_eq!(parts(&bytes, labels).count(), labels);
            let _ = split(&bytes);
        }
    }
}
