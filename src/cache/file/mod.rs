//! Entries as files: a head that says what was answered to what, the body, and a mark behind it.
//!
//! ```text
//!  0  magic │ length of the head │ status │ padding │ nonce │ created │ last modified │ lengths │ checksum
//! 64  times, twice: sequence │ fresh │ updating │ error │ checksum
//!     key │ vary │ variant │ etag │ fields │ as much padding
//!     body
//!     magic │ length of the body │ its digest │ boot │ checksum
//! ```
//!
//! All numbers are little-endian. Nothing but the times is changed once it was written. A file is *whole* if its mark
//! fits its head: a writer that dies, a file that was cut, or one that was put together of two has none that does. The
//! checksum of a mark takes in the head's nonce, so that no origin can have a body end in a mark that holds.

mod head;
mod mark;
mod times;
mod words;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::freshness::Freshness;

pub use head::{BodyStart, Head};
pub use mark::{BodyDigest, Mark};

/// Why a file is no entry.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is something else.
    #[error("it is no cache file")]
    Foreign,
    /// It does not say what was written.
    #[error("it is damaged")]
    Damaged,
    /// Its end is missing.
    #[error("it is not whole")]
    Cut,
    /// The system cannot read it.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Unreadable {
    /// Whether there is no file.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether it says nothing of the file, but of the process that would read it or of the moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Foreign | Self::Damaged | Self::Cut => false,
            Self::Io(error) => {
                !matches!(
                    error.kind(),
                    io::ErrorKind::NotFound
                        | io::ErrorKind::NotADirectory
                        | io::ErrorKind::IsADirectory
                        | io::ErrorKind::InvalidInput
                        | io::ErrorKind::InvalidData
                        | io::ErrorKind::UnexpectedEof
                ) && error.raw_os_error() != Some(libc::ELOOP)
            }
        }
    }
}

/// The head of an entry's file, and what is known of the rest.
#[derive(Debug)]
pub struct Entry {
    bytes: Vec<u8>,
    layout: head::Layout,
    /// Until when it may be given.
    pub freshness: Freshness,
}

/// So much of a file is read at first; most heads, and short bodies behind them, have room in it.
const FIRST: usize = 4096;

impl Entry {
    /// Reads the head of a file, whose body may not be whole yet.
    ///
    /// # Errors
    /// When it has none.
    pub fn begun(file: &File) -> Result<Self, Unreadable> {
        let mut bytes = vec![0; FIRST];
        let read = read_up_to(file, &mut bytes, 0)?;
        bytes.truncate(read);
        let length = head::length(&bytes)?;
        if length > bytes.len() {
            let read = bytes.len();
            bytes.resize(length, 0);
            file.read_exact_at(&mut bytes[read..], read as u64)
                .map_err(cut)?;
        }
        let layout = head::Layout::read(&bytes)?;
        let freshness = times::read(&bytes, layout.nonce);
        Ok(Self {
            bytes,
            layout,
            freshness,
        })
    }

    /// Reads the head of a file of this size that must be whole, and its mark.
    ///
    /// # Errors
    /// When it is no entry, or not whole.
    pub fn whole(file: &File, size: u64) -> Result<(Self, Mark), Unreadable> {
        let entry = Self::begun(file)?;
        let mark = entry.mark(file, size)?;
        Ok((entry, mark))
    }

    /// The mark behind the body, at the end of a file of this size.
    ///
    /// # Errors
    /// When there is none that fits: the file is not whole.
    pub fn mark(&self, file: &File, size: u64) -> Result<Mark, Unreadable> {
        let place = size.checked_sub(Mark::BYTES as u64);
        let place = place.ok_or(Unreadable::Cut)?;
        let at_hand = usize::try_from(place)
            .ok()
            .and_then(|place| self.bytes.get(place..place.checked_add(Mark::BYTES)?));
        let mut bytes = [0; Mark::BYTES];
        match at_hand {
            Some(read) => bytes.copy_from_slice(read),
            None => file.read_exact_at(&mut bytes, place).map_err(cut)?,
        }
        let mark = Mark::read(&bytes, self.layout.nonce).ok_or(Unreadable::Cut)?;
        match self.body_start().checked_add(mark.length) {
            Some(end) if end == place => Ok(mark),
            _ => Err(Unreadable::Cut),
        }
    }

    /// What the head says.
    pub fn head(&self) -> Head<'_> {
        self.layout.head(&self.bytes)
    }

    /// Where the body begins in the file.
    pub fn body_start(&self) -> u64 {
        self.layout.length as u64
    }

    /// A range of the file, if it was read together with the head.
    pub fn at_hand(&self, range: &Range<u64>) -> Option<&[u8]> {
        let place = |place: u64| usize::try_from(place).ok();
        self.bytes.get(place(range.start)?..place(range.end)?)
    }

    /// Where a body of this length lies in the file.
    pub fn body(&self, length: u64) -> Range<u64> {
        let start = self.body_start();
        start..start.saturating_add(length)
    }

    /// Says in the file that the entry may be given for longer, or no longer. Whoever reads the file meanwhile finds
    /// the times from before or these, or that the entry has expired.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn renew(&mut self, file: &File, freshness: Freshness) -> io::Result<()> {
        times::renew(file, self.layout.nonce, freshness)?;
        self.freshness = freshness;
        Ok(())
    }
}

/// Fills `bytes` from a place of a file as far as the file goes.
fn read_up_to(file: &File, bytes: &mut [u8], mut place: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], place) {
            Ok(0) => break,
            Ok(amount) => {
                filled += amount;
                place += amount as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn cut(error: io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Unreadable::Cut,
        _ => Unreadable::Io(error),
    }
}

#[cfg(test)]
mod tests;
