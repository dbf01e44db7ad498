//! TLS to origins: whose certificates are believed, who is told what, and whose connections are kept for whom.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use rcgen::CertificateParams;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::authority::{
    Authority, DAY, as_authority, early, for_clients, for_host, late, parameters,
};
use crate::harness::client::{Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// What an origin shows: certificates, and the key of the first.
#[derive(Clone)]
pub(super) struct Shown(Vec<CertificateDer<'static>>, Vec<u8>);

impl Authority {
    /// What an origin shows that has this certificate and those.
    pub(super) fn shown(&self, others: &[&Self]) -> Shown {
        let others = others.iter().map(|other| other.der.clone());
        let chain = std::iter::once(self.der.clone()).chain(others);
        Shown(chain.collect(), self.key.serialize_der())
    }
}

/// What an origin saw of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    name: Option<String>,
    certificate: Option<Vec<u8>>,
    resumed: bool,
}

pub(super) struct Origin {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// How an origin is set up.
fn config(shown: Shown, clients: Option<&Authority>, is_old: bool) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = match is_old {
        true => vec![&rustls::version::TLS12],
        false => vec![&rustls::version::TLS13],
    };
    let started = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .unwrap();
    let started = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            started.with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
        }
        None => started.with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(shown.1).unwrap();
    started.with_single_cert(shown.0, key).unwrap()
}

impl Origin {
    /// An origin that answers each request with its number on the connection and the connection's own.
    fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (config, all) = (Arc::new(config), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, all) = (Arc::clone(&config), Arc::clone(&all));
                thread::spawn(move || serve(stream, config, &all));
            }
        });
        Self { address, seen }
    }

    pub(super) fn showing(shown: Shown) -> Self {
        Self::start(config(shown, None, false))
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, seen: &Mutex<Vec<Seen>>) -> Option<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock).ok()?;
    }
    let first = tls.conn.peer_certificates().and_then(<[_]>::first);
    let about = Seen {
        name: tls.conn.server_name().map(str::to_owned),
        certificate: first.map(|first| first.to_vec()),
        resumed: tls.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
    };
    let connection = {
        let mut seen = seen.lock().unwrap();
        seen.push(about);
        seen.len()
    };
    for request in 1.. {
        let mut head = Vec::new();
        let mut piece = [0; 4096];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match tls.read(&mut piece).ok()? {
                0 => return None,
                got => head.extend_from_slice(&piece[..got]),
            }
        }
        let is_cut = head.starts_with(b"GET /cut ");
        if is_cut || head.starts_with(b"GET /parted ") {
            let answer = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhalf";
            tls.write_all(answer).ok()?;
            if !is_cut {
                tls.conn.send_close_notify();
            }
            tls.flush().ok()?;
            return None;
        }
        let body = match head.starts_with(b"GET /big ") {
            true => "x".repeat(BIG),
            false => format!("{connection}.{request}"),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        tls.write_all(answer.as_bytes()).ok()?;
        tls.flush().ok()?;
    }
    None
}

/// More than sockets take at once.
const BIG: usize = 10_000_000;

fn get(running: &Running, target: &str) -> Response {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get(target).unwrap()
}

/// Waits for a line of the log with all of these.
fn expect_log(running: &Running, parts: &[&str]) {
    let has = |line: &&str| parts.iter().all(|part| line.contains(part));
    let found = poll(PATIENCE, || {
        let log = running.site.read("error.log");
        log.lines().find(has).map(str::to_owned)
    });
    assert!(
        found.is_some(),
        "{parts:?}\n{}",
        running.site.read("error.log")
    );
}

/// A case: what it is called, what an origin shows, what is set beside, and what the log says (nothing when it is believed).
type Case = (&'static str, Shown, &'static str, &'static str);

/// A root, an authority below it, what that issued, and two that issued themselves.
struct House {
    root: Authority,
    between: Authority,
    leaf: Authority,
    pinned: Authority,
    expired: Authority,
}

/// With files of the root and of lists.
fn house(site: &Site) -> House {
    let root = Authority::own(as_authority(parameters("Root", 1)));
    let between = root.issue(as_authority(parameters("Between", 2)));
    let soon = SystemTime::now() + DAY;
    let past = SystemTime::now() - DAY;
    let mut expired = as_authority(for_host("a.test", 13));
    late(&mut expired);
    let house = House {
        leaf: between.issue(for_host("a.test", 10)),
        pinned: Authority::own(as_authority(for_host("a.test", 12))),
        expired: Authority::own(expired),
        root,
        between,
    };
    let (root, between) = (&house.root, &house.between);
    for (name, text) in [
        ("root.pem", root.pem.clone()),
        ("leaf.pem", house.leaf.pem.clone()),
        ("pinned.pem", house.pinned.pem.clone()),
        ("expired.pem", house.expired.pem.clone()),
        ("none.crl", root.list(&[], soon) + &between.list(&[], soon)),
        (
            "leaf.crl",
            root.list(&[], soon) + &between.list(&[10], soon),
        ),
        (
            "between.crl",
            root.list(&[2], soon) + &between.list(&[], soon),
        ),
        ("old.crl", root.list(&[], past) + &between.list(&[], past)),
        ("root.crl", root.list(&[], soon)),
    ] {
        site.add_file(name, &text).unwrap();
    }
    house
}

const NO_ISSUER: &str = "(20:unable to get local issuer certificate)";
const EXPIRED: &str = "(10:certificate has expired)";
const NO_LIST: &str = "(3:unable to get certificate CRL)";

impl House {
    fn chain(&self) -> Shown {
        self.leaf.shown(&[&self.between])
    }

    fn direct(&self, parameters: CertificateParams) -> Shown {
        self.root.issue(parameters).shown(&[])
    }

    fn with(&self, change: fn(&mut CertificateParams)) -> Shown {
        let mut parameters = for_host("a.test", 11);
        change(&mut parameters);
        self.direct(parameters)
    }

    fn right(&self) -> Vec<Case> {
        let number = self.direct(for_host("127.0.0.1", 15));
        let common = self.direct(parameters("a.test", 14));
        vec![
            ("a chain", self.chain(), "", ""),
            ("a common name alone", common, "", ""),
            (
                "not in lists",
                self.chain(),
                "proxy_ssl_crl $DIR/none.crl;",
                "",
            ),
            (
                "an authority in the file",
                self.pinned.shown(&[]),
                IN_FILE,
                "",
            ),
            (
                "of no root, in the file",
                self.leaf.shown(&[]),
                LEAF_IN_FILE,
                "",
            ),
            ("an address", number, "proxy_ssl_name 127.0.0.1:1;", ""),
        ]
    }

    fn wrong_by_themselves(&self) -> Vec<Case> {
        let b = self.direct(for_host("b.test", 16));
        let number = self.direct(for_host("127.0.0.1", 17));
        let (one, two) = ("does not match \"a.test\"", "does not match \"127.0.0.2\"");
        let usage = "(26:unsuitable certificate purpose)";
        let expired = self.expired.shown(&[]);
        let pinned = || self.pinned.shown(&[]);
        vec![
            ("expired", self.with(late), "", EXPIRED),
            (
                "early",
                self.with(early),
                "",
                "(9:certificate is not yet valid)",
            ),
            ("for another", b, "", one),
            ("for an address", number, "proxy_ssl_name 127.0.0.2;", two),
            ("for clients", self.with(for_clients), "", usage),
            ("its own", pinned(), "", "(18:self-signed certificate)"),
            ("expired, in the file", expired, EXPIRED_IN_FILE, EXPIRED),
            (
                "other name, in the file",
                pinned(),
                OTHER_IN_FILE,
                "does not match \"b.test\"",
            ),
            (
                "in the file without its list",
                pinned(),
                LISTED_IN_FILE,
                NO_LIST,
            ),
        ]
    }

    fn wrong_by_others(&self) -> Vec<Case> {
        let stranger = Authority::own(as_authority(parameters("Stranger", 1)));
        let namesake = Authority::own(as_authority(parameters("Root", 1)));
        let strange = stranger.issue(for_host("a.test", 18)).shown(&[&stranger]);
        let false_root = namesake.issue(for_host("a.test", 19)).shown(&[]);
        let below = self.leaf.issue(for_host("a.test", 20));
        let below = below.shown(&[&self.leaf, &self.between]);
        let chain = || self.chain();
        let revoked = "(23:certificate revoked)";
        let long = "(22:certificate chain too long)";
        let nobody = "no certificate can have the name";
        vec![
            ("of a stranger", strange, "", NO_ISSUER),
            (
                "of a namesake",
                false_root,
                "",
                "(7:certificate signature failure)",
            ),
            (
                "without the one between",
                self.leaf.shown(&[]),
                "",
                NO_ISSUER,
            ),
            ("too long", chain(), "proxy_ssl_verify_depth 0;", long),
            ("revoked", chain(), "proxy_ssl_crl $DIR/leaf.crl;", revoked),
            (
                "revoked issuer",
                chain(),
                "proxy_ssl_crl $DIR/between.crl;",
                revoked,
            ),
            (
                "old list",
                chain(),
                "proxy_ssl_crl $DIR/old.crl;",
                "(12:CRL has expired)",
            ),
            ("no list", chain(), "proxy_ssl_crl $DIR/root.crl;", NO_LIST),
            (
                "of no authority",
                below,
                "proxy_ssl_verify_depth 5;",
                "(79:invalid CA certificate)",
            ),
            (
                "a name of nobody's",
                chain(),
                "proxy_ssl_name \"a b\";",
                nobody,
            ),
        ]
    }
}

const IN_FILE: &str = "proxy_ssl_trusted_certificate $DIR/pinned.pem;";
const LEAF_IN_FILE: &str = "proxy_ssl_trusted_certificate $DIR/leaf.pem;";
const EXPIRED_IN_FILE: &str = "proxy_ssl_trusted_certificate $DIR/expired.pem;";
const OTHER_IN_FILE: &str = "proxy_ssl_trusted_certificate $DIR/pinned.pem; proxy_ssl_name b.test;";
const LISTED_IN_FILE: &str =
    "proxy_ssl_trusted_certificate $DIR/pinned.pem; proxy_ssl_crl $DIR/none.crl;";

#[test]
fn certificates_of_origins_are_judged_in_many_ways() {
    let site = Site::create().unwrap();
    let house = house(&site);
    let cases = [
        house.right(),
        house.wrong_by_themselves(),
        house.wrong_by_others(),
    ]
    .concat();
    let mut locations = String::new();
    let mut origins = Vec::new();
    for (number, (_, shown, settings, _)) in cases.iter().enumerate() {
        let origin = Origin::showing(shown.clone());
        let trusted = match settings.contains("trusted_certificate") {
            true => "",
            false => "proxy_ssl_trusted_certificate $DIR/root.pem;",
        };
        let name = match settings.contains("proxy_ssl_name") {
            true => "",
            false => "proxy_ssl_name a.test;",
        };
        let address = origin.address;
        locations += &format!(
            "location /{number}/on {{ proxy_ssl_verify on; {trusted} {name} {settings} proxy_pass https://{address}; }}\n\
             location /{number}/off {{ {trusted} {name} {settings} proxy_pass https://{address}; }}\n"
        );
        origins.push(origin);
    }
    let parts = Parts {
        config: locations,
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    for (number, (what, _, _, said)) in cases.iter().enumerate() {
        let expected = if said.is_empty() { 200 } else { 502 };
        let got = get(&running, &format!("/{number}/on")).status;
        assert_eq!(got, expected, "{what}\n{}", running.site.read("error.log"));
        if !said.is_empty() {
            let address = format!("upstream: \"https://{}/", origins[number].address);
            expect_log(
                &running,
                &[said, &address, "while SSL handshaking to upstream"],
            );
        }
        assert_eq!(
            get(&running, &format!("/{number}/off")).status,
            200,
            "{what}"
        );
    }
    running.server.stop().unwrap();
}

#[test]
fn origins_are_told_names_and_certificates_as_settings_say() {
    let site = Site::create().unwrap();
    let House { root, .. } = house(&site);
    let own = root.issue(for_host("client.test", 30));
    site.add_file("own.pem", &own.pem).unwrap();
    site.add_file("own.key", &own.key.serialize_pem()).unwrap();
    let shown = root.issue(for_host("a.test", 31)).shown(&[]);
    let origin = Origin::start(config(shown, Some(&root), true));
    let address = origin.address;
    let location = |name: &str, settings: &str| {
        format!("location /{name} {{ {settings} proxy_pass https://named; }}\n")
    };
    let parts = Parts {
        http_config: format!("upstream named {{ server {address}; keepalive 10; }}\n"),
        config: location("plain", "")
            + &location("named", "proxy_ssl_server_name on;")
            + &location(
                "other",
                "proxy_ssl_server_name on; proxy_ssl_name $arg_name:443;",
            )
            + &location(
                "number",
                "proxy_ssl_server_name on; proxy_ssl_name 127.0.0.1;",
            )
            + &location(
                "own",
                "proxy_ssl_certificate $DIR/own.pem; proxy_ssl_certificate_key $DIR/own.key;",
            ),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let der = own.der.to_vec();
    let mut connections = HashSet::new();
    for (target, name, certificate) in [
        ("/plain", None, None),
        ("/named", Some("named"), None),
        ("/other?name=x.test", Some("x.test"), None),
        ("/other?name=y.test", Some("y.test"), None),
        ("/number", None, None),
        ("/own", None, Some(der)),
    ] {
        let text = get(&running, target).text();
        let (connection, request) = text.split_once('.').unwrap();
        // Nobody is given a connection that was made for others.
        assert!(
            connections.insert(connection.to_owned()),
            "{target}: {text}"
        );
        assert_eq!(request, "1", "{target}");
        let seen = origin.seen()[connection.parse::<usize>().unwrap() - 1].clone();
        assert_eq!(seen.name.as_deref(), name, "{target}");
        assert_eq!(seen.certificate, certificate, "{target}");
        // Whoever asks for the same is.
        assert_eq!(
            get(&running, target).text(),
            format!("{connection}.2"),
            "{target}"
        );
    }
    running.server.stop().unwrap();
}

/// Locations that show certificates by variables and in place to an origin, and what is in place.
fn naming(address: SocketAddr, placed: &Authority) -> Parts {
    let in_place = format!(
        "_ssl_certificate \"data:{}\"; grpc_ssl_certificate_key \"data:{}\";",
        placed.pem,
        placed.key.serialize_pem()
    )
    .replace("\r\n", "\n");
    let of_proxy = in_place.replace("grpc_", "proxy_");
    Parts {
        http_config: format!("upstream o {{ server {address}; keepalive 10; }}\n"),
        config: format!(
            "location /named {{ proxy_ssl_certificate $DIR/$arg_c.pem; proxy_ssl_certificate_key $DIR/$arg_c.key;\n\
             proxy_ssl_name $arg_n; proxy_pass https://o; }}\n\
             location /maybe {{ proxy_ssl_certificate $arg_c; proxy_ssl_certificate_key $arg_k; proxy_pass https://o; }}\n\
             location /placed {{ proxy{of_proxy} proxy_pass https://o; }}\n\
             location /grpc {{ grpc{in_place} grpc_pass grpcs://{address}; }}\n"
        ),
        ..Parts::default()
    }
}

/// By variables, in place, and in files that change; nobody is given a connection on which another was shown.
#[test]
fn requests_name_the_certificate_that_origins_see() {
    let site = Site::create().unwrap();
    let House { root, .. } = house(&site);
    let put = |name: &str, serial: u64| {
        let own = root.issue(for_host(name, serial));
        site.add_file(&format!("{name}.pem"), &own.pem).unwrap();
        site.add_file(&format!("{name}.key"), &own.key.serialize_pem())
            .unwrap();
        own
    };
    let (one, two, placed) = (put("one", 30), put("two", 31), put("placed", 32));
    site.add_file("broken.pem", "nothing").unwrap();
    let shown = root.issue(for_host("a.test", 33)).shown(&[]);
    let origin = Origin::start(config(shown, Some(&root), true));
    let parts = naming(origin.address, &placed);
    let running = Running::start_at(site, &parts);
    let ask = |target: &str| {
        let response = get(&running, target);
        assert_eq!(response.status, 200, "{target}");
        let text = response.text();
        let (connection, request) = text.split_once('.').unwrap();
        let seen = origin.seen()[connection.parse::<usize>().unwrap() - 1].clone();
        (seen.certificate, request.to_owned())
    };
    let first = |one: &Authority| (Some(one.der.to_vec()), "1".to_owned());
    assert_eq!(ask("/named?c=one"), first(&one));
    assert_eq!(ask("/named?c=two"), first(&two));
    assert_eq!(ask("/named?c=two&n=b.test"), first(&two));
    assert_eq!(
        ask("/named?c=one"),
        (Some(one.der.to_vec()), "2".to_owned())
    );
    assert_eq!(ask("/placed"), first(&placed));
    assert_eq!(ask("/maybe"), (None, "1".to_owned()));
    // What is in the place of a file now is another's.
    let directory = &running.site.directory;
    for end in ["pem", "key"] {
        let from = directory.join(format!("two.{end}"));
        fs::rename(from, directory.join(format!("one.{end}"))).unwrap();
    }
    assert_eq!(ask("/named?c=one"), first(&two));
    for (target, problem) in [
        ("/named?c=none", "none.pem\" (2: No such file or directory)"),
        ("/named?c=%0a..%0a", "(2: No such file or directory)"),
        (
            "/maybe?c=broken.pem&k=one.key",
            "there is no certificate in it",
        ),
        (
            "/maybe?c=placed.pem&k=one.key",
            "does not belong to the certificate",
        ),
    ] {
        assert_eq!(get(&running, target).status, 500, "{target}");
        expect_log(&running, &[problem]);
    }
    // It speaks no HTTP/2, but sees who asks.
    assert_eq!(get(&running, "/grpc").status, 502);
    let last = origin.seen().pop().unwrap();
    assert_eq!(last.certificate, Some(placed.der.to_vec()));
    running.server.stop().unwrap();
}

#[test]
fn sessions_are_taken_up_again_unless_that_is_off() {
    for is_old in [false, true] {
        let site = Site::create().unwrap();
        let House { root, .. } = house(&site);
        let shown = root.issue(for_host("a.test", 40)).shown(&[]);
        let origins = [(); 2].map(|()| Origin::start(config(shown.clone(), None, is_old)));
        let location = |name: &str, number: usize, settings: &str| {
            let address = origins[number].address;
            format!(
                "location /{name} {{ proxy_set_header Connection close; {settings} proxy_pass https://{address}; }}\n"
            )
        };
        let parts = Parts {
            config: location("big", 0, "")
                + &location("on", 0, "")
                + &location("off", 1, "proxy_ssl_session_reuse off;"),
            ..Parts::default()
        };
        let running = Running::start_at(site, &parts);
        for _ in 0..4 {
            assert_eq!(get(&running, "/on").status, 200);
            assert_eq!(get(&running, "/off").status, 200);
        }
        let resumed = |origin: &Origin| origin.seen().iter().filter(|one| one.resumed).count();
        assert_eq!(origins.each_ref().map(resumed), [3, 0], "{is_old}");
        let big = get(&running, "/big").body;
        assert!(big.len() == BIG && big.iter().all(|byte| *byte == b'x'));
        running.server.stop().unwrap();
    }
}

#[test]
fn a_failed_handshake_leads_to_the_next_peer_and_silence_to_504() {
    let site = Site::create().unwrap();
    let House { root, .. } = house(&site);
    let good = Origin::showing(root.issue(for_host("a.test", 50)).shown(&[]));
    let wrong = Origin::showing(root.issue(for_host("b.test", 51)).shown(&[]));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_address, plain_address) =
        (silent.local_addr().unwrap(), plain.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = stream.read(&mut [0; 1024]);
        }
    });
    let verify =
        "proxy_ssl_verify on; proxy_ssl_name a.test; proxy_ssl_trusted_certificate $DIR/root.pem;";
    let parts = Parts {
        http_config: format!(
            "upstream two {{ server {}; server {}; }}\n",
            wrong.address, good.address
        ),
        config: format!(
            "location /two {{ {verify} proxy_pass https://two; \
             add_header X-Peers \"$upstream_addr|$upstream_status\"; }}\n\
             location /late {{ proxy_connect_timeout 200ms; proxy_pass https://{silent_address}; }}\n\
             location /plain {{ proxy_pass https://{plain_address}; }}\n"
        ),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let mut peers = HashSet::new();
    for _ in 0..2 {
        let answer = get(&running, "/two");
        assert_eq!(answer.status, 200);
        peers.insert(answer.header("x-peers").unwrap().to_owned());
    }
    let both = format!("{}, {}|502, 200", wrong.address, good.address);
    assert!(peers.contains(&both), "{peers:?}");
    assert_eq!(get(&running, "/late").status, 504);
    expect_log(
        &running,
        &["upstream timed out while SSL handshaking to upstream"],
    );
    assert_eq!(get(&running, "/plain").status, 502);
    expect_log(
        &running,
        &["SSL_do_handshake() failed (the peer does not speak TLS)"],
    );
    drop(silent);
    running.server.stop().unwrap();
}

#[test]
fn what_ends_with_a_connection_is_kept_if_the_origin_said_that_it_ends() {
    let leaf = Authority::own(as_authority(for_host("a.test", 70)));
    let origin = Origin::showing(leaf.shown(&[]));
    let parts = Parts {
        http_config: "proxy_cache_path $DIR/cache keys_zone=c:1m;\n".into(),
        config: format!(
            "proxy_cache c; add_header X-Cache $upstream_cache_status;\n\
             location / {{ proxy_pass https://{}; }}\n",
            origin.address
        ),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    for (target, second) in [("/parted", "HIT"), ("/cut", "MISS")] {
        for expected in ["MISS", second] {
            let got = get(&running, target);
            assert_eq!((got.status, &got.body[..]), (200, &b"half"[..]));
            assert_eq!(got.header("x-cache"), Some(expected), "{target}");
        }
    }
    expect_log(&running, &["without close_notify", "not kept", "/cut"]);
    assert!(!running.site.read("error.log").contains("/parted"));
    running.server.stop().unwrap();
}

#[test]
fn a_reload_takes_up_changed_certificates() {
    let site = Site::create().unwrap();
    let House { root, .. } = house(&site);
    let other = Authority::own(as_authority(parameters("Other", 1)));
    let origin = Origin::showing(other.issue(for_host("a.test", 60)).shown(&[]));
    let parts = Parts {
        http_config: format!("upstream o {{ server {}; keepalive 4; }}\n", origin.address),
        config: "location / { proxy_ssl_verify on; proxy_ssl_name a.test;\n\
                 proxy_ssl_trusted_certificate $DIR/trusted.pem; proxy_pass https://o; }\n"
            .into(),
        ..Parts::default()
    };
    site.add_file("trusted.pem", &root.pem).unwrap();
    let running = Running::start_at(site, &parts);
    assert_eq!(get(&running, "/").status, 502);
    fs::write(running.site.directory.join("trusted.pem"), &other.pem).unwrap();
    assert_eq!(get(&running, "/").status, 502);
    running.reload(&parts);
    assert_eq!(get(&running, "/").status, 200);
    fs::write(running.site.directory.join("trusted.pem"), &root.pem).unwrap();
    running.reload(&parts);
    // The connection that was made when the origin was trusted is nobody's any more.
    assert_eq!(get(&running, "/").status, 502);
    running.server.stop().unwrap();
}
