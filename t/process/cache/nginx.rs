//! The same requests, on the same configuration, beside Debian's nginx: what both answer, what they say of their cache, and
//! what they ask of their origins. Where they differ on purpose, it says here why.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::cases::{CASES, DIFFERENT};
use super::origin::Origin;
use crate::harness::client::{self, Connection, Response};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const NGINX: &str = "/usr/sbin/nginx";

/// The locations of both, by what their paths begin with.
const LOCATIONS: &[(&str, &str)] = &[
    ("/", ""),
    ("/v/", "proxy_cache_valid 200 404 10m;"),
    ("/any/", "proxy_cache_valid any 10m;"),
    ("/usual/", "proxy_cache_valid 10m;"),
    ("/none/", "proxy_cache_valid 10m; proxy_cache_valid 404 0;"),
    (
        "/head/",
        "proxy_cache_valid 10m; proxy_cache_convert_head off; proxy_cache_key $request_method$uri;",
    ),
    (
        "/ignore/",
        "proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Expires; proxy_cache_valid 10m;",
    ),
    (
        "/stale/",
        "proxy_cache_use_stale error timeout invalid_header http_500 http_404;",
    ),
    ("/still/", "proxy_cache_revalidate on;"),
    ("/uses/", "proxy_cache_valid 10m; proxy_cache_min_uses 2;"),
    (
        "/bypass/",
        "proxy_cache_valid 10m; proxy_cache_bypass $arg_by $http_x_by;",
    ),
    ("/not/", "proxy_cache_valid 10m; proxy_no_cache $arg_not;"),
    ("/post/", "proxy_cache_valid 10m; proxy_cache_methods POST;"),
    (
        "/far/",
        "proxy_cache_valid 10m; proxy_cache_max_range_offset 5;",
    ),
    ("/force/", "proxy_cache_valid 10m; proxy_force_ranges on;"),
    ("/off/", "proxy_cache off;"),
    ("/ep/", "error_page 412 416 @page;"),
    (
        "/page/",
        "proxy_cache_valid 404 401 10m; proxy_intercept_errors on; error_page 404 401 500 @page;",
    ),
    (
        "/plain/",
        "proxy_cache_valid any 10m; proxy_intercept_errors on; error_page 404 =203 @page; proxy_cache_use_stale error http_500;",
    ),
    (
        "/hide/",
        "proxy_cache_valid 10m; proxy_hide_header X-Secret; proxy_ignore_headers Set-Cookie; proxy_hide_header Set-Cookie;",
    ),
    (
        "/gzip/",
        "proxy_cache_valid 10m; gzip on; gzip_min_length 1; gzip_types *;",
    ),
    (
        "/seen/",
        "proxy_cache_valid 10m; add_header X-Seen \"$upstream_http_x_secret $upstream_status\" always;",
    ),
];

fn locations(origin: SocketAddr) -> String {
    let one = |(path, more): &(&str, &str)| {
        format!("location {path} {{ {more} proxy_pass http://{origin}; }}\n")
    };
    let all: String = LOCATIONS.iter().map(one).collect();
    let page = "location @page { proxy_cache off; return 404 \"gone $upstream_http_x_secret\"; }\n";
    format!(
        "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\nproxy_cache c;\nproxy_cache_key $uri;\n\
         add_header X-Cache $upstream_cache_status always;\n{page}{all}"
    )
}

/// A running nginx; it ends when dropped.
struct Nginx {
    child: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Nginx {
    /// One with a directory and a port of ours.
    fn start(origin: SocketAddr) -> io::Result<Self> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = free.local_addr()?;
        drop(free);
        let directory = std::env::temp_dir().join(format!("pingauge-nginx-{}", address.port()));
        fs::create_dir_all(&directory)?;
        let place = directory.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};\n"))
            .concat();
        let conf = format!(
            "worker_processes 1; daemon off; pid {place}/pid; error_log {place}/error.log;\n\
             events {{ worker_connections 128; }}\n\
             http {{ access_log off; {temporary}\n\
             proxy_cache_path {place}/cache levels=1:2 keys_zone=c:1m inactive=1d use_temp_path=off;\n\
             server {{ listen {address}; {} }} }}\n",
            locations(origin)
        );
        fs::write(directory.join("nginx.conf"), conf)?;
        let mut command = Command::new(NGINX);
        let command = command
            .arg("-p")
            .arg(&directory)
            .arg("-c")
            .arg(directory.join("nginx.conf"));
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let nginx = Self {
            child,
            address,
            directory,
        };
        let accepts = || Connection::open(address, PATIENCE).ok();
        poll(PATIENCE, accepts).ok_or(io::ErrorKind::TimedOut)?;
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(
            Command::new("kill")
                .arg(self.child.id().to_string())
                .status(),
        );
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// What is looked at of an answer.
const FIELDS: [&str; 14] = [
    "X-Cache",
    "X-Nth",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Content-Encoding",
    "Accept-Ranges",
    "ETag",
    "Last-Modified",
    "Cache-Control",
    "Vary",
    "Set-Cookie",
    "X-Secret",
    "X-Seen",
];

/// `METHOD TARGET`, with fields behind ` -- `, and ` -- ` between them.
fn ask(address: SocketAddr, step: &str) -> String {
    let mut parts = step.split(" -- ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let fields: Vec<(String, String)> = parts
        .map(|field| field.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    connection
        .send(&client::head(method, target, &fields, None))
        .unwrap();
    match connection.receive(method) {
        Ok(response) => described(&response),
        Err(_) => "broken off".to_owned(),
    }
}

fn described(response: &Response) -> String {
    let mut text = response.status.to_string();
    let kind = response.header("Content-Type").unwrap_or_default();
    // Pages of errors are signed, and what has boundaries is as long as these.
    let has_own_length = response.text().starts_with("<html>") || kind.starts_with("multipart");
    for name in FIELDS
        .iter()
        .filter(|name| !has_own_length || **name != "Content-Length")
    {
        if let Some(value) = response.header(name) {
            let value = value.split("; boundary").next().unwrap();
            text.push_str(&format!(" {name}={value}"));
        }
    }
    let is_packed = response.header("Content-Encoding") == Some("gzip");
    if !has_own_length && !is_packed {
        text.push_str(&format!(" {}", response.body.escape_ascii()));
    }
    text
}

/// What an origin was asked of a case: how often, and by which fields that matter.
fn asked(origin: &Origin, path: &str) -> String {
    let heads = origin.asked(path);
    let one = |head: &String| {
        let method = head.split(' ').next().unwrap_or_default().to_owned();
        let matters = |line: &&str| {
            let line = line.to_ascii_lowercase();
            line.starts_with("if-") || line.starts_with("range")
        };
        let lines: Vec<&str> = head.lines().filter(matters).collect();
        format!("{method} {}", lines.join(" "))
    };
    heads.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn both_answer_alike_but_where_it_is_told_why_not() {
    if !std::path::Path::new(NGINX).exists() {
        eprintln!("skipped: there is no {NGINX}");
        return;
    }
    let (their_origin, our_origin) = (Origin::start(), Origin::start());
    let nginx = Nginx::start(their_origin.address).unwrap();
    let parts = Parts {
        http_config:
            "proxy_cache_path $DIR/cache levels=1:2 keys_zone=c:1m inactive=1d use_temp_path=off;\n"
                .into(),
        config: locations(our_origin.address),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let mut surprises = Vec::new();
    for (number, (name, steps)) in CASES.iter().enumerate() {
        let mut seen = [String::new(), String::new()];
        for step in *steps {
            let step = step.replace('$', &number.to_string());
            for (seen, address) in seen.iter_mut().zip([nginx.address, running.address()]) {
                seen.push_str(&format!("    {}\n", ask(address, &step)));
            }
        }
        let first = steps[0].replace('$', &number.to_string());
        let path = first.split([' ', '?']).nth(1).unwrap();
        for (seen, origin) in seen.iter_mut().zip([&their_origin, &our_origin]) {
            seen.push_str(&format!("    asked: {}\n", asked(origin, path)));
        }
        let told = DIFFERENT.iter().find(|(different, _)| different == name);
        match (seen[0] == seen[1], told) {
            (true, None) => {}
            (false, Some(_)) => eprintln!("{name}\n  nginx\n{}  ours\n{}", seen[0], seen[1]),
            (true, Some(_)) => surprises.push(format!("{name}: there is no difference any more\n")),
            (false, None) => {
                surprises.push(format!("{name}\n  nginx\n{}  ours\n{}", seen[0], seen[1]))
            }
        }
    }
    for (name, _) in DIFFERENT {
        assert!(
            CASES.iter().any(|(case, _)| case == name),
            "there is no case {name}"
        );
    }
    assert!(surprises.is_empty(), "{}", surprises.concat());
    running.server.stop().unwrap();
}
