//! What is known of the streams of a connection of HTTP/2, by looking at the frames that go by: how many bytes
//! each has taken, what has left, which of them the client has reset, and what all that has cost.

mod known;
mod news;

pub(super) use self::known::Known;
pub use self::news::{News, Rejected, Taken};
use super::clock;
use super::flood::Flood;
use super::frame::{HEADER, Header, Step, kind};
use super::hpack::{Fault, Malformed};
use super::meter::Then;
use super::purse::Purse;
use crate::metric::Moment;

/// All of them, in the order of their numbers.
#[derive(Debug)]
pub(super) struct Streams {
    known: Vec<Known>,
    last: u32,
    /// How many of them nobody here was told of.
    untold: usize,
    /// Whether the client was told that no more are taken: it may ask again elsewhere.
    pub(super) is_leaving: bool,
    purse: Purse,
    /// What the purse did not hold the price of.
    pub(super) flood: Option<Flood>,
    /// What a flood would be one of, and how many frames came since that was seen.
    pub(super) suspected: Flood,
    frames_since: u32,
    pub(super) news: News,
    is_goaway_sent: bool,
    is_goaway_received: bool,
    /// What has left of the last stream that anything has left of, and its meter was not told.
    unmetered: (u32, u64),
    /// Since when a block of fields has been coming.
    pub(super) block_since: Option<Moment>,
    is_block_empty: bool,
}

/// Nobody looks at more requests that were refused unseen than this in one turn.
const MOST_REJECTED: usize = 256;
/// So many frames that cost nothing may come between two that do.
const FEW: u32 = 8;
/// A client that sends on when it was told that nothing is taken is one that floods.
const MOST_UNTOLD: usize = 1024;
/// The client may send this one again: it was no request.
const REFUSED_STREAM: u32 = 7;
const PROTOCOL_ERROR: u32 = 1;
const HARMLESS: [u32; 2] = [0, 8];

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            known: Vec::new(),
            last: 0,
            untold: 0,
            is_leaving: false,
            purse: Purse::new(clock::moment()),
            flood: None,
            suspected: Flood::Other,
            frames_since: 0,
            news: News::default(),
            is_goaway_sent: false,
            is_goaway_received: false,
            unmetered: (0, 0),
            block_since: None,
            is_block_empty: false,
        }
    }

    pub(super) fn get(&mut self, id: u32) -> Option<&mut Known> {
        let place = self.known.binary_search_by_key(&id, |one| one.id).ok()?;
        Some(&mut self.known[place])
    }

    /// Somebody begins to answer it.
    pub(super) fn take(&mut self, id: u32) -> Option<Taken> {
        let known = self.get(id)?;
        let was_taken = std::mem::replace(&mut known.is_taken, true);
        let taken = known.taken();
        self.untold -= usize::from(!was_taken);
        Some(taken)
    }

    /// Nobody has to do with it any more.
    pub(super) fn forget(&mut self, id: u32) {
        if let Ok(place) = self.known.binary_search_by_key(&id, |one| one.id) {
            let known = self.known.remove(place);
            self.untold -= usize::from(!known.is_taken);
        }
    }

    /// The connection is gone: whoever waits for a stream is told, and those that nobody was told of are rejected.
    pub(super) fn end(&mut self) {
        for known in &mut self.known {
            known.was_reset |= !known.has_ended_out;
            known.wake();
        }
        if self.is_leaving {
            return;
        }
        let untold = self.known.iter().filter(|one| !one.is_taken);
        let untold: Vec<u32> = untold.map(|one| one.id).collect();
        for id in untold {
            self.reject(id, 400);
        }
    }

    /// Something has come from the client.
    pub(super) fn came(&mut self, step: Step) {
        match step {
            Step::Begin(frame) => self.begun(frame),
            Step::Payload(frame, amount) if frame.is_of_block() || frame.kind == kind::DATA => {
                self.is_block_empty &= !frame.is_of_block();
                self.received(frame, amount);
            }
            Step::Payload(..) => {}
            Step::End(frame, _) => self.ended(frame),
        }
    }

    fn begun(&mut self, frame: Header) {
        if frame.kind == kind::HEADERS {
            self.block_since.get_or_insert_with(clock::moment);
            self.is_block_empty = true;
            if frame.stream > self.last {
                self.last = frame.stream;
                self.known.push(Known::new(frame.stream));
                self.untold += 1;
            }
            if self.untold > MOST_UNTOLD {
                self.flood.get_or_insert(Flood::Untaken);
            }
        }
        let (price, what) = self.price(frame);
        self.suspect(what, price > 0);
        if price > 0 && self.flood.is_none() && !self.purse.pay(price, clock::moment()) {
            self.flood = Some(what);
        }
    }

    fn price(&mut self, frame: Header) -> (u64, Flood) {
        match frame.kind {
            _ if frame.is_ack() => (1, Flood::Acks),
            kind::DATA if frame.length == 0 && !frame.ends_stream() => (2, Flood::Data),
            // What was on its way when its stream was reset is little.
            kind::DATA => match self.get(frame.stream) {
                Some(known) if !known.was_reset => (0, Flood::Data),
                _ => (1, Flood::Data),
            },
            kind::HEADERS => (0, Flood::Heads),
            kind::RST_STREAM => match self.get(frame.stream) {
                Some(known) if !known.has_head_out => (5, Flood::Resets),
                _ => (1, Flood::Resets),
            },
            kind::SETTINGS => (4, Flood::Settings),
            kind::PING => (2, Flood::Pings),
            kind::WINDOW_UPDATE => (1, Flood::WindowUpdates),
            kind::CONTINUATION => (2, Flood::Continuations),
            _ => (1, Flood::Other),
        }
    }

    fn received(&mut self, frame: Header, amount: usize) {
        let is_of_use = |known: &Known| frame.kind == kind::DATA && !known.was_reset;
        if self.get(frame.stream).is_some_and(|known| is_of_use(known)) {
            self.purse.earn(amount as u64 / 256);
        }
        if let Some(known) = self.get(frame.stream) {
            known.traffic.count_received(amount);
            if !known.has_head {
                known.head += amount;
            }
            if let Some(meter) = &known.meter {
                meter.received(amount as u64, &known.traffic);
            }
        }
    }

    fn ended(&mut self, frame: Header) {
        if frame.ends_block() {
            self.block_since = None;
            if self.is_block_empty {
                self.pay_late(2, Flood::Heads);
            }
            if let Some(known) = self.get(frame.stream) {
                known.has_head = true;
            }
        }
        if frame.kind == kind::RST_STREAM
            && let Some(known) = self.get(frame.stream)
        {
            known.was_reset = true;
            known.wake();
            self.news.resets_received += 1;
        }
        if frame.kind == kind::GOAWAY && !self.is_goaway_received {
            self.is_goaway_received = true;
            self.news.is_goaway_received = true;
        }
    }

    /// Remembers what a flood would be one of. What costs nothing is asked for, unless there is nothing else.
    fn suspect(&mut self, what: Flood, is_costly: bool) {
        self.frames_since += 1;
        if is_costly || self.frames_since > FEW {
            self.suspected = what;
            self.frames_since = 0;
        }
    }

    fn pay_late(&mut self, price: u64, what: Flood) {
        self.suspect(what, true);
        if !self.purse.pay(price, clock::moment()) {
            self.flood.get_or_insert(what);
        }
    }

    /// What a stream has sent is malformed: h2 is about to reset it.
    pub(super) fn is_malformed(&mut self, id: u32, malformed: Malformed) {
        if let Some(known) = self.get(id) {
            known.malformed = Some(Box::new(malformed));
        }
    }

    /// A stream that somebody answers ends for what it has sent.
    pub(super) fn refuse(&mut self, id: u32) {
        if let Some(known) = self.get(id)
            && !std::mem::replace(&mut known.is_refused, true)
        {
            let fault = known
                .malformed
                .as_ref()
                .map_or(Fault::Body, |one| one.fault);
            self.news.faults.push(fault);
        }
    }

    /// Something has left for the client.
    pub(super) fn left(&mut self, step: Step) {
        match step {
            Step::Begin(frame) if frame.is_of_block() => self.sent(frame, HEADER, HEADER),
            Step::Begin(frame) if frame.kind == kind::DATA => {
                self.purse.earn(2);
                self.sent(frame, HEADER, HEADER);
            }
            Step::Payload(frame, amount) if frame.is_of_block() => self.sent(frame, amount, amount),
            Step::Payload(frame, amount) if frame.kind == kind::DATA => {
                self.sent(frame, amount, 0);
            }
            Step::End(frame, first) => self.over(frame, u32::from_be_bytes(first)),
            _ => {}
        }
    }

    /// So many bytes of a stream have left, so many of which are no content.
    fn sent(&mut self, frame: Header, amount: usize, of_head: usize) {
        let Some(known) = self.get(frame.stream) else {
            return;
        };
        known.data_out += (amount - of_head) as u64;
        known.traffic.count_head(of_head);
        known.traffic.count_sent(amount);
        if known.meter.is_some() {
            if self.unmetered.0 != frame.stream {
                self.tell_meter();
            }
            self.unmetered = (frame.stream, self.unmetered.1 + amount as u64);
        }
    }

    /// Tells the last meter what has left meanwhile.
    pub(super) fn tell_meter(&mut self) {
        let (id, bytes) = std::mem::take(&mut self.unmetered);
        if let Some(known) = self.get(id).filter(|_| bytes > 0)
            && let Some(meter) = &known.meter
        {
            let then = match known.has_ended_out {
                true => Then::End,
                false => Then::More,
            };
            meter.sent(bytes, then, &known.traffic);
        }
    }

    /// A whole frame has left.
    fn over(&mut self, frame: Header, error: u32) {
        match frame.kind {
            kind::RST_STREAM => {
                self.news.resets_sent += 1;
                self.news.refused += u64::from(error == REFUSED_STREAM);
            }
            kind::GOAWAY if !self.is_goaway_sent => {
                self.is_goaway_sent = true;
                self.news.is_goaway_sent = true;
            }
            _ => {}
        }
        let Some(known) = self.get(frame.stream) else {
            return;
        };
        known.has_head_out |= frame.is_of_block();
        let is_reset = frame.kind == kind::RST_STREAM;
        known.was_reset |= is_reset;
        let is_at_fault = is_reset && error == PROTOCOL_ERROR && !known.was_broken_off;
        let ends = frame.ends_stream() && !known.has_ended_out;
        known.has_ended_out |= ends;
        if is_reset || known.waits_to_leave {
            known.wake();
        }
        let is_untold = !known.is_taken;
        if is_at_fault && !is_untold {
            self.refuse(frame.stream);
        }
        if ends {
            self.purse.earn(4);
        }
        if is_reset && is_untold {
            self.refused(frame.stream, error);
        } else if ends && is_untold {
            // The one answer that is given before anybody is told.
            self.reject(frame.stream, 431);
        }
    }

    fn refused(&mut self, id: u32, error: u32) {
        if !HARMLESS.contains(&error) {
            self.pay_late(10, Flood::Refused);
        }
        match error {
            REFUSED_STREAM => self.forget(id),
            _ => self.reject(id, 400),
        }
    }

    fn reject(&mut self, id: u32, status: u16) {
        if let Some(known) = self.get(id) {
            let rejected = Rejected {
                taken: known.taken(),
                status,
                malformed: known.malformed.take(),
            };
            if self.news.rejected.len() < MOST_REJECTED {
                self.news.rejected.push(rejected);
            }
        }
        self.forget(id);
    }
}
