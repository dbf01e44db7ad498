//! How handshakes end, seen by openssl: what a client is told that is refused, and which sessions it
//! can take up again.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::clients::have;
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

/// Servers on the second port, all with one certificate that is made for them.
pub(crate) fn servers(http: &str, servers: &[&str]) -> Parts {
    let server = |text: &&str| {
        format!(
            "server {{ listen 127.0.0.1:$PORT2 ssl;\n\
             ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem;\n\
             {text}\nlocation / {{ return 200 \"reused[$ssl_session_reused]\\n\"; }} }}\n"
        )
    };
    Parts {
        http_config: format!("{http}\n{}", servers.iter().map(server).collect::<String>()),
        ..Parts::default()
    }
}

/// What `openssl s_client` says that sends `input`; it is ended after a while.
pub(crate) fn client(site: &Site, arguments: &[&str], input: &str) -> String {
    let mut client = Command::new("timeout")
        .args(["20", "openssl", "s_client", "-connect"])
        .arg(site.address(site.second_port).to_string())
        .args(arguments.iter().map(|one| site.substitute(one)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A client that was refused may be gone already.
    let _ = client.stdin.as_mut().unwrap().write_all(input.as_bytes());
    let output = client.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

pub(crate) const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[test]
fn whoever_is_refused_is_told_why() {
    if !have("openssl") {
        return;
    }
    let parts = servers("", &["ssl_reject_handshake on;", "server_name a.test;"]);
    let running = Running::start(&parts);
    let cases: &[(&[&str], &str)] = &[
        (&["-noservername"], "alert number 112"),
        (&["-servername", "no.test"], "alert number 112"),
        (&["-servername", "no.test", "-tls1_2"], "alert number 112"),
        (&["-servername", "a.test"], "Server certificate"),
        (
            &["-servername", "a.test", "-tls1_2", "-cipher", "AES128-SHA"],
            "alert number 40",
        ),
        (
            // The key of the certificate is another kind.
            &[
                "-servername",
                "a.test",
                "-tls1_2",
                "-cipher",
                "ECDHE-RSA-AES128-GCM-SHA256",
            ],
            "alert number 40",
        ),
        (
            &["-servername", "a.test", "-tls1_2", "-sigalgs", "RSA+SHA256"],
            "alert number 40",
        ),
        (
            &[
                "-servername",
                "a.test",
                "-tls1_3",
                "-sigalgs",
                "RSA-PSS+SHA256",
            ],
            "alert number 40",
        ),
        (
            &["-servername", "a.test", "-tls1_3", "-groups", "P-521"],
            "alert number 40",
        ),
    ];
    for (arguments, expected) in cases {
        let said = client(&running.site, arguments, "Q\n");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    running.server.stop().unwrap();
}

#[test]
fn a_renegotiation_is_refused_at_once() {
    if !have("openssl") {
        return;
    }
    let parts = servers("client_header_timeout 60s;", &["server_name a.test;"]);
    let running = Running::start(&parts);
    let said = client(&running.site, &["-tls1_2"], "R\n");
    assert!(said.contains("RENEGOTIATING"), "{said}");
    assert!(said.contains("no renegotiation"), "{said}");
    running.server.stop().unwrap();
}

#[test]
fn sessions_are_remembered_as_told() {
    if !have("openssl") {
        return;
    }
    let cases = [
        ("", true),
        ("ssl_session_cache off;", false),
        ("ssl_session_cache none;", true),
        ("ssl_session_cache none; ssl_session_tickets off;", false),
        ("ssl_session_cache builtin; ssl_session_tickets off;", true),
        (
            "ssl_session_cache shared:TLS:1m; ssl_session_tickets off;",
            true,
        ),
        (
            "ssl_session_cache shared:TLS:1m; ssl_session_timeout 1s;",
            false,
        ),
    ];
    for (settings, remembered) in cases {
        let parts = servers("", &[settings]);
        let running = Running::start(&parts);
        for version in ["-tls1_2", "-tls1_3"] {
            let ask = |session: &str| {
                let file = "$DIR/session".to_owned() + version;
                let arguments = [version, "-ign_eof", "-quiet", session, &file];
                client(&running.site, &arguments, REQUEST)
            };
            let said = ask("-sess_out");
            assert!(said.contains("reused[.]"), "{settings}: {said}");
            if settings.contains("timeout") {
                std::thread::sleep(Duration::from_millis(1200));
            }
            // Without a session there is no file.
            let said = match running
                .site
                .directory
                .join(format!("session{version}"))
                .exists()
            {
                true => ask("-sess_in"),
                false => said,
            };
            let expected = if remembered { "reused[r]" } else { "reused[.]" };
            assert!(said.contains(expected), "{settings} {version}: {said}");
        }
        running.server.stop().unwrap();
    }
}

#[test]
fn a_server_remembers_as_it_is_told_itself() {
    if !have("openssl") {
        return;
    }
    let parts = servers(
        "ssl_session_cache shared:TLS:32k;",
        &[
            "server_name a.test;",
            "server_name b.test; ssl_session_cache off;",
        ],
    );
    let running = Running::start(&parts);
    for (name, expected) in [("a.test", "reused[r]"), ("b.test", "reused[.]")] {
        let ask = |session: &str| {
            let file = format!("$DIR/{name}");
            let arguments = ["-tls1_2", "-ign_eof", "-quiet", "-servername", name];
            client(
                &running.site,
                &[&arguments[..], &[session, &file]].concat(),
                REQUEST,
            )
        };
        let first = ask("-sess_out");
        // Without a session there is no file.
        let said = match running.site.directory.join(name).exists() {
            true => ask("-sess_in"),
            false => first,
        };
        assert!(said.contains(expected), "{name}: {said}");
    }
    running.server.stop().unwrap();
}

const BOTH: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305";

/// Whom a client asks for, with what, and what it is told.
const CHOICES: &[(&str, &[&str], &str)] = &[
    (
        "narrow.test",
        &["-tls1_2"],
        "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        "narrow.test",
        &["-tls1_2"],
        "Server Temp Key: ECDH, secp384r1",
    ),
    (
        "narrow.test",
        &["-tls1_3"],
        "Server Temp Key: ECDH, secp384r1",
    ),
    (
        "narrow.test",
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
        "alert number 40",
    ),
    ("narrow.test", &["-groups", "X25519"], "alert number 40"),
    (
        "ours.test",
        &["-tls1_2", "-cipher", BOTH],
        "Cipher is ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        "theirs.test",
        &["-tls1_2", "-cipher", BOTH],
        "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
];

#[test]
fn ciphers_groups_and_records_are_as_told() {
    if !have("openssl") {
        return;
    }
    let parts = servers(
        "",
        &[
            "server_name narrow.test; ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384; ssl_ecdh_curve secp384r1;",
            "server_name ours.test; ssl_prefer_server_ciphers on; \
             ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256;",
            "server_name theirs.test; \
             ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256;",
            "server_name short.test; ssl_buffer_size 512; location /long { root $DIR/html; }",
        ],
    );
    let site = Site::create().unwrap();
    site.add_file("html/long", &"x".repeat(20_000)).unwrap();
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    for (name, more, expected) in CHOICES {
        let arguments = [&["-servername", *name][..], more].concat();
        let said = client(site, &arguments, "Q\n");
        assert!(said.contains(expected), "{name} {more:?}: {said}");
    }
    let arguments = ["-servername", "short.test", "-ign_eof", "-msg", "-tls1_2"];
    let request = REQUEST
        .replace("GET / ", "GET /long ")
        .replace("Host: a", "Host: short.test");
    let said = client(site, &arguments, &request);
    assert!(said.contains("200 OK"), "{said}");
    let records = said.matches("<<< TLS 1.2, RecordHeader").count();
    assert!(records > 40, "{records}");
    running.server.stop().unwrap();
}
