//! Zones of shared memory as a configuration declares them, whatever is in them: made, taken over from the generation
//! before or attached to, kept in files, shown. What is in them is the business of the features that declare them.

mod carry;
mod chores;
mod durable;
mod lasting;
pub(in crate::modules) mod name;
mod readings;
mod status;

use std::io;
use std::sync::Arc;

use crate::conf::{Diagnostic, Span};
use crate::http::build::builder::Builder;
use crate::http::build::memory::{Memory, Role};
use crate::metric::Schema;
use crate::os::SharedMemory;
use crate::status::Node;
use crate::zone::{Adoption, Geometry, Overflow, Unusable, Zone};

pub(in crate::modules) use chores::{add_chores, state};
pub(in crate::modules) use durable::settle;
pub(in crate::modules) use lasting::Lasting;
pub(in crate::modules) use readings::Readings;
pub(in crate::modules) use status::{SHARES, SLABS, STATE, mount};

/// What zones are for.
#[derive(Debug)]
pub(in crate::modules) struct Purpose {
    /// The kind of their memory; with `_file`, that of memory that is a file.
    pub kind: &'static str,
    /// What messages call them, as in "metric zone".
    pub noun: &'static str,
    /// What their names are used for, as in "metrics".
    pub use_of_name: &'static str,
    /// Where below `/status/http/` they are shown.
    pub section: &'static str,
    /// Whether cells can be added up, so that what is still counted in memory that a zone has left comes along.
    pub adds_up: bool,
}

/// A zone as a directive declares it.
pub(in crate::modules) struct Declaration {
    pub purpose: &'static Purpose,
    pub name: String,
    pub size: usize,
    pub schema: Arc<Schema>,
    pub overflow: Overflow,
    /// How long a key stays without an update, in milliseconds.
    pub inactive: Option<u64>,
    /// Where it lasts.
    pub file: Option<FileWritten>,
    pub sync: Sync,
    /// Where it was written.
    pub span: Span,
}

/// A file that a zone is kept in, as written.
#[derive(Clone)]
pub(in crate::modules) struct FileWritten {
    pub path: String,
    pub span: Span,
}

/// How often a zone's snapshot is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Sync {
    /// Every so many milliseconds.
    Every(u64),
    /// As by default, and changes are on disk before they are answered.
    Always,
    /// Once, when the server ends.
    Exit,
}

impl Default for Sync {
    fn default() -> Self {
        Self::Every(1000)
    }
}

/// Whatever has such a zone.
pub(in crate::modules) trait Holder: Send + std::marker::Sync + 'static {
    fn name(&self) -> &str;
    fn purpose(&self) -> &'static Purpose;
    fn zone(&self) -> &Zone;
    fn schema(&self) -> &Arc<Schema>;
    /// Where it lasts, if it does.
    fn lasting(&self) -> Option<&Lasting>;
    /// The labels of its keys, if these have any.
    fn labels(&self) -> Option<Node<'_>> {
        None
    }
}

/// A zone that was opened.
pub(in crate::modules) struct Opened {
    pub zone: Zone,
    pub lasting: Option<Lasting>,
    pub found: Found,
}

/// What was in a zone when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Found {
    /// Nothing, or what the master found already.
    Nothing,
    /// What the generation before had, and its processes still use.
    Going,
    /// The same in another place or size, perhaps not all of it.
    Moved,
    /// What its files held, of which nobody uses anything.
    Files,
}

impl Found {
    /// What is in a zone that was taken over like this.
    fn after(adoption: &Adoption) -> Self {
        match adoption {
            Adoption::Kept => Self::Going,
            _ => Self::Moved,
        }
    }
}

/// Makes the zone, takes it over or attaches to it, as befits the process.
pub(in crate::modules) fn open(
    builder: &mut Builder<'_>,
    declared: &Declaration,
) -> Result<Opened, Unusable> {
    if let Some(file) = &declared.file {
        return lasting::open(builder, declared, file);
    }
    let (name, kind) = (&declared.name, declared.purpose.kind);
    let existing = builder.memory.existing(kind, name);
    let (zone, found) = match (builder.memory.role(), existing) {
        (Role::Worker(_), Some(memory)) => {
            let zone = Zone::attach(&memory, Arc::clone(&declared.schema));
            (zone?, Found::Nothing)
        }
        (Role::Worker(_), None) => return Err(Unusable::Memory(io::ErrorKind::NotFound.into())),
        (Role::Check, _) | (Role::Master, None) => {
            (create(builder.memory, declared)?, Found::Nothing)
        }
        (Role::Master, Some(memory)) if memory.is_on_disk() => {
            (lasting::take_back(builder, declared, memory)?, Found::Moved)
        }
        (Role::Master, Some(memory)) => {
            carry::go_on(builder, declared);
            adopt(builder.memory, declared, &memory)?
        }
    };
    Ok(Opened {
        zone,
        lasting: None,
        found,
    })
}

/// The same with the name claimed; a zone that cannot be used is told.
pub(in crate::modules) fn declare(
    builder: &mut Builder<'_>,
    declared: &Declaration,
) -> Option<Opened> {
    let claimed = builder.claim_zone(&declared.name, declared.span, declared.purpose.use_of_name);
    builder.diagnostics.check(claimed);
    let opened = open(builder, declared).map_err(|error| {
        let message = format!("zone \"{}\" cannot be used: {error}", declared.name);
        Diagnostic::error(declared.span, message)
    });
    builder.diagnostics.check(opened)
}

fn create(memory: &mut dyn Memory, declared: &Declaration) -> Result<Zone, Unusable> {
    Geometry::of_zone(declared.size, &declared.schema)?;
    let memory = memory.create(declared.purpose.kind, &declared.name, declared.size)?;
    Zone::create(
        &memory,
        declared.size,
        Arc::clone(&declared.schema),
        &declared.overflow,
    )
}

/// Takes over the zone of the generation before; one that is damaged gives way to a fresh one.
fn adopt(
    memory: &mut dyn Memory,
    declared: &Declaration,
    existing: &SharedMemory,
) -> Result<(Zone, Found), Unusable> {
    let schema = Arc::clone(&declared.schema);
    match Zone::adopt(existing, declared.size, schema, &declared.overflow) {
        Ok((zone, adoption)) => {
            tell(declared, &adoption);
            Ok((zone, Found::after(&adoption)))
        }
        Err(Unusable::Corrupt(reason)) => {
            log::error!(
                "{} is damaged ({reason}) and starts empty",
                declared.called()
            );
            Ok((create(memory, declared)?, Found::Nothing))
        }
        Err(error) => Err(error),
    }
}

fn tell(declared: &Declaration, adoption: &Adoption) {
    if let Some(story) = adoption.story() {
        log::info!("{}: {story}", declared.called());
    }
}

impl Declaration {
    /// What messages call it.
    fn called(&self) -> String {
        called(self.purpose, &self.name)
    }
}

fn called(purpose: &Purpose, name: &str) -> String {
    format!("{} \"{name}\"", purpose.noun)
}
