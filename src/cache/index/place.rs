//! Where the files are that an index speaks of: it is of no use for any others.

use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_64;

use super::Index;
use super::cells::{CELLS, PLACE, entry, entry_name, filled_name, place};
use super::claim::Fill;
use super::sums::Sums;
use crate::metric::Moment;
use crate::zone::{Edit, NotChanged, Put, Stay};

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
                let differs = noted[place::HASH] != hash;
                return Ok(differs.then(|| noted_text(edit)));
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

    /// Forgets all entries, and where they were, before anybody uses the index. What was counted stays. Whoever dies at
    /// it leaves an index of the same place, with fewer entries.
    ///
    /// # Errors
    /// When the zone cannot be used.
    pub fn forget_entries(&self, now: Moment) -> Result<(), NotChanged> {
        let mut keys = Vec::new();
        let _all = self.zone.visit(&mut |record| {
            let key = record.key();
            if entry_name(key).or(filled_name(key)).is_some() {
                keys.push(key.to_vec());
            }
            ControlFlow::Continue(())
        });
        for batch in keys.chunks(BATCH) {
            self.forget(batch, now)?;
        }
        self.zone.edit(now, |edit| {
            let sums = Sums {
                size: 0,
                entries: 0,
                filling: 0,
                is_loaded: false,
                ..Sums::of(edit)
            };
            sums.put(edit);
            edit.remove(PLACE);
            edit.commit()
        })?
    }

    /// Forgets these entries and fills.
    pub(super) fn forget(&self, keys: &[Vec<u8>], now: Moment) -> Result<(), NotChanged> {
        self.zone.edit(now, |edit| {
            let mut sums = Sums::of(edit);
            for key in keys {
                let Some(cells) = edit.read(key) else {
                    continue;
                };
                match filled_name(key) {
                    Some(_) if !Fill::of(&cells).is_over() => {
                        sums.filling = sums.filling.saturating_sub(1);
                    }
                    None if cells[entry::SERIAL] > 0 => sums.subtract(cells[entry::SIZE]),
                    _ => {}
                }
                edit.remove(key);
            }
            // Their files are to be found again, should that be the place after all.
            sums.is_loaded = false;
            sums.put(edit);
            edit.commit()
        })?
    }
}

/// The text of the place that is noted; a zone that moved may have had no room for it.
fn noted_text(edit: &Edit<'_>) -> String {
    let mut text = Vec::new();
    match edit.text(PLACE, &mut text) && !text.is_empty() {
        true => String::from_utf8_lossy(&text).into_owned(),
        false => "another place".to_owned(),
    }
}
