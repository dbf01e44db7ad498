//! The entries of snapshots and journals: the state of a key, its removal, a receipt.
//!
//! An entry says what is, not what was done, and when as a stamp. So entries can be played again in any order
//! and any number of times: what is newer stays. Numbers are little-endian.
//!
//! ```text
//! 1 key      flags u8, key length u8, text length u8, cells u32, stamp u64, cells, key, text
//! 2 removal  key length u8, stamp u64, key
//! 3 receipt  name u128, keys made u64, zone time u64: of the first version, kept for half an hour
//! 4 receipt  name u128, keys made u64, zone time u64, end as a stamp u64, owner u64
//! 5 key      as 1, with a text length u16
//! ```

use crate::metric::Moment;
use crate::zone::note::{Name, Receipt};
use crate::zone::record::stamp_of;

/// A key as it was at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::zone) struct Key<'a> {
    pub(in crate::zone) key: &'a [u8],
    pub(in crate::zone) is_truncated: bool,
    pub(in crate::zone) stamp: u64,
    pub(in crate::zone) cells: &'a [u64],
    pub(in crate::zone) text: &'a [u8],
}

/// An entry that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::zone) enum Entry {
    Key {
        key: Vec<u8>,
        is_truncated: bool,
        stamp: u64,
        cells: Vec<u64>,
        text: Vec<u8>,
    },
    Removal {
        key: Vec<u8>,
        stamp: u64,
    },
    Receipt {
        name: Name,
        receipt: Receipt,
        moment: Moment,
    },
}

const KEY: u8 = 1;
const REMOVAL: u8 = 2;
const FORMER_RECEIPT: u8 = 3;
const RECEIPT: u8 = 4;
const LONG_KEY: u8 = 5;
/// In nanoseconds.
const HALF_AN_HOUR: u64 = 30 * 60 * 1_000_000_000;
const TRUNCATED: u8 = 1;

impl Key<'_> {
    /// Appends the entry.
    pub(in crate::zone) fn write(&self, out: &mut Vec<u8>) {
        let flags = if self.is_truncated { TRUNCATED } else { 0 };
        match u8::try_from(self.text.len()) {
            Ok(text) => out.extend([KEY, flags, self.key.len() as u8, text]),
            Err(_) => {
                out.extend([LONG_KEY, flags, self.key.len() as u8]);
                out.extend((self.text.len() as u16).to_le_bytes());
            }
        }
        out.extend((self.cells.len() as u32).to_le_bytes());
        out.extend(self.stamp.to_le_bytes());
        out.extend(self.cells.iter().flat_map(|cell| cell.to_le_bytes()));
        out.extend_from_slice(self.key);
        out.extend_from_slice(self.text);
    }
}

/// Appends that a key is gone.
pub(in crate::zone) fn removal(key: &[u8], stamp: u64, out: &mut Vec<u8>) {
    out.extend([REMOVAL, key.len() as u8]);
    out.extend(stamp.to_le_bytes());
    out.extend_from_slice(key);
}

/// Appends a receipt.
pub(in crate::zone) fn receipt(name: Name, receipt: Receipt, moment: Moment, out: &mut Vec<u8>) {
    let Receipt {
        created,
        end,
        owner,
    } = receipt;
    out.push(RECEIPT);
    out.extend(name.0.to_le_bytes());
    for number in [created, moment.0, end, owner] {
        out.extend(number.to_le_bytes());
    }
}

/// Takes bytes from the front of what is left; everything fails once something is missing.
#[derive(Clone, Copy, Debug)]
pub(in crate::zone) struct Reader<'a>(pub(in crate::zone) &'a [u8]);

impl<'a> Reader<'a> {
    pub(in crate::zone) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(in crate::zone) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(in crate::zone) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(in crate::zone) fn cells(&mut self, count: usize) -> Option<Vec<u64>> {
        let bytes = self.bytes(count.checked_mul(8)?)?;
        let cells = bytes.as_chunks().0.iter();
        Some(cells.map(|cell| u64::from_le_bytes(*cell)).collect())
    }

    /// The next entry; nothing if what follows is none.
    pub(in crate::zone) fn entry(&mut self) -> Option<Entry> {
        match self.array()? {
            [kind @ (KEY | LONG_KEY)] => {
                let [flags, key] = self.array()?;
                let text = match kind {
                    KEY => u16::from(self.array::<1>()?[0]),
                    _ => u16::from_le_bytes(self.array()?),
                };
                let cells = u32::from_le_bytes(self.array()?) as usize;
                let stamp = self.number()?;
                Some(Entry::Key {
                    is_truncated: flags & TRUNCATED != 0,
                    stamp,
                    cells: self.cells(cells)?,
                    key: self.bytes(key.into())?.to_vec(),
                    text: self.bytes(text.into())?.to_vec(),
                })
            }
            [REMOVAL] => {
                let [length] = self.array()?;
                let stamp = self.number()?;
                let key = self.bytes(length.into())?.to_vec();
                Some(Entry::Removal { key, stamp })
            }
            [kind @ (FORMER_RECEIPT | RECEIPT)] => {
                let name = Name(u128::from_le_bytes(self.array()?));
                let (created, moment) = (self.number()?, Moment(self.number()?));
                let (end, owner) = match kind {
                    RECEIPT => (self.number()?, self.number()?),
                    _ => (stamp_of(Moment(moment.0.saturating_add(HALF_AN_HOUR))), 0),
                };
                let receipt = Receipt {
                    created,
                    end,
                    owner,
                };
                Some(Entry::Receipt {
                    name,
                    receipt,
                    moment,
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut out = Vec::new();
        let (key, text, cells) = ([b'k'; 255], [b't'; 255], [1, u64::MAX]);
        Key {
            key: &key,
            is_truncated: true,
            stamp: 7,
            cells: &cells,
            text: &text,
        }
        .write(&mut out);
        Key {
            key: b"k",
            is_truncated: false,
            stamp: 8,
            cells: &cells,
            text: &[b't'; 1000],
        }
        .write(&mut out);
        removal(b"gone", 8, &mut out);
        let made = Receipt {
            created: 3,
            end: 11,
            owner: 12,
        };
        receipt(Name(1 << 100), made, Moment(9), &mut out);
        let mut reader = Reader(&out);
        let entries: Vec<Entry> = std::iter::from_fn(|| reader.entry()).collect();
        let expected = [
            Entry::Key {
                key: key.to_vec(),
                is_truncated: true,
                stamp: 7,
                cells: cells.to_vec(),
                text: text.to_vec(),
            },
            Entry::Key {
                key: b"k".to_vec(),
                is_truncated: false,
                stamp: 8,
                cells: cells.to_vec(),
                text: vec![b't'; 1000],
            },
            Entry::Removal {
                key: b"gone".to_vec(),
                stamp: 8,
            },
            Entry::Receipt {
                name: Name(1 << 100),
                receipt: made,
                moment: Moment(9),
            },
        ];
        assert_eq!(entries, expected);
        assert!(reader.0.is_empty());
        for end in 1..out.len() {
            let mut reader = Reader(&out[..end]);
            while reader.entry().is_some() {}
        }
    }
}
