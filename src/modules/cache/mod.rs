//! Caches: which answers of origins are kept, where, and for whom (`proxy_cache_path`).
//!
//! The engine is `crate::cache`; this is what configurations and requests have of it. `path_directive.rs` reads what a
//! cache is, `zones.rs` has the caches of a configuration,
//! `upkeep.rs` looks after their files, and `status.rs` and `variables.rs` tell what they counted.

mod path_directive;
mod place;
mod status;
mod upkeep;
mod variables;
mod zones;

use crate::conf::DirectiveSpec;
use crate::http::build::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "cache",
    directives: DIRECTIVES,
    http: |builder, chain| {
        zones::declare(builder, chain);
        variables::define(builder);
    },
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[path_directive::PROXY_CACHE_PATH];
