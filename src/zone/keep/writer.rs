//! Writes snapshots of a zone, in turn, and gives back the room of the journal that they replace.
//!
//! A snapshot is written aside, flushed, and takes the place of the one before, which becomes the second
//! newest. When nothing changed there is none: an update that is later than the latest one that the zone knows
//! says so at once, so a snapshot begun a while after that is known to have everything.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;
use std::time::Duration;

use super::files::{Files, is_at, scratch};
use super::snapshot::Begun;
use super::wall_clock;
use crate::metric::Moment;
use crate::os::atomic::Ordering;
use crate::os::{monotonic, punch};
use crate::zone::Zone;
use crate::zone::layout::{header, root};
use crate::zone::stamp::has_settled;

/// Writes the snapshots of one zone.
#[derive(Debug)]
pub struct Writer {
    files: Files,
    /// What the zone looked like when a snapshot of it was surely complete.
    settled: Option<Signature>,
    /// Up to where the two newest snapshots make the journal needless, the older one first.
    replaced: [u64; 2],
    /// Up to where the journal's room was given back.
    punched: u64,
}

/// How far a zone is on disk; `/status/…/state` shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// When the newest snapshot was begun, in milliseconds since 1970; zero for none.
    pub snapshot: u64,
    /// What was changed before is on disk; likewise.
    pub synced: u64,
    /// Snapshots and records that could not be written.
    pub errors: u64,
}

/// What changes whenever the zone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature([u64; 5]);

/// How often another process is waited for, and how long each time.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The journal's room is given back in pieces of so many bytes.
const PIECE: u64 = 1 << 20;

impl Writer {
    /// Writes beside these files.
    pub fn new(files: Files) -> Self {
        Self {
            files,
            settled: None,
            replaced: [0; 2],
            punched: 0,
        }
    }

    /// Writes a snapshot if something changed; false if nothing had to be written. Failures are counted in
    /// the zone.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn write(&mut self, zone: &Zone, journal: Option<&File>) -> io::Result<bool> {
        let written = self.try_write(zone, journal);
        match written {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) => {
                zone.count_error();
                Err(error)
            }
            written => written,
        }
    }

    /// Writes a snapshot that cannot wait: the zone has other cells than the newest one has, and records of the
    /// journal are read on top of it. Waits for another process that is at it.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn write_now(&mut self, zone: &Zone, journal: Option<&File>) -> io::Result<()> {
        self.settled = None;
        for _ in 0..ATTEMPTS {
            if self.write(zone, journal)? {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Writes the last snapshot: nobody will change the zone any more.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn finish(&mut self, zone: &Zone, journal: Option<&File>) -> io::Result<()> {
        let mut written = self.write_now(zone, journal);
        if let Some(journal) = journal.filter(|_| written.is_ok()) {
            // All of it is in the snapshot; the next one says that the journal begins anew.
            written = journal.set_len(0);
            (self.replaced, self.punched) = ([0; 2], 0);
            written = written.and_then(|()| self.write_now(zone, Some(journal)));
        }
        zone.seal();
        written
    }

    fn try_write(&mut self, zone: &Zone, journal: Option<&File>) -> io::Result<bool> {
        let begun = Begun {
            wall: wall_clock(),
            moment: Moment(monotonic()),
            journal: journal.map_or(Ok(0), |file| file.metadata().map(|meta| meta.len()))?,
        };
        let signature = zone.signature();
        if signature.is_some() && signature == self.settled {
            zone.note_synced(begun.wall);
            return Ok(false);
        }
        self.files.check(&zone.memory, journal)?;
        let path = self.files.snapshot_begun();
        let file = scratch(&path)?;
        if file.try_lock().is_err() || !is_at(&file, &path) {
            // Another process is at it, or has just put it in its place.
            return Ok(false);
        }
        file.set_len(0)?;
        zone.write_snapshot(begun, &mut BufWriter::new(&file))?;
        file.sync_all()?;
        // What was cut meanwhile was read as zeros.
        self.files.check(&zone.memory, journal)?;
        self.put_in_place(&path)?;
        zone.note_snapshot(begun);
        self.settled = signature.filter(|_| zone.has_settled(begun.moment));
        self.give_back(journal, begun.journal);
        Ok(true)
    }

    fn put_in_place(&self, path: &Path) -> io::Result<()> {
        let newest = self.files.snapshot();
        match fs::rename(&newest, self.files.snapshot_before()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(path, &newest)?;
        File::open(self.files.folder())?.sync_all()
    }

    /// Gives back what of the journal neither of the two newest snapshots needs.
    fn give_back(&mut self, journal: Option<&File>, replaced: u64) {
        self.replaced = [self.replaced[1], replaced];
        let [needless, _] = self.replaced;
        if let Some(file) = journal
            && needless >= self.punched + PIECE
            && punch(file, 0, needless).is_ok()
        {
            self.punched = needless;
        }
    }
}

impl Zone {
    /// How far the zone is on disk.
    pub fn kept(&self) -> Kept {
        Kept {
            snapshot: self.root.get(root::SNAPSHOT),
            synced: self.root.get(root::SYNCED),
            errors: self.root.get(root::ERRORS),
        }
    }

    /// Notes that a snapshot or a record could not be written.
    pub fn count_error(&self) {
        let word = self.root.word(root::ERRORS);
        word.fetch_add(1, Ordering::Relaxed);
    }

    fn signature(&self) -> Option<Signature> {
        let view = self.view().ok()?;
        let store = &view.store;
        Some(Signature([
            view.sequence,
            store.get(header::LATEST),
            store.get(header::LIVE),
            store.get(header::NOTES),
            store.discarded(),
        ]))
    }

    /// Whether every update after `now` is known to be the latest.
    fn has_settled(&self, now: Moment) -> bool {
        let latest = self.view().map(|view| view.store.get(header::LATEST));
        latest.is_ok_and(|latest| has_settled(latest, self.moment(now)))
    }
}
