//! Requests whose connection's task ends before they do: a worker that may wait no longer drops its tasks,
//! and a panic unwinds one.
//!
//! Each of them ends here, in `engine::finish` as all others, by being dropped. So there is no way out of the
//! code between beginning and end, neither an early return nor a wait, that could lose one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::engine;
use super::request::Request;

impl Drop for Request {
    fn drop(&mut self) {
        if !self.under_way {
            return;
        }
        // Its task may be unwinding already, when a second panic would end the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if !self.head_sent {
                self.response.status = 0;
            }
            engine::finish(self);
        }));
    }
}
