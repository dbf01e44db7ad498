//! Threads that must not wait: those that an event loop runs in.
//!
//! What such a thread waits for, everybody waits for whom it serves. Whatever waits for others asks here first.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static IN_HASTE: Cell<bool> = const { Cell::new(false) };
}

/// The thread that made it must not wait, until it is dropped.
#[derive(Debug)]
pub struct Haste {
    before: bool,
    thread: PhantomData<*const ()>,
}

impl Haste {
    /// From now on the calling thread must not wait.
    pub fn begin() -> Self {
        Self {
            before: IN_HASTE.replace(true),
            thread: PhantomData,
        }
    }
}

impl Drop for Haste {
    fn drop(&mut self) {
        IN_HASTE.set(self.before);
    }
}

/// Whether the calling thread must not wait.
pub fn is_in_haste() -> bool {
    IN_HASTE.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_is_in_haste_for_as_long_as_it_says() {
        assert!(!is_in_haste());
        let haste = Haste::begin();
        drop(Haste::begin());
        assert!(is_in_haste());
        assert!(!std::thread::spawn(is_in_haste).join().unwrap());
        drop(haste);
        assert!(!is_in_haste());
    }
}
