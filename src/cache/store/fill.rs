//! Filling an entry: a file of its own that grows, and takes its place when it is whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Cache;
use super::growing::tell_unkept;
use crate::cache::file::{BodyDigest, BodyStart, Head, Mark, Unreadable};
use crate::cache::index::{Begin, Claim, Claimed, Fill, Found};
use crate::cache::{ContentCheck, ContentDigest, Freshness, Name};
use crate::metric::Moment;
use crate::os::{self, monotonic};
use crate::zone::NotChanged;

/// Longer bodies are not begun where there is no room for them.
const LONG: u64 = 64 * 1024;

/// What became of the wish to fill an entry.
#[derive(Debug)]
pub enum Attempt {
    /// It is granted.
    Granted(Pending),
    /// Somebody fills it already.
    Busy(Fill),
}

/// The right to fill an entry whose head is awaited; given up by being dropped.
#[derive(Debug)]
pub struct Pending {
    cache: Arc<Cache>,
    claim: Claim,
    is_over: bool,
}

/// How an entry is filled.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Until when it may be given.
    pub freshness: Freshness,
    /// What it is a variant of, if it is one.
    pub main: Option<Name>,
    /// How long the body will be, if the origin says so.
    pub length: Option<u64>,
    /// What the body must be, if that is known.
    pub digest: Option<ContentDigest>,
}

/// An entry that is being filled; what has come is thrown away if this is dropped.
#[derive(Debug)]
pub struct Filling {
    pending: Pending,
    pub(super) path: PathBuf,
    file: File,
    nonce: u64,
    main: Option<Name>,
    check: Option<ContentCheck>,
    /// Where the body begins.
    start: u64,
    written: u64,
    digest: BodyDigest,
    /// How long the body will be, if the origin says so.
    length: Option<u64>,
}

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotFilled {
    /// The fill is somebody else's by now.
    #[error("somebody else fills it")]
    Taken,
    /// Somebody wanted the entry gone meanwhile. Who follows it has all of it.
    #[error("it was purged meanwhile")]
    Purged,
    /// The body is not as long as the origin said.
    #[error("the body is not as long as it should be")]
    Length,
    /// The body is not what it is known to be.
    #[error("the body has another digest")]
    Digest,
    /// The index has no room, or cannot be used.
    #[error(transparent)]
    Index(#[from] NotChanged),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// There is too much to be said of it.
    #[error("its head is too long")]
    Head,
}

impl Cache {
    /// Asks to fill an entry, which would be a variant of `main` if there is one; who waits for a head for more than `patience` nanoseconds has to let others try.
    ///
    /// # Errors
    /// When the index has no room, or cannot be used.
    pub fn claim(
        self: &Arc<Self>,
        (name, main): (Name, Option<Name>),
        patience: Option<u64>,
        now: Moment,
    ) -> Result<Attempt, NotChanged> {
        let owed = std::mem::take(&mut *self.owed.lock());
        owed.into_iter().for_each(|claim| self.give_up(claim, now));
        let begin = Begin {
            process: self.process,
            patience,
            main,
        };
        let claimed = match self.index.claim(name, begin, now) {
            Err(NotChanged::Full) if self.make_room(now) => self.index.claim(name, begin, now),
            claimed => claimed,
        };
        Ok(match claimed? {
            Claimed::Busy(fill) => Attempt::Busy(fill),
            Claimed::Yes(claim) => Attempt::Granted(Pending {
                cache: Arc::clone(self),
                claim,
                is_over: false,
            }),
        })
    }

    /// Ends a fill that came to nothing; later, if it cannot be done now.
    fn give_up(&self, claim: Claim, now: Moment) {
        if self.index.give_up(&claim, now).is_err() {
            self.owed.lock().push(claim);
        }
    }
}

impl Pending {
    /// The answer begins: its head goes into the file, and others can follow from now on. The nonce of `head` is
    /// given here.
    ///
    /// # Errors
    /// When it cannot be kept; those who wait for it are told that it is not.
    pub fn begin(self, head: Head<'_>, terms: Terms) -> Result<Filling, NotFilled> {
        match self.written(head, &terms) {
            Ok((path, file, (nonce, start))) => {
                let filling = Filling {
                    pending: self,
                    path,
                    file,
                    nonce,
                    main: terms.main,
                    check: terms.digest.map(ContentCheck::new),
                    start,
                    written: 0,
                    digest: BodyDigest::default(),
                    length: terms.length,
                };
                filling.tell().map(|()| filling)
            }
            Err(error) => {
                self.refuse();
                Err(error)
            }
        }
    }

    /// A file that has the head in it; the nonce, and where the body begins.
    fn written(
        &self,
        head: Head<'_>,
        terms: &Terms,
    ) -> Result<(PathBuf, File, (u64, u64)), NotFilled> {
        let nonce = os::random()?;
        let mut bytes = Vec::new();
        let head = Head { nonce, ..head };
        head.write(terms.freshness, body_start(terms.length), &mut bytes)
            .map_err(|problem| match problem {
                Unreadable::Io(error) => NotFilled::File(error),
                _ => NotFilled::Head,
            })?;
        let path = self.cache.place.growing(self.claim.name, self.claim.serial);
        let file = create(&path)?;
        let has_room = terms.length.is_none_or(|length| has_room(&file, length));
        let written = match has_room {
            true => file.write_all_at(&bytes, 0),
            false => Err(io::ErrorKind::StorageFull.into()),
        };
        if let Err(error) = written {
            let _ = fs::remove_file(&path);
            return Err(error.into());
        }
        Ok((path, file, (nonce, bytes.len() as u64)))
    }

    /// The answer is not to be kept: those who wait for it need not wait for each other.
    pub fn refuse(mut self) {
        let now = Moment(monotonic());
        // What fails now is given up later.
        self.is_over = self.cache.index.refuse(&self.claim, now).is_ok();
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_over {
            self.cache.give_up(self.claim, Moment(monotonic()));
        }
    }
}

impl Filling {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// When it cannot be kept; there is no use in going on.
    pub fn append(&mut self, piece: &[u8]) -> Result<(), NotFilled> {
        let written = self.written.saturating_add(piece.len() as u64);
        if self.length.is_some_and(|length| written > length) {
            return Err(NotFilled::Length);
        }
        self.write(piece, self.start + self.written)?;
        self.digest.update(piece);
        if let Some(check) = &mut self.check {
            check.update(piece);
        }
        self.written = written;
        self.tell()
    }

    fn write(&self, bytes: &[u8], place: u64) -> io::Result<()> {
        let written = self.file.write_all_at(bytes, place);
        if written.is_err() {
            tell_unkept(&self.file);
        }
        written
    }

    /// How many bytes of the body others may have: not the last one, as long as it may turn out to be wrong.
    pub fn shown(&self) -> u64 {
        match self.length {
            Some(length) => self.written.min(length.saturating_sub(1)),
            None => self.written,
        }
    }

    /// What says whether the body is what it is known to be, should what comes from here on not be kept.
    pub fn take_check(&mut self) -> Option<ContentCheck> {
        self.check.take()
    }

    /// How many bytes of the body have come.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The file, and where the body begins in it.
    ///
    /// # Errors
    /// When there are no more descriptors.
    pub fn kept(&self) -> io::Result<(File, u64)> {
        Ok((self.file.try_clone()?, self.start))
    }

    fn tell(&self) -> Result<(), NotFilled> {
        let Pending { cache, claim, .. } = &self.pending;
        match cache
            .index
            .advance(claim, self.shown(), Moment(monotonic()))
        {
            true => Ok(()),
            false => Err(NotFilled::Taken),
        }
    }

    /// The body is whole: the entry is this from now on.
    ///
    /// # Errors
    /// When it is not kept.
    pub fn finish(mut self, now: Moment) -> Result<(), NotFilled> {
        if self.length.is_some_and(|length| length != self.written) {
            return Err(NotFilled::Length);
        }
        if !self.check.take().is_none_or(ContentCheck::holds) {
            return Err(NotFilled::Digest);
        }
        let Pending { cache, claim, .. } = &self.pending;
        let mark = Mark {
            length: self.written,
            digest: self.digest.value(),
            boot: cache.boot,
        };
        let end = self.start + self.written;
        self.write(&mark.written(self.nonce), end)?;
        // What has begun to grow is taken from nobody who lives, so this holds until the end.
        self.tell()?;
        let fill = cache.index.fill(claim.name, now);
        if fill.is_some_and(|fill| fill.is_purged) {
            return Err(NotFilled::Purged);
        }
        let place = cache.place.file(claim.name);
        make_folder(&place)?;
        fs::rename(&self.path, &place)?;
        let found = Found {
            size: on_disk(end + Mark::BYTES as u64),
            main: self.main,
        };
        let finished = cache.index.finish(claim, found, now)?;
        self.pending.is_over = true;
        if !finished {
            // It was purged in the last moment.
            let _ = fs::remove_file(&place);
            return Err(NotFilled::Purged);
        }
        Ok(())
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if !self.pending.is_over {
            // It may have its final name already, or be nobody's any more; upkeep finds what is left.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Bodies that are known to be shorter than this, and those of which it is not known, begin where there is room left
/// behind their heads.
const ON_PAGE: u64 = 16 * 1024;

fn body_start(length: Option<u64>) -> BodyStart {
    match length {
        Some(ON_PAGE..) => BodyStart::OnPage,
        _ => BodyStart::AtOnce,
    }
}

/// Makes a file that is not there, in a folder that may not be.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(path)?;
            options.open(path)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Left by somebody who had this serial of an index that is no more.
            fs::remove_file(path)?;
            options.open(path)
        }
        opened => opened,
    }
}

/// Makes the folder of a file.
fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.is_dir() => {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)
        }
        _ => Ok(()),
    }
}

/// Whether the disk of a file has room for a body of this length, where that is worth a look: those who follow a fill that
/// finds no room are cut off with it.
fn has_room(file: &File, length: u64) -> bool {
    length <= LONG || os::bytes_free(file).is_ok_and(|free| free >= length)
}

/// What a file of this length takes of a disk.
pub(super) fn on_disk(length: u64) -> u64 {
    length.next_multiple_of(4096)
}
