//! The keys of a zone with labels in the status tree: an object of objects, a level for each label.
//!
//! Keys lie in a zone in no order. A listing of a level sorts them by the text of their parts, as many at a time as
//! there is room for; levels below it share what it holds, and go on by themselves where that ends. A level that
//! was asked for by name holds nothing before it is listed. As rows of a table, keys are their parts in one text.

use std::borrow::Cow;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use super::status::{columns, is_exact, values};
use super::zones::Entry;
use crate::metric::{Moment, has_parts, join, parts};
use crate::status::table::Column;
use crate::status::{Branch, NAMELESS, Node};
use crate::zone::{Grouping, Groups, Record};

/// Keys that begin with the same parts, by their next part.
pub(super) struct Level<'a> {
    entry: &'a Entry,
    now: Moment,
    /// The first parts, as they were asked for.
    path: Vec<Vec<u8>>,
    /// The text that the further parts of the keys begin with: those above this level.
    start: Vec<u8>,
    /// Some keys from there on, if it is part of a listing.
    listed: Option<Arc<Groups>>,
    /// About so many bytes of keys are in memory at a time.
    room: usize,
}

type Visit<'v> = dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()> + 'v;

/// Ends each part in the text that keys are sorted by. It is in no UTF-8.
const END: u8 = 0xfe;
/// Follows [`END`] in the order of bytes.
const BEHIND: u8 = 0xff;

impl<'a> Level<'a> {
    /// All keys of a zone that has labels.
    pub(super) fn top(entry: &'a Entry, now: Moment) -> Self {
        Self::at(entry, now, Vec::new())
    }

    fn at(entry: &'a Entry, now: Moment, path: Vec<Vec<u8>>) -> Self {
        Self {
            entry,
            now,
            path,
            start: Vec::new(),
            listed: None,
            room: Grouping::ROOM,
        }
    }

    /// The names of all levels above.
    fn names(&self) -> Vec<Vec<u8>> {
        let listed = self.start.split(|byte| *byte == END);
        // Behind the last end is nothing.
        let listed = listed.take(self.depth() - self.path.len());
        let path = self.path.iter().cloned();
        path.chain(listed.map(<[u8]>::to_vec)).collect()
    }

    /// How many levels are above.
    fn depth(&self) -> usize {
        self.path.len() + self.start.iter().filter(|byte| **byte == END).count()
    }

    fn grouping(&self) -> Grouping<'_> {
        Grouping {
            zone: &self.entry.zone,
            schema: &self.entry.schema,
            now: self.now,
            keeps_key: false,
            room: self.room,
        }
    }

    /// Keys of this level from a text on, as many as there is room for.
    fn load(&self, from: &[u8], end: Option<&[u8]>) -> Groups {
        let mut name = Vec::new();
        let groups = self.grouping().range(from, end, &mut |record, text| {
            let mut parts = parts(record.key(), self.entry.labels());
            let is_here = self.path.iter().all(|name| {
                let part = parts.next();
                part.is_some_and(|part| part.is_called(name))
            });
            for part in parts.filter(|_| is_here) {
                name.clear();
                part.write_name(&mut name);
                text.extend_from_slice(String::from_utf8_lossy(&name).as_bytes());
                text.push(END);
            }
            ControlFlow::Continue(is_here)
        });
        groups.unwrap_or_default()
    }

    /// Whether some key begins with these parts.
    fn has(&self, path: &[Vec<u8>]) -> bool {
        let labels = self.entry.labels();
        let flow = self.entry.zone.visit(&mut |record| {
            let mut both = parts(record.key(), labels).zip(path);
            match both.all(|(part, name)| part.is_called(name)) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        flow.is_break()
    }

    /// What is below the name of a part.
    fn below(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut path = self.names();
        path.push(name.to_vec());
        if path.len() < self.entry.labels() {
            let has = self.has(&path);
            return has.then(|| Node::branch(Level::at(self.entry, self.now, path)));
        }
        let mut record = Record::default();
        let found = self.entry.read_parts(&path, &mut record);
        found.then(|| values(self.entry, Cow::Owned(record), self.now))
    }

    /// Shows what begins with `start`, which is a child; `text` is the first key of that.
    fn show(
        &self,
        groups: &Arc<Groups>,
        (start, text): (&[u8], &[u8]),
        record: &mut Record,
        visit: &mut Visit<'_>,
    ) -> ControlFlow<()> {
        let name = &start[self.start.len()..start.len() - 1];
        if self.depth() + 1 < self.entry.labels() {
            let below = Level {
                path: self.path.clone(),
                start: start.to_vec(),
                listed: Some(Arc::clone(groups)),
                ..*self
            };
            return visit(name, Node::branch(below));
        }
        let Some(group) = groups.all.get(text) else {
            return ControlFlow::Continue(());
        };
        self.grouping().read(group, name, record);
        visit(name, values(self.entry, Cow::Borrowed(record), self.now))
    }

    /// Shows each key that no other is shown like, as a row; true if there are others.
    fn exact_rows(&self, visit: &mut Visit<'_>) -> ControlFlow<(), bool> {
        let (mut name, mut has_others) = (Vec::new(), false);
        let path = self.names();
        self.entry.zone.visit(&mut |record| {
            name.clear();
            match self.write_row(&path, record, &mut name) {
                Row::Exact => {
                    let values = values(self.entry, Cow::Borrowed(record), self.now);
                    visit(&name, values)
                }
                Row::Inexact => {
                    has_others = true;
                    ControlFlow::Continue(())
                }
                Row::Elsewhere => ControlFlow::Continue(()),
            }
        })?;
        ControlFlow::Continue(has_others)
    }

    /// Shows the keys that others are shown like: all of a name as one.
    fn other_rows(&self, visit: &mut Visit<'_>) -> ControlFlow<()> {
        let (path, grouping) = (self.names(), self.grouping());
        let (mut next, mut name, mut record) =
            (Some(Box::default()), Vec::new(), Record::default());
        while let Some(from) = next {
            let groups = grouping.range(&from, None, &mut |record, shown| {
                name.clear();
                let row = self.write_row(&path, record, &mut name);
                shown.extend_from_slice(String::from_utf8_lossy(&name).as_bytes());
                ControlFlow::Continue(matches!(row, Row::Inexact))
            });
            let groups = groups.unwrap_or_default();
            for (shown, group) in &groups.all {
                grouping.read(group, shown, &mut record);
                visit(shown, values(self.entry, Cow::Borrowed(&record), self.now))?;
            }
            next = groups.next;
        }
        ControlFlow::Continue(())
    }

    /// Appends the parts of a key below the level that has this path.
    fn write_row(&self, path: &[Vec<u8>], record: &Record, out: &mut Vec<u8>) -> Row {
        let (labels, start) = (self.entry.labels(), out.len());
        let mut parts = parts(record.key(), labels);
        let mut names = path.iter();
        if !names.all(|name| parts.next().is_some_and(|part| part.is_called(name))) {
            return Row::Elsewhere;
        }
        join(parts, true, out);
        match is_exact(&out[start..]) && has_parts(record.key(), labels) {
            true => Row::Exact,
            false => Row::Inexact,
        }
    }
}

/// How a key is shown as a row.
enum Row {
    /// As no other is.
    Exact,
    /// As others may be.
    Inexact,
    /// It belongs to another level.
    Elsewhere,
}

impl Branch for Level<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        if name != NAMELESS.as_bytes() {
            return self.below(name);
        }
        // Clients may send such a part: it hides nothing but itself.
        self.below(b"").or_else(|| self.below(name))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let end = behind(&self.start);
        let (mut at, mut record) = (self.start.clone(), Record::default());
        let mut groups = match &self.listed {
            Some(groups) => Arc::clone(groups),
            None => Arc::new(self.load(&at, end.as_deref())),
        };
        loop {
            let last = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let from = Bound::Included(&*at);
            let next = groups.all.range::<[u8], _>((from, last)).next();
            if let Some((text, _)) = next {
                let part = text[self.start.len()..].iter();
                let length = part.take_while(|byte| **byte != END).count() + 1;
                let start = &text[..(self.start.len() + length).min(text.len())];
                self.show(&groups, (start, text), &mut record, visit)?;
                at = behind(start).unwrap_or_default();
                continue;
            }
            let next = groups.next.as_deref().map(|next| next.max(&at).to_vec());
            let next = next.filter(|next| end.as_ref().is_none_or(|end| next < end));
            let Some(next) = next else {
                return ControlFlow::Continue(());
            };
            groups = Arc::new(self.load(&next, end.as_deref()));
            at = next;
        }
    }

    fn each_row(
        &self,
        visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match self.exact_rows(visit)? {
            true => self.other_rows(visit),
            false => ControlFlow::Continue(()),
        }
    }

    fn places(&self) -> u64 {
        match self.listed {
            Some(_) => 0,
            None => self.entry.zone.places(),
        }
    }

    fn places_to(&self, name: &[u8]) -> u64 {
        let looks = 1 + u64::from(name == NAMELESS.as_bytes());
        match self.depth() + 1 < self.entry.labels() {
            true => looks * self.entry.zone.places(),
            false => 0,
        }
    }

    fn is_nested(&self) -> bool {
        self.entry.labels() > 1
    }

    fn columns(&self) -> Option<Vec<Column>> {
        Some(columns(self.entry))
    }

    fn outline(&self) -> Option<Node<'_>> {
        let total = (self.depth() == 0).then(|| self.entry.zone.len());
        Some(crate::status::table::outline(total, &self.columns()?))
    }
}

/// What comes behind all texts that begin with this one, which ends with [`END`]; nothing behind the empty one.
fn behind(start: &[u8]) -> Option<Vec<u8>> {
    let mut behind = start.to_vec();
    *behind.last_mut()? = BEHIND;
    Some(behind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::OnceLock;

    use proptest::prelude::*;

    use super::*;
    use crate::metric::{KeyWriter, Schema};
    use crate::os::SharedMemory;
    use crate::status::Value;
    use crate::zone::{Overflow, Zone};

    const BYTES: usize = 1 << 20;

    fn entry(labels: usize, keys: &[Vec<Vec<u8>>]) -> Entry {
        let schema = Schema::from_source(r#"[["",["count"]]]"#).unwrap();
        let names = (0..labels).map(|place| format!("l{place}")).collect();
        let schema = Arc::new(schema.with_labels(names));
        let memory = SharedMemory::heap(BYTES);
        let zone = Zone::create(&memory, BYTES, Arc::clone(&schema), &Overflow::default());
        let entry = Entry {
            itself: std::sync::Weak::new(),
            name: "z".to_owned(),
            zone: zone.unwrap(),
            schema,
            is_simple: true,
            registers: None,
            replaced: None,
            lasting: None,
            pushed: OnceLock::new(),
        };
        for parts in keys {
            let mut key = Vec::new();
            let mut writer = KeyWriter::new(&mut key);
            for part in parts {
                writer.part(|out| out.extend_from_slice(part));
            }
            writer.finish();
            entry.zone.update(&key, 1.0, Moment(1)).unwrap();
        }
        entry
    }

    /// All that is below a level: each key once, under the names that lead there.
    fn all(node: &Node<'_>, path: &mut Vec<String>, found: &mut BTreeMap<Vec<String>, u64>) {
        if let Some(Value::Integer(number)) = node.as_value() {
            assert_eq!(found.insert(path.clone(), *number), None, "{path:?}");
        }
        let Some(branch) = node.as_branch() else {
            return;
        };
        let mut children = 0;
        let _ = branch.each(&mut |name, child| {
            children += 1;
            path.push(String::from_utf8_lossy(name).into_owned());
            all(&child, path, found);
            path.pop();
            ControlFlow::Continue(())
        });
        assert_eq!(branch.count(), children);
    }

    fn listed(entry: &Entry, room: usize) -> BTreeMap<Vec<String>, u64> {
        let top = Level {
            room,
            ..Level::top(entry, Moment(2))
        };
        let mut found = BTreeMap::new();
        all(&Node::branch(top), &mut Vec::new(), &mut found);
        found
    }

    fn expected(keys: &[Vec<Vec<u8>>]) -> BTreeMap<Vec<String>, u64> {
        let mut expected = BTreeMap::new();
        for parts in keys
            .iter()
            .filter(|parts| parts.iter().any(|part| !part.is_empty()))
        {
            let names = parts
                .iter()
                .map(|part| String::from_utf8_lossy(part).into_owned());
            *expected.entry(names.collect()).or_default() += 1;
        }
        expected
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_level_shows_every_key_once_in_any_room(
            keys in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), any::<u8>()], 0..3), 3),
                0..60,
            ),
            room in prop_oneof![Just(0_usize), 1_usize..4000],
        ) {
            let entry = entry(3, &keys);
            let expected = expected(&keys);
            prop_assert_eq!(&listed(&entry, room), &expected);
            prop_assert_eq!(&listed(&entry, Grouping::ROOM), &expected);
            let mut rows = 0;
            let _ = Level::top(&entry, Moment(2)).each_row(&mut |_, _| {
                rows += 1;
                ControlFlow::Continue(())
            });
            prop_assert_eq!(rows, expected.len());
        }

        #[test]
        fn what_is_addressed_is_what_is_listed(
            keys in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3), 2), 1..20),
            other in prop::collection::vec(any::<u8>(), 1..3),
        ) {
            let entry = entry(2, &keys);
            let top = Node::branch(Level::top(&entry, Moment(2)));
            for parts in &keys {
                let count = keys.iter().filter(|one| one == &parts).count() as u64;
                let is_it = |node: Option<Node<'_>>| node.and_then(|node| node.as_value().map(Value::copied));
                prop_assert_eq!(top.find(parts, is_it), Some(Value::Integer(count)));
                let below = keys.iter().filter(|one| one[0] == parts[0]).count() as u64;
                let sum = top.find(&parts[..1], |node| {
                    let mut found = BTreeMap::new();
                    all(&node.unwrap(), &mut Vec::new(), &mut found);
                    found.values().sum::<u64>()
                });
                prop_assert_eq!(sum, below);
            }
            let has = keys.iter().any(|parts| parts[0] == other);
            prop_assert_eq!(top.find(&[other], |node| node.is_some()), has);
        }
    }
}
