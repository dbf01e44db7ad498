//! The session zones of a configuration: made, taken over or attached to, and found by name.

use std::sync::{Arc, OnceLock};

use super::visits::State;
use super::zone_directive::{ZoneWritten, ZonesWritten};
use super::{status, sweep};
use crate::conf::{Chain, Diagnostic, Word, nearest};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::metric::Moment;
use crate::modules::log::{Lines, Wanted, lines};
use crate::modules::metric;
use crate::os;
use crate::sessions::Sessions;

/// A zone and what its configuration says.
pub(super) struct Entry {
    pub name: String,
    pub sessions: Arc<Sessions>,
    /// Zones whose tops count for the limit, too.
    pub companions: OnceLock<Box<[Arc<Sessions>]>>,
    /// Under what is summed up what has no row any more.
    pub rest: Option<Vec<u8>>,
    /// How long a row of the history stays untouched, in nanoseconds.
    pub history: Option<u64>,
    /// Where sessions that are over are told.
    pub log: Option<Lines>,
    /// Where a request keeps what the lines of the log are about.
    pub state: State,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Entry").field(&self.name).finish()
    }
}

impl Entry {
    /// The zones whose tops count for the limit, too.
    pub(super) fn companions(&self) -> &[Arc<Sessions>] {
        self.companions.get().map_or(&[], |all| all)
    }
}

/// The zones of a configuration, in the order of the file.
#[derive(Default)]
pub(super) struct Registry {
    pub all: Vec<Arc<Entry>>,
    pub state: Option<State>,
}

/// What the zones are used for.
const USE: &str = "sessions";

/// The form of lines for want of a `log_format`.
const FORM: &str = "$time_iso8601 $session_id $session_reference $session_location $session_peer \
                    $session_duration $session_requests $session_rx_bytes $session_tx_bytes \
                    $session_rx_top $session_tx_top \"$session_extra\"";

/// Makes the zones of an `http` block, with their part of the status tree.
pub(super) fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let state = builder.state();
    builder.thing::<Registry>().state = Some(state);
    let Some(ZonesWritten(zones)) = chain.own() else {
        return;
    };
    for written in zones {
        let claimed = builder.claim_zone(&written.memory.name, written.memory.span, USE);
        builder.diagnostics.check(claimed);
        match open(builder, written, state) {
            Ok(entry) => builder.thing::<Registry>().all.push(Arc::new(entry)),
            Err(error) => {
                let name = &written.memory.name;
                let message = format!("zone \"{name}\" cannot be used: {error}");
                let problem = Diagnostic::error(written.memory.span, message);
                builder.diagnostics.push(problem);
            }
        }
    }
    for written in zones {
        join(builder, written);
    }
    let all: Arc<[Arc<Entry>]> = builder.thing::<Registry>().all.iter().cloned().collect();
    for entry in &*all {
        sweep::add_chore(builder, entry);
    }
    status::mount(builder, &all);
}

fn open(builder: &mut Builder<'_>, written: &ZoneWritten, state: State) -> Result<Entry, String> {
    let (zone, _lasting) =
        metric::open(builder, &written.memory).map_err(|error| error.to_string())?;
    let now = Moment(os::monotonic());
    let sessions = Sessions::new(zone, written.settings, now).map_err(|error| error.to_string())?;
    let log = written.log.as_ref().and_then(|path| {
        let wanted = Wanted::at_once(&path.text, written.format.as_ref(), ("", FORM), path.span);
        lines(builder, &wanted)
    });
    Ok(Entry {
        name: written.memory.name.clone(),
        sessions: Arc::new(sessions),
        companions: OnceLock::new(),
        rest: written.rest.clone(),
        history: written.history,
        log,
        state,
    })
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
            if let Some(similar) = nearest(name, known.iter().map(String::as_str)) {
                problem = problem.with_help(format!("did you mean \"{similar}\"?"));
            }
        }
    }
    builder.diagnostics.push(problem);
    None
}

/// Where a request keeps its sessions, if its configuration has any.
pub(super) fn state_of(request: &Request) -> Option<State> {
    request.location.extra::<State>().copied()
}
