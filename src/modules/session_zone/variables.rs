//! `$session_…`: the session of a request, or the one that a line of a zone's log is about.

use std::io::Write;

use super::zones::state_of;
use crate::http::course::request::Request;
use crate::http::plan::variable::{VARIABLE, VariableSpec};
use crate::metric::Moment;
use crate::os;
use crate::sessions::Session;

/// The rows.
pub(super) const VARIABLES: &[VariableSpec] = &[
    VariableSpec {
        name: "session_id",
        doc: "The id of the request's session.",
        read: |request, _, out| read(request, Part::Id, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_reference",
        doc: "The reference of the request's session.",
        read: |request, _, out| read(request, Part::Reference, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_location",
        doc: "The location that the request's session began at.",
        read: |request, _, out| read(request, Part::Location, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_peer",
        doc: "Where the request's session comes from.",
        read: |request, _, out| read(request, Part::Peer, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_extra",
        doc: "What else is kept with the request's session.",
        read: |request, _, out| read(request, Part::Extra, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_rx_bytes",
        doc: "Bytes that the request's session has received from its client.",
        read: |request, _, out| read(request, Part::RxBytes, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_tx_bytes",
        doc: "Bytes that were sent to the client of the request's session.",
        read: |request, _, out| read(request, Part::TxBytes, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_rx_bitrate",
        doc: "Bits per second received over the last ten seconds.",
        read: |request, _, out| read(request, Part::RxBitrate, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_tx_bitrate",
        doc: "Bits per second sent over the last ten seconds.",
        read: |request, _, out| read(request, Part::TxBitrate, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_rx_top",
        doc: "The highest bitrate received, less 5 % for each second since; in a line of a zone's log the highest ever.",
        read: |request, _, out| read(request, Part::RxTop, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_tx_top",
        doc: "The highest bitrate sent, less 5 % for each second since; in a line of a zone's log the highest ever.",
        read: |request, _, out| read(request, Part::TxTop, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_requests",
        doc: "How many requests the session has had.",
        read: |request, _, out| read(request, Part::Requests, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_duration",
        doc: "How long the session lasts so far, in seconds with a resolution of milliseconds.",
        read: |request, _, out| read(request, Part::Duration, out),
        ..VARIABLE
    },
    VariableSpec {
        name: "session_status",
        doc: "What became of the request: `NEW`, `KNOWN`, `SKIPPED`, `REJECTED_SESSIONS`, `REJECTED_BITRATE`, \
              or one of these with `_DRY_RUN`; empty where no `session` holds.",
        read: |request, _, out| status(request, out),
        ..VARIABLE
    },
];

/// A property of a session.
#[derive(Clone, Copy)]
enum Part {
    Id,
    Reference,
    Location,
    Peer,
    Extra,
    RxBytes,
    TxBytes,
    RxBitrate,
    TxBitrate,
    RxTop,
    TxTop,
    Requests,
    Duration,
}

fn read(request: &mut Request, part: Part, out: &mut Vec<u8>) -> bool {
    let Some(visits) = state_of(request).and_then(|state| request.state_if_any(state)) else {
        return false;
    };
    if let Some(closed) = &visits.closed {
        return write(closed, part, true, out);
    }
    let Some(seen) = visits.main() else {
        return false;
    };
    let tracker = seen.tracker;
    let mut session = Session::default();
    let is_there = seen.visit.as_ref().is_some_and(|visit| {
        let now = Moment(os::monotonic());
        let sessions = &tracker.entry.sessions;
        sessions.visited(&visit.handle, now, &mut session)
    });
    if is_there {
        return write(&session, part, false, out);
    }
    if let Part::Id = part {
        let start = out.len();
        tracker.id.append(request, out);
        return out.len() > start;
    }
    false
}

/// Appends a property of a session, as it is or, once it is over, as it was.
fn write(session: &Session, part: Part, is_over: bool, out: &mut Vec<u8>) -> bool {
    let attributes = session.attributes();
    let top = |flow: crate::sessions::Flow| if is_over { flow.highest } else { flow.top };
    let number = match part {
        Part::Id => {
            session.write_id(out);
            return true;
        }
        Part::Reference => return text(attributes.reference, out),
        Part::Location => return text(attributes.location, out),
        Part::Peer => return text(attributes.peer, out),
        Part::Extra => return text(attributes.extra, out),
        Part::Duration => {
            let milliseconds = session.duration() / 1_000_000;
            let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
            return write!(out, "{seconds}.{rest:03}").is_ok();
        }
        Part::RxBytes => session.rx().bytes,
        Part::TxBytes => session.tx().bytes,
        Part::RxBitrate => session.rx().bitrate,
        Part::TxBitrate => session.tx().bitrate,
        Part::RxTop => top(session.rx()),
        Part::TxTop => top(session.tx()),
        Part::Requests => session.requests(),
    };
    write!(out, "{number}").is_ok()
}

fn text(text: &[u8], out: &mut Vec<u8>) -> bool {
    out.extend_from_slice(text);
    !text.is_empty()
}

fn status(request: &Request, out: &mut Vec<u8>) -> bool {
    let visits = state_of(request).and_then(|state| request.state_if_any(state));
    let Some(seen) = visits.and_then(|visits| visits.verdict()) else {
        return false;
    };
    out.extend_from_slice(seen.outcome.name().as_bytes());
    true
}
