//! What the status tree shows of backpressure, in words.

use crate::modules::shared_zone;
use crate::status::Since::{Now, Start, Zone as Kept};
use crate::status::{Mount, node as row};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "backpressure_zones"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "Zones of `backpressure_zone`; absent where there are none.",
        ),
        row("{zone}", "", Now, "One zone."),
        row(
            "{zone}/min",
            "requests",
            Now,
            "The least that the window may be.",
        ),
        row(
            "{zone}/max",
            "requests",
            Now,
            "The most that the window may be.",
        ),
        row(
            "{zone}/window",
            "requests",
            Now,
            "How many may be under way; absent where each key has a window.",
        ),
        row(
            "{zone}/active",
            "requests",
            Now,
            "How many are under way, of all keys together.",
        ),
        row(
            "{zone}/allowance",
            "share",
            Now,
            "The share of `max` that signals leave, from 0 to 1.",
        ),
        row(
            "{zone}/passed",
            "requests",
            Start,
            "Requests that were let in.",
        ),
        row(
            "{zone}/skipped",
            "requests",
            Start,
            "Requests that were let in unasked: not to be asked, or without a key.",
        ),
        row(
            "{zone}/rejected",
            "requests",
            Start,
            "Requests that were refused.",
        ),
        row(
            "{zone}/exhausted",
            "requests",
            Start,
            "Requests that were let in because there was no room for their key.",
        ),
        row(
            "{zone}/discarded",
            "keys",
            Kept,
            "Keys that were dropped to make room; with keys alone.",
        ),
        row("{zone}/signals", "", Now, "What the window goes by."),
        row("{zone}/signals/{signal}", "", Now, "One signal."),
        row(
            "{zone}/signals/{signal}/value",
            "as it is",
            Now,
            "What it was when it was evaluated last; absent while it is not known.",
        ),
        row(
            "{zone}/signals/{signal}/warn",
            "as the value",
            Now,
            "From where it makes the window smaller; absent for a signal that fires or does not.",
        ),
        row(
            "{zone}/signals/{signal}/emergency",
            "as the value",
            Now,
            "From where it leaves nothing of it, likewise.",
        ),
        row(
            "{zone}/signals/{signal}/throttle",
            "share",
            Now,
            "How far it is between both, from 0 to 1, likewise.",
        ),
        row(
            "{zone}/signals/{signal}/firing",
            "boolean",
            Now,
            "Whether it makes the window smaller.",
        ),
        row(
            "{zone}/signals/{signal}/stale",
            "boolean",
            Now,
            "Whether it is known no more.",
        ),
        row(
            "{zone}/signals/{signal}/updated",
            "date",
            Now,
            "When it was known last; absent before.",
        ),
        row(
            "{zone}/signals/{signal}/evaluations",
            "times",
            Start,
            "How often it was evaluated.",
        ),
        row(
            "{zone}/signals/{signal}/errors",
            "times",
            Start,
            "How often that failed.",
        ),
        row(
            "{zone}/keys",
            "",
            Now,
            "The windows of keys; absent where the zone has one window.",
        ),
        row("{zone}/keys/{key}", "", Now, "One key."),
        row(
            "{zone}/keys/{key}/window",
            "requests",
            Now,
            "How many of its requests may be under way.",
        ),
        row("{zone}/keys/{key}/active", "requests", Now, "How many are."),
        row(
            "{zone}/keys/{key}/rejected",
            "requests",
            Kept,
            "Requests of it that were refused.",
        ),
    ],
    within: &[("{zone}/state", shared_zone::STATE)],
};
