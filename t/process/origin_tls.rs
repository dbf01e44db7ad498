//! TLS to origins: whose certificates are believed, who is told what, and whose connections are kept for whom.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::harness::client::{Connection, Response};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate that may issue others, with its key.
struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
    der: CertificateDer<'static>,
    pem: String,
}

/// What an origin shows: certificates, and the key of the first.
#[derive(Clone)]
struct Shown(Vec<CertificateDer<'static>>, Vec<u8>);

fn parameters(name: &str, serial: u64) -> CertificateParams {
    let mut made = CertificateParams::new(Vec::new()).unwrap();
    made.distinguished_name.push(DnType::CommonName, name);
    made.serial_number = Some(SerialNumber::from(serial));
    made.not_before = (SystemTime::now() - DAY).into();
    made.not_after = (SystemTime::now() + DAY).into();
    made
}

fn for_host(name: &str, serial: u64) -> CertificateParams {
    let mut made = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let plain = parameters(name, serial);
    made.distinguished_name = plain.distinguished_name;
    made.serial_number = plain.serial_number;
    (made.not_before, made.not_after) = (plain.not_before, plain.not_after);
    made
}

fn as_authority(mut parameters: CertificateParams) -> CertificateParams {
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

impl Authority {
    fn own(parameters: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let made = parameters.self_signed(&key).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            parameters,
            key,
        }
    }

    fn issue(&self, parameters: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        let made = parameters.signed_by(&key, &issuer).unwrap();
        Self {
            der: made.der().clone(),
            pem: made.pem(),
            parameters,
            key,
        }
    }

    /// A list of revoked certificates, good until then.
    fn list(&self, revoked: &[u64], until: SystemTime) -> String {
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: (SystemTime::now() - DAY).into(),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: (SystemTime::now() - 3 * DAY).into(),
            next_update: until.into(),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&issuer).unwrap().pem().unwrap()
    }

    /// What an origin shows that has this certificate and those.
    fn shown(&self, others: &[&Self]) -> Shown {
        let others = others.iter().map(|other| other.der.clone());
        let chain = std::iter::once(self.der.clone()).chain(others);
        Shown(chain.collect(), self.key.serialize_der())
    }
}

/// What an origin saw of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    name: Option<String>,
    certificate: Option<Vec<u8>>,
    resumed: bool,
}

struct Origin {
    address: SocketAddr,
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

    fn showing(shown: Shown) -> Self {
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
        let body = format!("{connection}.{request}");
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        tls.write_all(answer.as_bytes()).ok()?;
        tls.flush().ok()?;
    }
    None
}

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

/// A case of the table: what an origin shows, what is set beside, and what the log says (nothing when it is believed).
struct Case(&'static str, Shown, String, &'static str);

/// A root, an authority below it, and files with the root and with lists.
fn house(site: &Site) -> (Authority, Authority) {
    let root = Authority::own(as_authority(parameters("Root", 1)));
    let between = root.issue(as_authority(parameters("Between", 2)));
    site.add_file("root.pem", &root.pem).unwrap();
    let soon = SystemTime::now() + DAY;
    let past = SystemTime::now() - DAY;
    for (name, text) in [
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
    (root, between)
}

fn cases(site: &Site) -> Vec<Case> {
    let (root, between) = house(site);
    let leaf = between.issue(for_host("a.test", 10));
    let chain = leaf.shown(&[&between]);
    let direct = |parameters: CertificateParams| root.issue(parameters).shown(&[]);
    let with = |change: &dyn Fn(&mut CertificateParams)| {
        let mut parameters = for_host("a.test", 11);
        change(&mut parameters);
        direct(parameters)
    };
    let stranger = Authority::own(as_authority(parameters("Stranger", 1)));
    let namesake = Authority::own(as_authority(parameters("Root", 1)));
    let pinned = Authority::own(as_authority(for_host("a.test", 12)));
    site.add_file("pinned.pem", &pinned.pem).unwrap();
    let late = |one: &mut CertificateParams| one.not_after = (SystemTime::now() - DAY / 2).into();
    let mut expired = as_authority(for_host("a.test", 13));
    late(&mut expired);
    let expired = Authority::own(expired);
    site.add_file("expired.pem", &expired.pem).unwrap();
    site.add_file("leaf.pem", &leaf.pem).unwrap();
    let trust = |name: &str| format!("proxy_ssl_trusted_certificate $DIR/{name};");
    let list = |name: &str| format!("proxy_ssl_crl $DIR/{name};");
    let usual = String::new;
    let clients_only = |one: &mut CertificateParams| {
        one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let early = |one: &mut CertificateParams| {
        one.not_before = (SystemTime::now() + DAY / 2).into();
    };
    vec![
        Case("a chain", chain.clone(), usual(), ""),
        Case(
            "a common name alone",
            direct(parameters("a.test", 14)),
            usual(),
            "",
        ),
        Case("lists without it", chain.clone(), list("none.crl"), ""),
        Case(
            "an authority in the file",
            pinned.shown(&[]),
            trust("pinned.pem"),
            "",
        ),
        Case(
            "one of no root in the file",
            leaf.shown(&[]),
            trust("leaf.pem"),
            "",
        ),
        Case(
            "an address",
            direct(for_host("127.0.0.1", 15)),
            "proxy_ssl_name 127.0.0.1:1;".into(),
            "",
        ),
        // Twelve and more ways of being wrong.
        Case(
            "expired",
            with(&late),
            usual(),
            "(10:certificate has expired)",
        ),
        Case(
            "early",
            with(&early),
            usual(),
            "(9:certificate is not yet valid)",
        ),
        Case(
            "for another",
            direct(for_host("b.test", 16)),
            usual(),
            "does not match \"a.test\"",
        ),
        Case(
            "for an address",
            direct(for_host("127.0.0.1", 17)),
            "proxy_ssl_name 127.0.0.2;".into(),
            "does not match \"127.0.0.2\"",
        ),
        Case(
            "of a stranger",
            stranger.issue(for_host("a.test", 18)).shown(&[&stranger]),
            usual(),
            "(20:unable to get local issuer certificate)",
        ),
        Case(
            "of a namesake",
            namesake.issue(for_host("a.test", 19)).shown(&[]),
            usual(),
            "(7:certificate signature failure)",
        ),
        Case(
            "its own",
            pinned.shown(&[]),
            usual(),
            "(18:self-signed certificate)",
        ),
        Case(
            "without the one between",
            leaf.shown(&[]),
            usual(),
            "(20:unable to get local issuer certificate)",
        ),
        Case(
            "too long",
            chain.clone(),
            "proxy_ssl_verify_depth 0;".into(),
            "(22:certificate chain too long)",
        ),
        Case(
            "revoked",
            chain.clone(),
            list("leaf.crl"),
            "(23:certificate revoked)",
        ),
        Case(
            "revoked issuer",
            chain.clone(),
            list("between.crl"),
            "(23:certificate revoked)",
        ),
        Case(
            "old list",
            chain.clone(),
            list("old.crl"),
            "(12:CRL has expired)",
        ),
        Case(
            "no list",
            chain.clone(),
            list("root.crl"),
            "(3:unable to get certificate CRL)",
        ),
        Case(
            "for clients",
            with(&clients_only),
            usual(),
            "(26:unsuitable certificate purpose)",
        ),
        Case(
            "of no authority",
            leaf.issue(for_host("a.test", 20)).shown(&[&leaf, &between]),
            "proxy_ssl_verify_depth 5;".into(),
            "(79:invalid CA certificate)",
        ),
        Case(
            "expired in the file",
            expired.shown(&[]),
            trust("expired.pem"),
            "(10:certificate has expired)",
        ),
        Case(
            "other name in the file",
            pinned.shown(&[]),
            trust("pinned.pem") + "proxy_ssl_name b.test;",
            "does not match \"b.test\"",
        ),
        Case(
            "in the file without its list",
            pinned.shown(&[]),
            trust("pinned.pem") + &list("none.crl"),
            "(3:unable to get certificate CRL)",
        ),
        Case(
            "a name of nobody's",
            chain,
            "proxy_ssl_name \"a b\";".into(),
            "no certificate can have the name",
        ),
    ]
}

#[test]
fn certificates_of_origins_are_judged_in_many_ways() {
    let site = Site::create().unwrap();
    let cases = cases(&site);
    let mut locations = String::new();
    let mut origins = Vec::new();
    for (number, Case(_, shown, settings, _)) in cases.iter().enumerate() {
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
    for (number, Case(what, _, _, said)) in cases.iter().enumerate() {
        let expected = if said.is_empty() { 200 } else { 502 };
        let got = get(&running, &format!("/{number}/on")).status;
        assert_eq!(got, expected, "{what}\n{}", running.site.read("error.log"));
        if !said.is_empty() {
            let address = format!("upstream: \"{}\"", origins[number].address);
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
    let (root, _) = house(&site);
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

#[test]
fn sessions_are_taken_up_again_unless_that_is_off() {
    for is_old in [false, true] {
        let site = Site::create().unwrap();
        let (root, _) = house(&site);
        let shown = root.issue(for_host("a.test", 40)).shown(&[]);
        let origins = [(); 2].map(|()| Origin::start(config(shown.clone(), None, is_old)));
        let location = |name: &str, number: usize, settings: &str| {
            let address = origins[number].address;
            format!(
                "location /{name} {{ proxy_set_header Connection close; {settings} proxy_pass https://{address}; }}\n"
            )
        };
        let parts = Parts {
            config: location("on", 0, "") + &location("off", 1, "proxy_ssl_session_reuse off;"),
            ..Parts::default()
        };
        let running = Running::start_at(site, &parts);
        for _ in 0..4 {
            assert_eq!(get(&running, "/on").status, 200);
            assert_eq!(get(&running, "/off").status, 200);
        }
        let resumed = |origin: &Origin| origin.seen().iter().filter(|one| one.resumed).count();
        assert_eq!(origins.each_ref().map(resumed), [3, 0], "{is_old}");
        running.server.stop().unwrap();
    }
}

#[test]
fn a_failed_handshake_leads_to_the_next_peer_and_silence_to_504() {
    let site = Site::create().unwrap();
    let (root, _) = house(&site);
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
fn a_reload_takes_up_changed_certificates() {
    let site = Site::create().unwrap();
    let (root, _) = house(&site);
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
