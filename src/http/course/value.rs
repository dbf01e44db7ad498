//! What a request remembers of a variable.

/// What a request remembers of a variable.
#[derive(Clone)]
pub(super) enum Value {
    /// Nothing yet.
    Unset,
    /// Evaluated, and there was none.
    Missing,
    /// Evaluated.
    Evaluated(Box<[u8]>),
    /// Assigned.
    Assigned(Box<[u8]>),
}
