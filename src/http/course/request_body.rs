//! The body of a request on its way to a peer: read as the client sends it, or as a whole before a
//! peer is asked, and kept as far as it may be needed for another attempt.

mod ending;
mod filtered;
mod kept;
mod made;
mod wanted;
mod whole;

use std::io;
use std::path::Path;
use std::task::{Context, Poll, Waker, ready};

use self::ending::{Judge, write_piece};
use self::kept::Kept;
pub use self::whole::Whole;
use super::request::Request;
use crate::http::message::framing::{BadFraming, Decoded, Framing};
use crate::http::message::head::BodyFraming;
use crate::http::message::trailers;
use crate::http::plan::body_filter::BodyFilters;
use crate::http::plan::origin::{Body, SentBody};
use crate::http::transport::end::End;
use crate::http::transport::received::PIECE;

/// The body of a request.
#[derive(Debug)]
pub struct RequestBody {
    framing: Framing,
    /// How the present peer is told where it ends.
    sent_as: SentBody,
    /// Whether the present peer gets it in records of FastCGI.
    is_in_records: bool,
    kept: Kept,
    /// How much of what is kept the present peer was given.
    given: usize,
    /// Whether the present peer was given the end.
    is_end_given: bool,
    /// Bytes of content so far.
    length: u64,
    /// The most content that is taken.
    most: u64,
    /// Whether the connection ended within it.
    is_cut: bool,
    /// Whether the client sends it: it was told to, or has begun by itself.
    is_coming: bool,
    /// Whether it is longer than it may be, so that nobody gets it.
    is_refused: bool,
    /// What its content goes through.
    filters: BodyFilters,
    /// What filters made of the last piece.
    made: Vec<u8>,
    /// The lines of fields that came behind it.
    trailers: Vec<u8>,
    judge: Option<Judge>,
}

/// Why a body is not read on.
#[derive(Debug)]
pub enum BodyError {
    /// What came does not belong into it.
    Malformed,
    /// The client ended the connection before it was whole.
    Cut,
    /// It is longer than it may be.
    TooLarge,
    /// It did not come in time.
    Late,
    /// The temporary file that it was to wait in failed.
    File(io::Error),
    /// A filter failed.
    Filter(io::Error),
}

impl BodyError {
    /// The status that the request ends with.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed | Self::Cut => 400,
            Self::TooLarge => 413,
            Self::Late => 408,
            Self::File(_) | Self::Filter(_) => 500,
        }
    }
}

impl Default for RequestBody {
    fn default() -> Self {
        Self::new(BodyFraming::None, None, Vec::new())
    }
}

impl RequestBody {
    /// Begins with the body of another request, one that ends as the head says, and has no more
    /// content than `most`.
    pub fn begin(&mut self, framing: BodyFraming, most: Option<u64>) {
        let memory = match std::mem::replace(&mut self.kept, Kept::Gone) {
            Kept::Memory(memory) => memory,
            _ => Vec::new(),
        };
        *self = Self::new(framing, most, memory);
    }

    /// Gives back memory beyond `most` bytes.
    pub fn rest(&mut self, most: usize) {
        self.filters.clear();
        self.made = Vec::new();
        if !matches!(&self.kept, Kept::Memory(memory) if memory.capacity() <= most) {
            self.kept = Kept::Memory(Vec::new());
        }
    }

    fn new(framing: BodyFraming, most: Option<u64>, mut memory: Vec<u8>) -> Self {
        memory.clear();
        let (mut framing, sent_as) = match framing {
            BodyFraming::None => (Framing::NONE, SentBody::None),
            BodyFraming::Length(length) => (Framing::Length(length), SentBody::Length(length)),
            BodyFraming::Chunked => (Framing::Chunked(Default::default()), SentBody::Chunked),
            BodyFraming::ToEnd => (Framing::UntilClose, SentBody::Chunked),
        };
        framing.keep_trailers();
        Self {
            framing,
            sent_as,
            is_in_records: false,
            kept: Kept::Memory(memory),
            given: 0,
            is_end_given: false,
            length: 0,
            most: most.unwrap_or(u64::MAX),
            is_cut: false,
            is_coming: false,
            is_refused: false,
            filters: BodyFilters::default(),
            made: Vec::new(),
            trailers: Vec::new(),
            judge: None,
        }
    }

    /// The same body for somebody else; all of it must have been read, by `poll_all`.
    ///
    /// # Errors
    /// When there is no other descriptor of the file that it is in.
    pub fn copy(&self) -> io::Result<Self> {
        let mut copy = Self::default();
        copy.kept = self.kept.copy()?;
        copy.sent_as = self.sent_as;
        copy.length = self.length;
        copy.trailers.clone_from(&self.trailers);
        Ok(copy)
    }

    /// Has its content go through these; its length is unknown then if they change it.
    pub fn filter(&mut self, filters: BodyFilters) {
        if filters.change_length() {
            self.sent_as = SentBody::Chunked;
        }
        self.filters = filters;
    }

    /// Changes how much content is taken.
    pub fn limit(&mut self, most: u64) {
        self.most = most;
    }

    /// Throws away what comes of it, up to its end.
    pub fn poll_discard(
        &mut self,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<Result<(), BodyError>> {
        while !self.is_done() {
            let decoded = ready!(self.poll_decoded(task, client))?;
            client.consume(decoded.consumed);
        }
        Poll::Ready(Ok(()))
    }

    /// Whether it was read to its end.
    pub fn is_done(&self) -> bool {
        self.framing.is_done()
    }

    /// How much content has been read.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// How its end is told to peers.
    pub fn sent_as(&self) -> SentBody {
        self.sent_as
    }

    /// Whether it could be sent once more.
    pub fn state(&self) -> Body {
        match self.kept {
            Kept::Gone => Body::Gone,
            _ => Body::Kept,
        }
    }

    /// Whether the present peer was given all of it.
    pub fn is_given(&self) -> bool {
        let has_own_end = self.is_in_records || self.sent_as == SentBody::Chunked;
        let is_end_given = self.is_end_given || !has_own_end;
        is_end_given && self.is_taken() && !self.has_kept()
    }

    /// Whether something is kept that the present peer was not given.
    fn has_kept(&self) -> bool {
        match &self.kept {
            Kept::Memory(memory) => self.given < memory.len(),
            Kept::File(file) => file.left() > 0,
            Kept::Gone => false,
        }
    }

    /// Reads all of it, before any peer is asked; its length is known then.
    pub fn poll_all(
        &mut self,
        request: &mut Request,
        task: &mut Context<'_>,
        client: &mut End,
        directory: &Path,
    ) -> Poll<Result<(), BodyError>> {
        while !self.is_taken() {
            let next = ready!(self.poll_next(request, task, client))?;
            let bytes = next.bytes(client, &self.made);
            self.kept
                .append(bytes, directory)
                .map_err(BodyError::File)?;
            next.consume(client);
        }
        if self.sent_as == SentBody::Chunked {
            self.sent_as = SentBody::Length(self.kept.length());
        }
        Poll::Ready(Ok(()))
    }

    /// Appends the next piece for the peer, as it goes over the wire; gives the bytes of content.
    pub fn poll_piece(
        &mut self,
        request: &mut Request,
        task: &mut Context<'_>,
        client: &mut End,
        out: &mut Vec<u8>,
    ) -> Poll<Result<usize, BodyError>> {
        if let Some(given) = self.give_kept(out).map_err(BodyError::File)? {
            return Poll::Ready(Ok(given));
        }
        if self.is_taken() {
            self.give_end(request, out);
            return Poll::Ready(Ok(0));
        }
        let next = ready!(self.poll_next(request, task, client))?;
        let bytes = next.bytes(client, &self.made);
        let content = bytes.len();
        self.kept.append_if_short(bytes);
        if let Kept::Memory(memory) = &self.kept {
            self.given = memory.len();
        }
        write_piece(self.ending(), bytes, out);
        next.consume(client);
        if self.is_done() {
            self.give_end(request, out);
        }
        Poll::Ready(Ok(content))
    }

    /// Appends the next content to `out`.
    pub fn poll_into(
        &mut self,
        request: &mut Request,
        task: &mut Context<'_>,
        client: &mut End,
        out: &mut Vec<u8>,
    ) -> Poll<Result<(), BodyError>> {
        let next = ready!(self.poll_next(request, task, client))?;
        out.extend_from_slice(next.bytes(client, &self.made));
        next.consume(client);
        Poll::Ready(Ok(()))
    }

    /// Appends what is at hand for the peer, so that it leaves together with the head.
    pub fn give_at_hand(
        &mut self,
        request: &mut Request,
        client: &mut End,
        out: &mut Vec<u8>,
    ) -> Result<usize, BodyError> {
        let mut task = Context::from_waker(Waker::noop());
        let mut content = 0;
        while out.len() < PIECE && !self.is_given() {
            let is_at_hand = self.has_kept() || self.is_taken() || !client.received().is_empty();
            if !is_at_hand {
                break;
            }
            match self.poll_piece(request, &mut task, client, out) {
                Poll::Ready(piece) => content += piece?,
                Poll::Pending => break,
            }
        }
        Ok(content)
    }

    /// What was kept of it and not given to the present peer; `None` when there is no more.
    fn give_kept(&mut self, out: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let ending = self.ending();
        match &mut self.kept {
            Kept::Memory(memory) if self.given < memory.len() => {
                let bytes = &memory[self.given..];
                write_piece(ending, bytes, out);
                self.given = memory.len();
                Ok(Some(bytes.len()))
            }
            Kept::File(file) if file.left() > 0 => {
                let mut piece = vec![0; PIECE];
                let amount = file.read(&mut piece)?;
                write_piece(ending, &piece[..amount], out);
                Ok(Some(amount))
            }
            _ => Ok(None),
        }
    }

    /// Has more of the body at hand, decoded where it was received, within its limit.
    fn poll_content(
        &mut self,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<Result<Decoded, BodyError>> {
        let decoded = ready!(self.poll_decoded(task, client))?;
        self.length += decoded.content as u64;
        // What is announced is too much before it has come.
        if self.length.saturating_add(self.framing.announced()) > self.most {
            client.consume(decoded.consumed);
            self.refuse();
            return Poll::Ready(Err(BodyError::TooLarge));
        }
        Poll::Ready(Ok(decoded))
    }

    fn poll_decoded(
        &mut self,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<Result<Decoded, BodyError>> {
        if self.is_cut {
            return Poll::Ready(Err(BodyError::Cut));
        }
        if client.received().is_empty() && !self.framing.is_malformed() {
            match ready!(client.poll_receive(task)) {
                Ok(1..) => {}
                Ok(_) if matches!(self.framing, Framing::UntilClose) => {
                    self.framing = Framing::NONE;
                    self.trailers = client
                        .take_trailers()
                        .as_ref()
                        .map_or_else(Vec::new, trailers::lines);
                    return Poll::Ready(Ok(Decoded {
                        consumed: 0,
                        content: 0,
                    }));
                }
                _ => {
                    self.is_cut = true;
                    return Poll::Ready(Err(BodyError::Cut));
                }
            }
        }
        match self.framing.decode(client.received_mut()) {
            Ok(decoded) => {
                self.is_coming |= decoded.content > 0;
                if !self.framing.trailers().is_empty() && self.framing.is_done() {
                    self.trailers = self.framing.trailers().to_vec();
                }
                Poll::Ready(Ok(decoded))
            }
            Err(BadFraming) => {
                // It was received all the same.
                client.consume(client.received().len());
                Poll::Ready(Err(BodyError::Malformed))
            }
        }
    }
}

/// What a client is told that waits for it before it sends a body.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
