//! A key of session tickets, and tickets as bytes: the key's name, a nonce, what is encrypted, a tag.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// A key with a name, by which its tickets are known.
pub(super) struct Key {
    name: [u8; NAME],
    key: LessSafeKey,
}

/// How long a name is.
pub(super) const NAME: usize = 16;
/// How long a key is.
pub(super) const LENGTH: usize = 32;

impl Key {
    /// A key of this name.
    pub(super) fn new(name: [u8; NAME], key: &[u8; LENGTH]) -> Option<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
        Some(Self {
            name,
            key: LessSafeKey::new(key),
        })
    }

    /// The key that a file is meant to be: a name, and secrets of a length that nginx knows.
    pub(super) fn of_file(content: &[u8]) -> Option<Self> {
        if !matches!(content.len(), 48 | 80) {
            return None;
        }
        let (name, secret) = content.split_first_chunk::<NAME>()?;
        let mut key = [0; LENGTH];
        let salt = Salt::new(HKDF_SHA256, b"pingauge session tickets");
        let secret = salt.extract(secret);
        let purpose: [&[u8]; 1] = [b"AES-256-GCM"];
        let expanded = secret.expand(&purpose, HKDF_SHA256).ok()?;
        expanded.fill(&mut key).ok()?;
        Self::new(*name, &key)
    }

    /// Whether a ticket says that it is one of this key.
    pub(super) fn is_of(&self, ticket: &[u8]) -> bool {
        ticket.starts_with(&self.name)
    }

    /// A ticket for `plain`.
    pub(super) fn seal(&self, mut plain: Vec<u8>) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let secret = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(self.name);
        self.key
            .seal_in_place_append_tag(secret, aad, &mut plain)
            .ok()?;
        Some([&self.name[..], &nonce, &plain].concat())
    }

    /// What is in a ticket; `None` when it is not one of this key.
    pub(super) fn open(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let plain = self.key.open_in_place(nonce, Aad::from(*name), &mut sealed);
        plain.ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_read_by_their_key_and_no_other() {
        let key = Key::new([1; NAME], &[2; LENGTH]).unwrap();
        let other = Key::new([1; NAME], &[3; LENGTH]).unwrap();
        let ticket = key.seal(b"a session".to_vec()).unwrap();
        assert!(key.is_of(&ticket));
        assert_eq!(key.open(&ticket).as_deref(), Some(&b"a session"[..]));
        assert_eq!(other.open(&ticket), None);
        for place in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[place] ^= 1;
            assert_eq!(key.open(&changed), None, "{place}");
            assert_eq!(key.open(&ticket[..place]), None, "{place}");
        }
        assert_ne!(key.seal(b"a session".to_vec()), Some(ticket));
    }

    #[test]
    fn files_have_one_of_two_lengths() {
        for length in [0, 16, 47, 49, 64, 79, 81] {
            assert!(Key::of_file(&vec![7; length]).is_none(), "{length}");
        }
        let keys = [48, 80].map(|length| Key::of_file(&vec![7; length]).unwrap());
        let ticket = keys[0].seal(b"x".to_vec()).unwrap();
        assert!(keys[1].open(&ticket).is_none());
        let again = Key::of_file(&[7; 48]).unwrap();
        assert!(again.open(&ticket).is_some());
    }
}
