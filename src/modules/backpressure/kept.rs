//! The memory of windows that need more than a word: those of keys, and those that are kept in a file.

use std::sync::Arc;

use super::gate::State;
use super::keyed::{self, CELLS, GATE};
use super::zone_directive::ZoneWritten;
use crate::http::build::builder::Builder;
use crate::metric::{Moment, Schema};
use crate::modules::shared_zone::{self, Declaration, Found, Holder, Lasting, Purpose};
use crate::os;
use crate::os::atomic::{AtomicU64, Ordering};
use crate::zone::{Overflow, Put, Record, Stay, Unusable, Zone};

/// A zone of words.
pub(super) struct Kept {
    name: String,
    pub(super) zone: Zone,
    schema: Arc<Schema>,
    lasting: Option<Lasting>,
}

static PURPOSE: Purpose = Purpose {
    kind: "backpressure_keys",
    noun: "backpressure zone",
    use_of_name: super::USE,
    section: "backpressure_zones",
    adds_up: false,
};

/// Under which key a zone without keys keeps its window; those of clients begin with [`keyed::KIND`], so that none of
/// them is this one when a zone has a key no more.
const WINDOW: &[u8] = b"w";
const _: () = assert!(WINDOW[0] != keyed::KIND);

impl Kept {
    /// Opens the memory of a zone, if it needs any; says whether all of it comes from a file that nobody used.
    pub(super) fn open(
        builder: &mut Builder<'_>,
        written: &ZoneWritten,
    ) -> Result<Option<(Arc<Self>, bool)>, Unusable> {
        if written.key.is_none() && written.file.is_none() {
            return Ok(None);
        }
        let declared = Declaration {
            purpose: &PURPOSE,
            name: written.name.clone(),
            size: written.size,
            schema: Arc::new(keyed::schema()),
            // What has no room is decided about with each request, see `keyed`.
            overflow: Overflow::default(),
            inactive: None,
            file: written.file.clone(),
            sync: written.sync,
            span: written.span,
        };
        let opened = shared_zone::open(builder, &declared)?;
        let kept = Arc::new(Self {
            name: declared.name.clone(),
            zone: opened.zone,
            schema: Arc::clone(&declared.schema),
            lasting: opened.lasting,
        });
        shared_zone::add_chores(builder, &kept, &declared);
        Ok(Some((kept, opened.found == Found::Files)))
    }

    /// That of a test.
    #[cfg(test)]
    pub(super) fn heap(bytes: usize) -> Arc<Self> {
        let schema = Arc::new(keyed::schema());
        let memory = os::SharedMemory::heap(bytes + 4096);
        let zone = Zone::create(&memory, bytes, Arc::clone(&schema), &Overflow::default());
        Arc::new(Self {
            name: "test".into(),
            zone: zone.unwrap(),
            schema,
            lasting: None,
        })
    }

    /// The window of a zone without keys, as it was kept.
    pub(super) fn window(&self) -> Option<u32> {
        let mut record = Record::default();
        let is_there = self.zone.read(WINDOW, &mut record);
        let word = record.raw_cells().get(GATE).filter(|_| is_there)?;
        Some(State::of(*word).window)
    }

    /// Keeps the window of a zone without keys.
    pub(super) fn keep_window(&self, window: u32) {
        if self.window() == Some(window) {
            return;
        }
        let now = Moment(os::monotonic());
        let word = State { active: 0, window }.packed();
        let store = |cells: &[AtomicU64]| cells[GATE].store(word, Ordering::Relaxed);
        if self.zone.with_cells(WINDOW, now, store).is_some() {
            return;
        }
        let mut cells = [0; CELLS];
        cells[GATE] = word;
        let put = self.zone.edit(now, |edit| {
            let stay = Stay::Pinned;
            let (cells, text) = (&cells, None);
            edit.put(WINDOW, Put { cells, stay, text });
            edit.commit()
        });
        if !matches!(put, Ok(Ok(()))) {
            log::error!(
                "backpressure zone \"{}\": its window cannot be kept",
                self.name
            );
        }
    }
}

impl Holder for Kept {
    fn name(&self) -> &str {
        &self.name
    }

    fn purpose(&self) -> &'static Purpose {
        &PURPOSE
    }

    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn lasting(&self) -> Option<&Lasting> {
        self.lasting.as_ref()
    }
}
