//! What fields HPACK refers to by numbers: those of the standard, and those that the client has sent before.

use std::collections::VecDeque;

use super::field::Field;

/// The fields that have numbers from the beginning (RFC 7541 appendix A).
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// The most that a client may have us remember; h2 has the same.
pub(super) const LARGEST: usize = 4096;

/// What the client has sent before, the latest first.
#[derive(Debug)]
pub(super) struct Table {
    fields: VecDeque<Field>,
    size: usize,
    most: usize,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            fields: VecDeque::new(),
            size: 0,
            most: LARGEST,
        }
    }

    /// The field behind those of the standard that has this number among them, from 0.
    pub(super) fn get(&self, place: usize) -> Option<&Field> {
        self.fields.get(place)
    }

    /// Takes in a field, for which the oldest make room.
    pub(super) fn insert(&mut self, field: Field) {
        let size = field.size();
        self.shrink(self.most.saturating_sub(size));
        if size <= self.most {
            self.size += size;
            self.fields.push_front(field);
        }
    }

    /// Sets how much is remembered from now on.
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most;
        self.shrink(most);
    }

    fn shrink(&mut self, most: usize) {
        while self.size > most
            && let Some(oldest) = self.fields.pop_back()
        {
            self.size -= oldest.size();
        }
    }
}
