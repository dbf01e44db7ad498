//! Passing requests on: `upstream`, `proxy_pass`, `grpc_pass` and everything around them.
//!
//! `pass` is what a location holds and the engine asks; it chooses among the peers of a `group`
//! by a way of `balance`, writes their heads with `headers` and changes their answers with
//! `replies`. `attempts` remembers it all for `variables`; `tally` counts for `status`.
#![forbid(unsafe_code)]

use crate::conf::DirectiveSpec;
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module, Rows};
use crate::modules::family::{Grpc, Http};

mod accel;
mod asked;
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
mod group;
mod hashed;
mod headers;
mod ignored;
mod instead;
mod names;
mod pass;
mod pass_directive;
mod program;
mod proxy_directives;
mod registry;
mod replies;
mod request_directives;
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

pub(in crate::modules) use pass_directive::{apply, build, check};
pub(in crate::modules) use program::{Outline, Program};
pub(in crate::modules) use registry::Hidden;
pub(in crate::modules) use settings::apply_keep_connection;
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
        pass_directive::check::<Http>(builder, chain);
        pass_directive::check::<Grpc>(builder, chain);
        variables::define(builder);
        let zoned = builder.thing::<registry::Registry>().zoned();
        let named = |members: &changing::Upstream| (members.now().name.clone(), members.clone());
        let zoned: Vec<_> = zoned.iter().map(named).collect();
        if !zoned.is_empty() {
            status::mount(builder, zoned);
        }
    },
    location: |builder, chain, parts| {
        pass_directive::build::<Http>(builder, chain, parts, &|_, _| None);
        pass_directive::build::<Grpc>(builder, chain, parts, &|_, _| None);
    },
    rows: &[Rows {
        kind: tally::KIND,
        forget: tally::forget,
    }],
    ..module::MODULE
};

const TABLES: [&[DirectiveSpec]; 11] = [
    &PROXY,
    &request_directives::HTTP,
    &shared_directives::HTTP_HEADER,
    &shared_directives::HTTP,
    &buffering::HTTP,
    &buffering::TEMP_PATH,
    &ssl::HTTP,
    &shared_directives::GRPC_HEADER,
    &shared_directives::GRPC,
    &ssl::GRPC,
    &UPSTREAM,
];

const DIRECTIVES: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);

use proxy_directives::ROWS as PROXY;
use upstream_directives::ROWS as UPSTREAM;

/// What the families of programs have in common with `proxy_pass`.
pub(in crate::modules) mod tables {
    use super::{buffering, request_directives, shared_directives, ssl};
    use crate::conf::DirectiveSpec;

    /// Those of `fastcgi_pass`.
    pub(in crate::modules) const FASTCGI: [&[DirectiveSpec]; 4] = [
        &request_directives::FASTCGI,
        &request_directives::FASTCGI_TEMP,
        &shared_directives::FASTCGI,
        &buffering::FASTCGI,
    ];
    /// Those of `uwsgi_pass`.
    pub(in crate::modules) const UWSGI: [&[DirectiveSpec]; 5] = [
        &request_directives::UWSGI,
        &request_directives::UWSGI_TEMP,
        &shared_directives::UWSGI,
        &buffering::UWSGI,
        &ssl::UWSGI,
    ];
    /// Those of `scgi_pass`.
    pub(in crate::modules) const SCGI: [&[DirectiveSpec]; 4] = [
        &request_directives::SCGI,
        &request_directives::SCGI_TEMP,
        &shared_directives::SCGI,
        &buffering::SCGI,
    ];
}

/// The upstreams that the status tree does not show.
pub(in crate::modules) fn hidden(builder: &mut Builder<'_>) -> Hidden {
    builder.thing::<registry::Registry>().hidden()
}
