//! Open connections to peers, as they are counted.

use super::tally::{Gauge, Record};
use crate::http::transport::dial::Presence;

/// Counts an open connection to a peer.
#[derive(Debug)]
pub(super) struct OpenConnection(pub(super) Record);

impl Presence for OpenConnection {
    fn begin(&self) {
        self.0.begin(Gauge::Open);
    }

    fn end(&self) {
        self.0.end(Gauge::Open);
    }
}
