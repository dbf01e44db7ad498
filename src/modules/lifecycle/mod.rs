//! `/status/angie/self`: what the server shows of itself. Reloads, workers and processes are here; zones and
//! scrapes are mounted by the features that have them.

mod processes;

use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::build::lifecycle::{Lifecycle, Reload};
use crate::http::build::module::{self, Module};
use crate::status::{
    Field, Fields, MOUNT, Mount, Node,
    Since::{Now, Start},
    Value, node,
};

/// The feature.
pub static MODULE: Module = Module {
    name: "lifecycle",
    about: "what the server tells of itself",
    status: &[&STATUS],
    http: declare,
    ..module::MODULE
};

fn declare(builder: &mut Builder<'_>, _chain: &Chain<'_>) {
    match Lifecycle::open(builder.memory) {
        Ok(lifecycle) => {
            let generation = builder.generation;
            let own = Own {
                lifecycle,
                generation,
            };
            let fields = Fields::new(Box::new(own), SELF);
            builder.tree.mount(STATUS.path, Box::new(fields));
        }
        Err(error) => builder.no_memory("lifecycle", &error),
    }
    for section in ["zones", "scrapes"] {
        builder.tree.declare(&[STATUS.path, &[section]].concat());
    }
}

static STATUS: Mount = Mount {
    path: &["status", "angie", "self"],
    nodes: &[
        node("", "", Now, "What the server tells of itself."),
        node(
            "reloads",
            "",
            Now,
            "How reloads of the configuration ended.",
        ),
        node(
            "reloads/successful",
            "reloads",
            Start,
            "Those after which the new configuration serves.",
        ),
        node(
            "reloads/failed",
            "reloads",
            Start,
            "Those that changed nothing, because the configuration could not be used.",
        ),
        node(
            "reloads/last_successful",
            "date",
            Start,
            "When one was successful last; absent before.",
        ),
        node(
            "reloads/last_failed",
            "date",
            Start,
            "When one failed last; absent before.",
        ),
        node("workers", "", Now, "The processes that serve."),
        node(
            "workers/running",
            "processes",
            Now,
            "Workers of this configuration that accept connections.",
        ),
        node(
            "workers/restarts",
            "processes",
            Start,
            "Workers that died and were replaced.",
        ),
        node(
            "processes",
            "",
            Now,
            "What each process takes, as the system tells it.",
        ),
        node(
            "processes/{process}",
            "",
            Now,
            "`master`, `keeper`, `worker-1` and so on; `old-1` and so on for workers of an earlier configuration.",
        ),
        node(
            "processes/{process}/pid",
            "number",
            Now,
            "The number of the process.",
        ),
        node(
            "processes/{process}/start_time",
            "date",
            Now,
            "When it was started.",
        ),
        node(
            "processes/{process}/cpu_seconds",
            "seconds",
            Now,
            "Processor time it has used since it was started.",
        ),
        node(
            "processes/{process}/resident_memory",
            "bytes",
            Now,
            "Memory it holds, zones that it shares with others included.",
        ),
        node(
            "processes/{process}/open_files",
            "descriptors",
            Now,
            "Descriptors it has open, where the system tells.",
        ),
        node(
            "processes/{process}/max_files",
            "descriptors",
            Now,
            "Descriptors it may have open.",
        ),
    ],
    ..MOUNT
};

struct Own {
    lifecycle: Lifecycle,
    /// The number of the configuration.
    generation: u64,
}

const SELF: &[Field<Own>] = &[
    Field {
        name: "reloads",
        read: |own| Some(Node::branch(Fields::new(&own.lifecycle, RELOADS))),
    },
    Field {
        name: "workers",
        read: |own| {
            Some(Node::object(vec![
                ("running", Node::from(own.lifecycle.workers())),
                ("restarts", Node::from(own.lifecycle.restarts())),
            ]))
        },
    },
    Field {
        name: "processes",
        read: |own| Some(processes::node(own.generation)),
    },
];

const RELOADS: &[Field<Lifecycle>] = &[
    Field {
        name: "successful",
        read: |lifecycle| Some(Node::from(lifecycle.reloads(Reload::Successful))),
    },
    Field {
        name: "failed",
        read: |lifecycle| Some(Node::from(lifecycle.reloads(Reload::Failed))),
    },
    Field {
        name: "last_successful",
        read: |lifecycle| last(lifecycle, Reload::Successful),
    },
    Field {
        name: "last_failed",
        read: |lifecycle| last(lifecycle, Reload::Failed),
    },
];

fn last(lifecycle: &Lifecycle, reload: Reload) -> Option<Node<'static>> {
    let moment = lifecycle.last_reload(reload)?;
    Some(Node::Value(Value::since_1970(moment)))
}
