//! Atomics, fences and waiting as the markers use them, from one place: `t/loom` compiles `marker.rs` with
//! others, which try every order in which threads can come.

pub(super) use std::hint::spin_loop;
pub(super) use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, compiler_fence, fence};
pub(super) use std::thread::{sleep, yield_now};
