//! Encodings of bytes as texts: UTF-8, hexadecimal, base64 and base64url. What is decoded ends where a text stops
//! being one of the encoding, as njs has it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL,
};
use rquickjs::{Ctx, Result};

use super::native::type_error;

/// How bytes are written as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The text in UTF-8.
    Utf8,
    /// Two hexadecimal digits a byte.
    Hex,
    /// Base64 with padding.
    Base64,
    /// Base64 for addresses, without padding.
    Base64Url,
}

/// Takes what has no padding, and texts whose last bits are not zero.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
);

impl Encoding {
    /// The encoding of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "utf8" | "utf-8" => Self::Utf8,
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            _ => return None,
        })
    }

    /// The encoding of a name that a script gave, UTF-8 if it gave none.
    pub(super) fn named(ctx: &Ctx<'_>, name: Option<&str>) -> Result<Self> {
        let Some(name) = name else {
            return Ok(Self::Utf8);
        };
        match Self::of(name) {
            Some(encoding) => Ok(encoding),
            None => type_error(ctx, &format!("\"{name}\" encoding is not supported")),
        }
    }

    /// Bytes as a text.
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Hex => hexadecimal(bytes),
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64Url => BASE64URL.encode(bytes),
        }
    }

    /// The bytes of a text.
    pub(super) fn decode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Hex => text
                .as_bytes()
                .chunks_exact(2)
                .map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
                .collect(),
            Self::Base64 | Self::Base64Url => base64(text),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Base64 of either alphabet, up to the first byte that belongs to none.
fn base64(text: &str) -> Vec<u8> {
    let standard = |byte: u8| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => Some(byte),
        _ => byte.is_ascii_alphanumeric().then_some(byte),
    };
    let mut digits: Vec<u8> = text.bytes().map_while(standard).collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT.decode(&digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_every_encoding() {
        let all: Vec<u8> = (0..=255).collect();
        for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
            for length in 0..all.len() {
                let text = encoding.encode(&all[..length]);
                assert_eq!(encoding.decode(&text), &all[..length], "{text}");
            }
        }
    }

    #[test]
    fn a_text_ends_where_it_is_no_more_of_its_encoding() {
        assert_eq!(Encoding::Hex.decode("0aFFx100"), [0x0a, 0xff]);
        assert_eq!(Encoding::Hex.decode("abc"), [0xab]);
        assert_eq!(Encoding::Base64.decode("QUI*QUI="), b"AB");
        assert_eq!(
            Encoding::Base64.decode("-_8"),
            Encoding::Base64Url.decode("+/8=")
        );
        assert_eq!(Encoding::Base64.decode("QUJDR"), b"ABC");
    }
}
