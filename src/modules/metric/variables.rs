//! `$metric_NAME`, `$metric_NAME_key`, `$metric_NAME_value` and `$metric_NAME_value_METRIC`:
//! updates and readings from anywhere that takes variables.
//!
//! A request remembers one key for each zone. Readings are never cached: each look is at the zone.

use std::sync::Arc;

use crate::conf::Span;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, Variable, VariableSpec};
use crate::metric::{KEY_LIMIT, VALUE_LIMIT, parse_value, split_pair};
use crate::zone::{Record, Update};

use super::registers::StandIn;
use super::zones::Entry;

/// What the reference says of them; their names are those of zones.
pub(super) const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "metric_*",
    doc: "`$metric_NAME`: assigned `KEY=VALUE` with `set`, it updates the zone NAME; it reads as what was assigned, or as what \
          `metric_readback` says. `$metric_NAME_key`: the key that the request updates or reads, which can be set. \
          `$metric_NAME_value`: what the zone holds for that key; assigned, it updates the key. \
          `$metric_NAME_value_METRIC`: of a complex zone, one of its metrics. All are what the zone holds at that moment: of an update that waits for \
          the zone (see `metric_zone`) nothing yet. In a zone with `labels` KEY is the parts with a blank between \
          each two; one that is empty, has blanks or begins with a quote is written as a string of JSON, and a text with another number of parts \
          is told in the error log and does nothing.",
    ..VARIABLE
}];

/// What `$metric_NAME` reads as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Readback {
    /// The pair as it was assigned.
    #[default]
    Assigned,
    /// The key with what the zone computed for it.
    Computed,
}

/// What a request remembers of a zone.
#[derive(Default)]
struct Remembered {
    key: Vec<u8>,
    pair: Vec<u8>,
}

struct ZoneVariable {
    entry: Arc<Entry>,
    remembered: StateIndex<Remembered>,
    part: Part,
}

/// Which of a zone's variables it is.
enum Part {
    Pair,
    Key,
    Value,
    /// The reading of the metric in this place.
    Metric(usize),
}

/// Offers the variables of a zone.
pub(super) fn offer(builder: &mut Builder<'_>, entry: &Arc<Entry>, span: Span) {
    if !is_name(&entry.name) {
        return;
    }
    let remembered = builder.state();
    let name = &entry.name;
    let mut parts = vec![
        (format!("metric_{name}"), Part::Pair),
        (format!("metric_{name}_key"), Part::Key),
        (format!("metric_{name}_value"), Part::Value),
    ];
    if !entry.is_simple {
        let metrics = entry.schema.metrics().iter().enumerate();
        let named = metrics.filter(|(_, metric)| is_name(metric.name()));
        let variable = |metric: &str| format!("metric_{name}_value_{metric}");
        parts.extend(named.map(|(place, one)| (variable(one.name()), Part::Metric(place))));
    }
    for (variable, part) in parts {
        let owner = match &part {
            Part::Metric(place) => {
                format!(
                    "metric \"{}\" of zone \"{name}\"",
                    entry.schema.metrics()[*place].name()
                )
            }
            _ => format!("zone \"{name}\""),
        };
        let source = ZoneVariable {
            entry: Arc::clone(entry),
            remembered,
            part,
        };
        let offered = builder
            .variables
            .offer(&variable, &owner, Some(span), Box::new(source));
        builder.diagnostics.check(offered);
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Variable for ZoneVariable {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        match self.part {
            Part::Pair => self.read_pair(request, out),
            Part::Key => {
                let key = self.key(request);
                self.entry.write_key(key, out);
                !key.is_empty()
            }
            Part::Value => self.read_value(request, None, out),
            Part::Metric(place) => self.read_value(request, Some(place), out),
        }
    }

    fn assign(&self, request: &mut Request, value: &[u8]) -> bool {
        match self.part {
            Part::Pair => self.assign_pair(request, value),
            Part::Key => {
                let mut key = self.read_key(value).unwrap_or_default();
                key.truncate(KEY_LIMIT);
                request.state(self.remembered).key = key;
            }
            Part::Value => self.assign_value(request, value),
            Part::Metric(_) => return false,
        }
        true
    }

    fn assignable(&self) -> bool {
        true
    }

    fn gives_way(&self) -> bool {
        false
    }
}

impl ZoneVariable {
    fn key<'r>(&self, request: &'r Request) -> &'r [u8] {
        request
            .state_if_any(self.remembered)
            .map_or(b"", |remembered| &remembered.key)
    }

    /// The key that a text stands for; a text with another number of parts than the zone has labels is told.
    fn read_key(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut key = Vec::new();
        if self.entry.read_key(text, &mut key) {
            return Some(key);
        }
        let (name, labels, text) = (&self.entry.name, self.entry.labels(), text.escape_ascii());
        log::error!("metric zone \"{name}\": \"{text}\" has not {labels} parts");
        None
    }

    fn read_pair(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let form = request
            .location
            .extra::<Readback>()
            .copied()
            .unwrap_or_default();
        if form == Readback::Assigned {
            let remembered = request.state_if_any(self.remembered);
            let pair = remembered.map_or(&b""[..], |remembered| &remembered.pair);
            out.extend_from_slice(pair);
            return !pair.is_empty();
        }
        let start = out.len();
        self.entry.write_key(self.key(request), out);
        out.push(b'=');
        let found = self.read_value(request, None, out);
        if !found {
            out.truncate(start);
        }
        found
    }

    fn read_value(&self, request: &mut Request, place: Option<usize>, out: &mut Vec<u8>) -> bool {
        let mut record = Record::default();
        let key = self.key(request);
        if key.is_empty() || !self.entry.zone.read(key, &mut record) {
            return false;
        }
        let now = request.moment();
        match place {
            Some(place) => record
                .reading(&self.entry.schema, place, now)
                .write_text(out),
            None => record.write_text(&self.entry.schema, now, out),
        }
        true
    }

    fn assign_pair(&self, request: &mut Request, pair: &[u8]) {
        let (text, value) = split_pair(pair);
        let Some(mut key) = self.read_key(text) else {
            return;
        };
        if key.is_empty() || !self.update(request, &key, value) {
            return;
        }
        key.truncate(KEY_LIMIT);
        let remembered = request.state(self.remembered);
        remembered.key = key;
        remembered.pair = pair.to_vec();
    }

    fn assign_value(&self, request: &mut Request, value: &[u8]) {
        let key = self.key(request).to_vec();
        if key.is_empty() || !self.update(request, &key, value) {
            return;
        }
        let mut pair = Vec::new();
        self.entry.write_key(&key, &mut pair);
        pair.push(b'=');
        pair.extend_from_slice(value);
        pair.truncate(KEY_LIMIT.max(VALUE_LIMIT));
        request.state(self.remembered).pair = pair;
    }

    /// True when the update was applied, be it to the discard key or soon.
    fn update(&self, request: &mut Request, key: &[u8], value: &[u8]) -> bool {
        let now = request.moment();
        let value = parse_value(value);
        let update = match self.entry.labels() {
            0 => self.entry.update(key, value, now),
            _ => (self.entry).update_parts(key, (value, now), &mut StandIn::default()),
        };
        update.is_some_and(|update| update != Update::Ignored)
    }
}
