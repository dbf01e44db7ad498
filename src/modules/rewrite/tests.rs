//! What requests come to after rewriting.

use crate::modules::core::trial::{get, load, problems, server};

#[track_caller]
fn check(text: &str, cases: &[(&str, &str)]) {
    let runtime = server(text);
    for (target, expected) in cases {
        let done = get(runtime, target);
        assert_eq!(
            format!("{} {}", done.status, done.body),
            *expected,
            "{target}"
        );
    }
}

#[test]
fn texts_with_variables_are_returned() {
    check(
        "location /a { set $x \"$arg_q-$1\"; return 200 \"$uri $x $host $request_method\"; }
         location ~ ^/n/(?<id>[a-z]+)/(.*)$ { set $y $2; return 201 ${id}:$1:$y; }
         location /e { return 200; }
         location /n4 { return 204; }",
        &[
            ("/a?q=1", "200 /a 1- a.test GET"),
            ("/n/ab/c/d", "201 ab:ab:c/d"),
            ("/e", "200 "),
            ("/n4", "204 "),
        ],
    );
}

#[test]
fn redirects_lead_the_client() {
    let runtime = server(
        "location /a { return http://x.test/y; } location /b { return 301 /c?$args; }
         location /d { rewrite ^/d/(.*)$ http://y.test/$1?k=1; }
         location /e { rewrite ^/e/(.*)$ /f/$1? permanent; }",
    );
    for (target, status, location) in [
        ("/a", 302, "http://x.test/y"),
        ("/b?z=1", 301, "http://a.test/c?z=1"),
        ("/d/p%20q?z=1", 302, "http://y.test/p%20q?k=1&z=1"),
        ("/d/p%2Fq", 302, "http://y.test/p/q?k=1"),
        ("/e/1?z=1", 301, "http://a.test/f/1"),
    ] {
        let done = get(runtime, target);
        assert_eq!(
            (done.status, done.field("location")),
            (status, location.into()),
            "{target}"
        );
    }
}

#[test]
fn captures_of_an_escaped_path_are_escaped_when_set() {
    check(
        "location ~ ^/k(.*)$ { set $v $1; return 200 $v|$1; }",
        &[
            ("/k%20e/f", "200 %20e/f| e/f"),
            ("/ke%2Ff", "200 e/f|e/f"),
            ("/k?a=%20", "200 |"),
        ],
    );
}

#[test]
fn a_true_if_runs_its_steps_and_then_the_others() {
    check(
        "location / {
            set $log a;
            if ($arg_x) { set $log ${log}b; }
            set $log ${log}c;
            if ($arg_y = 1) { set $log ${log}d; break; set $log ${log}!; }
            set $log ${log}e;
            return 200 $log;
         }",
        &[
            ("/", "200 ace"),
            ("/?x=0", "200 ace"),
            ("/?x=1", "200 abce"),
        ],
    );
    let runtime = server(
        "location / { if ($arg_x) { error_page 404 /e; } if ($arg_y) { return 404; } return 404; }
         location /e { return 200 page; }",
    );
    assert_eq!(get(runtime, "/?x=1").body, "page");
    // The settings of the block entered last hold.
    assert_eq!(get(runtime, "/?y=1&x=1").status, 404);
    assert_ne!(get(runtime, "/?y=1&x=1").body, "page");
    assert_eq!(get(runtime, "/").status, 404);
}

#[test]
fn every_form_of_condition() {
    let forms = [
        ("$arg_a", true),
        ("$arg_zero", false),
        ("$arg_none", false),
        ("$arg_a = x", true),
        ("$arg_a = \"x\"", true),
        ("$arg_a != x", false),
        ("$arg_none = \"\"", true),
        (" $arg_a = $arg_b ", true),
        ("$arg_a ~ ^X$", false),
        ("$arg_a ~* ^X$", true),
        ("$arg_a !~ ^X$", true),
        ("$arg_a !~* ^X$", false),
        ("$arg_a ~ (x|y)", true),
        ("-f /proc/self/status", true),
        ("!-f /proc/self", true),
        ("-d /proc/self", true),
        ("-e /proc/$arg_n", false),
        ("!-e /proc/$arg_n", true),
        ("-x /bin/sh", true),
        ("!-d /nowhere", true),
    ];
    for (condition, expected) in forms {
        let text = format!("location / {{ if ({condition}) {{ return 200 1; }} return 200 0; }}");
        let body = get(server(&text), "/?a=x&b=x&zero=0&n=nothing").body;
        assert_eq!(body == "1", expected, "{condition}");
    }
}

#[test]
fn conditions_that_cannot_be_understood() {
    for (condition, message) in [
        ("$a", "invalid condition \"$a\""),
        ("($a", "invalid condition \"($a\""),
        ("()", "invalid condition \"()\""),
        ("(a = b)", "invalid condition \"a\""),
        ("($a == b)", "unexpected \"==\" in condition"),
        ("($a = b c)", "unexpected \"=\" in condition"),
        ("($a =)", "unexpected \"=\" in condition"),
        ("($a$b)", "invalid variable name \"$a$b\" in condition"),
        ("(-q /x)", "invalid condition \"-q\""),
    ] {
        let text = format!("set $a 1; set $b 1; if {condition} {{ return 200; }}");
        assert_eq!(problems(&text), [message], "{condition}");
    }
}

#[test]
fn a_changed_path_finds_another_location() {
    check(
        "rewrite ^/old/(.*)$ /new/$1?o=1;
         location /new { return 200 \"new $uri $args\"; }
         location /l { rewrite ^/l/(.*)$ /new/$1 last; return 200 no; }
         location /q { rewrite ^/q/(.*)$ /new/$1?; set $z 1; }
         location /b { rewrite ^ /new/b break; return 200 no; }
         location /c { rewrite ^ /new/c; break; }
         location /s { rewrite ^ /t last; } location /t { rewrite ^ /s last; }
         location /z { rewrite ^ $arg_none last; }",
        &[
            ("/old/1?a=2", "200 new /new/1 o=1&a=2"),
            ("/l/x?a=2", "200 new /new/x a=2"),
            ("/q/x?a=2", "200 new /new/x "),
        ],
    );
    let runtime = server(
        "location /b { rewrite ^ /new/b break; return 200 no; }
         location /s { rewrite ^ /t last; } location /t { rewrite ^ /s last; }
         location /z { rewrite ^ $arg_none last; }",
    );
    let kept = get(runtime, "/b");
    assert_eq!(kept.status, 404);
    assert_eq!(kept.request.path, b"/new/b");
    assert_eq!(kept.request.location.name, "/b");
    assert_eq!(get(runtime, "/s").status, 500);
    assert_eq!(get(runtime, "/z").status, 500);
}

#[test]
fn a_server_rewrites_first() {
    check(
        "set $who server;
         if ($arg_block) { return 403; }
         if ($arg_stop) { break; }
         rewrite ^/x /y;
         location / { return 200 $who$uri; }",
        &[("/x", "200 server/y"), ("/x?stop=1", "200 server/x")],
    );
    let runtime = server("if ($arg_block) { return 403; } location / { return 200; }");
    assert_eq!(get(runtime, "/?block=1").status, 403);
}

#[test]
fn statuses_and_closing() {
    let runtime = server(
        "error_page 404 =200 /page; error_page 418 @tea; error_page 500 http://e.test/;
         location /a { return 404; }
         location /b { return 404 text; }
         location /c { return 444; }
         location /d { return 418; }
         location /e { return 500; }
         location /page { internal; return 202 page; }
         location @tea { return 200 tea$status; }",
    );
    let shown = |target| {
        let done = get(runtime, target);
        format!("{} {}", done.status, done.body)
    };
    assert_eq!(shown("/a"), "200 page");
    assert_eq!(shown("/b"), "404 text");
    assert_eq!(shown("/c"), "444 ");
    assert_eq!(shown("/d"), "418 tea418");
    assert_eq!(get(runtime, "/e").field("location"), "http://e.test/");
    let runtime = server("location /page { internal; return 202; }");
    assert_eq!(get(runtime, "/page").status, 404);
}

#[test]
fn what_is_written_wrongly() {
    for (text, message) in [
        (
            "return 99;",
            "no response may have the status 99, the connection is closed",
        ),
        (
            "return 199 x;",
            "no response may have the status 199, the connection is closed",
        ),
        ("return -1;", "invalid return code \"-1\""),
        ("return /x;", "invalid return code \"/x\""),
        ("return 1000;", "invalid return code \"1000\""),
        ("return abc text;", "invalid return code \"abc\""),
        ("set x 1;", "invalid variable name \"x\""),
        ("set $1 1;", "invalid variable name \"$1\""),
        ("set $a$b 1;", "invalid variable name \"$a$b\""),
        ("set $uri 1;", "the duplicate \"uri\" variable"),
        ("rewrite a b c;", "invalid parameter \"c\""),
        ("return 200 $nosuch;", "unknown \"nosuch\" variable"),
    ] {
        assert_eq!(problems(text), [message], "{text}");
    }
    assert!(problems("rewrite ( b;")[0].starts_with("invalid regular expression \"(\""));
    assert!(problems("set $arg_x 1; set $args $arg_x;").is_empty());
}

#[test]
fn arguments_can_be_set() {
    check(
        "location / { set $args x=2; set $arg_y 3; return 200 $args,$arg_x,$arg_y,$is_args; }",
        &[("/?x=1", "200 x=2,2,3,?")],
    );
}

#[test]
fn rules_of_access_are_asked_in_order() {
    check(
        "location /a { allow 127.0.0.0/8; deny all; }
         location /b { deny 127.0.0.1; allow all; }
         location /c { deny all; return 200 first; }",
        &[("/c", "200 first")],
    );
    let runtime = server(
        "location /b { deny 127.0.0.1; allow all; } location /a { allow 127.0.0.0/8; deny all; }",
    );
    assert_eq!(get(runtime, "/b").status, 403);
    assert_eq!(get(runtime, "/a").status, 404);
    assert_eq!(problems("deny 1.2.3;"), ["invalid parameter \"1.2.3\""]);
}

#[test]
fn a_whole_configuration_may_be_wrong() {
    let text = "http { server { location /a { } location /a { } listen 80; listen *:80; } }";
    let messages = load(text.to_owned()).err().unwrap();
    assert!(
        messages.contains(&"duplicate location \"/a\"".to_owned()),
        "{messages:?}"
    );
    assert!(
        messages.contains(&"a duplicate listen 0.0.0.0:80".to_owned()),
        "{messages:?}"
    );
}

#[test]
fn a_pattern_that_does_not_match_leaves_no_captures() {
    check(
        "location ~ ^/(.)(.) { if ($arg_a ~ (x)) { set $v 1; } return 200 $1$2; }",
        &[("/ab?a=y", "200 "), ("/ab?a=x", "200 x")],
    );
}

#[test]
fn a_redirect_in_the_place_of_an_error_page_is_seen() {
    let runtime = server(
        "error_page 404 /e; location /e { return 302 http://e.test/; }
         location /a { return 404; }",
    );
    assert_eq!(get(runtime, "/a").status, 302);
}
