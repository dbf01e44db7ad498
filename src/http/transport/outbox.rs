//! What is on its way to the client: heads and pieces of a body, in order.
//!
//! A client that keeps up has each piece written from where it was received. Behind a slow one
//! pieces are gathered in memory up to a limit, then in a temporary file, so that the origin is
//! done with them; or, without buffering, nothing more is read. What somebody keeps anyway is read from there later,
//! and takes no file of its own.

mod piece;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::task::{Context, Poll, ready};

use http::HeaderMap;

use self::piece::Piece;
use super::behind::Behind;
use super::end::End;
use super::received::{PIECE, Received};
use super::spill::{ReadAhead, Spill};
use super::start::Start;
use crate::http::message::{framing, trailers};

/// What is on its way to the client.
#[derive(Debug, Default)]
pub struct Outbox {
    pieces: VecDeque<Piece>,
    /// What comes next, from where it is kept anyway.
    behind: Option<Behind>,
    /// What comes after that.
    spill: Option<Spill>,
    /// The end that is due behind all that, with its trailers.
    due_end: Option<Vec<u8>>,
    chunked: bool,
    /// The line end that the last chunk still needs.
    is_chunk_open: bool,
    is_flushed: bool,
    /// Whether the response ends with what there is.
    is_ended: bool,
    /// What is said behind its content.
    trailers: Option<HeaderMap>,
    /// Memory of pieces that were sent, for the next ones.
    spare: Vec<u8>,
}

impl Outbox {
    /// Begins a new response.
    pub fn begin(&mut self) {
        self.pieces.clear();
        self.behind = None;
        self.spill = None;
        self.due_end = None;
        self.chunked = false;
        self.is_chunk_open = false;
        self.is_flushed = true;
        self.is_ended = false;
        self.trailers = None;
    }

    /// Gives back memory beyond `most` bytes.
    pub fn rest(&mut self, most: usize) {
        if self.spare.capacity() > most {
            self.spare = Vec::new();
        }
        self.pieces.shrink_to(1);
    }

    /// Whether the body's pieces are sent as chunks from now on.
    pub fn set_chunked(&mut self, chunked: bool) {
        self.chunked = chunked;
    }

    /// Appends a head, which `write` writes.
    pub fn push_head(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut start = std::mem::take(&mut self.spare);
        start.clear();
        write(&mut start);
        self.push(Piece {
            start,
            ..Piece::default()
        });
    }

    /// Appends what a response begins with.
    pub fn push_start(&mut self, start: Start) {
        self.push(match start {
            Start::Bytes(start) => Piece {
                start,
                ..Piece::default()
            },
            Start::Message(head) => Piece {
                head: Some(head),
                ..Piece::default()
            },
        });
    }

    /// Whether there is room for a piece more.
    pub fn has_room(&self, ahead: Option<&ReadAhead>) -> bool {
        let Some(ahead) = ahead else {
            return self.pieces.len() <= 1 && self.unsent_memory() < PIECE;
        };
        match &self.spill {
            None if self.behind.is_some() => ahead.file > 0,
            None => ahead.file > 0 || self.unsent_memory() < ahead.memory.max(PIECE),
            // What was read of the file takes its place on the disk as well.
            Some(spill) => spill.written() < ahead.file,
        }
    }

    /// Appends the first `length` bytes of `content`, all of what is left in it otherwise is lost.
    ///
    /// # Errors
    /// When the temporary file fails.
    pub fn push_content(
        &mut self,
        mut content: Received,
        length: usize,
        ahead: Option<&ReadAhead>,
    ) -> io::Result<()> {
        content.truncate(length);
        if content.is_empty() {
            return Ok(());
        }
        if let Some(ahead) = ahead
            && (!self.is_all_in_memory()
                || ahead.file > 0 && self.unsent_memory() >= ahead.memory.max(PIECE))
        {
            return self.spill(content.bytes(), &ahead.directory);
        }
        let mut line = Vec::new();
        if self.chunked {
            self.open_chunk(length, &mut line);
        }
        let framing = line.len();
        match self.pieces.back_mut() {
            Some(last) if last.takes_copy(length) => {
                last.start.extend_from_slice(&line);
                last.start.extend_from_slice(content.bytes());
            }
            Some(last) if last.content.is_empty() => {
                last.start.extend_from_slice(&line);
                last.content = content;
            }
            Some(last) if last.content.len() + line.len() + length <= PIECE => {
                last.content.extend(&line);
                last.content.extend(content.bytes());
            }
            _ => self.push(Piece {
                start: line,
                content,
                ..Piece::default()
            }),
        }
        self.note_framing(framing);
        self.is_flushed = false;
        Ok(())
    }

    /// Whether content that is kept anyway had better be read from there later.
    pub fn is_late(&self, ahead: &ReadAhead) -> bool {
        let is_full = || self.unsent_memory() >= ahead.memory.max(PIECE);
        self.spill.is_none() && (self.behind.is_some() || is_full())
    }

    /// Whether content waits where it is kept anyway.
    pub fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    /// From now on content may wait where it is kept.
    pub fn begin_behind(&mut self, behind: Behind) {
        self.behind = Some(behind);
    }

    /// So many bytes more wait where they are kept.
    pub fn fall_behind(&mut self, length: usize) {
        if let Some(behind) = &mut self.behind {
            behind.grow(length);
        }
        self.is_flushed = false;
    }

    /// Whether the body is sent to this client in a way that has room for trailers.
    pub fn takes_trailers(&self, client: &End) -> bool {
        self.chunked || client.is_stream()
    }

    /// Appends the end of a body, of one in chunks or of a stream, with these lines of trailers.
    ///
    /// # Errors
    /// When the temporary file fails.
    pub fn push_end(&mut self, client: &End, trailers: &[u8]) -> io::Result<()> {
        self.is_ended = true;
        if client.is_stream() {
            self.is_flushed = false;
            self.trailers = (!trailers.is_empty()).then(|| trailers::fields(trailers));
            return Ok(());
        }
        if !self.chunked {
            return Ok(());
        }
        match self.is_all_in_memory() {
            true => self.end_chunks(trailers),
            false => self.due_end = Some(trailers.to_vec()),
        }
        Ok(())
    }

    fn end_chunks(&mut self, trailers: &[u8]) {
        let mut line = Vec::new();
        if std::mem::take(&mut self.is_chunk_open) {
            line.extend_from_slice(b"\r\n");
        }
        let (size, end) = framing::LAST_CHUNK.split_at(framing::LAST_CHUNK.len() - 2);
        line.extend_from_slice(size);
        line.extend_from_slice(trailers);
        line.extend_from_slice(end);
        let framing = line.len();
        match self.pieces.back_mut() {
            Some(last) if last.content.is_empty() => last.start.extend_from_slice(&line),
            Some(last) => last.content.extend(&line),
            None => self.push(Piece {
                start: line,
                ..Piece::default()
            }),
        }
        self.note_framing(framing);
    }

    /// So much of the last piece is framing, beside what was noted before.
    fn note_framing(&mut self, length: usize) {
        if let Some(last) = self.pieces.back_mut() {
            last.framing += length;
        }
    }

    /// Whether everything has left.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.is_flushed && self.is_all_in_memory()
    }

    /// Whether nothing waits in a file.
    fn is_all_in_memory(&self) -> bool {
        self.spill.is_none() && self.behind.is_none()
    }

    /// Whether what is sent next is the last there is of an ended response.
    fn is_last_next(&self) -> bool {
        self.is_ended && self.pieces.len() <= 1 && self.is_all_in_memory()
    }

    /// Drops what has not left: nobody wants it any more.
    pub fn discard(&mut self) {
        self.pieces.clear();
        self.behind = None;
        self.spill = None;
        self.due_end = None;
        self.is_flushed = true;
        self.is_ended = false;
    }

    /// Sends what it can; ready with the number of bytes, 0 when there is nothing to send.
    pub fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        client: &mut End,
    ) -> Poll<io::Result<usize>> {
        self.take_from_files()?;
        if client.is_stream() {
            self.prepare(client);
        }
        if self.is_last_next() {
            client.end_after();
        }
        let Some(piece) = self.pieces.front_mut() else {
            if !self.is_flushed {
                ready!(client.poll_flush(task))?;
                self.is_flushed = true;
            }
            return Poll::Ready(Ok(0));
        };
        let start = &piece.start[piece.start_sent..];
        let sent = ready!(client.poll_send(task, start, piece.content.bytes()))?;
        let of_start = sent.min(start.len());
        piece.start_sent += of_start;
        piece.content.consume(sent - of_start);
        if piece.is_sent()
            && let Some(piece) = self.pieces.pop_front()
        {
            client.traffic().count_framing(piece.framing);
            if piece.start.capacity() > self.spare.capacity() {
                self.spare = piece.start;
            }
        }
        Poll::Ready(Ok(sent))
    }

    /// Gives a stream what is no content: the head that is due, and what is said at the end.
    fn prepare(&mut self, client: &mut End) {
        while let Some(piece) = self.pieces.front_mut()
            && let Some(head) = piece.head.take()
        {
            client.put_head(head);
            if piece.is_sent() {
                self.pieces.pop_front();
            }
        }
        if self.is_last_next()
            && let Some(trailers) = self.trailers.take()
        {
            client.put_trailers(trailers);
        }
    }

    fn push(&mut self, piece: Piece) {
        self.pieces.push_back(piece);
        self.is_flushed = false;
    }

    fn open_chunk(&mut self, length: usize, line: &mut Vec<u8>) {
        if std::mem::replace(&mut self.is_chunk_open, true) {
            line.extend_from_slice(b"\r\n");
        }
        framing::chunk_size(length, line);
    }

    fn unsent_memory(&self) -> usize {
        self.pieces.iter().map(Piece::held).sum()
    }

    fn spill(&mut self, content: &[u8], directory: &Path) -> io::Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::new(directory)?),
        };
        spill.write(content)
    }

    /// Once memory is empty, it is the turn of what is kept elsewhere, then of the temporary file. What lies in
    /// files is content alone: only here it becomes chunks, in the order in which they leave.
    fn take_from_files(&mut self) -> io::Result<()> {
        if self.is_all_in_memory() || !self.pieces.is_empty() {
            return Ok(());
        }
        let mut content = Received::default();
        if let Some(behind) = &mut self.behind {
            content.fill(|place| behind.read(place))?;
        } else if let Some(spill) = &mut self.spill {
            content.fill(|place| spill.read(place))?;
        }
        self.behind.take_if(|behind| behind.is_read());
        if self.behind.is_none() {
            self.spill.take_if(|spill| spill.left() == 0);
        }
        let mut start = Vec::new();
        if self.chunked && !content.is_empty() {
            self.open_chunk(content.len(), &mut start);
        }
        self.push(Piece {
            framing: start.len(),
            start,
            content,
            ..Piece::default()
        });
        if self.is_all_in_memory()
            && let Some(trailers) = self.due_end.take()
        {
            self.end_chunks(&trailers);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::task::Waker;

    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;

    fn ahead(memory: usize, file: u64) -> ReadAhead {
        ReadAhead {
            memory,
            file,
            directory: std::env::temp_dir().into(),
        }
    }

    fn client(room: usize) -> (End, DuplexStream) {
        let (ours, theirs) = duplex(room);
        (End::new(Box::new(ours), Arc::default()), theirs)
    }

    fn content(bytes: &[u8]) -> Received {
        let mut content = Received::default();
        content.extend(bytes);
        content
    }

    fn send(outbox: &mut Outbox, client: &mut End) -> usize {
        let mut task = Context::from_waker(Waker::noop());
        let mut sent = 0;
        while let Poll::Ready(Ok(now @ 1..)) = outbox.poll_send(&mut task, client) {
            sent += now;
        }
        sent
    }

    #[tokio::test]
    async fn chunks_are_whole_wherever_a_body_waits() {
        let rules = ahead(PIECE, 1 << 20);
        let body: Vec<u8> = (0..120_000u32).map(|number| (number / 7) as u8).collect();
        for is_begun in [true, false] {
            let (mut end, mut theirs) = client(1 << 20);
            let mut outbox = Outbox::default();
            outbox.begin();
            outbox.set_chunked(true);
            let first = if is_begun { 10 } else { 0 };
            let piece = content(&body[..first]);
            outbox.push_content(piece, first, Some(&rules)).unwrap();
            let mut kept = tempfile::tempfile().unwrap();
            kept.write_all(&body[..100_000]).unwrap();
            outbox.begin_behind(Behind::new(kept, first as u64));
            outbox.fall_behind(100_000 - first);
            // It cannot be kept any more.
            for piece in body[100_000..].chunks(7000) {
                let length = piece.len();
                outbox
                    .push_content(content(piece), length, Some(&rules))
                    .unwrap();
            }
            outbox.push_end(&end, b"").unwrap();
            send(&mut outbox, &mut end);
            assert!(outbox.is_empty());
            let counted = end.traffic().framing.load(Ordering::Relaxed);
            drop(end);
            let mut sent = Vec::new();
            theirs.read_to_end(&mut sent).await.unwrap();
            assert_eq!(counted, (sent.len() - body.len()) as u64);
            let mut framing = framing::Framing::Chunked(framing::Chunks::default());
            let decoded = framing.decode(&mut sent).unwrap();
            assert!(framing.is_done() && !framing.is_malformed());
            assert!(sent[..decoded.content] == body);
        }
    }

    #[test]
    fn a_client_that_takes_nothing_bounds_what_is_held() {
        for (size, rules) in [
            (1, None),
            (1000, None),
            (1000, Some(ahead(64 * 1024, 0))),
            (1000, Some(ahead(64 * 1024, 1 << 20))),
            (5000, Some(ahead(64 * 1024, 1 << 20))),
        ] {
            let mut outbox = Outbox::default();
            outbox.begin();
            outbox.push_head(|out| out.extend_from_slice(b"head"));
            let mut pushed = 0;
            while outbox.has_room(rules.as_ref()) && pushed < 4 << 20 {
                let piece = content(&vec![7; size]);
                outbox.push_content(piece, size, rules.as_ref()).unwrap();
                pushed += size;
            }
            let most = rules.map_or(0, |rules| rules.memory + rules.file as usize) + 2 * PIECE;
            assert!(pushed <= most, "{size}: {pushed}");
            let held: usize = outbox.pieces.iter().map(Piece::held).sum();
            assert!(held <= 64 * 1024 + 2 * PIECE, "{size}: {held}");
        }
    }

    #[tokio::test]
    async fn a_client_that_is_always_a_little_late_bounds_the_file() {
        let rules = ahead(PIECE, 256 * 1024);
        let (mut end, mut theirs) = client(4096);
        let mut outbox = Outbox::default();
        outbox.begin();
        let mut place = [0; 4096];
        for _ in 0..20_000 {
            if outbox.has_room(Some(&rules)) {
                let piece = content(&[7; 4096]);
                outbox.push_content(piece, 4096, Some(&rules)).unwrap();
            }
            send(&mut outbox, &mut end);
            if outbox.spill.as_ref().map_or(0, Spill::left) > 64 * 1024 {
                let _ = theirs.read(&mut place).await.unwrap();
            }
            let written = outbox.spill.as_ref().map_or(0, Spill::written);
            assert!(written <= rules.file + 4096, "{written}");
        }
    }

    /// What these chunks hold, to the last of them.
    fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        loop {
            let line = bytes.iter().position(|byte| *byte == b'\r').unwrap();
            let size = std::str::from_utf8(&bytes[..line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            let (chunk, rest) = bytes[line + 2..].split_at(size);
            assert!(rest.starts_with(b"\r\n"));
            content.extend_from_slice(chunk);
            bytes = &rest[2..];
            if size == 0 {
                assert!(bytes.is_empty());
                return content;
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_pushed_arrives_in_order(
            sizes in prop::collection::vec(prop_oneof![1_usize..50, 4000_usize..4200, 30_000_usize..33_000], 1..20),
            memory in prop_oneof![Just(None), Just(Some(0)), Just(Some(64 * 1024))],
            room in prop_oneof![1_usize..50, 1000_usize..100_000],
            is_chunked in any::<bool>(),
            turns in prop::collection::vec(0_usize..3, 1..20),
            kept_pieces in 0_usize..30,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            // Sent by hand, it must not be told to give others their turn.
            runtime.block_on(tokio::task::unconstrained(async {
                let rules = memory.map(|memory| ahead(memory, 1 << 30));
                let (mut end, mut theirs) = client(room);
                let mut outbox = Outbox::default();
                outbox.begin();
                outbox.push_head(|out| out.extend_from_slice(b"head"));
                outbox.set_chunked(is_chunked);
                let (mut expected, mut got, mut place) = (b"head".to_vec(), Vec::new(), [0; 5000]);
                let mut kept = tempfile::tempfile().unwrap();
                for (number, size) in sizes.iter().enumerate() {
                    let bytes: Vec<u8> = (0..*size).map(|at| (at + number) as u8).collect();
                    expected.extend_from_slice(&bytes);
                    kept.write_all(&bytes).unwrap();
                    // What is kept elsewhere is not any more from some piece on: a disk is full.
                    if number < kept_pieces && rules.as_ref().is_some_and(|rules| outbox.is_late(rules)) {
                        if !outbox.is_behind() {
                            let start = kept.stream_position().unwrap() - *size as u64;
                            outbox.begin_behind(Behind::new(kept.try_clone().unwrap(), start));
                        }
                        outbox.fall_behind(*size);
                    } else {
                        outbox.push_content(content(&bytes), *size, rules.as_ref()).unwrap();
                    }
                    for _ in 0..turns[number % turns.len()] {
                        if send(&mut outbox, &mut end) > 0 {
                            let read = theirs.read(&mut place).await.unwrap();
                            got.extend_from_slice(&place[..read]);
                        }
                    }
                }
                outbox.push_end(&end, b"").unwrap();
                loop {
                    send(&mut outbox, &mut end);
                    if outbox.is_empty() {
                        break;
                    }
                    let read = theirs.read(&mut place).await.unwrap();
                    got.extend_from_slice(&place[..read]);
                }
                drop(end);
                theirs.read_to_end(&mut got).await.unwrap();
                prop_assert!(got.starts_with(b"head"));
                if is_chunked {
                    got = [&b"head"[..], &unchunked(&got[4..])].concat();
                }
                prop_assert!(got == expected);
                Ok(())
            }))?;
        }
    }
}
