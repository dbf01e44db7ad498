//! Certificates of clients: which are believed, what requests tell of them, and that nobody is judged by
//! somebody else's rules. curl and openssl are the clients; openssl is the judge of how things are written.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, NameConstraints};

use super::authority::{
    Authority, DAY, as_authority, early, for_clients, for_host, late, parameters,
};
use super::clients::have;
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

/// Servers on the second port, by name; with what holds for all of them.
fn servers(http: &str, servers: &[(&str, &str)]) -> Parts {
    let server = |(name, text): &(&str, &str)| {
        format!(
            "server {{ listen 127.0.0.1:$PORT2 ssl; server_name {name};\n\
             ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem;\n\
             {text}\nlocation / {{ return 200 \"{name} passed $ssl_client_verify\"; }} }}\n"
        )
    };
    Parts {
        http_config: format!("{http}\n{}", servers.iter().map(server).collect::<String>()),
        ..Parts::default()
    }
}

/// What curl is answered with that asks `host`, with the certificate of a file.
fn ask(site: &Site, host: &str, certificate: Option<&str>, more: &[&str]) -> String {
    let port = site.second_port;
    let mut curl = Command::new("curl");
    curl.args(["-sSk", "--http1.1", "--max-time", "30", "--resolve"])
        .arg(format!("{host}:{port}:127.0.0.1"))
        .args(["-w", " %{http_code}"])
        .args(more)
        .arg(format!("https://{host}:{port}/"));
    if let Some(name) = certificate {
        let file = |end: &str| site.directory.join(format!("{name}.{end}"));
        curl.arg("--cert").arg(file("pem"));
        curl.arg("--key").arg(file("key"));
    }
    let output = curl.output().unwrap();
    assert!(
        output.status.success(),
        "{host} {certificate:?}: {output:?}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Puts the certificate at `NAME.pem`, with those of its issuers behind it, and its key at `NAME.key`.
fn put(site: &Site, name: &str, own: &Authority, others: &[&Authority]) {
    let others: String = others.iter().map(|one| one.pem.as_str()).collect();
    let chain = own.pem.clone() + &others;
    site.add_file(&format!("{name}.pem"), &chain).unwrap();
    site.add_file(&format!("{name}.key"), &own.key.serialize_pem())
        .unwrap();
}

fn named(serial: u64, change: impl Fn(&mut CertificateParams)) -> CertificateParams {
    let mut made = parameters("alice", serial);
    change(&mut made);
    made
}

/// Certificates of clients, and why each is not believed; nothing for those that are.
const CASES: &[(&str, &str)] = &[
    ("good", ""),
    ("for-clients", ""),
    ("chain", ""),
    ("pinned", ""),
    ("expired", "certificate has expired"),
    ("early", "certificate is not yet valid"),
    ("stranger", "unable to get local issuer certificate"),
    ("self-signed", "self-signed certificate"),
    ("expired-self-signed", "certificate has expired"),
    ("for-servers", "unsuitable certificate purpose"),
    ("for-servers-pinned", "unsuitable certificate purpose"),
    ("without-issuer", "unable to get local issuer certificate"),
    ("too-long", "certificate chain too long"),
    ("by-no-authority", "invalid CA certificate"),
    ("out-of-bounds", "permitted subtree violation"),
    ("forged", "certificate signature failure"),
];

/// Puts the files of all cases, and `ca.pem` of those who are trusted.
fn put_all(site: &Site) {
    let root = Authority::own(as_authority(parameters("Root", 1)));
    let between = root.issue(as_authority(parameters("Between", 2)));
    let second = between.issue(as_authority(parameters("Second", 3)));
    let mut narrow = as_authority(parameters("Narrow", 4));
    narrow.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("inside.test".into())],
        excluded_subtrees: Vec::new(),
    });
    let narrow = root.issue(narrow);
    let stranger = Authority::own(as_authority(parameters("Stranger", 5)));
    // The same name and another key.
    let forger = Authority::own(as_authority(parameters("Root", 1)));
    let leaf = root.issue(named(10, nothing));
    let issued: [(&str, Authority, &[&Authority]); 15] = [
        ("for-clients", root.issue(named(13, for_clients)), &[]),
        ("chain", between.issue(named(14, nothing)), &[&between]),
        ("expired", root.issue(named(15, late)), &[]),
        ("early", root.issue(named(16, early)), &[]),
        ("stranger", stranger.issue(named(17, nothing)), &[&stranger]),
        ("self-signed", Authority::own(named(18, nothing)), &[]),
        ("expired-self-signed", Authority::own(named(19, late)), &[]),
        ("for-servers", root.issue(named(20, for_servers)), &[]),
        ("without-issuer", between.issue(named(21, nothing)), &[]),
        (
            "too-long",
            second.issue(named(22, nothing)),
            &[&second, &between],
        ),
        (
            "by-no-authority",
            leaf.issue(parameters("bob", 23)),
            &[&leaf],
        ),
        (
            "out-of-bounds",
            narrow.issue(for_host("outside.test", 24)),
            &[&narrow],
        ),
        ("forged", forger.issue(named(25, nothing)), &[]),
        ("revoked", root.issue(named(26, nothing)), &[]),
        ("good-too", root.issue(named(27, nothing)), &[]),
    ];
    for (name, own, others) in &issued {
        put(site, name, own, others);
    }
    put(site, "good", &leaf, &[]);
    put_trusted(site, &root);
    site.add_file("stranger-ca.pem", &stranger.pem).unwrap();
}

/// Those of `root`, and two certificates that are trusted themselves.
fn put_trusted(site: &Site, root: &Authority) {
    let pinned = Authority::own(as_authority(parameters("pinned", 11)));
    let mut for_one = parameters("pinned too", 12);
    for_servers(&mut for_one);
    let pinned_for_servers = Authority::own(for_one);
    put(site, "pinned", &pinned, &[]);
    put(site, "for-servers-pinned", &pinned_for_servers, &[]);
    let trusted = root.pem.clone() + &pinned.pem + &pinned_for_servers.pem;
    site.add_file("ca.pem", &trusted).unwrap();
    let list = root.list(&[26], SystemTime::now() + DAY);
    site.add_file("list.crl", &list).unwrap();
    let old = root.list(&[26], SystemTime::now() - DAY);
    site.add_file("old.crl", &old).unwrap();
}

fn for_servers(one: &mut CertificateParams) {
    one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
}

fn nothing(_: &mut CertificateParams) {}

const TRUSTED: &str = "ssl_client_certificate $DIR/ca.pem;";

/// A certificate is shown to all servers, and refused for that reason where there is one.
fn judge(site: &Site, round: usize, name: &str, why: &str) {
    let refused = "<html>\r\n<head><title>400 The SSL certificate error</title>";
    // Both versions of TLS in turn.
    let versions: [&[&str]; 2] = [&["--tls-max", "1.2"], &[]];
    for (place, host) in ["on.test", "optional.test"].into_iter().enumerate() {
        let said = ask(site, host, Some(name), versions[(round + place) % 2]);
        match why.is_empty() {
            true => assert_eq!(said, format!("{host} passed SUCCESS 200"), "{name}"),
            false => {
                assert!(said.starts_with(refused), "{name}: {said}");
                assert!(said.ends_with(" 400"), "{name}: {said}");
            }
        }
    }
    if !why.is_empty() {
        let said = ask(site, "told.test", Some(name), &[]);
        assert_eq!(said, format!("told.test passed FAILED:{why} 200"), "{name}");
    }
    let said = ask(site, "any.test", Some(name), &[]);
    match why {
        "" => assert_eq!(said, "any.test passed SUCCESS 200", "{name}"),
        "unable to get local issuer certificate" | "self-signed certificate" => {
            assert_eq!(said, format!("any.test passed FAILED:{why} 200"));
        }
        _ => assert!(said.starts_with(refused), "{name}: {said}"),
    }
    assert_eq!(
        ask(site, "off.test", Some(name), &[]),
        "off.test passed NONE 200"
    );
}

#[test]
fn certificates_are_judged_as_each_server_says() {
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    put_all(&site);
    let parts = servers(
        TRUSTED,
        &[
            ("on.test", "ssl_verify_client on;"),
            ("optional.test", "ssl_verify_client optional;"),
            ("any.test", "ssl_verify_client optional_no_ca;"),
            ("off.test", ""),
            (
                "told.test",
                "ssl_verify_client optional; error_page 495 =200 /;",
            ),
        ],
    );
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    for (round, (name, why)) in CASES.iter().enumerate() {
        judge(site, round, name, why);
    }
    let log = site.read("error.log");
    let line = "client SSL certificate verify error: (10:certificate has expired), client: 127.0.0.1, \
                server: on.test, request: \"GET / HTTP/1.1\"";
    assert!(log.contains(line), "{log}");
    let missing = ask(site, "on.test", None, &[]);
    assert!(
        missing.contains("400 No required SSL certificate was sent"),
        "{missing}"
    );
    assert!(missing.ends_with(" 400"), "{missing}");
    for host in ["optional.test", "any.test", "off.test"] {
        assert_eq!(
            ask(site, host, None, &[]),
            format!("{host} passed NONE 200")
        );
    }
    running.server.stop().unwrap();
}

/// A server, a certificate, and what is thought of it.
const LISTS: &[(&str, &str, &str)] = &[
    ("list.test", "good", "SUCCESS"),
    ("list.test", "revoked", "FAILED:certificate revoked"),
    ("list.test", "chain", "FAILED:unable to get certificate CRL"),
    ("old.test", "good", "FAILED:CRL has expired"),
    ("deep.test", "too-long", "SUCCESS"),
    ("flat.test", "chain", "FAILED:certificate chain too long"),
    ("flat.test", "good", "SUCCESS"),
    ("quiet.test", "good", "SUCCESS"),
    (
        "quiet.test",
        "stranger",
        "FAILED:unable to get local issuer certificate",
    ),
    ("both.test", "good", "SUCCESS"),
    ("both.test", "stranger", "SUCCESS"),
];

#[test]
fn lists_depths_and_quiet_trust_hold() {
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    put_all(&site);
    let optional = "ssl_verify_client optional;\nerror_page 495 =200 /;";
    let with = |more: &str| format!("{optional}\n{more}");
    let parts = servers(
        "",
        &[
            (
                "list.test",
                &with("ssl_client_certificate $DIR/ca.pem; ssl_crl $DIR/list.crl;"),
            ),
            (
                "old.test",
                &with("ssl_client_certificate $DIR/ca.pem; ssl_crl $DIR/old.crl;"),
            ),
            (
                "deep.test",
                &with("ssl_client_certificate $DIR/ca.pem; ssl_verify_depth 2;"),
            ),
            (
                "flat.test",
                &with("ssl_client_certificate $DIR/ca.pem; ssl_verify_depth 0;"),
            ),
            ("quiet.test", &with("ssl_trusted_certificate $DIR/ca.pem;")),
            (
                "both.test",
                &with(
                    "ssl_client_certificate $DIR/stranger-ca.pem; ssl_trusted_certificate $DIR/ca.pem;",
                ),
            ),
        ],
    );
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    for (host, name, verdict) in LISTS {
        let said = ask(site, host, Some(name), &[]);
        assert_eq!(said, format!("{host} passed {verdict} 200"), "{name}");
    }
    expect_announced(site);
    running.server.stop().unwrap();
}

/// Clients are told of the announced ones alone.
fn expect_announced(site: &Site) {
    for (host, expected, unexpected) in [
        ("both.test", "CN = Stranger", "CN = Root"),
        ("list.test", "CN = Root", "CN = Stranger"),
        (
            "quiet.test",
            "No client certificate CA names sent",
            "CN = Root",
        ),
    ] {
        let told = s_client(site, host, &[]);
        let told = told.split("Acceptable client").last().unwrap_or_default();
        let told = told.split("Requested Signature").next().unwrap_or_default();
        let holds = told.contains(expected) || expected.starts_with("No client");
        assert!(holds && !told.contains(unexpected), "{host}: {told}");
    }
}

/// What `openssl s_client` prints of a handshake with `host` and an answer.
fn s_client(site: &Site, host: &str, more: &[&str]) -> String {
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut client = Command::new("timeout")
        .args(["20", "openssl", "s_client", "-ign_eof", "-servername", host])
        .arg("-connect")
        .arg(site.address(site.second_port).to_string())
        .args(more.iter().map(|one| site.substitute(one)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = client.stdin.as_mut().unwrap().write_all(request.as_bytes());
    let output = client.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A client must not get to one server with what another one has thought of it.
#[test]
fn nobody_is_judged_by_another_servers_rules() {
    if !have("curl") || !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    put_all(&site);
    let parts = servers(
        "",
        &[
            ("open.test", ""),
            (
                "ours.test",
                "ssl_verify_client on; ssl_client_certificate $DIR/ca.pem;",
            ),
            (
                "theirs.test",
                "ssl_verify_client on; ssl_client_certificate $DIR/stranger-ca.pem;",
            ),
            (
                "bare.test",
                "ssl_verify_client on; ssl_client_certificate $DIR/ca.pem;",
            ),
        ],
    );
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    for (asked, host, name, expected) in [
        (
            "ours.test",
            "ours.test",
            Some("good"),
            "ours.test passed SUCCESS 200",
        ),
        (
            "theirs.test",
            "theirs.test",
            Some("stranger"),
            "theirs.test passed SUCCESS 200",
        ),
        (
            "ours.test",
            "open.test",
            Some("good"),
            "open.test passed SUCCESS 200",
        ),
        ("ours.test", "theirs.test", Some("good"), "421"),
        ("open.test", "ours.test", Some("good"), "421"),
        ("open.test", "ours.test", None, "421"),
        ("unknown.test", "ours.test", None, "421"),
        ("bare.test", "ours.test", Some("good"), "421"),
        // Without a name the default server was asked, who wants nothing to know.
        ("127.0.0.1", "ours.test", Some("good"), "421"),
        ("127.0.0.1", "open.test", None, "open.test passed NONE 200"),
    ] {
        let field = format!("Host: {host}");
        let said = ask(site, asked, name, &["-H", &field]);
        assert!(said.ends_with(expected), "{asked} {host} {name:?}: {said}");
    }
    expect_own_sessions(site);
    running.server.stop().unwrap();
}

/// An earlier session does not let a client in that would not be otherwise.
fn expect_own_sessions(site: &Site) {
    for version in ["-tls1_2", "-tls1_3"] {
        let own = ["-cert", "$DIR/good.pem", "-key", "$DIR/good.key", version];
        let first = [&own[..], &["-sess_out", "$DIR/session"]].concat();
        let first = s_client(site, "ours.test", &first);
        assert!(first.contains("ours.test passed SUCCESS"), "{first}");
        let again = [version, "-sess_in", "$DIR/session"];
        let same = s_client(site, "ours.test", &again);
        assert!(same.contains("ours.test passed SUCCESS"), "{same}");
        assert!(same.contains("Reused, "), "{same}");
        let other = s_client(site, "theirs.test", &again);
        assert!(other.contains(" 400 "), "{other}");
    }
}

/// What openssl says of a certificate.
fn openssl(site: &Site, file: &str, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-in"])
        .arg(site.directory.join(file))
        .args(arguments.split(' '))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let text = text.split_once('=').map_or("", |(_, value)| value);
    text.trim_end_matches('\n').to_owned()
}

/// What can be told of a certificate.
const TOLD: [&str; 12] = [
    "s_dn",
    "i_dn",
    "s_dn_legacy",
    "i_dn_legacy",
    "serial",
    "fingerprint",
    "v_start",
    "v_end",
    "v_remain",
    "raw_cert",
    "cert",
    "escaped_cert",
];

/// A certificate whose names are as odd as can be.
fn put_odd(site: &Site) {
    let mut issuer = as_authority(parameters("Root, \"the\" <first> #1", 1));
    issuer
        .distinguished_name
        .push(DnType::OrganizationName, "Zwölf; Böxkämpfer+Söhne");
    let issuer = Authority::own(issuer);
    let mut own = parameters(" leading and trailing ", 0x00ff_0102_0304);
    for (kind, value) in [
        (DnType::CountryName, "DE"),
        (DnType::OrganizationalUnitName, "#sharp\\back\u{1}control"),
        (
            DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]),
            "a@b.test",
        ),
        (
            DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99_999, 1]),
            "of no name",
        ),
    ] {
        own.distinguished_name.push(kind, value);
    }
    own.not_after = (SystemTime::now() + 3 * DAY / 2).into();
    let own = issuer.issue(own);
    put(site, "odd", &own, &[]);
    site.add_file("ca.pem", &issuer.pem).unwrap();
}

/// A certificate itself, as it is, with tabs, and escaped.
fn expect_pem(pem: &str, told: &[&str; 3]) {
    let unix = pem.replace("\r\n", "\n");
    assert_eq!(told[0], unix);
    assert_eq!(told[1], unix.trim_end().replace('\n', "\n\t"));
    let escaped = unix
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
        .replace(' ', "%20")
        .replace('\n', "%0A");
    assert_eq!(told[2], escaped);
}

#[test]
fn what_is_told_of_a_certificate_is_what_openssl_says() {
    if !have("curl") || !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    put_odd(&site);
    let lines: String = TOLD
        .iter()
        .map(|one| format!("[$ssl_client_{one}]\\n"))
        .collect();
    let parts = servers(
        TRUSTED,
        &[(
            "a.test",
            &format!(
                "ssl_verify_client on;\nlocation = /told {{ return 200 \"{lines}\"; }}\nrewrite ^/$ /told;"
            ),
        )],
    );
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    let said = ask(site, "a.test", Some("odd"), &[]);
    let parts: Vec<&str> = said.split("]\n").collect();
    let got = |name: &str| {
        let place = TOLD.iter().position(|one| *one == name).unwrap();
        parts[place].trim_start_matches('[')
    };
    let file = "odd.pem";
    assert_eq!(
        got("s_dn"),
        openssl(site, file, "-subject -nameopt RFC2253")
    );
    assert_eq!(got("i_dn"), openssl(site, file, "-issuer -nameopt RFC2253"));
    assert_eq!(
        got("s_dn_legacy"),
        openssl(site, file, "-subject -nameopt compat")
    );
    assert_eq!(
        got("i_dn_legacy"),
        openssl(site, file, "-issuer -nameopt compat")
    );
    assert_eq!(got("serial"), openssl(site, file, "-serial"));
    let sum = openssl(site, file, "-fingerprint -sha1");
    assert_eq!(
        got("fingerprint"),
        sum.replace(':', "").to_ascii_lowercase()
    );
    assert_eq!(got("v_start"), openssl(site, file, "-startdate"));
    assert_eq!(got("v_end"), openssl(site, file, "-enddate"));
    assert_eq!(got("v_remain"), "1");
    expect_pem(
        &site.read(file),
        &[got("raw_cert"), got("cert"), got("escaped_cert")],
    );
    running.server.stop().unwrap();
}
