//! Hashes and keyed hashes of every kind that scripts can name, fed bit by bit.

use ring::{digest, hmac};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The function of a name as the module `crypto` has it.
    pub(super) fn of_module(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The function of a name as `crypto.subtle` has it.
    pub(super) fn of_subtle(name: &str) -> Option<Self> {
        Some(match &*name.to_ascii_uppercase() {
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The name as `crypto.subtle` has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// How many bytes the function works on at a time.
    pub(super) fn block(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// How many bytes a hash has.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The hash of bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let mut hash = Hash::new(self);
        hash.update(bytes);
        hash.finish()
    }

    /// The same function as `ring` calls it for keyed hashes, which has no MD5.
    pub(super) fn keyed(self) -> Option<hmac::Algorithm> {
        Some(match self {
            Self::Md5 => return None,
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        })
    }
}

/// A hash on its way.
#[derive(Clone)]
pub(super) enum Hash {
    Md5(Box<md5::Context>),
    Other(Box<digest::Context>),
}

impl Hash {
    /// The hash of nothing so far.
    pub(super) fn new(algorithm: Algorithm) -> Self {
        let other = |algorithm| Self::Other(Box::new(digest::Context::new(algorithm)));
        match algorithm {
            Algorithm::Md5 => Self::Md5(Box::new(md5::Context::new())),
            Algorithm::Sha1 => other(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Algorithm::Sha256 => other(&digest::SHA256),
            Algorithm::Sha384 => other(&digest::SHA384),
            Algorithm::Sha512 => other(&digest::SHA512),
        }
    }

    /// Adds bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(context) => context.consume(bytes),
            Self::Other(context) => context.update(bytes),
        }
    }

    /// The hash of all that was added.
    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(context) => context.finalize().0.to_vec(),
            Self::Other(context) => context.finish().as_ref().to_vec(),
        }
    }
}

/// A keyed hash on its way. By `ring`, but for MD5, which it does not have: there RFC 2104 to the letter.
#[derive(Clone)]
pub(super) enum Hmac {
    Md5 { inner: Hash, outer: Hash },
    Other(Box<hmac::Context>),
}

impl Hmac {
    /// The keyed hash of nothing so far.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        if let Some(keyed) = algorithm.keyed() {
            let key = hmac::Key::new(keyed, key);
            return Self::Other(Box::new(hmac::Context::with_key(&key)));
        }
        let mut block = match key.len() > algorithm.block() {
            true => algorithm.digest(key),
            false => key.to_vec(),
        };
        block.resize(algorithm.block(), 0);
        let begun = |mask: u8| {
            let mut hash = Hash::new(algorithm);
            hash.update(&block.iter().map(|byte| byte ^ mask).collect::<Vec<_>>());
            hash
        };
        Self::Md5 {
            inner: begun(0x36),
            outer: begun(0x5c),
        }
    }

    /// Adds bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5 { inner, .. } => inner.update(bytes),
            Self::Other(context) => context.update(bytes),
        }
    }

    /// The keyed hash of all that was added.
    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5 { inner, mut outer } => {
                outer.update(&inner.finish());
                outer.finish()
            }
            Self::Other(context) => context.sign().as_ref().to_vec(),
        }
    }
}
