//! What one stream is, and who waits for it.

use std::sync::Arc;
use std::task::Waker;

use super::super::clock;
use super::super::news::Taken;
use super::Known;

impl Known {
    pub(super) fn new(id: u32) -> Self {
        Self {
            id,
            traffic: Arc::default(),
            began: clock::moment(),
            head: 0,
            has_head: false,
            meter: None,
            data_out: 0,
            has_head_out: false,
            has_ended_out: false,
            was_reset: false,
            was_broken_off: false,
            malformed: None,
            is_refused: false,
            is_taken: false,
            waker: None,
            waits_to_leave: false,
        }
    }

    pub(super) fn taken(&self) -> Taken {
        Taken {
            traffic: Arc::clone(&self.traffic),
            began: self.began,
            head: self.head,
        }
    }

    pub(super) fn wake(&mut self) {
        self.waits_to_leave = false;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Has this task woken once something changes.
    pub(in crate::http::transport) fn wait(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            place => *place = Some(waker.clone()),
        }
    }
}
