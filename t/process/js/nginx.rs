//! The same scripts beside Debian's nginx with its njs: each function of `cases.js`, asked of both, and what both answer.
//! Where they differ on purpose, it says here why.

use std::net::SocketAddr;

use crate::harness::client::{self, Connection, Response};
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

const NJS: &str = "/usr/lib/nginx/modules/ngx_http_js_module.so";
const SCRIPT: &str = include_str!("cases.js");

/// What both are asked beside `GET /c/NAME` of each function.
const STEPS: &[&str] = &[
    "GET /c/uri?x=1",
    "GET /c/ur%69",
    "POST /c/method",
    "HEAD /c/method",
    "GET /c/args?a=1&b=x%20y+z&a=2&c&d=%zz&=q&E=1&a=3",
    "GET /c/args?__proto__=1&constructor=2",
    "GET /c/arg?a=1&b=%C3%A9",
    "GET /c/json_parts?a=1 -- X-A: 1",
    "GET /c/header -- Foo: 1 -- X-A: 2",
    "GET /c/header_names -- X-A: 1 -- x-b: 2 -- X-A: 3",
    "GET /c/header_in -- x-a: 1",
    "GET /c/headers_twice -- X-A: 1 -- X-A: 2 -- Cookie: a=1 -- Cookie: b=2 -- X-Forwarded-For: 1.1.1.1 -- X-Forwarded-For: 2.2.2.2",
    "GET /c/headers_twice -- Content-Type: a/b -- Authorization: Basic x",
    "GET /c/raw_headers -- X-A: 1 -- x-b: 2 -- X-A: 3",
    "GET /c/header_json -- X-A: 1",
    "HEAD /c/answer",
    "HEAD /c/sent",
    "GET /c/sub_within?q=2 -- X-A: 1",
    "POST /c/sub_method = posted",
    "GET /c/read?a=%20b",
    "GET /c/raw?a=%20b",
    "POST /c/body = abc",
    "PUT /c/body_json = {\"a\": 5}",
    "GET /f/head",
    "GET /f/head_throws",
    "GET /f/head_throws_own",
    "GET /f/body",
    "GET /f/body_own",
    "GET /f/body_end",
    "GET /error/refused",
    "GET /error/missing_body",
    "GET /c/in_host -- Range: bytes=0-",
    "POST /c/in_host = abc",
    "GET /c/in_loop -- X-A: 1 -- X-B: 2",
    "GET /c/in_written -- X-A: 1",
    "GET /c/in_deleted -- X-A: 1",
    "HEAD /c/sent_late",
    "POST /c/redirect_method = abc",
    "GET /c/sub_headers -- X-A: 1 -- Foo: 2",
    "GET /c/variable_args?a=1&b=2",
    "GET /c/variable_request -- X-A: 1 -- Cookie: a=5",
];

/// Where both differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "GET /c/text_status",
        "a text that is a number is taken for one, as everywhere in the language",
    ),
    (
        "GET /c/sent_bytes",
        "0.7.9 sends no typed arrays, which later ones do",
    ),
    ("GET /c/rejected", "a rejection that nobody handles is 500"),
    (
        "GET /c/sub",
        "a query within the path of a subrequest is one",
    ),
    (
        "GET /c/sub_all",
        "a query within the path of a subrequest is one",
    ),
    (
        "GET /c/sub_any",
        "a query within the path of a subrequest is one",
    ),
    (
        "GET /c/sub_buffer",
        "a query within the path of a subrequest is one",
    ),
    (
        "GET /c/sub_within",
        "0.7.9 fails where the parent's members are read",
    ),
    (
        "GET /c/sub_within?q=2 -- X-A: 1",
        "0.7.9 fails where the parent's members are read",
    ),
    (
        "GET /c/computed",
        "a function that returns nothing gives nothing, not the word \"undefined\"",
    ),
    (
        "GET /f/head",
        "filters of heads see the fields of add_header, which nginx adds behind them",
    ),
    (
        "GET /f/head_throws",
        "the client is told, with 500; nothing of the answer leaves either way",
    ),
    (
        "GET /f/head_throws_own",
        "the client is told, with 500; nothing of the answer leaves either way",
    ),
    (
        "GET /f/body_end",
        "the length follows from the body, which nginx cuts to the one that was announced",
    ),
    ("GET /c/out_framing", "the framing follows from the body"),
    (
        "GET /c/out_location",
        "a return without a body has none, and nginx has an empty Location as well",
    ),
    ("GET /c/head_only", "a head that was sent is an answer"),
    ("GET /c/sent_numbers", "what is no text is sent as its text"),
    (
        "GET /c/returned_late",
        "nothing has left yet, so that the client can be told",
    ),
    (
        "GET /c/return_then_throw",
        "a script that throws has failed, whatever it said before",
    ),
    (
        "GET /c/sub_bad_method",
        "a method that HTTP has no name for is refused",
    ),
    (
        "GET /c/sub_head",
        "an answer without a body has an empty one",
    ),
    (
        "GET /c/sub_variables",
        "an answer without a body has an empty one",
    ),
    (
        "GET /c/sub_redirected",
        "0.7.9 fails where the script of a subrequest redirects it",
    ),
    (
        "GET /c/sub_named",
        "a place without a path is refused at once",
    ),
    (
        "GET /c/sub_detached_callback",
        "what is wrong with arguments is a TypeError",
    ),
];

/// The configuration of both, within `http` and within `server`.
fn parts(script: &str, own: &str) -> (String, String) {
    let http = format!(
        "js_import cases from {script};\njs_set $computed cases.value;\njs_set $nothing cases.value_nothing;\n\
         js_set $number cases.value_number;\n"
    );
    let names = SCRIPT.rsplit_once("export default {").unwrap().1;
    let names = names.trim_end_matches(['}', ';', '\n', ' ']).split(',');
    let location = |name: &str| format!("location = /c/{name} {{ js_content cases.{name}; }}\n");
    let all: String = names
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(location)
        .collect();
    let server = format!(
        "set $own \"\"; set $copy \"copy\";\n{all}
        location /there {{ return 200 \"$uri $args\"; }}
        location @named {{ return 200 \"named $uri\"; }}
        location = /own {{ return 200 \"$own\"; }}
        location = /method {{ js_content cases.method; }}
        location = /fields {{ add_header X-Origin 1; default_type text/x; return 200 fields; }}
        location = /json {{ return 200 '{{\"a\":[1,2]}}'; }}
        location = /teapot {{ return 418 tea; }}
        location = /within {{ js_content cases.within; }}
        location = /f/head {{ js_header_filter cases.header_filter; add_header X-Origin 1; proxy_pass http://{own}/fields; }}
        location = /f/head_throws {{ js_header_filter cases.header_filter_throws; proxy_pass http://{own}/fields; }}
        location = /f/head_throws_own {{ js_header_filter cases.header_filter_throws; return 200 secret; }}
        location = /f/body {{ js_body_filter cases.body_filter; proxy_pass http://{own}/fields; }}
        location = /f/body_own {{ js_body_filter cases.body_filter; return 200 own; }}
        location = /f/body_end {{ js_body_filter cases.body_filter_end; return 200 own; }}
        location = /page {{ internal; return 200 \"page $status\"; }}
        location = /error/refused {{ error_page 403 /page; js_content cases.refused; }}
        location = /error/missing_body {{ error_page 404 /page; js_content cases.missing_body; }}\n"
    );
    (http, server)
}

/// Both servers with the script; `parts` are told where that is, and the address, and say what stands within `http` and
/// within `server`. None where nginx is not installed.
pub(super) fn both(parts: fn(&str, &str) -> (String, String)) -> Option<(Nginx, Running)> {
    if !Nginx::is_here(&[NJS]) {
        return None;
    }
    let (http, server) = parts("$DIR/cases.js", "$ADDRESS");
    let nginx = Nginx::start(&nginx::Site {
        main: &format!("load_module {NJS};"),
        http: &http,
        server: &server,
        files: &[("cases.js", SCRIPT)],
    });
    let site = Site::create().unwrap();
    site.add_file("cases.js", SCRIPT).unwrap();
    let (http_config, config) = parts("$DIR/cases.js", "127.0.0.1:$PORT");
    let parts = Parts {
        http_config,
        config,
        ..Parts::default()
    };
    Some((nginx.unwrap(), Running::start_at(site, &parts)))
}

/// What is looked at of an answer.
const FIELDS: [&str; 17] = [
    "Content-Type",
    "Location",
    "ETag",
    "Last-Modified",
    "Cache-Control",
    "Retry-After",
    "Set-Cookie",
    "Foo",
    "X-Out",
    "X-Gone",
    "X-Null",
    "X-Filter",
    "X-Origin",
    "Vary",
    "Expires",
    "WWW-Authenticate",
    "Content-Encoding",
];

/// `METHOD TARGET`, with fields behind ` -- `, and ` -- ` between them, and a body behind ` = `.
pub(super) fn ask(address: SocketAddr, step: &str) -> String {
    let (head, body) = match step.split_once(" = ") {
        Some((head, body)) => (head, Some(body.as_bytes())),
        None => (step, None),
    };
    let mut parts = head.split(" -- ");
    let (method, target) = parts.next().unwrap().split_once(' ').unwrap();
    let mut fields: Vec<(String, String)> = parts
        .map(|field| field.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // nginx writes its port into redirects whatever the client has said.
    fields.push((
        "Host".to_owned(),
        format!("site.example:{}", address.port()),
    ));
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    connection
        .send(&client::head(method, target, &fields, body))
        .unwrap();
    match connection.receive(method) {
        Ok(response) => described(&response).replace(&format!(":{}", address.port()), ""),
        Err(_) => "broken off".to_owned(),
    }
}

fn described(response: &Response) -> String {
    let mut text = response.status.to_string();
    for name in FIELDS {
        let own = response.headers.iter();
        let own = own.filter(|(one, _)| one.eq_ignore_ascii_case(name));
        let all: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        if !all.is_empty() {
            text.push_str(&format!(" {name}={}", all.join(" & ")));
        }
    }
    match response.text().starts_with("<html>") {
        true => text.push_str(" a page"),
        false => text.push_str(&format!(" {}", response.body.escape_ascii())),
    }
    text
}

#[test]
fn both_answer_alike_but_where_it_is_told_why_not() {
    let Some((nginx, running)) = both(parts) else {
        return;
    };
    let names = SCRIPT.lines().filter_map(|line| {
        let line = line
            .trim_start_matches("async ")
            .strip_prefix("function ")?;
        let (name, arguments) = line.split_once('(')?;
        (arguments.starts_with("r)") && !name.ends_with(' ')).then(|| format!("GET /c/{name}"))
    });
    let mut steps: Vec<String> = names.collect();
    steps.extend(STEPS.iter().map(|step| (*step).to_owned()));
    let mut surprises = Vec::new();
    for step in &steps {
        let seen = [nginx.address, running.address()].map(|address| ask(address, step));
        let told = DIFFERENT.iter().find(|(different, _)| different == step);
        match (seen[0] == seen[1], told) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(_)) => surprises.push(format!("{step}: there is no difference any more\n")),
            (false, None) => {
                surprises.push(format!(
                    "{step}\n  nginx {}\n  ours  {}\n",
                    seen[0], seen[1]
                ));
            }
        }
    }
    for (step, _) in DIFFERENT {
        assert!(steps.iter().any(|one| one == step), "nobody asks {step}");
    }
    assert!(surprises.is_empty(), "{}", surprises.concat());
    running.server.stop().unwrap();
}
