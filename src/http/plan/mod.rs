//! What a configuration became: servers, locations, templates, variables, and the traits of handlers.

pub mod body_filter;
pub mod chore;
pub mod copies;
pub mod counters;
pub mod failures;
pub mod handshakes;
pub mod http2_counters;
pub mod location;
pub mod meaning;
pub mod media_types;
pub mod origin;
pub mod outcome;
pub mod pattern;
pub mod pcre;
pub mod phase;
pub mod provision;
pub mod quick_hash;
pub mod receiver;
pub mod runtime;
pub mod server_name;
pub mod settings;
pub mod state;
pub mod tee;
pub mod template;
pub mod variable;
pub mod wait;
