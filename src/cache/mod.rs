//! The engine of caches: which answers of origins are kept, for how long and for whom, in files that many processes
//! share.
//!
//! An *entry* is one answer in one file. Its [`Name`] is a digest of the cache key; the variants of an answer that
//! depends on the request (`Vary`) have names of their own, made of that one. Pure parts first: `cache_control.rs`
//! and `freshness.rs` (whether and for how long), `vary.rs` (for whom), `name.rs` (where); then `file/`, an entry on a disk,
//! `index/`, which entries there are and who is filling which, and `store/`, which puts both together.
#![forbid(unsafe_code)]

mod cache_control;
mod content_digest;
pub mod file;
mod freshness;
pub mod index;
mod name;
pub mod store;
mod vary;

pub use content_digest::{ContentCheck, ContentDigest, NoDigest};
pub use freshness::{Freshness, Ignored, Refusal, Valid, judge};
pub use name::{Levels, Name};
pub use vary::{Vary, VaryError};
