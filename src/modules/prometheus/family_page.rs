//! The families of a zone whose keys are families.
//!
//! They are written in the order of their names, which takes a listing of the zone by name, piece by piece:
//! as many families at a time as there is room for. A family too large for that is written in pieces
//! itself, once for each of its metrics.

use std::io;
use std::ops::ControlFlow;

use super::key_name::{BEHIND, Series};
use super::part::{Part, Share};
use super::series::Writer;
use super::zone_page::{Watch, ZoneLine, left};
use crate::http::message::stream::Reader;
use crate::status::prometheus::{Format, Page};
use crate::zone::{Group, Grouping, Groups, Record};

/// A series with what it is.
type Row<'g> = (Series<'g>, &'g Group);

/// The families of one zone on their way to a page.
struct FamilyPage<'l, 'r> {
    line: &'l ZoneLine,
    reader: Option<&'r Reader>,
    grouping: Grouping<'l>,
    /// Keys left out so far, in part or as a whole.
    skipped: u64,
}

impl ZoneLine {
    /// Writes the families of all keys. Gives the number of keys left out, in part or as a whole.
    pub(super) fn write_families(
        &self,
        page: &mut Page<'_>,
        reader: Option<&Reader>,
    ) -> io::Result<u64> {
        page.begin_open();
        let mut writer = Writer::new(page);
        let mut families = FamilyPage {
            line: self,
            reader,
            grouping: self.grouping(&writer, self.entry.zone.has_help()),
            skipped: 0,
        };
        families.write(&mut writer)?;
        Ok(families.skipped)
    }
}

impl<'l> FamilyPage<'l, '_> {
    fn write(&mut self, writer: &mut Writer<'_, '_>) -> io::Result<()> {
        let mut from: Box<[u8]> = Box::default();
        loop {
            let groups = self.range(&from, None)?;
            if from.is_empty() {
                self.skipped += groups.nameless;
            }
            let mut rows: Vec<Row<'_>> = rows(&groups).collect();
            let next = groups.next.as_deref().and_then(Series::read);
            let is_cut = |row: &Row<'_>| next.is_some_and(|next| next.name == row.0.name);
            let whole = rows.partition_point(|row| !is_cut(row));
            if let Some((cut, _)) = rows.first().filter(|_| whole == 0) {
                let name = cut.name.to_owned();
                drop(rows);
                drop(groups);
                from = self.write_large(writer, &name)?;
                continue;
            }
            let cut = rows.drain(whole..).next();
            for family in rows.chunk_by(|one, other| one.0.name == other.0.name) {
                self.write_family(writer, family)?;
            }
            from = match (cut, &groups.next) {
                (Some((cut, _)), _) => cut.name.as_bytes().into(),
                (None, Some(next)) => next.clone(),
                (None, None) => return Ok(()),
            };
        }
    }

    fn range(&self, from: &[u8], to: Option<&[u8]>) -> io::Result<Groups> {
        let line = self.line;
        let has_buckets = line.parts.iter().any(Part::is_histogram);
        // A histogram has the label to itself.
        let except = has_buckets.then_some("le");
        let mut watch = Watch::over(self.reader);
        let groups = self.grouping.range(from, to, &mut |record, text| {
            watch.key()?;
            ControlFlow::Continue(Series::write(&line.start, record.key(), except, text))
        });
        groups.ok_or_else(left)
    }

    /// Writes a family that is in memory.
    fn write_family(&mut self, writer: &mut Writer<'_, '_>, family: &[Row<'_>]) -> io::Result<()> {
        let Some((first, _)) = family.first() else {
            return Ok(());
        };
        let is_own = |row: &&Row<'_>| row.0.bent == first.bent;
        let own: Vec<&Row<'_>> = family.iter().filter(is_own).collect();
        let help = self.own_help(own.iter().map(|row| row.1));
        let (mut is_whole, format) = (true, writer.format());
        let parts = self.line.parts.iter().enumerate();
        for (part, share) in parts.flat_map(|part| shares(format, part)) {
            if !self.head(writer, first.name, (part.1, share), help.as_deref())? {
                is_whole = false;
                continue;
            }
            for row in &own {
                self.write_row(writer, (part.0, share), row)?;
            }
        }
        let left_out = family
            .iter()
            .filter(|row| !is_whole || row.0.bent != first.bent);
        self.skipped += left_out.map(|row| row.1.keys).sum::<u64>();
        Ok(())
    }

    /// Writes a family piece by piece. Gives what follows it.
    fn write_large(&mut self, writer: &mut Writer<'_, '_>, name: &str) -> io::Result<Box<[u8]>> {
        let end = [name.as_bytes(), &[BEHIND]].concat();
        let (mut is_whole, mut others, mut owned) = (true, 0, 0);
        let format = writer.format();
        let parts = self.line.parts.iter().enumerate();
        for (part, share) in parts.flat_map(|part| shares(format, part)) {
            (others, owned) = (0, 0);
            let (mut from, mut bent) = (Some(name.as_bytes().into()), None);
            let mut is_open = None;
            while let Some(start) = from.take() {
                let start: Box<[u8]> = start;
                let groups = self.range(&start, Some(&end))?;
                for row in rows(&groups) {
                    let owner = bent.get_or_insert_with(|| row.0.bent.to_vec());
                    let is_own = row.0.bent == *owner;
                    *(if is_own { &mut owned } else { &mut others }) += row.1.keys;
                    if is_open.is_none() {
                        let help = self.own_help(groups.all.values());
                        is_open =
                            Some(self.head(writer, name, (part.1, share), help.as_deref())?);
                    }
                    if is_own && is_open == Some(true) {
                        self.write_row(writer, (part.0, share), &row)?;
                    }
                }
                from = groups.next;
            }
            is_whole &= is_open != Some(false);
        }
        self.skipped += others + if is_whole { 0 } else { owned };
        Ok(end.into())
    }

    /// Begins a family, if the page can have it.
    fn head(
        &self,
        writer: &mut Writer<'_, '_>,
        start: &str,
        (part, share): (&Part, &Share),
        own: Option<&[u8]>,
    ) -> io::Result<bool> {
        let name = part.name_of_key(start);
        let common = self.line.help(part).filter(|_| own.is_none());
        let help = own.or(common.as_deref());
        let kind = share.kind.unwrap_or(part.kind);
        writer.family(Some(start), &name, share, kind, help)
    }

    fn write_row(
        &self,
        writer: &mut Writer<'_, '_>,
        (place, share): (usize, &Share),
        (series, group): &Row<'_>,
    ) -> io::Result<()> {
        let mut record = Record::default();
        let reading = self.line.reading(&self.grouping, place, group, &mut record);
        writer.series(series.labels, share.portion, &reading)
    }

    /// The first text that is kept with a key of a family.
    fn own_help<'g>(&self, groups: impl Iterator<Item = &'g Group>) -> Option<Vec<u8>> {
        let zone = &self.line.entry.zone;
        let mut help = Vec::new();
        let mut keys = groups.filter_map(|group| group.key.as_deref());
        keys.any(|key| zone.help(key, &mut help)).then_some(help)
    }
}

fn rows(groups: &Groups) -> impl Iterator<Item = Row<'_>> {
    let all = groups.all.iter();
    all.filter_map(|(text, group)| Some((Series::read(text)?, group)))
}

/// The families of a metric, each with it and its place.
fn shares(
    format: Format,
    part: (usize, &Part),
) -> impl Iterator<Item = ((usize, &Part), &'static Share)> {
    let shares = part.1.shares(format);
    shares.iter().map(move |share| (part, share))
}
