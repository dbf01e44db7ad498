//! Caches in the status tree: what there is in them, and what became of requests.

use std::sync::Arc;

use super::zones::Entry;
use crate::cache::index::{Numbers, Outcome, OutcomeNumbers, Reason, Sums};
use crate::http::build::builder::Builder;
use crate::metric::Moment;
use crate::os;
use crate::status::{
    MOUNT, Mount, Named, Node,
    Since::{Now, Zone},
    Value, node as row,
};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "caches"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "Caches of answers, by the names of their zones.",
        ),
        row(
            "{cache}",
            "",
            Now,
            "One cache, all of it read at one moment.",
        ),
        row("{cache}/size", "bytes", Now, "What its files hold."),
        row(
            "{cache}/max_size",
            "bytes",
            Now,
            "What they may hold; absent where there is no limit.",
        ),
        row(
            "{cache}/cold",
            "boolean",
            Now,
            "Whether the files that were there at the start are still being looked at.",
        ),
        row("{cache}/hit", "", Now, "Answers that were fresh."),
        row(
            "{cache}/hit/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/hit/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/stale",
            "",
            Now,
            "Answers given although they were not fresh any more, for want of another.",
        ),
        row(
            "{cache}/stale/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/stale/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/updating",
            "",
            Now,
            "Answers given although they were not fresh any more, while another request fetches a new one.",
        ),
        row(
            "{cache}/updating/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/updating/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/revalidated",
            "",
            Now,
            "Answers that their origin said are still right.",
        ),
        row(
            "{cache}/revalidated/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/revalidated/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/miss",
            "",
            Now,
            "Requests for which there was nothing.",
        ),
        row(
            "{cache}/miss/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/miss/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/miss/responses_written",
            "responses",
            Zone,
            "Those of these responses that were put into the cache.",
        ),
        row("{cache}/miss/bytes_written", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/expired",
            "",
            Now,
            "Requests for which there was only an answer that was not fresh any more.",
        ),
        row(
            "{cache}/expired/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/expired/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/expired/responses_written",
            "responses",
            Zone,
            "Those of these responses that were put into the cache.",
        ),
        row(
            "{cache}/expired/bytes_written",
            "bytes",
            Zone,
            "Their bytes.",
        ),
        row(
            "{cache}/bypass",
            "",
            Now,
            "Requests that were not to be answered by the cache.",
        ),
        row(
            "{cache}/bypass/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row("{cache}/bypass/bytes", "bytes", Zone, "Their bytes."),
        row(
            "{cache}/bypass/responses_written",
            "responses",
            Zone,
            "Those of these responses that were put into the cache.",
        ),
        row(
            "{cache}/bypass/bytes_written",
            "bytes",
            Zone,
            "Their bytes.",
        ),
        row(
            "{cache}/background_update",
            "",
            Now,
            "Requests of our own for something newer (`proxy_cache_background_update`), which are no client's.",
        ),
        row(
            "{cache}/background_update/responses",
            "responses",
            Zone,
            "Responses to them.",
        ),
        row(
            "{cache}/background_update/bytes",
            "bytes",
            Zone,
            "Their bytes.",
        ),
        row(
            "{cache}/background_update/responses_written",
            "responses",
            Zone,
            "Those of these responses that were put into the cache.",
        ),
        row(
            "{cache}/background_update/bytes_written",
            "bytes",
            Zone,
            "Their bytes.",
        ),
        row(
            "{cache}/requests",
            "",
            Now,
            "All requests that asked the cache.",
        ),
        row(
            "{cache}/requests/total",
            "requests",
            Zone,
            "Hits and misses together.",
        ),
        row(
            "{cache}/requests/hit",
            "requests",
            Zone,
            "Requests that were answered by the cache.",
        ),
        row(
            "{cache}/requests/miss",
            "requests",
            Zone,
            "Requests that were answered by an origin.",
        ),
        row(
            "{cache}/requests/shared",
            "requests",
            Zone,
            "Requests that got what another one was fetching.",
        ),
        row("{cache}/data", "", Now, "What went through the cache."),
        row("{cache}/data/received", "bytes", Zone, "From origins."),
        row("{cache}/data/sent", "bytes", Zone, "To clients."),
        row("{cache}/entries", "", Now, "What is in the cache."),
        row(
            "{cache}/entries/current",
            "answers",
            Now,
            "Answers that are kept.",
        ),
        row(
            "{cache}/entries/filling",
            "answers",
            Now,
            "Answers that are being fetched.",
        ),
        row(
            "{cache}/entries/removed_inactive",
            "answers",
            Zone,
            "Answers removed because nobody asked for them (`inactive`).",
        ),
        row(
            "{cache}/entries/removed_max_size",
            "answers",
            Zone,
            "Answers removed because of `max_size`.",
        ),
        row(
            "{cache}/entries/removed_min_free",
            "answers",
            Zone,
            "Answers removed because of `min_free`.",
        ),
        row(
            "{cache}/entries/removed_no_room",
            "answers",
            Zone,
            "Answers removed because the zone was full.",
        ),
        row(
            "{cache}/entries/removed_damaged",
            "answers",
            Zone,
            "Answers removed because their files were damaged or gone.",
        ),
        row(
            "{cache}/entries/purged",
            "answers",
            Zone,
            "Answers removed by a purge.",
        ),
        row(
            "{cache}/entries/digest_mismatch",
            "answers",
            Zone,
            "Answers not kept because they had another digest (`proxy_cache_digest`).",
        ),
    ],
    ..MOUNT
};

/// Shows caches.
pub(super) fn mount(builder: &mut Builder<'_>, entries: &Arc<[Arc<Entry>]>) {
    if entries.is_empty() {
        return;
    }
    let caches = Named::new(Arc::clone(entries), called, |entry| Some(node(entry)));
    builder.tree.mount(STATUS.path, Box::new(caches));
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
