//! HTTP/2 with clients in the status tree.

use std::sync::Arc;

use crate::http::build::builder::Builder;
use crate::http::plan::http2_counters::{Http2Count, Http2Counters};
use crate::http::transport::flood::Flood;
use crate::status::Value;

const COUNTS: [(&str, &str, Http2Count); 11] = [
    ("connections", "accepted", Http2Count::Connections),
    ("connections", "active", Http2Count::ActiveConnections),
    ("connections", "errors", Http2Count::Mistakes),
    ("streams", "accepted", Http2Count::Streams),
    ("streams", "active", Http2Count::ActiveStreams),
    ("streams", "refused", Http2Count::Refused),
    ("streams", "rejected", Http2Count::Rejected),
    ("resets", "received", Http2Count::ResetsReceived),
    ("resets", "sent", Http2Count::ResetsSent),
    ("goaways", "received", Http2Count::GoawaysReceived),
    ("goaways", "sent", Http2Count::GoawaysSent),
];

/// Shows all counts.
pub(super) fn mount(builder: &mut Builder<'_>) {
    let counters = Arc::clone(&builder.http2);
    let mut leaf = |group, name, read: fn(&Http2Counters, usize) -> u64, number| {
        let counters = Arc::clone(&counters);
        let path = ["status", "http", "http2", group, name];
        let value = move || Some(Value::Integer(read(&counters, number)));
        builder.tree.leaf(&path, value);
    };
    for (number, (group, name, _)) in COUNTS.into_iter().enumerate() {
        let read = |counters: &Http2Counters, number: usize| counters.value(COUNTS[number].2);
        leaf(group, name, read, number);
    }
    for (number, flood) in Flood::ALL.into_iter().enumerate() {
        let read = |counters: &Http2Counters, number: usize| counters.floods(Flood::ALL[number]);
        leaf("floods", flood.name(), read, number);
    }
}
