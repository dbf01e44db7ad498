//! Requests that go to other places of the server too, beside their own way.

use std::path::Path;
use std::sync::Arc;

/// Where copies of a location's requests go.
#[derive(Debug)]
pub struct Copies {
    /// Paths of the same server.
    pub places: Box<[Box<[u8]>]>,
    /// Whether they have the body.
    pub with_body: bool,
    /// Where the folder of temporary files is, in which a long body waits.
    pub temporary: Arc<Path>,
}
