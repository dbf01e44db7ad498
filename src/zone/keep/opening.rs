//! From files to a zone: which of them counts, and what becomes of the others. See `files` for what they are.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::{Entry, Reader};
use super::files::Files;
use super::image::Image;
use super::snapshot::Begun;
use super::writer::Writer;
use super::{journal, live, snapshot, wall_clock};
use crate::metric::{Moment, Schema};
use crate::os::{SharedMemory, monotonic};
use crate::zone::migration::whole_bytes;
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
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = BufWriter::new(options.open(self.old())?);
        write_as_it_is(memory, wanted, &mut file)?;
        Ok(true)
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
        match &found {
            live::Found::Good(memory, schema) if self.has_common(schema) => {
                let journal = self.journal(self.newest_offset())?.0;
                let zone = self.adopt(memory, &journal)?;
                return Ok((zone, memory.clone(), journal));
            }
            live::Found::Good(..) => {
                self.set_aside(self.files.path(), &self.files.old())?;
                self.say_old(&self.files.old());
                return self.fresh();
            }
            live::Found::Damaged(reason) => {
                let path = self.files.path().to_owned();
                self.set_aside_bad(&path, reason)?;
            }
            live::Found::Nothing | live::Found::OtherBoot => {}
        }
        let Some((image, path, journal)) = self.newest_image()? else {
            if let Some(image) = self.image_before(&found) {
                let journal = self.journal(0)?.0;
                let (zone, memory) = self.restore(&image)?;
                Writer::new(self.files.clone()).write_now(&zone, Some(&journal))?;
                return Ok((zone, memory, journal));
            }
            if matches!(found, live::Found::OtherBoot) {
                let path = self.files.path().to_owned();
                self.set_aside_bad(&path, "the machine went down, and there is no snapshot")?;
            }
            return self.fresh();
        };
        if !self.has_common(&image.schema) {
            fs::rename(path, self.files.old())?;
            self.say_old(&self.files.old());
            return self.fresh();
        }
        let (zone, memory) = self.restore(&image)?;
        Ok((zone, memory, journal))
    }

    /// What the zone held that was not in a file, where there is no file yet.
    fn image_before(&self, found: &live::Found) -> Option<Image> {
        let memory = self.wanted.before?;
        if !matches!(found, live::Found::Nothing) {
            return None;
        }
        let mut bytes = Vec::new();
        write_as_it_is(memory, self.wanted.schema, &mut bytes).ok()?;
        let (preamble, entries) = snapshot::read(&bytes).ok()?;
        Image::new(preamble, entries, Vec::new()).ok()
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
        self.tell(
            log::Level::Info,
            format!("{} keys were read from its snapshot", image.keys()),
        );
        self.say_adopted(&adoption);
        Ok((zone, memory))
    }

    fn fresh(&mut self) -> Result<(Zone, SharedMemory, File), Unusable> {
        let memory = self.empty_memory()?;
        let schema = Arc::clone(self.wanted.schema);
        let zone = Zone::create(&memory, self.wanted.bytes, schema, self.wanted.overflow)?;
        let journal = self.journal(0)?.0;
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

    /// What the newest good snapshot and the journal say; damaged ones are set aside.
    fn newest_image(&mut self) -> Result<Option<(Image, PathBuf, File)>, Unusable> {
        for path in [self.files.snapshot(), self.files.snapshot_before()] {
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                read => read?,
            };
            match snapshot::read(&bytes) {
                Ok((preamble, entries)) => {
                    let (journal, newer) = self.journal(preamble.journal)?;
                    let image = Image::new(preamble, entries, newer);
                    match image {
                        Ok(image) => return Ok(Some((image, path, journal))),
                        Err(error) => self.set_aside_bad(&path, &error.to_string())?,
                    }
                }
                Err(error) => self.set_aside_bad(&path, &error.to_string())?,
            }
        }
        Ok(None)
    }

    /// The journal, and what is in it from `from` on.
    fn journal(&mut self, from: u64) -> Result<(File, Vec<Entry>), Unusable> {
        let (file, entries, is_torn) = journal::open(&self.files.journal(), from)?;
        if is_torn {
            let path = self.files.journal();
            let message = format!("the torn end of \"{}\" is cut off", path.display());
            self.tell(log::Level::Warn, message);
        }
        Ok((file, entries))
    }

    /// From where on the newest snapshot needs the journal; the start if there is no telling.
    fn newest_offset(&self) -> u64 {
        let bytes = fs::read(self.files.snapshot()).unwrap_or_default();
        let mut reader = Reader(&bytes);
        let numbers = [(); 4].map(|()| reader.number());
        numbers[3].unwrap_or(0)
    }

    fn set_aside_bad(&mut self, path: &Path, reason: &str) -> Result<(), Unusable> {
        let mut bad = path.as_os_str().to_owned();
        bad.push(".bad");
        self.set_aside(path, Path::new(&bad))?;
        let (path, bad) = (path.display(), Path::new(&bad).display());
        let message = format!("\"{path}\" cannot be used ({reason}) and is kept as \"{bad}\"");
        self.tell(log::Level::Error, message);
        Ok(())
    }

    /// Gives a file another name; where it is the zone's memory, a new one takes its place.
    fn set_aside(&mut self, path: &Path, to: &Path) -> Result<(), Unusable> {
        fs::rename(path, to)?;
        if path == self.files.path() {
            self.file = self.files.lock()?;
        }
        Ok(())
    }

    fn say_old(&mut self, kept: &Path) {
        let message = format!(
            "its file has no metric in common with the configuration, is kept as \"{}\", and the zone starts empty",
            kept.display()
        );
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

/// Writes a snapshot with the metrics that the zone has, which need not be those known here.
fn write_as_it_is(
    memory: &SharedMemory,
    known: &Arc<Schema>,
    out: &mut dyn Write,
) -> Result<(), Unusable> {
    let present = Zone::attach(memory, Arc::clone(known))?;
    let schema = Arc::clone(&present.first.store.schema);
    let begun = Begun {
        wall: wall_clock(),
        moment: Moment(monotonic()),
        journal: 0,
    };
    Zone::attach(memory, schema)?.write_snapshot(begun, out)?;
    Ok(())
}

/// Whether some metric is in both.
fn has_common(present: &Schema, wanted: &Schema) -> bool {
    Translation::between(present, wanted).is_none_or(|translation| translation.kept() > 0)
}
