//! The same requests, on the same configuration, beside Debian's nginx: what both answer, what they say of their cache, and
//! what they ask of their origins. Where they differ on purpose, it says here why.

use std::net::SocketAddr;
use std::time::Duration;

use super::cases::{CASES, DIFFERENT};
use super::origin::Origin;
use crate::harness::client::{self, Connection, Response};
use crate::harness::nginx::{Nginx, Site};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};

/// The cache of both.
const CACHE: &str =
    "proxy_cache_path $DIR/cache levels=1:2 keys_zone=c:1m inactive=1d use_temp_path=off;\n";

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
    ("/named/", "proxy_cache $arg_zone; proxy_cache_valid 10m;"),
    (
        "/part/",
        "proxy_cache_key $uri$http_range; proxy_set_header Range $http_range; proxy_cache_valid 200 206 416 10m;",
    ),
    ("/asked/", "proxy_method HEAD; proxy_cache_valid 10m;"),
    ("/forced/", "proxy_cache off; proxy_force_ranges on;"),
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

/// What is looked at of an answer.
const FIELDS: [&str; 15] = [
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
    "X-Empty",
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

/// What a server says to the steps of a case with a pause between them, and what it asks its origin.
fn answers(
    (address, origin): (SocketAddr, &Origin),
    steps: &[&str],
    number: usize,
    pause: Duration,
) -> String {
    let mut seen = String::new();
    let steps: Vec<String> = steps
        .iter()
        .map(|step| step.replace('$', &number.to_string()))
        .collect();
    for step in &steps {
        seen.push_str(&format!("    {}\n", ask(address, step)));
        std::thread::sleep(pause);
    }
    let path = steps[0].split([' ', '?']).nth(1).unwrap();
    seen + &format!("    asked: {}\n", asked(origin, path))
}

#[test]
fn both_answer_alike_but_where_it_is_told_why_not() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let (their_origin, our_origin) = (Origin::start(), Origin::start());
    let nginx = Nginx::start(&Site {
        main: "",
        http: CACHE,
        server: &locations(their_origin.address),
        files: &[],
    });
    let nginx = nginx.unwrap();
    let parts = Parts {
        http_config: CACHE.into(),
        config: locations(our_origin.address),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let both = [
        (nginx.address, &their_origin),
        (running.address(), &our_origin),
    ];
    let mut surprises = Vec::new();
    for (number, (name, steps)) in CASES.iter().enumerate() {
        let told = DIFFERENT.iter().any(|(different, _)| different == name);
        let mut seen = both.map(|one| answers(one, steps, number, Duration::ZERO));
        if (seen[0] == seen[1]) == told {
            // nginx may keep what a client has already after the next request has come.
            let again = CASES.len() + number;
            seen = both.map(|one| answers(one, steps, again, Duration::from_millis(300)));
        }
        let beside = format!("{name}\n  nginx\n{}  ours\n{}", seen[0], seen[1]);
        match (seen[0] == seen[1], told) {
            (true, false) => {}
            (false, true) => eprintln!("{beside}"),
            (true, true) => surprises.push(format!("{name}: there is no difference any more\n")),
            (false, false) => surprises.push(beside),
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
