//! Templates, compiled: what a configuration says, as numbers and rules.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::api;
use super::scrapes::Scrapes;
use super::zone_line::ZoneLine;
use super::{Written, WrittenLine, WrittenTemplate};
use crate::conf::{Chain, Diagnostic};
use crate::http::builder::Builder;
use crate::http::request::Request;
use crate::http::state::StateIndex;
use crate::http::template::{Part, Template};
use crate::http::variable::{Variable, VariableIndex};
use crate::status::prometheus::{Families, Path, Piece, Rules, Statement as Series, is_distinct};
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
    /// Which kinds of faulty lines were told of: a scrape is repeated every few seconds.
    pub told: [AtomicBool; 4],
}

/// A statement of it.
pub(super) struct CompiledLine {
    pub name: String,
    pub labels: Template,
    pub value: VariableIndex,
    pub groups: Vec<(String, VariableIndex)>,
    /// Whether its labels tell items apart.
    pub is_distinct: bool,
    /// Whether some variable may hold what it evaluated to for an earlier item.
    pub depends: bool,
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
        .define("p8s_value", "prometheus", None, variable);
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

/// Shows what the pages of each template cost.
fn mount(builder: &mut Builder<'_>, templates: Vec<Arc<Compiled>>) {
    let scrapes = Named::new(
        templates,
        |template: &Arc<Compiled>| template.name.as_bytes(),
        |template: &Arc<Compiled>| Some(template.scrapes.node()),
    );
    let path = ["status", "angie", "self", "scrapes"];
    builder.tree.mount(&path, Box::new(scrapes));
}

fn compile_one(
    builder: &mut Builder<'_>,
    written: &WrittenTemplate,
    scrapes: Scrapes,
    (item, own): (StateIndex<Item>, VariableIndex),
) -> Compiled {
    let series: Vec<Series> = written
        .lines
        .iter()
        .map(|line| line.series.clone())
        .collect();
    let mut families = Families::new(&written.name, &series);
    let mut zones = Vec::new();
    for zone in &written.zones {
        if let Some(line) = ZoneLine::new(builder, zone) {
            families.add_section(zone.after);
            zones.push(line);
        }
    }
    let rules = Rules::new(written.lines.iter().map(|line| line.path.clone()).collect());
    for (number, message) in families.warnings() {
        let span = written.lines[number].span;
        builder.diagnostics.push(Diagnostic::warning(span, message));
    }
    for (number, earlier) in rules.shadowed() {
        let span = written.lines[*number].span;
        let message = format!(
            "\"{}\" never gets a value: \"{}\" above takes the same path",
            written.lines[*number].series.name, written.lines[*earlier].series.name
        );
        builder.diagnostics.push(Diagnostic::warning(span, message));
    }
    let lines = written
        .lines
        .iter()
        .map(|line| compile_line(builder, line, own))
        .collect();
    Compiled {
        name: written.name.clone(),
        scrapes,
        families,
        zones,
        rules,
        lines,
        item,
        address: builder.thing::<api::Places>().address,
        told: Default::default(),
    }
}

fn compile_line(builder: &mut Builder<'_>, line: &WrittenLine, own: VariableIndex) -> CompiledLine {
    let (name, span) = &line.value;
    let names = line.path.iter().flat_map(Path::group_names);
    let groups: Vec<_> = names
        .map(|name| (name.to_owned(), builder.variables.held(name, line.span)))
        .collect();
    let labels = builder.template(&line.labels);
    let value = builder.variables.index(name, *span);
    let other = |part: &Part| matches!(part, Part::Variable(index) if *index != own);
    CompiledLine {
        name: line.series.name.clone(),
        depends: value != own || labels.parts().iter().any(other),
        is_distinct: tells_apart(line.path.as_ref(), &labels, &groups),
        labels,
        value,
        groups,
    }
}

fn tells_apart(path: Option<&Path>, labels: &Template, groups: &[(String, VariableIndex)]) -> bool {
    let numbered = |index| {
        let (name, _) = groups.iter().find(|(_, group)| *group == index)?;
        path?.group_number(name)
    };
    let parts = labels.parts().iter();
    let pieces: Vec<Piece<'_>> = parts
        .map(|part| match part {
            Part::Literal(text) => Piece::Text(text),
            Part::Capture(number) => Piece::Group(usize::from(*number)),
            Part::Variable(index) => numbered(*index).map_or(Piece::Other, Piece::Group),
        })
        .collect();
    path.is_some_and(|path| is_distinct(path, &pieces))
}
