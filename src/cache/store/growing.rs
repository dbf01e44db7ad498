//! Following an entry that somebody fills, in whichever process.
//!
//! The truth is in the index and in the file: how far the fill has come, and, once it is over, whether the file is
//! whole. Whoever waits for more asks again; what wakes him is nobody's business here.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};

use super::{Access, Cache, open};
use crate::cache::Name;
use crate::cache::file::{Entry, Unreadable};
use crate::cache::index::{Fill, Progress};
use crate::metric::Moment;
use crate::os::{Condition, Process};

/// The mode of a file that could not take what followed. Even a full disk takes that, and who has it open sees it when the
/// file is gone.
const UNKEPT: u32 = 0o400;

/// Says in a file that it could not take what followed. Where that cannot be said, it has broken off.
pub(super) fn tell_unkept(file: &File) {
    let _ = file.set_permissions(Permissions::from_mode(UNKEPT));
}

/// An entry that was being filled when it was opened.
#[derive(Debug)]
pub struct Growing {
    file: File,
    entry: Entry,
    name: Name,
    serial: u64,
    process: Process,
}

/// How far an entry has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grown {
    /// So many bytes of the body are there, and more may come.
    Partly(u64),
    /// All of it is there, so many bytes.
    Wholly(u64),
    /// No more will come.
    Broken,
    /// What follows could not be kept, although the origin went on.
    Unkept,
}

impl Cache {
    /// Follows a fill that has begun to grow; nothing if it is over or its head has not come.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn follow(&self, name: Name, fill: &Fill) -> Result<Option<Growing>, Unreadable> {
        if fill.progress == Progress::Asked {
            return Ok(None);
        }
        let path = self.place.growing(name, fill.serial);
        let (file, _) = match open(&path, Access::Read) {
            // It has its place by now, or there is nothing left of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let entry = Entry::begun(&file)?;
        Ok(Some(Growing {
            file,
            entry,
            name,
            serial: fill.serial,
            process: fill.process,
        }))
    }

    /// Whether this process fills it.
    pub fn is_own(&self, growing: &Growing) -> bool {
        growing.process == self.process
    }

    /// How far it has grown by now.
    pub fn grown(&self, growing: &Growing, now: Moment) -> Grown {
        match self.index.fill(growing.name, now) {
            Some(fill) if fill.serial == growing.serial => match fill.progress {
                Progress::Growing(bytes) => Grown::Partly(bytes),
                Progress::Asked | Progress::Refused => Grown::Partly(0),
            },
            _ => match growing.ended() {
                // Others may have noticed his death first, and ended what he had begun.
                Grown::Broken if growing.process.condition() == Condition::Dead => Grown::Unkept,
                ended => ended,
            },
        }
    }

    /// The same, when nothing has come for a while: whoever fills it may be dead, or stopped.
    pub fn grown_if_alive(&self, growing: &Growing, now: Moment) -> Grown {
        // First whether he lives: what he said before he died counts.
        let condition = growing.process.condition();
        match (self.grown(growing, now), condition) {
            (Grown::Partly(_), Condition::Stopped) => Grown::Unkept,
            (Grown::Partly(_), Condition::Dead) => match growing.ended() {
                Grown::Broken => Grown::Unkept,
                ended => ended,
            },
            (grown, _) => grown,
        }
    }
}

impl Growing {
    /// What it says of itself.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The name of the entry that it becomes.
    pub fn name(&self) -> Name {
        self.name
    }

    /// The file, which is also that of the entry when the fill is over.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Reads from a place of the body, no further than what is known to be there.
    ///
    /// # Errors
    /// When the file cannot be read, or was cut.
    pub fn read_at(&self, piece: &mut [u8], place: u64) -> io::Result<()> {
        let place = self.entry.body_start().saturating_add(place);
        self.file.read_exact_at(piece, place)
    }

    /// What it has come to, now that nobody writes it any more.
    fn ended(&self) -> Grown {
        let Ok(metadata) = self.file.metadata() else {
            return Grown::Broken;
        };
        match self.entry.mark(&self.file, metadata.len()) {
            Ok(mark) => Grown::Wholly(mark.length),
            Err(_) if metadata.permissions().mode() & 0o777 == UNKEPT => Grown::Unkept,
            Err(_) => Grown::Broken,
        }
    }
}
