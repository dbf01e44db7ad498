//! Content that is kept in a file of somebody else's, for a client that takes it later.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A range of a file that grows at its end and is read from its beginning.
#[derive(Debug)]
pub struct Behind {
    file: File,
    next: u64,
    end: u64,
}

impl Behind {
    /// Nothing yet, of what begins at this place of the file.
    pub fn new(file: File, start: u64) -> Self {
        Self {
            file,
            next: start,
            end: start,
        }
    }

    /// So many bytes more belong to it.
    pub fn grow(&mut self, length: usize) {
        self.end = self.end.saturating_add(length as u64);
    }

    /// Whether everything was read.
    pub fn is_read(&self) -> bool {
        self.next == self.end
    }

    /// Reads the next bytes; 0 when all were read.
    ///
    /// # Errors
    /// When the file cannot be read, or was cut.
    pub fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let most = left.min(place.len());
        if most == 0 {
            return Ok(0);
        }
        let amount = self.file.read_at(&mut place[..most], self.next)?;
        if amount == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.next += amount as u64;
        Ok(amount)
    }
}
