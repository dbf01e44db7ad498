//! The fields of a response, one behind the other in one piece of memory, as they are written.

use std::iter::FusedIterator;

use super::names::is_same;
use super::scan::has_control;

/// Fields in order.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// Of each field the lengths of its name and of its value, then its line.
    bytes: Vec<u8>,
    /// How long names are: those of a length that is not here need not be looked for.
    lengths: NameLengths,
}

/// One field of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'f> {
    /// As it is written.
    pub name: &'f [u8],
    /// Free of line ends and other control characters.
    pub value: &'f [u8],
    line: &'f [u8],
}

/// What fields of most responses take.
const USUAL: usize = 256;
const LENGTH: usize = size_of::<u32>();
/// What a line holds beside name and value: a colon, a blank and the line end.
const AROUND: usize = 4;

impl Fields {
    /// How much memory they hold on to.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds a field. Line ends in the value, which would begin another one, become blanks, and so does
    /// what else no field may hold.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let lengths = (u32::try_from(name.len()), u32::try_from(value.len()));
        let (Ok(name_length), Ok(value_length)) = lengths else {
            return;
        };
        self.lengths.add(name.len());
        let more = 2 * LENGTH + name.len() + value.len() + AROUND;
        self.bytes.reserve(match self.bytes.capacity() {
            0 => more.max(USUAL),
            _ => more,
        });
        let lengths = [name_length.to_ne_bytes(), value_length.to_ne_bytes()];
        self.bytes.extend_from_slice(lengths.as_flattened());
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        match has_control(value) {
            false => self.bytes.extend_from_slice(value),
            true => self.bytes.extend(value.iter().map(clean)),
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl FusedIterator<Item = Field<'_>> {
        Iter(&self.bytes)
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        if !self.lengths.have(name.len()) {
            return None;
        }
        let found = self.iter().find(|field| field.is(name))?;
        Some(found.value)
    }

    /// The values of all fields of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f [u8]> {
        let of_name = move |field: &Field<'_>| field.is(name);
        self.iter().filter(of_name).map(|field| field.value)
    }

    /// Forgets every field of this name.
    pub fn remove(&mut self, name: &str) {
        while let Some((start, length)) = self.place(name) {
            self.bytes.drain(start..start + length);
        }
    }

    fn place(&self, name: &str) -> Option<(usize, usize)> {
        if !self.lengths.have(name.len()) {
            return None;
        }
        let mut start = 0;
        for field in self.iter() {
            let length = 2 * LENGTH + field.line.len();
            if field.is(name) {
                return Some((start, length));
            }
            start += length;
        }
        None
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lengths = NameLengths::default();
    }

    /// Adds those of `others` whose names are not there yet, and all their cookies.
    pub fn add_missing(&mut self, others: &Self) {
        let own = self.bytes.len();
        for field in others.iter() {
            let mut known = Iter(&self.bytes[..own]);
            let is_cookie = is_same(field.name, b"set-cookie");
            if !is_cookie && known.any(|one| is_same(one.name, field.name)) {
                continue;
            }
            let lengths = [field.name.len(), field.value.len()];
            for length in lengths.map(|length| u32::try_from(length).unwrap_or(u32::MAX)) {
                self.bytes.extend_from_slice(&length.to_ne_bytes());
            }
            self.bytes.extend_from_slice(field.line);
            self.lengths.add(field.name.len());
        }
    }

    /// Appends their lines.
    pub fn write(&self, out: &mut Vec<u8>) {
        for field in self.iter() {
            out.extend_from_slice(field.line);
        }
    }
}

/// Lengths that some names have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameLengths(u64);

impl NameLengths {
    /// A name is so long.
    pub fn add(&mut self, length: usize) {
        self.0 |= Self::bit(length);
    }

    /// Whether a name may be so long.
    pub fn have(self, length: usize) -> bool {
        self.0 & Self::bit(length) != 0
    }

    fn bit(length: usize) -> u64 {
        1 << length.min(63)
    }
}

impl Field<'_> {
    fn is(&self, name: &str) -> bool {
        is_same(self.name, name.as_bytes())
    }
}

struct Iter<'f>(&'f [u8]);

impl<'f> Iterator for Iter<'f> {
    type Item = Field<'f>;

    fn next(&mut self) -> Option<Field<'f>> {
        let (name, rest) = self.0.split_first_chunk::<LENGTH>()?;
        let (value, rest) = rest.split_first_chunk::<LENGTH>()?;
        let name = u32::from_ne_bytes(*name) as usize;
        let value = u32::from_ne_bytes(*value) as usize;
        let (line, rest) = rest.split_at_checked(name + value + AROUND)?;
        self.0 = rest;
        Some(Field {
            name: &line[..name],
            value: &line[name + 2..name + 2 + value],
            line,
        })
    }
}

impl FusedIterator for Iter<'_> {}

fn clean(byte: &u8) -> u8 {
    match byte {
        b'\t' => b'\t',
        byte if byte.is_ascii_control() => b' ',
        byte => *byte,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(fields: &Fields) -> String {
        let mut out = Vec::new();
        fields.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_field_is_one_line() {
        let mut fields = Fields::default();
        fields.add(b"A", b"b\r\nC: d\0\x01\x7f\te\xff");
        assert_eq!(fields.get("a"), Some(&b"b  C: d   \te\xff"[..]));
    }

    #[test]
    fn a_value_may_be_empty() {
        let mut fields = Fields::default();
        fields.add(b"A", b"");
        fields.add(b"B", b"c");
        assert_eq!(fields.get("A"), Some(&b""[..]));
        assert_eq!(shown(&fields), "A: \r\nB: c\r\n");
    }

    #[test]
    fn missing_ones_are_added_as_often_as_they_come() {
        let (mut fields, mut others) = (Fields::default(), Fields::default());
        fields.add(b"A", b"1");
        for (name, value) in [("a", b"2"), ("B", b"3"), ("b", b"4")] {
            others.add(name.as_bytes(), value);
        }
        fields.add_missing(&others);
        assert_eq!(shown(&fields), "A: 1\r\nB: 3\r\nb: 4\r\n");
    }

    proptest! {
        #[test]
        fn they_are_a_list(steps in prop::collection::vec(("[ABab]{1,2}", "[x-z]{0,9}", any::<bool>()), 0..20)) {
            let (mut fields, mut model) = (Fields::default(), Vec::new());
            for (name, value, removes) in steps {
                if removes {
                    fields.remove(&name);
                    model.retain(|(own, _): &(String, String)| !own.eq_ignore_ascii_case(&name));
                } else {
                    fields.add(name.as_bytes(), value.as_bytes());
                    model.push((name, value));
                }
            }
            let held: Vec<_> = fields.iter().map(|one| (one.name.to_vec(), one.value.to_vec())).collect();
            let wanted: Vec<_> = model.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes())).collect();
            prop_assert_eq!(held, wanted);
            for name in ["a", "b", "AB", "ba", "c", "abc"] {
                let first = model.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                let value = first.map(|(_, value)| value.as_bytes());
                prop_assert_eq!(fields.get(name), value);
            }
        }
    }
}
