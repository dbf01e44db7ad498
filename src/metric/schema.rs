//! A zone's metrics: their names, their modes, and the place of their cells.
//!
//! Two texts come from a schema. The *identity* of a metric (name, mode, and what its cells mean) decides
//! on reload whether its values are kept; a factor or the length of a window is not part of it. The
//! *source* is the whole schema, stored beside the data, so that a process of an older configuration can
//! go on counting after a newer one has changed the zone.

use std::ops::Range;

use super::Moment;
use super::mode::{Mode, Problem, Words, add_one, stored_mode};
use super::parts::MOST_LABELS;
use super::reading::Reading;
use crate::os::atomic::AtomicU64;

/// The metrics of one zone, in configured order.
#[derive(Debug)]
pub struct Schema {
    labels: Vec<String>,
    metrics: Vec<Metric>,
    cells: usize,
    /// Whether there is one metric, and that only counts.
    only_counts: bool,
}

/// One metric of a zone.
#[derive(Debug)]
pub struct Metric {
    name: String,
    mode: Box<dyn Mode>,
    cells: Range<usize>,
}

/// A stored schema that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Not the form [`Schema::source`] writes.
    #[error("not a list of metrics")]
    Malformed,
    /// A metric in it is not one.
    #[error("metric \"{name}\": {}", problem.message)]
    Metric {
        /// The metric's name.
        name: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

impl Schema {
    /// The schema of a zone with one metric, which has no name of its own.
    pub fn simple(mode: Box<dyn Mode>) -> Self {
        Self::complex([(String::new(), mode)])
    }

    /// The schema of a zone with named metrics.
    pub fn complex(metrics: impl IntoIterator<Item = (String, Box<dyn Mode>)>) -> Self {
        let mut schema = Self {
            labels: Vec::new(),
            metrics: Vec::new(),
            cells: 0,
            only_counts: false,
        };
        for (name, mode) in metrics {
            let end = schema.cells.saturating_add(mode.cells());
            let cells = schema.cells..end;
            schema.metrics.push(Metric { name, mode, cells });
            schema.cells = end;
        }
        let modes = &schema.metrics;
        schema.only_counts = matches!(&modes[..], [only] if only.mode.only_counts());
        schema
    }

    /// The schema of a zone whose cells some feature uses by itself, so many for each key, all zero in the
    /// beginning. The name says which feature: equal names and counts, equal meaning.
    pub fn words(name: &str, count: usize) -> Self {
        let words: Box<dyn Mode> = Box::new(Words(count));
        Self::complex([(name.to_owned(), words)])
    }

    /// Reads what [`Schema::source`] wrote.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn from_source(source: &str) -> Result<Self, SchemaError> {
        let (labels, rows) = read_source(source)?;
        let mut metrics = Vec::with_capacity(rows.len());
        for (name, words) in rows {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match stored_mode(&words) {
                Ok(mode) => metrics.push((name, mode)),
                Err(problem) => return Err(SchemaError::Metric { name, problem }),
            }
        }
        Ok(Self::complex(metrics).with_labels(labels))
    }

    /// The same for keys that have a part for each of these labels; without labels, keys have no parts.
    pub fn with_labels(self, labels: Vec<String>) -> Self {
        Self { labels, ..self }
    }

    /// The names of the parts of keys, if these have parts.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether keys of the schema `older` are keys of this one: each label stays where it was, maybe under another
    /// name, and new ones come behind the others.
    pub fn continues_keys_of(&self, older: &Self) -> bool {
        let (labels, older) = (&self.labels, &older.labels);
        if labels.is_empty() || older.is_empty() {
            return labels == older;
        }
        let mut each = older.iter().enumerate();
        older.len() <= labels.len()
            && each.all(|(place, name)| {
                let now = labels.iter().position(|label| label == name);
                now.is_none_or(|now| now == place)
            })
    }

    /// The whole schema as text, parameters included.
    pub fn source(&self) -> String {
        let row = |metric: &Metric| (metric.name.clone(), metric.mode.words());
        let rows: Rows = self.metrics.iter().map(row).collect();
        match self.labels.is_empty() {
            true => serde_json::json!(rows),
            false => serde_json::json!({"labels": self.labels, "metrics": rows}),
        }
        .to_string()
    }

    /// Whether some feature uses the cells by itself.
    pub fn is_words(&self) -> bool {
        self.metrics.iter().any(|metric| metric.mode.is_words())
    }

    /// What all metrics' cells mean, as one text: equal texts, equal cells.
    pub fn identity(&self) -> String {
        self.metrics
            .iter()
            .map(|metric| metric.identity() + "\n")
            .collect()
    }

    /// The metrics in configured order.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The place of the metric called `name`.
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        self.metrics
            .iter()
            .position(|metric| metric.name.as_bytes() == name)
    }

    /// Cells one key needs.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// The cells of a key as a file has them, which may be those of the first version; nothing if they are of
    /// another schema.
    pub fn of_file(&self, cells: Vec<u64>) -> Option<Vec<u64>> {
        if cells.len() == self.cells {
            return Some(cells);
        }
        let former = self.metrics.iter().map(|metric| metric.mode.former_cells());
        if cells.len() != former.clone().sum::<usize>() {
            return None;
        }
        let mut all = Vec::with_capacity(self.cells);
        let mut rest = cells.as_slice();
        for (metric, count) in self.metrics.iter().zip(former) {
            let (own, others) = rest.split_at(count);
            all.extend_from_slice(own);
            all.extend(metric.initial().skip(count));
            rest = others;
        }
        Some(all)
    }

    /// What each cell holds before the first sample, in order.
    pub fn initial(&self) -> impl Iterator<Item = u64> + '_ {
        self.metrics.iter().flat_map(Metric::initial)
    }

    /// Feeds `value` to every metric; `cells` are those of one key.
    #[inline]
    pub fn record(&self, cells: &[AtomicU64], value: f64, now: Moment) {
        if !self.try_count(cells) {
            self.record_each(cells, value, now);
        }
    }

    /// The same if there is one metric and it only counts; false, and nothing done, if not.
    #[inline(always)]
    pub fn try_count(&self, cells: &[AtomicU64]) -> bool {
        if self.only_counts {
            add_one(cells);
        }
        self.only_counts
    }

    fn record_each(&self, cells: &[AtomicU64], value: f64, now: Moment) {
        if let [only] = &self.metrics[..] {
            return only.mode.record(cells, value, now);
        }
        for metric in &self.metrics {
            metric.mode.record(&cells[metric.cells.clone()], value, now);
        }
    }

    /// Merges the cells of a discarded key into those of the discard key, `into`.
    pub fn fold(&self, into: &[AtomicU64], discarded: &[u64], now: Moment) {
        for metric in &self.metrics {
            let cells = metric.cells.clone();
            metric
                .mode
                .fold(&into[cells.clone()], &discarded[cells], now);
        }
    }

    /// The cells of what came after `before`, for [`Schema::fold`].
    pub fn since(&self, now: &[u64], before: &[u64]) -> Vec<u64> {
        let part = |metric: &Metric| {
            let cells = metric.cells.clone();
            metric.mode.since(&now[cells.clone()], &before[cells])
        };
        self.metrics.iter().flat_map(part).collect()
    }

    /// What the metric at `place` reads as, given a copy of all cells of one key.
    pub fn read<'a>(&'a self, place: usize, cells: &'a [u64], now: Moment) -> Reading<'a> {
        self.metrics[place].read(cells, now)
    }
}

/// Metrics as they are written down: a name and the words of a mode.
type Rows = Vec<(String, Vec<String>)>;

/// The labels and metrics of a source, which is a list of metrics where there are no labels.
fn read_source(source: &str) -> Result<(Vec<String>, Rows), SchemaError> {
    let malformed = |_| SchemaError::Malformed;
    if !source.starts_with('{') {
        let rows = serde_json::from_str(source).map_err(malformed)?;
        return Ok((Vec::new(), rows));
    }
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(source).map_err(malformed)?;
    let mut member = |name| members.remove(name).unwrap_or_default();
    let labels: Vec<String> = serde_json::from_value(member("labels")).map_err(malformed)?;
    let rows = serde_json::from_value(member("metrics")).map_err(malformed)?;
    match (1..=MOST_LABELS).contains(&labels.len()) {
        true => Ok((labels, rows)),
        false => Err(SchemaError::Malformed),
    }
}

impl Metric {
    /// Its name; empty for the one metric of a simple zone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its samples aggregate.
    pub fn mode(&self) -> &dyn Mode {
        &*self.mode
    }

    /// Its part of a key's cells.
    pub fn cells(&self) -> Range<usize> {
        self.cells.clone()
    }

    /// Its name and what its cells mean; equal texts keep their values on reload.
    pub fn identity(&self) -> String {
        format!("{:?} {}", self.name, self.mode.identity())
    }

    /// What its cells hold before the first sample.
    pub fn initial(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.mode.cells()).map(|cell| self.mode.initial(cell))
    }

    /// What it reads as, given a copy of all cells of one key.
    pub fn read<'a>(&'a self, cells: &'a [u64], now: Moment) -> Reading<'a> {
        self.mode.read(&cells[self.cells.clone()], now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mode::parse_words;
    use super::*;

    fn schema(rows: &[(&str, &[&str])]) -> Schema {
        let row = |(name, words): &(&str, &[&str])| (name.to_string(), parse_words(words).unwrap());
        Schema::complex(rows.iter().map(row))
    }

    #[test]
    fn cells_of_the_first_version_are_understood() {
        let schema = schema(&[
            ("a", &["count"]),
            ("h", &["histogram", "1", "2"]),
            ("b", &["count"]),
        ]);
        let now = vec![1, 2, 3, 4, 5, 6];
        assert_eq!(schema.of_file(now.clone()), Some(now));
        let former = vec![1, 2, 3, 4, 6];
        assert_eq!(schema.of_file(former), Some(vec![1, 2, 3, 4, 0, 6]));
        assert_eq!(schema.of_file(vec![1; 4]), None);
    }

    const ALL: &[(&str, &[&str])] = &[
        ("c", &["count"]),
        ("g \"q\"\n", &["gauge"]),
        ("l", &["last"]),
        ("n", &["min"]),
        ("x", &["max"]),
        ("e", &["average exp", "factor=50"]),
        ("m", &["average mean", "count=3", "window=1500"]),
        ("o", &["average mean"]),
        ("h", &["histogram", "0x10", "+Inf", "nan", " 5"]),
    ];

    #[test]
    fn a_schema_survives_being_written_down() {
        let first = schema(ALL);
        let second = Schema::from_source(&first.source()).unwrap();
        assert_eq!(first.source(), second.source());
        assert_eq!(first.identity(), second.identity());
        assert_eq!(first.cells(), second.cells());
    }

    #[test]
    fn cells_lie_one_after_another() {
        let schema = schema(ALL);
        let mut next = 0;
        for metric in schema.metrics() {
            assert_eq!(metric.cells().start, next);
            next = metric.cells().end;
        }
        assert_eq!(schema.cells(), next);
        assert_eq!(schema.initial().count(), next);
        assert_eq!(schema.position(b"m"), Some(6));
        assert_eq!(schema.position(b"zz"), None);
    }

    #[test]
    fn only_what_changes_the_cells_changes_the_identity() {
        let same = |left: &[&str], right: &[&str]| {
            schema(&[("a", left)]).identity() == schema(&[("a", right)]).identity()
        };
        assert!(same(&["average", "exp", "factor=1"], &["average exp"]));
        assert!(same(
            &["average mean", "window=1s"],
            &["average mean", "window=5m"]
        ));
        assert!(!same(&["average mean", "window=1s"], &["average mean"]));
        assert!(!same(&["average mean", "count=3"], &["average mean"]));
        assert!(same(
            &["histogram", "1", "inf"],
            &["histogram", "1.0", "+Inf"]
        ));
        assert!(same(&["histogram", "1", "2"], &["histogram", "2", "1"]));
        assert!(!same(&["min"], &["max"]));
    }

    #[test]
    fn labels_survive_being_written_down() {
        let labels = vec!["method".to_owned(), "host".to_owned()];
        let first = schema(ALL).with_labels(labels);
        let second = Schema::from_source(&first.source()).unwrap();
        assert_eq!(first.source(), second.source());
        assert_eq!(second.labels(), first.labels());
        assert_eq!(first.identity(), schema(ALL).identity());
        for source in [
            "{}",
            "{\"labels\":[],\"metrics\":[]}",
            "{\"labels\":[\"a\"]}",
        ] {
            assert!(Schema::from_source(source).is_err(), "{source}");
        }
    }

    #[test]
    fn labels_may_be_called_otherwise_and_come_behind() {
        let of = |labels: &str| {
            let labels = labels.split_whitespace().map(str::to_owned);
            schema(&[("a", &["count"])]).with_labels(labels.collect())
        };
        for (older, newer, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
            ("a b", "a b", true),
            ("a b", "a b c", true),
            ("a b", "a x", true),
            ("a b", "x y z", true),
            ("a b", "b a", false),
            ("a b", "x a b", false),
            ("a b", "a x b", false),
            ("a b", "a", false),
        ] {
            let continues = of(newer).continues_keys_of(&of(older));
            assert_eq!(continues, expected, "{older:?} to {newer:?}");
        }
    }

    #[test]
    fn words_are_stored_like_a_mode_and_can_be_named_by_nobody() {
        let words = Schema::words("sessions", 9);
        let stored = Schema::from_source(&words.source()).unwrap();
        assert_eq!((stored.cells(), stored.identity()), (9, words.identity()));
        assert_ne!(words.identity(), Schema::words("windows", 9).identity());
        assert_ne!(words.identity(), Schema::words("sessions", 8).identity());
        assert!(stored.initial().all(|cell| cell == 0));
        assert!(parse_words(&["words", "9"]).is_err());
        assert!(Schema::from_source("[[\"a\",[\"words\",\"65537\"]]]").is_err());
    }

    #[test]
    fn nonsense_is_no_schema() {
        for source in ["", "{}", "[1]", "[[\"a\",[]]]", "[[\"a\",[\"mode\"]]]"] {
            assert!(Schema::from_source(source).is_err(), "{source}");
        }
    }
}
