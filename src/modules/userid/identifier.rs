//! The identifiers that clients keep in cookies: four words, in base64 as a cookie has them and in hexadecimal digits as
//! logs do. Their layout is that of nginx and of Apache's mod_uid, so that what clients have goes on to count.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// An identifier, as its bytes stand in a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identifier(pub(super) [u8; 16]);

/// How identifiers are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `userid v1`
    One,
    /// `userid on`
    Two,
}

/// What follows are marks and padding, which cookies of others have wrong.
pub(super) const DIGITS: usize = 22;
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Identifier {
    /// One that nobody has, made by a service with a number of its own, or by the address that the client has come to.
    pub(super) fn fresh(version: Version, service: Option<u32>, local: Option<IpAddr>) -> Self {
        static NEXT_ONE: AtomicU32 = AtomicU32::new(1);
        static NEXT_TWO: AtomicU32 = AtomicU32::new(0x0303_0302);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let second = since.map_or(0, |since| since.as_secs()) as u32;
        let words = match version {
            Version::One => {
                let serial = NEXT_ONE.fetch_add(1, Ordering::Relaxed);
                [service.unwrap_or(0), second, process(), serial].map(u32::to_le_bytes)
            }
            Version::Two => {
                // The last byte tells the version.
                let serial = NEXT_TWO.fetch_add(0x100, Ordering::Relaxed);
                let place = service.unwrap_or_else(|| local.map_or(0, low_bits));
                [place, second, process(), serial].map(u32::to_be_bytes)
            }
        };
        let mut bytes = [0; 16];
        bytes.copy_from_slice(words.as_flattened());
        Self(bytes)
    }

    /// Reads the digits of a cookie's value, of which there are enough.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let bytes = LENIENT.decode(value.get(..DIGITS)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The value of a cookie; `mark` stands where padding begins.
    pub(super) fn cookie(self, mark: Option<u8>) -> Vec<u8> {
        let mut text = STANDARD.encode(self.0).into_bytes();
        if let (Some(mark), Some(place)) = (mark, text.get_mut(DIGITS)) {
            *place = mark;
        }
        text
    }

    /// As logs show it.
    pub(super) fn hexadecimal(self) -> String {
        let (words, _) = self.0.as_chunks::<4>();
        let words = words.iter().map(|word| u32::from_le_bytes(*word));
        words.map(|word| format!("{word:08X}")).collect()
    }
}

fn low_bits(address: IpAddr) -> u32 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits(),
        IpAddr::V6(address) => address.to_bits() as u32,
    }
}

/// What tells this process from others of the same second.
fn process() -> u32 {
    static PROCESS: OnceLock<u32> = OnceLock::new();
    *PROCESS.get_or_init(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let fraction = since.map_or(0, |since| since.subsec_micros()) / 20;
        (fraction << 16) | (std::process::id() & 0xffff)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: Identifier = Identifier([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    #[test]
    fn texts_are_those_of_others() {
        assert_eq!(BYTES.cookie(None), b"AQIDBAUGBwgJCgsMDQ4PEA==");
        assert_eq!(BYTES.cookie(Some(b'q')), b"AQIDBAUGBwgJCgsMDQ4PEAq=");
        assert_eq!(BYTES.hexadecimal(), "04030201080706050C0B0A09100F0E0D");
        for text in [
            "AQIDBAUGBwgJCgsMDQ4PEA==",
            "AQIDBAUGBwgJCgsMDQ4PEAxx",
            "AQIDBAUGBwgJCgsMDQ4PEA",
        ] {
            assert_eq!(Identifier::read(text.as_bytes()), Some(BYTES), "{text}");
        }
        for text in [
            "AQIDBAUGBwgJCgsMDQ4PE",
            "AQIDBAUGBwgJCgsMDQ4P!!==",
            "",
            "======================",
        ] {
            assert_eq!(Identifier::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn fresh_ones_are_fresh() {
        let local = "127.0.0.1".parse().ok();
        let two = |service| Identifier::fresh(Version::Two, service, local);
        let one = |service| Identifier::fresh(Version::One, service, local);
        assert_ne!(two(None), two(None));
        assert_ne!(one(None), one(None));
        assert_eq!(two(None).0[..4], [127, 0, 0, 1]);
        assert_eq!(two(Some(7)).0[..4], [0, 0, 0, 7]);
        assert_eq!(one(Some(7)).0[..4], [7, 0, 0, 0]);
        assert_eq!(one(None).0[..4], [0; 4]);
        assert_eq!(two(None).0[15], 2);
    }
}
