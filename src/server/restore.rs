//! Files of zones that somebody cuts while they are in use.
//!
//! Processes that have such a file bear it (see `os/bus_error.rs`), but what they count is lost. So the master looks
//! every second whether the files are as long as they were, and takes up the configuration anew, the same text, when
//! one is not: the zone comes back from its snapshot, and requests go on.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::error_log;
use super::master::Master;
use crate::conf::{Recording, reason};
use crate::modules::process::LogLevel;
use crate::os;

impl Master {
    /// When the files are to be looked at, if there are some.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let is_idle = self.end.is_none() && self.coming.is_none();
        let mut areas = self.current.areas.memory.values();
        (is_idle && areas.any(|area| area.is_on_disk())).then_some(self.next_look)
    }

    /// Looks at the files, if it is time.
    pub(super) fn look_after_files(&mut self) {
        let now = Instant::now();
        if self.next_look().is_none_or(|time| time > now) {
            return;
        }
        self.next_look = now + OFTEN;
        let areas = self.current.areas.memory.iter();
        let cut = areas.filter(|(_, area)| !area.is_whole());
        // One memory goes by its zone's name, and by that with its file's.
        let Some(((_, name), _)) = cut.max_by_key(|((_, name), _)| name.len()) else {
            return;
        };
        let message = format!("the file of a zone was cut while it is in use: {name}");
        error_log::write(LogLevel::Error, &message);
        let text = os::content(self.current.recording.as_fd());
        let text = text.and_then(|text| Ok(serde_json::from_slice::<Recording>(&text)?));
        match text {
            Ok(recording) => self.reload_from(Box::new(recording)),
            Err(error) => {
                let message = format!("it cannot be taken up again ({})", reason(&error));
                error_log::write(LogLevel::Error, &message);
            }
        }
        if self.coming.is_none() {
            self.next_look = now + AGAIN;
        }
    }
}

/// How long it takes at most until it is noticed.
const OFTEN: Duration = Duration::from_secs(1);
/// When it is tried again if it did not work.
const AGAIN: Duration = Duration::from_secs(30);
