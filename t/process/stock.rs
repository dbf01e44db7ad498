//! `pingauge check` on configurations as others deliver them: Debian's, that of nginx's container image, Angie's; and on
//! a site with much that is not here. `UPDATE=1` writes the reports anew; what they say is to be read.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::site::{Site, binary};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/stock");

/// Puts a folder of configurations into the site; what belongs to a system is that of the site there.
fn put(site: &Site, from: &Path, below: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            put(site, &path, &format!("{below}{name}/"));
        } else if name != "report" {
            let text = fs::read_to_string(&path).unwrap();
            let own = |from: &str, to: &str, text: String| text.replace(from, to);
            let mut text = own("/etc/nginx", "$DIR", text);
            for (from, to) in [
                ("/etc/angie", "$DIR"),
                ("/var/log/nginx", "$DIR/logs"),
                ("/var/log/angie", "$DIR/logs"),
            ] {
                text = own(from, to, text);
            }
            // Whether there is such a user is a matter of the system.
            for user in ["www-data", "nginx", "angie"] {
                text = text
                    .replace(&format!("user {user};"), "user root;")
                    .replace(&format!("user  {user};"), "user  root;");
            }
            let path = site.directory.join(format!("{below}{name}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(
                path,
                text.replace("$DIR", &site.directory.display().to_string()),
            )
            .unwrap();
        }
    }
}

/// The report about a folder's configuration, and whether it can be used as it is.
fn check(folder: &str, main: &str) -> (String, bool) {
    let site = Site::create().unwrap();
    put(&site, &Path::new(ROOT).join(folder), "");
    fs::copy(
        format!("{ROOT}/mime.types"),
        site.directory.join("mime.types"),
    )
    .unwrap();
    let mut command = Command::new(binary());
    let output = command
        .arg("check")
        .arg(site.directory.join(main))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_accounted(&said);
    (site.generalize(&said), output.status.success())
}

/// Every statement has its place: the sections together have as many as there are, and every line of the files is in one.
fn assert_accounted(report: &str) {
    let number = |text: &str| {
        text.split(' ')
            .next()
            .and_then(|word| word.parse::<usize>().ok())
    };
    let head = report.lines().next().unwrap();
    let all = head.rsplit(": ").next().and_then(number).unwrap();
    let titles = [
        "Not supported here: ",
        "To be corrected: ",
        "Of note: ",
        "Accepted, without effect here: ",
        "As written: ",
    ];
    let counts = report.lines().filter_map(|line| {
        titles
            .iter()
            .find_map(|title| number(line.strip_prefix(title)?))
    });
    assert_eq!(counts.sum::<usize>(), all, "{report}");
    let main = head.split(": ").next().unwrap();
    for (place, line) in fs::read_to_string(main).unwrap().lines().enumerate() {
        let name = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_end_matches(';');
        if name.starts_with(|c: char| c.is_ascii_lowercase()) && name != "include" {
            let as_line = format!("{main}:{}  ", place + 1);
            let (_, as_written) = report.split_once("As written").unwrap();
            let is_told = report.contains(&as_line) || as_written.contains(name);
            assert!(
                is_told || is_within(main, place),
                "{name} in line {}: {report}",
                place + 1
            );
        }
    }
}

/// Whether a line stands in a block that is told of as one.
fn is_within(file: &str, place: usize) -> bool {
    let text = fs::read_to_string(file).unwrap();
    let above: Vec<&str> = text.lines().take(place).collect();
    let opened = above.iter().rposition(|line| {
        ["geo ", "map ", "stream "]
            .iter()
            .any(|word| line.trim_start().starts_with(word))
    });
    opened.is_some_and(|opened| {
        let (mut depth, lines) = (0_i32, &above[opened..]);
        for line in lines {
            depth += i32::from(line.trim_end().ends_with('{')) - i32::from(line.trim() == "}");
        }
        depth > 0
    })
}

fn assert_report(folder: &str, main: &str, is_usable: bool) {
    let (said, usable) = check(folder, main);
    let path = format!("{ROOT}/{folder}/report");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(&path).unwrap_or_default());
    assert_eq!(usable, is_usable, "{said}");
}

#[test]
fn the_configuration_of_debian_can_be_used() {
    assert_report("debian", "nginx.conf", true);
}

#[test]
fn the_configuration_of_the_container_image_can_be_used() {
    assert_report("container", "nginx.conf", true);
}

#[test]
fn the_configuration_of_angie_can_be_used() {
    assert_report("angie", "angie.conf", true);
}

#[test]
fn what_a_site_needs_is_told_feature_by_feature() {
    assert_report("php", "nginx.conf", false);
}

/// What a check without the unsupported parts says: each is told, and the rest is right.
#[test]
fn a_lenient_check_leaves_out_what_is_not_supported() {
    let site = Site::create().unwrap();
    let text = "events {}\nhttp {\n    access_log off;\n    auth_jwt_key_file keys;\n    server {\n        \
                listen 8080;\n        location / { auth_jwt closed; return 200 $ssl_session_id; }\n    }\n}\n";
    site.add_file("test.conf", text).unwrap();
    let run = |options: &[&str]| {
        let mut command = Command::new(binary());
        let output = command
            .arg("-c")
            .arg(site.directory.join("test.conf"))
            .args(options)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, said) = run(&["-t"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = run(&["-t", "--lenient"]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "[warn] \"auth_jwt_key_file\" directive is known in NGINX Plus, not supported here: left out in",
        "also: 1 line of authentication by JWT, OpenID or SAML: auth_jwt",
        "[warn] \"$ssl_session_id\" variable is known in nginx, not supported here: left out in",
        "test is successful",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    fs::write(
        site.directory.join("test.conf"),
        text.replace("access_log off", "nonsense off"),
    )
    .unwrap();
    let (code, said) = run(&["-t", "--lenient"]);
    assert_eq!(code, Some(1), "{said}");
    let (code, said) = run(&["--lenient"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("goes with -t or -T"), "{said}");
}

/// The report about a text.
fn report_of(text: &str) -> String {
    let site = Site::create().unwrap();
    site.add_file("test.conf", text).unwrap();
    let mut command = Command::new(binary());
    let output = command
        .arg("check")
        .arg(site.directory.join("test.conf"))
        .output()
        .unwrap();
    site.generalize(&String::from_utf8_lossy(&output.stdout))
}

/// A quote that is not closed swallows the rest of the file, whatever block it is in: it is told once, at its own line.
#[test]
fn a_quote_that_is_not_closed_is_told_at_its_line() {
    for (text, line) in [
        (
            "events { }\nstream {\n    log_format a \"x y;\n    server { listen 1; }\n}\nhttp { server { nonsense; } }\n",
            3,
        ),
        (
            "events { }\nhttp { server { listen 127.0.0.1:1;\n types { }\n foo \"bar;\n } }\n",
            4,
        ),
        ("events { }\nhttp {\n geo $a {\n default 'x;\n } }\n", 4),
        ("events { }\nstream { server {\n listen 1; foo \"; } }\n", 3),
    ] {
        let said = report_of(text);
        assert_eq!(
            said.matches("this quote is not closed").count(),
            1,
            "{said}"
        );
        assert!(said.contains("To be corrected: 1 statement"), "{said}");
        let place = format!("test.conf:{line}  ");
        let (before, _) = said.split_once("this quote is not closed").unwrap();
        assert!(
            before.lines().rev().nth(1).unwrap().contains(&place),
            "{said}"
        );
    }
}

/// What is wrong within something that is not supported is told beside that.
#[test]
fn problems_within_what_is_not_supported_are_told() {
    let said = report_of("events { }\nstream {\n    server { listen 1 }\n}\nhttp { }\n");
    assert!(said.contains("test.conf:3  "), "{said}");
    assert!(said.contains("unexpected \"}\""), "{said}");
    assert!(said.contains("only HTTP is served here"), "{said}");
}

/// Values that are what is done anyway are no problem, others are.
#[test]
fn what_is_so_anyway_is_no_problem() {
    let site = |words: &str| {
        report_of(&format!(
            "events {{ }}\nhttp {{ server {{ listen 127.0.0.1:1; {words} }} }}\n"
        ))
    };
    let said = site("ssi off; slice 0; proxy_cookie_path off; proxy_store off; http3 off;");
    assert!(
        said.contains("Accepted, without effect here: 5 statements"),
        "{said}"
    );
    assert!(said.contains("It can be used as it is"), "{said}");
    let said = site("ssi on; slice 1m; proxy_cookie_path a b; proxy_store on; http3 on;");
    assert!(said.contains("Not supported here: 5 statements"), "{said}");
    // What nginx acts on when it is set is not a variable of the configuration's own.
    let said = site("location / { set $memcached_key 1; }");
    assert!(said.contains("memcached"), "{said}");
    let said = site(
        "location / { set $proxy_host a; set $ssl_client_verify b; set $proxy_port 1; set $upstream_http_x c; }",
    );
    assert!(said.contains("It can be used as it is"), "{said}");
}

/// However many problems there are, no statement that has one is counted as right.
#[test]
fn every_one_of_many_wrong_statements_is_told() {
    let site = Site::create().unwrap();
    let wrong: String = (0..3000)
        .map(|number| format!("    nonsense_{number} on;\n"))
        .collect();
    let text = format!("events {{}}\nhttp {{\n    access_log off;\n{wrong}}}\n");
    site.add_file("test.conf", &text).unwrap();
    let output = Command::new(binary())
        .arg("check")
        .arg(site.directory.join("test.conf"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    for part in [
        "To be corrected: 3000 statements",
        "unknown directive \"nonsense_2999\"",
        "As written: 3 statements",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
