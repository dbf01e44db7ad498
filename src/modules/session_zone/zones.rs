//! The session zones of a configuration: made, taken over or attached to, and found by name.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::visits::State;
use super::zone_directive::{PURPOSE, USE, ZoneWritten, ZonesWritten};
use super::{status, sweep};
use crate::conf::{Chain, Diagnostic, Word, nearest};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::course::request::Request;
use crate::metric::{Moment, Schema};
use crate::modules::log::{Lines, Wanted, lines};
use crate::modules::shared_zone::{self, Declaration, Found, Holder, Lasting, Purpose};
use crate::os;
use crate::sessions::Sessions;
use crate::zone::{NotChanged, Zone};

/// A zone and what its configuration says.
pub(super) struct Entry {
    pub name: String,
    schema: Arc<Schema>,
    /// Where it lasts, if it does.
    lasting: Option<Lasting>,
    pub sessions: Arc<Sessions>,
    /// Zones whose tops count for the limit, too.
    pub companions: OnceLock<Box<[Arc<Sessions>]>>,
    /// Under what is summed up what has no row any more.
    pub rest: Option<Vec<u8>>,
    /// Where sessions that are over are told.
    pub log: Option<Lines>,
    /// Where a request keeps what the lines of the log are about.
    pub state: State,
    /// Before when it is not told again that there is no room, and that something is wrong, in nanoseconds.
    next_told: [AtomicU64; 2],
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Entry").field(&self.name).finish()
    }
}

impl Entry {
    /// Whether it is time to tell that there is no room, which it is once a minute.
    pub(super) fn may_tell_full(&self, now: Moment) -> bool {
        is_due(&self.next_told[0], now)
    }

    /// Whether it is time to tell that something is wrong.
    pub(super) fn may_complain(&self, now: Moment) -> bool {
        is_due(&self.next_told[1], now)
    }

    /// The zones whose tops count for the limit, too.
    pub(super) fn companions(&self) -> &[Arc<Sessions>] {
        self.companions.get().map_or(&[], |all| all)
    }
}

/// Whether it is time, which it is once a minute.
fn is_due(next: &AtomicU64, now: Moment) -> bool {
    let is_due = now.0 >= next.load(Ordering::Relaxed);
    if is_due {
        next.store(now.0.saturating_add(MINUTE), Ordering::Relaxed);
    }
    is_due
}

/// Bytes of the key of a session whose id is 32 digits.
const USUAL_ID: usize = 33;
/// Bytes of what is said of a session, with the name of a browser.
const USUAL_TEXT: usize = 160;

/// In nanoseconds.
const MINUTE: u64 = 60_000_000_000;

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
pub(super) struct Registry {
    pub all: Vec<Arc<Entry>>,
    pub state: Option<State>,
}

/// The form of lines for want of a `log_format`.
const FORM: &str = "$time_iso8601 \"$session_id\" \"$session_reference\" \"$session_location\" \
                    \"$session_peer\" $session_duration $session_requests $session_rx_bytes $session_tx_bytes \
                    $session_rx_top $session_tx_top \"$session_extra\"";

/// Makes the zones of an `http` block, with their part of the status tree.
pub(super) fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let state = builder.state();
    builder.thing::<Registry>().state = Some(state);
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let declared = written.memory.declaration(&PURPOSE);
        let Some(entry) = open(builder, written, &declared, state) else {
            continue;
        };
        let entry = Arc::new(entry);
        // Before the snapshots: the last of them has what was closed last.
        sweep::add_chore(builder, &entry);
        shared_zone::add_chores(builder, &entry, &declared);
        builder.thing::<Registry>().all.push(entry);
    }
    for written in zones {
        join(builder, written);
    }
    let all: Arc<[Arc<Entry>]> = builder.thing::<Registry>().all.iter().cloned().collect();
    status::mount(builder, &all);
}

fn open(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    declared: &Declaration,
    state: State,
) -> Option<Entry> {
    let opened = shared_zone::declare(builder, declared)?;
    let begun = Sessions::new(opened.zone, written.settings, now()).map_err(|error| {
        let message = format!("zone \"{}\" cannot be used: {error}", declared.name);
        Diagnostic::error(declared.span, message)
    });
    let sessions = builder.diagnostics.check(begun)?;
    if opened.found == Found::Nothing && !matches!(builder.memory.role(), Role::Worker(_)) {
        let room = sessions.zone().room(USUAL_ID, USUAL_TEXT);
        if let Some(warning) = written.tightness(room) {
            builder.diagnostics.push(warning);
        }
    }
    let log = written.log.as_ref().filter(|path| path.text != "off");
    if builder.memory.role() == Role::Master
        && let Err(error) = settle(builder, declared, &sessions, (opened.found, log.is_some()))
    {
        let (name, level) = (&declared.name, ::log::Level::Error);
        builder
            .told
            .push((level, format!("session zone \"{name}\": {error}")));
    }
    let log = log.and_then(|path| {
        let (format, default) = (written.format.as_ref(), ("", FORM));
        let wanted = Wanted::at_once("session_zone log", &path.text, format, default, path.span);
        lines(builder, &wanted)
    });
    Some(Entry {
        name: declared.name.clone(),
        schema: Arc::clone(&declared.schema),
        lasting: opened.lasting,
        sessions: Arc::new(sessions),
        companions: OnceLock::new(),
        rest: written.rest.clone(),
        log,
        state,
        next_told: Default::default(),
    })
}

fn now() -> Moment {
    Moment(os::monotonic())
}

/// What is active in a file belongs to a server that is no more, and is told by the keeper if there is a log; what came
/// along from a larger zone may be less.
fn settle(
    builder: &mut Builder<'_>,
    declared: &Declaration,
    sessions: &Sessions,
    (found, has_log): (Found, bool),
) -> Result<(), NotChanged> {
    match found {
        Found::Nothing | Found::Going => return Ok(()),
        Found::Moved => return sessions.recount(now()),
        Found::Files => {}
    }
    let settled = sessions.settle(now(), has_log)?;
    let (closed, untold, broken) = (settled.closed, settled.untold, settled.broken);
    let mut tell = |number: u64, level, story: &str| {
        if number > 0 {
            let told = format!("session zone \"{}\": {number} {story}", declared.name);
            builder.told.push((level, told));
        }
    };
    let story = "sessions are closed that were active when the server ended";
    tell(closed, ::log::Level::Info, story);
    let story = "of them have no line in the log: there was no room to remember them";
    tell(untold, ::log::Level::Warn, story);
    let story = "sessions or rows of the history are lost: the file was damaged";
    tell(broken, ::log::Level::Error, story);
    Ok(())
}

impl Holder for Entry {
    fn name(&self) -> &str {
        &self.name
    }

    fn purpose(&self) -> &'static Purpose {
        &PURPOSE
    }

    fn zone(&self) -> &Zone {
        self.sessions.zone()
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn lasting(&self) -> Option<&Lasting> {
        self.lasting.as_ref()
    }
}

/// Finds the companions of a zone.
fn join(builder: &mut Builder<'_>, written: &ZoneWritten) {
    let name = &written.memory.name;
    let mut companions: Vec<Arc<Sessions>> = Vec::new();
    for word in &written.companions {
        if word.text == *name {
            let message = format!("zone \"{name}\" cannot be its own companion");
            let problem = Diagnostic::error(word.span, message);
            builder.diagnostics.push(problem);
            continue;
        }
        if let Some(found) = find(builder, word, "companion zone")
            && !companions
                .iter()
                .any(|one| Arc::ptr_eq(one, &found.sessions))
        {
            companions.push(Arc::clone(&found.sessions));
        }
    }
    let own = builder.thing::<Registry>().all.iter();
    if let Some(entry) = own.clone().find(|entry| entry.name == *name) {
        // It is set here alone, and each zone has a name of its own.
        let _ = entry.companions.set(companions.into());
    }
}

/// The session zone that a word names; one that is not there is reported as a missing `what`.
pub(super) fn find(builder: &mut Builder<'_>, word: &Word, what: &str) -> Option<Arc<Entry>> {
    let name = &word.text;
    let registry = builder.thing::<Registry>();
    if let Some(entry) = registry.all.iter().find(|entry| entry.name == *name) {
        return Some(Arc::clone(entry));
    }
    let known: Vec<String> = registry
        .all
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    let mut problem = Diagnostic::error(word.span, format!("unknown {what} \"{name}\""));
    match builder.use_of_zone(name) {
        // What is wrong with the zone itself was told.
        Some(USE) => return None,
        Some(other) => {
            problem = problem.with_help(format!("it is a zone of {other}, not of {USE}"))
        }
        None => {
            let similar = nearest(name, known.iter().map(String::as_str));
            problem = problem.with_help(match similar {
                Some(similar) => format!("did you mean \"{similar}\"?"),
                None if known.is_empty() => format!("declare it: session_zone {name}:1m;"),
                None => format!("declared are {}", known.join(", ")),
            });
        }
    }
    builder.diagnostics.push(problem);
    None
}

/// Where a request keeps its sessions, if its configuration has any.
pub(super) fn state_of(request: &Request) -> Option<State> {
    request.location.extra::<State>().copied()
}
