//! Zones that last: opening their files.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::carry;
use super::durable::Committer;
use super::{Declaration, FileWritten, Found, Opened, Sync, create, tell};
use crate::conf::{Diagnostic, Span, reason};
use crate::http::build::builder::Builder;
use crate::http::build::memory::{OF_FILES, Role};
use crate::os::{self, SharedMemory};
use crate::zone::keep::{Fate, Files, Wanted, Writer};
use crate::zone::{Adoption, Unusable, Zone};

/// What is known of a zone's files while it is used.
pub(in crate::modules) struct Lasting {
    pub(super) files: Files,
    pub(super) journal: Option<Arc<File>>,
    /// Where changes must be on disk before they are answered.
    pub(super) committer: Option<Committer>,
}

/// The files of a configuration's zones, each with the zone that has it.
#[derive(Default)]
struct Claimed(HashMap<PathBuf, String>);

/// Opens a zone that is kept in a file.
pub(super) fn open(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    file: &FileWritten,
) -> Result<Opened, Unusable> {
    let files = Files::new(builder.path(&file.path));
    claim(builder, declared, file.span, &files);
    let role = builder.memory.role();
    let key = format!("{} {}", declared.name, files.path().display());
    let (mut zone, found) = match role {
        Role::Check => {
            check_place(builder, file.span, &files);
            (create(builder.memory, declared)?, Found::Nothing)
        }
        Role::Worker(_) => (attach(builder, declared, &key)?, Found::Nothing),
        Role::Master => take_over(builder, declared, &files, &key)?,
    };
    let journal = builder.memory.file(&file_kind(declared), &key);
    let mut committer = None;
    if declared.sync == Sync::Always {
        zone.keep_record();
        committer = journal.clone().map(Committer::new);
    }
    let lasting = Lasting {
        files,
        journal,
        committer,
    };
    Ok(Opened {
        zone,
        lasting: Some(lasting),
        found,
    })
}

/// The kind of memory that is a file.
fn file_kind(declared: &Declaration) -> String {
    format!("{}{OF_FILES}", declared.purpose.kind)
}

/// Zones in one file would destroy each other, also where it is one of those beside it.
fn claim(builder: &mut Builder<'_>, declared: &Declaration, span: Span, files: &Files) {
    let claimed = &mut builder.thing::<Claimed>().0;
    let mut other = None;
    for path in files.all() {
        other = claimed.insert(path, declared.name.clone()).or(other);
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

fn attach(builder: &mut Builder<'_>, declared: &Declaration, key: &str) -> Result<Zone, Unusable> {
    let missing = || Unusable::Memory(std::io::ErrorKind::NotFound.into());
    let memory = builder
        .memory
        .existing(&file_kind(declared), key)
        .ok_or_else(missing)?;
    let attached = match memory.is_whole() {
        true => Zone::attach(&memory, Arc::clone(&declared.schema)),
        false => Err(Unusable::Corrupt("its file was cut")),
    };
    match attached {
        Err(Unusable::Corrupt(reason)) => {
            let zone = declared.called();
            log::error!(
                "{zone} cannot be used ({reason}): this process counts for itself until the next reload"
            );
            alone(declared)
        }
        attached => attached,
    }
}

/// An empty zone of this process alone, which serves although its zone cannot be used.
fn alone(declared: &Declaration) -> Result<Zone, Unusable> {
    let memory = SharedMemory::create(&declared.name, declared.size)?;
    let schema = Arc::clone(&declared.schema);
    Zone::create(&memory, declared.size, schema, &declared.overflow)
}

/// Where the zone has been so far: in its file, or elsewhere. What was counted elsewhere is newer than any file that an attempt or a
/// configuration before may have left.
fn newest(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    key: &str,
) -> (Option<Arc<SharedMemory>>, Option<Arc<SharedMemory>>) {
    let (kind, name) = (declared.purpose.kind, &declared.name);
    let elsewhere = builder.memory.existing(kind, name);
    let there = builder.memory.existing(&file_kind(declared), key);
    let is_newest = |there: &Arc<SharedMemory>| {
        let mut others = elsewhere.iter();
        others.all(|elsewhere| Arc::ptr_eq(elsewhere, there))
    };
    (there.filter(is_newest), elsewhere)
}

/// The zone of the generation before, or what its files hold.
fn take_over(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    files: &Files,
    key: &str,
) -> Result<(Zone, Found), Unusable> {
    let file_kind = &file_kind(declared);
    let (there, elsewhere) = newest(builder, declared, key);
    let mut before = match there {
        None => elsewhere,
        Some(memory) => match files.fate(&memory) {
            Fate::There => match take_on(builder, declared, files, (key, &memory)) {
                Err(Unusable::Corrupt(reason)) => {
                    set_aside(builder, declared, (files, &memory), reason)?;
                    None
                }
                taken => return taken,
            },
            Fate::Gone => Some(memory),
            Fate::Cut => {
                set_aside(builder, declared, (files, &memory), "it was cut")?;
                None
            }
        },
    };
    before = before.filter(|before| before.is_whole());
    if before.is_some() {
        // It may come back to a file that it left, where workers still count.
        for left in carry::left(builder.memory, declared) {
            files.make_place(&left)?;
        }
    }
    let seen = before.map(|before| carry::begin(builder, declared, before));
    let seen = seen.transpose()?;
    let found = match seen {
        Some(_) => Found::Moved,
        None => Found::Files,
    };
    let opened = files.open(&Wanted {
        bytes: declared.size,
        schema: &declared.schema,
        overflow: &declared.overflow,
        before: seen.as_deref(),
    })?;
    let told = opened.told.into_iter();
    let told = told.map(|told| (told.level, about(declared, &told.message)));
    builder.told.extend(told);
    let (memory, all) = (Arc::new(opened.memory), &mut *builder.memory);
    // By its file, for processes that use it, and by its name, for a configuration that keeps it elsewhere.
    all.keep(file_kind, key, Arc::clone(&memory));
    all.keep(declared.purpose.kind, &declared.name, memory);
    all.keep_file(file_kind, key, Arc::new(opened.journal));
    Ok((opened.zone, found))
}

fn about(declared: &Declaration, message: &str) -> String {
    format!("{}: {message}", declared.called())
}

/// Goes on with the memory of the generation before, which is in its file.
fn take_on(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    files: &Files,
    (key, memory): (&str, &Arc<SharedMemory>),
) -> Result<(Zone, Found), Unusable> {
    let (kind, schema) = (declared.purpose.kind, &declared.schema);
    builder
        .memory
        .keep(kind, &declared.name, Arc::clone(memory));
    if files.keep_old(memory, schema)? {
        let zone = declared.called();
        log::warn!("{zone}: what it held is kept beside its file as \".old\"");
    }
    let overflow = &declared.overflow;
    let (zone, adoption) = Zone::adopt(memory, declared.size, Arc::clone(schema), overflow)?;
    let file_kind = &file_kind(declared);
    let mut journal = builder.memory.file(file_kind, key);
    let is_lost = journal
        .as_ref()
        .is_some_and(|journal| !files.has_journal(journal));
    if is_lost {
        let new = Arc::new(files.new_journal()?);
        builder.memory.keep_file(file_kind, key, Arc::clone(&new));
        journal = Some(new);
    }
    if is_lost || adoption != Adoption::Kept {
        Writer::new(files.clone()).write_now(&zone, journal.as_deref())?;
    }
    tell(declared, &adoption);
    carry::go_on(builder, declared);
    Ok((zone, Found::after(&adoption)))
}

/// Makes place for a file that holds what the snapshot has.
fn set_aside(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    (files, memory): (&Files, &SharedMemory),
    reason: &str,
) -> Result<(), Unusable> {
    let kept = match files.set_aside(memory)? {
        Some(bad) => format!(" and is kept as \"{}\"", bad.display()),
        None => String::new(),
    };
    let path = files.path().display();
    let message = format!("\"{path}\" cannot be used any more ({reason}){kept}");
    let told = (log::Level::Error, about(declared, &message));
    builder.told.push(told);
    Ok(())
}

/// A zone in memory, with what it held in a file, where it stays as it is now.
pub(super) fn take_back(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    before: Arc<SharedMemory>,
) -> Result<Zone, Unusable> {
    if !before.is_whole() {
        let message = "its file was cut, and it starts empty";
        let told = (log::Level::Error, about(declared, message));
        builder.told.push(told);
        return create(builder.memory, declared);
    }
    let seen = carry::begin(builder, declared, before)?;
    let memory = builder
        .memory
        .create(declared.purpose.kind, &declared.name, declared.size)?;
    let wanted = Wanted {
        bytes: declared.size,
        schema: &declared.schema,
        overflow: &declared.overflow,
        before: None,
    };
    let (zone, keys) = Zone::create_from(&seen, &memory, &wanted)?;
    let told = about(declared, &format!("{keys} keys came along from its file"));
    builder.told.push((log::Level::Info, told));
    Ok(zone)
}
