//! Which zone a request is counted in, and what is refused.

use crate::http::plan::runtime::Runtime;
use crate::modules::core::trial::{get, load, problems, server};
use crate::status::json::{self, Dates, Format, Rows};

/// The total of every entry of a section, as the tree shows it.
#[track_caller]
fn check(runtime: &Runtime, section: &str, expected: &str) {
    let mut out = Vec::new();
    let format = Format {
        pretty: false,
        dates: Dates::Iso,
        rows: Rows::Shown,
    };
    runtime.tree.find(&["status", "http", section], |node| {
        json::serialize(&node.unwrap(), format, &mut out).unwrap();
    });
    let text = String::from_utf8(out).unwrap();
    let zones: serde_json::Value = serde_json::from_str(&text).unwrap();
    let zones = zones.as_object().unwrap().iter();
    let mut totals: Vec<_> = zones
        .map(|(name, zone)| format!("{name}={}", zone["requests"]["total"]))
        .collect();
    totals.sort();
    assert_eq!(totals.join(" "), expected);
}

#[test]
fn locations_inherit_replace_and_leave_a_zone() {
    let runtime = server(
        "location /a { status_zone a;
             location /a/same { return 204; }
             location /a/own { status_zone own; return 204; }
             location /a/off { status_zone off; return 204; }
             location /a/if { if ($arg_x) { status_zone chosen; } return 204; }
             return 200; }
         location /b { status_zone $host; return 204; }",
    );
    for target in [
        "/a",
        "/a/same",
        "/a/own",
        "/a/off",
        "/a/if",
        "/a/if?x=1",
        "/b",
    ] {
        get(runtime, target);
    }
    check(runtime, "location_zones", "$host=1 a=3 chosen=1 own=1");
    check(runtime, "server_zones", "");
}

#[test]
fn servers_count_whole_requests() {
    let runtime = server(
        "status_zone $arg_z zone=s:2; location /gone { return 404; }
         location /internal { rewrite ^ /gone last; }",
    );
    check(runtime, "server_zones", "s=0");
    for target in ["/internal?z=a", "/?z=a", "/?z=b", "/?z=c", "/", "/%zz?z=d"] {
        get(runtime, target);
    }
    check(runtime, "server_zones", "a=2 b=1 s=1");
    let long = format!("/?z={}", "x".repeat(257));
    get(runtime, &long);
    check(runtime, "server_zones", "a=2 b=1 s=1");
}

#[test]
fn one_use_may_say_how_large_a_zone_is() {
    let runtime = server(
        "location /a { status_zone $arg_k zone=z; return 204; }
         location /b { status_zone $uri zone=z:1; return 204; }
         location /c { status_zone z; return 204; }",
    );
    for target in ["/b", "/a?k=x", "/c", "/a?k=z", "/a?k=/b"] {
        get(runtime, target);
    }
    check(runtime, "location_zones", "/b=2 z=3");
}

#[test]
fn equal_names_are_shown_once() {
    let runtime = server(
        "location /a { status_zone $arg_k zone=z:1; return 204; }
         location /b { status_zone x; return 204; }",
    );
    for target in ["/a?k=x", "/a?k=x", "/b"] {
        get(runtime, target);
    }
    check(runtime, "location_zones", "x=2 z=0");
}

#[test]
fn what_is_written_wrongly() {
    for (text, expected) in [
        (
            "status_zone a; status_zone b;",
            "\"status_zone\" directive is duplicate",
        ),
        (
            "status_zone $host foo=z:10;",
            "invalid parameter \"foo=z:10\"",
        ),
        ("status_zone $host zone=z;", "zero size zone \"z\""),
        (
            "status_zone $host zone=z:0;",
            "invalid number of entries \"0\"",
        ),
        (
            "status_zone $host zone=z:x;",
            "invalid number of entries \"x\"",
        ),
        ("status_zone $host zone=:5;", "the name of a zone is empty"),
        (
            "status_zone $no_such zone=z:5;",
            "unknown \"no_such\" variable",
        ),
    ] {
        let found = problems(text);
        assert_eq!(found, [expected], "{text}");
    }
    let long = format!("status_zone {};", "n".repeat(257));
    assert!(problems(&long)[0].ends_with("is longer than 256 bytes"));
    let text = "events {} http { status_zone a; }";
    let found = load(text.to_owned()).err().unwrap();
    assert_eq!(found, ["\"status_zone\" directive is not allowed here"]);
}
