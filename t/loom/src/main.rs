//! Every order in which an update without the lock and an eviction can meet, tried by loom on the product's
//! own `marker.rs`: an update counts exactly once, in the key or in what was folded, or it is turned away.
//!
//! What surrounds the markers is played here in the few steps of `known.rs` and `recency.rs`. Loom knows
//! no barrier run on other processors; a fence on both sides stands for it, which is what it amounts to.
//!
//!     cd t/loom && cargo run --release

mod os;
mod zone;

fn main() {
    for updates in 1..=2 {
        for way in [zone::Way::Own, zone::Way::Shared] {
            println!("{updates} at once, {way:?}");
            zone::check(updates, way);
        }
    }
}
