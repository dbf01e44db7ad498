//! What a metric is: how samples aggregate, what a zone's metrics are called, how values read and print.
//!
//! Pure arithmetic: no clock, no memory of its own, no HTTP. The time comes in as a [`Moment`], the
//! state as atomic words ("cells") whose meaning only the mode knows. Every mode records with single
//! atomic operations, so that the same code is right under a lock and without one.
#![forbid(unsafe_code)]

mod mode;
mod number;
mod parts;
mod reading;
mod sample;
mod schema;

pub use mode::{Assignment, MODES, Mode, ModeSpec, Problem, parse_mode};
pub use number::{Number, number};
pub use parts::{KeyWriter, MOST_LABELS, Part, cut_key, has_parts, join, parts, split};
pub use reading::{Buckets, Reading};
pub use sample::{
    ELLIPSIS, KEY_LIMIT, VALUE_LIMIT, is_truncated, parse_value, split_pair, stored_key,
};
pub use schema::{Metric, Schema, SchemaError};

/// A point of the machine's monotonic clock, in nanoseconds; taken once per request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);
