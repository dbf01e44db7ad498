//! curl, which unpacks what it takes.

use std::process::Command;

use crate::clients::have;
use crate::harness::Running;
use crate::harness::site::Parts;

/// What curl gets, and by which coding.
fn curl(running: &Running, target: &str, accepted: &[&str]) -> (String, Vec<u8>) {
    let mut command = Command::new("curl");
    command.args([
        "-s",
        "--compressed",
        "-w",
        "%{stderr}%header{content-encoding}",
    ]);
    for field in accepted {
        command.args(["-H", &format!("Accept-Encoding: {field}")]);
    }
    let said = command
        .arg(format!("http://{}{target}", running.address()))
        .output()
        .unwrap();
    assert!(said.status.success(), "{target} {accepted:?}");
    (String::from_utf8(said.stderr).unwrap(), said.stdout)
}

#[test]
fn curl_reads_every_coding() {
    if !have("curl") {
        return;
    }
    let version = Command::new("curl").arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let running = Running::start(&Parts {
        http_config: "default_type text/plain; gzip on; brotli on; zstd on; gzip_types *;\n\
                      brotli_types *; zstd_types *;\n"
            .into(),
        config: "location / { root html; }\n\
                 location /static/ { alias html/; gzip_static on; brotli_static on; zstd_static on; }\n\
                 location /unpacked/ { alias html/; gzip_static always; gunzip on; gzip off; brotli off; zstd off; }"
            .into(),
        ..Parts::default()
    });
    let body = b"a text that is not too short\n".repeat(10_000);
    let html = running.site.directory.join("html");
    std::fs::write(html.join("a"), &body).unwrap();
    std::fs::write(html.join("a.gz"), super::gzip(&body)).unwrap();
    std::fs::write(html.join("a.zst"), zstd::encode_all(&*body, 3).unwrap()).unwrap();
    for (coding, word) in [("br", "brotli/"), ("zstd", "zstd/"), ("gzip", "zlib/")] {
        if !version.contains(word) {
            eprintln!("skipped: curl knows nothing of {coding}");
            continue;
        }
        assert_eq!(
            curl(&running, "/a", &[coding]),
            (coding.into(), body.clone())
        );
        assert_eq!(
            curl(&running, "/static/a", &[coding]),
            (coding.into(), body.clone())
        );
    }
    let (coding, got) = curl(&running, "/unpacked/a", &["identity"]);
    assert_eq!((coding.as_str(), got), ("", body.clone()));
    let (_, got) = curl(&running, "/a", &[]);
    assert_eq!(got, body);
    running.server.stop().unwrap();
}
