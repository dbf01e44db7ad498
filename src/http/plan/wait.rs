//! What a step of a request's course may wait for.
//!
//! A step says that it waits by what it returns. Meanwhile its client is watched, and should it leave,
//! the wait is dropped, wherever it is. When a wait is over, the step is run once more, and finds
//! what it has waited for where it had it put: in its state with the request.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use crate::http::course::request::Request;

/// What a step waits for.
pub enum Wait {
    /// This comes to its end.
    Until(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// The body of the client's request is here, in `bodies.whole`; what is long of it is in a file of this folder.
    Body(Arc<Path>),
    /// A request of our own is answered.
    Subrequest(Box<Subrequest>),
}

/// A request that is made here on behalf of another one.
pub struct Subrequest {
    /// See [`Request::subrequest`].
    pub request: Box<Request>,
    /// Told of the answer, of which there is only a head, to note in the request that waits what is
    /// of interest.
    pub answered: Answered,
}

/// Told of the request that has waited, and of the one that was answered.
pub type Answered = Box<dyn FnOnce(&mut Request, &mut Request) + Send>;
