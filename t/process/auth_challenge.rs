//! Origins that ask who we are: tokens that are fetched once for many, expire and are refused, and credentials that
//! nobody else sees.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use super::authority::{Authority, as_authority, for_host, parameters};
use crate::harness::client::{Connection, Response};
use crate::harness::origin::serving;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// What a server was asked, and what it says.
#[derive(Clone)]
struct Spoken {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

/// A server that answers every request by its head: status, further fields, body.
fn speaking(answer: impl Fn(&str) -> (u16, String, String) + Send + Sync + 'static) -> Spoken {
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let connections = Arc::<AtomicUsize>::default();
    let (seen, count) = (Arc::clone(&heads), Arc::clone(&connections));
    let address = serving(move |mut stream, _| {
        count.fetch_add(1, SeqCst);
        let mut got = Vec::new();
        let mut piece = [0; 65536];
        loop {
            while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = got.split_off(end + 4);
                let head = String::from_utf8_lossy(&std::mem::replace(&mut got, rest)).into_owned();
                seen.lock().unwrap().push(head.clone());
                let (status, fields, body) = answer(&head);
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status} X\r\n{fields}Content-Length: {length}\r\n\r\n");
                if head.contains("X-Late") {
                    stream.write_all(head.as_bytes())?;
                    thread::sleep(Duration::from_millis(20));
                    stream.write_all(body.as_bytes())?;
                    continue;
                }
                stream.write_all(format!("{head}{body}").as_bytes())?;
            }
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
    });
    Spoken {
        address,
        heads,
        connections,
    }
}

impl Spoken {
    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many requests there were whose head has this in it.
    fn count(&self, what: &str) -> usize {
        self.heads()
            .iter()
            .filter(|head| head.contains(what))
            .count()
    }
}

fn authorization(head: &str) -> Option<&str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    Some(value)
}

/// Which tokens an origin takes now.
type Valid = Arc<Mutex<Vec<String>>>;

/// A service of tokens: `/SECONDS` gives one that holds so long, other paths do other things.
fn service(valid: &Valid, is_down: &Arc<AtomicBool>) -> Spoken {
    let (valid, is_down) = (Arc::clone(valid), Arc::clone(is_down));
    let number = Mutex::new(0);
    speaking(move |head| {
        let target = head.split(' ').nth(1).unwrap();
        let path = target.split('?').next().unwrap();
        let token = {
            let mut number = number.lock().unwrap();
            *number += 1;
            format!("token-{number}")
        };
        let json = |seconds: u64| format!("{{\"token\": \"{token}\", \"expires_in\": {seconds}}}");
        match path {
            _ if is_down.load(SeqCst) => (503, String::new(), String::new()),
            "/broken" => (500, String::new(), "no".into()),
            "/nonsense" => (200, String::new(), "<html>".into()),
            "/away" => (302, "Location: /300\r\n".into(), String::new()),
            "/huge" => (200, String::new(), " ".repeat(100_000) + &json(300)),
            "/useless" => (200, String::new(), json(300)),
            path => {
                thread::sleep(Duration::from_millis(200));
                valid.lock().unwrap().push(token.clone());
                (200, String::new(), json(path[1..].parse().unwrap()))
            }
        }
    })
}

/// An origin. In `/basic/` it asks for a password, elsewhere for a token of the service at the path that is the first
/// part of the target, and for the part behind it.
fn origin(valid: &Valid, service: SocketAddr) -> Spoken {
    let valid = Arc::clone(valid);
    speaking(move |head| {
        let target = head.split(' ').nth(1).unwrap();
        let mut parts = target.split('/').skip(1);
        let (kind, scope) = (parts.next().unwrap(), parts.next().unwrap_or_default());
        let authorization = authorization(head).unwrap_or_default();
        let (is_known, challenge) = match kind {
            "open" => (true, String::new()),
            "basic" | "late" | "long" => (
                authorization == "Basic Y2k6c2VzYW1l",
                "Basic realm=\"x\"".to_owned(),
            ),
            "odd" => (false, "Negotiate".to_owned()),
            "elsewhere" => (false, "Bearer realm=\"http://127.0.0.1:1/t\"".to_owned()),
            kind => {
                let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
                let is_known = valid.lock().unwrap().iter().any(|own| own == token);
                let realm = format!("http://{service}/{kind}");
                let challenge = format!(
                    "Basic realm=\"x\", Bearer realm=\"{realm}\",service=\"s t\",scope=\"a:{scope} b\""
                );
                (is_known, challenge)
            }
        };
        match is_known {
            true => (200, String::new(), format!("for {authorization}")),
            false => (
                401,
                match kind {
                    "late" => format!("WWW-Authenticate: {challenge}\r\nX-Late: 1\r\n"),
                    _ => format!("WWW-Authenticate: {challenge}\r\n"),
                },
                match kind {
                    "long" => "who are you".repeat(100_000),
                    _ => "who are you".into(),
                },
            ),
        }
    })
}

/// A server before an origin whose service is not at the same host and port.
fn start(origin: SocketAddr, service: SocketAddr) -> Running {
    let site = crate::harness::site::Site::create().unwrap();
    site.add_file("pass", "sesame\n").unwrap();
    let parts = Parts {
        http_config: format!(
            "upstream registry {{ server {origin}; keepalive 4; }}\n\
             proxy_cache_path $DIR/cache keys_zone=kept:1m;\n"
        ),
        config: format!(
            "proxy_set_header Connection '';\n\
             proxy_auth_challenge on user=ci password_file=$DIR/pass realm={service};\n\
             add_header X-Auth $proxy_auth_status always;\n\
             add_header X-Tries $upstream_status always;\n\
             location / {{ proxy_pass http://registry; }}\n\
             location /anonymous/ {{\n\
                 proxy_auth_challenge on realm={service}; proxy_pass http://registry/;\n\
             }}\n\
             location /kept/ {{\n\
                 proxy_cache kept; proxy_cache_valid 200 1s; proxy_cache_use_stale error;\n\
                 add_header X-Cache $upstream_cache_status;\n\
                 proxy_pass http://registry/;\n\
             }}\n\
             location /off/ {{ proxy_auth_challenge off; proxy_pass http://registry/; }}\n\
             location /any/ {{ set $to {origin}; proxy_pass http://$to/300/x/y; }}\n\
             location /named/ {{\n\
                 set $to {origin};\n\
                 proxy_auth_challenge on realm={service} realm={origin}; proxy_pass http://$to/300/n/y;\n\
             }}\n"
        ),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

struct World {
    valid: Valid,
    service: Spoken,
    origin: Spoken,
    running: Running,
    /// Whether the service is out of order.
    is_down: Arc<AtomicBool>,
}

fn world() -> World {
    let valid = Valid::default();
    let is_down = Arc::default();
    let service = service(&valid, &is_down);
    let origin = origin(&valid, service.address);
    let running = start(origin.address, service.address);
    World {
        valid,
        service,
        origin,
        running,
        is_down,
    }
}

impl World {
    fn get(&self, target: &str) -> Response {
        let mut connection = Connection::open(self.running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap()
    }

    /// Status, what became of credentials, and the statuses of all attempts.
    fn outcome(&self, target: &str) -> (u16, String, String) {
        let response = self.get(target);
        let field = |name| response.header(name).unwrap_or_default().to_owned();
        (response.status, field("X-Auth"), field("X-Tries"))
    }

    fn expect(&self, target: &str, (status, auth, tries): (u16, &str, &str)) {
        let expected = (status, auth.to_owned(), tries.to_owned());
        assert_eq!(self.outcome(target), expected, "{target}");
    }

    fn log(&self) -> String {
        self.running.site.read("error.log")
    }
}

#[test]
fn a_token_is_fetched_once_for_any_number_of_requests() {
    let world = world();
    thread::scope(|scope| {
        for number in 0..16 {
            let world = &world;
            scope.spawn(move || {
                let response = world.get(&format!("/300/app/{number}"));
                assert_eq!(
                    (response.status, response.text().as_str()),
                    (200, "for Bearer token-1")
                );
                assert_eq!(response.header("X-Auth"), Some("FETCHED"));
            });
        }
    });
    let asked = world.service.heads();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("GET /300?service=s%20t&scope=a%3Aapp&scope=b HTTP/1.1\r\n"));
    assert_eq!(authorization(&asked[0]), Some("Basic Y2k6c2VzYW1l"));
    // The same folder needs no challenge, another one for the same scope needs no token.
    world.expect("/300/app/17", (200, "CACHED", "200"));
    world.expect("/300/app/more/1", (200, "CACHED", "401, 200"));
    world.expect("/300/other/1", (200, "FETCHED", "401, 200"));
    world.expect("/open/1", (200, "NONE", "200"));
    let expected = json!({"challenges": 18, "tokens": 2, "errors": 0});
    assert_eq!(world.running.status("http/proxy_auths/registry"), expected);
    // Without a name nobody is introduced to the service, and tokens of others are not used.
    let before = world.service.heads().len();
    assert_eq!(
        world.get("/anonymous/300/app/1").text(),
        "for Bearer token-3"
    );
    assert_eq!(authorization(&world.service.heads()[before]), None);
    world.running.server.stop().unwrap();
}

#[test]
fn a_token_that_expired_or_is_refused_is_fetched_anew() {
    let world = world();
    // It holds for one second: ten are left off.
    world.expect("/11/app/1", (200, "FETCHED", "401, 200"));
    let renewed = poll(PATIENCE, || {
        let (status, auth, tries) = world.outcome("/11/app/1");
        assert_eq!(status, 200);
        (auth == "FETCHED" && tries == "401, 200").then_some(())
    });
    assert!(renewed.is_some());
    assert_eq!(world.service.heads().len(), 2);
    world.expect("/300/app/1", (200, "FETCHED", "401, 200"));
    world.valid.lock().unwrap().clear();
    world.expect("/300/app/1", (200, "FETCHED", "401, 200"));
    world.valid.lock().unwrap().clear();
    // From elsewhere the token that is there is tried first.
    world.expect("/300/app/more/1", (200, "FETCHED", "401, 401, 200"));
    world.running.server.stop().unwrap();
}

#[test]
fn a_password_is_sent_where_it_is_asked_for_and_a_loop_ends() {
    let world = world();
    world.expect("/basic/a/1", (200, "CACHED", "401, 200"));
    world.expect("/basic/a/2", (200, "CACHED", "200"));
    assert_eq!(world.get("/basic/a/3").text(), "for Basic Y2k6c2VzYW1l");
    // A token that does not help is no reason to go on for ever.
    world.expect("/useless/app/1", (401, "FAILED", "401, 401"));
    world.expect("/useless/app/1", (401, "FAILED", "401, 401"));
    assert_eq!(world.service.count("/useless"), 2);
    world.expect("/odd/1", (401, "FAILED", "401"));
    world.expect("/anonymous/basic/1", (401, "FAILED", "401"));
    let response = world.get("/odd/1");
    assert_eq!(response.header("WWW-Authenticate"), Some("Negotiate"));
    let log = world.log();
    for line in [
        "upstream does not take the credentials that it asked for, client: 127.0.0.1, ",
        "there is no answer to the challenge of upstream (Negotiate), client: ",
        "upstream asks for a password, and there is no \"user=\", client: ",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    for secret in ["sesame", "Y2k6c2VzYW1l", "token-1"] {
        assert!(!log.contains(secret), "{log}");
    }
    world.running.server.stop().unwrap();
}

#[test]
fn a_service_that_fails_fails_the_request() {
    let world = world();
    for (target, status, why) in [
        ("/broken/app/1", 502, "it answers 500"),
        ("/away/app/1", 502, "it answers 302"),
        (
            "/nonsense/app/1",
            502,
            "its answer is not JSON with a token",
        ),
        ("/huge/app/1", 502, "it cannot be asked ("),
    ] {
        world.expect(target, (status, "FAILED", "401"));
        let path = target.split('/').nth(1).unwrap();
        let line = format!(
            "no token from \"http://{}/{path}\": {why}",
            world.service.address
        );
        let is_told = || world.log().contains(&line).then_some(());
        assert!(
            poll(PATIENCE, is_told).is_some(),
            "{line} in {}",
            world.log()
        );
    }
    assert_eq!(world.service.count("GET /300"), 0);
    let counts = json!({"challenges": 4, "tokens": 0, "errors": 4});
    assert_eq!(world.running.status("http/proxy_auths/registry"), counts);
    world.running.server.stop().unwrap();
}

#[test]
fn credentials_go_nowhere_else() {
    let world = world();
    // A service at a host that nobody named.
    world.expect("/elsewhere/1", (401, "FAILED", "401"));
    assert!(world.log().contains(
        "\"http://127.0.0.1:1/t\" is not asked for a token, because it is neither the upstream's host nor in \"realm=\", client: "
    ));
    // An origin that a response could have named.
    world.expect("/any/1", (401, "FAILED", "401"));
    assert!(
        world
            .log()
            .contains("no credentials are given to \"127.0.0.1:")
    );
    assert_eq!(world.service.heads().len(), 0);
    world.expect("/named/1", (200, "FETCHED", "401, 200"));
    // The client's own are for us alone, where challenges are answered.
    let mut connection = Connection::open(world.running.address(), PATIENCE).unwrap();
    for (target, expected) in [("/open/1", "for "), ("/off/open/1", "for Basic abc")] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nauthorization: Basic abc\r\n\r\n");
        connection.send(head.as_bytes()).unwrap();
        let response = connection.receive("GET").unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, expected));
        let passed = world.origin.count("Basic abc");
        assert_eq!(passed, usize::from(target.starts_with("/off")), "{target}");
    }
    // A request with a body is not repeated.
    let head = "PUT /300/app/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.receive("PUT").unwrap().status, 200);
    let head = "PUT /basic/app/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    connection.send(head.as_bytes()).unwrap();
    let response = connection.receive("PUT").unwrap();
    assert_eq!(
        (response.status, response.header("X-Auth")),
        (401, Some("NONE"))
    );
    world.running.server.stop().unwrap();
}

#[test]
fn what_is_kept_is_given_while_there_are_no_tokens() {
    let world = world();
    let outcome = || {
        world
            .get("/kept/300/app/1")
            .header("X-Cache")
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(outcome(), "MISS");
    world.is_down.store(true, SeqCst);
    world.valid.lock().unwrap().clear();
    let is_stale = || match outcome().as_str() {
        "HIT" => None,
        other => Some(other.to_owned()),
    };
    assert_eq!(poll(PATIENCE, is_stale).as_deref(), Some("STALE"));
    let response = world.get("/kept/300/app/1");
    assert_eq!(
        (response.status, response.text().as_str()),
        (200, "for Bearer token-1")
    );
    world.is_down.store(false, SeqCst);
    let is_renewed = || (outcome() == "EXPIRED").then_some(());
    assert!(poll(PATIENCE, is_renewed).is_some());
    world.running.server.stop().unwrap();
}

#[test]
fn the_connection_that_brought_a_challenge_is_used_again() {
    let world = world();
    let connections = || world.origin.connections.load(SeqCst);
    for (kind, most) in [("basic", 1), ("late", 1), ("long", 10)] {
        let before = connections();
        for number in 0..5 {
            // Each folder is asked for without credentials first.
            world.expect(&format!("/{kind}/{number}/x"), (200, "CACHED", "401, 200"));
        }
        let used = connections() - before;
        assert!(used <= most, "{kind}: {used} connections");
    }
    world.running.server.stop().unwrap();
}

/// A service of tokens behind TLS, which shows this certificate.
fn encrypted_service(shown: &Authority) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(shown.key.serialize_der()).unwrap();
    let config = config.with_single_cert(vec![shown.der.clone()], key);
    let config = Arc::new(config.unwrap());
    serving(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(session, stream);
        let mut got = Vec::new();
        let mut piece = [0; 4096];
        while !got.ends_with(b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
        let body = r#"{"token": "sealed", "expires_in": 300}"#;
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()
    })
}

#[test]
fn a_service_behind_tls_is_asked_if_its_certificate_is_believed() {
    let authority = Authority::own(as_authority(parameters("tokens", 1)));
    let service = encrypted_service(&authority.issue(for_host("127.0.0.1", 2)));
    let origin = speaking(move |head| match authorization(head) {
        Some("Bearer sealed") => (200, String::new(), "opened".into()),
        _ => {
            let challenge = format!("WWW-Authenticate: Bearer realm=\"https://{service}/t\"\r\n");
            (401, challenge, String::new())
        }
    });
    let site = crate::harness::site::Site::create().unwrap();
    site.add_file("ca.pem", &authority.pem).unwrap();
    let other = Authority::own(as_authority(parameters("others", 3)));
    site.add_file("other.pem", &other.pem).unwrap();
    let parts = Parts {
        config: format!(
            "proxy_auth_challenge on realm={service};\n\
             location /known/ {{ proxy_ssl_trusted_certificate $DIR/ca.pem; proxy_pass http://{0}; }}\n\
             location /other/ {{ proxy_ssl_trusted_certificate $DIR/other.pem; proxy_pass http://{0}; }}\n",
            origin.address
        ),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let get = |target: &str| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target).unwrap()
    };
    let got = get("/known/1");
    assert_eq!((got.status, got.text().as_str()), (200, "opened"));
    assert_eq!(get("/other/1").status, 502);
    let log = running.site.read("error.log");
    assert!(log.contains("no token from"), "{log}");
    running.server.stop().unwrap();
}
