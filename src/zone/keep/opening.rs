//! From files to a zone: which of them counts, and what becomes of the others. See `files` for what they are.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Files, beside, content, free, set_aside};
use super::image::Image;
use super::snapshot::{Begun, Preamble};
use super::writer::Writer;
use super::{journal, live, snapshot, wall_clock};
use crate::metric::{Moment, Schema};
use crate::os::{SharedMemory, monotonic, open_own};
use crate::zone::migration::{whole_bytes, why_not};
use crate::zone::view::Translation;
use crate::zone::{Adoption, Geometry, Overflow, Unusable, Zone};

/// What a configuration wants of a zone.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its size.
    pub bytes: usize,
    /// Its metrics.
    pub schema: &'a Arc<Schema>,
    /// What happens to keys that do not fit.
    pub overflow: &'a Overflow,
    /// A zone in memory whose values it takes over if there is nothing on disk yet.
    pub before: Option<&'a SharedMemory>,
}

/// A zone that came out of its files.
#[derive(Debug)]
pub struct Opened {
    /// The zone.
    pub zone: Zone,
    /// Its memory, which is the file.
    pub memory: SharedMemory,
    /// Its journal, to be appended to.
    pub journal: File,
    /// What there is to tell about it.
    pub told: Vec<Told>,
}

/// Something to be told about files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How bad it is.
    pub level: log::Level,
    /// A sentence without the zone's name.
    pub message: String,
}

impl Files {
    /// Opens the zone, or makes it.
    ///
    /// # Errors
    /// When another server uses the files, when they cannot be read or written, or the zone is too small.
    pub fn open(&self, wanted: &Wanted<'_>) -> Result<Opened, Unusable> {
        Geometry::of_zone(wanted.bytes, wanted.schema)?;
        let mut opening = Opening {
            files: self,
            wanted,
            file: self.lock()?,
            told: Vec::new(),
        };
        let (zone, memory, journal) = opening.run()?;
        Ok(Opened {
            zone,
            memory,
            journal,
            told: opening.told,
        })
    }

    /// Keeps what is in a zone as `PATH.old` if it has no metric in common with those wanted, because a
    /// configuration that is taken up will empty it.
    ///
    /// # Errors
    /// When the zone cannot be read or the file not be written.
    pub fn keep_old(&self, memory: &SharedMemory, wanted: &Arc<Schema>) -> Result<bool, Unusable> {
        let present = Zone::attach(memory, Arc::clone(wanted))?;
        let schema = Arc::clone(&present.first.store.schema);
        if has_common(&schema, wanted) {
            return Ok(false);
        }
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        let mut file = BufWriter::new(options.open(free(&self.old()))?);
        write_as_it_is(memory, wanted, &mut file)?;
        Ok(true)
    }
}

impl Zone {
    /// A new zone in memory, with what another one holds that was kept elsewhere; says how many keys.
    ///
    /// # Errors
    /// As for [`Zone::create`], and when the other one cannot be read.
    pub fn create_from(
        before: &SharedMemory,
        memory: &SharedMemory,
        wanted: &Wanted<'_>,
    ) -> Result<(Self, usize), Unusable> {
        let image = image_of(before, wanted.schema)?;
        let schema = Arc::clone(wanted.schema);
        let fill = |root: &_, store: &_| drop(image.fill(root, store, wall_clock()));
        let zone = Self::create_with(memory, wanted.bytes, schema, wanted.overflow, fill)?;
        Ok((zone, image.keys()))
    }
}

/// The way from files to a zone.
struct Opening<'a> {
    files: &'a Files,
    wanted: &'a Wanted<'a>,
    file: File,
    told: Vec<Told>,
}

impl Opening<'_> {
    fn run(&mut self) -> Result<(Zone, SharedMemory, File), Unusable> {
        let found = live::look(&self.file, self.wanted.schema)?;
        if let Some(image) = self.image_before() {
            return self.take_along(&found, &image);
        }
        match &found {
            live::Found::Good(memory, schema) if self.has_common(schema) => {
                let journal = self.journal(self.newest_offset())?.file;
                let zone = self.adopt(memory, &journal)?;
                return Ok((zone, memory.clone(), journal));
            }
            live::Found::Good(_, schema) => {
                self.set_aside_old(&why_not(schema, self.wanted.schema))?;
                return self.fresh();
            }
            live::Found::Foreign if !self.files.has_snapshot() => {
                let path = self.files.path().display();
                let message = format!("\"{path}\" is something else than the file of a zone");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
            }
            live::Found::Foreign => self.set_aside_bad(self.files.path(), "it is no zone")?,
            live::Found::Damaged(reason) => self.set_aside_bad(self.files.path(), reason)?,
            live::Found::Nothing | live::Found::OtherBoot => {}
        }
        let Some((image, path, journal)) = self.newest_image()? else {
            if matches!(found, live::Found::OtherBoot) {
                let reason = "the machine went down, and there is no snapshot";
                self.set_aside_bad(self.files.path(), reason)?;
            }
            return self.fresh();
        };
        if !self.has_common(&image.schema) {
            let reason = why_not(&image.schema, self.wanted.schema);
            self.say_old(&set_aside(&path, &self.files.old())?, &reason);
            return self.fresh();
        }
        let (zone, memory) = self.restore(&image)?;
        let level = match found {
            live::Found::OtherBoot => log::Level::Info,
            _ => log::Level::Warn,
        };
        let keys = image.keys();
        self.tell(level, format!("{keys} keys were read from its snapshot"));
        Ok((zone, memory, journal))
    }

    /// Starts with what the zone held elsewhere, whatever the file has: that is older.
    fn take_along(
        &mut self,
        found: &live::Found,
        image: &Image,
    ) -> Result<(Zone, SharedMemory, File), Unusable> {
        if !matches!(found, live::Found::Nothing) {
            self.set_aside_old("it is older than what was counted elsewhere")?;
        }
        let journal = self.empty_journal()?;
        let (zone, memory) = self.restore(image)?;
        Writer::new(self.files.clone()).write_now(&zone, Some(&journal))?;
        let keys = image.keys();
        let message = format!("{keys} keys came along from where they were kept before");
        self.tell(log::Level::Info, message);
        Ok((zone, memory, journal))
    }

    /// What the zone held that was kept elsewhere before.
    fn image_before(&self) -> Option<Image> {
        image_of(self.wanted.before?, self.wanted.schema).ok()
    }

    fn has_common(&self, schema: &Schema) -> bool {
        has_common(schema, self.wanted.schema)
    }

    /// Takes over a zone that is in use by nobody.
    fn adopt(&mut self, memory: &SharedMemory, journal: &File) -> Result<Zone, Unusable> {
        let schema = Arc::clone(self.wanted.schema);
        let (zone, adoption) =
            Zone::adopt(memory, self.wanted.bytes, schema, self.wanted.overflow)?;
        if adoption != Adoption::Kept {
            Writer::new(self.files.clone()).write_now(&zone, Some(journal))?;
        }
        self.say_adopted(&adoption);
        Ok(zone)
    }

    fn restore(&mut self, image: &Image) -> Result<(Zone, SharedMemory), Unusable> {
        let memory = self.empty_memory()?;
        let mut adoption = Adoption::Created;
        let zone = Zone::create_with(
            &memory,
            self.wanted.bytes,
            Arc::clone(self.wanted.schema),
            self.wanted.overflow,
            |root, store| adoption = image.fill(root, store, wall_clock()),
        )?;
        self.say_adopted(&adoption);
        Ok((zone, memory))
    }

    fn fresh(&mut self) -> Result<(Zone, SharedMemory, File), Unusable> {
        let memory = self.empty_memory()?;
        let schema = Arc::clone(self.wanted.schema);
        let zone = Zone::create(&memory, self.wanted.bytes, schema, self.wanted.overflow)?;
        let journal = self.empty_journal()?;
        // What the journal will say is to be read on top of something.
        Writer::new(self.files.clone()).write_now(&zone, Some(&journal))?;
        Ok((zone, memory, journal))
    }

    /// The file, emptied, as memory for a new zone.
    fn empty_memory(&self) -> Result<SharedMemory, Unusable> {
        let geometry = Geometry::of_zone(self.wanted.bytes, self.wanted.schema)?;
        self.file.set_len(0)?;
        let file = self.file.try_clone()?;
        Ok(SharedMemory::on_disk(file, whole_bytes(&geometry))?)
    }

    /// What the newest good snapshot and the journal say; damaged ones are set aside. Without any, the
    /// journal alone may do.
    fn newest_image(&mut self) -> Result<Option<(Image, PathBuf, File)>, Unusable> {
        for path in [self.files.snapshot(), self.files.snapshot_before()] {
            let read = match content(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read.map_err(Unusable::from),
            };
            match read.and_then(|bytes| snapshot::read(&bytes)) {
                Ok((preamble, entries)) => {
                    let journal = self.journal(preamble.journal)?;
                    match Image::new(preamble, entries, journal.entries) {
                        Ok(image) => return Ok(Some((image, path, journal.file))),
                        Err(error) => self.set_aside_bad(&path, &error.to_string())?,
                    }
                }
                Err(error) => self.set_aside_bad(&path, &error.to_string())?,
            }
        }
        let journal = self.journal(0)?;
        if journal.entries.is_empty() {
            return Ok(None);
        }
        let preamble = Preamble::unknown(self.wanted.schema, wall_clock());
        let image = Image::new(preamble, Vec::new(), journal.entries)?;
        let path = self.files.journal();
        let message = format!(
            "there is no snapshot: \"{}\" alone has to do",
            path.display()
        );
        self.tell(log::Level::Error, message);
        Ok(Some((image, path, journal.file)))
    }

    /// The journal, and what is in it from `from` on.
    fn journal(&mut self, from: u64) -> Result<journal::Opened, Unusable> {
        let path = self.files.journal();
        self.clear_journal()?;
        let opened = journal::open(&path, from)?;
        if opened.skipped > 0 {
            let bad = free(&beside(&path, "bad"));
            let mut options = File::options();
            options.write(true).create_new(true).mode(0o600);
            options.open(&bad)?.write_all(&content(&path)?)?;
            let (path, bad, bytes) = (path.display(), bad.display(), opened.skipped);
            let message = format!("{bytes} bytes of \"{path}\" are damaged, kept as \"{bad}\"");
            self.tell(log::Level::Error, message);
        } else if opened.is_torn {
            let message = format!("the torn end of \"{}\" is cut off", path.display());
            self.tell(log::Level::Warn, message);
        }
        Ok(opened)
    }

    /// A journal for a zone that begins.
    fn empty_journal(&mut self) -> Result<File, Unusable> {
        self.clear_journal()?;
        let mut options = File::options();
        options.read(true).append(true).create(true).mode(0o600);
        let file = open_own(&mut options, &self.files.journal())?;
        file.set_len(0)?;
        Ok(file)
    }

    /// What stands in the place of the journal and is none is set aside.
    fn clear_journal(&mut self) -> Result<(), Unusable> {
        let path = self.files.journal();
        match open_own(File::options().read(true), &path) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.set_aside_bad(&path, &error.to_string())
            }
            _ => Ok(()),
        }
    }

    /// From where on the newest snapshot needs the journal; the start if there is no telling.
    fn newest_offset(&self) -> u64 {
        let offset = |path: PathBuf| {
            let mut start = [0; 32];
            let file = open_own(File::options().read(true), &path).ok()?;
            file.read_exact_at(&mut start, 0).ok()?;
            Some(u64::from_le_bytes(*start.last_chunk()?))
        };
        let newest = offset(self.files.snapshot());
        newest
            .or_else(|| offset(self.files.snapshot_before()))
            .unwrap_or(0)
    }

    fn set_aside_bad(&mut self, path: &Path, reason: &str) -> Result<(), Unusable> {
        let bad = set_aside(path, &beside(path, "bad"))?;
        let (shown, bad) = (path.display(), bad.display());
        let message = format!("\"{shown}\" cannot be used ({reason}) and is kept as \"{bad}\"");
        self.tell(log::Level::Error, message);
        self.renew_file(path)
    }

    fn set_aside_old(&mut self, reason: &str) -> Result<(), Unusable> {
        let old = set_aside(self.files.path(), &self.files.old())?;
        self.say_old(&old, reason);
        self.renew_file(self.files.path())
    }

    /// Where the zone's memory was set aside, a new one takes its place.
    fn renew_file(&mut self, path: &Path) -> Result<(), Unusable> {
        if path == self.files.path() {
            self.file = self.files.lock()?;
        }
        Ok(())
    }

    fn say_old(&mut self, kept: &Path, reason: &str) {
        let kept = kept.display();
        let message = format!("what its file held is not used, but kept as \"{kept}\": {reason}");
        self.tell(log::Level::Warn, message);
    }

    fn say_adopted(&mut self, adoption: &Adoption) {
        if let Some(message) = adoption.story() {
            self.tell(log::Level::Info, message);
        }
    }

    fn tell(&mut self, level: log::Level, message: String) {
        self.told.push(Told { level, message });
    }
}

/// Everything that is in a zone.
///
/// # Errors
/// When it cannot be read.
pub(super) fn image_of(memory: &SharedMemory, known: &Arc<Schema>) -> Result<Image, Unusable> {
    let mut bytes = Vec::new();
    write_as_it_is(memory, known, &mut bytes)?;
    let (preamble, entries) = snapshot::read(&bytes)?;
    Image::new(preamble, entries, Vec::new())
}

/// Writes a snapshot with the metrics that the zone has, which need not be those known here.
fn write_as_it_is(
    memory: &SharedMemory,
    known: &Arc<Schema>,
    out: &mut dyn Write,
) -> Result<(), Unusable> {
    let begun = Begun {
        wall: wall_clock(),
        moment: Moment(monotonic()),
        journal: 0,
    };
    Ok(Zone::attach(memory, Arc::clone(known))?.write_snapshot(begun, out)?)
}

/// Whether some metric is in both.
fn has_common(present: &Schema, wanted: &Schema) -> bool {
    Translation::between(present, wanted).is_none_or(|translation| translation.kept() > 0)
}
