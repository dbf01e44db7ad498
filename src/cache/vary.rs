//! What an answer depends on beside its key: the fields of the request that its `Vary` names.
//!
//! The *variant* of a request is what it says in those fields, as one text: two requests have the same variant if the
//! answer to one may be given to the other. Lists in which blanks mean nothing (`Accept-Encoding` and its like) are
//! the same however they are spaced; other fields are compared byte by byte.

/// The fields that an answer depends on, in its own order, in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vary(Vec<u8>);

/// Why an answer fits no request but its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaryError {
    /// It depends on more than the request's fields.
    #[error("it varies by \"*\"")]
    Everything,
    /// It depends on too much.
    #[error("its \"Vary\" is too long")]
    TooLong,
}

/// The longest text of fields, as in nginx.
const LONGEST: usize = 128;

/// Fields whose values are lists of plain words.
const LISTS: [&[u8]; 3] = [b"accept-charset", b"accept-encoding", b"accept-language"];

impl Vary {
    /// The fields that these lines of `Vary` name.
    ///
    /// # Errors
    /// When the answer is not to be kept on account of them.
    pub fn of_lines<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> Result<Self, VaryError> {
        let mut names = Vec::new();
        for name in lines.into_iter().flat_map(words) {
            if name == b"*" {
                return Err(VaryError::Everything);
            }
            if !names.is_empty() {
                names.push(b',');
            }
            names.extend(name.iter().map(u8::to_ascii_lowercase));
            if names.len() > LONGEST {
                return Err(VaryError::TooLong);
            }
        }
        Ok(Self(names))
    }

    /// Out of a text that [`Vary::as_bytes`] gave; nothing if it is none.
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        let read = Self::of_lines([text]).ok()?;
        (read.0 == text).then_some(read)
    }

    /// The names with commas between them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the answer depends on its key alone.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the variant of a request whose fields of a name `values` gives, in their order.
    pub fn write_variant<'r, V>(&self, values: impl Fn(&[u8]) -> V, out: &mut Vec<u8>)
    where
        V: Iterator<Item = &'r [u8]>,
    {
        for name in words(&self.0) {
            write_part(name, out);
            let is_list = LISTS.contains(&name);
            let mut count = 0u32;
            let start = out.len();
            out.extend_from_slice(&count.to_le_bytes());
            for value in values(name) {
                let mut write = |part: &[u8]| {
                    write_part(part, out);
                    count = count.saturating_add(1);
                };
                match is_list {
                    true => words(value).for_each(write),
                    false => write(value),
                }
            }
            out[start..start + 4].copy_from_slice(&count.to_le_bytes());
        }
    }
}

/// A part with its length before it, so that no two rows of parts are the same text.
fn write_part(part: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(part);
}

/// What stands between commas and blanks.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_between = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
    text.split(is_between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vary(lines: &[&str]) -> Result<Vary, VaryError> {
        Vary::of_lines(lines.iter().map(|line| line.as_bytes()))
    }

    fn variant(vary: &Vary, fields: &[(&str, &str)]) -> Vec<u8> {
        let values = |wanted: &[u8]| {
            let wanted = wanted.to_vec();
            let fields = fields.iter();
            let of_name =
                fields.filter(move |(name, _)| name.as_bytes().eq_ignore_ascii_case(&wanted));
            of_name.map(|(_, value)| value.as_bytes())
        };
        let mut out = Vec::new();
        vary.write_variant(values, &mut out);
        out
    }

    #[test]
    fn all_lines_count_and_a_star_anywhere_fits_nobody() {
        assert_eq!(vary(&[]).unwrap(), Vary::default());
        let two = vary(&["Accept , X-B", "accept-ENCODING"]).unwrap();
        assert_eq!(two.as_bytes(), b"accept,x-b,accept-encoding");
        assert_eq!(Vary::from_bytes(two.as_bytes()), Some(two));
        assert_eq!(Vary::from_bytes(b"A"), None);
        assert_eq!(vary(&["*"]), Err(VaryError::Everything));
        assert_eq!(vary(&["Accept, *"]), Err(VaryError::Everything));
        assert_eq!(vary(&[&"x".repeat(129)]), Err(VaryError::TooLong));
        assert!(vary(&[&"x".repeat(128)]).is_ok());
    }

    #[test]
    fn requests_that_say_the_same_have_the_same_variant() {
        let encoding = vary(&["Accept-Encoding"]).unwrap();
        let of = |value| variant(&encoding, &[("Accept-Encoding", value)]);
        assert_eq!(of("gzip, br"), of("gzip,br"));
        assert_ne!(of("gzip, br"), of("br, gzip"));
        assert_ne!(of("gzip"), of("GZIP"));
        assert_ne!(of(""), of("gzip"));
        let accept = vary(&["Accept"]).unwrap();
        let of = |value| variant(&accept, &[("accept", value)]);
        assert_ne!(of("a, b"), of("a,b"));
        assert_ne!(of(""), variant(&accept, &[("other", "a")]));
        assert_eq!(variant(&Vary::default(), &[("a", "b")]), b"");
    }

    proptest! {
        #[test]
        fn different_values_never_make_the_same_variant(
            one in proptest::collection::vec("[a-c, ]{0,6}", 0..3),
            other in proptest::collection::vec("[a-c, ]{0,6}", 0..3),
        ) {
            let accept = vary(&["X", "Y"]).unwrap();
            let fields = |values: &[String]| -> Vec<(&'static str, String)> {
                let names = ["X", "Y", "X"].into_iter();
                names.zip(values.iter().cloned()).collect()
            };
            let (one, other) = (fields(&one), fields(&other));
            let borrowed = |fields: &[(&'static str, String)]| -> Vec<u8> {
                let fields: Vec<(&str, &str)> =
                    fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                variant(&accept, &fields)
            };
            prop_assert_eq!(borrowed(&one) == borrowed(&other), one == other);
        }

        #[test]
        fn any_line_is_read(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(read) = Vary::of_lines([&line[..]]) {
                prop_assert_eq!(Vary::from_bytes(read.as_bytes()), Some(read));
            }
        }
    }
}
