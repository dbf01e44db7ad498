//! Certificates that each handshake names by variables: whose is shown, what changes, what is missing, and how many
//! are remembered.

use std::fs;
use std::process::{Command, Stdio};

use super::authority::{Authority, for_host};
use crate::harness::Running;
use crate::harness::site::{Parts, Site};

use super::clients::have;

/// What the certificate that is shown to a client that asks for `name` says, or what went wrong.
fn shown(site: &Site, name: &str) -> String {
    let mut client = Command::new("timeout");
    client.args(["20", "openssl", "s_client", "-connect"]);
    client.arg(site.address(site.second_port).to_string());
    match name {
        "" => client.arg("-noservername"),
        name => client.args(["-servername", name]),
    };
    let output = client.stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let subject = text.lines().find_map(|line| line.strip_prefix("subject="));
    subject.map_or(text.clone(), |subject| subject.trim().to_owned())
}

fn put(site: &Site, file: &str, host: &str) {
    let own = Authority::own(for_host(host, 1));
    site.add_file(&format!("by-name/{file}.pem"), &own.pem)
        .unwrap();
    site.add_file(&format!("by-name/{file}.key"), &own.key.serialize_pem())
        .unwrap();
}

/// Servers whose certificates have names, are in place, or are what should be in a file.
fn naming(site: &Site) -> Parts {
    let data = |end: &str| {
        site.read(&format!("by-name/one.{end}"))
            .replace("\r\n", "\n")
    };
    Parts {
        http_config: format!(
            "map $ssl_server_name $in_place {{ data.test \"{}\"; default \"\"; }}\n\
             map $ssl_server_name $in_place_key {{ data.test \"{}\"; default \"\"; }}\n\
             server {{ listen 127.0.0.1:$PORT2 ssl;\n\
             ssl_certificate by-name/$ssl_server_name.pem;\n\
             ssl_certificate_key $DIR/by-name/$ssl_server_name.key; }}\n\
             server {{ listen 127.0.0.1:$PORT2 ssl; server_name data.test;\n\
             ssl_certificate data:$in_place; ssl_certificate_key data:$in_place_key; }}\n\
             map $ssl_server_name $said {{ said.test \"data:{0}\"; default \"\"; }}\n\
             map $ssl_server_name $said_key {{ said.test \"data:{1}\"; default \"{1}\"; }}\n\
             server {{ listen 127.0.0.1:$PORT2 ssl; server_name said.test;\n\
             ssl_certificate $said; ssl_certificate_key $said_key; }}\n\
             server {{ listen 127.0.0.1:$PORT2 ssl; server_name raw.test;\n\
             ssl_certificate by-name/one.pem; ssl_certificate_key $said_key; }}\n",
            data("pem"),
            data("key")
        ),
        ..Parts::default()
    }
}

#[test]
fn handshakes_name_their_certificates() {
    if !have("openssl") {
        return;
    }
    let site = Site::create().unwrap();
    for name in ["a.test", "b.test", "one", "two"] {
        put(&site, name, name);
    }
    fs::copy(
        site.directory.join("by-name/one.key"),
        site.directory.join("by-name/two.key"),
    )
    .unwrap();
    site.add_file("by-name/broken.pem", "garbage").unwrap();
    site.add_file("by-name/broken.key", "garbage").unwrap();
    let parts = naming(&site);
    let running = Running::start_at(site, &parts);
    let site = &running.site;
    for _ in 0..2 {
        assert_eq!(shown(site, "a.test"), "CN = a.test");
        assert_eq!(shown(site, "b.test"), "CN = b.test");
        assert_eq!(shown(site, "data.test"), "CN = one");
        assert_eq!(shown(site, "said.test"), "CN = one");
    }
    for (name, problem) in [
        ("c.test", "c.test.pem\" (2: No such file or directory)"),
        ("raw.test", "certificate key \"$said_key\" ("),
        ("two", "does not belong to the certificate"),
        ("broken", "broken.pem\": there is no certificate in it"),
        ("", "by-name/.pem\" (2: No such file or directory)"),
    ] {
        let said = shown(site, name);
        assert!(said.contains("alert number 80"), "{name}: {said}");
        let log = site.read("error.log");
        let told = |line: &&str| line.contains(problem) && line.contains("client: 127.0.0.1");
        let line = log.lines().find(told);
        assert!(
            line.is_some_and(|line| line.contains("[error]")),
            "{name}: {log}"
        );
    }
    let log = site.read("error.log");
    assert!(!log.contains("PRIVATE") && !log.contains("MIG"), "{log}");
    // A file that has changed, and one that has gone, are noticed without a reload.
    put(site, "a.test", "renewed.test");
    assert_eq!(shown(site, "a.test"), "CN = renewed.test");
    fs::remove_file(site.directory.join("by-name/a.test.pem")).unwrap();
    assert!(shown(site, "a.test").contains("alert number 80"));
    running.server.stop().unwrap();
}

/// More names than are remembered, twice.
#[test]
fn names_without_number_all_find_theirs() {
    const NAMES: usize = 300;
    if !have("curl") {
        return;
    }
    let site = Site::create().unwrap();
    put(&site, "own", "own.test");
    for number in 0..NAMES {
        for end in ["pem", "key"] {
            let from = site.directory.join(format!("by-name/own.{end}"));
            let to = site.directory.join(format!("by-name/n{number}.{end}"));
            fs::hard_link(from, to).unwrap();
        }
    }
    let parts = Parts {
        http_config: "server { listen 127.0.0.1:$PORT2 ssl;\n\
                      ssl_certificate $DIR/by-name/$ssl_server_name.pem;\n\
                      ssl_certificate_key $DIR/by-name/$ssl_server_name.key;\n\
                      location / { return 200 \"[$ssl_server_name]\"; } }\n"
            .into(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let port = running.site.second_port;
    for _ in 0..2 {
        let output = Command::new("curl")
            .args(["-sSk", "--http1.1", "--connect-to"])
            .arg(format!("::127.0.0.1:{port}"))
            .arg(format!("https://n[0-{}]/", NAMES - 1))
            .output()
            .unwrap();
        let expected: String = (0..NAMES).map(|number| format!("[n{number}]")).collect();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            expected,
            "{output:?}"
        );
    }
    running.server.stop().unwrap();
}
