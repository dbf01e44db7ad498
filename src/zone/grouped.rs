//! A listing by what keys are called elsewhere: keys with the same text are folded into one.
//!
//! There may be as many texts as keys, and memory is bounded. So a listing goes through the zone as often
//! as it must, and each time keeps the texts that follow those it had before, as many as there is room
//! for; they come in order. Keys of one text that are read in one go through the zone are one group.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Zone;
use super::listing::Record;
use crate::metric::{Moment, Schema};
use crate::os::atomic::{AtomicU64, Ordering};

/// The keys of one text.
#[derive(Clone, Debug)]
pub struct Group {
    cells: Box<[u64]>,
    stamp: u64,
    /// How many.
    pub keys: u64,
    /// The first of them, if the listing keeps it.
    pub key: Option<Box<[u8]>>,
}

/// Appends the text of a key, or says that it has none; breaks where the listing is to end.
pub type Call<'c> = dyn FnMut(&Record, &mut Vec<u8>) -> ControlFlow<(), bool> + 'c;

/// What a listing by text is about.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'z> {
    /// The keys.
    pub zone: &'z Zone,
    /// The metrics they are read as.
    pub schema: &'z Schema,
    /// The zone's time, for what changes with it.
    pub now: Moment,
    /// Whether groups remember their first key.
    pub keeps_key: bool,
    /// About so many bytes are in memory at a time.
    pub room: usize,
}

/// Groups of a range of texts, in order.
#[derive(Debug, Default)]
pub struct Groups {
    /// Each with its text.
    pub all: BTreeMap<Box<[u8]>, Group>,
    /// Keys without a text.
    pub nameless: u64,
    /// Where the next range begins, if there is more.
    pub next: Option<Box<[u8]>>,
    bytes: usize,
}

impl Grouping<'_> {
    /// Room for a listing beside others.
    pub const ROOM: usize = 8 << 20;

    /// The groups whose texts are not below `from` and below `to`; nothing if `call` breaks.
    pub fn range(&self, from: &[u8], to: Option<&[u8]>, call: &mut Call<'_>) -> Option<Groups> {
        let (mut groups, mut text) = (Groups::default(), Vec::new());
        let flow = self.zone.visit(&mut |record| {
            text.clear();
            if !call(record, &mut text)? {
                groups.nameless += 1;
                return ControlFlow::Continue(());
            }
            let end = groups.next.as_deref().or(to);
            if &*text >= from && end.is_none_or(|end| &*text < end) {
                self.add(&mut groups, &text, record);
            }
            ControlFlow::Continue(())
        });
        flow.is_continue().then_some(groups)
    }

    fn add(&self, groups: &mut Groups, text: &[u8], record: &Record) {
        if let Some(group) = groups.all.get_mut(text) {
            return self.join(group, record);
        }
        let key = self.keeps_key.then(|| record.key().into());
        let group = Group {
            cells: record.raw_cells().into(),
            stamp: record.stamp(),
            keys: 1,
            key,
        };
        groups.bytes += group.bytes(text);
        groups.all.insert(text.into(), group);
        while groups.bytes > self.room && groups.all.len() > 1 {
            let Some((text, group)) = groups.all.pop_last() else {
                return;
            };
            groups.bytes -= group.bytes(&text);
            groups.next = Some(text);
        }
    }

    /// Folds the older one into a sample of the newer one's, so that what is newest counts as such.
    fn join(&self, group: &mut Group, record: &Record) {
        let (older, newer) = match group.stamp <= record.stamp() {
            true => (&*group.cells, record.raw_cells()),
            false => (record.raw_cells(), &*group.cells),
        };
        let into: Vec<AtomicU64> = older.iter().map(|cell| AtomicU64::new(*cell)).collect();
        self.schema.fold(&into, newer, record.moment(self.now));
        group.cells = into
            .iter()
            .map(|cell| cell.load(Ordering::Relaxed))
            .collect();
        group.stamp = group.stamp.max(record.stamp());
        group.keys += 1;
    }

    /// Makes `record` what a group is as one key of this name.
    pub fn read(&self, group: &Group, name: &[u8], record: &mut Record) {
        record.become_group(self.zone.ahead, name, &group.cells);
    }
}

impl Group {
    fn bytes(&self, text: &[u8]) -> usize {
        /// A node of the tree, and what each piece of memory takes beside its content.
        const BESIDE: usize = 112;
        let key = self.key.as_ref().map_or(0, |key| key.len() + 16);
        text.len() + size_of_val(&*self.cells) + key + BESIDE
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Overflow;
    use super::*;
    use crate::metric::Reading;
    use crate::os::SharedMemory;

    const BYTES: usize = 1 << 20;

    fn zone(mode: &str) -> (Zone, Arc<Schema>) {
        let schema = Arc::new(Schema::from_source(&format!("[[\"\",[\"{mode}\"]]]")).unwrap());
        let memory = SharedMemory::heap(BYTES);
        let zone = Zone::create(&memory, BYTES, Arc::clone(&schema), &Overflow::default());
        (zone.unwrap(), schema)
    }

    /// All groups, as texts with numbers of keys and readings, and how many ranges they took.
    fn listed(zone: &Zone, schema: &Schema, room: usize) -> (Vec<(String, u64, f64)>, usize) {
        let grouping = Grouping {
            zone,
            schema,
            now: Moment(9),
            keeps_key: false,
            room,
        };
        let (mut from, mut all, mut ranges) = (Some(Box::default()), Vec::new(), 0);
        let mut record = Record::default();
        while let Some(start) = from {
            let groups = grouping.range(&start, None, &mut |record, out| {
                out.extend_from_slice(record.key().split(|byte| *byte == b'-').next().unwrap());
                ControlFlow::Continue(!out.is_empty())
            });
            let groups = groups.unwrap();
            for (text, group) in &groups.all {
                grouping.read(group, text, &mut record);
                let value = match record.reading(schema, 0, grouping.now) {
                    Reading::Integer(value) => value as f64,
                    Reading::Float(value) => value,
                    _ => f64::NAN,
                };
                all.push((String::from_utf8(text.to_vec()).unwrap(), group.keys, value));
            }
            (from, ranges) = (groups.next, ranges + 1);
        }
        (all, ranges)
    }

    #[test]
    fn keys_of_one_text_add_up_in_any_room() {
        let (zone, schema) = zone("count");
        for number in 0..300u64 {
            let key = format!("k{:02}-{number}", number % 30);
            for _ in 0..=number % 3 {
                zone.update(key.as_bytes(), 1.0, Moment(number)).unwrap();
            }
        }
        let (whole, ranges) = listed(&zone, &schema, usize::MAX);
        assert_eq!((whole.len(), ranges), (30, 1));
        assert_eq!(whole[1], ("k01".to_owned(), 10, 20.0));
        assert_eq!(whole.iter().map(|group| group.2).sum::<f64>(), 600.0);
        for room in [0, 200, 1000] {
            let (pieces, ranges) = listed(&zone, &schema, room);
            assert_eq!(pieces, whole);
            assert!(ranges > 3, "{ranges} in {room}");
        }
    }

    #[test]
    fn the_newest_of_joined_keys_is_the_last() {
        let (zone, schema) = zone("last");
        let updates = [("a-1", 1.0), ("a-2", 5.0), ("a-3", 3.0), ("a-2", 2.0)];
        for (now, (key, value)) in updates.into_iter().enumerate() {
            let now = Moment((now as u64 + 1) << 10);
            zone.update(key.as_bytes(), value, now).unwrap();
        }
        let expected = vec![("a".to_owned(), 3, 2.0)];
        assert_eq!(listed(&zone, &schema, usize::MAX).0, expected);
    }
}
