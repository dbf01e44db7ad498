//! Python's httpx as a client, over HTTP/1.1 and HTTP/2.

use std::process::Command;

use serde_json::json;

use crate::harness::Running;
use crate::harness::exposition::PYTHON;
use crate::harness::site::{Parts, Site};

#[test]
fn an_application_finds_what_it_expects() {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | $BODY\n").unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; 150_000]).unwrap();
    let text = "text ".repeat(1000);
    std::fs::write(site.directory.join("html/packed"), text).unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            config: "http2 on; status_zone all; client_max_body_size 2m;\n\
                 location = /echo { proxy_pass http://$ORIGIN_o; }\n\
                 location = /small { add_header X-Cookies $http_cookie; return 200 small; }\n\
                 location = /packed { gzip on; gzip_types *; }\n\
                 location = /limited { client_max_body_size 1k; return 200 no; }\n\
                 location = /away { return 302 /small; }\n"
                .into(),
            ..Parts::default()
        },
    );
    let output = Command::new(PYTHON)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/t/process/httpx_client.py"
        ))
        .arg(running.address().to_string())
        .output();
    match output {
        Ok(output) if output.status.code() != Some(77) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}");
        }
        _ => {
            let required = std::env::var_os("PINGAUGE_CLIENTS").is_some();
            assert!(!required, "httpx is missing: run t/run, which installs it");
            eprintln!("skipped: Python's httpx is not installed; t/run installs it");
        }
    }
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.server.stop().unwrap();
}
