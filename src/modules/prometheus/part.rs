//! The metrics of a zone as families of a page.

use super::key_name::sanitised;
use crate::metric::{MODES, Metric, Moment, Reading};
use crate::status::prometheus::{Format, is_metric_name};

/// One metric of a zone.
pub(super) struct Part {
    /// What follows the name.
    suffix: String,
    pub kind: &'static str,
    /// What it is for a reader, where nobody wrote anything.
    help: String,
    /// Whether it is a histogram with a limit below 0.
    is_below: bool,
}

/// A family of a metric, which may have several.
pub(super) struct Share {
    /// What follows the metric's name.
    pub suffix: &'static str,
    pub kind: Option<&'static str>,
    pub portion: Portion,
}

/// What a family has of its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Portion {
    All,
    Buckets,
    Sum,
    Count,
}

const WHOLE: &[Share] = &[Share {
    suffix: "",
    kind: None,
    portion: Portion::All,
}];

/// OpenMetrics takes a sum for a counter, which negative values would make fall.
const APART: &[Share] = &[
    Share {
        suffix: "_bucket",
        kind: Some("unknown"),
        portion: Portion::Buckets,
    },
    Share {
        suffix: "_sum",
        kind: Some("unknown"),
        portion: Portion::Sum,
    },
    Share {
        suffix: "_count",
        kind: Some("unknown"),
        portion: Portion::Count,
    },
];

const HISTOGRAM: &str = "histogram";
const COUNTER: &str = "counter";

impl Part {
    /// A metric of this zone.
    pub(super) fn of(zone: &str, metric: &Metric) -> Self {
        let name = metric.name();
        let mode = metric.mode().words();
        let word = mode.first().map_or("", String::as_str);
        Self {
            suffix: match name {
                "" => String::new(),
                name if is_metric_name(format!("_{name}").as_bytes()) => format!("_{name}"),
                name => sanitised(&format!("_{name}")),
            },
            kind: match word {
                "count" => COUNTER,
                HISTOGRAM => HISTOGRAM,
                _ => "gauge",
            },
            help: help(zone, name, word),
            is_below: is_below(metric),
        }
    }

    pub(super) fn is_histogram(&self) -> bool {
        self.kind == HISTOGRAM
    }

    /// Whether OpenMetrics may have to leave out what it cannot say.
    pub(super) fn may_lack_sums(&self) -> bool {
        self.is_histogram() && !self.is_below
    }

    /// The families it makes.
    pub(super) fn shares(&self, format: Format) -> &'static [Share] {
        match self.is_below && format == Format::OpenMetrics {
            true => APART,
            false => WHOLE,
        }
    }

    /// The family's name where keys are labels.
    pub(super) fn name(&self, start: &str) -> String {
        let name = self.name_of_key(start);
        match self.kind {
            COUNTER if !name.ends_with("_total") => format!("{name}_total"),
            _ => name,
        }
    }

    /// The family's name where a key is `start`.
    pub(super) fn name_of_key(&self, start: &str) -> String {
        format!("{start}{}", self.suffix)
    }

    /// What it is, in a sentence.
    pub(super) fn help(&self) -> &str {
        &self.help
    }
}

/// Whether values below 0 are expected: a limit says so.
fn is_below(metric: &Metric) -> bool {
    let cells: Vec<u64> = metric.initial().collect();
    match metric.mode().read(&cells, Moment(0)) {
        Reading::Buckets(buckets) => buckets.ascending().any(|(limit, _)| limit < 0.0),
        _ => false,
    }
}

fn help(zone: &str, metric: &str, mode: &str) -> String {
    let spec = MODES.iter().find(|spec| spec.name == mode);
    let doc = spec.map_or("", |spec| spec.doc);
    let doc = doc.find(". ").map_or(doc, |end| &doc[..=end]);
    match metric {
        "" => format!("Metric zone \"{zone}\": {doc}"),
        metric => format!("Metric zone \"{zone}\", metric \"{metric}\": {doc}"),
    }
}
