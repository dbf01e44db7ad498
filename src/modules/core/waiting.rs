//! Steps of every kind that wait, also more than once and for requests of our own within each other: each is
//! run again where it was, and none before it.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use super::trial;
use crate::conf::{self, Diagnostics};
use crate::http::build::builder::{Builder, Surroundings};
use crate::http::build::memory::Unshared;
use crate::http::build::module::{self, Module};
use crate::http::course::engine::{self, Answer};
use crate::http::course::identify;
use crate::http::course::request::Request;
use crate::http::course::session::Session;
use crate::http::message::response::Response;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::{AccessRule, ContentHandler, Phase, PhaseHandler, Verdict};
use crate::http::plan::runtime::Runtime;
use crate::http::plan::state::StateIndex;
use crate::http::plan::wait::{Subrequest, Wait};
use crate::http::upstream::wait;

thread_local! {
    /// The steps that were run, in order.
    static TRACE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// One step of a location; it waits as often as its number says.
struct Step {
    name: &'static str,
    waits: usize,
}

impl Step {
    /// Whether it has waited enough.
    fn is_done(&self) -> bool {
        TRACE.with_borrow_mut(|trace| {
            trace.push(self.name);
            trace.iter().filter(|name| **name == self.name).count() > self.waits
        })
    }
}

fn a_while() -> Wait {
    Wait::Until(Box::pin(tokio::time::sleep(Duration::from_secs(1))))
}

impl AccessRule for Step {
    fn check(&'static self, _: &mut Request) -> Verdict {
        match self.is_done() {
            true => Verdict::Neutral,
            false => Verdict::Wait(a_while()),
        }
    }
}

impl PhaseHandler for Step {
    fn run(&self, _: &mut Request) {
        self.is_done();
    }
}

impl ContentHandler for Step {
    fn run(&'static self, _: &mut Request) -> Option<Outcome> {
        match (self.is_done(), self.name) {
            (false, _) => Some(Outcome::Wait(a_while())),
            (true, "last") => Some(Outcome::Respond(Response::empty(204))),
            (true, _) => None,
        }
    }
}

/// Asks itself for the answer, as long as that is allowed.
struct Deep(StateIndex<Option<u16>>);

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl ContentHandler for Deep {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        if request.path != b"/deep" {
            return None;
        }
        if let Some(status) = *request.state(self.0) {
            return Some(Outcome::Status(status));
        }
        let Some(sub) = request.subrequest(b"/deep") else {
            return Some(Outcome::Status(508));
        };
        DEPTH.set(DEPTH.get() + 1);
        Some(Outcome::Wait(Wait::Subrequest(Box::new(Subrequest {
            request: sub,
            answered: Box::new(|request, sub| {
                *request.state(self.0) = Some(sub.response.status);
            }),
        }))))
    }
}

static STEPS: Module = Module {
    name: "steps",
    location: |builder, _, parts| {
        let step = |name, waits| Box::new(Step { name, waits });
        parts.access.push(step("first rule", 0));
        parts.access.push(step("second rule", 2));
        parts.access.push(step("third rule", 1));
        parts.phases[Phase::Request as usize].push(step("phase", 0));
        parts.before_content.push(Box::new(Deep(builder.state())));
        parts.before_content.push(step("before", 1));
        parts.content.push(step("content", 2));
        parts.content.push(step("last", 1));
    },
    ..module::MODULE
};

fn runtime() -> &'static Runtime {
    static MODULES: &[&Module] = &[&super::MODULE, &crate::modules::access::MODULE, &STEPS];
    let text = "http { server { listen 80; deny 1.1.1.1; } }";
    let mut files = trial::files(text);
    let parsed = conf::parse(Path::new("/test.conf"), None, &mut files);
    let mut diagnostics = Diagnostics::default();
    let rows: Vec<_> = MODULES.iter().map(|module| module.directives).collect();
    let foreign = conf::Foreign(&[]);
    let main = conf::apply(&parsed.tree, &rows, foreign, &mut diagnostics);
    let surroundings = Surroundings {
        sources: &parsed.sources,
        files: &mut files,
        memory: &mut Unshared,
        prefix: Path::new("/"),
        generation: 1,
        foreign,
    };
    let runtime = Builder::build(&main, MODULES, &mut diagnostics, surroundings);
    Box::leak(Box::new(runtime.unwrap()))
}

/// Decides a request, with all its waits; how often it waited.
async fn settle(request: &mut Request) -> (Answer, usize) {
    identify::identify(request).unwrap();
    let mut session = Session::of_our_own();
    let begun = tokio::time::Instant::now();
    let mut answer = engine::decide(request);
    if let Answer::Wait(paused) = answer {
        answer = wait::settle(request, &mut session, paused).await;
    }
    (answer, begun.elapsed().as_secs() as usize)
}

#[tokio::test(start_paused = true)]
async fn each_step_goes_on_where_it_waited() {
    let mut request = trial::begin(runtime(), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    let (answer, waited) = settle(&mut request).await;
    assert!(matches!(answer, Answer::Local(response) if response.head.status == 204));
    assert_eq!(waited, 2 + 1 + 1 + 2 + 1);
    let trace = TRACE.take().join(", ");
    assert_eq!(
        trace,
        "first rule, second rule, second rule, second rule, third rule, third rule, phase, \
         before, before, content, content, content, last, last"
    );
}

#[tokio::test]
async fn subrequests_are_nested_fifty_deep() {
    let runtime = runtime();
    let mut request = trial::begin(runtime, "GET /deep HTTP/1.1\r\nHost: a\r\n\r\n");
    TRACE.set(
        ["second rule"; 2]
            .into_iter()
            .chain(["third rule"])
            .collect(),
    );
    let (answer, _) = settle(&mut request).await;
    assert!(matches!(answer, Answer::Local(response) if response.head.status == 508));
    assert_eq!(DEPTH.get(), 50);
    // Neither the rules nor the phase are for subrequests.
    let trace = TRACE.take();
    assert_eq!(
        trace[3..].join(", "),
        "first rule, second rule, third rule, phase"
    );
}
