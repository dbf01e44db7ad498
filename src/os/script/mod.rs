//! What the engine of scripts offers only by unsafe calls: native functions without a box each, the bytes behind
//! views, texts that are not well-formed, Rust values in objects, a place for prototypes in each context, and what
//! keeps scripts within their time and memory.
//!
//! What makes it sound: a value of the engine never leaves the lifetime of its context; memory of the engine is only
//! copied, in calls during which no script runs; a panic stops before it reaches the engine.

mod class;
mod code;
mod countdown;
mod dictionary;
mod enter;
mod function;
mod guard;
mod held;
mod kept;
mod meter;
mod text;
mod view;
mod watch;

pub use code::Code;
pub use dictionary::{Dictionary, dictionary};
pub use enter::again;
pub use function::{
    Call, Member, Native, call, constructor, define, function, getter, method, property,
};
pub use guard::{Much, guarded};
pub use held::{Held, Lent, Shared, held, hold, hold_as, lent};
pub use kept::kept;
pub use meter::{Meter, Share, runtime};
pub use text::{low_word, text, text_bytes};
pub use view::{View, array_of, array_of_zeros, array_over};
pub use watch::{Watch, hurry};
