//! What is taken for the address of a monitor.

use super::super::monitor::endpoint;

#[test]
fn addresses_of_monitors() {
    for (url, expected) in [
        (
            "http://127.0.0.1:9090",
            "http://127.0.0.1:9090/api/v1/query?query=",
        ),
        (
            "http://[::1]:9090/",
            "http://[::1]:9090/api/v1/query?query=",
        ),
        ("https://a.example", "https://a.example/api/v1/query?query="),
        (
            "http://a/prometheus//",
            "http://a/prometheus/api/v1/query?query=",
        ),
        ("http://a/x/api/v1/query", "http://a/x/api/v1/query?query="),
        (
            "http://a/api/v1/query/?dedup=true",
            "http://a/api/v1/query?dedup=true&query=",
        ),
        ("http://a?", "http://a/api/v1/query?query="),
    ] {
        assert_eq!(endpoint(url).as_deref(), Some(expected), "{url}");
    }
    for url in [
        "",
        "a",
        "127.0.0.1:9090",
        "/api",
        "ftp://a",
        "http://",
        "http:///x",
        "http://a:b",
        "http://a:",
        "http://a:0",
        "http://a:99999",
        "http://u:p@a",
        "http://a b",
        "http://a/#x",
        "http://ä",
        "unix:/x",
    ] {
        assert_eq!(endpoint(url), None, "{url}");
    }
}
