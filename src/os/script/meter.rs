//! The memory of an engine: whence it comes, and how much it holds.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

// What the program allocates with, see `main.rs`.
use mimalloc as _;
use rquickjs::Runtime;
use rquickjs::allocator::Allocator;

/// What scripts hold and may hold, for their engine and for who keeps something on their behalf.
#[derive(Debug, Default)]
pub struct Meter {
    /// The bytes that the engine holds, which only its own thread counts.
    within: AtomicUsize,
    /// The bytes that are held on behalf of scripts elsewhere.
    outside: AtomicUsize,
    /// The most that may be held; 0 is no limit.
    limit: AtomicUsize,
    /// Whether something was refused.
    has_refused: AtomicBool,
    /// Whether there is no more memory, whatever the limit.
    is_closed: AtomicBool,
    /// How many small blocks are given all the same.
    mercy: AtomicU32,
    /// How often a block was refused in the present run.
    refusals: AtomicU32,
}

/// A block that is no longer is small: the engine takes what is small out of blocks of 4 KiB.
const SMALL: usize = 8192;
/// So many small blocks are given after one was refused. The engine ends the process where it cannot settle the promise of
/// an asynchronous function, which takes a few of them.
const MERCY: u32 = 8;
/// So many are given to an engine that ends a script: for the error, its stack, and what goes through with it.
const LAST: u32 = 64;

impl Meter {
    /// The bytes that are held, by the engine and outside of it.
    pub fn held(&self) -> usize {
        let within = self.within.load(Ordering::Relaxed);
        within.saturating_add(self.outside.load(Ordering::Relaxed))
    }

    /// Sets the most that may be held; 0 is no limit.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// The most that may be held; 0 is no limit.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// A share of nothing yet.
    pub fn share(self: &Arc<Self>) -> Share {
        Share {
            bytes: 0,
            of: Arc::clone(self),
        }
    }

    /// Whether something was refused since this was asked last.
    pub fn has_refused(&self) -> bool {
        self.has_refused.swap(false, Ordering::Relaxed)
    }

    /// From now on there is no memory, but for a few small blocks after each that was refused.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// A run begins, or is over: there is as much memory as the limit says.
    pub fn open(&self) {
        self.is_closed.store(false, Ordering::Relaxed);
        self.mercy.store(0, Ordering::Relaxed);
        self.refusals.store(0, Ordering::Relaxed);
    }

    /// The engine ends a script, for which it has memory again whatever the limit: what it cannot make an error for it does
    /// not end.
    pub fn relent(&self) {
        self.is_closed.store(false, Ordering::Relaxed);
        self.mercy.fetch_max(LAST, Ordering::Relaxed);
    }

    /// How often a block was refused in the present run.
    pub fn refusals(&self) -> u32 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// Whether there is room for so many bytes more.
    fn has_room(&self, more: usize) -> bool {
        let limit = self.limit();
        let sum = self.held().checked_add(more);
        let has_room = limit == 0 || sum.is_some_and(|sum| sum <= limit);
        if !has_room {
            self.has_refused.store(true, Ordering::Relaxed);
        }
        has_room
    }

    /// Whether the engine is given a block of so many bytes.
    fn gives(&self, bytes: usize) -> bool {
        if self.has_room(bytes) && !self.is_closed.load(Ordering::Relaxed) {
            return true;
        }
        let mercy = self.mercy.load(Ordering::Relaxed);
        if bytes <= SMALL && mercy > 0 {
            self.mercy.store(mercy - 1, Ordering::Relaxed);
            return true;
        }
        self.mercy.store(MERCY, Ordering::Relaxed);
        self.refusals.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn add(&self, block: *mut c_void) -> *mut u8 {
        let within = self.within.load(Ordering::Relaxed);
        let within = within.wrapping_add(usable(block));
        self.within.store(within, Ordering::Relaxed);
        block.cast()
    }

    fn take(&self, bytes: usize) {
        let within = self.within.load(Ordering::Relaxed);
        let within = within.wrapping_sub(bytes);
        self.within.store(within, Ordering::Relaxed);
    }
}

/// Bytes outside of the engine that count as a script's until this is dropped.
#[derive(Debug)]
pub struct Share {
    bytes: usize,
    of: Arc<Meter>,
}

impl Share {
    /// Counts more bytes; false where there is no room.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let has_room = self.of.has_room(bytes);
        if has_room {
            self.bytes += bytes;
            self.of.outside.fetch_add(bytes, Ordering::Relaxed);
        }
        has_room
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.outside.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// An engine whose memory is counted, and ends where the limit of its meter does.
///
/// # Errors
/// No memory.
pub fn runtime(meter: &Arc<Meter>) -> rquickjs::Result<Runtime> {
    Runtime::new_with_alloc(Metered(Arc::clone(meter)))
}

/// The allocator of an engine.
struct Metered(Arc<Meter>);

// SAFETY: mimalloc aligns every block to 16 bytes (smaller ones to 8), gives the sizes that it was asked for or null,
// and tells the size of any block that it gave.
unsafe impl Allocator for Metered {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        match self.0.gives(size) {
            true => self.0.add(mi_malloc(size)),
            false => std::ptr::null_mut(),
        }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        match count.checked_mul(size).is_some_and(|all| self.0.gives(all)) {
            true => self.0.add(mi_calloc(count, size)),
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&mut self, block: *mut u8) {
        self.0.take(usable(block.cast()));
        // SAFETY: the caller was given the block by this allocator.
        unsafe { mi_free(block.cast()) };
    }

    unsafe fn realloc(&mut self, block: *mut u8, size: usize) -> *mut u8 {
        let before = usable(block.cast());
        if size > before && !self.0.gives(size - before) {
            return std::ptr::null_mut();
        }
        // SAFETY: as above.
        let moved = unsafe { mi_realloc(block.cast(), size) };
        if moved.is_null() {
            return std::ptr::null_mut();
        }
        self.0.take(before);
        self.0.add(moved)
    }

    unsafe fn usable_size(block: *mut u8) -> usize {
        usable(block.cast())
    }
}

fn usable(block: *const c_void) -> usize {
    // SAFETY: it is null, or was given by this allocator.
    unsafe { mi_usable_size(block) }
}

// SAFETY: this is how mimalloc's own header declares them.
unsafe extern "C" {
    safe fn mi_malloc(size: usize) -> *mut c_void;
    safe fn mi_calloc(count: usize, size: usize) -> *mut c_void;
    fn mi_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn mi_free(block: *mut c_void);
    fn mi_usable_size(block: *const c_void) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many blocks are given, one after the other.
    fn given(meter: &Meter, blocks: u32, bytes: usize) -> u32 {
        (0..blocks).map(|_| u32::from(meter.gives(bytes))).sum()
    }

    #[test]
    fn a_refusal_leaves_some_small_blocks() {
        let meter = Meter::default();
        meter.set_limit(1 << 20);
        assert_eq!(given(&meter, 100, SMALL), 100);
        meter.close();
        assert!(!meter.gives(16));
        assert_eq!(given(&meter, MERCY, SMALL), MERCY);
        assert!(!meter.gives(16));
        assert_eq!(meter.refusals(), 2);
    }

    #[test]
    fn no_mercy_is_without_end_or_for_large_blocks() {
        let meter = Meter::default();
        meter.set_limit(1 << 20);
        meter.close();
        let each = MERCY + 1;
        assert_eq!(given(&meter, 10 * each, 16), 10 * MERCY);
        assert_eq!(meter.refusals(), 10);
        assert_eq!(given(&meter, 10, SMALL + 1), 0);
        meter.open();
        assert_eq!(meter.refusals(), 0);
        assert_eq!(given(&meter, 10, SMALL + 1), 10);
    }

    #[test]
    fn mercy_of_one_run_is_not_that_of_the_next() {
        let meter = Meter::default();
        meter.close();
        assert!(!meter.gives(16));
        meter.open();
        meter.close();
        assert!(!meter.gives(16));
    }

    #[test]
    fn an_engine_that_ends_a_script_has_memory_for_that() {
        let meter = Arc::new(Meter::default());
        meter.set_limit(1 << 20);
        let mut all = meter.share();
        assert!(all.grow(1 << 20));
        assert_eq!(given(&meter, 1 + MERCY, 16), MERCY);
        meter.relent();
        assert_eq!(given(&meter, LAST, SMALL), LAST);
        assert!(!meter.gives(16));
    }

    #[test]
    fn what_is_kept_outside_counts() {
        let meter = Arc::new(Meter::default());
        meter.set_limit(1000);
        let mut first = meter.share();
        assert!(first.grow(600));
        assert!(!meter.share().grow(600));
        assert!(meter.has_refused());
        assert!(!meter.has_refused());
        drop(first);
        assert_eq!(meter.held(), 0);
        assert!(meter.share().grow(600));
    }
}
