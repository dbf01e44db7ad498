//! Frames of a client of HTTP/2 on their way to h2. Whatever is no block of fields passes as it comes; a block is held
//! back until all of it is there, and has been judged.

use super::frame::{HEADER, Header, kind};
use super::hpack::{Fault, Judge, Malformed, Verdict};
use super::wire::PREFACE;

/// Frames on their way to h2.
#[derive(Debug)]
pub(super) struct Screen {
    judge: Judge,
    /// How much passes without a look: what is left of a frame.
    passing: usize,
    /// What was held back, and how far it was searched for the end of a block.
    held: Vec<u8>,
    searched: usize,
    /// What may go on, and how much of it has.
    ready: Vec<u8>,
    gone: usize,
    /// The largest stream there was.
    last: u32,
    /// The longest block that is waited for.
    longest: usize,
    /// Nothing is judged any more: h2 ends the connection for what has come.
    is_off: bool,
    is_damaged: bool,
    malformed: Vec<(u32, Malformed)>,
}

/// No frame is longer before the client was told that it may be.
const LONGEST_FRAME: usize = 16 * 1024;

/// What becomes of the first bytes of those that are there.
enum Step {
    /// So many go on as they are.
    Pass(usize),
    /// Instead of so many, something else does.
    Instead(usize),
    /// More have to come, or nothing goes on any more.
    Wait,
}

impl Screen {
    /// Frames behind the preface, of which lists of about so many bytes of fields are understood.
    pub(super) fn new(list: usize) -> Self {
        Self {
            judge: Judge::new(list),
            passing: PREFACE.len(),
            held: Vec::new(),
            searched: 0,
            ready: Vec::new(),
            gone: 0,
            last: 0,
            // h2 takes a few frames more than the list needs, and then ends the connection.
            longest: list.saturating_add(list / 4 + 8 * (LONGEST_FRAME + HEADER)),
            is_off: false,
            is_damaged: false,
            malformed: Vec::new(),
        }
    }

    /// Takes more bytes, when all that was ready is gone; gives how many of them pass as they are. The others are held.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while self.held.is_empty() {
            match self.step(&bytes[passed..]) {
                Step::Pass(amount) => {
                    passed += amount;
                    continue;
                }
                Step::Instead(amount) => {
                    self.held.extend_from_slice(&bytes[passed + amount..]);
                    self.work();
                }
                Step::Wait => self.held.extend_from_slice(&bytes[passed..]),
            }
            return passed;
        }
        self.held.extend_from_slice(bytes);
        self.work();
        0
    }

    /// Has what is held go on as far as it may.
    fn work(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        let mut done = 0;
        loop {
            match self.step(&held[done..]) {
                Step::Pass(amount) => {
                    self.ready.extend_from_slice(&held[done..done + amount]);
                    done += amount;
                }
                Step::Instead(amount) => done += amount,
                Step::Wait => break,
            }
        }
        // Nothing is kept of long blocks when they are over.
        if done < held.len() {
            held.drain(..done);
            self.held = held;
        }
    }

    /// The next bytes that are ready, at most so many.
    pub(super) fn next(&mut self, most: usize) -> &[u8] {
        if self.gone == self.ready.len() {
            self.ready = Vec::new();
            self.gone = 0;
        }
        let start = self.gone;
        self.gone = self.ready.len().min(start.saturating_add(most));
        &self.ready[start..self.gone]
    }

    /// Whether the compression is damaged: nothing that follows can be understood.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// What was found malformed since this was asked last, and in which streams.
    pub(super) fn malformed(&mut self) -> Vec<(u32, Malformed)> {
        std::mem::take(&mut self.malformed)
    }

    /// Gives back memory: nothing is expected soon.
    pub(super) fn rest(&mut self) {
        self.judge.rest();
    }

    fn step(&mut self, rest: &[u8]) -> Step {
        if rest.is_empty() || self.is_damaged {
            return Step::Wait;
        }
        if self.passing == 0 && !self.is_off {
            match self.block(rest) {
                Some(0) => return Step::Wait,
                Some(block) => return self.decide(&rest[..block]),
                None => {}
            }
        }
        let amount = match self.is_off {
            true => rest.len(),
            false => self.passing.min(rest.len()),
        };
        self.passing -= self.passing.min(amount);
        Step::Pass(amount)
    }

    /// How long the block of fields is that bytes begin with: 0 if more have to come before that can be said, `None`
    /// if there is none, and it is known what passes.
    fn block(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(first) = Header::of(rest) else {
            return Some(0);
        };
        if first.kind != kind::HEADERS {
            self.passing = HEADER + first.length;
            return None;
        }
        let mut place = self.searched;
        while let Some(frame) = Header::of(&rest[place..]) {
            let belongs = frame.kind == kind::CONTINUATION && frame.stream == first.stream;
            if frame.length > LONGEST_FRAME || place > 0 && !belongs {
                self.is_off = true;
                return None;
            }
            let end = place + HEADER + frame.length;
            if rest.len() < end {
                break;
            }
            place = end;
            if frame.ends_block() {
                self.searched = 0;
                return Some(place);
            }
        }
        self.searched = place;
        self.is_off = rest.len() > self.longest;
        (!self.is_off).then_some(0)
    }

    fn decide(&mut self, frames: &[u8]) -> Step {
        let Some((first, block, fault)) = content(frames) else {
            self.is_off = true;
            return Step::Pass(frames.len());
        };
        let is_later = first.stream <= self.last;
        self.last = self.last.max(first.stream);
        match self.judge.judge(&block, is_later, fault) {
            Verdict::Fine => Step::Pass(frames.len()),
            Verdict::Replaced(block, malformed) => {
                self.put(first, &block);
                self.malformed
                    .extend(malformed.map(|one| (first.stream, one)));
                Step::Instead(frames.len())
            }
            Verdict::TooLarge => {
                self.is_off = true;
                Step::Pass(frames.len())
            }
            Verdict::Damaged => {
                self.is_damaged = true;
                Step::Wait
            }
        }
    }

    /// Has a block go on in frames of its own.
    fn put(&mut self, first: Header, block: &[u8]) {
        let mut pieces = block.chunks(LONGEST_FRAME).peekable();
        let mut frame = Header {
            kind: kind::HEADERS,
            ..first
        };
        while let Some(piece) = pieces.next() {
            frame.length = piece.len();
            let header = frame.of_block(pieces.peek().is_none(), first.ends_stream());
            self.ready.extend_from_slice(&header);
            self.ready.extend_from_slice(piece);
            frame.kind = kind::CONTINUATION;
        }
    }
}

/// The block that frames hold, with the first of them, and what is wrong with it besides; `None` if they hold none.
fn content(frames: &[u8]) -> Option<(Header, std::borrow::Cow<'_, [u8]>, Option<Fault>)> {
    let first = Header::of(frames)?;
    let (fields, dependency) = first.fields(frames.get(HEADER..HEADER + first.length)?)?;
    let depends_on_itself = dependency.is_some_and(|on| on == first.stream);
    let fault = depends_on_itself.then_some(Fault::Dependency);
    let mut block = std::borrow::Cow::Borrowed(fields);
    let mut rest = &frames[HEADER + first.length..];
    while let Some(next) = Header::of(rest) {
        let end = HEADER + next.length;
        block.to_mut().extend_from_slice(rest.get(HEADER..end)?);
        rest = &rest[end..];
    }
    (first.stream != 0).then_some((first, block, fault))
}
