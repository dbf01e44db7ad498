//! What features keep with a request: each has a typed place of its own.

use std::any::Any;

use super::request::Request;
use crate::http::plan::state::StateIndex;

impl Request {
    /// What a feature keeps with this request.
    #[inline(always)]
    pub fn state<T: Any + Send + Sync + Default>(&mut self, index: StateIndex<T>) -> &mut T {
        self.state_or(index, Box::default)
    }

    /// The same, made in another way if it has kept nothing yet.
    #[inline(always)]
    pub fn state_or<T: Any + Send + Sync>(
        &mut self,
        index: StateIndex<T>,
        make: impl FnOnce() -> Box<T>,
    ) -> &mut T {
        if self.states[index.number].is_none() {
            self.begin_state(index, make);
        }
        let state = self.states[index.number].as_mut();
        // A StateIndex<T> is given out once, for this T, so the place never holds another type.
        state
            .and_then(|state| state.downcast_mut())
            .expect("a state index knows its type")
    }

    #[inline(never)]
    fn begin_state<T: Any + Send + Sync>(
        &mut self,
        index: StateIndex<T>,
        make: impl FnOnce() -> Box<T>,
    ) {
        self.put_state(index, make());
    }

    /// Takes out what a feature keeps with this request, to be given back with `put_state`.
    pub fn take_state<T: Any + Send + Sync + Default>(&mut self, index: StateIndex<T>) -> Box<T> {
        let state = self.states[index.number].take();
        state
            .and_then(|state| state.downcast().ok())
            .unwrap_or_default()
    }

    /// Gives back what `take_state` took out.
    pub fn put_state<T: Any + Send + Sync>(&mut self, index: StateIndex<T>, state: Box<T>) {
        self.has_states = true;
        self.states[index.number] = Some(state);
    }

    /// What a feature keeps with this request, if it has kept anything yet.
    pub fn state_if_any<T: Any + Send + Sync>(&self, index: StateIndex<T>) -> Option<&T> {
        self.states[index.number].as_ref()?.downcast_ref()
    }
}
