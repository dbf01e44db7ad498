//! Encrypted connections, seen by curl and openssl: certificates by name, those made here, and what
//! reloads, drains and silent clients do to them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;

use super::clients::have;
use crate::harness::server::Server;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs curl, which trusts `certificate`.
fn curl(site: &Site, certificate: &str, arguments: &[&str]) -> Output {
    let arguments = arguments.iter().map(|one| site.substitute(one));
    Command::new("curl")
        .args(["-sS", "--http1.1", "--max-time", "60", "--cacert"])
        .arg(site.directory.join(certificate))
        .args(arguments)
        .output()
        .unwrap()
}

/// What curl got; it must have succeeded.
fn fetch(site: &Site, certificate: &str, arguments: &[&str]) -> String {
    let output = curl(site, certificate, arguments);
    let problem = String::from_utf8_lossy(&output.stderr).into_owned();
    let log = site.read("error.log");
    assert!(output.status.success(), "{arguments:?}: {problem}\n{log}");
    String::from_utf8(output.stdout).unwrap()
}

/// A certificate for `name` that has so much time left, and its key.
fn make(name: &str, organization: &str, left: Duration, key: &KeyPair) -> String {
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let who = &mut parameters.distinguished_name;
    who.push(DnType::CommonName, name);
    who.push(DnType::OrganizationName, organization);
    parameters.not_after = (SystemTime::now() + left).into();
    parameters.self_signed(key).unwrap().pem()
}

/// Puts a certificate for `name` at `NAME.pem` and its key at `NAME.key`.
pub(crate) fn put(site: &Site, name: &str) {
    let key = KeyPair::generate().unwrap();
    let certificate = make(name, "Test", 90 * DAY, &key);
    site.add_file(&format!("{name}.pem"), &certificate).unwrap();
    site.add_file(&format!("{name}.key"), &key.serialize_pem())
        .unwrap();
}

/// The same with an RSA key.
fn put_rsa(site: &Site, name: &str) {
    let output = Command::new("openssl")
        .args("req -x509 -newkey rsa:2048 -nodes -days 90 -subj".split(' '))
        .arg(format!("/CN={name}"))
        .arg("-keyout")
        .arg(site.directory.join(format!("{name}.key")))
        .arg("-out")
        .arg(site.directory.join(format!("{name}.pem")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The certificate that the server shows to a client that asks for `name`.
fn shown(site: &Site, name: &str) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-servername", name, "-connect"])
        .arg(site.address(site.second_port).to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = text.find("-----BEGIN CERTIFICATE").unwrap_or_default();
    let end = text.find("-----END CERTIFICATE").unwrap_or_default();
    text[start..end].lines().collect()
}

fn body_of(pem: &str) -> String {
    let end = pem.find("-----END CERTIFICATE").unwrap_or_default();
    pem[..end].lines().collect()
}

fn self_signed(location: &str) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "keepalive_requests 1000000;\nserver {{ listen 127.0.0.1:$PORT2 ssl;\n\
             ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem;\n\
             client_header_timeout 2s; server_name a.test; status_zone tls;\n{location}\n}}\n"
        ),
        ..Parts::default()
    }
}

const HELLO: &str = "location / { return 200 hello\\n; }";

#[test]
fn the_name_asked_for_finds_its_certificate_and_requests_tell_of_it() {
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    put(&site, "a.test");
    put(&site, "b.test");
    put(&site, "x.c.test");
    let server = |name: &str, file: &str, more: &str| {
        format!(
            "server {{ listen 127.0.0.1:$PORT2 ssl; server_name {name}; {more}\n\
             ssl_certificate $DIR/{file}.pem; ssl_certificate_key $DIR/{file}.key;\n\
             location / {{ return 200 \"$server_name $scheme $https $ssl_protocol \
             $ssl_server_name $remote_addr $connection_requests\\n\"; }}\n\
             location /folder {{ alias $DIR/html; }} }}\n"
        )
    };
    let parts = Parts {
        http_config: server("a.test", "a.test", "")
            + &server("b.test", "b.test", "ssl_protocols TLSv1.2;")
            + &server("*.c.test", "x.c.test", ""),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    let ask = |name: &str, more: &[&str]| {
        let resolve = format!("{name}:$PORT2:127.0.0.1");
        let url = format!("https://{name}:$PORT2/");
        let arguments = [&["--resolve", &resolve, &url], more].concat();
        fetch(site, &format!("{name}.pem"), &arguments)
    };
    let twice = ask("a.test", &["https://a.test:$PORT2/"]);
    let line = "a.test https on TLSv1.3 a.test 127.0.0.1";
    assert_eq!(twice, format!("{line} 1\n{line} 2\n"));
    let line = "b.test https on TLSv1.2 b.test 127.0.0.1 1\n";
    assert_eq!(ask("b.test", &[]), line);
    let line = "*.c.test https on TLSv1.3 x.c.test 127.0.0.1 1\n";
    assert_eq!(ask("x.c.test", &[]), line);
    let redirect = "https://a.test:$PORT2/folder";
    let head = fetch(
        site,
        "a.test.pem",
        &["-I", "--resolve", "a.test:$PORT2:127.0.0.1", redirect],
    );
    let location = site.substitute("Location: https://a.test:$PORT2/folder/");
    assert!(head.contains(&location), "{head}");
    // Nobody's name is shown the default server's.
    let foreign = body_of(&site.read("a.test.pem"));
    if have("openssl") {
        assert_eq!(shown(site, "nobody.test"), foreign);
    }
    let plain = fetch(site, "a.test.pem", &["-i", "http://127.0.0.1:$PORT2/"]);
    assert!(plain.starts_with("HTTP/1.1 400 "), "{plain}");
    assert!(plain.contains("The plain HTTP request was sent to HTTPS port"));
    running.server.stop().unwrap();
}

#[test]
fn a_certificate_made_here_verifies_and_its_key_is_kept_to_its_owner() {
    if !have("curl") {
        return;
    }
    let running = Running::start(&self_signed(HELLO));
    let site = &running.site;
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:$PORT2/");
        assert_eq!(fetch(site, "c.pem", &[&url]), "hello\n", "{host}");
    }
    put(site, "localhost");
    let refused = curl(site, "localhost.pem", &["https://localhost:$PORT2/"]);
    assert!(!refused.status.success());
    let mode = |name: &str| {
        let about = fs::metadata(site.directory.join(name)).unwrap();
        about.permissions().mode() & 0o777
    };
    assert_eq!((mode("c.pem"), mode("k.pem")), (0o644, 0o600));
    if have("openssl") {
        let file = site.directory.join("c.pem");
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-CAfile"]).arg(&file).arg(&file);
        let verify = verify.output().unwrap();
        assert!(verify.status.success(), "{verify:?}");
    }
    let counted = json!({ "handshaked": 2, "reuses": 0, "timedout": 0, "failed": 1 });
    running.expect_status("http/server_zones/tls/ssl", &counted);
    running.server.stop().unwrap();
}

#[test]
fn handshakes_count_for_the_name_asked_for_and_tell_the_kind_of_the_certificate() {
    if !have("curl") || !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    put(&site, "a.test");
    put(&site, "b.test");
    put_rsa(&site, "rsa.test");
    let server = |name: &str, file: &str, more: &str| {
        format!(
            "server {{ listen 127.0.0.1:$PORT2 ssl; server_name {name}; {more}\n\
             status_zone $ssl_server_name zone=names:10;\n\
             ssl_certificate $DIR/{file}.pem; ssl_certificate_key $DIR/{file}.key;\n\
             return 200 \"$ssl_server_cert_type\\n\"; }}\n"
        )
    };
    let parts = Parts {
        http_config: server("a.test", "a.test", "")
            + &server("b.test", "b.test", "ssl_protocols TLSv1.2;")
            + &server("rsa.test", "rsa.test", "")
            + &server("old.test", "rsa.test", "ssl_protocols TLSv1.2;"),
        config: "location = /plain { return 200 <$ssl_server_cert_type>; }".into(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    let ask = |name: &str| {
        let resolve = format!("{name}:$PORT2:127.0.0.1");
        let output = curl(
            site,
            "a.test.pem",
            &[
                "-k",
                "--resolve",
                &resolve,
                &format!("https://{name}:$PORT2/"),
            ],
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for (name, kind) in [
        ("a.test", "ECDSA\n"),
        ("a.test", "ECDSA\n"),
        ("b.test", "ECDSA\n"),
        ("rsa.test", "RSA\n"),
        ("old.test", "RSA\n"),
    ] {
        assert_eq!(ask(name), kind, "{name}");
    }
    let plain = fetch(site, "a.test.pem", &["http://127.0.0.1:$PORT/plain"]);
    assert_eq!(plain, "<>");
    let old = "https://b.test:$PORT2/";
    let arguments = ["--tlsv1.3", "--resolve", "b.test:$PORT2:127.0.0.1", old];
    assert!(!curl(site, "b.test.pem", &arguments).status.success());
    for (name, done, failed) in [("a.test", 2, 0), ("b.test", 1, 1), ("names", 0, 0)] {
        let counted = json!({ "handshaked": done, "reuses": 0, "timedout": 0, "failed": failed });
        running.expect_status(&format!("http/server_zones/{name}/ssl"), &counted);
    }
    running.server.stop().unwrap();
}

#[test]
fn a_check_makes_no_files_and_says_what_is_missing() {
    let site = Site::create().unwrap();
    let parts = self_signed(HELLO);
    let check = |parts: &Parts| {
        let main_file = site.write(parts).unwrap();
        let output = Server::check(&main_file, &site.directory).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said)
    };
    let (works, said) = check(&parts);
    assert!(works, "{said}");
    let file = |name: &str| site.directory.join(name).exists();
    assert!(!file("c.pem") && !file("k.pem"));
    site.add_file("c.pem", "anything").unwrap();
    let (works, said) = check(&parts);
    assert!(!works && said.contains("exists but key"), "{said}");
    let elsewhere = |text: &str| text.replace("$DIR/c.pem", "$DIR/none/c.pem");
    let (works, said) = check(&Parts {
        http_config: elsewhere(&parts.http_config),
        ..parts.clone()
    });
    assert!(!works && said.contains("cannot be made (2: "), "{said}");
}

#[test]
fn a_certificate_that_ends_soon_is_renewed_on_start_and_taken_up_while_serving() {
    const MARK: &str = "Pingauge self-signed certificates";
    if !have("curl") || !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    let key = KeyPair::generate().unwrap();
    let old = make("a.test", MARK, 10 * DAY, &key);
    site.add_file("c.pem", &old).unwrap();
    site.add_file("k.pem", &key.serialize_pem()).unwrap();
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(site.directory.join("k.pem"), mode).unwrap();
    let running = Running::start_at(site, &self_signed(HELLO));
    let site = &running.site;
    let renewed = site.read("c.pem");
    assert_ne!(renewed, old);
    assert_eq!(site.read("k.pem"), key.serialize_pem());
    assert_eq!(shown(site, "a.test"), body_of(&renewed));
    fetch(site, "c.pem", &["https://localhost:$PORT2/"]);
    // As the master would put it there in some months.
    let next = make("localhost", MARK, 300 * DAY, &key);
    site.add_file("c.pem.new", &next).unwrap();
    let place = |name: &str| site.directory.join(name);
    fs::rename(place("c.pem.new"), place("c.pem")).unwrap();
    let taken = poll(PATIENCE, || {
        (shown(site, "a.test") == body_of(&next)).then_some(())
    });
    assert!(taken.is_some(), "{}", site.read("error.log"));
    fetch(site, "c.pem", &["https://localhost:$PORT2/"]);
    running.server.stop().unwrap();
}

#[test]
fn reloads_fail_no_encrypted_request_and_take_up_changed_files() {
    const REQUESTS: usize = 1500;
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    put(&site, "localhost");
    let parts = Parts {
        http_config: self_signed(HELLO)
            .http_config
            .replace("selfsigned:$DIR/c.pem", "$DIR/localhost.pem")
            .replace("selfsigned:$DIR/k.pem", "$DIR/localhost.key"),
        ..self_signed(HELLO)
    };
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    // Clients that have the first certificate go on: it is trusted until the last reload.
    let first = site.read("localhost.pem");
    let url = format!("https://localhost:$PORT2/[1-{REQUESTS}]");
    let load = |more: &[&str]| {
        let arguments = [&["--fail", url.as_str()], more].concat();
        let got = fetch(site, "localhost.pem", &arguments);
        assert_eq!(
            got.lines().filter(|line| *line == "hello").count(),
            REQUESTS
        );
    };
    thread::scope(|scope| {
        scope.spawn(|| load(&[]));
        let close = scope.spawn(|| load(&["-H", "Connection: close"]));
        while !close.is_finished() {
            running.reload(&parts);
            thread::sleep(Duration::from_millis(100));
        }
    });
    put(site, "localhost");
    assert_ne!(site.read("localhost.pem"), first);
    running.reload(&parts);
    fetch(site, "localhost.pem", &["https://localhost:$PORT2/"]);
    // A broken one changes nothing.
    site.add_file("localhost.key", "garbage").unwrap();
    running.server.signal("HUP");
    let told = "cannot load certificate key";
    let refused = poll(PATIENCE, || {
        site.read("error.log").contains(told).then_some(())
    });
    assert!(refused.is_some());
    fetch(site, "localhost.pem", &["https://localhost:$PORT2/"]);
    running.server.stop().unwrap();
}

#[test]
fn a_drain_finishes_responses_and_waits_for_no_silent_handshake() {
    const LENGTH: usize = 4_000_000;
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    site.add_file("html/big", &"x".repeat(LENGTH)).unwrap();
    let location = "client_header_timeout 100s; location / { root $DIR/html; }";
    let mut parts = self_signed(location);
    parts.http_config = parts.http_config.replace("client_header_timeout 2s;", "");
    let mut running = Running::start_at(site, &parts);
    let address = running.site.address(running.site.second_port);
    let mut silent = TcpStream::connect(address).unwrap();
    let mut halting = TcpStream::connect(address).unwrap();
    halting.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    let out = running.site.directory.join("out");
    let slow = Command::new("curl")
        .args(["-sS", "--limit-rate", "1m", "--cacert"])
        .arg(running.site.directory.join("c.pem"))
        .arg("-o")
        .arg(&out)
        .arg(running.site.substitute("https://localhost:$PORT2/big"))
        .spawn()
        .unwrap();
    let has_begun = || {
        fs::metadata(&out)
            .is_ok_and(|about| about.len() > 0)
            .then_some(())
    };
    assert!(poll(PATIENCE, has_begun).is_some());
    let told = Instant::now();
    running.server.signal("QUIT");
    let output = slow.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(fs::metadata(&out).unwrap().len(), LENGTH as u64);
    let ended = running.server.wait_for_exit(PATIENCE);
    assert!(ended.is_some_and(|status| status.success()));
    assert!(told.elapsed() < PATIENCE);
    let mut rest = Vec::new();
    assert_eq!(silent.read_to_end(&mut rest).unwrap_or(0), 0);
}

#[test]
fn clients_that_never_finish_a_handshake_hold_up_nobody() {
    if !have("curl") {
        return;
    }
    let running = Running::start(&self_signed(HELLO));
    let site = &running.site;
    let address = site.address(site.second_port);
    let beginnings: &[&[u8]] = &[b"", &[22], &[22, 3, 1, 2, 0, 1], b"GET / HTTP"];
    let mut waiting: Vec<TcpStream> = Vec::new();
    for beginning in beginnings.iter().cycle().take(40) {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(beginning).unwrap();
        waiting.push(client);
    }
    // Refused at once.
    let mut garbage = TcpStream::connect(address).unwrap();
    garbage.write_all(&[22, 3, 1, 0, 4, 255, 0, 0, 0]).unwrap();
    assert_eq!(
        fetch(site, "c.pem", &["https://localhost:$PORT2/"]),
        "hello\n"
    );
    for client in &mut waiting {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
    }
    let counted = || {
        let ssl = running.status("http/server_zones/tls/ssl");
        (ssl["timedout"] == 20 && ssl["failed"] == 1).then_some(())
    };
    let found = poll(PATIENCE, counted);
    assert!(
        found.is_some(),
        "{}",
        running.status("http/server_zones/tls")
    );
    running.server.stop().unwrap();
}

#[test]
fn bodies_go_both_ways_through_a_proxy() {
    if !have("curl") {
        return;
    }
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | from the origin\n")
        .unwrap();
    let location = "client_max_body_size 10m; location / { proxy_pass http://$ORIGIN_o; }";
    site.add_file("upload", &"y".repeat(300_000)).unwrap();
    let running = Running::start_at(site, &self_signed(location));
    let site = &running.site;
    let body = site.directory.join("upload");
    let body = format!("@{}", Path::display(&body));
    for more in [
        &["-H", "Expect:"][..],
        &["-H", "Transfer-Encoding: chunked"],
    ] {
        let url = "https://localhost:$PORT2/";
        let arguments = [&["--data-binary", &body, url, url], more].concat();
        let got = fetch(site, "c.pem", &arguments);
        assert_eq!(got.matches("from the origin").count(), 2, "{got}");
    }
    running.server.stop().unwrap();
}

#[test]
fn sessions_that_go_on_are_counted_as_reused() {
    if !have("openssl") {
        return;
    }
    // A session goes on with the worker that began it.
    let running = Running::start(&Parts {
        main_config: String::new(),
        ..self_signed(HELLO)
    });
    let site = &running.site;
    let connect = |session: &str, version: &str| {
        let mut client = Command::new("openssl")
            .args(["s_client", version, "-ign_eof", "-quiet", "-connect"])
            .arg(site.address(site.second_port).to_string())
            .args([session, &site.substitute("$DIR/session")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
        client.stdin.as_mut().unwrap().write_all(request).unwrap();
        let output = client.wait_with_output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("hello"));
    };
    for (round, version) in ["-tls1_2", "-tls1_3"].into_iter().enumerate() {
        connect("-sess_out", version);
        connect("-sess_in", version);
        let (handshakes, reuses) = (2 * (round + 1), round + 1);
        running.expect_status(
            "http/server_zones/tls/ssl",
            &json!({ "handshaked": handshakes, "reuses": reuses, "timedout": 0, "failed": 0 }),
        );
    }
    running.server.stop().unwrap();
}
