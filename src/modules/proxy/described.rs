//! What the status tree shows of upstreams, in words.

use crate::status::Since::{Now, Zone};
use crate::status::{MOUNT, Mount, node as row};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "upstreams"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "Upstreams that have a `zone`, counted over all workers.",
        ),
        row("{upstream}", "", Now, "One upstream."),
        row("{upstream}/peers", "", Now, "Its servers, by address."),
        row("{upstream}/peers/{peer}", "", Now, "One of them."),
        row(
            "{upstream}/peers/{peer}/server",
            "text",
            Now,
            "The server as the configuration has it.",
        ),
        row(
            "{upstream}/peers/{peer}/backup",
            "boolean",
            Now,
            "Whether it is asked only when the others cannot be.",
        ),
        row(
            "{upstream}/peers/{peer}/weight",
            "number",
            Now,
            "Its weight.",
        ),
        row(
            "{upstream}/peers/{peer}/state",
            "text",
            Now,
            "`up`; `down` if the configuration says so; `unavailable` after failures; `busy` at `max_conns`.",
        ),
        row(
            "{upstream}/peers/{peer}/selected",
            "",
            Now,
            "Requests given to it.",
        ),
        row(
            "{upstream}/peers/{peer}/selected/current",
            "requests",
            Now,
            "Those that are under way.",
        ),
        row(
            "{upstream}/peers/{peer}/selected/total",
            "requests",
            Zone,
            "All.",
        ),
        row(
            "{upstream}/peers/{peer}/selected/last",
            "date",
            Zone,
            "When there was one last; absent before.",
        ),
        row(
            "{upstream}/peers/{peer}/max_conns",
            "requests",
            Now,
            "How many may be under way; absent where there is no limit.",
        ),
        row(
            "{upstream}/peers/{peer}/responses",
            "",
            Now,
            "Its responses, by status.",
        ),
        row(
            "{upstream}/peers/{peer}/responses/{status}",
            "responses",
            Zone,
            "Responses with a status; `xxx` for what is none.",
        ),
        row(
            "{upstream}/peers/{peer}/data",
            "",
            Now,
            "What went over the line.",
        ),
        row("{upstream}/peers/{peer}/data/sent", "bytes", Zone, "To it."),
        row(
            "{upstream}/peers/{peer}/data/received",
            "bytes",
            Zone,
            "From it.",
        ),
        row(
            "{upstream}/peers/{peer}/health",
            "",
            Now,
            "How well it does.",
        ),
        row(
            "{upstream}/peers/{peer}/health/fails",
            "attempts",
            Zone,
            "Attempts that failed.",
        ),
        row(
            "{upstream}/peers/{peer}/health/unavailable",
            "times",
            Zone,
            "How often it became unavailable.",
        ),
        row(
            "{upstream}/peers/{peer}/health/downtime",
            "milliseconds",
            Zone,
            "How long it was unavailable in all.",
        ),
        row(
            "{upstream}/peers/{peer}/health/downstart",
            "date",
            Now,
            "Since when it is unavailable; absent while it is not.",
        ),
        row(
            "{upstream}/peers/{peer}/health/header_time",
            "milliseconds",
            Zone,
            "The average time to the head of a response; recent ones count most.",
        ),
        row(
            "{upstream}/peers/{peer}/health/response_time",
            "milliseconds",
            Zone,
            "The average time to the end of a response; recent ones count most.",
        ),
        row(
            "{upstream}/peers/{peer}/sid",
            "text",
            Now,
            "What stands for it in cookies and keys: an identity that does not tell the address.",
        ),
        row(
            "{upstream}/keepalive",
            "connections",
            Now,
            "Idle connections to its servers.",
        ),
        row(
            "{upstream}/zone",
            "text",
            Now,
            "The zone that its counts are in.",
        ),
    ],
    ..MOUNT
};
