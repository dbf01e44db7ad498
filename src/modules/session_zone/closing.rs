//! The lines of a zone's log: one for each session that is over, whoever ends it.

use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::zones::Entry;
use crate::http::course::request::Request;
use crate::http::plan::runtime::Runtime;
use crate::metric::Moment;
use crate::modules::log::Lines;
use crate::os;
use crate::sessions::{Begun, Found, Session};
use crate::zone::{Cursor, NotChanged};

/// Writes the line of a session that was active.
pub(super) fn write(entry: &Entry, closed: &Session, runtime: &'static Runtime) {
    if closed.is_active() && closed.is_nameless() {
        warn_of_loss(entry);
    }
    let Some(lines) = entry.log.as_ref().filter(|_| closed.is_active()) else {
        return;
    };
    if let Some(mut request) = about(entry, closed, runtime) {
        lines.write(&mut request);
    }
}

/// A request whose variables are about a session that is over.
fn about(entry: &Entry, closed: &Session, runtime: &'static Runtime) -> Option<Request> {
    let mut request = Request::of_nobody(runtime)?;
    request.state(entry.state).closed = Some(Box::new(closed.clone()));
    Some(request)
}

fn warn_of_loss(entry: &Entry) {
    let name = &entry.name;
    log::warn!(
        "session zone \"{name}\": what was said of a session is lost, by damage or because the zone became too small: it is summed up as one that is unknown"
    );
}

/// Writes the lines of sessions that were active when an earlier server ended, as many as the time allows. Each is
/// written once, also if this process dies meanwhile and another goes on.
pub(super) fn tell_found(
    entry: &Entry,
    runtime: &'static Runtime,
    patience: Duration,
) -> Result<(), NotChanged> {
    if entry.sessions.found() == 0 {
        return Ok(());
    }
    let end = Instant::now() + patience;
    let (mut cursor, mut found) = (Cursor::default(), Found::default());
    while Instant::now() < end && entry.sessions.next_found(&mut cursor, &mut found) {
        if found.session.is_nameless() {
            warn_of_loss(entry);
        }
        if let Some(lines) = &entry.log {
            tell_one(entry, lines, &found, runtime)?;
        }
        entry.sessions.told(&found, now())?;
    }
    Ok(())
}

fn tell_one(
    entry: &Entry,
    lines: &Lines,
    found: &Found,
    runtime: &'static Runtime,
) -> Result<(), NotChanged> {
    let is_there = found.begun.is_some_and(|begun| {
        let is_it = |line: &[u8]| line.len() as u64 == begun.length && xxh3_64(line) == begun.hash;
        lines.has(begun.place, is_it)
    });
    if is_there {
        return Ok(());
    }
    let Some(mut request) = about(entry, &found.session, runtime) else {
        return Ok(());
    };
    let line = lines.line(&mut request);
    let begun = Begun {
        place: lines.place(),
        length: line.len() as u64,
        hash: xxh3_64(&line),
    };
    entry.sessions.begin_telling(found, begun, now())?;
    lines.put(&line);
    Ok(())
}

fn now() -> Moment {
    Moment(os::monotonic())
}
