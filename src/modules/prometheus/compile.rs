//! Templates, compiled: what a configuration says, as numbers and rules.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::api;
use super::scrapes::Scrapes;
use super::zone_line;
use super::zone_page::ZoneLine;
use super::{Written, WrittenLine, WrittenTemplate};
use crate::conf::{Chain, Diagnostic};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::{Part, Template};
use crate::http::plan::variable::{VARIABLE, Variable, VariableIndex, VariableSpec};
use crate::status::Since::{Now, Start};
use crate::status::prometheus::{
    Families, Labels, Path, Piece, Rules, Statement as Series, Syntax, is_distinct, is_metric_name,
    is_type,
};
use crate::status::{MOUNT, Mount, node};
use crate::status::{Named, Place};

/// The templates of a configuration, ready to use.
#[derive(Default)]
pub(super) struct Templates(pub HashMap<String, Arc<Compiled>>);

/// A template, ready to use.
pub(super) struct Compiled {
    pub name: String,
    pub scrapes: Scrapes,
    pub families: Families,
    pub zones: Vec<ZoneLine>,
    pub rules: Rules,
    pub lines: Vec<CompiledLine>,
    pub item: StateIndex<Item>,
    pub address: Option<Place>,
    /// Whether the page was long of late, so that trying to make a short one would be in vain.
    pub is_long: AtomicBool,
    /// Which kinds of faulty lines were told of: a scrape is repeated every few seconds.
    pub told: [AtomicBool; 5],
}

/// A statement of it.
pub(super) struct CompiledLine {
    pub name: String,
    pub labels: Template,
    pub value: VariableIndex,
    pub groups: Vec<(String, VariableIndex)>,
    /// What is known about its labels.
    pub syntax: Syntax,
    /// Whether its labels tell items apart.
    pub is_distinct: bool,
    /// Whether some variable may hold what it evaluated to for an earlier item.
    pub depends: bool,
    /// The labels, if value and labels are the item's alone: that is most of a long page.
    pub plain: Option<Vec<Plain>>,
}

/// A piece of labels that needs no variable.
pub(super) enum Plain {
    /// As written.
    Text(Box<[u8]>),
    /// What a group of the path's pattern matched.
    Group(usize),
}

impl Plain {
    /// The pieces of labels that need nothing but the item; nothing if one does.
    fn all(path: Option<&Path>, pieces: &[Piece<'_>]) -> Option<Vec<Self>> {
        // For a literal path the groups are those of the location.
        let has_groups = matches!(path?, Path::Pattern { .. });
        let plain = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => Some(Self::Text((*text).into())),
            Piece::Group(number) if has_groups => Some(Self::Group(*number)),
            Piece::Group(_) | Piece::Other => None,
        };
        pieces.iter().map(plain).collect()
    }
}

/// What `$p8s_value` shows.
#[derive(Default)]
pub(super) struct Item(pub Option<Vec<u8>>);

struct ItemVariable(StateIndex<Item>);

impl Variable for ItemVariable {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let item = request
            .state_if_any(self.0)
            .and_then(|item| item.0.as_deref());
        item.map(|text| out.extend_from_slice(text)).is_some()
    }
}

/// Compiles the templates of an `http` block.
pub(super) fn compile(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let item = builder.state::<Item>();
    let variable = Box::new(ItemVariable(item));
    let defined = builder
        .variables
        .define_described("p8s_value", "prometheus", variable);
    let Some(own) = builder.diagnostics.check(defined) else {
        return;
    };
    let Some(Written(templates)) = chain.own() else {
        return;
    };
    let mut all = Vec::new();
    for written in templates {
        match Scrapes::open(builder.memory, &written.name) {
            Ok(scrapes) => {
                let compiled = compile_one(builder, written, scrapes, (item, own));
                all.push(Arc::new(compiled));
            }
            Err(error) => builder.no_memory(&written.name, &error),
        }
    }
    let by_name = all.iter().map(|one| (one.name.clone(), Arc::clone(one)));
    builder.thing::<Templates>().0.extend(by_name);
    mount(builder, all);
}

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "angie", "self", "scrapes"],
    nodes: &[
        node("", "", Now, "Prometheus pages, by template."),
        node("{template}", "", Now, "What making its pages costs."),
        node(
            "{template}/pages",
            "pages",
            Start,
            "Pages made, those included that broke off.",
        ),
        node(
            "{template}/seconds",
            "seconds",
            Start,
            "Time that making them took.",
        ),
        node(
            "{template}/waiting",
            "seconds",
            Start,
            "Time that making them stood still: for their turn, or for slow readers.",
        ),
        node("{template}/bytes", "bytes", Start, "Their size."),
        node(
            "{template}/refused",
            "lines",
            Start,
            "Lines left out because no scraper could read them, or for coming twice.",
        ),
        node(
            "{template}/last",
            "",
            Now,
            "The last page that was made to its end.",
        ),
        node(
            "{template}/last/seconds",
            "seconds",
            Now,
            "Time that making it took.",
        ),
        node(
            "{template}/last/waiting",
            "seconds",
            Now,
            "Time that making it stood still.",
        ),
        node("{template}/last/bytes", "bytes", Now, "Its size."),
        node("{template}/last/lines", "lines", Now, "Its lines."),
        node(
            "{template}/last/skipped",
            "keys",
            Now,
            "Keys of zones that it left out, as `max_keys` or labels ask.",
        ),
    ],
    ..MOUNT
};

/// What the reference says of variables.
pub(super) const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "p8s_value",
    doc: "In a `prometheus_template`: the value at the place of the status tree that the line is about.",
    ..VARIABLE
}];

/// Shows what the pages of each template cost.
fn mount(builder: &mut Builder<'_>, templates: Vec<Arc<Compiled>>) {
    let scrapes = Named::new(
        templates,
        |template: &Arc<Compiled>| template.name.as_bytes(),
        |template: &Arc<Compiled>| Some(template.scrapes.node()),
    );
    builder.tree.mount(STATUS.path, Box::new(scrapes));
}

fn compile_one(
    builder: &mut Builder<'_>,
    written: &WrittenTemplate,
    scrapes: Scrapes,
    (item, own): (StateIndex<Item>, VariableIndex),
) -> Compiled {
    let (mut lines, mut series) = (Vec::new(), Vec::new());
    for line in &written.lines {
        let (line, one) = compile_line(builder, line, own);
        lines.push(line);
        series.push(one);
    }
    let zones = written.zones.iter();
    let zones: Vec<ZoneLine> = zones
        .flat_map(|zone| zone_line::lines(builder, zone))
        .collect();
    let sections = zones.iter().map(ZoneLine::section).collect();
    let families = Families::new(&written.name, &series, sections);
    for (zone, name) in families.repeated() {
        let message = format!("\"{name}\" never gets a value: the page has that name already");
        let warning = Diagnostic::warning(zones[zone].span, message);
        builder
            .diagnostics
            .push(warning.with_help("prefix=TEXT or as=NAME give another name"));
    }
    for (number, message) in families.objections() {
        let span = written.lines[number].span;
        builder.diagnostics.push(Diagnostic::advice(span, message));
    }
    let rules = Rules::new(written.lines.iter().map(|line| line.path.clone()).collect());
    for (number, earlier) in rules.shadowed() {
        let span = written.lines[*number].span;
        let message = format!(
            "\"{}\" never gets a value: \"{}\" above takes the same path",
            written.lines[*number].series.name, written.lines[*earlier].series.name
        );
        builder.diagnostics.push(Diagnostic::warning(span, message));
    }
    Compiled {
        name: written.name.clone(),
        scrapes,
        families,
        zones,
        rules,
        lines,
        item,
        address: builder.thing::<api::Places>().address,
        is_long: AtomicBool::new(false),
        told: Default::default(),
    }
}

fn compile_line(
    builder: &mut Builder<'_>,
    line: &WrittenLine,
    own: VariableIndex,
) -> (CompiledLine, Series) {
    let (name, span) = &line.value;
    let names = line.path.iter().flat_map(Path::group_names);
    let groups: Vec<_> = names
        .map(|name| (name.to_owned(), builder.variables.held(name, line.span)))
        .collect();
    let labels = builder.template(&line.labels);
    let value = builder.variables.index(name, *span);
    let other = |part: &Part| matches!(part, Part::Variable(index) if *index != own);
    let pieces = pieces(line.path.as_ref(), &labels, &groups);
    let known = Labels::of(&pieces);
    complain(builder, line, known.is_some());
    let series = Series {
        labels: known.as_ref().and_then(|known| known.names.clone()),
        ..line.series.clone()
    };
    let compiled = CompiledLine {
        name: line.series.name.clone(),
        depends: value != own || labels.parts().iter().any(other),
        is_distinct: line
            .path
            .as_ref()
            .is_some_and(|path| is_distinct(path, &pieces)),
        plain: Plain::all(line.path.as_ref(), &pieces).filter(|_| value == own),
        syntax: known.map_or(Syntax::Unknown, |known| known.syntax),
        labels,
        value,
        groups,
    };
    (compiled, series)
}

/// Says what of a statement no scraper could read, and what it could but will not use.
fn complain(builder: &mut Builder<'_>, line: &WrittenLine, is_read: bool) {
    let series = &line.series;
    let error =
        |message: String, help: &str| Diagnostic::error(line.sample, message).with_help(help);
    if !is_metric_name(series.name.as_bytes()) {
        let message = format!("\"{}\" is not a Prometheus metric name", series.name);
        let help = "letters, digits, \"_\" and \":\", no digit first";
        builder.diagnostics.push(error(message, help));
    }
    if !is_read {
        let message = format!("no scraper can read the labels of \"{}\"", series.name);
        let help = "labels are written as {name=\"value\",other=\"$1\"}, each name once";
        builder.diagnostics.push(error(message, help));
    }
    if let Some(kind) = series.kind.as_deref().filter(|kind| !is_type(kind)) {
        let message = format!("\"{kind}\" is not a Prometheus metric type");
        let help = "counter, gauge, histogram, summary and untyped are";
        let warning = Diagnostic::warning(line.span, message);
        builder.diagnostics.push(warning.with_help(help));
    }
}

fn pieces<'t>(
    path: Option<&Path>,
    labels: &'t Template,
    groups: &[(String, VariableIndex)],
) -> Vec<Piece<'t>> {
    let numbered = |index| {
        let (name, _) = groups.iter().find(|(_, group)| *group == index)?;
        path?.group_number(name)
    };
    let parts = labels.parts().iter();
    let piece = |part: &'t Part| match part {
        Part::Literal(text) => Piece::Text(text),
        Part::Capture(number) => Piece::Group(usize::from(*number)),
        Part::Variable(index) => numbered(*index).map_or(Piece::Other, Piece::Group),
    };
    parts.map(piece).collect()
}
