//! What a feature keeps with a request: a typed place, given out when the configuration is loaded.

use std::marker::PhantomData;

/// The place of a `T` in every request.
pub struct StateIndex<T> {
    pub(in crate::http) number: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T> StateIndex<T> {
    pub(in crate::http) fn new(number: usize) -> Self {
        Self {
            number,
            kind: PhantomData,
        }
    }
}

impl<T> Clone for StateIndex<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for StateIndex<T> {}
