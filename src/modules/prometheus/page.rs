//! The pages made with templates: short ones at once, long ones by a thread while they are sent.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use super::super::api;
use super::Scraped;
use super::compile::{Compiled, CompiledLine, Plain, Templates};
use super::packing::{pack, packed, takes_gzip};
use super::zone_page::ZoneLine;
use crate::conf::{Chain, Diagnostic};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::course::request::Request;
use crate::http::message::response::{Body, Response};
use crate::http::message::stream::{Reader, Stream, Turn};
use crate::http::plan::outcome::Outcome;
use crate::http::plan::pattern::Captures;
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::receiver::Receiver;
use crate::http::plan::template::{Part, Template};
use crate::modules::shared_zone::Readings;
use crate::status::Node;
use crate::status::prometheus::{
    Bounds, Evaluate, Format, Line, Match, Page, Scrape, Summary, escape_label, is_exact,
    value_text,
};

/// Puts the page of a location in its place.
pub(super) fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(Scraped(name)) = content::written(chain) else {
        return;
    };
    match builder.thing::<Templates>().0.get(&name.text) {
        Some(template) => {
            let template = Arc::clone(template);
            let readings = Readings::new(builder);
            parts.content.push(Box::new(Handler(template, readings)));
        }
        None => {
            let message = format!("unknown prometheus template \"{}\"", name.text);
            builder
                .diagnostics
                .push(Diagnostic::error(name.span, message));
        }
    }
}

struct Handler(Arc<Compiled>, Readings);

impl ContentHandler for Handler {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        if !matches!(request.method(), b"GET" | b"HEAD") {
            return Some(Outcome::Status(405));
        }
        if let Some(wait) = self.1.before(request, STATUS) {
            return Some(Outcome::Wait(wait));
        }
        let form = Form::accepted(request);
        let body = match self.0.short(request, form.format) {
            Some(page) if form.is_packed => packed(page)?,
            Some(page) => Body::Bytes(page.into()),
            // Nobody makes a page that is not sent.
            None if request.is_head() => Body::Stream(Stream::begin(|_, _| Ok(()))?),
            None if self.0.is_heavy() => return Some(Outcome::Receive(self)),
            None => self.long(request, form, None)?,
        };
        Some(Outcome::Respond(form.answer(body)))
    }
}

/// A page that takes much memory waits for its turn, and says so if that takes too long.
#[async_trait]
impl Receiver for Handler {
    fn most_body(&self, _request: &Request) -> u64 {
        LONGEST_BODY
    }

    async fn answer(&'static self, request: &mut Request, _body: Bytes) -> Response {
        let asked = Instant::now();
        let form = Form::accepted(request);
        let turn = Turn::wait(PATIENCE).await;
        let body = turn.and_then(|turn| self.long(request, form, Some((turn, asked))));
        body.map_or_else(busy, |body| form.answer(body))
    }
}

fn busy() -> Response {
    let mut answer = Response::page(503).uncached();
    answer.head.add("Retry-After", b"5");
    answer
}

/// The part of the tree that pages are made of.
const STATUS: &[&str] = &["status"];

/// Nobody needs a body to ask for a page.
const LONGEST_BODY: u64 = 64 * 1024;

/// How long a page waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a client wants its page.
#[derive(Clone, Copy)]
struct Form {
    format: Format,
    is_packed: bool,
}

impl Form {
    fn accepted(request: &Request) -> Self {
        Self {
            format: Format::accepted(&accepted(request, b"accept")),
            is_packed: takes_gzip(&accepted(request, b"accept-encoding")),
        }
    }

    fn answer(self, body: Body) -> Response {
        let mut answer = Response::new(200, self.format.content_type(), "").uncached();
        answer.head.add("Vary", b"Accept, Accept-Encoding");
        if self.is_packed {
            answer.head.add("Content-Encoding", b"gzip");
        }
        answer.body = body;
        answer
    }
}

/// What a client accepts, from all fields of that name.
fn accepted(request: &Request, name: &[u8]) -> Vec<u8> {
    let fields = request.head.fields();
    let values = fields.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let values: Vec<&[u8]> = values.map(|(_, value)| value).collect();
    values.join(&b","[..])
}

/// A page within these bounds is made at once, which takes less than a millisecond; another one by a thread
/// of its own.
const SHORT: Bounds = Bounds {
    lines: 1000,
    statement: 1 << 18,
    bytes: 1 << 18,
    nodes: 2500,
};

/// What of a longer page is kept in memory.
const LONG: Bounds = Bounds {
    lines: usize::MAX,
    statement: 1 << 16,
    bytes: 1 << 20,
    nodes: u64::MAX,
};

impl Handler {
    /// A page of any length, made while it is sent; one that has waited for its turn, since then.
    fn long(&self, request: &Request, form: Form, turn: Option<(Turn, Instant)>) -> Option<Body> {
        let template = Arc::clone(&self.0);
        let mut request = request.detached();
        let (turn, asked) = turn.unzip();
        let asked = asked.unwrap_or_else(Instant::now);
        let stream = Stream::begin_in(turn, move |out, reader| {
            let make = Making {
                format: form.format,
                reader,
                asked,
            };
            match form.is_packed {
                true => pack(out, |out| template.long(&mut request, make, out)),
                false => template.long(&mut request, make, out),
            }
        });
        stream.map(Body::Stream)
    }
}

/// A long page in the making.
#[derive(Clone, Copy)]
struct Making<'r> {
    format: Format,
    reader: &'r Reader,
    /// When it was asked for.
    asked: Instant,
}

impl Compiled {
    /// Whether a long page takes much memory.
    fn is_heavy(&self) -> bool {
        self.zones.iter().any(ZoneLine::is_heavy)
    }

    /// The page, if it is short.
    fn short(&self, request: &mut Request, format: Format) -> Option<Vec<u8>> {
        let zones = self.zones.iter().map(ZoneLine::length);
        let length = zones.fold(0, usize::saturating_add);
        if length > SHORT.lines || self.is_long.load(Ordering::Relaxed) {
            return None;
        }
        let began = Instant::now();
        let made = self.scrape(request, (format, None), |scrape, evaluation| {
            scrape.short(SHORT, evaluation)
        });
        self.is_long.store(made.is_none(), Ordering::Relaxed);
        let (page, summary) = made?;
        self.scrapes.count(began, page.len(), summary);
        self.complain(summary);
        Some(page)
    }

    /// Writes a page of any length.
    fn long(
        &self,
        request: &mut Request,
        making: Making<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (format, reader) = (making.format, making.reader);
        let mut page = self.scrapes.begin(reader, making.asked, out);
        let summary = self.scrape(request, (format, Some(reader)), |scrape, evaluation| {
            scrape.long(LONG, evaluation, &mut page)
        })?;
        page.complete(summary);
        let is_long = summary.lines > SHORT.lines as u64 / 2;
        self.is_long.store(is_long, Ordering::Relaxed);
        self.complain(summary);
        Ok(())
    }

    /// Has the tree scraped as this request sees it, and leaves the request as it was.
    fn scrape<R>(
        &self,
        request: &mut Request,
        (format, reader): (Format, Option<&Reader>),
        make: impl FnOnce(Scrape<'_>, &mut Evaluation<'_>) -> R,
    ) -> R {
        let address = api::address(request);
        let filled = self
            .address
            .map(|place| (place, Node::text(address.as_bytes())));
        let mut evaluation = Evaluation {
            template: self,
            reader,
            own: request.captures.clone(),
            found: Captures::default(),
            request,
        };
        let root = evaluation.request.runtime.tree.root_with(filled.as_slice());
        let made = root.find(STATUS, |node| {
            let nothing = Node::object::<&str>(Vec::new());
            let scrape = Scrape {
                root: node.as_ref().unwrap_or(&nothing),
                rules: &self.rules,
                families: &self.families,
                format,
            };
            make(scrape, &mut evaluation)
        });
        evaluation.show_nothing();
        made
    }

    fn complain(&self, summary: Summary) {
        let refused = summary.refused;
        let faults = [
            (refused.numbers, "values are not numbers"),
            (refused.samples, "lines have bad labels"),
            (refused.repeated, "series came twice"),
            (
                summary.skipped,
                "keys are too many, make no name, or repeat one",
            ),
            (
                refused.doubtful,
                "series are too many to tell whether they came twice",
            ),
        ];
        for ((count, fault), told) in faults.into_iter().zip(&self.told) {
            if count > 0 && !told.swap(true, Ordering::Relaxed) {
                let name = &self.name;
                log::warn!("prometheus template \"{name}\": {count} {fault}, left out from now on");
            }
        }
    }
}

/// The statements of a template, as one request evaluates them.
struct Evaluation<'a> {
    template: &'a Compiled,
    /// Who reads the page, unless it is short.
    reader: Option<&'a Reader>,
    /// The captures the request came with.
    own: Captures,
    /// Those of the item at hand; a variable may match something of its own.
    found: Captures,
    request: &'a mut Request,
}

impl Evaluate for Evaluation<'_> {
    fn line(&mut self, statement: usize, item: Option<&Match<'_>>, out: &mut Line) {
        let line = &self.template.lines[statement];
        match (item, &line.plain) {
            (Some(item), Some(labels)) => {
                value_text(&item.value, &mut out.value);
                out.sample.extend_from_slice(line.name.as_bytes());
                append_plain(labels, item, &mut out.sample);
                return line.describe(item, out);
            }
            (Some(item), None) => self.show(item),
            (None, _) => {
                self.show_nothing();
                self.request.forget_evaluated();
            }
        }
        self.found.clone_from(&self.request.captures);
        if self.request.read(line.value, &mut out.value) && !out.value.is_empty() {
            out.sample.extend_from_slice(line.name.as_bytes());
            self.append_labels(&line.labels, &mut out.sample);
            match item {
                Some(item) => line.describe(item, out),
                None => out.syntax = line.syntax,
            }
        }
    }

    fn section(&mut self, section: usize, page: &mut Page<'_>) -> io::Result<()> {
        self.template.zones[section].write(page, self.reader)
    }
}

impl CompiledLine {
    /// What is known about a line without looking at it.
    fn describe(&self, item: &Match<'_>, out: &mut Line) {
        out.is_distinct = self.is_distinct && item.is_alone && is_exact(item.path.as_bytes());
        out.syntax = self.syntax;
    }
}

impl Evaluation<'_> {
    /// Makes an item what variables see; a literal path leaves the request its own captures.
    fn show(&mut self, found: &Match<'_>) {
        let line = &self.template.lines[found.rule];
        let item = self
            .request
            .state(self.template.item)
            .0
            .get_or_insert_default();
        item.clear();
        value_text(&found.value, item);
        match found.groups() {
            Some(groups) => self.request.captures.replace(groups.map(str::as_bytes)),
            None => self.request.captures.clone_from(&self.own),
        }
        for (name, index) in &line.groups {
            let text = found.named(name).unwrap_or_default();
            self.request.hold(*index, text.as_bytes());
        }
        if line.depends {
            self.request.forget_evaluated();
        }
    }

    /// Appends labels; what variables bring in is escaped, the template's own text is not.
    fn append_labels(&mut self, labels: &Template, out: &mut Vec<u8>) {
        let mut text = self.request.buffer();
        for part in labels.parts() {
            match part {
                Part::Literal(literal) => out.extend_from_slice(literal),
                part => {
                    self.request.captures.clone_from(&self.found);
                    text.clear();
                    part.append(self.request, &mut text);
                    escape_label(&text, out);
                }
            }
        }
        self.request.recycle(text);
    }

    fn show_nothing(&mut self) {
        self.request.state(self.template.item).0 = None;
        self.request.captures.clone_from(&self.own);
    }
}

/// Appends labels that hold nothing but what the path's pattern matched.
fn append_plain(labels: &[Plain], item: &Match<'_>, out: &mut Vec<u8>) {
    for piece in labels {
        match piece {
            Plain::Text(text) => out.extend_from_slice(text),
            Plain::Group(number) => {
                escape_label(item.group(*number).unwrap_or_default().as_bytes(), out);
            }
        }
    }
}
