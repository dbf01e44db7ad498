//! What the keeper does for zones: their snapshots, keys that went out of use, what is still counted where they were.
//! And what `/status/…/state` says of it.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Declaration, Holder, Sync, called, carry, readings};
use crate::conf::reason;
use crate::http::build::builder::Builder;
use crate::http::plan::chore::Chore;
use crate::metric::Moment;
use crate::os;
use crate::status::{Node, Value};
use crate::zone::keep::Writer;

/// Adds what the keeper does for a zone, and what those do who show it.
pub(in crate::modules) fn add_chores<T: Holder>(
    builder: &mut Builder<'_>,
    entry: &Arc<T>,
    declared: &Declaration,
) {
    let entry: Arc<dyn Holder> = Arc::clone(entry) as _;
    readings::add(builder, &entry);
    // Before the snapshots: the last of them has what came last.
    carry::add_chore(builder, &entry);
    if let Some(lasting) = entry.lasting() {
        builder.chores.push(Box::new(Snapshots {
            entry: Arc::clone(&entry),
            every: match declared.sync {
                Sync::Every(milliseconds) => Some(Duration::from_millis(milliseconds)),
                Sync::Always => Some(Duration::from_secs(1)),
                Sync::Exit => None,
            },
            journal: lasting.journal.clone(),
            writer: Mutex::new(Writer::new(lasting.files.clone())),
            told: Mutex::default(),
        }));
    }
    if let Some(milliseconds) = declared.inactive {
        builder.chores.push(Box::new(Sweep {
            entry: Arc::clone(&entry),
            limit: Duration::from_millis(milliseconds),
        }));
    }
}

/// Writes a zone's snapshots.
struct Snapshots {
    entry: Arc<dyn Holder>,
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
            let zone = called(self.entry.purpose(), self.entry.name());
            log::error!("{zone}: its snapshot could not be written ({reason})");
        }
    }
}

impl Chore for Snapshots {
    fn every(&self) -> Option<Duration> {
        self.every
    }

    fn run(&self) {
        let mut writer = self.writer.lock();
        self.tell(writer.write(self.entry.zone(), self.journal.as_deref()));
    }

    fn leave(&self) {
        self.run();
    }

    fn finish(&self) {
        let mut writer = self.writer.lock();
        self.tell(writer.finish(self.entry.zone(), self.journal.as_deref()));
    }
}

/// Drops a zone's keys that went out of use.
struct Sweep {
    entry: Arc<dyn Holder>,
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
        if let Err(error) = self.entry.zone().drop_inactive(limit, now) {
            let zone = called(self.entry.purpose(), self.entry.name());
            log::error!("{zone}: {error}");
        }
    }
}

/// What `state` says of a zone, if it lasts.
pub(in crate::modules) fn state(entry: &dyn Holder) -> Option<Node<'_>> {
    let lasting = entry.lasting()?;
    let kept = entry.zone().kept();
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
        ("records", number(entry.zone().len())),
        ("snapshot", time(kept.snapshot)),
        ("synced", time(kept.synced)),
        ("errors", number(kept.errors)),
    ]))
}
