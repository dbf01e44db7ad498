//! Prometheus pages as finished clients understand them: the parsers of `prometheus_client`, and
//! `promtool`. `t/run` installs both.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::client::{self, Connection, Response};
use super::{PATIENCE, Running};

/// The Python that `t/run` makes, with `prometheus_client`.
pub(crate) const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/clients/bin/python3");

/// The two texts a scraper can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    OpenMetrics,
}

impl Form {
    pub(crate) const BOTH: [Self; 2] = [Self::Text, Self::OpenMetrics];

    /// What asks for it.
    pub(crate) fn accept(self) -> &'static str {
        match self {
            Self::Text => "text/plain;version=0.0.4",
            Self::OpenMetrics => "application/openmetrics-text;version=1.0.0",
        }
    }

    /// Asks for a page in this form.
    pub(crate) fn get(self, running: &Running, target: &str) -> Response {
        let accept = ("Accept".to_owned(), self.accept().to_owned());
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        let request = client::head("GET", target, &[accept], None);
        connection.send(&request).unwrap();
        let response = connection.receive("GET").unwrap();
        assert_eq!(response.status, 200, "{target}");
        let kind = response.header("content-type").unwrap_or_default();
        let started = self.accept().split(';').next().unwrap();
        assert!(kind.starts_with(started), "{target}: {kind}, not {self:?}");
        response
    }
}

/// A sample: its name, and its labels by name.
pub(crate) type Series = (String, BTreeMap<String, String>);

/// A family, its samples in the order of the page.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<(Series, f64)>,
}

/// Reads a page with `prometheus_client`, for OpenMetrics with its strict parser.
pub(crate) fn families(form: Form, page: &[u8]) -> Result<Vec<Family>, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/parse.py");
    let form = match form {
        Form::Text => "text",
        Form::OpenMetrics => "openmetrics",
    };
    let output = feed(Command::new(PYTHON).args([script, form]), page);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(said.lines().last().unwrap_or_default().to_owned());
    }
    let families: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    Ok(families.iter().map(family).collect())
}

/// All samples of a page; no series may stand there twice.
pub(crate) fn samples(form: Form, page: &[u8]) -> Result<BTreeMap<Series, f64>, String> {
    let mut found = BTreeMap::new();
    let samples = families(form, page)?.into_iter();
    for (series, value) in samples.flat_map(|family| family.samples) {
        let other = found.insert(series.clone(), value);
        // To the parser of texts the counters `a` and `a_total` are one.
        if let (Some(other), Form::OpenMetrics) = (other, form) {
            return Err(format!("twice: {series:?}, {other} and {value}"));
        }
    }
    let text = String::from_utf8_lossy(page);
    let lines = text.split('\n').filter(|line| !line.starts_with('#'));
    let mut series = lines.filter_map(|line| line.rsplit_once(' '));
    let mut seen = HashSet::new();
    match series.find(|(series, _)| !seen.insert(*series)) {
        Some((twice, _)) => Err(format!("twice: {twice}")),
        None => Ok(found),
    }
}

/// What `promtool check metrics` says, and whether it could read the page: 3 is its code for
/// pages that are read and break a rule of style.
pub(crate) fn promtool(page: &[u8]) -> (Option<i32>, String) {
    let output = feed(Command::new("promtool").args(["check", "metrics"]), page);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code(), said)
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses its input may end before it has read all.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

fn family(family: &Value) -> Family {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sample = |sample: &Value| {
        let labels = sample[1].as_object().unwrap().iter();
        let labels = labels.map(|(name, value)| (name.clone(), text(value)));
        let value = sample[2].as_str().unwrap().parse().unwrap();
        ((text(&sample[0]), labels.collect()), value)
    };
    Family {
        name: text(&family["name"]),
        kind: text(&family["type"]),
        samples: family["samples"]
            .as_array()
            .unwrap()
            .iter()
            .map(sample)
            .collect(),
    }
}
