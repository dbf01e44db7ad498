//! What the engine of scripts offers only by unsafe calls: native functions without a box each, the bytes behind
//! views, texts that are not well-formed, Rust values in objects, and a place for prototypes in each context.
//!
//! What makes it sound: a value of the engine never leaves the lifetime of its context; memory of the engine is only
//! copied, in calls during which no script runs; a panic stops before it reaches the engine.

mod dictionary;
mod enter;
mod function;
mod held;
mod kept;
mod text;
mod view;

pub use dictionary::{Dictionary, dictionary};
pub use enter::again;
pub use function::{Call, Member, Native, constructor, define, function, getter, method, property};
pub use held::{Held, Shared, held, hold};
pub use kept::kept;
pub use text::{low_word, text};
pub use view::{View, array_of, array_of_zeros, array_over};
