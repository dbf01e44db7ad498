//! Counts of questions and answers, in memory that all workers share.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hickory_net::proto::op::ResponseCode;
use hickory_net::proto::rr::RecordType;

use crate::os::SharedMemory;

/// Where a resolver is counted, if it is.
#[derive(Clone, Debug, Default)]
pub struct Counts(Option<Arc<SharedMemory>>);

/// What is counted, in groups, each under its name in the status tree and in the order of the words in memory.
pub const GROUPS: [(&str, &[&str]); 3] = [
    ("queries", &["name", "srv", "addr"]),
    ("sent", &["a", "aaaa", "srv", "ptr"]),
    (
        "responses",
        &[
            "success",
            "timedout",
            "format_error",
            "server_failure",
            "not_found",
            "unimplemented",
            "refused",
            "other",
        ],
    ),
];

const QUERIES_NAME: usize = 0;
const SENT_A: usize = 3;
const SENT_AAAA: usize = 4;
const SENT_SRV: usize = 5;
const SENT_PTR: usize = 6;
const SUCCESS: usize = 7;
const TIMED_OUT: usize = 8;
const FORMAT_ERROR: usize = 9;
const SERVER_FAILURE: usize = 10;
const NOT_FOUND: usize = 11;
const UNIMPLEMENTED: usize = 12;
const REFUSED: usize = 13;
const OTHER: usize = 14;

impl Counts {
    /// How much memory they take.
    pub const BYTES: usize = 16 * 8;

    /// Counts in `memory`.
    pub fn new(memory: Arc<SharedMemory>) -> Self {
        Self(Some(memory))
    }

    /// The count of this number, over all groups.
    pub fn value(&self, number: usize) -> u64 {
        let word = self
            .0
            .as_ref()
            .and_then(|memory| memory.words().get(number));
        word.map_or(0, |word| word.load(Ordering::Relaxed))
    }

    pub(super) fn queried(&self) {
        self.add(QUERIES_NAME);
    }

    pub(super) fn sent(&self, kind: RecordType) {
        self.add(match kind {
            RecordType::AAAA => SENT_AAAA,
            RecordType::SRV => SENT_SRV,
            RecordType::PTR => SENT_PTR,
            _ => SENT_A,
        });
    }

    pub(super) fn responded(&self, code: ResponseCode) {
        self.add(match code {
            ResponseCode::NoError => SUCCESS,
            ResponseCode::FormErr => FORMAT_ERROR,
            ResponseCode::ServFail => SERVER_FAILURE,
            ResponseCode::NXDomain => NOT_FOUND,
            ResponseCode::NotImp => UNIMPLEMENTED,
            ResponseCode::Refused => REFUSED,
            _ => OTHER,
        });
    }

    /// An answer that could not be read.
    pub(super) fn responded_badly(&self) {
        self.add(OTHER);
    }

    pub(super) fn timed_out(&self) {
        self.add(TIMED_OUT);
    }

    fn add(&self, number: usize) {
        let word = self
            .0
            .as_ref()
            .and_then(|memory| memory.words().get(number));
        if let Some(word) = word {
            word.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_its_place() {
        let names: Vec<&str> = GROUPS.iter().flat_map(|(_, all)| *all).copied().collect();
        for (number, name) in [
            (QUERIES_NAME, "name"),
            (SENT_A, "a"),
            (SENT_AAAA, "aaaa"),
            (SENT_PTR, "ptr"),
            (SUCCESS, "success"),
            (TIMED_OUT, "timedout"),
            (FORMAT_ERROR, "format_error"),
            (NOT_FOUND, "not_found"),
            (OTHER, "other"),
        ] {
            assert_eq!(names[number], name);
        }
        assert!(names.len() * 8 <= Counts::BYTES);
    }
}
