//! `pingauge push` against a server of a few lines that loses answers, is busy, or refuses.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::PrivateKeyDer;

use crate::harness::Running;
use crate::harness::site::{Parts, Site, binary};

/// A request as the server saw it.
#[derive(Clone, Debug, Default)]
struct Seen {
    line: String,
    fields: HashMap<String, String>,
    body: String,
}

/// What the server does once it has read a request.
enum Reply {
    /// Status, further fields, body.
    Answer(u16, &'static str, String),
    /// The connection ends without an answer.
    Nothing,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopping: Arc<AtomicBool>,
}

impl Server {
    fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, script)
    }

    fn start_with(
        tls: Option<Arc<rustls::ServerConfig>>,
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self {
            address,
            seen: Arc::default(),
            stopping: Arc::default(),
        };
        let (seen, stopping) = (Arc::clone(&server.seen), Arc::clone(&server.stopping));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopping.load(Ordering::Relaxed) {
                    break;
                }
                // What a client breaks off is its own affair.
                drop(match &tls {
                    None => serve(stream, &seen, &script),
                    Some(tls) => {
                        let session = rustls::ServerConnection::new(Arc::clone(tls)).unwrap();
                        serve(rustls::StreamOwned::new(session, stream), &seen, &script)
                    }
                });
            }
        });
        server
    }

    fn url(&self) -> String {
        format!("http://{}/push/", self.address)
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<String> {
        let line = |seen: Seen| format!("{} {}", seen.line, seen.body).trim_end().to_owned();
        self.seen().into_iter().map(line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: impl Read + Write, all: &Mutex<Vec<Seen>>, script: &Script) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut seen = Seen::default();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.trim_end() {
            "" if seen.line.is_empty() => return Ok(()),
            "" => break,
            line if seen.line.is_empty() => {
                seen.line = line.trim_end_matches(" HTTP/1.1").to_owned();
            }
            line => {
                let (name, value) = line.split_once(": ").unwrap();
                seen.fields
                    .insert(name.to_ascii_lowercase(), value.to_owned());
            }
        }
    }
    let length = seen.fields.get("content-length");
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    seen.body = String::from_utf8(body).unwrap();
    let number = {
        let mut all = all.lock().unwrap();
        all.push(seen.clone());
        all.len()
    };
    let Reply::Answer(status, fields, body) = script(&seen, number) else {
        return Ok(());
    };
    let length = body.len();
    let framing = if status == 204 {
        String::new()
    } else {
        format!("Content-Length: {length}\r\n")
    };
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 {status} Told\r\n{fields}{framing}Connection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "", body.to_owned())
}

fn push(url: &str, words: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(["push", url]).args(words);
    command.env_remove("PINGAUGE_API_KEY").output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn done(stdout: &str) -> (Option<i32>, String, String) {
    (Some(0), stdout.to_owned(), String::new())
}

fn failed(stderr: &str) -> (Option<i32>, String, String) {
    (Some(1), String::new(), format!("pingauge: {stderr}\n"))
}

#[test]
fn actions_are_requests() {
    let server = Server::start(|seen, _| match &*seen.line {
        "GET /push/k" => answer(200, "88.5\n"),
        line if line.starts_with("POST") => answer(201, ""),
        _ => answer(204, ""),
    });
    let url = server.url();
    assert_eq!(said(&push(&url, &["k", "create", "what it is"])), done(""));
    assert_eq!(said(&push(&url, &["k", "get"])), done("88.5\n"));
    assert_eq!(
        said(&push(&url, &["k", "add", "-2.5", "--label", "job=a b"])),
        done("")
    );
    assert_eq!(
        said(&push(&url, &["k", "create-set", "7", "help"])),
        done("")
    );
    assert_eq!(said(&push(&url, &["k", "delete"])), done(""));
    assert_eq!(
        server.lines(),
        [
            "POST /push/k what it is",
            "GET /push/k",
            "PUT /push/k/add?job=a%20b -2.5",
            "POST /push/k help",
            "PUT /push/k 7",
            "DELETE /push/k",
        ]
    );
    let keys: Vec<_> = server
        .seen()
        .iter()
        .map(|seen| seen.fields.get("x-idempotency-key").cloned())
        .collect();
    assert_eq!(keys[1], None);
    let mut others: Vec<String> = keys.into_iter().flatten().collect();
    assert!(others.iter().all(|key| key.len() == 36));
    others.sort();
    others.dedup();
    assert_eq!(others.len(), 5);
}

#[test]
fn a_change_whose_answer_was_lost_counts_once() {
    let applied = Arc::new(Mutex::new((0, HashMap::new())));
    let state = Arc::clone(&applied);
    let server = Server::start(move |seen, number| {
        let (count, known) = &mut *state.lock().unwrap();
        let key = seen.fields["x-idempotency-key"].clone();
        known.entry(key).or_insert_with(|| *count += 1);
        match number {
            1 => Reply::Nothing,
            2 => answer(503, "busy"),
            3 => Reply::Answer(429, "Retry-After: 0\r\n", String::new()),
            _ => answer(204, ""),
        }
    });
    assert_eq!(said(&push(&server.url(), &["k", "inc"])), done(""));
    assert_eq!(server.lines(), ["PUT /push/k/inc"; 4]);
    assert_eq!(applied.lock().unwrap().0, 1);
}

#[test]
fn patience_ends() {
    let server = Server::start(|_, _| answer(503, "busy"));
    let output = push(&server.url(), &["k", "inc", "--retries", "1"]);
    let message = "the server answers 503 Service Unavailable, tried 2 times";
    assert_eq!(said(&output), failed(message));
    assert_eq!(server.lines().len(), 2);

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    let url = format!("http://{address}/");
    let output = push(&url, &["k", "inc", "--retries", "1", "--timeout", "100ms"]);
    let message = format!("asking {address} failed (timeout: global), tried 2 times");
    assert_eq!(said(&output), failed(&message));
    drop(nobody);
    let output = push(&url, &["k", "inc", "--retries", "1"]);
    let message = format!("asking {address} failed (111: Connection refused), tried 2 times");
    assert_eq!(said(&output), failed(&message));
}

#[test]
fn a_refusal_is_told_at_once() {
    let server = Server::start(|seen, _| match &*seen.line {
        "GET /push/a" => answer(
            404,
            "{\"error\": \"MetricNotFound\", \"description\": \"there is no\\u001b metric \\\"a\\\"\"}",
        ),
        "GET /push/b" => Reply::Answer(302, "Location: /push/c\r\n", String::new()),
        "GET /push/c" => answer(500, "<html>"),
        _ => answer(507, "{\"error\": 5}"),
    });
    for (key, message) in [
        ("a", "there is no  metric \"a\" (MetricNotFound, 404)"),
        ("b", "the server answers 302 Found"),
        ("c", "the server answers 500 Internal Server Error"),
        ("d", "the server answers 507 Insufficient Storage"),
    ] {
        assert_eq!(said(&push(&server.url(), &[key, "get"])), failed(message));
    }
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn wrong_arguments_send_nothing() {
    let server = Server::start(|_, _| answer(204, ""));
    for words in [
        &["k"][..],
        &["k", "set", "x"],
        &["k", "inc", "1"],
        &["k", "inc", "--key", "s"],
    ] {
        let output = push(&server.url(), words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    let output = Command::new(binary())
        .args(["push", "--help"])
        .output()
        .unwrap();
    let (code, help, _) = said(&output);
    assert_eq!(code, Some(0));
    assert!(
        help.contains("--api-key-file <FILE>") && help.contains("create-set"),
        "{help}"
    );
    assert!(server.lines().is_empty());
}

#[test]
fn keys_come_from_a_file_or_the_environment() {
    let mut site = Site::create().unwrap();
    site.add_file("key", "open sesame\n# not this\n").unwrap();
    site.add_file("keys", "ann:open sesame\nbob:k").unwrap();
    site.add_origin("o", "* * 204\n").unwrap();
    let file = site.directory.join("key").display().to_string();
    let running = Running::start_at(
        site,
        &Parts {
            http_config: "metric_zone names:64k count;".into(),
            config: "location /push/ { auth_api_key r; auth_api_key_file keys;\n\
                     metric names $api_key_name; proxy_pass http://$ORIGIN_o; }"
                .into(),
            ..Parts::default()
        },
    );
    let url = format!("http://{}/push/", running.address());
    assert_eq!(
        said(&push(&url, &["k", "inc", "--api-key-file", &file])),
        done("")
    );
    let mut command = Command::new(binary());
    let output = command
        .args(["push", &url, "k", "inc"])
        .env("PINGAUGE_API_KEY", "k")
        .output();
    assert_eq!(said(&output.unwrap()), done(""));
    let message = "the server answers 401 Unauthorized";
    assert_eq!(said(&push(&url, &["k", "inc"])), failed(message));
    let counted = serde_json::json!({ "ann": 1, "bob": 1 });
    running.expect_status("http/metric_zones/names/metrics", &counted);
    let missing = push(&url, &["k", "inc", "--api-key-file", "/none/such"]);
    let message = "open() \"/none/such\" failed (2: No such file or directory)";
    assert_eq!(said(&missing), failed(message));
    running.server.stop().unwrap();
}

#[test]
fn certificates_are_checked() {
    let site = Site::create().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let authority = site.directory.join("authority.pem");
    fs::write(&authority, made.cert.pem()).unwrap();
    let authority = authority.display().to_string();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = Server::start_with(Some(Arc::new(config)), |_, _| answer(200, "5"));
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/");
        assert_eq!(
            said(&push(&url, &["k", "get", "--cacert", &authority])),
            done("5\n")
        );
    }
    let url = format!("HTTPS://localhost:{port}/");
    assert_eq!(said(&push(&url, &["k", "get", "--insecure"])), done("5\n"));
    let (code, _, message) = said(&push(&url, &["k", "get"]));
    assert_eq!(code, Some(1));
    assert!(
        message.contains("certificate") && !message.contains("tried"),
        "{message}"
    );
    let own = binary().display().to_string();
    let (code, _, message) = said(&push(&url, &["k", "get", "--cacert", &own]));
    assert_eq!(
        (code, message),
        (
            Some(1),
            format!("pingauge: there is no certificate in \"{own}\"\n")
        )
    );
}
