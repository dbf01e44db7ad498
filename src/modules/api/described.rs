//! What the status tree shows of the server itself, in words.

use crate::status::Since::{Now, Reload, Start};
use crate::status::{MOUNT, Mount, node};

/// All of it.
pub(super) static ALL: &[&Mount] = &[&ANGIE, &CONNECTIONS, &HTTP];

/// The sections of `/status/http` that are there however empty: whoever reads the tree for a picture of the
/// server expects them.
pub(super) const HTTP_SECTIONS: [&str; 6] = [
    "server_zones",
    "location_zones",
    "caches",
    "limit_conns",
    "limit_reqs",
    "upstreams",
];

/// Who the server is.
static ANGIE: Mount = Mount {
    path: &["status", "angie"],
    nodes: &[
        node(
            "",
            "",
            Now,
            "The program and its configuration; the name is that of the server whose tree this is compatible with.",
        ),
        node("version", "text", Now, "The version of the program."),
        node(
            "build_time",
            "date",
            Now,
            "When the program was built: the date of its file.",
        ),
        node(
            "address",
            "text",
            Now,
            "The address of the server that took the request, without a port.",
        ),
        node(
            "generation",
            "number",
            Now,
            "The number of the configuration: 1 after the start, one more with each reload.",
        ),
        node(
            "load_time",
            "date",
            Reload,
            "When the configuration was loaded.",
        ),
        node(
            "config_files",
            "",
            Now,
            "The text of each file of the configuration by its name, with `api_config_files on`.",
        ),
        node("config_files/{file}", "text", Now, "The text of a file."),
    ],
    ..MOUNT
};

/// Who is connected.
static CONNECTIONS: Mount = Mount {
    path: &["status", "connections"],
    nodes: &[
        node("", "", Now, "Connections of clients, of all workers."),
        node("accepted", "connections", Start, "Connections accepted."),
        node(
            "dropped",
            "connections",
            Start,
            "Connections accepted and closed without being served.",
        ),
        node(
            "active",
            "connections",
            Now,
            "Open connections, without idle ones.",
        ),
        node(
            "idle",
            "connections",
            Now,
            "Connections kept alive that wait for a request.",
        ),
    ],
    ..MOUNT
};

/// What belongs to HTTP.
static HTTP: Mount = Mount {
    path: &["status", "http"],
    nodes: &[node("", "", Now, "What belongs to the `http` block.")],
    ..MOUNT
};
