//! What a metric of a key reads as, written as series.

use std::io;

use super::part::{Portion, Share};
use crate::metric::{Buckets, Moment, Reading};
use crate::os;
use crate::status::Value;
use crate::status::prometheus::{Format, Line, Page, Syntax, canonical_number, value_text};

/// Writes the readings of one family after the other.
pub(super) struct Writer<'p, 'o> {
    page: &'p mut Page<'o>,
    line: Line,
    /// The name of the family.
    name: String,
    /// The limits of its buckets as labels, with `+Inf` at the end.
    limits: Vec<String>,
    /// Whether what is written goes with the line before it.
    follows: bool,
    /// When the page is made.
    pub now: Moment,
}

impl<'p, 'o> Writer<'p, 'o> {
    pub(super) fn new(page: &'p mut Page<'o>) -> Self {
        Self {
            page,
            line: Line::default(),
            name: String::new(),
            limits: Vec::new(),
            follows: false,
            now: Moment(os::monotonic()),
        }
    }

    /// The form of the page.
    pub(super) fn format(&self) -> Format {
        self.page.format()
    }

    /// Goes on to another family of the metric called `name`; false if the page cannot have it. One that a
    /// client has named begins with `start`.
    pub(super) fn family(
        &mut self,
        start: Option<&str>,
        name: &str,
        share: &Share,
        kind: &str,
        help: Option<&[u8]>,
    ) -> io::Result<bool> {
        name.clone_into(&mut self.name);
        self.limits.clear();
        let name = format!("{name}{}", share.suffix);
        match start {
            Some(start) => self.page.open_family(start, &name, kind, help),
            None => self.page.new_family(&name, kind, help),
        }
    }

    /// Writes what a metric reads as under labels without braces; a histogram takes several lines, a
    /// metric without a value none.
    pub(super) fn series(
        &mut self,
        labels: &[u8],
        portion: Portion,
        reading: &Reading<'_>,
    ) -> io::Result<()> {
        match reading {
            Reading::Unset => Ok(()),
            Reading::Integer(value) => self.write("", labels, None, &Value::Integer(*value)),
            Reading::Float(value) => self.write("", labels, None, &Value::Float(*value)),
            Reading::Buckets(buckets) => self.histogram(labels, portion, buckets),
        }
    }

    fn histogram(
        &mut self,
        labels: &[u8],
        portion: Portion,
        buckets: &Buckets<'_>,
    ) -> io::Result<()> {
        if matches!(portion, Portion::All | Portion::Buckets) {
            self.buckets(labels, buckets)?;
        }
        // OpenMetrics takes a sum for a counter, which negative values would make fall, and wants no count
        // without one; the last bucket has it.
        if portion == Portion::All && self.format() == Format::OpenMetrics && buckets.sum() < 0.0 {
            return Ok(());
        }
        let has = |one| portion == Portion::All || portion == one;
        if has(Portion::Sum) {
            self.follows = portion == Portion::All;
            self.write("_sum", labels, None, &Value::Float(buckets.sum()))?;
        }
        if has(Portion::Count) {
            self.follows = portion == Portion::All;
            self.write("_count", labels, None, &Value::Integer(buckets.total()))?;
        }
        self.follows = false;
        Ok(())
    }

    fn buckets(&mut self, labels: &[u8], buckets: &Buckets<'_>) -> io::Result<()> {
        let is_finite = |(limit, _): &(f64, u64)| *limit < f64::INFINITY;
        let mut finite = buckets.ascending().filter(is_finite);
        if self.limits.is_empty() {
            let limits = finite.clone().map(|(limit, _)| limit);
            let format = self.page.format();
            self.limits = limits
                .chain([f64::INFINITY])
                .map(|limit| limit_label(limit, format))
                .collect();
        }
        let total = Value::Integer(buckets.total());
        for number in 0..self.limits.len() {
            let count = finite.next().map(|(_, count)| Value::Integer(count));
            let count = count.as_ref().unwrap_or(&total);
            // The first bucket speaks for all lines of a key.
            self.follows = number > 0;
            self.write("_bucket", labels, Some(number), count)?;
        }
        self.follows = false;
        Ok(())
    }

    fn write(
        &mut self,
        suffix: &str,
        labels: &[u8],
        limit: Option<usize>,
        value: &Value<'_>,
    ) -> io::Result<()> {
        let sample = &mut self.line.sample;
        sample.clear();
        sample.extend_from_slice(self.name.as_bytes());
        sample.extend_from_slice(suffix.as_bytes());
        self.line.follows = self.follows;
        // No other key has these labels.
        self.line.is_distinct = true;
        let limit = limit.map_or("", |number| &self.limits[number]);
        if !labels.is_empty() || !limit.is_empty() {
            sample.push(b'{');
            sample.extend_from_slice(labels);
            if !labels.is_empty() && !limit.is_empty() {
                sample.push(b',');
            }
            sample.extend_from_slice(limit.as_bytes());
            sample.push(b'}');
        }
        self.line.syntax = Syntax::Strict;
        self.line.value.clear();
        value_text(value, &mut self.line.value);
        self.page.line(&self.line)
    }
}

fn limit_label(limit: f64, format: Format) -> String {
    let mut text = Vec::new();
    match format {
        Format::Text => value_text(&Value::Float(limit), &mut text),
        Format::OpenMetrics => text.extend_from_slice(canonical_number(limit).as_bytes()),
    }
    format!("le=\"{}\"", String::from_utf8_lossy(&text))
}
