//! Directives that configurations written for other servers hold and that have no effect here.
//!
//! They tune machinery that this server does not have: hash tables of a fixed size, event loops
//! that are chosen by hand, buffers for files on the side. They are read, their arguments counted,
//! and nothing follows. A directive whose absence somebody could notice does not belong here: it
//! stays unknown, and an error.

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "unused",
    directives: UNUSED,
    ..module::MODULE
};

/// The whole list.
const UNUSED: &[DirectiveSpec] = &[
    // Hash tables.
    unused("variables_hash_max_size", HTTP, ONE, TABLES),
    unused("variables_hash_bucket_size", HTTP, ONE, TABLES),
    unused("map_hash_max_size", HTTP, ONE, TABLES),
    unused("map_hash_bucket_size", HTTP, ONE, TABLES),
    unused("server_names_hash_max_size", HTTP, ONE, TABLES),
    unused("server_names_hash_bucket_size", HTTP, ONE, TABLES),
    unused("types_hash_max_size", INNER, ONE, TABLES),
    unused("types_hash_bucket_size", INNER, ONE, TABLES),
    unused("proxy_headers_hash_max_size", INNER, ONE, TABLES),
    unused("proxy_headers_hash_bucket_size", INNER, ONE, TABLES),
    // Processes and events.
    unused("worker_connections", EVENTS, ONE, EVENT_LOOP),
    unused("use", EVENTS, ONE, EVENT_LOOP),
    unused("multi_accept", EVENTS, Arity::FLAG, EVENT_LOOP),
    unused("accept_mutex", EVENTS, Arity::FLAG, EVENT_LOOP),
    unused("accept_mutex_delay", EVENTS, ONE, EVENT_LOOP),
    unused("worker_aio_requests", EVENTS, ONE, EVENT_LOOP),
    unused("worker_cpu_affinity", MAIN, Arity::at_least(1), PROCESSES),
    unused("timer_resolution", MAIN, ONE, PROCESSES),
    unused("lock_file", MAIN, ONE, PROCESSES),
    unused("thread_pool", MAIN, Arity::between(2, 3), PROCESSES),
    unused(
        "pcre_jit",
        MAIN,
        Arity::FLAG,
        "Regular expressions are compiled in one way only.",
    ),
    // How bytes are sent.
    unused("sendfile", SENDING, Arity::FLAG, COPIES),
    unused("sendfile_max_chunk", INNER, ONE, COPIES),
    unused("tcp_nopush", INNER, Arity::FLAG, COPIES),
    unused(
        "tcp_nodelay",
        INNER,
        Arity::FLAG,
        "Data is always sent without delay.",
    ),
    unused("output_buffers", INNER, Arity::exactly(2), COPIES),
    unused("postpone_output", INNER, ONE, COPIES),
    unused("aio", INNER, ONE, COPIES),
    unused("aio_write", INNER, Arity::FLAG, COPIES),
    unused("directio", INNER, ONE, COPIES),
    unused("directio_alignment", INNER, ONE, COPIES),
    unused("read_ahead", INNER, ONE, COPIES),
    // How connections are closed.
    unused("reset_timedout_connection", INNER, Arity::FLAG, CLOSING),
    unused("lingering_close", INNER, ONE, CLOSING),
    unused("lingering_time", INNER, ONE, CLOSING),
    unused("lingering_timeout", INNER, ONE, CLOSING),
    unused("keepalive_disable", INNER, Arity::at_least(1), CLOSING),
    // Memory and files on the side.
    unused("connection_pool_size", OUTER, ONE, MEMORY),
    unused("request_pool_size", OUTER, ONE, MEMORY),
    unused("client_body_buffer_size", INNER, ONE, BODIES),
    unused("client_body_in_single_buffer", INNER, Arity::FLAG, BODIES),
    unused("client_body_temp_path", INNER, PATH, BODIES),
    unused("proxy_temp_path", INNER, PATH, BODIES),
    unused("proxy_max_temp_file_size", INNER, ONE, BODIES),
    unused("proxy_temp_file_write_size", INNER, ONE, BODIES),
    unused("proxy_busy_buffers_size", INNER, ONE, BODIES),
    unused("fastcgi_temp_path", INNER, PATH, OTHER_PROTOCOLS),
    unused("uwsgi_temp_path", INNER, PATH, OTHER_PROTOCOLS),
    unused("scgi_temp_path", INNER, PATH, OTHER_PROTOCOLS),
    // Caches of descriptors.
    unused("open_file_cache", INNER, Arity::between(1, 2), DESCRIPTORS),
    unused("open_file_cache_valid", INNER, ONE, DESCRIPTORS),
    unused("open_file_cache_min_uses", INNER, ONE, DESCRIPTORS),
    unused("open_file_cache_errors", INNER, Arity::FLAG, DESCRIPTORS),
    unused(
        "open_log_file_cache",
        INNER,
        Arity::between(1, 4),
        DESCRIPTORS,
    ),
];

const MAIN: Contexts = Contexts::MAIN;
const EVENTS: Contexts = Contexts::EVENTS;
const HTTP: Contexts = Contexts::HTTP;
const OUTER: Contexts = Contexts::HTTP.or(Contexts::SERVER);
const INNER: Contexts = OUTER.or(Contexts::LOCATION);
const SENDING: Contexts = INNER.or(Contexts::LOCATION_IF);

const ONE: Arity = Arity::exactly(1);
/// A path and up to three levels of folders.
const PATH: Arity = Arity::between(1, 4);

const TABLES: &str = "Tables grow as they need to.";
const EVENT_LOOP: &str = "A worker has one way of waiting for events, and takes as many \
                          connections as the system lets it have descriptors.";
const PROCESSES: &str = "Workers run where and when the system puts them, and wait for nothing \
                         but events.";
const COPIES: &str = "Files are read in pieces and sent like any other response.";
const CLOSING: &str = "How a connection is closed depends on what the client may still be sending.";
const MEMORY: &str = "Memory is taken as it is needed.";
const BODIES: &str = "Bodies are passed on as they come and not kept on disk.";
const OTHER_PROTOCOLS: &str = "Origins are spoken to in HTTP only.";
const DESCRIPTORS: &str = "Files are opened for each request; log files stay open.";

const fn unused(
    name: &'static str,
    contexts: Contexts,
    arity: Arity,
    reason: &'static str,
) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts,
        arity,
        doc: Doc {
            syntax: "(read for compatibility; has no effect)",
            default: "",
            text: reason,
            example: "",
        },
        ..SPEC
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Context;

    #[test]
    fn nothing_here_is_a_directive_of_some_module() {
        let modules = crate::modules::MODULES
            .iter()
            .filter(|one| one.name != MODULE.name);
        for spec in modules.flat_map(|module| module.directives) {
            let same = UNUSED.iter().filter(|unused| unused.name == spec.name);
            for unused in same {
                let both = Context::ALL
                    .into_iter()
                    .find(|one| unused.contexts.contains(*one) && spec.contexts.contains(*one));
                assert_eq!(both, None, "{} has an effect", spec.name);
            }
        }
    }
}
