//! What it means, and is called, when a peer's connection ends before its time, and what becomes of the response then.

use std::io;

use super::filtered::Lost;
use super::{Exchange, Stage};
use crate::conf::reason;
use crate::http::plan::origin::Failure;
use crate::http::transport::fault::{self, Kind};

/// What it means that nothing more comes before a head; `is_at_first` where nothing at all came on a connection that had
/// been idle.
pub(super) fn failure(ended: &io::Result<usize>, is_at_first: bool) -> Failure {
    let fault = ended.as_ref().err().and_then(fault::of);
    match fault.map(|fault| fault.kind) {
        Some(Kind::Untouched) if is_at_first => Failure::Leaving,
        Some(Kind::Untouched) => Failure::Refused,
        Some(Kind::Invalid | Kind::BadRecords) => Failure::Invalid,
        Some(Kind::Unsayable) => Failure::Unsayable,
        Some(Kind::Reset | Kind::Cut) => Failure::Broken,
        None if is_at_first => Failure::Stale,
        None => Failure::Broken,
    }
}

fn is_sentence(error: &io::Error) -> bool {
    fault::of(error).is_some_and(|fault| fault.kind.is_told_by_text())
}

/// The same as the log tells it.
pub(super) fn sentence(ended: &io::Result<usize>) -> String {
    match ended {
        Ok(_) => "upstream prematurely closed connection".to_owned(),
        Err(error) if is_sentence(error) => reason(error),
        Err(error) => format!("recv() failed ({})", reason(error)),
    }
}

impl Exchange<'_> {
    /// The peer has broken off, or says nonsense: the client gets what came, and sees that it is not whole.
    pub(super) fn broke(&mut self, problem: &str) {
        if let Some(tee) = self.tee.take() {
            tee.broke_off();
        }
        self.complain(&format!("{problem} while reading upstream"));
        self.break_off();
    }

    /// The response cannot be passed on, which is not the peer's failure.
    pub(super) fn lost(&mut self, problem: &Lost) {
        self.complain(&format!("{problem} while reading upstream"));
        self.break_off();
    }

    pub(super) fn break_off(&mut self) {
        // What was held back so far is not lost with the rest, and nothing helps if that fails as well.
        let _ = self.pause();
        self.request.keep_alive = false;
        self.deadlines.client_read = None;
        self.deadlines.peer_read = None;
        self.deadlines.peer_write = None;
        self.peer = None;
        self.addition = None;
        self.tee = None;
        self.stage = Stage::Rest { whole: false };
    }
}
