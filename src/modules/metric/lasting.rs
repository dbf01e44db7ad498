//! Zones that last: opening their files, writing their snapshots, dropping keys that went out of use, and what
//! `/status/…/state` says of them.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::carry;
use super::durable::Committer;
use super::zone_directives::{FileWritten, Options, Sync, ZoneWritten};
use super::zones::{Entry, KIND, create, tell};
use crate::conf::{Diagnostic, Span, reason};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::plan::chore::Chore;
use crate::metric::Moment;
use crate::os::{self, SharedMemory};
use crate::status::{Node, Value};
use crate::zone::keep::{Fate, Files, Wanted, Writer};
use crate::zone::{Adoption, Unusable, Zone};

/// What is known of a zone's files while it is used.
pub(in crate::modules) struct Lasting {
    files: Files,
    journal: Option<Arc<File>>,
    /// Where changes must be on disk before they are answered.
    pub(super) committer: Option<Committer>,
}

/// The files of a configuration's zones, each with the zone that has it.
#[derive(Default)]
struct Claimed(HashMap<PathBuf, String>);

/// The kind of memory that is a file.
const FILE_KIND: &str = "metric_zone_file";

/// Opens a zone that is kept in a file.
pub(super) fn open(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    file: &FileWritten,
) -> Result<(Zone, Option<Lasting>), Unusable> {
    let files = Files::new(builder.path(&file.path));
    claim(builder, written, file.span, &files);
    let role = builder.memory.role();
    let key = format!("{} {}", written.name, files.path().display());
    let mut zone = match role {
        Role::Check => {
            check_place(builder, file.span, &files);
            create(builder.memory, written)?
        }
        Role::Worker(_) => attach(builder, written, &key)?,
        Role::Master => take_over(builder, written, &files, &key)?,
    };
    let journal = builder.memory.file(FILE_KIND, &key);
    let mut committer = None;
    if written.options.sync() == Sync::Always {
        zone.keep_record();
        committer = journal.clone().map(Committer::new);
    }
    let lasting = Lasting {
        files,
        journal,
        committer,
    };
    Ok((zone, Some(lasting)))
}

/// Zones in one file would destroy each other, also where it is one of those beside it.
fn claim(builder: &mut Builder<'_>, written: &ZoneWritten, span: Span, files: &Files) {
    let claimed = &mut builder.thing::<Claimed>().0;
    let mut other = None;
    for path in files.all() {
        other = claimed.insert(path, written.name.clone()).or(other);
    }
    if let Some(other) = other {
        let message = format!("file \"{}\" is used by two zones", files.path().display());
        let help = format!("zone \"{other}\" is kept in it or in a file beside it");
        let problem = Diagnostic::error(span, message).with_help(help);
        builder.diagnostics.push(problem);
    }
}

fn check_place(builder: &mut Builder<'_>, span: Span, files: &Files) {
    let (folder, path) = (files.folder(), files.path());
    let problem = if let Err(error) = os::may_make_files(folder) {
        let (folder, reason) = (folder.display(), reason(&error));
        let message = format!("folder \"{folder}\" cannot be written to ({reason})");
        message_with_help(
            span,
            message,
            "a zone's files are written by the master and the keeper",
        )
    } else if std::fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        let message = format!("\"{}\" is no plain file", path.display());
        message_with_help(
            span,
            message,
            "name a file of the zone's own, which is made",
        )
    } else {
        return;
    };
    builder.diagnostics.push(problem);
}

fn message_with_help(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::error(span, message).with_help(help)
}

fn attach(builder: &mut Builder<'_>, written: &ZoneWritten, key: &str) -> Result<Zone, Unusable> {
    let missing = || Unusable::Memory(std::io::ErrorKind::NotFound.into());
    let memory = builder
        .memory
        .existing(FILE_KIND, key)
        .ok_or_else(missing)?;
    let attached = match memory.is_whole() {
        true => Zone::attach(&memory, Arc::clone(&written.schema)),
        false => Err(Unusable::Corrupt("its file was cut")),
    };
    match attached {
        Err(Unusable::Corrupt(reason)) => {
            let name = &written.name;
            log::error!(
                "metric zone \"{name}\" cannot be used ({reason}): this process counts for itself until the \
                 next reload"
            );
            alone(written)
        }
        attached => attached,
    }
}

/// An empty zone of this process alone, which serves although its zone cannot be used.
fn alone(written: &ZoneWritten) -> Result<Zone, Unusable> {
    let memory = SharedMemory::create(&written.name, written.size)?;
    let schema = Arc::clone(&written.schema);
    Zone::create(&memory, written.size, schema, &written.options.overflow)
}

/// The zone of the generation before, or what its files hold.
fn take_over(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    files: &Files,
    key: &str,
) -> Result<Zone, Unusable> {
    // What was counted in memory alone is newer than any file that an attempt before may have left.
    let mut before = match builder.memory.existing(FILE_KIND, key) {
        None => builder.memory.existing(KIND, &written.name),
        Some(memory) => match files.fate(&memory) {
            Fate::There => match take_on(builder, written, files, (key, &memory)) {
                Err(Unusable::Corrupt(reason)) => {
                    set_aside(builder, written, (files, &memory), reason)?;
                    None
                }
                taken => return taken,
            },
            Fate::Gone => Some(memory),
            Fate::Cut => {
                set_aside(builder, written, (files, &memory), "it was cut")?;
                None
            }
        },
    };
    before = before.filter(|before| before.is_whole());
    if before.is_some() {
        // It may come back to a file that it left, where workers still count.
        for left in carry::left(builder.memory, &written.name) {
            files.make_place(&left)?;
        }
    }
    let seen = before.map(|before| carry::begin(builder, written, before));
    let seen = seen.transpose()?;
    let opened = files.open(&Wanted {
        bytes: written.size,
        schema: &written.schema,
        overflow: &written.options.overflow,
        before: seen.as_deref(),
    })?;
    let told = opened.told.into_iter();
    let told = told.map(|told| (told.level, about(written, &told.message)));
    builder.told.extend(told);
    let (memory, all) = (Arc::new(opened.memory), &mut *builder.memory);
    // By its file, for processes that use it, and by its name, for a configuration that keeps it elsewhere.
    all.keep(FILE_KIND, key, Arc::clone(&memory));
    all.keep(KIND, &written.name, memory);
    all.keep_file(FILE_KIND, key, Arc::new(opened.journal));
    Ok(opened.zone)
}

fn about(written: &ZoneWritten, message: &str) -> String {
    format!("metric zone \"{}\": {message}", written.name)
}

/// Goes on with the memory of the generation before, which is in its file.
fn take_on(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    files: &Files,
    (key, memory): (&str, &Arc<SharedMemory>),
) -> Result<Zone, Unusable> {
    let (name, schema) = (&written.name, &written.schema);
    builder.memory.keep(KIND, name, Arc::clone(memory));
    if files.keep_old(memory, schema)? {
        log::warn!("metric zone \"{name}\": what it held is kept beside its file as \".old\"");
    }
    let overflow = &written.options.overflow;
    let (zone, adoption) = Zone::adopt(memory, written.size, Arc::clone(schema), overflow)?;
    let mut journal = builder.memory.file(FILE_KIND, key);
    let is_lost = journal
        .as_ref()
        .is_some_and(|journal| !files.has_journal(journal));
    if is_lost {
        let new = Arc::new(files.new_journal()?);
        builder.memory.keep_file(FILE_KIND, key, Arc::clone(&new));
        journal = Some(new);
    }
    if is_lost || adoption != Adoption::Kept {
        Writer::new(files.clone()).write_now(&zone, journal.as_deref())?;
    }
    tell(name, &adoption);
    carry::go_on(builder, written);
    Ok(zone)
}

/// Makes place for a file that holds what the snapshot has.
fn set_aside(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    (files, memory): (&Files, &SharedMemory),
    reason: &str,
) -> Result<(), Unusable> {
    let kept = match files.set_aside(memory)? {
        Some(bad) => format!(" and is kept as \"{}\"", bad.display()),
        None => String::new(),
    };
    let path = files.path().display();
    let message = format!("\"{path}\" cannot be used any more ({reason}){kept}");
    let told = (log::Level::Error, about(written, &message));
    builder.told.push(told);
    Ok(())
}

/// A zone in memory, with what it held in a file, where it stays as it is now.
pub(super) fn take_back(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    before: Arc<SharedMemory>,
) -> Result<Zone, Unusable> {
    if !before.is_whole() {
        let message = "its file was cut, and it starts empty";
        let told = (log::Level::Error, about(written, message));
        builder.told.push(told);
        return create(builder.memory, written);
    }
    let seen = carry::begin(builder, written, before)?;
    let memory = builder.memory.create(KIND, &written.name, written.size)?;
    let wanted = Wanted {
        bytes: written.size,
        schema: &written.schema,
        overflow: &written.options.overflow,
        before: None,
    };
    let (zone, keys) = Zone::create_from(&seen, &memory, &wanted)?;
    let name = &written.name;
    let told = format!("metric zone \"{name}\": {keys} keys came along from its file");
    builder.told.push((log::Level::Info, told));
    Ok(zone)
}

/// Adds what the keeper does for a zone.
pub(super) fn add_chores(builder: &mut Builder<'_>, entry: &Arc<Entry>, options: &Options) {
    // Before the snapshots: the last of them has what came last.
    carry::add_chore(builder, entry);
    if let Some(lasting) = &entry.lasting {
        builder.chores.push(Box::new(Snapshots {
            entry: Arc::clone(entry),
            every: match options.sync() {
                Sync::Every(milliseconds) => Some(Duration::from_millis(milliseconds)),
                Sync::Always => Some(Duration::from_secs(1)),
                Sync::Exit => None,
            },
            journal: lasting.journal.clone(),
            writer: Mutex::new(Writer::new(lasting.files.clone())),
            told: Mutex::default(),
        }));
    }
    if let Some(milliseconds) = options.inactive {
        builder.chores.push(Box::new(Sweep {
            entry: Arc::clone(entry),
            limit: Duration::from_millis(milliseconds),
        }));
    }
}

/// Writes a zone's snapshots.
struct Snapshots {
    entry: Arc<Entry>,
    every: Option<Duration>,
    journal: Option<Arc<File>>,
    writer: Mutex<Writer>,
    /// What was told last, and not again while it lasts.
    told: Mutex<Option<String>>,
}

impl Snapshots {
    fn tell<T>(&self, written: std::io::Result<T>) {
        let problem = written.err().map(|error| reason(&error).to_string());
        let before = std::mem::replace(&mut *self.told.lock(), problem.clone());
        if let Some(reason) = problem.filter(|problem| before.as_ref() != Some(problem)) {
            let name = &self.entry.name;
            log::error!("metric zone \"{name}\": its snapshot could not be written ({reason})");
        }
    }
}

impl Chore for Snapshots {
    fn every(&self) -> Option<Duration> {
        self.every
    }

    fn run(&self) {
        let mut writer = self.writer.lock();
        self.tell(writer.write(&self.entry.zone, self.journal.as_deref()));
    }

    fn leave(&self) {
        self.run();
    }

    fn finish(&self) {
        let mut writer = self.writer.lock();
        self.tell(writer.finish(&self.entry.zone, self.journal.as_deref()));
    }
}

/// Drops a zone's keys that went out of use.
struct Sweep {
    entry: Arc<Entry>,
    limit: Duration,
}

impl Chore for Sweep {
    /// Often enough that no key stays much longer than it may.
    fn every(&self) -> Option<Duration> {
        let often = self.limit / 10;
        Some(often.clamp(Duration::from_millis(100), Duration::from_secs(60)))
    }

    fn run(&self) {
        let limit = u64::try_from(self.limit.as_nanos()).unwrap_or(u64::MAX);
        let now = Moment(os::monotonic());
        if let Err(error) = self.entry.zone.drop_inactive(limit, now) {
            log::error!("metric zone \"{}\": {error}", self.entry.name);
        }
    }
}

/// What `state` says of a zone, if it lasts.
pub(super) fn state(entry: &Entry) -> Option<Node<'_>> {
    let lasting = entry.lasting.as_ref()?;
    let kept = entry.zone.kept();
    let path = lasting.files.path().as_os_str().as_encoded_bytes();
    let number = |value| Node::Value(Value::Integer(value));
    let time = |milliseconds: u64| match milliseconds {
        0 => Node::Value(Value::Null),
        _ => Node::Value(Value::Time {
            seconds: milliseconds / 1000,
            milliseconds: (milliseconds % 1000) as u16,
        }),
    };
    Some(Node::object(vec![
        ("file", Node::text(path)),
        ("records", number(entry.zone.len())),
        ("snapshot", time(kept.snapshot)),
        ("synced", time(kept.synced)),
        ("errors", number(kept.errors)),
    ]))
}
