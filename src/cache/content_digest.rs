//! What a body is known to be before it comes (`proxy_cache_digest`): its SHA-256 or SHA-512, as registries of images
//! name it.

use ring::digest::{Algorithm, Context, SHA256, SHA512};

/// The digest that a body must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    algorithm: &'static Algorithm,
    value: Vec<u8>,
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected \"sha256:\" or \"sha512:\" and hexadecimal digits")]
pub struct NoDigest;

/// Names of algorithms with what follows them.
const ALGORITHMS: [(&[u8], &Algorithm); 2] = [(b"sha256:", &SHA256), (b"sha512:", &SHA512)];

impl ContentDigest {
    /// Reads `sha256:` or `sha512:` with digits behind it.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(text: &[u8]) -> Result<Self, NoDigest> {
        let read = |(name, algorithm): (&[u8], &'static Algorithm)| {
            let digits = text.strip_prefix(name)?;
            let value: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
            let value = value.filter(|value| value.len() == algorithm.output_len())?;
            Some(Self { algorithm, value })
        };
        ALGORITHMS.into_iter().find_map(read).ok_or(NoDigest)
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    let both = <[u8; 2]>::try_from(digits).ok()?;
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(both[0])? << 4 | digit(both[1])?).ok()
}

/// Compares a body with the digest that it must have, piece by piece.
#[derive(Clone)]
pub struct ContentCheck {
    expected: ContentDigest,
    context: Context,
}

impl ContentCheck {
    /// Begins with an empty body.
    pub fn new(expected: ContentDigest) -> Self {
        Self {
            context: Context::new(expected.algorithm),
            expected,
        }
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.context.update(piece);
    }

    /// Whether the body so far has the digest.
    pub fn holds(self) -> bool {
        self.context.finish().as_ref() == self.expected.value
    }
}

impl std::fmt::Debug for ContentCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.expected.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn bodies_are_compared_with_what_they_are_known_to_be() {
        let holds = |text: &str, pieces: &[&[u8]]| {
            let mut check = ContentCheck::new(ContentDigest::parse(text.as_bytes()).unwrap());
            pieces.iter().for_each(|piece| check.update(piece));
            check.holds()
        };
        let sha256 = format!("sha256:{ABC}");
        assert!(holds(&sha256, &[b"abc"]) && holds(&sha256, &[b"a", b"", b"bc"]));
        assert!(!holds(&sha256, &[b"abd"]) && !holds(&sha256, &[]));
        assert!(holds(&format!("sha256:{}", ABC.to_uppercase()), &[b"abc"]));
        let long = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert!(holds(&format!("sha512:{long}"), &[b"abc"]));
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for text in ["", "md5:00", "sha256:", ABC, "sha512:", "SHA256:00"] {
            assert_eq!(
                ContentDigest::parse(text.as_bytes()),
                Err(NoDigest),
                "{text}"
            );
        }
        for text in [
            format!("sha512:{ABC}"),
            format!("sha256:{ABC}0"),
            format!("sha256:x{}", &ABC[1..]),
        ] {
            assert_eq!(
                ContentDigest::parse(text.as_bytes()),
                Err(NoDigest),
                "{text}"
            );
        }
    }
}
