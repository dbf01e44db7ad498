//! Caches over several processes, whatever clients, origins, disks and processes do meanwhile; and beside Debian's nginx.

mod cases;
mod damage;
mod endless;
mod fills;
mod kills;
mod nginx;
mod origin;

use std::io;
use std::net::SocketAddr;

use crate::harness::client::{self, Connection, Response};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};

/// A server with this many workers and one cache.
fn parts(workers: usize, path: &str, config: &str) -> Parts {
    Parts {
        main_config: format!("worker_processes {workers};\n"),
        http_config: format!(
            "proxy_cache_path {path} keys_zone=c:1m levels=1:2 inactive=1d;\n\
             log_format caches '$request_method $uri $status $upstream_cache_status';\n\
             access_log $DIR/access.log caches;\n"
        ),
        config: format!(
            "add_header X-Cache $upstream_cache_status always;\nproxy_cache c;\n{config}"
        ),
        ..Parts::default()
    }
}

/// One request over a connection of its own.
fn ask(
    running: &Running,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> io::Result<Response> {
    let mut connection = Connection::open(running.address(), PATIENCE)?;
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    connection.send(&client::head(method, target, &fields, None))?;
    connection.receive(method)
}

fn get(running: &Running, target: &str) -> io::Result<Response> {
    get_at(running.address(), target)
}

fn get_at(address: SocketAddr, target: &str) -> io::Result<Response> {
    Connection::open(address, PATIENCE)?.get(target)
}
