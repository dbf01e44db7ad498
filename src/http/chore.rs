//! Work that every worker does again and again, beside requests.

use std::time::Duration;

/// A piece of such work. It runs on a thread of its own and may take its time there.
pub trait Chore: Send + Sync {
    /// How long it rests between two runs.
    fn every(&self) -> Duration;
    /// Does it once.
    fn run(&self);
}
