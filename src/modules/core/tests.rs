//! What a configuration's blocks and variables come to, and what is said of wrong ones.

use std::sync::atomic::Ordering;

use crate::http::plan::settings::ErrorStatus;
use crate::metric::parse_value;

use super::trial::{ask, begin, get, load, problems, server};
use super::variables::VARIABLES;

#[track_caller]
fn value(variables: &str, head: &str) -> String {
    let text = format!("location / {{ return 200 \"{variables}\"; }} server_name s.test;");
    ask(server(&text), head).body
}

#[test]
fn variables_tell_about_the_request() {
    let head = "GET /a%20b?x=1&Y=2&x=3 HTTP/1.1\r\nHost: A.test:80\r\nX-One: 1\r\nX-One: 2\r\n\
                Cookie: a=b; C=d\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\
                Content-Type: t/x\r\nbad_name: 1\r\n\r\n";
    for (text, expected) in [
        (
            "$uri|$document_uri|$request_uri",
            "/a b|/a b|/a%20b?x=1&Y=2&x=3",
        ),
        ("$args|$query_string|$is_args", "x=1&Y=2&x=3|x=1&Y=2&x=3|?"),
        ("$arg_x|$arg_y|$arg_z|$arg_X", "1|2||1"),
        ("$host|$server_name|$http_host", "a.test|s.test|A.test:80"),
        ("$http_x_one|$http_bad_name", "1, 2|"),
        ("$cookie_a|$cookie_c|$cookie_x", "b|d|"),
        ("$remote_user|$content_type|$content_length", "alice|t/x|"),
        ("$remote_addr:$remote_port", "127.0.0.1:1234"),
        ("$server_addr:$server_port", "127.0.0.1:8080"),
        ("$scheme|$https|$server_protocol", "http||HTTP/1.1"),
        (
            "$request_method|$request",
            "GET|GET /a%20b?x=1&Y=2&x=3 HTTP/1.1",
        ),
        ("$status|$bytes_sent|$body_bytes_sent", "200|0|0"),
        ("$connection|$connection_requests", "1|1"),
        ("$request_completion|$sent_http_content_type", "|"),
        (
            "$document_root|$request_filename",
            "/prefix/html|/prefix/html/a b",
        ),
        ("$nginx_version", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(value(text, head), expected, "{text}");
    }
    assert_eq!(value("$request_length", head), head.len().to_string());
}

#[test]
fn variables_of_other_requests() {
    assert_eq!(
        value("$host|$server_protocol", "GET / HTTP/1.0\r\n\r\n"),
        "s.test|HTTP/1.0"
    );
    let early = server("location / { set $early $status; return 201 $early$status; }");
    assert_eq!(get(early, "/").body, "000201");
    let absolute = "GET http://b.test:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(
        value("$host|$request_uri|$is_args", absolute),
        "b.test|/p?q|?"
    );
    let identity = value("$request_id $request_id", "GET / HTTP/1.0\r\n\r\n");
    let (one, two) = identity.split_once(' ').unwrap();
    assert_eq!((one.len(), one), (32, two));
    let time = value("$request_time", "GET / HTTP/1.0\r\n\r\n");
    assert!(time.len() == 5 && time.starts_with("0."), "{time}");
    let iso = value("$time_iso8601", "GET / HTTP/1.0\r\n\r\n");
    assert!(iso.len() == 25 && iso.as_bytes()[10] == b'T', "{iso}");
    let local = value("$time_local", "GET / HTTP/1.0\r\n\r\n");
    assert_eq!(local.len(), 26, "{local}");
}

#[test]
fn what_lies_ready_is_what_is_read() {
    let rows = || VARIABLES.iter().filter(|row| row.text.is_some());
    assert!(rows().count() >= 6);
    let runtime = server("server_name s.test; location / { return 200 ok; }");
    for head in [
        "GET /a%20b?x=1&X=2 HTTP/1.1\r\nHost: A.test:80\r\n\r\n",
        "POST /?y=&x HTTP/1.0\r\n\r\n",
        "HEAD /?x= HTTP/1.0\r\n\r\n",
    ] {
        let mut request = ask(runtime, head).request;
        for row in rows() {
            let mut text = Vec::new();
            let found = (row.read)(&mut request, "x", &mut text);
            let ready = row.text.and_then(|ready| ready(&request, "x"));
            assert_eq!(ready, found.then_some(&*text), "{} of {head}", row.name);
        }
    }
}

/// What metrics are fed must not depend on whether a variable stands alone.
#[test]
fn numbers_are_what_their_texts_stand_for() {
    let rows = || VARIABLES.iter().filter(|row| row.number.is_some());
    assert!(rows().count() >= 5);
    let runtime = server(
        "location / { return 404; error_page 404 =299 /other; } location /other { return 200 ok; }",
    );
    let mut requests = vec![begin(runtime, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")];
    requests.extend(["/", "/other"].map(|target| get(runtime, target).request));
    for request in &mut requests {
        for bytes in [0, 1, 999, 123_456_789, (1 << 53) + 1, u64::MAX] {
            let traffic = &request.connection.traffic;
            traffic.sent.store(bytes, Ordering::Relaxed);
            traffic.received.store(bytes, Ordering::Relaxed);
            for row in rows() {
                let mut text = Vec::new();
                assert!((row.read)(request, "", &mut text));
                let number = row.number.map(|number| number(request));
                assert_eq!(number, Some(parse_value(&text)), "{} {text:?}", row.name);
            }
        }
    }
}

#[test]
fn locations_are_found_as_in_nginx() {
    let runtime = server(
        "location / { return 200 root; }
         location =/exact { return 200 exact; }
         location /a { return 200 a; location /a/b { return 200 ab; location ~ x$ { return 200 inner; } } }
         location ~* \\.PNG$ { return 200 png; }
         location ^~ /final/ { return 200 final; }
         location ~x$ { return 200 outer; }
         location @named { return 200 named; }",
    );
    for (target, body) in [
        ("/", "root"),
        ("/exact", "exact"),
        ("/exact/", "root"),
        ("/ab", "a"),
        ("/a/b", "ab"),
        ("/a/bx", "inner"),
        ("/a/x", "outer"),
        ("/i.png", "png"),
        ("/final/i.png", "final"),
        ("/@named", "root"),
    ] {
        assert_eq!(get(runtime, target).body, body, "{target}");
    }
}

#[test]
fn other_methods_get_other_settings() {
    let runtime = server("location / { limit_except GET { deny all; } return 200; }");
    for (method, status) in [("GET", 200), ("HEAD", 200), ("POST", 403)] {
        let head = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(ask(runtime, &head).status, status, "{method}");
    }
    assert_eq!(
        problems("location / { limit_except get { } }"),
        ["invalid method \"get\""]
    );
}

#[test]
fn names_choose_the_server() {
    let text = "events {} http {
        server { listen 8080; return 200 default; }
        server { listen 8080; server_name a.test *.b.test; return 200 $server_name; }
        server { listen 8080; server_name ~^(?<sub>[a-z]+)\\.c\\.test$; return 200 $sub; }
        server { listen 8080; server_name .d.test; return 200 $server_name; }
    }";
    let runtime = load(text.to_owned()).unwrap_or_else(|messages| panic!("{messages:?}"));
    for (host, body) in [
        ("a.test", "a.test"),
        ("x.b.test", "a.test"),
        ("b.test", "default"),
        ("sub.c.test", "sub"),
        ("d.test", "d.test"),
        ("x.d.test", "d.test"),
        ("z.test", "default"),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(ask(runtime, &head).body, body, "{host}");
    }
}

#[test]
fn wrong_blocks() {
    for (text, message) in [
        ("location ! /x { }", "invalid location modifier \"!\""),
        ("location ~ \"\" { }", "\"location\" has an empty pattern"),
        ("location @ { }", "\"location\" has an empty pattern"),
        (
            "location /a { location /b { } }",
            "location \"/b\" is outside location \"/a\"",
        ),
        ("server_name *;", "server name \"*\" is invalid"),
        ("server_name ~;", "empty regex in server name \"~\""),
        (
            "error_page 499 /x;",
            "value \"499\" cannot have an error page",
        ),
        (
            "error_page 200 /x;",
            "value \"200\" must be between 300 and 599",
        ),
        ("error_page x /x;", "invalid value \"x\""),
        ("error_page 404 =x /x;", "invalid value \"=x\""),
        (
            "error_page =200 /x;",
            "\"error_page\" has no status before \"=\"",
        ),
        (
            "satisfy some;",
            "invalid value \"some\" in \"satisfy\" directive, it must be \"all\" or \"any\"",
        ),
        (
            "client_max_body_size 1x;",
            "\"client_max_body_size\" directive invalid value \"1x\"",
        ),
        (
            "large_client_header_buffers 0 8k;",
            "\"large_client_header_buffers\" directive invalid value \"0\"",
        ),
        (
            "merge_slashes yes;",
            "invalid value \"yes\" in \"merge_slashes\" directive, it must be \"on\" or \"off\"",
        ),
    ] {
        assert_eq!(problems(text), [message], "{text}");
    }
}

#[test]
fn addresses_to_listen_at() {
    for text in [
        "listen 127.0.0.1:80 default_server backlog=16;",
        "listen *:81;",
        "listen [::]:80 ipv6only=on reuseport;",
        "listen [::1];",
        "listen 127.0.0.2;",
        "listen localhost:82;",
        "listen unix:/run/x default;",
        "listen 83 so_keepalive=30m::10 deferred bind fastopen=3;",
    ] {
        assert_eq!(problems(text), <[&str; 0]>::default(), "{text}");
    }
    for (text, message) in [
        (
            "listen 0;",
            "invalid port in \"0\" of the \"listen\" directive",
        ),
        (
            "listen 65536;",
            "invalid port in \"65536\" of the \"listen\" directive",
        ),
        (
            "listen 1.2.3.4:x;",
            "invalid port in \"1.2.3.4:x\" of the \"listen\" directive",
        ),
        (
            "listen :80;",
            "no host in \":80\" of the \"listen\" directive",
        ),
        (
            "listen unix:;",
            "no path in \"unix:\" of the \"listen\" directive",
        ),
        (
            "listen [x]:80;",
            "invalid IPv6 address in \"[x]:80\" of the \"listen\" directive",
        ),
        (
            "listen 81 http3;",
            "the \"http3\" parameter of \"listen\" is not supported",
        ),
        (
            "listen 81 default-server;",
            "invalid parameter \"default-server\"",
        ),
        ("listen 81 backlog=0;", "invalid backlog \"backlog=0\""),
        (
            "listen 81 reuseport=1;",
            "invalid parameter \"reuseport=1\"",
        ),
        ("listen *:8080;", "a duplicate listen 0.0.0.0:8080"),
    ] {
        assert_eq!(problems(text), [message], "{text}");
    }
}

#[test]
fn servers_without_a_name_conflict() {
    let text = "events {} http { server { listen 80; } server { listen 80; } }";
    assert_eq!(
        load(text.to_owned()).err().unwrap_or_default(),
        ["conflicting server name \"\" on 0.0.0.0:80, ignored"]
    );
}

#[test]
fn clients_see_400_for_statuses_of_ours() {
    let runtime = server("error_page 404 494 /e; error_page 495 =200 /e;");
    let own = runtime.location(runtime.servers[0].own);
    let pages = own.settings.error_pages.iter();
    let shown: Vec<_> = pages.map(|page| (page.codes[0], page.status)).collect();
    let expected = [
        (404, ErrorStatus::Original),
        (494, ErrorStatus::Fixed(400)),
        (495, ErrorStatus::Fixed(200)),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_body_larger_than_allowed_is_refused_before_rewriting() {
    let runtime = server(
        "client_max_body_size 10; error_page 413 =200 /e; location /e { return 200 e; }
         location / { return 200; } location /any { client_max_body_size 0; return 200; }",
    );
    for (path, body) in [("/", "e"), ("/any", "")] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
        let done = ask(runtime, &head);
        assert_eq!((done.status, &*done.body), (200, body), "{path}");
    }
}
