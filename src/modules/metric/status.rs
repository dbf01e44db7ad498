//! `/status/http/metric_zones/`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::http::build::builder::Builder;
use crate::metric::{Buckets, Metric, Moment, Reading};
use crate::os;
use crate::status::table::{self, Column};
use crate::status::{
    Branch, Mount, Named, Node,
    Since::{Now, Start, Zone as Kept},
    Value, node as row,
};
use crate::zone::{Grouping, Record};

use super::levels::Level;
use super::zones::Entry;
use crate::modules::shared_zone;

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "metric_zones"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "Zones of `metric_zone` and `metric_complex_zone`; absent where there are none.",
        ),
        row("{zone}", "", Now, "One zone."),
        row(
            "{zone}/discarded",
            "updates",
            Kept,
            "Updates that found no room, and keys that were dropped to make some.",
        ),
        row(
            "{zone}/metrics",
            "",
            Now,
            "Its keys. Any order; a key that is no UTF-8 is shown with replacements.",
        ),
        row(
            "{zone}/metrics/{key}",
            "as its mode says",
            Kept,
            "What the zone holds for a key: a number, or null before the first value; of a histogram, and of a complex zone, an object. In a zone with `labels` this is a level for each label, of objects by its values, and the key is what they lead to; in a path, an empty part is two quotes, and one that is no UTF-8 its bytes, percent-encoded.",
        ),
        row(
            "{zone}/metrics/{key}/{metric}",
            "as its mode says",
            Kept,
            "Of a complex zone: one of its metrics. Of a histogram: the samples up to a limit.",
        ),
        row(
            "{zone}/metrics/{key}/{metric}/{limit}",
            "samples",
            Kept,
            "Of a histogram in a complex zone: the samples up to a limit.",
        ),
        row(
            "{zone}/help",
            "",
            Now,
            "Texts that were pushed with keys; absent where there are none.",
        ),
        row("{zone}/help/{key}", "text", Kept, "The text of a key."),
        row(
            "{zone}/push",
            "",
            Now,
            "How `metric_push` goes; absent where it is not used.",
        ),
        row(
            "{zone}/push/updates",
            "changes",
            Start,
            "Changes that were made.",
        ),
        row(
            "{zone}/push/replayed",
            "requests",
            Start,
            "Requests that were repeated and changed nothing.",
        ),
        row(
            "{zone}/push/rejected",
            "requests",
            Start,
            "Requests that got nothing done.",
        ),
    ],
    within: &[("{zone}/state", shared_zone::STATE)],
};

/// Shows the zones, if there are any.
pub(super) fn mount(builder: &mut Builder<'_>, entries: &Arc<[Arc<Entry>]>) {
    if entries.is_empty() {
        return;
    }
    let zones = Named::new(Arc::clone(entries), name, |entry| Some(zone(entry)));
    builder.tree.mount(STATUS.path, Box::new(zones));
    shared_zone::mount(builder, entries);
}

fn name(entry: &Arc<Entry>) -> &[u8] {
    entry.name.as_bytes()
}

fn zone(entry: &Entry) -> Node<'_> {
    let mut members = vec![
        ("discarded", count(entry.zone.discarded())),
        ("metrics", keys(entry)),
    ];
    if entry.zone.has_help() {
        members.push(("help", Node::branch(Help(entry))));
    }
    if let Some(counts) = entry.pushed.get() {
        let counts = counts.read().map(|(name, value)| (name, count(value)));
        members.push(("push", Node::object(counts.into())));
    }
    members.extend(shared_zone::state(entry).map(|state| ("state", state)));
    Node::object(members)
}

/// All keys of a zone with their values.
pub(super) fn keys(entry: &Entry) -> Node<'_> {
    match entry.labels() {
        0 => Node::branch(Keys(entry)),
        _ => Node::branch(Level::top(entry, Moment(os::monotonic()))),
    }
}

fn count(value: u64) -> Node<'static> {
    Node::Value(Value::Integer(value))
}

/// The keys of a zone.
struct Keys<'a>(&'a Entry);

impl Branch for Keys<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut record = Record::default();
        let found = self.0.zone.read(name, &mut record);
        found.then(|| values(self.0, Cow::Owned(record), Moment(os::monotonic())))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut name, mut has_others) = (Vec::new(), false);
        let now = Moment(os::monotonic());
        self.0.zone.visit(&mut |record| {
            name.clear();
            record.write_name(&mut name);
            if !is_exact(&name) {
                has_others = true;
                return ControlFlow::Continue(());
            }
            visit(&name, values(self.0, Cow::Borrowed(record), now))
        })?;
        match has_others {
            true => self.each_inexact(now, visit),
            false => ControlFlow::Continue(()),
        }
    }

    fn places(&self) -> u64 {
        self.0.zone.places()
    }

    fn count(&self) -> u64 {
        self.0.zone.len()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        Some(columns(self.0))
    }
}

impl Keys<'_> {
    /// Shows the keys that are shown under a name which others may have as well: all of a name as one.
    fn each_inexact(
        &self,
        now: Moment,
        visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let grouping = Grouping {
            zone: &self.0.zone,
            schema: &self.0.schema,
            now,
            keeps_key: false,
            room: Grouping::ROOM,
        };
        let (mut next, mut name, mut record) =
            (Some(Box::default()), Vec::new(), Record::default());
        while let Some(from) = next {
            let groups = grouping.range(&from, None, &mut |record, shown| {
                name.clear();
                record.write_name(&mut name);
                shown.extend_from_slice(String::from_utf8_lossy(&name).as_bytes());
                ControlFlow::Continue(!is_exact(&name))
            });
            let groups = groups.unwrap_or_default();
            for (shown, group) in &groups.all {
                grouping.read(group, shown, &mut record);
                visit(shown, values(self.0, Cow::Borrowed(&record), now))?;
            }
            next = groups.next;
        }
        ControlFlow::Continue(())
    }
}

/// Whether no other name is shown as this one is: nothing of it is ill-formed, nor looks so.
pub(super) fn is_exact(name: &[u8]) -> bool {
    let is_replacement = |three: &[u8]| three == "\u{fffd}".as_bytes();
    name.is_ascii() || str::from_utf8(name).is_ok() && !name.windows(3).any(is_replacement)
}

/// What a zone keeps for a key.
pub(super) fn values<'a>(entry: &'a Entry, record: Cow<'a, Record>, now: Moment) -> Node<'a> {
    let values = Values { entry, record, now };
    if !entry.is_simple {
        return Node::branch(values);
    }
    match values.reading(0) {
        Reading::Buckets(_) => Node::branch(OneHistogram(values)),
        reading => leaf(&reading),
    }
}

/// The metrics of a key, by name.
struct Values<'a> {
    entry: &'a Entry,
    record: Cow<'a, Record>,
    now: Moment,
}

impl Values<'_> {
    fn reading(&self, place: usize) -> Reading<'_> {
        self.record.reading(&self.entry.schema, place, self.now)
    }

    fn metric(&self, place: usize) -> Node<'_> {
        match self.reading(place) {
            Reading::Buckets(buckets) => Node::branch(Histogram(buckets)),
            reading => leaf(&reading),
        }
    }
}

impl Branch for Values<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        Some(self.metric(self.entry.schema.position(name)?))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut metrics = self.entry.schema.metrics().iter().enumerate();
        metrics.try_for_each(|(place, metric)| visit(metric.name().as_bytes(), self.metric(place)))
    }
}

/// The buckets of a metric, by their limits.
struct Histogram<'a>(Buckets<'a>);

impl Branch for Histogram<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        self.0.find(name).map(count)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut buckets = self.0.iter();
        buckets.try_for_each(|(name, value)| visit(name.as_bytes(), count(value)))
    }

    fn rank(&self, part: &[u8]) -> Option<f64> {
        if part.is_empty() {
            return Some(self.0.total() as f64);
        }
        match str::from_utf8(part).ok().and_then(table::percentile) {
            Some(percentile) => self.0.quantile(percentile),
            None => Some(self.0.find(part)? as f64),
        }
    }
}

/// The same of the only metric of a key.
struct OneHistogram<'a>(Values<'a>);

impl OneHistogram<'_> {
    fn histogram(&self) -> Option<Histogram<'_>> {
        match self.0.reading(0) {
            Reading::Buckets(buckets) => Some(Histogram(buckets)),
            _ => None,
        }
    }
}

impl Branch for OneHistogram<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let Histogram(buckets) = self.histogram()?;
        buckets.find(name).map(count)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        match self.histogram() {
            Some(histogram) => histogram.each(visit),
            None => ControlFlow::Continue(()),
        }
    }

    fn rank(&self, part: &[u8]) -> Option<f64> {
        self.histogram()?.rank(part)
    }
}

fn leaf(reading: &Reading<'_>) -> Node<'static> {
    match reading {
        Reading::Integer(value) => count(*value),
        Reading::Float(value) => Node::Value(Value::Float(*value)),
        Reading::Buckets(_) | Reading::Unset => Node::Value(Value::Null),
    }
}

pub(super) fn columns(entry: &Entry) -> Vec<Column> {
    let metrics = entry.schema.metrics().iter();
    let column = |metric: &Metric| {
        let mode = metric.mode().words().join(" ");
        match entry.is_simple {
            true => Column::only(mode),
            false => Column::of(metric.name().to_owned(), mode),
        }
    };
    metrics.map(column).collect()
}

/// The texts of those keys that have one; of keys that are shown alike, the first one's.
struct Help<'a>(&'a Entry);

impl Help<'_> {
    fn of_key(&self, key: &[u8]) -> Option<Node<'static>> {
        let mut text = Vec::new();
        let found = self.0.zone.help(key, &mut text);
        found.then(|| Node::text(text))
    }
}

impl Branch for Help<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut key = Vec::new();
        let is_key = self.0.read_key(name, &mut key);
        is_key.then(|| self.of_key(&key))?
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut inexact, mut name) = (HashSet::new(), Vec::new());
        self.0.zone.visit(&mut |record| {
            let Some(text) = self.of_key(record.key()) else {
                return ControlFlow::Continue(());
            };
            name.clear();
            self.0.write_key(record.key(), &mut name);
            let shown = String::from_utf8_lossy(&name);
            match is_exact(&name) || inexact.insert(shown.into_owned()) {
                true => visit(&name, text),
                false => ControlFlow::Continue(()),
            }
        })
    }

    fn places(&self) -> u64 {
        self.0.zone.places()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        Some(vec![Column::only("text")])
    }

    /// How many there are would have to be counted.
    fn outline(&self) -> Option<Node<'_>> {
        Some(table::outline(None, &self.columns()?))
    }
}
