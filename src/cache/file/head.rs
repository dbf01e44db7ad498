//! The head of an entry's file.

use xxhash_rust::xxh3::Xxh3;

use super::words::{number, number16, number32, word16, word32};
use super::{Unreadable, times};
use crate::cache::freshness::Freshness;

/// What an entry says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// A random number that belongs to this file alone.
    pub nonce: u64,
    /// When it was answered, in seconds since 1970.
    pub created: u64,
    /// When the origin changed it last, in seconds since 1970.
    pub last_modified: Option<u64>,
    /// The status of the answer.
    pub status: u16,
    /// The cache key.
    pub key: &'a [u8],
    /// What the answer depends on, see [`Vary::as_bytes`](crate::cache::Vary::as_bytes).
    pub vary: &'a [u8],
    /// What the request said in that, see [`Vary::write_variant`](crate::cache::Vary::write_variant).
    pub variant: &'a [u8],
    /// The tag that the origin gave it.
    pub etag: &'a [u8],
    /// The fields of the answer, each ended by CR and LF.
    pub fields: &'a [u8],
}

/// Where the body begins behind a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyStart {
    /// Right behind it.
    AtOnce,
    /// On a page of its own, as the system sends it with the least work.
    OnPage,
}

const MAGIC: [u8; 8] = *b"pgcache1";
const PAGE: usize = 4096;
/// What is before the key.
const FIXED: usize = times::END;
const CHECKSUM: usize = 56;
/// A head that is longer is none.
const LONGEST: usize = 4 << 20;
const NEVER: u64 = u64::MAX;

impl Head<'_> {
    /// Appends the head, and that the entry may be given for so long.
    ///
    /// # Errors
    /// [`Unreadable::Damaged`] when it would be too long to be read.
    pub fn write(
        &self,
        freshness: Freshness,
        start: BodyStart,
        out: &mut Vec<u8>,
    ) -> Result<(), Unreadable> {
        let parts = self.parts();
        let said = FIXED + parts.iter().map(|part| part.len()).sum::<usize>();
        let total = match start {
            BodyStart::AtOnce => said,
            BodyStart::OnPage => said.next_multiple_of(PAGE),
        };
        let start = out.len();
        if total > LONGEST {
            return Err(Unreadable::Damaged);
        }
        out.reserve(total);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&word32(total));
        out.extend_from_slice(&self.status.to_le_bytes());
        out.extend_from_slice(&word16(total - said));
        let modified = self.last_modified.unwrap_or(NEVER);
        for number in [self.nonce, self.created, modified] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for part in &parts[..4] {
            out.extend_from_slice(&word32(part.len()));
        }
        out.resize(start + FIXED, 0);
        parts.iter().for_each(|part| out.extend_from_slice(part));
        let sum = checksum(&out[start..]);
        out[start + CHECKSUM..start + CHECKSUM + 8].copy_from_slice(&sum.to_le_bytes());
        times::write(&mut out[start..], self.nonce, freshness);
        out.resize(start + total, 0);
        Ok(())
    }

    /// The parts of changing length; that of the last follows from the others.
    fn parts(&self) -> [&[u8]; 5] {
        [self.key, self.vary, self.variant, self.etag, self.fields]
    }
}

/// Of everything that is never changed, in a head without its padding.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(&bytes[..CHECKSUM]);
    sum.update(&bytes[FIXED..]);
    sum.digest()
}

/// How long the head is that begins with these bytes.
pub(super) fn length(bytes: &[u8]) -> Result<usize, Unreadable> {
    let Some(magic) = bytes.get(..MAGIC.len()) else {
        return Err(Unreadable::Cut);
    };
    if magic != MAGIC {
        return Err(Unreadable::Foreign);
    }
    if bytes.len() < FIXED {
        return Err(Unreadable::Cut);
    }
    match number32(bytes, 8) {
        length @ FIXED..=LONGEST => Ok(length),
        _ => Err(Unreadable::Damaged),
    }
}

/// Where everything lies in a head that holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) length: usize,
    pub(super) nonce: u64,
    /// Where the parts end; padding may follow.
    ends: [usize; 5],
}

impl Layout {
    /// Reads and checks a head of which all bytes are there.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let length = length(bytes)?;
        let bytes = bytes.get(..length).ok_or(Unreadable::Cut)?;
        let said = length.saturating_sub(number16(bytes, 14).into());
        if said < FIXED || checksum(&bytes[..said]) != number(bytes, CHECKSUM) {
            return Err(Unreadable::Damaged);
        }
        let mut ends = [said; 5];
        let mut end = FIXED;
        for (place, part) in ends[..4].iter_mut().enumerate() {
            end = end.saturating_add(number32(bytes, 40 + 4 * place));
            *part = end;
        }
        match end <= said {
            true => Ok(Self {
                length,
                nonce: number(bytes, 16),
                ends,
            }),
            false => Err(Unreadable::Damaged),
        }
    }

    /// What the head of these bytes says, of which this is the layout.
    pub(super) fn head<'b>(&self, bytes: &'b [u8]) -> Head<'b> {
        let [key, vary, variant, etag, fields] = self.ends;
        Head {
            nonce: self.nonce,
            created: number(bytes, 24),
            last_modified: Some(number(bytes, 32)).filter(|time| *time != NEVER),
            status: number16(bytes, 12),
            key: &bytes[FIXED..key],
            vary: &bytes[key..vary],
            variant: &bytes[vary..variant],
            etag: &bytes[variant..etag],
            fields: &bytes[etag..fields],
        }
    }
}
