//! `metric_zone ZONE;` within a template: all keys of a zone, without a pattern for them.
//!
//! Its second word is no variable, which tells it from a metric that is called `metric_zone`. Without
//! `keys=families` the keys are labels and are written as the zone is listed. With it each key is a family
//! of its own; families are sorted, so all keys are in memory while the line is written, which is meant for
//! zones that are pushed to, not for those that count whatever clients ask for.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::metric::{self, Entry};
use super::key_name::{Named, sanitised};
use crate::conf::{Diagnostic, Directive, Word};
use crate::http::builder::Builder;
use crate::metric::{Metric, Moment, Reading};
use crate::os;
use crate::status::Value;
use crate::status::prometheus::{Line, Page, escape_label, is_metric_name, value_text};
use crate::zone::Record;

/// The line as written.
pub(super) struct WrittenZone {
    /// How many statements stand before it.
    pub after: usize,
    zone: Word,
    prefix: Option<Word>,
    has_families: bool,
}

/// Whether a line of a template is one of these.
pub(super) fn is_zone_line(directive: &Directive) -> bool {
    let second = directive.arguments.first();
    directive.name.text == "metric_zone" && second.is_some_and(|word| !word.text.starts_with('$'))
}

/// Reads a line for which [`is_zone_line`] holds.
pub(super) fn written(directive: &Directive, after: usize) -> Result<WrittenZone, Diagnostic> {
    let invalid = |word: &Word, message, help: &str| {
        Err(Diagnostic::error(word.span, message).with_help(help))
    };
    let mut zone = WrittenZone {
        after,
        zone: directive.arguments[0].clone(),
        prefix: None,
        has_families: false,
    };
    for word in &directive.arguments[1..] {
        if let Some(prefix) = word.strip_prefix("prefix=") {
            if !is_metric_name(prefix.text.as_bytes()) {
                let message = format!("\"{}\" cannot begin a metric name", prefix.text);
                return invalid(&prefix, message, NAME);
            }
            zone.prefix = Some(prefix);
        } else if let Some(keys) = word.strip_prefix("keys=") {
            if keys.text != "families" {
                let message = format!("unknown use of keys \"{}\"", keys.text);
                return invalid(
                    &keys,
                    message,
                    "expected keys=families, or nothing for labels",
                );
            }
            zone.has_families = true;
        } else {
            let message = format!("invalid parameter \"{}\"", word.text);
            return invalid(word, message, "expected keys=families or prefix=TEXT");
        }
    }
    Ok(zone)
}

const NAME: &str = "letters, digits, \"_\" and \":\", no digit first";

/// The line, ready to use.
pub(super) struct ZoneLine {
    entry: Arc<Entry>,
    /// What names begin with; with labels instead of families, the whole name.
    start: String,
    has_families: bool,
    parts: Vec<Part>,
}

/// One metric of the zone.
struct Part {
    /// What follows the name.
    suffix: String,
    kind: &'static str,
}

impl ZoneLine {
    /// Finds the zone and settles the names.
    pub(super) fn new(builder: &mut Builder<'_>, written: &WrittenZone) -> Option<Self> {
        let entry = metric::find_zone(builder, &written.zone.text, written.zone.span)?;
        let prefix = written.prefix.as_ref().map_or("", |prefix| &prefix.text);
        let start = if written.has_families {
            prefix.to_owned()
        } else {
            let whole = format!("{prefix}{}", entry.name);
            let name = match is_metric_name(whole.as_bytes()) {
                true => whole,
                false => format!("{prefix}{}", sanitised(&entry.name)),
            };
            if !is_metric_name(name.as_bytes()) {
                let message = format!("zone \"{}\" has no name for a metric", entry.name);
                let problem = Diagnostic::error(written.zone.span, message);
                builder
                    .diagnostics
                    .push(problem.with_help("add prefix=TEXT"));
                return None;
            }
            name
        };
        let parts = entry.schema.metrics().iter().map(Part::of).collect();
        Some(Self {
            entry,
            start,
            has_families: written.has_families,
            parts,
        })
    }

    /// At most so many lines it will have, unless keys are added meanwhile.
    pub(super) fn length(&self) -> usize {
        let keys = usize::try_from(self.entry.zone.len()).unwrap_or(usize::MAX);
        let cells = self.entry.schema.cells() + 2 * self.parts.len();
        keys.saturating_mul(cells)
    }

    /// Writes all of it.
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let skipped = if self.has_families {
            self.write_families(page)?
        } else {
            self.write_labels(page)?
        };
        match skipped {
            0 => Ok(()),
            skipped => page.comment(&format!("skipped {skipped}")),
        }
    }

    /// Writes a family for each metric, with the keys as labels. Gives the number of keys left out.
    fn write_labels(&self, page: &mut Page<'_>) -> io::Result<u64> {
        let (mut writer, mut skipped) = (Writer::new(page), 0);
        for (place, part) in self.parts.iter().enumerate() {
            let name = format!("{}{}", self.start, part.suffix);
            if !writer.page.new_family(&name, part.kind, None)? {
                skipped = self.entry.zone.len();
                continue;
            }
            let (mut key, mut label, mut outcome) = (Vec::new(), Vec::new(), Ok(()));
            let _ = self.entry.zone.visit(&mut |record| {
                key.clear();
                record.write_name(&mut key);
                label.clear();
                label.extend_from_slice(b"key=\"");
                escape_label(&key, &mut label);
                label.push(b'"');
                writer.line.is_distinct = str::from_utf8(&key).is_ok();
                let reading = record.reading(&self.entry.schema, place, writer.now);
                outcome = writer.series(&name, &label, &reading);
                match outcome {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            outcome?;
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
                if !writer.page.new_family(&name, part.kind, help.as_deref())? {
                    is_whole = false;
                    continue;
                }
                for row in family {
                    let reading = row.record.reading(&self.entry.schema, place, writer.now);
                    writer.series(&name, row.named.text().as_bytes(), &reading)?;
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
        !named.has("le") || self.parts.iter().all(|part| part.kind != HISTOGRAM)
    }

    /// The first text that is kept with a key of a family.
    fn help(&self, family: &[Row]) -> Option<Vec<u8>> {
        let zone = &self.entry.zone;
        let mut help = Vec::new();
        let mut keys = family.iter().map(|row| row.record.key());
        (zone.has_help() && keys.any(|key| zone.help(key, &mut help))).then_some(help)
    }
}

const HISTOGRAM: &str = "histogram";

impl Part {
    fn of(metric: &Metric) -> Self {
        let name = metric.name();
        let mode = metric.mode().words();
        Self {
            suffix: match name {
                "" => String::new(),
                name if is_metric_name(format!("_{name}").as_bytes()) => format!("_{name}"),
                name => format!("_{}", sanitised(name)),
            },
            kind: match mode.first().map(String::as_str) {
                Some("count") => "counter",
                Some(HISTOGRAM) => HISTOGRAM,
                _ => "gauge",
            },
        }
    }
}

/// A key that makes a series of a family.
struct Row {
    named: Named,
    record: Record,
}

/// Writes readings as series.
struct Writer<'p, 'o> {
    page: &'p mut Page<'o>,
    line: Line,
    now: Moment,
}

impl<'p, 'o> Writer<'p, 'o> {
    fn new(page: &'p mut Page<'o>) -> Self {
        Self {
            page,
            line: Line::default(),
            now: Moment(os::monotonic()),
        }
    }

    /// Writes what a metric reads as; a histogram takes several lines, a metric without a value none.
    fn series(&mut self, name: &str, labels: &[u8], reading: &Reading<'_>) -> io::Result<()> {
        let name = name.as_bytes();
        let buckets = match reading {
            Reading::Unset => return Ok(()),
            Reading::Integer(value) => return self.write(name, labels, &Value::Integer(*value)),
            Reading::Float(value) => return self.write(name, labels, &Value::Float(*value)),
            Reading::Buckets(buckets) => buckets,
        };
        let total = buckets.total();
        let finite = buckets
            .ascending()
            .filter(|(limit, _)| *limit < f64::INFINITY);
        let bucket = [name, b"_bucket"].concat();
        for (limit, count) in finite.chain([(f64::INFINITY, total)]) {
            let mut all = labels.to_vec();
            if !labels.is_empty() {
                all.push(b',');
            }
            all.extend_from_slice(b"le=\"");
            value_text(&Value::Float(limit), &mut all);
            all.push(b'"');
            self.write(&bucket, &all, &Value::Integer(count))?;
        }
        let sum = Value::Float(buckets.sum());
        self.write(&[name, b"_sum"].concat(), labels, &sum)?;
        self.write(&[name, b"_count"].concat(), labels, &Value::Integer(total))
    }

    fn write(&mut self, name: &[u8], labels: &[u8], value: &Value<'_>) -> io::Result<()> {
        let sample = &mut self.line.sample;
        sample.clear();
        sample.extend_from_slice(name);
        if !labels.is_empty() {
            sample.push(b'{');
            sample.extend_from_slice(labels);
            sample.push(b'}');
        }
        self.line.value.clear();
        value_text(value, &mut self.line.value);
        self.page.line(&self.line)
    }
}
