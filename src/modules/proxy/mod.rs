//! Passing requests on: `upstream`, `proxy_pass`, `grpc_pass` and everything around them.
//!
//! `pass` is what a location holds and the engine asks; it chooses among the peers of a `group`
//! by a way of `balance`, writes their heads with `headers` and changes their answers with
//! `replies`. `attempts` remembers it all for `variables`; `tally` counts for `status`.
#![forbid(unsafe_code)]

use crate::conf::DirectiveSpec;
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module, Rows};

mod accel;
mod assembly;
mod attempts;
mod balance;
mod buffering;
mod changing;
mod choice;
mod credentials;
#[cfg(test)]
mod cuts;
mod described;
mod family;
mod group;
mod headers;
mod ignored;
mod instead;
mod names;
mod pass;
mod pass_directive;
mod proxy_directives;
mod registry;
mod replies;
mod settings;
mod shared_directives;
mod ssl;
mod status;
mod stored;
mod tally;
mod target;
mod upstream;
mod upstream_directives;
mod variables;

pub(in crate::modules) use registry::Hidden;
pub(in crate::modules) use ssl::Verifier;

/// The feature.
pub static MODULE: Module = Module {
    name: "proxy",
    directives: &DIRECTIVES,
    variables: variables::ROWS,
    about: "requests passed on to origins, one by one or in groups",
    described: variables::DESCRIBED,
    status: &[&described::STATUS],
    http: |builder, chain| {
        upstream::build_all(builder, chain);
        pass_directive::check(builder, chain);
        variables::define(builder);
        let zoned = builder.thing::<registry::Registry>().zoned();
        let named = |members: &changing::Upstream| (members.now().name.clone(), members.clone());
        let zoned: Vec<_> = zoned.iter().map(named).collect();
        if !zoned.is_empty() {
            status::mount(builder, zoned);
        }
    },
    location: pass_directive::build,
    rows: &[Rows {
        kind: tally::KIND,
        forget: tally::forget,
    }],
    ..module::MODULE
};

const TABLES: [&[DirectiveSpec]; 7] = [
    &PROXY,
    &shared_directives::HTTP,
    &BUFFERING,
    &ssl::HTTP,
    &shared_directives::GRPC,
    &ssl::GRPC,
    &UPSTREAM,
];

const DIRECTIVES: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);

use buffering::ROWS as BUFFERING;
use proxy_directives::ROWS as PROXY;
use upstream_directives::ROWS as UPSTREAM;

/// The upstreams that the status tree does not show.
pub(in crate::modules) fn hidden(builder: &mut Builder<'_>) -> Hidden {
    builder.thing::<registry::Registry>().hidden()
}
