//! Why responses are not kept.

/// Why a response is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It sets a cookie, which is for one client.
    #[error("it sets a cookie")]
    SetsCookie,
    /// It says that shared caches must not keep it.
    #[error("it forbids to be kept")]
    Forbidden,
    /// It is out of date as it arrives.
    #[error("it expires at once")]
    Expired,
    /// A time in it is none.
    #[error("it has a malformed time")]
    Malformed,
    /// Neither it nor the configuration says for how long.
    #[error("nothing says for how long it is valid")]
    Unruled,
}
