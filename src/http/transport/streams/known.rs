//! What is known of one stream.

use std::sync::Arc;
use std::task::Waker;

use super::super::clock;
use super::super::hpack::Malformed;
use super::super::meter::Meter;
use super::super::traffic::Traffic;
use super::news::Taken;
use crate::metric::Moment;

/// One stream, from its first frame until nobody here has to do with it any more.
#[derive(Debug)]
pub(in crate::http::transport) struct Known {
    pub(super) id: u32,
    pub(in crate::http::transport) traffic: Arc<Traffic>,
    pub(super) began: Moment,
    /// How many bytes of its head have come, and whether that is all of it.
    pub(super) head: usize,
    pub(super) has_head: bool,
    pub(in crate::http::transport) meter: Option<Arc<dyn Meter>>,
    /// How much content has left.
    pub(in crate::http::transport) data_out: u64,
    pub(super) has_head_out: bool,
    /// Whether all of the response has left.
    pub(in crate::http::transport) has_ended_out: bool,
    /// Whether one of the sides has reset it.
    pub(in crate::http::transport) was_reset: bool,
    /// Whether whoever answers it has broken it off.
    pub(in crate::http::transport) was_broken_off: bool,
    /// What was malformed about it, and whether it was reset for that or something else of the kind.
    pub(super) malformed: Option<Box<Malformed>>,
    pub(in crate::http::transport) is_refused: bool,
    /// Whether somebody answers it.
    pub(super) is_taken: bool,
    /// Who is to be woken, and whether also by what leaves.
    pub(in crate::http::transport) waker: Option<Waker>,
    pub(in crate::http::transport) waits_to_leave: bool,
}

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
