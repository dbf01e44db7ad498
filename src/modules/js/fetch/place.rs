//! How much is fetched at once. What questions and answers hold lies outside of the memory whose use the engine limits,
//! so it has a limit of its own, which all scripts of a worker share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A fetch that counts as long as this lives, with the bytes that it holds.
#[derive(Debug)]
pub(super) struct Place {
    bytes: usize,
}

/// A worker asks so many questions at once; a script that fetches from itself in a circle ends there.
const MOST: usize = 1024;
/// Bodies of all of them together hold so many bytes.
const MOST_BYTES: usize = 256 << 20;

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

impl Place {
    /// One more, which holds so many bytes.
    pub(super) fn take(bytes: usize) -> Result<Self, &'static str> {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        let mut place = Self { bytes: 0 };
        if UNDER_WAY.load(Ordering::Relaxed) > MOST {
            return Err("too many fetches are under way at once");
        }
        place.grow(bytes)?;
        Ok(place)
    }

    /// It holds so many bytes more.
    pub(super) fn grow(&mut self, more: usize) -> Result<(), &'static str> {
        self.bytes += more;
        match BYTES.fetch_add(more, Ordering::Relaxed) + more <= MOST_BYTES {
            true => Ok(()),
            false => Err("too much is fetched at once"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_bytes_are_given_back() {
        let mut all: Vec<Place> = (0..MOST).map(|_| Place::take(1).unwrap()).collect();
        assert!(Place::take(0).is_err());
        all.pop();
        let mut last = Place::take(1).unwrap();
        assert!(last.grow(MOST_BYTES - MOST).is_ok());
        assert!(last.grow(1).is_err());
        drop((all, last));
        assert_eq!(UNDER_WAY.load(Ordering::Relaxed), 0);
        assert_eq!(BYTES.load(Ordering::Relaxed), 0);
    }
}
