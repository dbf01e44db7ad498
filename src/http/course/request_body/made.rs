//! Bodies that are made here, and the content of those that were kept.

use super::kept::Kept;
use super::{BodyFraming, RequestBody, SentBody};

impl RequestBody {
    /// One that is made here.
    pub fn of(content: Vec<u8>) -> Self {
        let mut body = Self::new(BodyFraming::None, None, Vec::new());
        body.length = content.len() as u64;
        if !content.is_empty() {
            body.sent_as = SentBody::Length(body.length);
        }
        body.kept = Kept::Memory(content);
        body
    }

    /// What was kept of it, unless that is long.
    pub fn content(&self) -> Option<&[u8]> {
        match &self.kept {
            Kept::Memory(memory) => Some(memory),
            Kept::File(_) | Kept::Gone => None,
        }
    }
}
