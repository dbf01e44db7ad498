//! Memory that is free goes back to the system at once.

// What the program allocates with, see `main.rs`; here so that it is there to link with.
use mimalloc as _;

// SAFETY: this is how mimalloc's own header declares it; it may be called at any time by any thread.
unsafe extern "C" {
    safe fn mi_collect(force: bool);
}

/// Has the allocator return what is free, which it would keep a while for the next who asks.
pub fn give_back_memory() {
    mi_collect(true);
}
