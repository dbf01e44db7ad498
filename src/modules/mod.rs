//! The features, one file or folder each, and how a configuration that uses them is loaded.
//!
//! The order of the list is that of the status tree and of handlers within a phase.
#![forbid(unsafe_code)]

use std::path::Path;

use crate::conf::{
    self, Diagnostics, DirectiveSpec, Loader, Parsed, Scope, Sources, Subject, Survey,
};
use crate::http::build::builder::{Builder, Surroundings};
use crate::http::build::memory::{Memory, Unshared};
use crate::http::build::module::{self, Module};
use crate::http::plan::runtime::Runtime;
use crate::os::SharedMemory;

pub mod core;
pub mod process;

pub mod access;
pub mod addition;
mod address;
pub mod api;
pub mod auth_api_key;
pub mod auth_challenge;
pub mod auth_request;
pub mod backpressure;
pub mod cache;
pub mod console;
pub mod files;
pub mod gzip;
pub mod headers;
pub mod http2;
pub mod js;
pub mod lifecycle;
pub mod log;
pub(crate) mod log_level;
pub mod map;
mod media_types;
pub mod metric;
pub mod mirror;
pub mod prometheus;
pub mod proxy;
pub mod reference;
pub mod resolver;
pub mod rewrite;
pub mod session_zone;
mod shared_zone;
pub mod status_zone;
pub mod stub_status;
pub mod sub_filter;
mod temporary_folder;
pub mod tls;
pub mod unused;

/// Every feature.
pub static MODULES: &[&Module] = &[
    &process::MODULE,
    &core::MODULE,
    &api::MODULE,
    &stub_status::MODULE,
    &console::MODULE,
    &lifecycle::MODULE,
    &rewrite::MODULE,
    &tls::MODULE,
    &http2::MODULE,
    &access::MODULE,
    &auth_api_key::MODULE,
    &auth_request::MODULE,
    &headers::MODULE,
    &sub_filter::MODULE,
    &addition::MODULE,
    &gzip::MODULE,
    &map::MODULE,
    &log::MODULE,
    &status_zone::MODULE,
    &resolver::MODULE,
    &cache::MODULE,
    &js::MODULE,
    &proxy::MODULE,
    &auth_challenge::MODULE,
    &metric::MODULE,
    &session_zone::MODULE,
    &prometheus::MODULE,
    &backpressure::MODULE,
    &mirror::MODULE,
    &files::MODULE,
    &unused::MODULE,
];

/// A configuration as it was understood.
pub struct Loaded {
    /// The settings of the top level.
    pub main: Scope,
    /// What serves requests; `None` without an `http` block.
    pub runtime: Option<Runtime>,
    /// The text.
    pub sources: Sources,
    /// What is wrong with it; with errors it must not be used.
    pub diagnostics: Diagnostics,
}

/// Understands a configuration that was read; `files` gives what else belongs to it.
pub fn load(
    parsed: Parsed,
    files: &mut dyn Loader,
    memory: &mut dyn Memory,
    prefix: &Path,
    generation: u64,
) -> Loaded {
    let Parsed {
        tree,
        sources,
        mut diagnostics,
    } = parsed;
    conf::require_section(&tree, "events", &mut diagnostics);
    let main = conf::apply(&tree, &directives(), unused::FOREIGN, &mut diagnostics);
    let surroundings = Surroundings {
        sources: &sources,
        files,
        memory,
        prefix,
        generation,
        foreign: unused::FOREIGN,
    };
    let runtime = Builder::build(&main, MODULES, &mut diagnostics, surroundings);
    Loaded {
        main,
        runtime,
        sources,
        diagnostics,
    }
}

/// What a configuration that was read needs to be used here; features that only other servers have are
/// left out.
pub fn survey(mut parsed: Parsed, files: &mut dyn Loader, prefix: &Path) -> Survey {
    parsed.diagnostics.forgive_what_is_missing();
    let tree = parsed.tree.clone();
    let loaded = load(parsed, files, &mut Unshared, prefix, 1);
    Survey::of(&Subject {
        tree: &tree,
        sources: &loaded.sources,
        diagnostics: &loaded.diagnostics,
        specs: &directives(),
        habits: unused::HABITS,
    })
}

/// Clears what a worker that is gone has left as going on in memory of this kind.
pub fn forget_worker(kind: &str, memory: &SharedMemory, worker: usize) {
    module::forget_worker(MODULES, (kind, memory), worker);
}

fn directives() -> Vec<&'static [DirectiveSpec]> {
    MODULES.iter().map(|module| module.directives).collect()
}
