//! Caches: which answers of origins are kept, where, and for whom (`proxy_cache_path`, and the same for programs).
//!
//! The engine is `crate::cache`; this is what configurations and requests have of it. `path_directive.rs` reads what a
//! cache is, `zones.rs` has the caches of a configuration, `settings.rs` what `directives.rs` come to in a location,
//! `upkeep.rs` looks after the files of caches, and `status.rs` and `counted.rs` tell what they counted.
//!
//! `choice.rs` says which cache the handler of `proxy_pass`, `fastcgi_pass` and the like asks, and `caching.rs` is what it asks and tells that: `look.rs` decides what becomes of a request by what
//! `find.rs` finds,
//! `given.rs` makes answers of entries (`growing.rs` of those that are being filled, of which
//! `waiting.rs` and `watching.rs` hear, and `resumed.rs` has the rest where the disk is full), `fill.rs` keeps what origins
//! answer, `purging.rs` takes it away; `visit.rs` is what a request knows of all that, `count.rs` counts it at the end,
//! `variables.rs` shows it.

mod caching;
mod choice;
mod count;
mod counted;
mod digest;
mod directives;
mod fill;
mod find;
mod given;
mod growing;
mod lock;
mod look;
mod path_directive;
mod place;
mod purging;
mod range;
mod resumed;
mod settings;
mod stale_directives;
mod status;
mod upkeep;
mod variables;
mod visit;
mod waiting;
mod watching;
mod zones;

pub(in crate::modules) use caching::{Addressed, Asking, Caching, Conditions, Look};
pub(in crate::modules) use choice::Caches;
pub(in crate::modules) use given::Given;
pub(in crate::modules) use range::ForcedRanges;
pub(in crate::modules) use settings::IgnoredFields;

use crate::conf::DirectiveSpec;
use crate::http::build::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "cache",
    directives: &DIRECTIVES,
    variables: variables::ROWS,
    about: "answers that are kept in files and given again",
    described: counted::DESCRIBED,
    status: &[&status::STATUS],
    http: |builder, chain| {
        zones::declare(builder, chain);
        counted::define(builder);
    },
    server: count::serve,
    location: variables::keep_state,
    ..module::MODULE
};

const TABLES: [&[DirectiveSpec]; 12] = [
    &PROXY,
    &directives::HTTP,
    &stale_directives::HTTP,
    &FASTCGI,
    &directives::FASTCGI,
    &stale_directives::FASTCGI,
    &UWSGI,
    &directives::UWSGI,
    &stale_directives::UWSGI,
    &SCGI,
    &directives::SCGI,
    &stale_directives::SCGI,
];

const DIRECTIVES: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);

const PROXY: [DirectiveSpec; 4] = [
    path_directive::PROXY_CACHE_PATH,
    directives::PROXY_CACHE_KEY,
    directives::PROXY_CACHE_CONVERT_HEAD,
    digest::PROXY_CACHE_DIGEST,
];
const FASTCGI: [DirectiveSpec; 2] = [path_directive::FASTCGI_CACHE_PATH, directives::FASTCGI_KEY];
const UWSGI: [DirectiveSpec; 2] = [path_directive::UWSGI_CACHE_PATH, directives::UWSGI_KEY];
const SCGI: [DirectiveSpec; 2] = [path_directive::SCGI_CACHE_PATH, directives::SCGI_KEY];
