//! Bodies that leave while their script goes on: `r.send()` after `r.sendHeader()`, in a script that waits.
//!
//! The script goes on beside the request, with one like it, and what it sends waits in a pipe until the client takes it.
//! The script ends when the client leaves.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::handler::{self, Handler};
use super::running::{End, Running, Said};
use crate::http::course::bodies::After;
use crate::http::course::request::Request;
use crate::http::course::subrequest::Assigned;
use crate::http::message::response::Body;
use crate::http::message::source::{Awaited, Pieces, Source};
use crate::http::plan::state::StateIndex;
use crate::os::script::Share;

/// What a script has sent and the client has not taken.
#[derive(Default)]
pub(super) struct Pipe {
    inside: Mutex<Inside>,
    /// Something is there for the client.
    filled: Notify,
    /// The client takes nothing more.
    left: Notify,
}

#[derive(Default)]
struct Inside {
    /// Each with what it counts in the memory of scripts.
    pieces: VecDeque<(Bytes, Option<Share>)>,
    /// How many bytes that takes.
    held: usize,
    /// Whether nothing more comes, and whether that is as it should be.
    end: Option<io::Result<()>>,
    has_left: bool,
    /// What was assigned to variables, before and after.
    assigned: Option<(Assigned, Assigned)>,
}

/// So much waits for a client that does not read; a script that sends more fails.
pub(super) const MOST_WAITING: usize = 64 << 20;
/// What a piece takes beside its bytes.
const EACH: usize = 64;
/// The client is given about so much at a time.
const PIECE: usize = 32 << 10;

impl Pipe {
    /// Takes what a script sends; false when too much waits already.
    pub(super) fn send(&self, piece: Vec<u8>, share: Option<Share>) -> bool {
        let mut inside = self.inside.lock();
        if inside.has_left || piece.is_empty() {
            return true;
        }
        let held = inside.held + piece.len() + EACH;
        if held > MOST_WAITING {
            return false;
        }
        inside.held = held;
        inside.pieces.push_back((piece.into(), share));
        drop(inside);
        self.filled.notify_one();
        true
    }

    fn end(&self, end: io::Result<()>, assigned: Option<(Assigned, Assigned)>) {
        let mut inside = self.inside.lock();
        if inside.end.is_none() {
            inside.end = Some(end);
            inside.assigned = assigned;
        }
        drop(inside);
        self.filled.notify_one();
    }

    async fn left(&self) {
        while !self.inside.lock().has_left {
            self.left.notified().await;
        }
    }
}

impl Inside {
    /// What the client is given next; nothing within where the body is over, nothing at all where it is not and nothing
    /// is there.
    fn take(&mut self) -> Option<io::Result<Option<Bytes>>> {
        let Some((mut first, share)) = self.pieces.pop_front() else {
            let end = self.end.as_ref()?;
            return Some(match end {
                Ok(()) => Ok(None),
                Err(error) => Err(error.kind().into()),
            });
        };
        if first.len() > PIECE {
            let rest = first.split_off(PIECE);
            self.held -= PIECE;
            self.pieces.push_front((rest, share));
            return Some(Ok(Some(first)));
        }
        self.held -= first.len() + EACH;
        if self.pieces.is_empty() {
            return Some(Ok(Some(first)));
        }
        let mut gathered = first.to_vec();
        while let Some((next, _)) = self.pieces.front()
            && gathered.len() + next.len() <= PIECE
        {
            gathered.extend_from_slice(next);
            self.held -= next.len() + EACH;
            self.pieces.pop_front();
        }
        Some(Ok(Some(gathered.into())))
    }
}

/// The client's end of a pipe.
struct Reader(Arc<Pipe>);

impl Pieces for Reader {
    fn length(&self) -> Option<u64> {
        None
    }

    fn is_at_hand(&self) -> bool {
        let inside = self.0.inside.lock();
        !inside.pieces.is_empty() || inside.end.is_some()
    }

    fn next(&mut self) -> Awaited<'_> {
        Box::pin(async {
            loop {
                let taken = self.0.inside.lock().take();
                match taken {
                    Some(taken) => return taken,
                    None => self.0.filled.notified().await,
                }
            }
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut inside = self.0.inside.lock();
        inside.has_left = true;
        inside.pieces.clear();
        inside.held = 0;
        drop(inside);
        self.0.left.notify_one();
    }
}

/// The script of a handler goes on beside the request, whose head leaves now: the body that it sends.
pub(super) fn begin(handler: &'static Handler, request: &mut Request, said: Said) -> Body {
    let state = handler.site.state;
    let pipe = Arc::new(Pipe::default());
    // The script's instance counts it.
    pipe.send(said.body, None);
    let mut beside = request.companion();
    let running = beside.state(state);
    running.instance.clone_from(&request.state(state).instance);
    running.parent.clone_from(&request.state(state).parent);
    running.said.head = true;
    running.said.pipe = Some(Arc::clone(&pipe));
    let before = request.assigned();
    let kept = Arc::clone(&pipe);
    request.bodies.after = Some(After::new(move |request| {
        let assigned = kept.inside.lock().assigned.take();
        if let Some((before, now)) = assigned {
            request.adopt_assigned(&now, &before);
        }
    }));
    let script = Script {
        handler,
        request: beside,
        state,
        pipe: Arc::clone(&pipe),
        before: Some(before),
    };
    tokio::spawn(script.go_on());
    Body::Source(Source::new(Reader(pipe)))
}

/// A script that goes on beside its request.
struct Script {
    handler: &'static Handler,
    request: Request,
    state: StateIndex<Running>,
    pipe: Arc<Pipe>,
    /// What was assigned to variables when it began, until the body is over.
    before: Option<Assigned>,
}

impl Script {
    async fn go_on(mut self) {
        while let Some(wait) = self.handler.wait(&mut self.request) {
            tokio::select! {
                biased;
                // What goes on behind an answer that is whole is nobody's who could leave.
                () = self.pipe.left(), if self.before.is_some() => return,
                () = wait => {}
            }
            self.request.time_passed();
            if let Err(fault) = self.handler.go_on(&mut self.request) {
                handler::complain(&self.request, &fault);
                return self.end(Err(io::ErrorKind::Other.into()));
            }
            if let Some(End::Finish) = self.request.state(self.state).said.end {
                self.end(Ok(()));
            }
        }
        self.end(Ok(()));
    }

    /// Nothing more is sent.
    fn end(&mut self, end: io::Result<()>) {
        if let Some(before) = self.before.take() {
            let now = self.request.assigned();
            self.pipe.end(end, Some((before, now)));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.end(Err(io::ErrorKind::Other.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(reader: &mut Reader) -> io::Result<Option<Bytes>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(reader.next())
    }

    #[test]
    fn pieces_are_gathered_and_cut_and_what_waits_is_counted() {
        let pipe = Arc::new(Pipe::default());
        let mut reader = Reader(Arc::clone(&pipe));
        assert!(!reader.is_at_hand());
        for piece in [&b"a"[..], b"", b"bc", &[b'x'; 3 * PIECE]] {
            assert!(pipe.send(piece.to_vec(), None));
        }
        assert_eq!(next(&mut reader).unwrap().unwrap(), "abc");
        for _ in 0..3 {
            assert_eq!(next(&mut reader).unwrap().unwrap().len(), PIECE);
        }
        assert_eq!(pipe.inside.lock().held, 0);
        pipe.end(Ok(()), None);
        assert!(reader.is_at_hand());
        assert!(next(&mut reader).unwrap().is_none());
    }

    #[test]
    fn more_than_may_wait_is_refused_until_some_is_taken() {
        let pipe = Arc::new(Pipe::default());
        let mut reader = Reader(Arc::clone(&pipe));
        let half = MOST_WAITING / 2 - EACH;
        assert!(pipe.send(vec![0; half], None) && pipe.send(vec![0; half], None));
        assert!(!pipe.send(vec![0; 1], None));
        assert!(next(&mut reader).unwrap().is_some());
        assert!(pipe.send(vec![0; 1], None));
        drop(reader);
        assert_eq!(pipe.inside.lock().held, 0);
        assert!(pipe.send(vec![0; 2 * MOST_WAITING], None));
        assert_eq!(pipe.inside.lock().held, 0);
    }

    #[test]
    fn a_body_that_breaks_off_says_so_behind_what_was_sent() {
        let pipe = Arc::new(Pipe::default());
        let mut reader = Reader(Arc::clone(&pipe));
        assert!(pipe.send(b"half".to_vec(), None));
        pipe.end(Err(io::ErrorKind::Other.into()), None);
        pipe.end(Ok(()), None);
        assert_eq!(next(&mut reader).unwrap().unwrap(), "half");
        assert!(next(&mut reader).is_err());
    }
}
