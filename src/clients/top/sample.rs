//! Two answers of a server, one after the other.

use std::time::Instant;

use serde_json::Value;

use super::look::Look;

/// What was said last, and before that.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) now: Option<(Value, Instant)>,
    before: Option<(Value, Instant)>,
}

impl Sample {
    /// Takes up what is newer.
    pub(super) fn put(&mut self, value: Value, at: Instant) {
        self.before = self.now.replace((value, at));
    }

    /// The newest, the one before, and the seconds between them.
    pub(super) fn look(&self) -> (Look<'_>, f64, Option<&Value>) {
        let Some((now, at)) = &self.now else {
            return (Look::new(&Value::Null, None, 0.0), 0.0, None);
        };
        let before = self.before.as_ref();
        let seconds = before.map_or(0.0, |(_, before)| at.duration_since(*before).as_secs_f64());
        let before = before.map(|(value, _)| value);
        (Look::new(now, before, seconds), seconds, before)
    }
}
