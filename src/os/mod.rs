//! What only the operating system can give: shared memory, a lock that survives its owner,
//! clocks, processes and their descriptors.
//!
//! This folder holds the only unsafe code of the crate. What makes it sound: shared memory is never
//! handed out as anything but atomics, so that another process (or a damaged file) can change a number
//! under us but not break a reference; a mapping lives as long as every view of it; memory of ours
//! cannot be shrunk under a mapping, because it is sealed; in a file that somebody else cuts, zeros take the place
//! of what is gone. Nothing here knows what is stored. `script/` speaks to the engine of scripts, which is C.
#![allow(
    unsafe_code,
    reason = "the one folder that may speak to the system directly"
)]

mod access;
pub mod atomic;
mod bus_error;
mod descriptor;
mod disk;
mod file_watch;
mod give_back;
mod http_date;
mod kernel;
mod listening;
mod liveness;
mod local_time;
mod log_file;
mod open_at;
mod peer;
mod priority;
mod process;
mod process_facts;
mod robust_mutex;
pub mod script;
mod send_file;
mod shared_memory;
mod shared_rows;
mod shared_word;
mod signals;
mod title;
mod unsent;

pub use access::{may_access, may_make_files};
pub use descriptor::{Standard, content, inherited, redirect, sealed, wait_readable};
pub use disk::{bytes_free, first_data, is_at, open_own, punch};
pub use file_watch::{FileWatch, Watched};
pub use give_back::give_back_memory;
pub use http_date::http_date;
pub use kernel::{
    boot_id, coarse_monotonic, coarse_tick, memory_barrier, milliseconds, monotonic, random,
    register_memory_barrier, seconds,
};
pub use listening::Listening;
pub use liveness::{Condition, Process};
pub use local_time::LocalTime;
pub use log_file::LogFile;
pub use open_at::open_at;
pub use peer::{duplicate, has_input, has_left, is_hung_up};
pub use priority::yield_to_others;
pub use process::{
    Identity, Session, assume, end_with_parent, is_root, limit_open_files, signal, spawn, thread_id,
};
pub use process_facts::{ProcessFacts, children, parent};
pub use robust_mutex::{LockError, Locked, MUTEX_WORDS, MutexGuard, RobustMutex};
#[cfg(test)]
pub use send_file::refuse_send_file;
pub use send_file::{send_file, send_more_follows};
pub use shared_memory::SharedMemory;
pub use shared_rows::{SharedHalves, SharedRows};
pub use shared_word::SharedWord;
pub use signals::{SignalsHeld, admit_signals, hold_signals, note_arrivals};
pub use title::{claim_title, set_title};
pub use unsent::limit_unsent;
