//! Passing requests on: `upstream`, `proxy_pass` and everything around them.
//!
//! `pass` is what a location holds and the engine asks; it chooses among the peers of a `group`
//! by a way of `balance`, writes their heads with `headers` and changes their answers with
//! `replies`. `attempts` remembers it all for `variables`; `tally` counts for `status`.
#![forbid(unsafe_code)]

use crate::conf::DirectiveSpec;
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};

mod accel;
pub(in crate::modules) mod address;
mod assembly;
mod attempts;
mod balance;
mod buffering;
mod changing;
#[cfg(test)]
mod cuts;
mod group;
mod headers;
mod names;
mod pass;
mod pass_directive;
mod proxy_directives;
mod registry;
mod replies;
mod settings;
mod ssl;
mod status;
mod tally;
mod target;
mod upstream;
mod upstream_directives;
mod variables;

pub(in crate::modules) use registry::Hidden;

/// The feature.
pub static MODULE: Module = Module {
    name: "proxy",
    directives: &DIRECTIVES,
    variables: variables::ROWS,
    http: |builder, chain| {
        upstream::build_all(builder, chain);
        variables::define(builder);
        let zoned = builder.thing::<registry::Registry>().zoned();
        let named = |members: &changing::Upstream| (members.now().name.clone(), members.clone());
        let zoned: Vec<_> = zoned.iter().map(named).collect();
        if !zoned.is_empty() {
            status::mount(builder, zoned);
        }
    },
    location: pass_directive::build,
    ..module::MODULE
};

const COUNT: usize = PROXY.len() + BUFFERING.len() + SSL.len() + UPSTREAM.len();

const DIRECTIVES: [DirectiveSpec; COUNT] = {
    let mut rows = [crate::conf::SPEC; COUNT];
    let mut at = 0;
    while at < rows.len() {
        let (behind, further) = (PROXY.len(), PROXY.len() + BUFFERING.len());
        rows[at] = if at < behind {
            PROXY[at]
        } else if at < further {
            BUFFERING[at - behind]
        } else if at < further + SSL.len() {
            SSL[at - further]
        } else {
            UPSTREAM[at - further - SSL.len()]
        };
        at += 1;
    }
    rows
};

use buffering::ROWS as BUFFERING;
pub(in crate::modules) use buffering::directory as temporary;
use proxy_directives::ROWS as PROXY;
use ssl::ROWS as SSL;
use upstream_directives::ROWS as UPSTREAM;

/// The upstreams that the status tree does not show.
pub(in crate::modules) fn hidden(builder: &mut Builder<'_>) -> Hidden {
    builder.thing::<registry::Registry>().hidden()
}
