//! What is kept of a request's body for another attempt, or until all of it is there.

use std::io;
use std::path::Path;

use crate::http::transport::spill::Spill;

/// The content of a body as far as it may be needed again.
#[derive(Debug)]
pub(super) enum Kept {
    /// All of it.
    Memory(Vec<u8>),
    /// All of it, which is long.
    File(Spill),
    /// It was too much; it cannot be sent again.
    Gone,
}

/// So many bytes are kept in memory for another attempt.
const MAX_KEPT: usize = 64 * 1024;

impl Kept {
    /// The same, for somebody else; nothing is added to it any more.
    pub(super) fn copy(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Memory(memory) => Self::Memory(memory.clone()),
            Self::File(file) => Self::File(file.copy()?),
            Self::Gone => Self::Gone,
        })
    }

    /// How much it is.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(memory) => memory.len() as u64,
            Self::File(file) => file.written(),
            Self::Gone => 0,
        }
    }

    /// Keeps all of it, in a file once it is long.
    pub(super) fn append(&mut self, bytes: &[u8], directory: &Path) -> io::Result<()> {
        match self {
            Self::Memory(memory) if memory.len() + bytes.len() <= MAX_KEPT => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Self::Memory(memory) => {
                let mut file = Spill::new(directory)?;
                file.write(memory)?;
                file.write(bytes)?;
                *self = Self::File(file);
                Ok(())
            }
            Self::File(file) => file.write(bytes),
            Self::Gone => Ok(()),
        }
    }

    /// Keeps it as long as it is short.
    pub(super) fn append_if_short(&mut self, bytes: &[u8]) {
        match self {
            Self::Memory(memory) if memory.len() + bytes.len() <= MAX_KEPT => {
                memory.extend_from_slice(bytes);
            }
            _ => *self = Self::Gone,
        }
    }
}
