//! Scripts that ask other servers: the example of the seed between two encrypted origins, and origins that do not mean
//! well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::authority::{Authority, as_authority, for_host, parameters};
use super::origin_tls::Origin;
use crate::harness::client::{Connection, Response};
use crate::harness::origin::serving;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// As the seed has it, but for where the origins are.
const EXAMPLE: &str = r"async function js_request(r) {
    let start_time = Date.now();
    let results = await Promise.all([ngx.fetch('https://localhost:$ONE/'),
                                     ngx.fetch('https://127.0.0.1:$TWO/')]);
    // Setter variable $metric_requests
    r.variables.metric_requests = `google=${Date.now() - start_time}`;
}
export default {js_request};
";

fn get(running: &Running, target: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(target).unwrap()
}

#[test]
fn the_example_of_the_seed_counts_the_time_of_two_encrypted_fetches() {
    let site = Site::create().unwrap();
    let root = Authority::own(as_authority(parameters("Root", 1)));
    site.add_file("root.pem", &root.pem).unwrap();
    let one = Origin::showing(root.issue(for_host("localhost", 2)).shown(&[]));
    let two = Origin::showing(root.issue(for_host("127.0.0.1", 3)).shown(&[]));
    let script = EXAMPLE
        .replace("$ONE", &one.address.port().to_string())
        .replace("$TWO", &two.address.port().to_string());
    site.add_file("metrics.js", &script).unwrap();
    let parts = Parts {
        http_config: "js_import $DIR/metrics.js;
            metric_complex_zone requests:1m { min_time min; max_time max; total count; }"
            .to_owned(),
        config: "location /metric/ {
                js_content metrics.js_request;
                js_fetch_trusted_certificate $DIR/root.pem;
            }
            location /untrusted/ { js_content metrics.js_request; }
            location /any/ { js_content metrics.js_request; js_fetch_verify off; }
            location /api/ { api /status/http/metric_zones/requests/; }"
            .to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    for _ in 0..3 {
        get(&running, "/metric/");
    }
    assert_eq!(get(&running, "/untrusted/").status, 500);
    get(&running, "/any/");
    let told = get(&running, "/api/").text();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let google = &told["metrics"]["google"];
    assert_eq!(google["total"], 4, "{told}");
    assert!(google["min_time"].as_f64() <= google["max_time"].as_f64());
    let log = running.site.read("error.log");
    assert!(
        log.contains("unable to get local issuer certificate"),
        "{log}"
    );
}

/// What an origin says, byte for byte, before it closes; and what the script is told of it.
const ANSWERS: &[(&str, &str)] = &[
    ("", "prematurely closed connection"),
    ("HTTP/1.1 200 OK\r\n", "prematurely closed connection"),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "prematurely closed connection",
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", "200 ab"),
    ("HTTP/1.0 200 OK\r\n\r\nabc", "200 abc"),
    (
        "HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nabcde",
        "204 ",
    ),
    (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx",
        "201 x",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nA: b\r\n\r\n",
        "200 abc",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        "prematurely closed connection",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        "invalid fetch chunked response",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nab",
        "prematurely closed connection",
    ),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        "invalid fetch response",
    ),
    (
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "very large fetch response",
    ),
    ("HTTP/1.1 101 Switching\r\n\r\n", "invalid fetch response"),
    ("SSH-2.0-OpenSSH\r\n", "invalid fetch response"),
];

#[test]
fn answers_that_are_none_are_rejections() {
    let site = Site::create().unwrap();
    let origin = serving(|mut stream: TcpStream, _| {
        let mut head = Vec::new();
        let mut piece = [0; 1024];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                got => head.extend_from_slice(&piece[..got]),
            }
        }
        let head = String::from_utf8_lossy(&head);
        let number = head
            .split('/')
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let number: usize = number.and_then(|number| number.parse().ok()).unwrap();
        match ANSWERS.get(number) {
            Some((answer, _)) => stream.write_all(answer.as_bytes()),
            None => loop {
                // Never ends, and never is silent for long.
                let fields = "X-Field: x\r\n".repeat(100);
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                stream.write_all(fields.as_bytes())?;
                std::thread::sleep(Duration::from_millis(1));
            },
        }
    });
    let script = format!(
        "async function ask(r) {{
            let told;
            try {{
                const reply = await ngx.fetch(`http://{origin}/${{r.args.n}}`);
                told = `${{reply.status}} ${{await reply.text()}}`;
            }} catch (error) {{ told = error.message; }}
            r.return(200, told);
        }}
        export default {{ ask }};"
    );
    site.add_file("main.js", &script).unwrap();
    let parts = Parts {
        http_config: "js_import $DIR/main.js;".to_owned(),
        config: "location / { js_content main.ask; }".to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    for (number, (answer, expected)) in ANSWERS.iter().enumerate() {
        let told = get(&running, &format!("/?n={number}")).text();
        assert!(told.starts_with(expected), "{answer:?}: {told:?}");
    }
    let endless = get(&running, &format!("/?n={}", ANSWERS.len())).text();
    assert!(
        endless.starts_with("very large fetch response header") || endless.starts_with("invalid"),
        "{endless}"
    );
}

#[test]
fn a_fetch_ends_with_the_client_whose_script_has_begun_it() {
    let site = Site::create().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let origin = serving(move |mut stream: TcpStream, _| {
        let mut piece = [0; 1024];
        assert!(stream.read(&mut piece)? > 0);
        tell.send("asked").unwrap();
        // No answer: the next thing to be read is the end.
        while !matches!(stream.read(&mut piece), Ok(0) | Err(_)) {}
        tell.send("left").unwrap();
        Ok(())
    });
    let script = format!(
        "async function ask(r) {{
            await Promise.race([ngx.fetch('http://{origin}/'), new Promise((done) => setTimeout(done, 3600000))]);
        }}
        export default {{ ask }};"
    );
    site.add_file("main.js", &script).unwrap();
    let parts = Parts {
        http_config: "js_import $DIR/main.js; js_fetch_timeout 1h;".to_owned(),
        config: "location / { js_content main.ask; }".to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection
        .send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok("asked"));
    drop(connection);
    assert_eq!(told.recv_timeout(PATIENCE), Ok("left"));
}
