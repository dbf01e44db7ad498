//! The core: servers, locations, their limits, and the variables that every configuration has.

mod behaviour;
mod blocks;
mod error_page;
#[cfg(test)]
mod filter_tests;
mod limit_except;
mod limits;
mod listen;
mod rate;
mod responses;
mod server_name;
pub(super) mod shorthand;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod trial;
mod variables;
#[cfg(test)]
mod waiting;

pub(super) use variables::hostname;

use crate::conf::DirectiveSpec;
use crate::http::build::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "core",
    about: "servers, locations, connections, limits",
    directives: &ALL,
    variables: variables::VARIABLES,
    location: limit_except::build,
    ..module::MODULE
};

const TABLES: &[&[DirectiveSpec]] = &[OWN, responses::ROWS];
static ALL: [DirectiveSpec; module::count(TABLES)] = module::join(TABLES);

const OWN: &[DirectiveSpec] = &[
    blocks::HTTP,
    blocks::SERVER,
    blocks::LOCATION,
    listen::LISTEN,
    server_name::SERVER_NAME,
    limit_except::LIMIT_EXCEPT,
    error_page::ERROR_PAGE,
    behaviour::ABSOLUTE_REDIRECT,
    behaviour::IGNORE_INVALID_HEADERS,
    behaviour::INTERNAL,
    behaviour::MERGE_SLASHES,
    behaviour::SATISFY,
    behaviour::SERVER_TOKENS,
    behaviour::UNDERSCORES_IN_HEADERS,
    limits::AUTH_DELAY,
    limits::CLIENT_BODY_TIMEOUT,
    limits::CLIENT_HEADER_BUFFER_SIZE,
    limits::CLIENT_HEADER_TIMEOUT,
    limits::CLIENT_MAX_BODY_SIZE,
    limits::KEEPALIVE_REQUESTS,
    limits::KEEPALIVE_TIME,
    limits::KEEPALIVE_TIMEOUT,
    limits::LARGE_CLIENT_HEADER_BUFFERS,
    limits::SEND_TIMEOUT,
    rate::LIMIT_RATE,
    rate::LIMIT_RATE_AFTER,
];
