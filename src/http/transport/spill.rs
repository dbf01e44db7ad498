//! A temporary file that bodies wait in when they are too large for memory.
//!
//! It has no name, so that the system removes it with the process, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// How far ahead of a client its response is read.
#[derive(Clone, Debug)]
pub struct ReadAhead {
    /// In memory, in bytes.
    pub memory: usize,
    /// In a temporary file, in bytes; 0 for none.
    pub file: u64,
    /// Where that file is.
    pub directory: Arc<Path>,
}

/// A temporary file that is written at its end and read from its beginning.
#[derive(Debug)]
pub struct Spill {
    file: File,
    written: u64,
    read: u64,
}

impl Spill {
    /// An empty one in `directory`.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(directory)?,
            written: 0,
            read: 0,
        })
    }

    /// How many bytes were written and not read.
    pub fn left(&self) -> u64 {
        self.written - self.read
    }

    /// How many bytes were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When the disk is full, or fails.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.written)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Reads the next bytes; 0 when all were read. What was read to the end is forgotten.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left()).map_or(place.len(), |left| left.min(place.len()));
        if most == 0 {
            return Ok(0);
        }
        let amount = self.file.read_at(&mut place[..most], self.read)?;
        if amount == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += amount as u64;
        Ok(amount)
    }

    /// All that was written.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn content(&self) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.written).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut content = Vec::new();
        content
            .try_reserve_exact(length)
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        content.resize(length, 0);
        self.file.read_exact_at(&mut content, 0)?;
        Ok(content)
    }

    /// The same file, read from its beginning.
    ///
    /// # Errors
    /// When there are no more descriptors.
    pub fn copy(&self) -> io::Result<Self> {
        Ok(Self {
            file: self.file.try_clone()?,
            written: self.written,
            read: 0,
        })
    }

    /// Reads from the beginning again.
    pub fn rewind(&mut self) {
        self.read = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_in_order() {
        let mut spill = Spill::new(&std::env::temp_dir()).unwrap();
        spill.write(b"hello ").unwrap();
        let mut place = [0; 4];
        assert_eq!(spill.read(&mut place).unwrap(), 4);
        spill.write(b"world").unwrap();
        assert_eq!(spill.left(), 7);
        let mut rest = [0; 20];
        assert_eq!(spill.read(&mut rest).unwrap(), 7);
        assert_eq!(&rest[..7], b"o world");
        assert_eq!(spill.read(&mut rest).unwrap(), 0);
        spill.rewind();
        assert_eq!(spill.read(&mut rest).unwrap(), 11);
    }
}
