//! Where a key lay that is updated again and again under the same name, as the key of a directive is that has no variable:
//! neither its hash nor a search for it is needed then.
//!
//! What is remembered is a hint. The slot is marked and looked at as if the index had led there, so that a key which has
//! gone meanwhile, or has moved, is not found, and is searched for.

use super::direct::Spot;
use super::known::{At, Effort, Found};
use super::sought::{Packed, Sought};
use super::{Refused, Update, Zone, storable};
use crate::metric::Moment;
use crate::os::atomic::{AtomicU64, Ordering};

/// A key, and where it lay when it was updated last.
#[derive(Debug)]
pub struct Remembered {
    key: Box<[u8]>,
    /// The same, unless it is too long for one slot.
    packed: Option<Packed>,
    spot: AtomicU64,
}

impl Remembered {
    /// A key of which nothing is known.
    pub fn new(key: &[u8]) -> Self {
        Self {
            key: key.into(),
            packed: Packed::new(key),
            spot: AtomicU64::new(0),
        }
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Zone {
    /// The same as [`Zone::update`].
    ///
    /// # Errors
    /// As there.
    #[inline]
    pub fn update_remembered(
        &self,
        remembered: &Remembered,
        value: f64,
        now: Moment,
    ) -> Result<Update, Refused> {
        let (value, now) = (storable(value), self.moment(now));
        match self.feed_remembered(remembered, (value, now), Effort::Least) {
            true => Ok(Update::Stored),
            false => self.update_and_remember(remembered, value, now),
        }
    }

    #[inline(always)]
    fn feed_remembered(
        &self,
        remembered: &Remembered,
        sample: (f64, Moment),
        effort: Effort,
    ) -> bool {
        let view = self.last_view();
        let spot = Spot::unpacked(remembered.spot.load(Ordering::Relaxed));
        let (Some(seat), Some(slot)) = (&self.seat, spot.and_then(|spot| view.at_own(spot))) else {
            return false;
        };
        let Some(packed) = &remembered.packed else {
            return false;
        };
        if self.later.is_any() {
            return false;
        }
        let (at, sought) = (At(view, slot, seat), Sought::Packed(packed));
        self.feed_slot(at, sought, sample, effort) == Found::Updated
    }

    #[cold]
    #[inline(never)]
    fn update_and_remember(
        &self,
        remembered: &Remembered,
        value: f64,
        now: Moment,
    ) -> Result<Update, Refused> {
        if self.feed_remembered(remembered, (value, now), Effort::Full) {
            return Ok(Update::Stored);
        }
        let key = &*remembered.key;
        let updated = self.update_then(key, value, now)?;
        if updated == Update::Stored && remembered.packed.is_some() {
            let spot = self.spot_at_once(key).map_or(0, Spot::packed);
            remembered.spot.store(spot, Ordering::Relaxed);
        }
        Ok(updated)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{empty, overflow, text};
    use super::*;
    use crate::zone::MINIMUM;

    fn update(zone: &Zone, place: &Remembered) {
        let updated = zone.update_remembered(place, 1.0, Moment(0));
        assert_eq!(updated, Ok(Update::Stored));
    }

    fn spot(place: &Remembered) -> Option<Spot> {
        Spot::unpacked(place.spot.load(Ordering::Relaxed))
    }

    #[test]
    fn a_slot_that_another_key_has_now_is_not_taken_for_the_former_ones() {
        let zone = empty(MINIMUM, &overflow(Some("rest")));
        let place = Remembered::new(b"key");
        update(&zone, &place);
        let first = spot(&place);
        assert!(first.is_some() && first == zone.spot(b"key"));
        let others = zone.first.store.geometry.slots as u64;
        for number in 0..others {
            zone.update(&number.to_le_bytes(), 1.0, Moment(0)).unwrap();
        }
        assert_eq!(text(&zone, b"key"), None);
        assert_eq!(spot(&place), first);
        update(&zone, &place);
        update(&zone, &place);
        assert_eq!(text(&zone, b"key"), Some("2".into()));
        assert_ne!(spot(&place), first);
        for number in 0..others {
            let count = text(&zone, &number.to_le_bytes());
            assert!(count.is_none_or(|count| count == "1"));
        }
        zone.verify().unwrap();
    }

    #[test]
    fn a_key_that_is_remembered_is_not_searched_for() {
        let zone = empty(MINIMUM, &overflow(None));
        let place = Remembered::new(b"key");
        update(&zone, &place);
        zone.first.store.clear_index();
        update(&zone, &place);
        let slot = zone.last_view().at(spot(&place).unwrap()).unwrap();
        assert_eq!(zone.first.store.copy_cells(slot), [2]);
    }

    #[test]
    fn keys_that_are_ignored_are_not_remembered() {
        let zone = empty(MINIMUM, &overflow(Some("rest")));
        for key in [&b"rest"[..], b""] {
            let place = Remembered::new(key);
            let updated = zone.update_remembered(&place, 1.0, Moment(0));
            assert_eq!(updated, Ok(Update::Ignored));
            assert_eq!(spot(&place), None);
        }
    }
}
