//! What was in a zone, put together from a snapshot and a journal, and how it comes into a new one.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::Arc;

use super::entry::Entry;
use super::snapshot::Preamble;
use crate::metric::{Moment, Schema};
use crate::os::monotonic;
use crate::zone::layout::{header, root};
use crate::zone::ledger::Removal;
use crate::zone::note::{Name, Note, Receipt};
use crate::zone::record::{Head, PINNED_STAMP, stamp_of};
use crate::zone::root::Root;
use crate::zone::store::Store;
use crate::zone::update::StoredKey;
use crate::zone::view::Translation;
use crate::zone::{Adoption, Unusable};

/// Everything that was in a zone.
pub(super) struct Image {
    pub(super) preamble: Preamble,
    pub(super) schema: Arc<Schema>,
    keys: HashMap<Vec<u8>, Key>,
    /// The stamp of the newest entry, also of one that says that a key is gone.
    latest: u64,
    receipts: HashMap<Name, (Receipt, Moment)>,
}

/// What is known of a key; without cells it is known to be gone.
struct Key {
    stamp: u64,
    is_truncated: bool,
    cells: Option<Vec<u64>>,
    text: Vec<u8>,
}

impl Image {
    /// Out of what a snapshot and then a journal say.
    ///
    /// # Errors
    /// When the snapshot's schema is none.
    pub(super) fn new(
        preamble: Preamble,
        snapshot: Vec<Entry>,
        journal: Vec<Entry>,
    ) -> Result<Self, Unusable> {
        let schema = Schema::from_source(&preamble.source);
        let schema = schema.map_err(|_| Unusable::Corrupt("not a schema"))?;
        let mut preamble = preamble;
        let rest = preamble.rest.take();
        preamble.rest = rest.and_then(|(key, cells)| Some((key, schema.of_file(cells)?)));
        let mut image = Self {
            preamble,
            schema: Arc::new(schema),
            keys: HashMap::new(),
            latest: 0,
            receipts: HashMap::new(),
        };
        for entry in snapshot.into_iter().chain(journal) {
            image.take_in(entry);
        }
        let stamps = image.keys.values().map(|key| key.stamp);
        let given = stamps.filter(|stamp| *stamp != PINNED_STAMP);
        image.latest = given.max().unwrap_or(0);
        image.keys.retain(|_, key| key.cells.is_some());
        Ok(image)
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    fn take_in(&mut self, entry: Entry) {
        match entry {
            Entry::Key { key, .. } if key.is_empty() => {}
            Entry::Key {
                key,
                is_truncated,
                stamp,
                cells,
                text,
            } => {
                // What does not fit the schema is left out.
                if let cells @ Some(_) = self.schema.of_file(cells) {
                    self.update(
                        key,
                        Key {
                            stamp,
                            is_truncated,
                            cells,
                            text,
                        },
                    );
                }
            }
            Entry::Removal { key, stamp } => self.update(
                key,
                Key {
                    stamp,
                    is_truncated: false,
                    cells: None,
                    text: Vec::new(),
                },
            ),
            Entry::Receipt {
                name,
                receipt,
                moment,
            } => {
                let known = self.receipts.entry(name).or_insert((receipt, moment));
                if known.1 < moment {
                    *known = (receipt, moment);
                }
            }
        }
    }

    /// What is newer stays; a text is kept until its key is gone.
    fn update(&mut self, key: Vec<u8>, mut state: Key) {
        match self.keys.entry(key) {
            Place::Vacant(place) => {
                place.insert(state);
            }
            Place::Occupied(mut known) if known.get().stamp < state.stamp => {
                if state.text.is_empty() && state.cells.is_some() {
                    state.text = std::mem::take(&mut known.get_mut().text);
                }
                known.insert(state);
            }
            Place::Occupied(_) => {}
        }
    }

    /// Puts everything into a store that nobody uses yet; the zone's time goes on from where it was, later by
    /// what has passed since by the wall clock, which says `wall` now.
    pub(super) fn fill(&self, root: &Root, store: &Store, wall: u64) -> Adoption {
        // A wall clock that was set meanwhile must not use up the zone's time.
        let passed = wall.saturating_sub(self.preamble.wall).min(LONGEST_ABSENCE);
        let now = self.preamble.moment.0.saturating_add(passed * 1_000_000);
        let now = Moment(now.max(Head::live(1, false, self.latest).moment().0));
        root.set(root::OFFSET, now.0.wrapping_sub(monotonic()));
        root.set(root::SNAPSHOT, self.preamble.wall);
        root.set(root::SYNCED, self.preamble.wall);
        let translation = Translation::between(&self.schema, &store.schema);
        let kept = translation
            .as_ref()
            .map_or(store.schema.metrics().len(), Translation::kept);
        let filler = Filler {
            store,
            translation,
            now,
        };
        filler.totals(&self.preamble);
        filler.receipts(self);
        let (keys, discarded) = filler.keys(self);
        Adoption::Migrated {
            metrics_kept: kept,
            metrics_new: store.schema.metrics().len() - kept,
            keys,
            discarded,
        }
    }
}

/// In milliseconds: 90 days.
const LONGEST_ABSENCE: u64 = 90 * 24 * 3_600_000;

struct Filler<'a> {
    store: &'a Store,
    translation: Option<Translation>,
    now: Moment,
}

impl Filler<'_> {
    fn totals(&self, preamble: &Preamble) {
        let store = self.store;
        store.set(header::NAMES, preamble.names);
        store.set(header::REQUESTS, preamble.requests);
        store.set(header::FAILURES, preamble.failures);
        let has_key = |(key, _): &&(Vec<u8>, Vec<u64>)| {
            let mut present = Vec::new();
            store.copy_discard_key(&mut present);
            store.has_discard_key() && *key == present
        };
        let rest = preamble.rest.as_ref().filter(has_key);
        let cells = rest.map(|(_, cells)| self.translate(cells));
        store.inherit_ledger(preamble.discarded, preamble.evicted, cells.as_deref());
    }

    /// Pinned keys and then the newest ones first; how many found room and how many did not.
    fn keys(&self, image: &Image) -> (u64, u64) {
        let mut keys: Vec<(&Vec<u8>, &Key)> = image.keys.iter().collect();
        keys.sort_by_key(|(name, key)| (std::cmp::Reverse(key.stamp), *name));
        self.store.raise_latest(image.latest);
        let (mut stored, mut discarded) = (0, 0);
        for (name, key) in keys {
            let cells = self.translate(key.cells.as_deref().unwrap_or_default());
            if self.store.is_discard_key(name) {
                self.store.fold(&cells, None, Removal::Absorbed, self.now);
            } else if discarded == 0 && self.insert(name, key, &cells) {
                stored += 1;
            } else {
                self.store.fold(&cells, None, Removal::Discarded, self.now);
                discarded += 1;
            }
        }
        (stored, discarded)
    }

    /// False if there is no room for a key with its text.
    fn insert(&self, name: &[u8], key: &Key, cells: &[u64]) -> bool {
        let stored = StoredKey {
            bytes: name,
            is_truncated: key.is_truncated,
        };
        let brought = self
            .store
            .bring(stored, (cells, &key.text), key.stamp, self.now);
        brought.is_some()
    }

    /// Those whose time is not over, before the keys: they were promised to stay.
    fn receipts(&self, image: &Image) {
        let now = stamp_of(self.now);
        let mut receipts: Vec<_> = image.receipts.iter().collect();
        receipts.retain(|(_, (receipt, _))| receipt.end > now);
        receipts.sort_by_key(|(_, (receipt, _))| receipt.end);
        let over = receipts.len().saturating_sub(self.store.most_receipts());
        for (name, (receipt, moment)) in receipts.into_iter().skip(over) {
            if !self.store.add_note(*name, Note::Receipt(*receipt), *moment) {
                self.store.count_discarded();
            }
        }
    }

    fn translate(&self, cells: &[u64]) -> Vec<u64> {
        let Some(translation) = &self.translation else {
            return cells.to_vec();
        };
        let mut translated = Vec::with_capacity(self.store.geometry.cells);
        translation.apply(cells, &self.store.schema, &mut translated);
        translated
    }
}
