//! Registries that want to know who pulls: by a password, or by a token of a service that they believe.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;

use super::image::{Image, noise};
use super::upstream::Upstream;
use super::{check_sums, expect, have_both, mirror_at, pull, pull_well};
use crate::harness::origin::serving;
use crate::harness::site::Site;

/// Who signs tokens.
struct Signer {
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
}

impl Signer {
    /// A new one, whose certificate is written to a file.
    fn new(file: &Path) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        fs::write(file, certificate.pem()).unwrap();
        let (how, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        Self {
            key: EcdsaKeyPair::from_pkcs8(how, key.serialized_der(), &random).unwrap(),
            certificate: certificate.der().to_vec(),
        }
    }

    fn token(&self, repository: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let chain = [STANDARD.encode(&self.certificate)];
        let head = json!({"typ": "JWT", "alg": "ES256", "x5c": chain});
        let claims = json!({
            "iss": "issuer", "sub": "ci", "aud": "mirrored", "jti": "1",
            "iat": now - 10, "nbf": now - 10, "exp": now + 300,
            "access": [{"type": "repository", "name": repository, "actions": ["pull"]}]
        });
        let parts = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = parts.join(".");
        let signature = self
            .key
            .sign(&SystemRandom::new(), text.as_bytes())
            .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A service that gives tokens; what it was asked, as a whole.
fn service(signer: Signer) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let address = serving(move |mut stream, _| {
        let mut got = Vec::new();
        let mut piece = [0; 4096];
        while !got.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => got.extend_from_slice(&piece[..amount]),
            }
        }
        let head = String::from_utf8_lossy(&got).into_owned();
        let scope = head.split("scope=repository%3A").nth(1).unwrap_or_default();
        let repository = scope.split("%3A").next().unwrap_or_default().to_owned();
        seen.lock().unwrap().push(head);
        let body = json!({"token": signer.token(&repository), "expires_in": 300}).to_string();
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes())
    });
    (address, asked)
}

fn image() -> Image {
    Image::of(vec![noise(20_000), noise(3000)])
}

#[test]
fn a_token_is_fetched_once_for_a_pull() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("one");
    let mut upstream = Upstream::start(&data, "");
    let image = image();
    image.push(&upstream, "app", "1");
    image.push(&upstream, "other", "1");
    upstream.stop();
    let bundle = folder.path().join("bundle.pem");
    let (service, asked) = service(Signer::new(&bundle));
    upstream.demand(&format!(
        "auth: {{token: {{realm: 'http://{service}/token', service: mirrored, issuer: issuer, rootcertbundle: '{}'}}}}\n",
        bundle.display()
    ));
    upstream.go_on();
    let site = Site::create().unwrap();
    site.add_file("pass", "sesame\n").unwrap();
    let account =
        format!("proxy_auth_challenge on user=ci password_file=$DIR/pass realm={service};");
    let changes = [
        (
            "proxy_auth_challenge on realm=127.0.0.1:5002;",
            account.as_str(),
        ),
        ("worker_processes 4", "worker_processes 1"),
    ];
    let mirror = mirror_at(site, upstream.address(), &changes);
    pull_well(mirror.address(), "app:1", &folder.path().join("a"));
    let heads = asked.lock().unwrap().clone();
    assert_eq!(heads.len(), 1, "{heads:?}");
    let wanted = "GET /token?service=mirrored&scope=repository%3Aapp%3Apull HTTP/1.1";
    assert!(heads[0].starts_with(wanted), "{}", heads[0]);
    assert!(heads[0].contains("Basic Y2k6c2VzYW1l"), "{}", heads[0]);
    // Another repository has a token of its own, and of its layers the mirror has all.
    pull_well(mirror.address(), "other:1", &folder.path().join("b"));
    assert_eq!(asked.lock().unwrap().len(), 2);
    let counts = mirror.status("http/proxy_auths/registry");
    assert_eq!(
        (&counts["tokens"], &counts["errors"]),
        (&json!(2), &json!(0)),
        "{counts}"
    );
    let blobs = expect(
        &mirror,
        "blobs",
        "/requests/total",
        2 * image.blobs.len() as u64,
    );
    check_sums(&blobs);
    assert_eq!(blobs["requests"]["miss"], image.blobs.len());
    mirror.server.stop().unwrap();
}

#[test]
fn a_password_is_sent_and_a_service_that_nobody_named_is_not_asked() {
    if !have_both() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut upstream = Upstream::start(&folder.path().join("one"), "");
    image().push(&upstream, "app", "1");
    upstream.stop();
    let users = folder.path().join("users");
    fs::write(&users, format!("ci:{BCRYPT_OF_SESAME}\n")).unwrap();
    upstream.demand(&format!(
        "auth: {{htpasswd: {{realm: r, path: '{}'}}}}\n",
        users.display()
    ));
    upstream.go_on();
    let address = upstream.address();
    let started = |password: &str| {
        let site = Site::create().unwrap();
        site.add_file("pass", password).unwrap();
        let account = "proxy_auth_challenge on user=ci password_file=$DIR/pass;";
        let changes = [("proxy_auth_challenge on realm=127.0.0.1:5002;", account)];
        mirror_at(site, address, &changes)
    };
    let mirror = started("sesame\n");
    pull_well(mirror.address(), "app:1", &folder.path().join("a"));
    mirror.server.stop().unwrap();
    let mirror = started("wrong\n");
    assert!(
        !pull(mirror.address(), "app:1", &folder.path().join("b"))
            .status
            .success()
    );
    let log = mirror.site.read("error.log");
    assert!(
        log.contains("upstream does not take the credentials that it asked for"),
        "{log}"
    );
    mirror.server.stop().unwrap();

    // The registry is right, but its service is none that the mirror was told of.
    let bundle = folder.path().join("bundle.pem");
    let (service, asked) = service(Signer::new(&bundle));
    upstream.stop();
    upstream.demand(&format!(
        "auth: {{token: {{realm: 'http://{service}/token', service: mirrored, issuer: issuer, rootcertbundle: '{}'}}}}\n",
        bundle.display()
    ));
    upstream.go_on();
    let mirror = started("sesame\n");
    let target = "/v2/app/manifests/1";
    assert_eq!(super::get(mirror.address(), target).unwrap().status, 401);
    let log = mirror.site.read("error.log");
    assert!(
        log.contains("is not asked for a token, because it is neither"),
        "{log}"
    );
    assert_eq!(asked.lock().unwrap().len(), 0);
    mirror.server.stop().unwrap();
}

const BCRYPT_OF_SESAME: &str = "$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O";
