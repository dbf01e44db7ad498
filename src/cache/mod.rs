//! The engine of caches: which answers of origins are kept, for how long and for whom, in files that many processes
//! share.
//!
//! An *entry* is one answer in one file. Its [`Name`] is a digest of the cache key; the variants of an answer that
//! depends on the request (`Vary`) have names of their own, made of that one. Pure parts first: `cache_control.rs`
//! and `freshness.rs` (whether and for how long), `vary.rs` (for whom), `name.rs` (where); then `file/`, an entry on a disk,
//! `index/`, which entries there are and who is filling which, and `store/`, which puts both together.
//!
//! pingora-cache (0.9) is not used, because what it brings is for one process. Its only storage is in memory and "for
//! testing only"; its locks, its record of what to evict and its predictor are tables of a process, where waiters here are in
//! other workers and a worker may be killed at any moment. So a storage on a disk behind its `Storage` trait would have had to
//! bring the index, the locks, the eviction and the counters as well, and the rest is an interface made for its own proxy. Its
//! rules of freshness are not nginx's: they know neither `X-Accel-Expires` nor `Set-Cookie`, keep an answer with
//! `no-cache="field"` without that field, and have the times of `proxy_cache_valid` come from one function for all locations.
#![forbid(unsafe_code)]

mod cache_control;
mod content_digest;
pub mod file;
mod freshness;
pub mod index;
mod name;
mod refusal;
pub mod store;
mod vary;

pub use content_digest::{ContentCheck, ContentDigest, NoDigest};
pub use freshness::{Freshness, Ignored, Valid, judge};
pub use name::{Levels, Name};
pub use refusal::Refusal;
pub use vary::{Vary, VaryError};
