//! Files as requests get them.

use std::path::{Path, PathBuf};

use crate::http::plan::runtime::Runtime;
use crate::modules::core::trial::{ask, get, problems, server};

/// A folder that is there as long as a test runs.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[&str]) -> Self {
        let path = std::env::temp_dir().join(format!("pingauge-{name}-{}", std::process::id()));
        for file in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/"))).unwrap();
            std::fs::write(&file, file.file_name().unwrap().as_encoded_bytes()).unwrap();
        }
        Self(path)
    }

    fn server(&self, text: &str) -> &'static Runtime {
        server(&text.replace("$DIR", &self.0.to_string_lossy()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn check(runtime: &'static Runtime, cases: &[(&str, &str)]) {
    for (target, expected) in cases {
        let done = get(runtime, target);
        let body = if done.status < 300 { &*done.body } else { "" };
        let found = format!("{} {body}", done.status);
        assert_eq!(found.trim_end(), *expected, "{target}");
    }
}

#[test]
fn roots_and_aliases() {
    let folder = Folder::new(
        "roots",
        &[
            "html/r/captured",
            "other/a/root",
            "aliased/file",
            "aliased/b/deep",
            "secret",
        ],
    );
    let runtime = folder.server(
        "root $DIR/html;
         location /a/ { root $DIR/other/; }
         location /b { alias $DIR/aliased/; location /b/b/ { } }
         location ~ ^/c/(.*)$ { alias $DIR/html/r/$1; }
         location ~ ^/raw(.*)$ { alias $DIR/html/$1; }
         location = /one { alias $DIR/aliased/file; }
         location /host { root $DIR/$arg_h; }",
    );
    check(
        runtime,
        &[
            ("/r/captured", "200 captured"),
            ("/none", "404"),
            ("/r/captured/x", "404"),
            ("/a/root", "200 root"),
            ("/b/file", "200 file"),
            ("/b/b/deep", "200 deep"),
            ("/c/captured", "200 captured"),
            ("/one", "200 file"),
            ("/b/../a/root", "200 root"),
            ("/b../secret", "403"),
            ("/raw../secret", "403"),
            ("/host?h=..", "403"),
        ],
    );
}

#[test]
fn directories_and_their_indexes() {
    let folder = Folder::new(
        "indexes",
        &["d/index.html", "e/main.txt", "f/file", "g/index.html"],
    );
    let runtime = folder.server(
        "root $DIR;
         location /e/ { index none.html $arg_i main.txt; }
         location /g/ { index none /fixed; }
         location = /fixed { return 200 \"fixed $uri $args\"; }
         location ~ ^/p/(.*)$ { alias $DIR/$1; }",
    );
    check(
        runtime,
        &[
            ("/d/", "200 index.html"),
            ("/e/", "200 main.txt"),
            ("/f/", "403"),
            ("/none/", "404"),
            ("/f/file/", "404"),
            ("/g/?q=1", "200 fixed /fixed q=1"),
            ("/p/d/", "200 index.html"),
        ],
    );
    let done = get(runtime, "/d?q=1");
    assert_eq!(
        (done.status, &*done.field("location")),
        (301, "http://a.test/d/?q=1")
    );
    let posted = ask(runtime, "POST /d/ HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(posted.status, 405);
    let deleted = ask(runtime, "DELETE /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(deleted.status, 405);
}

#[test]
fn files_are_tried_in_order() {
    let folder = Folder::new("tries", &["real", "dir/index.html", "x/y"]);
    let runtime = folder.server(
        "root $DIR;
         location / { try_files $uri $uri/ /fallback?u=$uri; }
         location /fallback { return 200 \"$uri $args\"; }
         location /code/ { try_files $uri =410; }
         location /named/ { try_files $uri @named; }
         location @named { return 200 \"named $uri\"; }
         location /plain { try_files none real =404; }
         location /al/ { alias $DIR/x/; try_files $uri y =404; }
         location ~ ^/re/(.*)$ { alias $DIR/$1; try_files '' /index.html =404; }
         location /up { try_files /../$arg_x =404; }
         location /if { if ($arg_a) { set $b 1; } try_files /none =411; }",
    );
    check(
        runtime,
        &[
            ("/real", "200 real"),
            ("/dir/", "200 index.html"),
            ("/none", "200 /fallback u=/none"),
            ("/code/x", "410"),
            ("/named/x", "200 named /named/x"),
            ("/plain", "200 real"),
            ("/al/none", "200 y"),
            ("/al/y", "200 y"),
            ("/re/real", "200 real"),
            ("/re/dir", "200 index.html"),
            ("/re/none", "404"),
            ("/up?x=etc/passwd", "404"),
            ("/if?a=1", "411"),
        ],
    );
    assert_eq!(get(runtime, "/dir").status, 301);
}

#[test]
fn types_validators_and_parts() {
    let folder = Folder::new("types", &["a.txt", "a.foo", "a.HTML"]);
    let runtime = folder.server(
        "root $DIR; default_type x/default;
         location /t/ { alias $DIR/; types { text/foo foo; } types { text/bar bar; } default_type x/y; }
         error_page 404 /a.txt; error_page 416 = /t/a.foo;
         location /plain/ { alias $DIR/; error_page 416 /none; }",
    );
    for (target, expected) in [
        ("/a.txt", "text/plain"),
        ("/a.foo", "x/default"),
        ("/a.HTML", "text/html"),
        ("/t/a.foo", "text/foo"),
        ("/t/a.txt", "x/y"),
    ] {
        assert_eq!(
            get(runtime, target).field("content-type"),
            expected,
            "{target}"
        );
    }
    let whole = get(runtime, "/a.txt");
    let tag = whole.field("etag");
    assert_eq!(whole.field("accept-ranges"), "bytes");
    let with = |target: &str, field: &str| {
        ask(
            runtime,
            &format!("GET {target} HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n"),
        )
    };
    let known = with("/a.txt", &format!("If-None-Match: {tag}"));
    assert_eq!((known.status, &*known.body), (304, ""));
    assert_eq!(
        (known.field("etag"), known.field("content-type")),
        (tag, String::new())
    );
    let part = with("/a.txt", "Range: bytes=2-");
    assert_eq!((part.status, &*part.body), (206, "txt"));
    assert_eq!(part.field("content-range"), "bytes 2-4/5");
    assert_eq!(with("/a.txt", "Range: bytes=9-").body, "a.foo");
    let page = with("/missing", "Range: bytes=2-");
    assert_eq!((page.status, &*page.body), (404, "a.txt"));
    assert_eq!(with("/a.txt", "If-Match: \"x\"").status, 412);
}

#[test]
fn what_is_written_wrongly() {
    for (text, expected) in [
        ("root /a; root /b;", "\"root\" directive is duplicate"),
        (
            "location / { root /a; alias /b; }",
            "\"alias\" directive is duplicate, \"root\" directive was specified earlier",
        ),
        (
            "location @n { alias /b; }",
            "the \"alias\" directive cannot be used inside the named location",
        ),
        (
            "root $document_root/x;",
            "the $document_root variable cannot be used in the \"root\" directive",
        ),
        ("index '';", "index \"\" in \"index\" directive is invalid"),
        (
            "index /a b;",
            "only the last index in \"index\" directive should be absolute",
        ),
        ("types { text/x; }", "no extension for type \"text/x\""),
        (
            "types { text/x a; text/y A; }",
            "duplicate extension \"A\", content type: \"text/y\", previous content type: \"text/x\"",
        ),
        ("try_files $uri =4040;", "invalid code \"4040\""),
        (
            "try_files $uri;",
            "invalid number of arguments in \"try_files\" directive",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn links_that_lead_round_are_forbidden() {
    let folder = Folder::new("links", &["there"]);
    std::os::unix::fs::symlink("loop", folder.0.join("loop")).unwrap();
    let runtime = folder.server(
        "root $DIR; location /try { try_files /loop /there =404; }
         location /index/ { alias $DIR/; index loop; }",
    );
    let cases = [("/loop", "403"), ("/try", "200 there"), ("/index/", "403")];
    check(runtime, &cases);
}
