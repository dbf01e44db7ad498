//! Atomics, fences, waiting, and the mutex of one process, for all that works on shared words, from one place: `t/loom` compiles
//! `metric/` and `zone/` with others, which try every order in which threads can come.

pub use parking_lot::Mutex;
pub use std::hint::spin_loop;
pub use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence};
pub use std::thread::{sleep, yield_now};

/// A number of this thread that no other living thread of the process has; never zero.
#[inline]
pub fn this_thread() -> usize {
    thread_local!(static ANYTHING: u8 = const { 0 });
    ANYTHING.with(|place| std::ptr::from_ref(place).addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_differ() {
        let here = this_thread();
        assert_eq!(here, this_thread());
        let there = std::thread::scope(|scope| scope.spawn(this_thread).join().unwrap());
        assert!(here != there && here != 0 && there != 0);
    }
}
