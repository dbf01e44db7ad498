//! `pingauge status` against servers: what it prints, where it finds them, and what it says when it cannot.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use crate::harness::site::{Parts, Site, binary};
use crate::harness::{PATIENCE, Running, compare, origin, poll};

fn status(arguments: &[&str]) -> Output {
    Command::new(binary())
        .arg("status")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What it says when it fails.
fn refused(arguments: &[&str], code: i32) -> String {
    let output = status(arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {output:?}"
    );
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr)
}

fn start_at(site: Site) -> Running {
    Running::start_at(site, &parts())
}

fn parts() -> Parts {
    Parts {
        http_config: "metric_zone hits:64k count;\n\
             server { listen 127.0.0.1:$PORT2 ssl; server_name status.test;\n\
             ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem;\n\
             auth_api_key on; auth_api_key_file $DIR/keys;\n\
             location /secret/ { api /status/; } }\n"
            .into(),
        config: "location /a { metric hits $arg_k on=request; return 204; }\n".into(),
        ..Parts::default()
    }
}

#[test]
fn branches_are_printed_from_an_address_or_a_configuration() {
    let site = Site::create().unwrap();
    site.add_file("keys", "me:sesame\n").unwrap();
    let running = start_at(site);
    let address = format!("http://{}/status/", running.address());
    let config = running
        .site
        .directory
        .join("test.conf")
        .display()
        .to_string();
    for place in [["--address", &address], ["--config", &config]] {
        for path in [
            "connections/",
            "/status/connections",
            "connections/?pretty=off",
        ] {
            let output = status(&[path, place[0], place[1]]);
            assert!(output.status.success(), "{output:?}");
            let printed = text(&output.stdout);
            assert!(
                printed.ends_with("}\n") && !printed.contains('\r'),
                "{printed:?}"
            );
            let tree = compare::parse_json(&output.stdout).unwrap();
            assert!(tree["accepted"].as_u64().unwrap() > 0, "{tree}");
        }
        let leaf = status(&[place[0], place[1], "http/metric_zones/hits/discarded"]);
        assert_eq!(text(&leaf.stdout), "0\n");
    }
    let whole = status(&["--address", &address]);
    assert!(compare::parse_json(&whole.stdout).unwrap()["http"].is_object());
    running.server.stop().unwrap();
}

#[test]
fn keys_and_certificates_are_as_for_pushing() {
    let site = Site::create().unwrap();
    site.add_file("keys", "me:sesame\n").unwrap();
    site.add_file("key", "sesame\n").unwrap();
    let running = start_at(site);
    let directory = running.site.directory.display().to_string();
    let address = format!("https://localhost:{}/secret/", running.site.second_port);
    let (key, certificate) = (format!("{directory}/key"), format!("{directory}/c.pem"));
    let path = ["http/metric_zones/hits/discarded", "--address", &address];
    let said = refused(&path, 1);
    assert!(said.contains("certificate"), "{said}");
    let said = refused(&[&path[..], &["--insecure"]].concat(), 1);
    assert!(said.contains("401"), "{said}");
    let shown = status(
        &[
            &path[..],
            &["--cacert", &certificate, "--api-key-file", &key],
        ]
        .concat(),
    );
    assert_eq!(text(&shown.stdout), "0\n", "{shown:?}");
    running.server.stop().unwrap();
}

#[test]
fn a_server_with_a_name_is_found_by_its_configuration() {
    let site = Site::create().unwrap();
    site.add_file(
        "only.conf",
        "events {}\nhttp { server { listen 127.0.0.1:$PORT2 ssl; server_name status.test;\n\
         location /secret/ { api /status/; } } }\n",
    )
    .unwrap();
    site.add_file("keys", "me:sesame\n").unwrap();
    let running = start_at(site);
    let directory = running.site.directory.display().to_string();
    let mut command = Command::new(binary());
    let output = command
        .args(["status", "http/metric_zones/hits/discarded", "--config"])
        .arg(format!("{directory}/only.conf"))
        .args(["--cacert", &format!("{directory}/c.pem")])
        .env("PINGAUGE_API_KEY", "sesame")
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "0\n", "{output:?}");
    running.server.stop().unwrap();
}

#[test]
fn what_goes_wrong_is_said() {
    let running = Running::start(&Parts {
        config: "location /page { return 200 hello; }\n".into(),
        ..Parts::default()
    });
    let at = format!("http://{}", running.address());
    let said = refused(&["nowhere/x", "--address", &at], 1);
    assert!(said.contains("nowhere/x") && said.contains("404"), "{said}");
    let said = refused(&["--address", &format!("{at}/page")], 1);
    assert!(said.contains("not JSON"), "{said}");
    let said = refused(&["--address", "http://127.0.0.1:1/"], 1);
    assert!(
        said.contains("127.0.0.1:1") && said.contains("refused"),
        "{said}"
    );
    let said = refused(&["--config", "/nowhere/x.conf"], 1);
    assert!(said.contains("/nowhere/x.conf"), "{said}");
    refused(&["--nonsense"], 2);
    // A port that is none: asking would go to the usual port, with the API key.
    for port in [":99999", ":abc", ":-1", ":", ":0"] {
        let address = format!("http://127.0.0.1{port}/status/");
        let said = refused(&["--address", &address], 2);
        assert!(said.contains("port must be a number"), "{said}");
        let push = Command::new(binary())
            .args(["push", &address, "a", "get"])
            .output();
        let push = push.unwrap();
        assert_eq!(push.status.code(), Some(2), "{push:?}");
    }
    let said = refused(
        &["--address", &format!("https://{}/", running.address())],
        1,
    );
    assert!(said.contains("does not speak TLS"), "{said}");
    for command in ["status", "top", "push"] {
        let output = Command::new(binary())
            .args(["-c", "a.conf", command])
            .output();
        let said = text(&output.unwrap().stderr);
        assert!(said.contains(&format!("pingauge {command} ...")), "{said}");
    }
    for wrong in ["?top", "?by=k", "?top=0"] {
        let said = refused(
            &[
                &format!("connections/{wrong}"),
                "--address",
                &format!("{at}/status/"),
            ],
            1,
        );
        assert!(said.contains("400") || said.contains("404"), "{said}");
    }
    let help = status(&["--help"]);
    assert!(help.status.success() && text(&help.stdout).contains("--watch"));
    running.server.stop().unwrap();
}

#[test]
fn what_a_server_says_moves_no_cursor() {
    let address = origin::serving(|mut stream, _| {
        read_head(&mut stream)?;
        let body = b"{\"\x1b[2J\": \"\xc2\x9b31m\xe2\x80\xae\xff\"}";
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        stream.write_all(body)
    });
    let output = status(&["--address", &address.to_string()]);
    assert_eq!(
        text(&output.stdout),
        "{\"\\u001b[2J\": \"\\u009b31m\\u202e\u{fffd}\"}\n"
    );
    let address = origin::serving(|mut stream, _| {
        read_head(&mut stream)?;
        stream.write_all(b"HTTP/1.1 404 \r\nContent-Length: 53\r\nConnection: close\r\n\r\n{\"error\": \"a\\u001b[1m\", \"description\": \"b\\u009bc\\u202e\"}")
    });
    let said = refused(&["--address", &address.to_string()], 1);
    assert!(
        said.contains("404") && !said.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
        "{said:?}"
    );
}

/// What is not read when a connection is closed takes the answer with it.
fn read_head(stream: &mut std::net::TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(())
}

/// One that prints again and again.
struct Watch {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watch {
    fn start(address: &str) -> Self {
        let mut command = Command::new(binary());
        command.args([
            "status",
            "connections/dropped",
            "--watch",
            "50ms",
            "--address",
            address,
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

#[test]
fn watching_goes_on_when_the_server_is_back_and_ends_with_its_reader() {
    let parts = Parts::default();
    let running = Running::start(&parts);
    let mut watch = Watch::start(&format!("http://{}/status/", running.address()));
    for _ in 0..3 {
        assert_eq!(watch.next(), "0");
    }
    let Running { server, site } = running;
    server.stop().unwrap();
    let mut said = BufReader::new(watch.child.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("refused"));
    let running = Running::start_at(site, &parts);
    for _ in 0..3 {
        assert_eq!(watch.next(), "0");
    }
    let Watch { mut child, lines } = watch;
    drop(lines);
    let ended = poll(PATIENCE, || child.try_wait().unwrap());
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
    for line in said {
        let line = line.unwrap();
        assert!(line.contains("refused"), "{line}");
    }
    let full = std::fs::File::create("/dev/full").unwrap();
    let output = Command::new(binary())
        .args(["status", "--address"])
        .arg(format!("http://{}/status/", running.address()))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(
        text(&output.stderr),
        "pingauge: standard output failed (28: No space left on device)\n"
    );
    running.server.stop().unwrap();
}
