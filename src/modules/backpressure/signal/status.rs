//! `signals` of a backpressure zone in the status tree.

use std::ops::ControlFlow;

use super::plan::{Plan, Signal};
use super::standing::Stale;
use super::state::States;
use crate::os;
use crate::status::{Branch, Node, Value};

/// All signals of a zone, by name.
pub fn node<'a>(plan: &'a Plan, states: &'a States, stale: Stale) -> Node<'a> {
    node_at(plan, states, stale, os::monotonic() / 1_000_000)
}

/// The same at a moment, in milliseconds of the machine's monotonic clock.
pub(super) fn node_at<'a>(plan: &'a Plan, states: &'a States, stale: Stale, now: u64) -> Node<'a> {
    Node::branch(Signals {
        plan,
        states,
        stale,
        now,
    })
}

struct Signals<'a> {
    plan: &'a Plan,
    states: &'a States,
    stale: Stale,
    now: u64,
}

impl Branch for Signals<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut signals = self.plan.signals().iter().enumerate();
        let (place, signal) = signals.find(|(_, signal)| signal.name.as_bytes() == name)?;
        Some(self.shown(place, signal))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut signals = self.plan.signals().iter().enumerate();
        signals.try_for_each(|(place, signal)| {
            visit(signal.name.as_bytes(), self.shown(place, signal))
        })
    }
}

impl Signals<'_> {
    fn shown(&self, place: usize, signal: &Signal) -> Node<'static> {
        let state = self.states.of(place);
        let snapshot = state.read(signal.grade.as_ref(), self.stale, self.now);
        let mut members = Vec::new();
        // What is not known yet is not there, so that pages made of the tree have no line for it.
        members.extend(snapshot.value.map(|value| ("value", Node::from(value))));
        if let Some(grade) = signal.grade {
            members.push(("warn", Node::from(grade.warn)));
            members.push(("emergency", Node::from(grade.emergency)));
            members.push(("throttle", Node::from(snapshot.judgement.throttle)));
        }
        members.extend([
            ("firing", Node::from(snapshot.judgement.is_firing)),
            ("stale", Node::from(snapshot.judgement.is_stale)),
        ]);
        let updated = snapshot.updated.map(Value::since_1970);
        members.extend(updated.map(|moment| ("updated", Node::Value(moment))));
        members.extend([
            ("evaluations", Node::from(snapshot.evaluations)),
            ("errors", Node::from(snapshot.errors)),
        ]);
        Node::object(members)
    }
}
