//! Caches: which answers of origins are kept, where, and for whom (`proxy_cache_path`).
//!
//! The engine is `crate::cache`; this is what configurations and requests have of it. `path_directive.rs` reads what a
//! cache is, `zones.rs` has the caches of a configuration.

mod path_directive;
mod place;
mod zones;

use crate::conf::DirectiveSpec;
use crate::http::build::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "cache",
    directives: DIRECTIVES,
    http: zones::declare,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[path_directive::PROXY_CACHE_PATH];
