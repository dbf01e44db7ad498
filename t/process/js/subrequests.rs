//! Which filters see the answers to subrequests, for each kind of subrequest: the same here and in Debian's nginx.

use super::nginx::{ask, both};

/// Filters, by the names of the places that have them.
const FILTERS: &[(&str, &str)] = &[
    ("none", ""),
    ("js_head", "js_header_filter cases.header_filter;"),
    (
        "js_body",
        "js_body_filter cases.body_filter; js_header_filter cases.unmeasured;",
    ),
    ("sub", "sub_filter fields changed; sub_filter_types *;"),
    ("add_header", "add_header X-Added 1;"),
    ("expires", "expires 1h;"),
    (
        "gzip",
        "gzip on; gzip_vary on; gzip_types *; gzip_min_length 1;",
    ),
    ("addition", "add_before_body /there; addition_types *;"),
];

/// Where a subrequest of each kind is made; what it is for stands behind that.
const KINDS: &[&str] = &["/c/sub_of?u=", "/auth", "/around", "/copied"];

/// Where both differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "GET /c/sub_of?u=/p/sub",
        "nginx breaks off where an answer that a script waits for is changed by sub_filter",
    ),
    (
        "GET /c/sub_of?u=/l/sub",
        "nginx breaks off where an answer that a script waits for is changed by sub_filter",
    ),
    (
        "GET /around/p/js_body",
        "nginx breaks off where the answer of an origin is put ahead of a body by way of a script",
    ),
];

fn parts(script: &str, own: &str) -> (String, String) {
    let http = format!("js_import cases from {script};\n");
    let place = |(name, filter): &(&str, &str)| {
        format!(
            "location = /p/{name} {{ {filter} proxy_pass http://{own}/fields; }}
            location = /l/{name} {{ {filter} return 200 \"fields\"; }}
            location = /auth/p/{name} {{ auth_request /p/{name}; js_content cases.passed; }}
            location = /auth/l/{name} {{ auth_request /l/{name}; js_content cases.passed; }}
            location = /around/p/{name} {{ add_before_body /p/{name}; add_after_body /l/{name}; proxy_pass http://{own}/fields; }}
            location = /around/l/{name} {{ add_before_body /l/{name}; add_after_body /p/{name}; proxy_pass http://{own}/fields; }}
            location = /copied/p/{name} {{ mirror /p/{name}; proxy_pass http://{own}/fields; }}
            location = /copied/l/{name} {{ mirror /l/{name}; proxy_pass http://{own}/fields; }}\n"
        )
    };
    let places: String = FILTERS.iter().map(place).collect();
    let server = format!(
        "auth_request_set $seen_filter $sent_http_x_filter;
        auth_request_set $seen_added $sent_http_x_added;
        auth_request_set $seen_expires $sent_http_cache_control;
        default_type text/x; addition_types *;
        location = /c/sub_of {{ js_content cases.sub_of; }}
        location = /fields {{ add_header X-Origin 1; return 200 fields; }}
        location = /there {{ return 200 there; }}\n{places}"
    );
    (http, server)
}

#[test]
fn the_same_filters_see_them_in_nginx() {
    let Some((nginx, running)) = both(parts) else {
        return;
    };
    let mut surprises = Vec::new();
    for kind in KINDS {
        for (name, _) in FILTERS {
            for made in ["/p/", "/l/"] {
                let step = format!("GET {kind}{made}{name}");
                let asked = format!("{step} -- Accept-Encoding: gzip");
                let seen = [nginx.address, running.address()].map(|address| ask(address, &asked));
                let told = DIFFERENT.iter().any(|(different, _)| *different == step);
                if (seen[0] == seen[1]) == told {
                    surprises.push(format!(
                        "{step}\n  nginx {}\n  ours  {}\n",
                        seen[0], seen[1]
                    ));
                }
            }
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.concat());
    running.server.stop().unwrap();
}
