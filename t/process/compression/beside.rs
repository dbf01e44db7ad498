//! The same requests, on the same configuration, beside Debian's nginx: gzip and its conditions, files that were packed
//! beforehand, answers that are unpacked. Where they differ on purpose, it says here why.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{answering, content, gzip, unpack};
use crate::harness::PATIENCE;
use crate::harness::Running;
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::{Parts, Site};

const HTTP: &str = "types { text/html html; text/plain txt; application/json json; }\n";

/// Locations of files.
const FILES: &[(&str, &str)] = &[
    ("/none/", ""),
    ("/on/", "gzip_static on;"),
    ("/always/", "gzip_static always;"),
    ("/vary/", "gzip_static on; gzip_vary on;"),
    ("/always-vary/", "gzip_static always; gzip_vary on;"),
    (
        "/both/",
        "gzip on; gzip_min_length 1; gzip_static on; gzip_vary on;",
    ),
    ("/unpacked/", "gzip_static always; gunzip on;"),
    (
        "/unpacked-vary/",
        "gzip_static always; gunzip on; gzip_vary on;",
    ),
    (
        "/again/",
        "gzip_static always; gunzip on; gzip on; gzip_min_length 1;",
    ),
    (
        "/sub/",
        "gzip_static always; gunzip on; sub_filter plain changed; sub_filter packed unpacked;",
    ),
    ("/old/", "gzip_static on; gzip_http_version 1.0;"),
    ("/any/", "gzip_static on; gzip_proxied any;"),
    ("/auth/", "gzip_static on; gzip_proxied auth;"),
    ("/disable/", "gzip_static on; gzip_disable old;"),
    ("/expires/", "gzip_static on; expires 1h;"),
    (
        "/page/",
        "gzip_static on; gzip_vary on; error_page 404 /on/a.html;",
    ),
    (
        "/page200/",
        "gzip_static on; error_page 404 =200 /on/a.html;",
    ),
];

/// Locations of files that are packed as they are sent.
const PACKED: &[(&str, &str)] = &[
    ("/p/plain/", ""),
    ("/p/types/", "gzip_types text/plain;"),
    ("/p/all/", "gzip_types *;"),
    ("/p/long/", "gzip_min_length 5000;"),
    ("/p/short/", "gzip_types *; gzip_min_length 0;"),
    ("/p/vary/", "gzip_vary on;"),
    ("/p/level/", "gzip_comp_level 9; gzip_buffers 4 8k;"),
    (
        "/p/window/",
        "gzip_window 1k; gzip_hash 1k; postpone_gzipping 100; gzip_no_buffer on;",
    ),
    ("/p/disable/", "gzip_disable old msie6;"),
    ("/p/old/", "gzip_http_version 1.0;"),
    ("/p/any/", "gzip_proxied any;"),
    ("/p/off/", "gzip_proxied off;"),
    ("/p/expired/", "gzip_proxied expired; expires epoch;"),
    ("/p/not-expired/", "gzip_proxied expired; expires 1h;"),
    (
        "/p/no-cache/",
        "gzip_proxied no-cache; add_header Cache-Control no-cache;",
    ),
    (
        "/p/no-store/",
        "gzip_proxied no-store; add_header Cache-Control 'private, no-store';",
    ),
    (
        "/p/private/",
        "gzip_proxied private; add_header Cache-Control no-store;",
    ),
    ("/p/modified/", "gzip_proxied no_last_modified;"),
    ("/p/etag/", "gzip_proxied no_etag;"),
    ("/p/auth/", "gzip_proxied auth;"),
    (
        "/p/several/",
        "gzip_proxied no-cache no-store private expired auth;",
    ),
];

/// Locations of the origin.
const PROXIED: &[(&str, &str)] = &[
    ("/o/off/", ""),
    ("/o/on/", "gunzip on;"),
    ("/o/vary/", "gunzip on; gzip_vary on;"),
    (
        "/o/again/",
        "gunzip on; gzip on; gzip_types *; gzip_min_length 1;",
    ),
    (
        "/o/sub/",
        "gunzip on; sub_filter text word; sub_filter_types *;",
    ),
];

/// What is asked in each of them.
const PATHS: &[&str] = &[
    "a.html",
    "b.html",
    "c.html",
    "d.html",
    "link.html",
    "broken.html",
    "none.html",
    "",
];
const PACKED_PATHS: &[&str] = &["a.html", "long.txt", "none.html"];
const ANSWERS: &[&str] = &[
    "plain", "gzip", "GZIP", "members", "garbage", "cut", "trailing", "empty", "part", "br", "404",
    "304", "tag", "long",
];

/// Method, version and further lines.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "1.1", ""),
    ("GET", "1.1", "Accept-Encoding: gzip\r\n"),
    ("GET", "1.1", "Accept-Encoding: gzip;q=0\r\n"),
    ("GET", "1.1", "Accept-Encoding: br, GZip;q=0.5\r\n"),
    ("GET", "1.1", "Accept-Encoding: deflate, *\r\n"),
    ("GET", "1.1", "Accept-Encoding: gzip;q=2\r\n"),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n",
    ),
    ("GET", "1.1", "Range: bytes=0-3\r\n"),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nRange: bytes=900000-\r\n",
    ),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nIf-None-Match: *\r\n",
    ),
    ("GET", "1.1", "If-None-Match: W/\"x\"\r\n"),
    ("GET", "1.1", "If-Match: \"y\"\r\n"),
    ("GET", "1.1", "Accept-Encoding: gzip\r\nVia: 1.1 p\r\n"),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nVia: 1.1 p\r\nAuthorization: Basic x\r\n",
    ),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nUser-Agent: an OLD one\r\n",
    ),
    (
        "GET",
        "1.1",
        "Accept-Encoding: gzip\r\nUser-Agent: MSIE 6.0;\r\n",
    ),
    ("GET", "1.0", "Accept-Encoding: gzip\r\n"),
    ("HEAD", "1.1", "Accept-Encoding: gzip\r\n"),
    ("HEAD", "1.1", ""),
    (
        "POST",
        "1.1",
        "Accept-Encoding: gzip\r\nContent-Length: 0\r\n",
    ),
];

/// Where they differ, and why.
struct Difference {
    why: &'static str,
    /// Whether this is it: the request, and what was answered by nginx and here.
    is: fn(&str, &str, &str) -> bool,
}

const DIFFERENT: &[Difference] = &[
    Difference {
        why: "a part cannot be unpacked: it stays as it is, where nginx breaks off",
        is: |request, _, _| request.contains("/part "),
    },
    Difference {
        why: "packed files have ranges, as all files have",
        is: |request, theirs, ours| {
            let has_ranges = ours.contains("| bytes |") || request.contains("Range: ");
            has_ranges
                && !request.contains(" /o/")
                && theirs.contains("| gzip |")
                && !theirs.contains("W/")
        },
    },
    Difference {
        why: "sub_filter looks into nothing that is packed, and what it may change has no ranges",
        is: |request, _, ours| {
            let is_packed = ["| gzip |", "| GZip |", "| br |"]
                .iter()
                .any(|it| ours.contains(it));
            request.contains("/sub/") && (is_packed || request.contains("/plain "))
        },
    },
    Difference {
        why: "the head has left when the first bytes turn out to be garbage: with HTTP/1.0 the body ends there",
        is: |request, theirs, _| request.contains("HTTP/1.0") && theirs == "broken",
    },
];

/// What the origin says.
fn answer(target: &str) -> (String, Vec<u8>) {
    let text = b"a text that is not too short".repeat(20);
    let packed = gzip(&text);
    let name = target.rsplit('/').next().unwrap_or_default();
    let (status, coding, body) = match name {
        "plain" => ("200 OK", "", text),
        "members" => ("200 OK", "gzip", [gzip(b"one text "), packed].concat()),
        "garbage" => ("200 OK", "gzip", b"no gzip at all".to_vec()),
        "cut" => ("200 OK", "gzip", packed[..packed.len() - 1].to_vec()),
        "trailing" => ("200 OK", "gzip", [&packed[..], b"garbage"].concat()),
        "empty" => ("200 OK", "identity", Vec::new()),
        "part" => ("206 Partial Content", "gzip", packed[5..].to_vec()),
        "br" => ("200 OK", "br", b"who knows".to_vec()),
        "404" => ("404 Not Found", "gzip", packed),
        "304" => ("304 Not Modified", "", Vec::new()),
        "GZIP" => ("200 OK", "GZip", packed),
        "long" => ("200 OK", "gzip", gzip(&text.repeat(2000))),
        _ => ("200 OK", "gzip", packed),
    };
    let mut fields = format!("{status}\r\nContent-Type: text/html\r\nAccept-Ranges: bytes\r\n");
    if name != "304" {
        write!(fields, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    if !coding.is_empty() {
        write!(fields, "Content-Encoding: {coding}\r\n").unwrap();
    }
    if name == "tag" {
        fields += "ETag: \"x\"\r\nLast-Modified: Mon, 30 Nov 2020 10:00:00 GMT\r\nVary: Cookie\r\n";
    }
    if name == "part" {
        fields += "Content-Range: bytes 5-99/100\r\n";
    }
    (fields, body)
}

fn prepare(root: &Path) {
    let file = |name: &str, content: &[u8]| {
        let path = root.join(name);
        fs::write(&path, content).unwrap();
        let time =
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + content.len() as u64);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    };
    for name in ["a.html", "b.html", "index.html"] {
        file(name, format!("a plain {name}").as_bytes());
    }
    for name in ["a.html", "c.html", "index.html"] {
        file(
            &format!("{name}.gz"),
            &gzip(format!("a packed {name}").as_bytes()),
        );
    }
    file("d.html", b"a plain one beside a folder");
    fs::create_dir(root.join("d.html.gz")).unwrap();
    file("link.html", b"a plain one beside a link to nowhere");
    std::os::unix::fs::symlink("nowhere", root.join("link.html.gz")).unwrap();
    file("broken.html.gz", b"no gzip at all");
    file("long.txt", &b"a line that is repeated\n".repeat(200));
}

fn locations(root: &Path, origin: SocketAddr) -> String {
    let mut all = String::new();
    let root = root.display();
    for (name, lines) in FILES {
        writeln!(all, "location {name} {{ alias {root}/; {lines} }}").unwrap();
    }
    for (name, lines) in PACKED {
        writeln!(all, "location {name} {{ alias {root}/; gzip on; {lines} }}").unwrap();
    }
    for (name, lines) in PROXIED {
        writeln!(
            all,
            "location {name} {{ proxy_pass http://{origin}; {lines} }}"
        )
        .unwrap();
    }
    writeln!(
        all,
        "location /try/ {{ root {root}; gzip_static on; try_files $uri /a.html =404; }}\n\
         location = /a.html {{ root {root}; gzip_static always; }}\n\
         location = /named {{ alias {root}/a.html; gzip_static on; gzip_vary on; }}"
    )
    .unwrap();
    all
}

fn targets() -> Vec<String> {
    let groups = [(FILES, PATHS), (PACKED, PACKED_PATHS), (PROXIED, ANSWERS)];
    let mut all: Vec<String> = groups
        .iter()
        .flat_map(|(locations, paths)| {
            let each = |name: &'static str| paths.iter().map(move |path| format!("{name}{path}"));
            locations.iter().flat_map(move |(name, _)| each(name))
        })
        .collect();
    all.extend(["/try/x", "/a.html", "/named"].map(String::from));
    all
}

/// A body, or that it is an error page: each has pages of its own.
fn without_page(body: &[u8]) -> &[u8] {
    match body.starts_with(b"<html>") {
        true => b"a page",
        false => body,
    }
}

/// What is the same in both, in words.
fn described(address: SocketAddr, request: &str, is_head: bool) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut received = Vec::new();
    let ended = stream.read_to_end(&mut received);
    let Some(end) = received.windows(4).position(|end| end == b"\r\n\r\n") else {
        return "broken".into();
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    let field = |name: &str| {
        let is = |line: &&str| {
            let start = line.split(':').next().unwrap_or_default();
            start.eq_ignore_ascii_case(name)
        };
        let values = head
            .lines()
            .filter(is)
            .map(|line| line[name.len() + 1..].trim());
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values.join(", ")
    };
    let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (body, is_whole) = match field("transfer-encoding").as_str() {
        "chunked" if !is_head => content(&received),
        _ => (received[end + 4..].to_vec(), true),
    };
    let length = field("content-length");
    let is_short = !is_head && status != "304" && length.parse() != Ok(body.len());
    if !is_whole || ended.is_err() || (!length.is_empty() && is_short) {
        return "broken".into();
    }
    let mut text = status.clone();
    for name in [
        "content-encoding",
        "vary",
        "etag",
        "last-modified",
        "accept-ranges",
        "content-range",
    ] {
        write!(text, " | {}", field(name)).unwrap();
    }
    let is_page = !matches!(status.as_str(), "200" | "206") && field("content-encoding").is_empty();
    if !is_page {
        let body = unpack(&field("content-encoding"), &body).unwrap_or(body);
        let body = without_page(&body);
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let is_made = field("content-encoding") == "gzip" && field("etag").starts_with("W/");
        let length = if is_made { "" } else { &length };
        write!(
            text,
            " | {} | {length} | {} {start}",
            field("content-type"),
            body.len()
        )
        .unwrap();
    }
    text
}

#[test]
fn both_answer_alike_but_where_it_is_told_why_not() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let site = Site::create().unwrap();
    let root = site.directory.join("files");
    fs::create_dir(&root).unwrap();
    prepare(&root);
    let server = locations(&root, answering(answer));
    let nginx = Nginx::start(&nginx::Site {
        main: "user root;",
        http: HTTP,
        server: &server,
        files: &[],
    });
    let nginx = nginx.unwrap();
    let parts = Parts {
        http_config: HTTP.into(),
        config: server,
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let mut surprises = String::new();
    let mut different = vec![0; DIFFERENT.len()];
    let mut count = 0;
    for target in targets() {
        for (method, version, lines) in REQUESTS {
            let request = format!(
                "{method} {target} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n{lines}\r\n"
            );
            let both = [nginx.address, running.address()];
            let [theirs, ours] = both.map(|one| described(one, &request, *method == "HEAD"));
            count += 1;
            if theirs == ours {
                continue;
            }
            match DIFFERENT
                .iter()
                .position(|one| (one.is)(&request, &theirs, &ours))
            {
                Some(number) => different[number] += 1,
                None => {
                    writeln!(surprises, "{request:?}\n  nginx {theirs}\n  ours  {ours}").unwrap();
                }
            }
        }
    }
    assert!(count > 4000, "{count}");
    assert!(surprises.is_empty(), "{surprises}");
    for (one, count) in DIFFERENT.iter().zip(different) {
        eprintln!("{count} times: {}", one.why);
        assert!(count > 0, "there is no difference any more: {}", one.why);
    }
    running.server.stop().unwrap();
}
