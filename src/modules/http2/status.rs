//! HTTP/2 with clients in the status tree.

use std::sync::Arc;

use crate::http::build::builder::Builder;
use crate::http::plan::http2_counters::{Http2Count, Http2Counters};
use crate::http::transport::flood::Flood;
use crate::status::{
    MOUNT, Mount,
    Since::{Now, Start},
    Value, node,
};

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

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "http2"],
    nodes: &[
        node("", "", Now, "HTTP/2 with clients, over all workers."),
        node("connections", "", Now, "Connections that speak it."),
        node(
            "connections/accepted",
            "connections",
            Start,
            "Connections on which it was begun.",
        ),
        node(
            "connections/active",
            "connections",
            Now,
            "Those that are open.",
        ),
        node(
            "connections/errors",
            "connections",
            Start,
            "Those that were closed for a mistake in the protocol.",
        ),
        node("streams", "", Now, "Requests, each of which is a stream."),
        node(
            "streams/accepted",
            "requests",
            Start,
            "Requests that were taken.",
        ),
        node(
            "streams/active",
            "requests",
            Now,
            "Requests that are being answered.",
        ),
        node(
            "streams/refused",
            "requests",
            Start,
            "Requests that were refused, so that the client may ask again.",
        ),
        node(
            "streams/rejected",
            "requests",
            Start,
            "Requests that were malformed.",
        ),
        node("resets", "", Now, "Streams that were reset."),
        node("resets/received", "streams", Start, "By clients."),
        node("resets/sent", "streams", Start, "By the server."),
        node("goaways", "", Now, "Connections whose end was announced."),
        node("goaways/received", "connections", Start, "By clients."),
        node("goaways/sent", "connections", Start, "By the server."),
        node(
            "floods",
            "",
            Now,
            "Connections that were closed because of a flood, by what came too often.",
        ),
        node(
            "floods/acks",
            "connections",
            Start,
            "Acknowledgements that nobody had asked for.",
        ),
        node(
            "floods/continuations",
            "connections",
            Start,
            "CONTINUATION.",
        ),
        node("floods/data", "connections", Start, "DATA without content."),
        node(
            "floods/heads",
            "connections",
            Start,
            "Heads of requests that are too large.",
        ),
        node(
            "floods/other",
            "connections",
            Start,
            "Frames that mean nothing here.",
        ),
        node("floods/pings", "connections", Start, "PING."),
        node(
            "floods/refused_streams",
            "connections",
            Start,
            "Streams that were refused or malformed.",
        ),
        node("floods/resets", "connections", Start, "RST_STREAM."),
        node("floods/settings", "connections", Start, "SETTINGS."),
        node(
            "floods/untaken_streams",
            "connections",
            Start,
            "Streams that nobody takes any more.",
        ),
        node(
            "floods/window_updates",
            "connections",
            Start,
            "WINDOW_UPDATE.",
        ),
    ],
    ..MOUNT
};

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
