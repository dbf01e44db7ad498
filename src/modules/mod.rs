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
pub mod auth_basic;
pub mod auth_challenge;
pub mod auth_request;
pub mod backpressure;
pub mod cache;
pub mod charset;
pub mod compression;
pub mod console;
pub mod empty_gif;
pub mod environment;
mod family;
pub mod fastcgi;
mod file_stamp;
pub mod files;
pub mod geo;
pub mod headers;
pub mod http2;
pub mod js;
pub mod lifecycle;
pub mod limit_conn;
pub mod limit_req;
mod limited;
pub mod log;
pub(crate) mod log_level;
mod made_name;
pub mod map;
mod media_types;
pub mod metric;
pub mod mirror;
mod network;
mod open_files;
pub mod prometheus;
pub mod proxy;
pub mod proxy_protocol;
pub mod real_ip;
pub mod reference;
pub mod referer;
pub mod resolver;
pub mod rewrite;
pub mod secure_link;
pub mod session_zone;
mod shared_zone;
pub mod split_clients;
pub mod status_zone;
pub mod stub_status;
pub mod sub_filter;
pub mod syslog;
mod temporary_folder;
pub mod tls;
mod trailers;
pub mod unused;
pub mod userid;

/// Every feature.
pub static MODULES: &[&Module] = &[
    &process::MODULE,
    &environment::MODULE,
    &core::MODULE,
    &proxy_protocol::MODULE,
    &real_ip::MODULE,
    &api::MODULE,
    &stub_status::MODULE,
    &empty_gif::MODULE,
    &console::MODULE,
    &lifecycle::MODULE,
    &rewrite::MODULE,
    &tls::MODULE,
    &http2::MODULE,
    &access::MODULE,
    &auth_api_key::MODULE,
    &auth_basic::MODULE,
    &auth_request::MODULE,
    &headers::MODULE,
    &trailers::MODULE,
    &compression::gunzip::MODULE,
    &sub_filter::MODULE,
    &addition::MODULE,
    &charset::MODULE,
    &compression::MODULE,
    &map::MODULE,
    &geo::MODULE,
    &split_clients::MODULE,
    &referer::MODULE,
    &secure_link::MODULE,
    &userid::MODULE,
    &limit_req::MODULE,
    &limit_conn::MODULE,
    &log::MODULE,
    &status_zone::MODULE,
    &resolver::MODULE,
    &cache::MODULE,
    &js::MODULE,
    &proxy::MODULE,
    &fastcgi::MODULE,
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
    let tree = core::shorthand::write_out(tree);
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
