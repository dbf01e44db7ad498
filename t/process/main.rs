//! Tests of processes and load: what no single block of a `.t` file can show.
#![allow(clippy::unwrap_used, reason = "a test ends with its first surprise")]

#[path = "../harness/mod.rs"]
mod harness;

mod accounting;
mod api_keys;
mod authority;
mod backpressure;
mod backpressure_monitor;
mod backpressure_watch;
mod browser;
mod client_certificates;
mod clients;
mod command_line;
mod console;
mod counting;
mod cut_off;
mod dashboard;
mod durable;
mod families;
mod gates;
mod grpc;
mod handshakes;
mod harness_itself;
mod hostile;
mod hostile_requests;
mod hostile_responses;
mod http2;
mod http2_hostile;
mod http2_origin;
mod http2_spec;
mod httpx;
mod judges;
mod lasting;
mod lifecycle;
mod long_files;
mod metric_push;
mod mirror;
mod named_certificates;
mod origin_tls;
mod packed;
mod prometheus;
mod push;
mod push_server;
mod reload;
mod requests;
mod resolver;
mod road;
mod road_load;
mod sessions;
mod signal_order;
mod signals;
mod tickets;
mod tls;
mod waits;
mod workers;
