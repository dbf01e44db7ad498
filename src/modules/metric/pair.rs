//! Updates that others of the same request take back.
//!
//! What was refused must not be taken back: the key may have got values of other requests. So a request remembers which of its
//! updates were refused, which is nothing as long as none was.

use std::collections::HashMap;

use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;

/// An update and that which takes it back, in whichever locations they are written.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    refusals: StateIndex<Refusals>,
    number: usize,
}

/// What an update is to the other one of its pair.
#[derive(Clone, Copy)]
pub(super) enum Pairing {
    Alone,
    /// A later one takes back what it gives.
    Gives(Pair),
    TakesBack(Pair),
}

/// The pairs of a request of which the first was refused.
#[derive(Default)]
pub(super) struct Refusals(Vec<usize>);

/// What pairs there are, each by a text that says what is given to what.
#[derive(Default)]
pub(super) struct Pairs {
    refusals: Option<StateIndex<Refusals>>,
    numbers: HashMap<String, usize>,
}

impl Pair {
    /// The pair that gives what `text` says.
    pub(super) fn of(builder: &mut Builder<'_>, text: String) -> Self {
        let refusals = match builder.thing::<Pairs>().refusals {
            Some(refusals) => refusals,
            None => builder.state(),
        };
        let pairs = builder.thing::<Pairs>();
        pairs.refusals = Some(refusals);
        let next = pairs.numbers.len();
        let number = *pairs.numbers.entry(text).or_insert(next);
        Self { refusals, number }
    }

    #[cold]
    fn note(self, request: &mut Request) {
        request.state(self.refusals).0.push(self.number);
    }
}

impl Pairing {
    /// Whether it takes back what another one has given.
    pub(super) fn takes_back(self) -> bool {
        matches!(self, Self::TakesBack(_))
    }

    /// Remembers that this update was refused.
    #[inline]
    pub(super) fn note_refusal(self, request: &mut Request) {
        if let Self::Gives(pair) = self {
            pair.note(request);
        }
    }

    /// Whether it has to be asked if there is something to take back: something of this request was refused.
    #[inline]
    pub(super) fn may_have_nothing(self, request: &Request) -> bool {
        match self {
            Self::TakesBack(pair) => request.state_if_any(pair.refusals).is_some(),
            Self::Alone | Self::Gives(_) => false,
        }
    }

    /// Whether there is nothing to take back, because it was refused; each refusal is told once.
    #[inline]
    pub(super) fn has_nothing(self, request: &mut Request) -> bool {
        self.may_have_nothing(request) && self.forget(request)
    }

    #[cold]
    fn forget(self, request: &mut Request) -> bool {
        let Self::TakesBack(pair) = self else {
            return false;
        };
        let refused = &mut request.state(pair.refusals).0;
        let place = refused.iter().position(|number| *number == pair.number);
        place.map(|place| refused.swap_remove(place)).is_some()
    }
}
