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
    let text = "events {}\nhttp {\n    access_log off;\n    limit_req_zone $http_x zone=one:10m rate=1r/s;\n    server {\n        \
                listen 8080;\n        location / { limit_req zone=one; return 200 $ssl_session_id; }\n    }\n}\n";
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
        "[warn] \"limit_req_zone\" directive is known in nginx, not supported here: left out in",
        "also: 1 line of limits of requests and connections: limit_req",
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
