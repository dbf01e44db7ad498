//! Requests that are over, whose memory serves the next ones: a connection that waits has none.

use std::cell::RefCell;
use std::ptr;

use crate::http::course::connection_facts::ConnectionFacts;
use crate::http::course::request::Request;
use crate::http::plan::runtime::{Listener, Runtime};

/// So many are kept, if their texts hold on to no more memory than this.
const MOST: usize = 64;
const MOST_TEXT: usize = 16 * 1024;

/// A request that is over. It comes and goes as it is.
struct Spare(Box<Request>);

thread_local! {
    static SPARE: RefCell<Vec<Spare>> = const { RefCell::new(Vec::new()) };
}

/// A request of a connection to `listener`, whose facts it takes.
pub(super) fn take(
    runtime: &'static Runtime,
    listener: &'static Listener,
    facts: &mut Box<ConnectionFacts>,
) -> Box<Request> {
    let mut request = kept(listener).unwrap_or_else(|| {
        let facts = ConnectionFacts::of_none();
        Box::new(Request::new(runtime, listener, facts))
    });
    std::mem::swap(&mut request.connection, facts);
    request
}

/// Takes back a request that is over, and gives its connection the facts back.
pub(super) fn keep(mut request: Box<Request>, facts: &mut Box<ConnectionFacts>) {
    request.rest();
    std::mem::swap(&mut request.connection, facts);
    if request.capacity() > MOST_TEXT {
        return;
    }
    SPARE.with_borrow_mut(|spare| {
        if spare.len() == MOST {
            // Those of listeners where less is going on do not stay in the way.
            spare.swap_remove(0);
        }
        spare.push(Spare(request));
    });
}

/// The last one of this listener, and so of its runtime.
fn kept(listener: &'static Listener) -> Option<Box<Request>> {
    SPARE.with_borrow_mut(|spare| {
        let is_of_it = |one: &Spare| ptr::eq(one.0.listener, listener);
        let place = spare.iter().rposition(is_of_it)?;
        Some(spare.swap_remove(place).0)
    })
}
