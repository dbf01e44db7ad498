//! Caches in the status tree: what there is in them, and what became of requests.

use std::sync::Arc;

use super::zones::Entry;
use crate::cache::index::{Numbers, Outcome, OutcomeNumbers, Reason, Sums};
use crate::http::build::builder::Builder;
use crate::metric::Moment;
use crate::os;
use crate::status::{Named, Node, Value};

/// Shows caches.
pub(super) fn mount(builder: &mut Builder<'_>, entries: &Arc<[Arc<Entry>]>) {
    if entries.is_empty() {
        return;
    }
    let caches = Named::new(Arc::clone(entries), called, |entry| Some(node(entry)));
    let path = ["status", "http", "caches"];
    builder.tree.mount(&path, Box::new(caches));
}

fn called(entry: &Arc<Entry>) -> &[u8] {
    entry.name.as_bytes()
}

/// Everything about a cache, out of one reading.
fn node(entry: &Entry) -> Node<'static> {
    let now = Moment(os::monotonic());
    let index = entry.cache.index();
    // Without its zone there is nothing in a cache.
    let sums = index.sums(now).unwrap_or_default();
    let numbers = index.numbers(now);
    let mut members = vec![("size", count(sums.size))];
    members.extend(entry.limits.max_size.map(|most| ("max_size", count(most))));
    members.push(("cold", Node::Value(Value::Boolean(!sums.is_loaded))));
    let outcomes = Outcome::ALL.into_iter().zip(&numbers.outcomes);
    members.extend(outcomes.map(|(outcome, numbers)| (name(outcome), answers(outcome, numbers))));
    members.push(("background_update", written(&numbers.background)));
    members.push(("requests", requests(&numbers)));
    let data = [("received", numbers.received()), ("sent", numbers.sent())];
    members.push(("data", counts(&data)));
    members.push(("entries", entries(&sums, &numbers)));
    Node::object(members)
}

fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Hit => "hit",
        Outcome::Stale => "stale",
        Outcome::Updating => "updating",
        Outcome::Revalidated => "revalidated",
        Outcome::Miss => "miss",
        Outcome::Expired => "expired",
        Outcome::Bypass => "bypass",
    }
}

fn answers(outcome: Outcome, numbers: &OutcomeNumbers) -> Node<'static> {
    match outcome.is_hit() {
        true => counts(&read(numbers)),
        false => written(numbers),
    }
}

fn read(numbers: &OutcomeNumbers) -> [(&'static str, u64); 2] {
    [("responses", numbers.responses), ("bytes", numbers.bytes)]
}

fn written(numbers: &OutcomeNumbers) -> Node<'static> {
    let written = [
        ("responses_written", numbers.responses_written),
        ("bytes_written", numbers.bytes_written),
    ];
    counts(&[read(numbers), written].concat())
}

fn requests(numbers: &Numbers) -> Node<'static> {
    let (hits, misses) = (numbers.hits(), numbers.misses());
    counts(&[
        ("total", hits.saturating_add(misses)),
        ("hit", hits),
        ("miss", misses),
        ("shared", numbers.shared),
    ])
}

fn entries(sums: &Sums, numbers: &Numbers) -> Node<'static> {
    let removed = |reason: Reason| sums.removed[reason as usize];
    counts(&[
        ("current", sums.entries),
        ("filling", sums.filling),
        ("removed_inactive", removed(Reason::Inactive)),
        ("removed_max_size", removed(Reason::MaxSize)),
        ("removed_min_free", removed(Reason::MinFree)),
        ("removed_no_room", removed(Reason::Crowded)),
        ("removed_damaged", removed(Reason::Lost)),
        ("purged", removed(Reason::Purged)),
        ("digest_mismatch", numbers.mismatches),
    ])
}

fn counts(members: &[(&'static str, u64)]) -> Node<'static> {
    let members = members.iter().map(|(name, value)| (*name, count(*value)));
    Node::object(members.collect())
}

fn count(value: u64) -> Node<'static> {
    Node::Value(Value::Integer(value))
}
