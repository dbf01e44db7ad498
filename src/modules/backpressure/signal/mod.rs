//! Signals: what tells a backpressure zone that there is too much to do.
//!
//! A signal is written (`directives.rs`, `written.rs`), becomes part of a [`Plan`], and is evaluated by one
//! process (`evaluator.rs`): a local one by reading the status tree (`local.rs`, `history.rs`), the other kind by
//! asking a Prometheus (`errand.rs`, `monitor.rs`, `answer.rs`). What it comes to (`standing.rs`, `grade.rs`) is
//! put where all processes read it (`state.rs`, `status.rs`). Requests wait for none of this.

pub mod answer;
mod directives;
mod errand;
mod evaluator;
mod grade;
mod history;
mod local;
mod monitor;
mod plan;
mod promql;
mod standing;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod written;

pub use directives::{MONITOR, SIGNAL};
pub use evaluator::Evaluator;
pub use plan::Plan;
#[cfg(test)]
pub use standing::Standing;
pub use standing::{Stale, StaleRule};
pub use state::States;
pub use status::node;
