//! The statements of a template by family, in the order in which a page shows them.
//!
//! Statements that share a metric name are one family: HELP and TYPE stand once, and all its lines
//! follow each other, in the order of the statements and within one in the order of the tree. A family
//! that is a histogram or a summary has members of several names: `stats`, `stats_bucket`, `stats_sum`
//! and `stats_count` belong together.
//!
//! OpenMetrics knows stricter families. There a counter `requests_total` is the family `requests`, and
//! the parts of a histogram must come key by key, which statements cannot do: each member is a family
//! of an unknown type. So is a counter whose family another one is called after, or whose name does not
//! end in `_total`: the names of series are the same in both forms.

use std::collections::HashSet;

use super::{Format, escape_help, is_type};

/// What a template says about a statement, apart from its path and the values of its labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The metric name: everything before the first `{`.
    pub name: String,
    /// The text after `type=`.
    pub kind: Option<String>,
    /// The text after `help=`.
    pub help: Option<String>,
    /// The names of its labels in order, where they are known.
    pub labels: Option<Vec<String>>,
}

/// A part of a page that somebody else fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// How many statements stand before it.
    pub after: usize,
    /// The names and types of the families it will have, as far as they are known.
    pub families: Vec<(String, &'static str)>,
    /// Whether clients name its families.
    pub is_open: bool,
}

/// The statements of a template, grouped by metric name. Made when the configuration is loaded.
#[derive(Debug)]
pub struct Families {
    /// The first line of every page.
    pub(super) title: Vec<u8>,
    pub(super) families: Vec<Family>,
    pub(super) statements: usize,
    /// In the order of the template.
    pub(super) sections: Vec<Section>,
    /// The names that no other family can have.
    pub(super) taken: HashSet<String>,
    /// The names that sections are going to ask for.
    pub(super) announced: HashSet<String>,
}

/// Statements with one HELP and TYPE.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) help: Option<String>,
    pub(super) members: Vec<Member>,
}

/// The statements of one metric name.
#[derive(Debug)]
pub(super) struct Member {
    name: String,
    pub(super) statements: Vec<usize>,
    /// The names of the labels, if they are known and the same in all statements.
    pub(super) labels: Option<Vec<String>>,
    /// Whether OpenMetrics may call it a counter.
    pub(super) is_counter: bool,
}

impl Families {
    /// Groups the statements of the template called `name`. Where several statements of a family
    /// have a type or a help text, the first counts.
    pub fn new(name: &str, statements: &[Statement], sections: Vec<Section>) -> Self {
        let mut title = b"# Angie Prometheus template \"".to_vec();
        escape_help(name.as_bytes(), &mut title);
        title.extend_from_slice(b"\"\n");
        let composed = composed(statements);
        let mut families: Vec<Family> = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            let base = base(&statement.name, &composed);
            let known = families.iter().position(|family| family.name == base);
            let place = known.unwrap_or_else(|| {
                families.push(Family::new(base, &composed));
                families.len() - 1
            });
            families[place].join(index, statement);
        }
        let names = sections.iter().flat_map(|section| &section.families);
        let names = names.flat_map(|(name, kind)| series_names(name, kind));
        let mut families = Self {
            title,
            families,
            statements: statements.len(),
            announced: names.collect(),
            sections,
            taken: HashSet::new(),
        };
        families.settle();
        families
    }

    /// Whether a section whose families clients name is followed by others.
    pub(super) fn remembers_open(&self) -> bool {
        let open = self.sections.iter().position(|section| section.is_open);
        open.is_some_and(|open| open + 1 < self.sections.len())
    }

    /// The names of sections that the page has already when it comes to them, each with the number of the
    /// section.
    pub fn repeated(&self) -> Vec<(usize, &str)> {
        let mut taken = self.taken.clone();
        let sections = self.sections.iter().enumerate();
        let families = sections
            .flat_map(|(number, section)| section.families.iter().map(move |one| (number, one)));
        let mut repeated = Vec::new();
        for (number, (name, kind)) in families {
            let names = series_names(name, kind);
            match names.iter().any(|name| taken.contains(name)) {
                true => repeated.push((number, name.as_str())),
                false => taken.extend(names),
            }
        }
        repeated
    }

    /// Decides which names are in use and what OpenMetrics calls a counter.
    fn settle(&mut self) {
        let members = || self.families.iter().flat_map(|family| &family.members);
        let mut taken: HashSet<String> = members().map(|member| member.name.clone()).collect();
        for family in &self.families {
            taken.extend(series_names(
                &family.name,
                family.kind.as_deref().unwrap_or_default(),
            ));
        }
        let mut bases = HashSet::new();
        for family in &mut self.families {
            let is_counter = family.kind.as_deref() == Some(COUNTER);
            for member in family.members.iter_mut().filter(|_| is_counter) {
                let names = counter_names(&member.name).filter(|names| {
                    let is_in = |all: &HashSet<String>| names.iter().any(|name| all.contains(name));
                    ![&taken, &self.announced, &bases].into_iter().any(is_in)
                });
                member.is_counter = names.is_some();
                bases.extend(names.into_iter().flatten());
            }
        }
        taken.extend(bases);
        self.taken = taken;
    }
}

impl Family {
    fn new(name: &str, composed: &[(String, String)]) -> Self {
        let kind = composed.iter().find(|(base, _)| base == name);
        Self {
            name: name.to_owned(),
            kind: kind.map(|(_, kind)| kind.clone()),
            help: None,
            members: Vec::new(),
        }
    }

    fn join(&mut self, index: usize, statement: &Statement) {
        self.kind = self.kind.take().or_else(|| statement.kind.clone());
        self.help = self.help.take().or_else(|| statement.help.clone());
        let mut members = self.members.iter_mut();
        match members.find(|member| member.name == statement.name) {
            Some(member) => {
                member.statements.push(index);
                let labels = member.labels.take();
                member.labels = labels.filter(|labels| Some(labels) == statement.labels.as_ref());
            }
            None => self.members.push(Member {
                name: statement.name.clone(),
                statements: vec![index],
                labels: statement.labels.clone(),
                is_counter: false,
            }),
        }
    }

    /// The statement that began it.
    pub(super) fn first(&self) -> usize {
        let first = self.members.first();
        first.map_or(0, |member| member.statements[0])
    }

    /// HELP and TYPE of the whole.
    pub(super) fn head(&self) -> Vec<u8> {
        let help = self.help.as_ref().map(String::as_bytes);
        head(Format::Text, &self.name, self.kind.as_deref(), help)
    }

    /// The label that is a number for whoever reads the type.
    pub(super) fn number_label(&self) -> Option<&'static [u8]> {
        match self.kind.as_deref() {
            Some("histogram") => Some(b"le"),
            Some("summary") => Some(b"quantile"),
            _ => None,
        }
    }

    /// HELP and TYPE of a member on a page of its own kind.
    pub(super) fn open_head(&self, member: &Member) -> Vec<u8> {
        let help = self.help.as_ref().map(String::as_bytes);
        let (name, kind) = match (member.is_counter, self.kind.as_deref()) {
            (true, _) => (counter_base(&member.name), Some(COUNTER)),
            (false, Some("gauge")) => (&*member.name, Some("gauge")),
            (false, kind) => (&*member.name, kind.and(Some("unknown"))),
        };
        head(Format::OpenMetrics, name, kind, help)
    }
}

pub(super) const COUNTER: &str = "counter";

/// HELP and TYPE of a family, as far as there are such.
pub(super) fn head(format: Format, name: &str, kind: Option<&str>, help: Option<&[u8]>) -> Vec<u8> {
    let mut head = Vec::new();
    if let Some(help) = help {
        head.extend_from_slice(format!("# HELP {name} ").as_bytes());
        match format {
            Format::Text => escape_help(help, &mut head),
            Format::OpenMetrics => super::escape_label(help, &mut head),
        }
        head.push(b'\n');
    }
    let kind = kind.filter(|kind| is_type(kind) || format == Format::OpenMetrics);
    if let Some(kind) = kind {
        head.extend_from_slice(format!("# TYPE {name} {kind}\n").as_bytes());
    }
    let has_unit = |unit: &&&str| {
        name.strip_suffix(**unit)
            .is_some_and(|name| name.ends_with('_'))
    };
    let unit = UNITS.iter().find(has_unit);
    if let Some(unit) = unit.filter(|_| kind.is_some() && format == Format::OpenMetrics) {
        head.extend_from_slice(format!("# UNIT {name} {unit}\n").as_bytes());
    }
    head
}

/// The units that names of Prometheus end in.
const UNITS: [&str; 9] = [
    "seconds", "bytes", "ratio", "celsius", "meters", "volts", "amperes", "joules", "grams",
];

/// The names that samples of a family may have, and that no other family can have therefore.
pub(super) fn series_names(name: &str, kind: &str) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        "histogram" => &["", "_bucket", "_sum", "_count", "_created"],
        "summary" => &["", "_sum", "_count", "_created"],
        _ => &[""],
    };
    let suffixed = |suffix: &&str| format!("{name}{suffix}");
    suffixes.iter().map(suffixed).collect()
}

/// What a counter's family is called in OpenMetrics.
pub(super) fn counter_base(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

/// The further names that a counter needs in OpenMetrics; nothing if it cannot be one.
pub(super) fn counter_names(name: &str) -> Option<[String; 2]> {
    let base = name
        .strip_suffix("_total")
        .filter(|base| !base.is_empty())?;
    Some([base.to_owned(), format!("{base}_created")])
}

/// The histograms and summaries among the families, with their types.
fn composed(statements: &[Statement]) -> Vec<(String, String)> {
    let base_of = |statement: &Statement| {
        let kind = statement
            .kind
            .as_deref()
            .filter(|kind| !parts(kind).is_empty())?;
        let mut suffixes = parts(kind).iter();
        let base = suffixes.find_map(|suffix| statement.name.strip_suffix(suffix));
        Some((base.unwrap_or(&statement.name).to_owned(), kind.to_owned()))
    };
    statements.iter().filter_map(base_of).collect()
}

/// The ends of names that belong to a family of this type.
fn parts(kind: &str) -> &'static [&'static str] {
    match kind {
        "histogram" => &["_bucket", "_sum", "_count"],
        "summary" => &["_sum", "_count"],
        _ => &[],
    }
}

/// The family that a name belongs to.
fn base<'n>(name: &'n str, composed: &'n [(String, String)]) -> &'n str {
    let is_part = |(base, kind): &&(String, String)| {
        let suffix = name.strip_prefix(&**base);
        suffix.is_some_and(|suffix| parts(kind).contains(&suffix))
    };
    composed.iter().find(is_part).map_or(name, |(base, _)| base)
}
