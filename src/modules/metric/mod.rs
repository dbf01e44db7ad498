//! Metrics: zones that keep them, directives, variables and clients that update them, and their
//! part of the status tree.

mod cardinality;
mod handler;
mod labelling;
mod levels;
mod pair;
pub mod push;
mod registers;
mod status;
mod together;
mod update;
mod variables;
mod waiting;
mod zone_directives;
mod zones;

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::module::{self, Module};
use crate::modules::shared_zone;
pub(super) use update::{find as find_zone, warn_if_early};
use variables::Readback;
pub use waiting::finish;
pub(super) use zone_directives::{Options, ZoneWritten, name_and_size, option, zone_specification};
pub(super) use zones::{Entry, all as zones};

/// The feature.
pub static MODULE: Module = Module {
    name: "metric",
    about: "zones of metrics, and what updates them",
    directives: DIRECTIVES,
    described: variables::DESCRIBED,
    status: &[&status::STATUS, &shared_zone::SLABS, &shared_zone::SHARES],
    http: zones::declare,
    location: |builder, chain, parts| {
        parts.keep(chain.nearest::<Readback>().copied().unwrap_or_default());
        update::location(builder, chain, parts);
        push::location(builder, chain, parts);
    },
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[
    zone_directives::METRIC_ZONE,
    zone_directives::METRIC_COMPLEX_ZONE,
    update::METRIC,
    push::METRIC_PUSH,
    DirectiveSpec {
        name: "metric_readback",
        contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
        arity: Arity::exactly(1),
        doc: Doc {
            syntax: "metric_readback assigned | computed;",
            default: "assigned",
            text: "What `$metric_NAME` reads as after an update through variables: the pair as it \
                   was assigned, or the key with what the zone has computed for it.",
            example: "metric_readback computed;",
        },
        apply: |statement| {
            let forms = [
                ("assigned", Readback::Assigned),
                ("computed", Readback::Computed),
            ];
            let form = statement.enumeration(1, &forms)?;
            statement.scope.insert(form);
            Ok(())
        },
        ..SPEC
    },
];
