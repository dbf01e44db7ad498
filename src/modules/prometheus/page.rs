//! Templates, compiled, and the pages made with them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::conf::{Chain, Diagnostic};
use crate::http::builder::{Builder, LocationParts};
use crate::http::content;
use crate::http::outcome::Outcome;
use crate::http::pattern::Captures;
use crate::http::phase::ContentHandler;
use crate::http::request::Request;
use crate::http::response::{Body, Response};
use crate::http::state::StateIndex;
use crate::http::stream::Stream;
use crate::http::template::{Part, Template};
use crate::http::variable::{Variable, VariableIndex};
use crate::status::prometheus::{
    Families, Match, Page, Path, Rules, Statement as Series, escape_label, value_text, walk,
};
use crate::status::{Node, Place};

use super::super::api;
use super::{Scraped, Written, WrittenLine, WrittenTemplate};

/// The templates of a configuration, ready to use.
#[derive(Default)]
struct Templates(HashMap<String, Arc<Compiled>>);

struct Compiled {
    name: String,
    families: Families,
    rules: Rules,
    lines: Vec<Line>,
    item: StateIndex<Item>,
    address: Option<Place>,
    /// Which kinds of faulty lines were told of: a scrape is repeated every few seconds.
    told: [AtomicBool; 3],
}

struct Line {
    name: String,
    labels: Template,
    value: VariableIndex,
    groups: Vec<(String, VariableIndex)>,
    has_path: bool,
    /// Whether some variable may hold what it evaluated to for an earlier item.
    depends: bool,
}

/// What `$p8s_value` shows.
#[derive(Default)]
struct Item(Option<Vec<u8>>);

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
    for written in templates {
        let compiled = compile_one(builder, written, item, own);
        builder
            .thing::<Templates>()
            .0
            .insert(written.name.clone(), Arc::new(compiled));
    }
}

fn compile_one(
    builder: &mut Builder<'_>,
    written: &WrittenTemplate,
    item: StateIndex<Item>,
    own: VariableIndex,
) -> Compiled {
    let series: Vec<Series> = written
        .lines
        .iter()
        .map(|line| line.series.clone())
        .collect();
    let families = Families::new(&written.name, &series);
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
        families,
        rules,
        lines,
        item,
        address: builder.thing::<api::Places>().address,
        told: Default::default(),
    }
}

fn compile_line(builder: &mut Builder<'_>, line: &WrittenLine, own: VariableIndex) -> Line {
    let (name, span) = &line.value;
    let names = line.path.iter().flat_map(Path::group_names);
    let groups = names
        .map(|name| (name.to_owned(), builder.variables.held(name, line.span)))
        .collect();
    let labels = builder.template(&line.labels);
    let value = builder.variables.index(name, *span);
    let other = |part: &Part| matches!(part, Part::Variable(index) if *index != own);
    Line {
        name: line.series.name.clone(),
        depends: value != own || labels.parts().iter().any(other),
        labels,
        value,
        groups,
        has_path: line.path.is_some(),
    }
}

/// Puts the page of a location in its place.
pub(super) fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(Scraped(name)) = content::written(chain) else {
        return;
    };
    match builder.thing::<Templates>().0.get(&name.text) {
        Some(template) => parts.content.push(Box::new(Handler(Arc::clone(template)))),
        None => {
            let message = format!("unknown prometheus template \"{}\"", name.text);
            builder
                .diagnostics
                .push(Diagnostic::error(name.span, message));
        }
    }
}

struct Handler(Arc<Compiled>);

impl ContentHandler for Handler {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        if !matches!(request.method(), b"GET" | b"HEAD") {
            return Some(Outcome::Status(405));
        }
        let mut answer = Response::new(200, CONTENT_TYPE, "").uncached();
        answer.body = match self.0.render(request, FEW) {
            Some(page) => Body::Bytes(page.into()),
            None => self.long(request)?,
        };
        Some(Outcome::Respond(answer))
    }
}

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of so many lines is made at once; a longer one by a thread of its own.
const FEW: usize = 2000;

impl Handler {
    fn long(&self, request: &Request) -> Option<Body> {
        let template = Arc::clone(&self.0);
        let mut request = request.detached();
        let stream = Stream::begin(move |out| {
            let page = template.render(&mut request, usize::MAX);
            out.write_all(&page.unwrap_or_default())
        });
        stream.map(Body::Stream)
    }
}

impl Compiled {
    /// The page; `None` when it has more than `most` lines.
    fn render(&self, request: &mut Request, most: usize) -> Option<Vec<u8>> {
        let mut page = Page::new(&self.families);
        let mut sample = Vec::new();
        let mut lines = 0;
        let own = request.captures.clone();
        let runtime = request.runtime;
        let address = api::address(request);
        let filled = self
            .address
            .map(|place| (place, Node::text(address.as_bytes())));
        let root = runtime.tree.root_with(filled.as_slice());
        let flow = root.find(&["status"], |node| {
            walk(&node?, &self.rules, &mut |found| {
                lines += 1;
                if lines > most {
                    return ControlFlow::Break(());
                }
                self.show(request, found, &own);
                self.add(&mut page, found.rule, request, &mut sample);
                ControlFlow::Continue(())
            })
            .continue_value()
        });
        request.state(self.item).0 = None;
        request.captures = own;
        flow?;
        for (number, line) in self.lines.iter().enumerate() {
            if !line.has_path {
                request.forget_evaluated();
                self.add(&mut page, number, request, &mut sample);
            }
        }
        self.complain(&page);
        let mut body = Vec::new();
        // Writing to memory does not fail.
        let _ = page.write(&mut body);
        Some(body)
    }

    /// Makes an item what variables see; a literal path leaves the request its own captures.
    fn show(&self, request: &mut Request, found: &Match<'_>, own: &Captures) {
        let line = &self.lines[found.rule];
        let item = request.state(self.item).0.get_or_insert_default();
        item.clear();
        value_text(&found.value, item);
        match found.groups() {
            Some(groups) => request.captures.replace(groups.map(str::as_bytes)),
            None => request.captures.clone_from(own),
        }
        for (name, index) in &line.groups {
            request.hold(*index, found.named(name).unwrap_or_default().as_bytes());
        }
        if line.depends {
            request.forget_evaluated();
        }
    }

    fn add(&self, page: &mut Page<'_>, number: usize, request: &mut Request, sample: &mut Vec<u8>) {
        let line = &self.lines[number];
        let mut value = request.buffer();
        if request.read(line.value, &mut value) && !value.is_empty() {
            sample.clear();
            sample.extend_from_slice(line.name.as_bytes());
            append_labels(&line.labels, request, sample);
            // What is left out is counted by the page.
            let _ = page.add(number, sample, &value);
        }
        request.recycle(value);
    }

    fn complain(&self, page: &Page<'_>) {
        let refused = page.refused();
        let faults = [
            (refused.numbers, "values are not numbers"),
            (refused.samples, "lines have bad labels"),
            (refused.repeated, "series came twice"),
        ];
        for ((count, fault), told) in faults.into_iter().zip(&self.told) {
            if count > 0 && !told.swap(true, Ordering::Relaxed) {
                let name = &self.name;
                log::warn!("prometheus template \"{name}\": {count} {fault}, left out from now on");
            }
        }
    }
}

/// Appends labels; what variables bring in is escaped, the template's own text is not.
fn append_labels(labels: &Template, request: &mut Request, out: &mut Vec<u8>) {
    let mut text = request.buffer();
    for part in labels.parts() {
        match part {
            Part::Literal(literal) => out.extend_from_slice(literal),
            part => {
                text.clear();
                part.append(request, &mut text);
                escape_label(&text, out);
            }
        }
    }
    request.recycle(text);
}
