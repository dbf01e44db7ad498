//! Where the files are that an index speaks of: it is of no use for any others.

use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_64;

use super::Index;
use super::cells::{CELLS, PLACE, entry_name, filled_name, place};
use super::sums::Sums;
use crate::metric::Moment;
use crate::zone::{NotChanged, Put, Stay};

/// So many keys are removed at once.
const BATCH: usize = 1024;

impl Index {
    /// Notes where the files are, as a text for people that differs for different places. Where another place was noted
    /// before, nothing is changed, and its text is returned.
    ///
    /// # Errors
    /// When there is no room, or the zone cannot be used.
    pub fn note_place(&self, text: &str, now: Moment) -> Result<Option<String>, NotChanged> {
        let hash = xxh3_64(text.as_bytes());
        self.zone.edit(now, |edit| {
            if let Some(noted) = edit.read(PLACE) {
                let mut before = Vec::new();
                let differs = noted[place::HASH] != hash && edit.text(PLACE, &mut before);
                return Ok(differs.then(|| String::from_utf8_lossy(&before).into_owned()));
            }
            let mut cells = [0; CELLS];
            cells[place::HASH] = hash;
            let noted = Put {
                cells: &cells,
                stay: Stay::Pinned,
                text: Some(text.as_bytes()),
            };
            edit.put(PLACE, noted);
            edit.commit().map(|()| None)
        })?
    }

    /// Forgets all entries, and where they were, before anybody uses the index. What was counted stays.
    ///
    /// # Errors
    /// When the zone cannot be used.
    pub fn forget_entries(&self, now: Moment) -> Result<(), NotChanged> {
        loop {
            let mut keys = Vec::new();
            let _all = self.zone.visit(&mut |record| {
                let key = record.key();
                if key == PLACE || entry_name(key).or(filled_name(key)).is_some() {
                    keys.push(key.to_vec());
                }
                match keys.len() < BATCH {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            });
            self.zone.edit(now, |edit| {
                keys.iter().for_each(|key| edit.remove(key));
                let sums = Sums {
                    size: 0,
                    entries: 0,
                    filling: 0,
                    is_loaded: false,
                    ..Sums::of(edit)
                };
                sums.put(edit);
                edit.commit()
            })??;
            if keys.len() < BATCH {
                return Ok(());
            }
        }
    }
}
