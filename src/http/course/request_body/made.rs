//! Bodies that are made here.

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
}
