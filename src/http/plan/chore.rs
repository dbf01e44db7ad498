//! Work that comes round by itself rather than with a request.
//!
//! Features add it while they build a runtime. Most is done by one process beside the workers, the keeper, with
//! the rights of the master and one thing at a time; what each process must do for itself is done by every
//! worker: on a thread of its own, or between two turns of the event loop where it is brief. A worker that needs no
//! thread has none, and the system finds its descriptors without counting who else uses them.

use std::time::Duration;

use super::runtime::Runtime;

/// Something to be done now and then.
pub trait Chore: Send + Sync {
    /// How long after it was begun it is due again; nothing for one that is only done at the end.
    fn every(&self) -> Option<Duration>;

    /// Told once in each process that does it, before anything is done: this is what the workers serve.
    fn begin(&self, _runtime: &'static Runtime) {}

    /// Whether it takes some microseconds and never waits: a worker needs no thread for it then.
    fn is_brief(&self) -> bool {
        false
    }

    /// Does it. Failures are its own to tell.
    fn run(&self);

    /// Does what is due when another configuration takes over, which may not have this chore.
    fn leave(&self) {}

    /// Does what is due when the server ends and all workers are gone.
    fn finish(&self) {}
}
