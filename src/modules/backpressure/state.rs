//! What is known of a request that was let in, refused, or kept waiting.

use std::time::Duration;

use super::zone::Admission;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;

/// What is kept with a request.
#[derive(Default)]
pub(super) struct State {
    /// How long it was kept waiting, once that was decided.
    pub(super) waited: Option<Duration>,
    /// What was decided about room for it.
    pub(super) decision: Option<Decision>,
    /// The room it has.
    pub(super) admissions: Vec<Admission>,
}

/// What became of a request that wanted room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Bypassed,
    Rejected,
    RejectedDryRun,
}

impl Outcome {
    /// What `$backpressure_status` says.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Bypassed => "BYPASSED",
            Self::Rejected => "REJECTED",
            Self::RejectedDryRun => "REJECTED_DRY_RUN",
        }
    }
}

/// What was decided, and what held then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) outcome: Outcome,
    /// Window and requests under way, of the zone that decided.
    pub(super) seen: Option<super::gate::State>,
    /// Seconds until the window may be another; of a request that was refused.
    pub(super) retry_after: Option<u64>,
}

/// Whether one of the texts is neither empty nor "0".
pub(super) fn is_any_true(texts: &[Template], request: &mut Request) -> bool {
    texts.iter().any(|text| {
        let mut value = request.buffer();
        text.append(request, &mut value);
        let is_true = !matches!(&value[..], b"" | b"0");
        request.recycle(value);
        is_true
    })
}
