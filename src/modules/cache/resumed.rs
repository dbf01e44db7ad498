//! The rest of a body that somebody was filling an entry with until the disk could take no more, or until he died: whoever
//! was given a part of it asks the origin once more, and goes on where the part ends. What the part was is known by its
//! digest, so that it is not followed by the rest of a body that begins in another way. Bodies that begin alike are told
//! apart by what the heads say of them: where an origin gives neither a tag nor a date nor another length, they are not. Who
//! wants a range asks for that, or for all of it where it is to be compared with what the body is known to be.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use xxhash_rust::xxh3::Xxh3;

use super::caching::{Caching, Conditions};
use super::given::{fields, promised};
use super::visit::{State, Told, Turn};
use crate::cache::file::Entry;
use crate::cache::{ContentCheck, ContentDigest};
use crate::http::course::request::Request;
use crate::http::message::response_head::ResponseHead;
use crate::http::upstream::pulled::Pulled;

/// How an answer can be fetched again.
pub(super) struct Refetch {
    request: Mutex<Box<Request>>,
    last_answer: LastAnswer,
    /// What the body must be, if that is known.
    digest: Option<ContentDigest>,
    /// Whether no more than a range of it is wanted.
    is_part: bool,
}

/// What the origin has answered last.
#[derive(Clone, Default)]
struct LastAnswer(Arc<AtomicU8>);

/// How much of an answer its repetition brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeated {
    /// Nothing: it is another one.
    None,
    Whole,
    /// The range that was asked for.
    Part,
}

/// What an answer must be to be the same as another.
pub(super) struct Repeats {
    status: u16,
    fields: [Option<Vec<u8>>; REPRESENTATION_FIELDS.len()],
    /// How long its body is, if that was said.
    length: Option<u64>,
    /// The range that is wanted, as an answer says it.
    part: Option<Vec<u8>>,
    /// The line that asks for it.
    asking: Option<Conditions>,
    last_answer: LastAnswer,
}

/// The fields that tell one body from another.
const REPRESENTATION_FIELDS: [&[u8]; 4] = [
    b"etag",
    b"last-modified",
    b"content-type",
    b"content-encoding",
];

/// A body that comes again.
pub(super) struct Resumed {
    pulled: Mutex<Pulled>,
    last_answer: LastAnswer,
    /// Until it is known whether it is what it is known to be.
    check: Option<ContentCheck>,
    /// The last byte so far, which is held back until that is known.
    held: Option<u8>,
    /// How much is still to come that nobody wants, where all of the body comes.
    before: u64,
    /// How much of it was given before and is still to come again.
    left: u64,
    /// How much is wanted behind that; nothing for all there is.
    wanted: Option<u64>,
    digest: Xxh3,
    /// The digest of what was given.
    given: u128,
}

impl LastAnswer {
    fn note(&self, extent: Repeated) {
        self.0.store(extent as u8, Ordering::Release);
    }

    fn is(&self, extent: Repeated) -> bool {
        self.0.load(Ordering::Acquire) == extent as u8
    }
}

impl Caching {
    /// How the answer can be had again that somebody fills an entry with; nothing where a request cannot be repeated.
    pub(super) fn refetch(
        &'static self,
        request: &mut Request,
        turn: &Turn,
        entry: &Entry,
    ) -> Option<Refetch> {
        if request.method() != b"GET" || request.is_subrequest() {
            return None;
        }
        let digest = self.digest(request, entry.head().status).ok()?;
        let mut other = request.repetition()?;
        let last_answer = LastAnswer::default();
        let visit = other.state(self.state);
        visit.chosen = Some(self);
        let mut repeated = Turn::new(self, turn.key.clone(), turn.origin);
        repeated.is_asking = true;
        visit.repeats = Some(Repeats::of(entry, &last_answer));
        visit.turn = Some(Box::new(repeated));
        visit.told = Some(Told::new(self, turn.key.clone()));
        let request = Mutex::new(other);
        Some(Refetch {
            request,
            last_answer,
            digest,
            is_part: false,
        })
    }
}

impl Repeats {
    fn of(entry: &Entry, last_answer: &LastAnswer) -> Self {
        let head = entry.head();
        let value = |wanted: &[u8]| {
            let mut all = fields(head.fields);
            let found = all.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.to_vec())
        };
        Self {
            status: head.status,
            fields: REPRESENTATION_FIELDS.map(value),
            length: promised(head.fields),
            part: None,
            asking: None,
            last_answer: last_answer.clone(),
        }
    }

    /// The line that asks for no more than is wanted, if there is one.
    pub(super) fn asking(&self) -> Option<&Conditions> {
        self.asking.as_ref()
    }

    /// Notes whether that is the same answer, or the part of it that is wanted.
    pub(super) fn judge(&self, head: &ResponseHead<'_>) {
        let mut fields = REPRESENTATION_FIELDS.iter().zip(&self.fields);
        let is_same = fields
            .all(|(name, value)| head.field(name).map(<[u8]>::trim_ascii) == value.as_deref());
        let lengths = self.length.zip(head.content_length);
        let is_part = head.status == 206
            && self.part.is_some()
            && head.field(b"content-range").map(<[u8]>::trim_ascii) == self.part.as_deref();
        // Of a part, the end of all of it is not looked at.
        let is_as_long = match &self.part {
            Some(_) => lengths.is_some_and(|(own, new)| own == new),
            None => lengths.is_none_or(|(own, new)| own == new),
        };
        let is_whole = head.status == self.status && is_as_long;
        self.last_answer.note(match (is_same, is_part, is_whole) {
            (true, true, _) => Repeated::Part,
            (true, false, true) => Repeated::Whole,
            _ => Repeated::None,
        });
    }
}

impl Refetch {
    /// The same for who wants this range of a body of this length.
    pub(super) fn of_part(mut self, state: State, part: &Range<u64>, length: u64) -> Self {
        self.is_part = true;
        // What all of it is known to be says nothing of a part.
        if self.digest.is_some() {
            return self;
        }
        let (first, last) = (part.start, part.end.saturating_sub(1));
        let request = self.request.get_mut();
        let turn = request.state(state).turn.as_ref();
        let origin = turn.map(|turn| turn.origin);
        let is_set = origin.is_some_and(|origin| origin.range(request).is_some());
        if let Some(repeats) = &mut request.state(state).repeats {
            repeats.part = Some(format!("bytes {first}-{last}/{length}").into_bytes());
            let line = format!("Range: bytes={first}-{last}\r\n");
            repeats.asking = (!is_set).then(|| Conditions(line.into_bytes()));
        }
        self
    }

    /// Begins to have it again, of which this range was given, with this digest; `end` is where nothing more is wanted.
    pub(super) fn begin(self, before: Range<u64>, end: Option<u64>, digest: &Xxh3) -> Resumed {
        Resumed {
            pulled: Mutex::new(Pulled::begin(self.request.into_inner())),
            last_answer: self.last_answer,
            check: self.digest.map(ContentCheck::new),
            held: None,
            before: before.start,
            left: before.end.saturating_sub(before.start),
            wanted: end
                .filter(|_| self.is_part)
                .map(|end| end.saturating_sub(before.end)),
            digest: Xxh3::new(),
            given: digest.digest128(),
        }
    }
}

impl Resumed {
    /// The next piece behind what was given; nothing at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        // What follows matters only to who compares all of it.
        while self.wanted != Some(0) || self.check.is_some() {
            let pulled = self.pulled.get_mut();
            let received = poll_fn(|task| pulled.poll_piece(task, |_, _| {})).await?;
            let piece = received.bytes();
            if self.last_answer.is(Repeated::None) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.last_answer.is(Repeated::Part) {
                self.before = 0;
            }
            if piece.is_empty() {
                return self.end();
            }
            if let Some(check) = &mut self.check {
                check.update(piece);
            }
            let rest = self.skip(piece)?;
            let rest = self.within(rest);
            let passed = self.passed(rest);
            if !passed.is_empty() {
                return Ok(Some(passed));
            }
        }
        Ok(None)
    }

    /// What is left at the end, if it was what it should be.
    fn end(&mut self) -> io::Result<Option<Bytes>> {
        if self.before > 0 || self.left > 0 || self.wanted.is_some_and(|wanted| wanted > 0) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self.check.take().is_none_or(ContentCheck::holds) {
            true => Ok(self.held.take().map(|last| vec![last].into())),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// What may be given: all but the last byte where it is not known yet whether that is right.
    fn passed(&mut self, rest: &[u8]) -> Bytes {
        let Some((last, others)) = rest.split_last().filter(|_| self.check.is_some()) else {
            return Bytes::copy_from_slice(rest);
        };
        let before = self.held.replace(*last);
        before.into_iter().chain(others.iter().copied()).collect()
    }

    /// What of a piece lies behind what was given.
    fn skip<'p>(&mut self, piece: &'p [u8]) -> io::Result<&'p [u8]> {
        let piece = &piece[taken(&mut self.before, piece)..];
        if self.before > 0 || self.left == 0 {
            return Ok(piece);
        }
        let (again, rest) = piece.split_at(taken(&mut self.left, piece));
        self.digest.update(again);
        match self.left == 0 && self.digest.digest128() != self.given {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(rest),
        }
    }

    /// What of it is wanted.
    fn within<'p>(&mut self, rest: &'p [u8]) -> &'p [u8] {
        match &mut self.wanted {
            Some(wanted) => &rest[..taken(wanted, rest)],
            None => rest,
        }
    }
}

/// How much of a piece counts as what is to come, which is less from then on.
fn taken(to_come: &mut u64, piece: &[u8]) -> usize {
    let taken = usize::try_from(*to_come)
        .unwrap_or(usize::MAX)
        .min(piece.len());
    *to_come -= taken as u64;
    taken
}
