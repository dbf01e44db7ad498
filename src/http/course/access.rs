//! The access phase: the rules of a location are asked one after the other, and any of them may wait.

use super::circumstances::Circumstances;
use super::request::Request;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::Verdict;
use crate::http::plan::settings::Satisfy;
use crate::http::plan::wait::Wait;

/// How far the rules of a location have been asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judging {
    /// The rule to be asked next.
    next: usize,
    /// The status to refuse with unless another rule lets the request in, and the rule that wants it.
    refusal: Option<(u16, usize)>,
}

/// What the access phase comes to.
pub(super) enum Judged {
    /// The request may pass.
    Pass,
    /// It is refused with this status.
    Refused(u16),
    /// A rule has had the last word.
    Answered(Outcome),
    /// A rule waits; then judging goes on here.
    Wait(Wait, Judging),
}

/// Asks the rules of the request's location.
pub(super) fn judge(request: &mut Request, mut judging: Judging) -> Judged {
    if request.is_subrequest() {
        return Judged::Pass;
    }
    let location = request.location;
    let satisfy = location.settings.satisfy;
    while let Some(rule) = location.access.get(judging.next) {
        match rule.check(request) {
            Verdict::Wait(wait) => return Judged::Wait(wait, judging),
            Verdict::Answer(outcome) => return Judged::Answered(outcome),
            Verdict::Allow if satisfy == Satisfy::Any => return Judged::Pass,
            Verdict::Deny(status) => {
                let is_last_word = satisfy == Satisfy::All || !matches!(status, 401 | 403);
                if is_last_word || judging.refusal.is_none_or(|(other, _)| other != 401) {
                    judging.refusal = Some((status, judging.next));
                }
                if is_last_word {
                    break;
                }
            }
            Verdict::Allow | Verdict::Neutral => {}
        }
        judging.next += 1;
    }
    let Some((status, number)) = judging.refusal else {
        return Judged::Pass;
    };
    if let Some(rule) = location.access.get(number) {
        let reason = rule.refuse(request);
        log::error!("{reason}{}", Circumstances(request));
    }
    Judged::Refused(status)
}
