//! The families of a zone, written to a page.
//!
//! Where keys are labels, a zone is written as it is listed, once for each of its metrics. Where each key
//! is a family, families are sorted, so all keys are in memory while they are written, which is meant for
//! zones that are pushed to, not for those that count whatever clients ask for.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use fancy_regex::Regex;

use super::super::metric::Entry;
use super::key_name::{Named, sanitised};
use super::series::Writer;
use crate::conf::Span;
use crate::metric::Metric;
use crate::status::prometheus::{
    PLACES, Page, Section, escape_label, is_metric_name, objections_to,
};
use crate::zone::Record;

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
    /// With more keys it is left out.
    pub most: u64,
    pub parts: Vec<Part>,
}

/// What keys are on the page.
#[derive(Clone)]
pub(super) enum Keys {
    /// The value of the one label.
    Label(String),
    /// Cut into labels by the groups of a pattern with these numbers and names.
    Split(Regex, Vec<(usize, String)>),
    /// Families.
    Families,
}

/// One metric of the zone.
pub(super) struct Part {
    /// What follows the name.
    suffix: String,
    kind: &'static str,
}

impl Keys {
    /// Whether they are written with this label.
    pub(super) fn has(&self, label: &str) -> bool {
        self.labels().any(|name| name == label)
    }

    fn labels(&self) -> impl Iterator<Item = &str> {
        let (one, many): (_, &[_]) = match self {
            Self::Label(name) => (Some(&**name), &[]),
            Self::Split(_, groups) => (None, groups),
            Self::Families => (None, &[]),
        };
        one.into_iter().chain(many.iter().map(|(_, name)| &**name))
    }

    /// Appends the labels of a key, without braces; false if it has none.
    fn append(&self, key: &[u8], out: &mut Vec<u8>) -> bool {
        let mut add = |name: &str, value: &[u8]| {
            if !out.is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_label(value, out);
            out.push(b'"');
        };
        match self {
            Self::Label(name) => add(name, key),
            Self::Split(regex, groups) => {
                let text = String::from_utf8_lossy(key);
                let Some(captures) = regex.captures(&*text).ok().flatten() else {
                    return false;
                };
                for (number, name) in groups {
                    let value = captures.get(*number).map_or("", |group| group.as_str());
                    add(name, value.as_bytes());
                }
            }
            Self::Families => return false,
        }
        true
    }
}

const HISTOGRAM: &str = "histogram";
const COUNTER: &str = "counter";

impl Part {
    pub(super) fn of(metric: &Metric) -> Self {
        let name = metric.name();
        let mode = metric.mode().words();
        Self {
            suffix: match name {
                "" => String::new(),
                name if is_metric_name(format!("_{name}").as_bytes()) => format!("_{name}"),
                name => format!("_{}", sanitised(name)),
            },
            kind: match mode.first().map(String::as_str) {
                Some("count") => COUNTER,
                Some(HISTOGRAM) => HISTOGRAM,
                _ => "gauge",
            },
        }
    }

    pub(super) fn is_histogram(&self) -> bool {
        self.kind == HISTOGRAM
    }

    /// The family's name where keys are labels.
    fn name(&self, start: &str) -> String {
        let name = format!("{start}{}", self.suffix);
        match self.kind {
            COUNTER if !name.ends_with("_total") => format!("{name}_total"),
            _ => name,
        }
    }
}

impl ZoneLine {
    /// What the page is to know before.
    pub(super) fn section(&self) -> Section {
        let family = |part: &Part| (part.name(&self.start), part.kind);
        Section {
            after: self.after,
            families: match self.keys {
                Keys::Families => Vec::new(),
                _ => self.parts.iter().map(family).collect(),
            },
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

    /// It takes as long as so many lines, unless keys are added meanwhile.
    pub(super) fn length(&self) -> usize {
        let keys = Some(self.entry.zone.len()).filter(|keys| *keys <= self.most);
        let keys = usize::try_from(keys.unwrap_or(0)).unwrap_or(usize::MAX);
        let cells = self.entry.schema.cells() + 2 * self.parts.len();
        let places = usize::try_from(self.entry.zone.places() / PLACES).unwrap_or(usize::MAX);
        let looks = places.saturating_mul(self.parts.len());
        keys.saturating_mul(cells).saturating_add(looks)
    }

    /// Writes all of it.
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let keys = self.entry.zone.len();
        let skipped = match self.keys {
            _ if keys > self.most => keys,
            Keys::Families => self.write_families(page)?,
            _ => self.write_labels(page)?,
        };
        page.skip(skipped)
    }

    /// Writes a family for each metric, with the keys as labels. Gives the number of keys left out, in
    /// part or as a whole.
    fn write_labels(&self, page: &mut Page<'_>) -> io::Result<u64> {
        let (mut writer, mut skipped) = (Writer::new(page), 0);
        let help = self.help.as_ref().map(String::as_bytes);
        for (place, part) in self.parts.iter().enumerate() {
            let name = part.name(&self.start);
            if !writer.family(&name, part.kind, help)? {
                skipped = self.entry.zone.len();
                continue;
            }
            let (mut key, mut labels, mut outcome) = (Vec::new(), Vec::new(), Ok(()));
            let mut left_out = 0;
            let _ = self.entry.zone.visit(&mut |record| {
                key.clear();
                record.write_name(&mut key);
                labels.clear();
                if !self.keys.append(&key, &mut labels) {
                    left_out += 1;
                    return ControlFlow::Continue(());
                }
                let is_distinct =
                    matches!(self.keys, Keys::Label(_)) && str::from_utf8(&key).is_ok();
                let reading = record.reading(&self.entry.schema, place, writer.now);
                outcome = writer.series(&labels, is_distinct, &reading);
                match outcome {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            outcome?;
            skipped = skipped.max(left_out);
        }
        Ok(skipped)
    }

    /// Writes the families of all keys. Gives the number of keys left out, in part or as a whole.
    fn write_families(&self, page: &mut Page<'_>) -> io::Result<u64> {
        let (rows, mut skipped) = self.rows();
        let mut writer = Writer::new(page);
        for family in rows.chunk_by(|one, other| one.named.name == other.named.name) {
            let help = self.help(family);
            let mut is_whole = true;
            for (place, part) in self.parts.iter().enumerate() {
                let name = format!("{}{}", family[0].named.name, part.suffix);
                if !writer.family(&name, part.kind, help.as_deref())? {
                    is_whole = false;
                    continue;
                }
                for row in family {
                    let reading = row.record.reading(&self.entry.schema, place, writer.now);
                    writer.series(row.named.text().as_bytes(), false, &reading)?;
                }
            }
            if !is_whole {
                skipped += family.len() as u64;
            }
        }
        Ok(skipped)
    }

    /// The keys that have names, sorted by name and then by key, each series once; and how many have none.
    fn rows(&self) -> (Vec<Row>, u64) {
        let (mut rows, mut skipped) = (Vec::new(), 0);
        let _ = self.entry.zone.visit(&mut |record| {
            match Named::of(&self.start, record.key()).filter(|named| self.allows(named)) {
                Some(named) => rows.push(Row {
                    named,
                    record: record.clone(),
                }),
                None => skipped += 1,
            }
            ControlFlow::Continue(())
        });
        let order = |row: &Row| (row.named.name.clone(), row.record.key().to_vec());
        rows.sort_by_cached_key(order);
        let (mut seen, before) = (HashSet::new(), rows.len());
        rows.retain(|row| seen.insert((row.named.name.clone(), row.named.identity())));
        skipped += (before - rows.len()) as u64;
        (rows, skipped)
    }

    /// A histogram has the label `le` for itself.
    fn allows(&self, named: &Named) -> bool {
        !named.has("le") || !self.parts.iter().any(Part::is_histogram)
    }

    /// The first text that is kept with a key of a family, else the one that was written for all.
    fn help(&self, family: &[Row]) -> Option<Vec<u8>> {
        let zone = &self.entry.zone;
        let mut help = Vec::new();
        let mut keys = family.iter().map(|row| row.record.key());
        let has_own = zone.has_help() && keys.any(|key| zone.help(key, &mut help));
        let common = || self.help.as_ref().map(|help| help.as_bytes().to_vec());
        has_own.then_some(help).or_else(common)
    }
}

/// A key that makes a series of a family.
struct Row {
    named: Named,
    record: Record,
}
