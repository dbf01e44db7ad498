//! The families of a zone, written to a page.
//!
//! Where keys are labels, a zone is written as it is listed, once for each of its metrics. Keys that come
//! to the same labels are one series, which is what all of them are together: those are listed by their
//! labels, in bounded memory.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::metric::Entry;
use super::keys::Keys;
use super::part::{Part, Share};
use super::series::Writer;
use crate::conf::Span;
use crate::http::message::stream::Reader;
use crate::status::prometheus::{PLACES, Page, Section, objections_to};
use crate::zone::{Group, Grouping, Groups, Record};

/// A zone's part of a page.
pub(super) struct ZoneLine {
    /// How many statements stand before it.
    pub after: usize,
    /// Where it is written.
    pub span: Span,
    pub entry: Arc<Entry>,
    /// What names begin with; where keys are labels, the whole name but for what the metric adds.
    pub start: String,
    pub keys: Keys,
    pub help: Option<String>,
    /// Whether metrics say themselves what they are, where nothing was written.
    pub has_own_help: bool,
    /// With more series of a metric it is left out; where keys are families, with more keys.
    pub most: u64,
    pub parts: Vec<Part>,
}

/// Looks now and then whether anybody still reads the page.
pub(super) struct Watch<'r> {
    reader: Option<&'r Reader>,
    keys: u32,
}

impl<'r> Watch<'r> {
    pub(super) fn over(reader: Option<&'r Reader>) -> Self {
        Self { reader, keys: 0 }
    }

    /// One more key; breaks once the reader has left.
    pub(super) fn key(&mut self) -> ControlFlow<()> {
        self.keys = self.keys.wrapping_add(1);
        let is_time = self.keys.is_multiple_of(256);
        match self.reader {
            Some(reader) if is_time && reader.has_left() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// What becomes of a page whose reader has left.
pub(super) fn left() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl ZoneLine {
    /// What the page is to know before.
    pub(super) fn section(&self) -> Section {
        let family = |part: &Part| (part.name(&self.start), part.kind);
        let is_open = matches!(self.keys, Keys::Families);
        Section {
            after: self.after,
            families: match is_open {
                true => Vec::new(),
                false => self.parts.iter().map(family).collect(),
            },
            is_open,
        }
    }

    /// What a style guide objects to.
    pub(super) fn objections(&self) -> Vec<String> {
        let labels: Vec<String> = self.keys.labels().map(str::to_owned).collect();
        let families = self.parts.iter().flat_map(|part| {
            let name = part.name(&self.start);
            objections_to(&name, Some(part.kind), self.help.as_deref(), &labels)
        });
        match self.keys {
            Keys::Families => Vec::new(),
            _ => families.collect(),
        }
    }

    /// What those who run it should know.
    pub(super) fn note(&self) -> Option<String> {
        let zone = &self.entry.name;
        let may_lack = self.parts.iter().any(Part::may_lack_sums);
        may_lack.then(|| {
            format!(
                "metric zone \"{zone}\": OpenMetrics pages leave out _sum and _count of a key whose sum is \
                 below 0, for it would be a counter that falls; with a limit below 0 they have all of them"
            )
        })
    }

    /// Whether making it takes much memory at a time when it is long.
    pub(super) fn is_heavy(&self) -> bool {
        matches!(self.keys, Keys::Families)
    }

    /// It takes as long as so many lines, unless keys are added meanwhile.
    pub(super) fn length(&self) -> usize {
        let is_left_out = |keys: &u64| *keys > self.most && !self.may_be_fewer();
        let keys = Some(self.entry.zone.len()).filter(|keys| !is_left_out(keys));
        let keys = usize::try_from(keys.unwrap_or(0)).unwrap_or(usize::MAX);
        let cells = self.entry.schema.cells() + 2 * self.parts.len();
        let places = usize::try_from(self.entry.zone.places() / PLACES).unwrap_or(usize::MAX);
        let looks = places.saturating_mul(self.parts.len());
        keys.saturating_mul(cells).saturating_add(looks)
    }

    /// Writes all of it.
    pub(super) fn write(&self, page: &mut Page<'_>, reader: Option<&Reader>) -> io::Result<()> {
        let keys = self.entry.zone.len();
        let skipped = match self.keys {
            _ if keys > self.most && self.has_too_many(page, reader)? => keys,
            Keys::Families => self.write_families(page, reader)?,
            _ => self.write_labels(page, reader)?,
        };
        page.skip(skipped)
    }

    /// Whether several keys may be one series.
    fn may_be_fewer(&self) -> bool {
        !self.keys.tell_apart() && !matches!(self.keys, Keys::Families)
    }

    /// Whether a zone of so many keys that each could be a series has too many series.
    fn has_too_many(&self, page: &mut Page<'_>, reader: Option<&Reader>) -> io::Result<bool> {
        if !self.may_be_fewer() {
            return Ok(true);
        }
        let writer = Writer::new(page);
        let grouping = self.grouping(&writer, false);
        let (mut series, mut from) = (0, Some(Box::default()));
        while let Some(start) = from {
            let groups = self.range(&grouping, &start, reader).ok_or_else(left)?;
            series += groups.all.len() as u64;
            from = groups.next.filter(|_| series <= self.most);
        }
        Ok(series > self.most)
    }

    /// The help of a metric's families, where no key has any of its own.
    pub(super) fn help(&self, part: &Part) -> Option<Vec<u8>> {
        let own = self.has_own_help.then(|| part.help());
        let help = self.help.as_deref().or(own)?;
        Some(help.as_bytes().to_vec())
    }

    /// Writes a family for each metric, with the keys as labels. Gives the number of keys left out, in
    /// part or as a whole.
    fn write_labels(&self, page: &mut Page<'_>, reader: Option<&Reader>) -> io::Result<u64> {
        let (mut writer, mut skipped) = (Writer::new(page), 0);
        let mut joined = Joined::default();
        for (place, part) in self.parts.iter().enumerate() {
            let (name, help) = (part.name(&self.start), self.help(part));
            for share in part.shares(writer.format()) {
                let kind = share.kind.unwrap_or(part.kind);
                if !writer.family(None, &name, share, kind, help.as_deref())? {
                    skipped = self.entry.zone.len();
                    continue;
                }
                let has_more = match self.keys.tell_apart() {
                    true => self.write_exact(&mut writer, (place, share))?,
                    false => true,
                };
                if has_more {
                    self.write_joined(&mut writer, (place, share), &mut joined, reader)?;
                }
                skipped = skipped.max(joined.nameless);
            }
        }
        Ok(skipped)
    }

    /// Writes the keys whose labels no other key can have; true if there are others.
    fn write_exact(
        &self,
        writer: &mut Writer<'_, '_>,
        (place, share): (usize, &Share),
    ) -> io::Result<bool> {
        let (mut key, mut labels) = (Vec::new(), Vec::new());
        let (mut outcome, mut has_others) = (Ok(()), false);
        let _ = self.entry.zone.visit(&mut |record| {
            key.clear();
            record.write_name(&mut key);
            if !self.keys.is_exact(&key) {
                has_others = true;
                return ControlFlow::Continue(());
            }
            labels.clear();
            self.keys.append(&key, &mut labels);
            let reading = record.reading(&self.entry.schema, place, writer.now);
            outcome = writer.series(&labels, share.portion, &reading);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        outcome.map(|()| has_others)
    }

    /// Writes the others, by their labels.
    fn write_joined(
        &self,
        writer: &mut Writer<'_, '_>,
        what: (usize, &Share),
        joined: &mut Joined,
        reader: Option<&Reader>,
    ) -> io::Result<()> {
        let grouping = self.grouping(writer, false);
        if let Some(groups) = &joined.whole {
            return self.write_groups(writer, what, &grouping, groups);
        }
        let mut from: Box<[u8]> = Box::default();
        loop {
            let groups = self.range(&grouping, &from, reader).ok_or_else(left)?;
            joined.nameless = match self.keys.tell_apart() {
                // Those were written already.
                true => 0,
                false => groups.nameless,
            };
            self.write_groups(writer, what, &grouping, &groups)?;
            match groups.next.clone() {
                Some(next) => from = next,
                None if from.is_empty() => {
                    joined.whole = Some(groups);
                    return Ok(());
                }
                None => return Ok(()),
            }
        }
    }

    fn range(
        &self,
        grouping: &Grouping<'_>,
        from: &[u8],
        reader: Option<&Reader>,
    ) -> Option<Groups> {
        let (mut watch, mut key) = (Watch::over(reader), Vec::new());
        grouping.range(from, None, &mut |record, labels| {
            watch.key()?;
            key.clear();
            record.write_name(&mut key);
            if self.keys.is_exact(&key) {
                return ControlFlow::Continue(false);
            }
            ControlFlow::Continue(self.keys.append(&key, labels))
        })
    }

    fn write_groups(
        &self,
        writer: &mut Writer<'_, '_>,
        (place, share): (usize, &Share),
        grouping: &Grouping<'_>,
        groups: &Groups,
    ) -> io::Result<()> {
        let mut record = Record::default();
        for (labels, group) in &groups.all {
            let reading = self.reading(grouping, place, group, &mut record);
            writer.series(labels, share.portion, &reading)?;
        }
        Ok(())
    }

    /// A listing of the zone by texts.
    pub(super) fn grouping(&self, writer: &Writer<'_, '_>, keeps_key: bool) -> Grouping<'_> {
        Grouping {
            zone: &self.entry.zone,
            schema: &self.entry.schema,
            now: writer.now,
            keeps_key,
            room: Grouping::ROOM,
        }
    }

    /// What a metric of keys reads as together.
    pub(super) fn reading<'r>(
        &'r self,
        grouping: &Grouping<'_>,
        place: usize,
        group: &Group,
        record: &'r mut Record,
    ) -> crate::metric::Reading<'r> {
        grouping.read(group, b"", record);
        record.reading(&self.entry.schema, place, grouping.now)
    }
}

/// Keys by their labels, as long as all of them are in memory.
#[derive(Default)]
struct Joined {
    whole: Option<Groups>,
    /// Keys without labels.
    nameless: u64,
}
