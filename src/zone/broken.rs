//! Keys that are not what they were: damage has changed their bytes, so the index, which knows them by their hash, does not
//! lead to them any more. Only where features find keys by themselves is it looked for, for there whatever a key says
//! is about somebody.

use super::layout::header;
use super::record::{Head, KeyBytes};
use super::store::{Slot, Store};
use super::view::View;
use super::{NotChanged, Zone};
use crate::zone::marker::Patience;

impl Zone {
    /// Whether a key that was copied out of a slot is what the index leads there by; if not, and it is no other key by
    /// now, `broken` counts it.
    pub(super) fn is_entered(
        &self,
        view: &View,
        slot: Slot,
        key: Option<&[u8]>,
        broken: &mut u64,
    ) -> bool {
        let leads_there =
            |store: &Store, key| store.suspects(store.hash(key)).any(|one| one == slot);
        if key.is_some_and(|key| leads_there(&view.store, key)) {
            return true;
        }
        let Ok(access) = self.access() else {
            return false;
        };
        let store = &access.view.store;
        if access.view.sequence != view.sequence {
            return false;
        }
        *broken += u64::from(store.is_broken(slot));
        key.is_some_and(|key| store.find(key, store.hash(key)) == Some(slot))
    }

    /// Takes away keys that damage has made others, and makes what follows from the rest anew; says how many they were.
    ///
    /// # Errors
    /// When the zone is damaged otherwise, or held by a process that does not move.
    pub fn drop_broken(&self) -> Result<u64, NotChanged> {
        let access = self.access()?;
        let store = &access.view.store;
        let broken = store.broken();
        if broken.is_empty() {
            return Ok(0);
        }
        if !store.seize(&broken, Patience::Short) {
            store.let_go(&broken);
            return Err(NotChanged::Busy);
        }
        for slot in &broken {
            store.set_head(*slot, Head::free(None));
        }
        store.rebuild();
        Ok(broken.len() as u64)
    }
}

impl Store {
    /// Whether a slot has a key that the index does not lead to; sure only under the lock.
    fn is_broken(&self, slot: Slot) -> bool {
        let mut bytes = KeyBytes::new();
        let is_entered = |key| self.find(key, self.hash(key)) == Some(slot);
        self.head(slot).has_key() && !self.copy_key(slot, &mut bytes).is_some_and(is_entered)
    }

    fn broken(&self) -> Vec<Slot> {
        let used = self.used_slots();
        used.filter(|slot| self.is_broken(*slot)).collect()
    }

    /// Whether no key was changed by damage since the last process used the store, wherever that died. What it was just evicting
    /// is done away with.
    pub(super) fn are_keys_whole(&self) -> bool {
        let is_settled = self.get(header::COMMITTED) == 0 && self.get(header::REBUILDING) == 0;
        if !is_settled || !self.schema.is_words() {
            return true;
        }
        let broken = self.broken();
        match broken[..] {
            [] => true,
            [slot] if self.head(slot).is_evictable() => {
                self.set_head(slot, Head::free(None));
                true
            }
            _ => false,
        }
    }
}
