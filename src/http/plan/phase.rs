//! The points of a request's life at which features act.

use std::borrow::Cow;

use super::outcome::Outcome;
use super::wait::Wait;
use crate::http::course::request::Request;
use crate::http::message::response::Response;

/// A point of a request's life for which metrics and variables are declared (`on=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before content is made: after rewriting and access checks.
    Request,
    /// The response's head is about to leave.
    Response,
    /// The request is over.
    End,
}

impl Phase {
    /// How many there are.
    pub const COUNT: usize = 3;
    /// In the order in which they run.
    pub const ALL: [Self; Self::COUNT] = [Self::Request, Self::Response, Self::End];
}

/// Acts in a phase; it cannot fail a request, but for filters of heads, which may refuse a response
/// (`Request::response_refused`).
pub trait PhaseHandler: Send + Sync {
    /// Does its work.
    fn run(&self, request: &mut Request);

    /// Whether it is also run for subrequests: a filter for the heads of their answers, another handler at their end.
    fn is_for_subrequests(&self) -> bool {
        false
    }

    /// Whether a filter of heads does more than change a head, so that it must not be tried on one beforehand.
    fn has_effects(&self) -> bool {
        false
    }
}

/// What a rewrite step wants next.
pub enum Flow {
    /// The next step.
    Next,
    /// No further rewrite steps of this location.
    Break,
    /// The URI is another: look for its location (`rewrite … last`).
    Relocate,
    /// The request's answer is decided.
    Finish(Outcome),
}

/// A step of the rewrite phases, in a server or a location.
pub trait RewriteStep: Send + Sync {
    /// Does its work.
    fn run(&self, request: &mut Request) -> Flow;
}

/// What a handler of the preaccess phase says.
pub enum Preaccess {
    /// The request may pass.
    Pass,
    /// It is answered with this status.
    Refuse(u16),
    /// The handler is to be asked again when something is over.
    Wait(Wait),
}

/// A handler of the preaccess phase: it lets a request in, keeps it waiting, or refuses it because
/// there is too much of something. It is asked in each location that a client's request comes to,
/// also after internal redirects, and remembers itself what it has counted already.
pub trait PreaccessHandler: Send + Sync {
    /// Decides; a handler that refuses says so in the log.
    fn run(&'static self, request: &mut Request) -> Preaccess;

    /// A request that it has let pass is refused by another handler, or by a rule of the access phase.
    fn take_back(&'static self, _request: &mut Request) {}

    /// A request that it has let pass is let in by all others, too, and about to be answered.
    fn let_in(&'static self, _request: &mut Request) {}
}

/// What an access rule says.
pub enum Verdict {
    /// The request may pass this rule.
    Allow,
    /// It may not, and would be answered with this status.
    Deny(u16),
    /// The rule has nothing to say.
    Neutral,
    /// The request ends here, whatever other rules would say.
    Answer(Outcome),
    /// The rule is to be asked again when something is over.
    Wait(Wait),
}

/// A rule of the access phase (`allow`, `deny`).
pub trait AccessRule: Send + Sync {
    /// Judges a request.
    fn check(&'static self, request: &mut Request) -> Verdict;

    /// The request is refused because of this rule: what the log says, and the time to remember
    /// what the answer is to say.
    fn refuse(&self, _request: &mut Request) -> Cow<'static, str> {
        "access forbidden by rule".into()
    }
}

/// Makes the answer of a location, or passes: the first that does not pass decides.
pub trait ContentHandler: Send + Sync {
    /// The answer; `None` passes to the next handler.
    fn run(&'static self, request: &mut Request) -> Option<Outcome>;
}

/// What a location says instead of the standard page, where no `error_page` knows better.
pub trait ErrorAnswer: Send + Sync {
    /// The answer; `None` leaves it at the standard page.
    fn answer(&self, request: &mut Request, status: u16) -> Option<Response>;
}
