//! What issuers say of certificates, as openssl's clients see it; openssl says it, too.

use std::fs;
use std::process::{Command, Stdio};

use super::authority::{Authority, as_authority, for_host, parameters};
use super::clients::have;
use crate::harness::server::Server;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

/// Has openssl answer for the authority `ca` of a site about `name`.
fn answer(site: &Site, name: &str, index: &str) {
    site.add_file("index", index).unwrap();
    let path = |name: &str| site.directory.join(name);
    let output = Command::new("openssl")
        .args(["ocsp", "-ndays", "7", "-index"])
        .arg(path("index"))
        .args([
            "-rsigner".into(),
            path("ca.pem"),
            "-rkey".into(),
            path("ca.key"),
        ])
        .args([
            "-CA".into(),
            path("ca.pem"),
            "-issuer".into(),
            path("ca.pem"),
        ])
        .args(["-cert".into(), path(&format!("{name}.pem"))])
        .args(["-respout".into(), path(&format!("{name}.ocsp"))])
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
}

/// What a client is told that asks `host`, and wants to know.
fn told(site: &Site, host: &str, version: &str) -> String {
    let output = Command::new("timeout")
        .args([
            "20",
            "openssl",
            "s_client",
            "-status",
            version,
            "-servername",
            host,
        ])
        .arg("-connect")
        .arg(site.address(site.second_port).to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn site() -> Site {
    let site = Site::create().unwrap();
    let authority = Authority::own(as_authority(parameters("authority", 1)));
    let put = |name: &str, one: &Authority| {
        site.add_file(&format!("{name}.pem"), &one.pem).unwrap();
        site.add_file(&format!("{name}.key"), &one.key.serialize_pem())
            .unwrap();
    };
    put("ca", &authority);
    for (name, serial) in [("a.test", 17), ("b.test", 0x81), ("c.test", 19)] {
        put(name, &authority.issue(for_host(name, serial)));
    }
    site
}

/// The line of openssl's index for a certificate.
fn line(state: &str, serial: &str, name: &str) -> String {
    let since = if state == "R" { "250101000000Z" } else { "" };
    format!("{state}\t490101000000Z\t{since}\t{serial}\tunknown\t/CN={name}\n")
}

fn parts() -> Parts {
    let server = |name: &str, more: &str| {
        format!(
            "server {{ listen 127.0.0.1:$PORT2 ssl; server_name {name}; ssl_stapling on; {more} }}\n"
        )
    };
    let pair = |name: &str| {
        format!("ssl_certificate $DIR/{name}.pem; ssl_certificate_key $DIR/{name}.key;")
    };
    let file = |name: &str| format!("ssl_stapling_file $DIR/{name}.ocsp;");
    Parts {
        http_config: [
            server("c.test", &pair("c.test")),
            server("a.test", &(pair("a.test") + &file("a.test"))),
            // The handshake names the certificate.
            server("b.test", &(pair("$ssl_server_name") + &file("b.test"))),
            server(
                "off.test",
                &(pair("a.test") + "ssl_stapling_file $DIR/a.test.ocsp;"),
            ),
        ]
        .concat()
        .replace(
            "server_name off.test; ssl_stapling on;",
            "server_name off.test;",
        ),
        ..Parts::default()
    }
}

/// What is said of a configuration.
fn check(site: &Site, parts: &Parts) -> String {
    let file = site.write(parts).unwrap();
    let output = Server::check(&file, &site.directory).unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn clients_that_ask_are_told_what_the_issuer_says() {
    if !have("openssl") {
        return;
    }
    let site = site();
    answer(&site, "a.test", &line("V", "11", "a.test"));
    answer(&site, "b.test", &line("V", "81", "b.test"));
    let said = check(&site, &parts());
    assert!(said.contains("\"ssl_stapling\" ignored"), "{said}");
    assert!(said.contains("\"ssl_stapling_file\" ignored"), "{said}");
    let running = Running::start_at(site, &parts());
    for version in ["-tls1_2", "-tls1_3"] {
        for host in ["a.test", "b.test"] {
            let told = told(&running.site, host, version);
            let is_good = told.contains("OCSP Response Status: successful")
                && told.contains("Cert Status: good");
            assert!(is_good, "{host} {version}: {told}");
        }
        for host in ["c.test", "off.test"] {
            let told = told(&running.site, host, version);
            assert!(
                told.contains("OCSP response: no response sent"),
                "{host}: {told}"
            );
        }
    }
    // A reload takes up what the issuer says now.
    answer(&running.site, "a.test", &line("R", "11", "a.test"));
    running.server.signal("HUP");
    let revoked = || {
        let told = told(&running.site, "a.test", "-tls1_3");
        told.contains("Cert Status: revoked").then_some(())
    };
    assert!(poll(PATIENCE, revoked).is_some());
    let log = running.site.read("error.log");
    assert!(log.contains("says that a certificate is not good"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn an_answer_about_another_certificate_is_an_error() {
    if !have("openssl") {
        return;
    }
    let site = site();
    answer(&site, "c.test", &line("V", "13", "c.test"));
    let from = site.directory.join("c.test.ocsp");
    fs::copy(from, site.directory.join("a.test.ocsp")).unwrap();
    let parts = Parts {
        http_config: "server { listen 127.0.0.1:$PORT2 ssl; ssl_certificate $DIR/a.test.pem; ssl_certificate_key $DIR/a.test.key;\n\
                      ssl_stapling on; ssl_stapling_file $DIR/a.test.ocsp; }"
            .to_owned(),
        ..Parts::default()
    };
    let said = check(&site, &parts);
    assert!(
        said.contains("is about none of the server's certificates"),
        "{said}"
    );
}
