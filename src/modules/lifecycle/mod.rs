//! `/status/angie/self`: what the server shows of itself. Reloads, workers and processes are here; zones and
//! scrapes are mounted by the features that have them.

mod processes;

use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::build::lifecycle::{Lifecycle, Reload};
use crate::http::build::module::{self, Module};
use crate::status::{Field, Fields, Node, Value};

/// The feature.
pub static MODULE: Module = Module {
    name: "lifecycle",
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
            builder.tree.mount(PATH, Box::new(fields));
        }
        Err(error) => builder.no_memory("lifecycle", &error),
    }
    for section in ["zones", "scrapes"] {
        builder.tree.declare(&[PATH, &[section]].concat());
    }
}

/// Where it stands in the tree.
const PATH: &[&str] = &["status", "angie", "self"];

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
