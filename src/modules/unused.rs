//! Directives that configurations written for other servers hold and that have no effect here.
//!
//! They tune machinery that this server does not have: hash tables of a fixed size, event loops
//! that are chosen by hand, buffers for files on the side. They are read, their arguments counted,
//! and nothing follows; a check of the configuration tells which they are. A directive whose absence
//! somebody could notice does not belong here: it stays an error, and `foreign` knows what to do
//! instead.

mod fixed;
mod foreign;
mod habits;

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::module::{self, Module};

use fixed::FIXED;
pub(super) use foreign::FOREIGN;
pub(super) use habits::HABITS;

/// The feature.
pub static MODULE: Module = Module {
    name: "unused",
    about: "what is read for the sake of others' configurations",
    directives: &ALL,
    ..module::MODULE
};

/// What never has an effect, and what has none with one value.
static ALL: [DirectiveSpec; UNUSED.len() + FIXED.len()] = {
    let mut all = [SPEC; UNUSED.len() + FIXED.len()];
    let mut place = 0;
    while place < all.len() {
        all[place] = match place < UNUSED.len() {
            true => UNUSED[place],
            false => FIXED[place - UNUSED.len()],
        };
        place += 1;
    }
    all
};

/// What never has an effect.
const UNUSED: &[DirectiveSpec] = &[
    // Hash tables.
    unused("variables_hash_max_size SIZE;", HTTP, ONE, TABLES),
    unused("variables_hash_bucket_size SIZE;", HTTP, ONE, TABLES),
    unused("map_hash_max_size SIZE;", HTTP, ONE, TABLES),
    unused("map_hash_bucket_size SIZE;", HTTP, ONE, TABLES),
    unused("referer_hash_max_size SIZE;", SERVING, ONE, TABLES),
    unused("referer_hash_bucket_size SIZE;", SERVING, ONE, TABLES),
    unused("server_names_hash_max_size SIZE;", HTTP, ONE, TABLES),
    unused("server_names_hash_bucket_size SIZE;", HTTP, ONE, TABLES),
    unused("types_hash_max_size SIZE;", INNER, ONE, TABLES),
    unused("types_hash_bucket_size SIZE;", INNER, ONE, TABLES),
    unused("proxy_headers_hash_max_size SIZE;", INNER, ONE, TABLES),
    unused("proxy_headers_hash_bucket_size SIZE;", INNER, ONE, TABLES),
    // Processes and events.
    unused("worker_connections NUMBER;", EVENTS, ONE, EVENT_LOOP),
    unused("use METHOD;", EVENTS, ONE, EVENT_LOOP),
    unused("multi_accept on | off;", EVENTS, Arity::FLAG, EVENT_LOOP),
    unused("accept_mutex on | off;", EVENTS, Arity::FLAG, EVENT_LOOP),
    unused("accept_mutex_delay TIME;", EVENTS, ONE, EVENT_LOOP),
    unused("worker_aio_requests NUMBER;", EVENTS, ONE, EVENT_LOOP),
    unused(
        "worker_cpu_affinity VALUE ...;",
        MAIN,
        Arity::at_least(1),
        PROCESSES,
    ),
    unused("timer_resolution TIME;", MAIN, ONE, PROCESSES),
    unused("lock_file PATH;", MAIN, ONE, PROCESSES),
    unused(
        "thread_pool NAME VALUE [VALUE];",
        MAIN,
        Arity::between(2, 3),
        PROCESSES,
    ),
    unused(
        "pcre_jit on | off;",
        MAIN,
        Arity::FLAG,
        "Has no effect: regular expressions are compiled in one way only.",
    ),
    // How bytes are sent.
    unused("sendfile on | off;", SENDING, Arity::FLAG, COPIES),
    unused("sendfile_max_chunk SIZE;", INNER, ONE, COPIES),
    unused("tcp_nopush on | off;", INNER, Arity::FLAG, COPIES),
    unused(
        "tcp_nodelay on | off;",
        INNER,
        Arity::FLAG,
        "Has no effect: data is always sent without delay.",
    ),
    unused(
        "output_buffers NUMBER SIZE;",
        INNER,
        Arity::exactly(2),
        COPIES,
    ),
    unused(
        "gunzip_buffers NUMBER SIZE;",
        INNER,
        Arity::exactly(2),
        MEMORY,
    ),
    unused(
        "brotli_buffers NUMBER SIZE;",
        INNER,
        Arity::exactly(2),
        MEMORY,
    ),
    unused(
        "zstd_buffers NUMBER SIZE;",
        INNER,
        Arity::exactly(2),
        MEMORY,
    ),
    unused("gzip_hash SIZE;", INNER, ONE, TABLES),
    unused("gzip_no_buffer on | off;", INNER, Arity::FLAG, MEMORY),
    unused("postpone_gzipping SIZE;", INNER, ONE, MEMORY),
    unused(
        "gzip_buffers NUMBER SIZE;",
        INNER,
        Arity::exactly(2),
        MEMORY,
    ),
    unused("postpone_output SIZE;", INNER, ONE, COPIES),
    unused("aio VALUE;", INNER, ONE, COPIES),
    unused("aio_write on | off;", INNER, Arity::FLAG, COPIES),
    unused("directio SIZE;", INNER, ONE, COPIES),
    unused("directio_alignment SIZE;", INNER, ONE, COPIES),
    unused("read_ahead SIZE;", INNER, ONE, COPIES),
    // How connections are encrypted.
    unused(
        "ssl_dhparam FILE;",
        OUTER,
        ONE,
        "Has no effect: keys are agreed on with elliptic curves, see `ssl_ecdh_curve`.",
    ),
    unused(
        "ssl_stapling_verify on | off;",
        OUTER,
        Arity::FLAG,
        STAPLING,
    ),
    // How HTTP/2 is spoken.
    unused("http2_recv_buffer_size SIZE;", HTTP, ONE, MEMORY),
    unused("http2_pool_size SIZE;", OUTER, ONE, MEMORY),
    unused("http2_streams_index_size NUMBER;", OUTER, ONE, MEMORY),
    unused("http2_max_field_size SIZE;", OUTER, ONE, HEADS),
    unused("http2_max_header_size SIZE;", OUTER, ONE, HEADS),
    unused("http2_max_requests NUMBER;", OUTER, ONE, TIMES),
    unused("http2_recv_timeout TIME;", OUTER, ONE, TIMES),
    unused("http2_idle_timeout TIME;", OUTER, ONE, TIMES),
    unused("http2_push URI;", INNER, ONE, PUSHES),
    unused("http2_push_preload on | off;", INNER, Arity::FLAG, PUSHES),
    unused("http2_max_concurrent_pushes NUMBER;", OUTER, ONE, PUSHES),
    // How connections are closed.
    unused(
        "reset_timedout_connection on | off;",
        INNER,
        Arity::FLAG,
        CLOSING,
    ),
    unused("lingering_close VALUE;", INNER, ONE, CLOSING),
    unused("lingering_time TIME;", INNER, ONE, CLOSING),
    unused("lingering_timeout TIME;", INNER, ONE, CLOSING),
    // Memory and files on the side.
    unused("connection_pool_size SIZE;", OUTER, ONE, MEMORY),
    unused("request_pool_size SIZE;", OUTER, ONE, MEMORY),
    unused("client_body_buffer_size SIZE;", INNER, ONE, BODIES),
    unused(
        "client_body_in_single_buffer on | off;",
        INNER,
        Arity::FLAG,
        BODIES,
    ),
    unused(
        "client_body_temp_path PATH [LEVEL ...];",
        INNER,
        PATH,
        BODIES,
    ),
    unused("proxy_temp_file_write_size SIZE;", INNER, ONE, BODIES),
    unused("proxy_busy_buffers_size SIZE;", INNER, ONE, BODIES),
    unused("fastcgi_temp_file_write_size SIZE;", INNER, ONE, BODIES),
    unused("fastcgi_busy_buffers_size SIZE;", INNER, ONE, BODIES),
    unused("uwsgi_temp_file_write_size SIZE;", INNER, ONE, BODIES),
    unused("uwsgi_busy_buffers_size SIZE;", INNER, ONE, BODIES),
    unused("scgi_temp_file_write_size SIZE;", INNER, ONE, BODIES),
    unused("scgi_busy_buffers_size SIZE;", INNER, ONE, BODIES),
    // What there is none of.
    unused(
        "subrequest_output_buffer_size SIZE;",
        INNER,
        ONE,
        SUBREQUESTS,
    ),
    unused("msie_padding on | off;", INNER, Arity::FLAG, OLD_BROWSERS),
    unused("msie_refresh on | off;", INNER, Arity::FLAG, OLD_BROWSERS),
    unused(
        "uninitialized_variable_warn on | off;",
        REWRITING,
        Arity::FLAG,
        "Has no effect: a variable without a value is empty, and no line is logged about it.",
    ),
];

const MAIN: Contexts = Contexts::MAIN;
const EVENTS: Contexts = Contexts::EVENTS;
const HTTP: Contexts = Contexts::HTTP;
const OUTER: Contexts = Contexts::HTTP.or(Contexts::SERVER);
const SERVING: Contexts = Contexts::SERVER.or(Contexts::LOCATION);
const INNER: Contexts = OUTER.or(Contexts::LOCATION);
const SENDING: Contexts = INNER.or(Contexts::LOCATION_IF);
const REWRITING: Contexts = SENDING.or(Contexts::SERVER_IF);

const ONE: Arity = Arity::exactly(1);
/// A path and up to three levels of folders.
const PATH: Arity = Arity::between(1, 4);

const TABLES: &str = "Has no effect: tables grow as they need to.";
const EVENT_LOOP: &str = "Has no effect: a worker has one way of waiting for events, and takes as many \
                          connections as the system lets it have descriptors.";
const PROCESSES: &str = "Has no effect: workers run where and when the system puts them, and wait for nothing \
                         but events.";
const COPIES: &str = "Has no effect: on plain connections the system sends long files by itself; what \
                      is short or encrypted is read in pieces.";
const STAPLING: &str =
    "Has no effect: responders are not asked, and `ssl_stapling_file` is for clients to verify.";
const CLOSING: &str =
    "Has no effect: how a connection is closed depends on what the client may still be sending.";
const MEMORY: &str = "Has no effect: memory is taken as it is needed.";
const HEADS: &str = "Has no effect: `large_client_header_buffers` holds for heads of HTTP/2, too.";
const TIMES: &str = "Has no effect: `keepalive_requests`, `client_header_timeout` and `keepalive_timeout` hold \
                     for connections of HTTP/2, too.";
const PUSHES: &str = "Has no effect: nothing is pushed, which browsers no longer take either.";
const BODIES: &str = "Has no effect: bodies are passed on as they come and not kept on disk.";
const SUBREQUESTS: &str = "Has no effect: bodies of responses to subrequests are not kept.";
const OLD_BROWSERS: &str = "Has no effect: responses are the same for every browser.";

/// A row; the name is the first word of the syntax.
const fn unused(
    syntax: &'static str,
    contexts: Contexts,
    arity: Arity,
    reason: &'static str,
) -> DirectiveSpec {
    DirectiveSpec {
        name: first_word(syntax),
        contexts,
        arity,
        doc: Doc {
            syntax,
            default: "",
            text: reason,
            example: "",
        },
        apply: |statement| {
            let name = &statement.directive.name;
            let diagnostics = &mut *statement.diagnostics;
            diagnostics.note_without_effect(name.span, name.text.as_str());
            Ok(())
        },
        ..SPEC
    }
}

/// What stands before the first blank.
const fn first_word(syntax: &'static str) -> &'static str {
    let mut length = 0;
    while syntax.as_bytes()[length] != b' ' {
        length += 1;
    }
    syntax.split_at(length).0
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
            let same = ALL.iter().filter(|unused| unused.name == spec.name);
            for unused in same {
                let both = Context::ALL
                    .into_iter()
                    .find(|one| unused.contexts.contains(*one) && spec.contexts.contains(*one));
                assert_eq!(both, None, "{} has an effect", spec.name);
            }
        }
    }
}
