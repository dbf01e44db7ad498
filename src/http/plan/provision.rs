//! What must lie on disk before workers can serve, and is made by us when it is missing.
//!
//! Only the master writes: it may be allowed what workers are not. It does so once a configuration
//! is known to be good, and looks again every hour.

use crate::conf::Loader;

/// Something that the master provides.
pub trait Provision: Send + Sync {
    /// Makes what is missing and renews what is about to end; then reads it all through `files`,
    /// so that whoever replays a recording finds it there.
    ///
    /// # Errors
    /// What could not be done, as a line for the log.
    fn provide(&self, files: &mut dyn Loader) -> Result<(), String>;
}
