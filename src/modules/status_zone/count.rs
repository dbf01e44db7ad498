//! What counts a request into a zone, when it begins and when it is over.

use std::sync::Arc;

use super::layout::LONGEST_KEY;
use super::store::{Exchange, Zone};
use crate::http::course::request::Request;
use crate::http::plan::handshakes::{Handshake, HandshakeCounter};
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;

/// Counts requests of a location into a zone when they are over.
#[derive(Clone)]
pub(super) struct Counter {
    zone: Arc<Zone>,
    select: Select,
}

/// Which entry of a zone.
#[derive(Clone)]
pub(super) enum Select {
    /// The one called as the zone.
    Whole,
    /// That of a key.
    Key(Template),
}

/// What is known of a request of a server since it began.
#[derive(Default)]
pub(super) struct Begun {
    has_begun: bool,
    processing: Option<Processing>,
}

/// A request that is being processed, counted as such until this is dropped.
struct Processing {
    zone: Arc<Zone>,
    entry: usize,
}

impl Processing {
    fn new(zone: &Arc<Zone>, entry: usize) -> Self {
        zone.begin(entry);
        Self {
            zone: Arc::clone(zone),
            entry,
        }
    }
}

impl Drop for Processing {
    fn drop(&mut self) {
        self.zone.end(self.entry);
    }
}

impl Counter {
    /// Counts into `zone`.
    pub(super) fn new(zone: Arc<Zone>, select: Select) -> Self {
        Self { zone, select }
    }

    /// The part of it that runs when a request of a server begins.
    pub(super) fn begin(self, state: StateIndex<Begun>) -> Begin {
        Begin {
            counter: self,
            state,
        }
    }

    /// The part of it that runs when a request of a server is over.
    pub(super) fn end(self, state: StateIndex<Begun>) -> End {
        End {
            counter: self,
            state,
        }
    }

    /// The entry of a request; none when it is not to be counted.
    fn entry(&self, request: &mut Request) -> Option<usize> {
        let Select::Key(template) = &self.select else {
            return Some(Zone::WHOLE);
        };
        let mut key = request.buffer();
        template.append(request, &mut key);
        // It is shown as text, and what is shown alike is counted together.
        if let Err(_ill_formed) = str::from_utf8(&key) {
            key = String::from_utf8_lossy(&key).into_owned().into_bytes();
        }
        let entry = match key.len() {
            0 => None,
            1..=LONGEST_KEY => Some(self.zone.entry(&key)),
            _ => {
                self.zone.complain("a key is longer than 256 bytes");
                None
            }
        };
        request.recycle(key);
        entry
    }
}

impl HandshakeCounter for Counter {
    /// Where the key is empty before there is a request, it counts for the zone as a whole.
    fn count(&self, handshake: Handshake, request: &mut Request) {
        let entry = self.entry(request).unwrap_or(Zone::WHOLE);
        self.zone.count_handshake(entry, handshake);
    }
}

impl PhaseHandler for Counter {
    fn run(&self, request: &mut Request) {
        if request.is_subrequest() {
            return;
        }
        if let Some(entry) = self.entry(request) {
            self.zone.count_request(entry);
            self.zone.count_exchange(entry, &exchange(request));
        }
    }
}

/// See [`Counter::begin`].
pub(super) struct Begin {
    counter: Counter,
    state: StateIndex<Begun>,
}

impl PhaseHandler for Begin {
    fn run(&self, request: &mut Request) {
        let zone = &self.counter.zone;
        let entry = self.counter.entry(request);
        let processing = entry.map(|entry| {
            zone.count_request(entry);
            Processing::new(zone, entry)
        });
        *request.state(self.state) = Begun {
            has_begun: true,
            processing,
        };
    }
}

/// See [`Counter::end`].
pub(super) struct End {
    counter: Counter,
    state: StateIndex<Begun>,
}

impl PhaseHandler for End {
    fn run(&self, request: &mut Request) {
        let zone = &self.counter.zone;
        let begun = std::mem::take(request.state(self.state));
        let entry = if begun.has_begun {
            begun.processing.as_ref().map(|processing| processing.entry)
        } else {
            // It was refused before it was understood.
            let entry = self.counter.entry(request);
            entry.inspect(|entry| zone.count_request(*entry))
        };
        if let Some(entry) = entry {
            zone.count_exchange(entry, &exchange(request));
        }
    }
}

fn exchange(request: &Request) -> Exchange {
    Exchange {
        status: request.response.status,
        received: request.bytes_received(),
        sent: request.bytes_sent(),
    }
}
