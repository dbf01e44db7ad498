//! What the head says of a packed response.

use std::io::Write;
use std::sync::LazyLock;

use flate2::write::GzDecoder;
use proptest::prelude::*;

use crate::http::plan::runtime::Runtime;
use crate::modules::core::trial::{ask, problems, server};

fn fields(text: &str, head: &str) -> String {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{head}\r\n");
    let done = ask(server(text), &head);
    let field = |name| done.field(name);
    format!("{}|{}", field("content-encoding"), field("vary"))
}

const TEXT: &str = "return 200 'a text that is not too short';";

/// Settings, what the client says, and `Content-Encoding|Vary` of the response.
const CONDITIONS: &[(&str, &str, &str)] = &[
    ("", "Accept-Encoding: gzip\r\n", "gzip|"),
    ("", "", "|"),
    ("gzip_vary on;", "", "|Accept-Encoding"),
    (
        "gzip_vary on;",
        "Accept-Encoding: gzip\r\n",
        "gzip|Accept-Encoding",
    ),
    ("gzip_types text/css;", "Accept-Encoding: gzip\r\n", "gzip|"),
    ("gzip_min_length 29;", "Accept-Encoding: gzip\r\n", "|"),
    ("gzip_min_length 28;", "Accept-Encoding: gzip\r\n", "gzip|"),
    ("default_type text/plain;", "Accept-Encoding: gzip\r\n", "|"),
    (
        "default_type text/plain; gzip_types *;",
        "Accept-Encoding: gzip\r\n",
        "gzip|",
    ),
    (
        "default_type 'Text/Plain; charset=x'; gzip_types text/plain;",
        "Accept-Encoding: gzip\r\n",
        "gzip|",
    ),
    (
        "add_header Content-Encoding br;",
        "Accept-Encoding: gzip\r\n",
        "br|",
    ),
    (
        "gzip_vary on; add_header Vary 'Cookie, accept-encoding';",
        "Accept-Encoding: gzip\r\n",
        "gzip|Cookie, accept-encoding",
    ),
    (
        "gzip_disable curl;",
        "Accept-Encoding: gzip\r\nUser-Agent: Curl/8\r\n",
        "|",
    ),
    (
        "gzip_disable curl;",
        "Accept-Encoding: gzip\r\nUser-Agent: x\r\n",
        "gzip|",
    ),
    (
        "gzip_disable msie6;",
        "Accept-Encoding: gzip\r\nUser-Agent: MSIE 6.0;\r\n",
        "|",
    ),
    ("", "Accept-Encoding: gzip\r\nVia: p\r\n", "|"),
    (
        "gzip_proxied any;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "gzip|",
    ),
    (
        "gzip_proxied any off;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "|",
    ),
    (
        "gzip_proxied auth;",
        "Accept-Encoding: gzip\r\nVia: p\r\nAuthorization: x\r\n",
        "gzip|",
    ),
    (
        "gzip_proxied expired; expires epoch;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "gzip|",
    ),
    (
        "gzip_proxied expired; expires 1h;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "|",
    ),
    (
        "gzip_proxied no-store; add_header Cache-Control no-cache;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "|",
    ),
    (
        "gzip_proxied no-store; add_header Cache-Control 'private, no-store';",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "gzip|",
    ),
    (
        "gzip_proxied no_etag;",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "gzip|",
    ),
    (
        "gzip_proxied no_etag; add_header ETag '\"x\"';",
        "Accept-Encoding: gzip\r\nVia: p\r\n",
        "|",
    ),
];

#[test]
fn conditions() {
    for (settings, head, expected) in CONDITIONS {
        let text = format!("default_type text/html; gzip on; {settings} {TEXT}");
        let text = match settings.contains("default_type") {
            true => format!("gzip on; {settings} {TEXT}"),
            false => text,
        };
        assert_eq!(fields(&text, head), *expected, "{settings} {head}");
    }
}

#[test]
fn statuses() {
    for (status, expected) in [
        (200, "gzip|"),
        (201, "|"),
        (400, "|"),
        (403, "gzip|"),
        (404, "gzip|"),
        (500, "|"),
    ] {
        let text = format!("gzip on; return {status};");
        let expected = if status < 300 { "|" } else { expected };
        assert_eq!(
            fields(&text, "Accept-Encoding: gzip\r\n"),
            expected,
            "{status}"
        );
    }
}

#[test]
fn only_gzip_may_stand_in_an_if() {
    let text =
        format!("location / {{ if ($arg_x) {{ gzip on; }} default_type text/html; {TEXT} }}");
    let get = |target| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        ask(server(&text), &head).field("content-encoding")
    };
    assert_eq!((get("/").as_str(), get("/?x=1").as_str()), ("", "gzip"));
    assert_eq!(
        problems("location / { if ($arg_x) { gzip_types *; } }"),
        ["\"gzip_types\" directive is not allowed here"]
    );
}

#[test]
fn what_is_written_wrongly() {
    for (text, expected) in [
        ("gzip_comp_level 0;", "value must be between 1 and 9"),
        ("gzip_comp_level 10;", "value must be between 1 and 9"),
        ("gzip_types text/html;", "duplicate MIME type \"text/html\""),
        ("gzip_types a/b A/B;", "duplicate MIME type \"A/B\""),
        (
            "gzip_http_version 2.0;",
            "invalid value \"2.0\" in \"gzip_http_version\" directive, it must be \"1.0\" or \"1.1\"",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a body is cut, and wherever its source pauses, what comes up to there can be unpacked.
    #[test]
    fn what_came_can_be_unpacked(pieces in prop::collection::vec((".{0,60}", any::<bool>()), 0..12)) {
        static RUNTIME: LazyLock<&Runtime> = LazyLock::new(|| {
            server(&format!("default_type text/html; gzip on; {TEXT}"))
        });
        let head = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
        let mut request = ask(*RUNTIME, head).request;
        let mut filters = std::mem::take(&mut request.bodies.response);
        let (mut unpacker, mut expected) = (GzDecoder::new(Vec::new()), Vec::new());
        for (piece, pauses) in &pieces {
            let piece = piece.as_bytes();
            expected.extend_from_slice(piece);
            let passed = filters.piece(&mut request, piece).unwrap().unwrap_or(piece);
            unpacker.write_all(passed).unwrap();
            if *pauses && filters.is_holding() && !expected.is_empty() {
                unpacker.write_all(filters.pause(&mut request).unwrap()).unwrap();
                unpacker.flush().unwrap();
                prop_assert_eq!(unpacker.get_ref(), &expected);
            }
        }
        unpacker.write_all(filters.end(&mut request).unwrap()).unwrap();
        prop_assert_eq!(unpacker.finish().unwrap(), expected);
    }
}
