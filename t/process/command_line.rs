//! The command line: checking, dumping, versions, extra directives, early log.

use std::process::{Command, Output};

use crate::harness::site::{Parts, Site, binary};

fn run(site: &Site, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .arg("-c")
        .arg("test.conf")
        .arg("-p")
        .arg(&site.directory)
        .args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn site_with(http_config: &str) -> Site {
    let site = Site::create().unwrap();
    let parts = Parts {
        http_config: http_config.into(),
        ..Parts::default()
    };
    site.write(&parts).unwrap();
    site
}

#[test]
fn t_tells_the_verdict() {
    let site = site_with("metric_zone z:64k count;\n");
    let good = run(&site, &["-t"]);
    assert!(good.status.success(), "{}", text(&good.stderr));
    let said = text(&good.stderr);
    let name = site.directory.join("test.conf").display().to_string();
    assert!(
        said.contains("syntax is ok") && said.contains(&name),
        "{said}"
    );
    assert!(said.contains("test is successful"), "{said}");
    assert!(said.contains("metric zone \"z\": room for "), "{said}");
    let quiet = run(&site, &["-t", "-q"]);
    assert!(quiet.status.success());
    assert_eq!(text(&quiet.stderr), "");

    let site = site_with("metric_zone z:64k nonsense;\n");
    let bad = run(&site, &["-t"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        text(&bad.stderr).contains("test failed"),
        "{}",
        text(&bad.stderr)
    );
    assert!(text(&bad.stderr).contains("[emerg]"));
}

#[test]
fn capital_t_dumps_every_file() {
    let site = site_with("metric_zone z:64k count;\n");
    let dump = run(&site, &["-T"]);
    assert!(dump.status.success(), "{}", text(&dump.stderr));
    let said = text(&dump.stdout);
    for file in ["test.conf", "http_config"] {
        let path = site.directory.join(file).display().to_string();
        assert!(
            said.contains(&format!("# configuration file {path}:")),
            "{said}"
        );
    }
    assert!(said.contains("metric_zone z:64k count;"), "{said}");
}

#[test]
fn versions_and_usage() {
    let site = site_with("");
    for option in ["-v", "-V", "-h"] {
        let output = run(&site, &[option]);
        assert!(output.status.success(), "{option}");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("pingauge"), "{option}: {said}");
    }
    assert!(!run(&site, &["--no-such-option"]).status.success());
}

#[test]
fn extra_directives_come_from_g() {
    let site = site_with("");
    let good = run(&site, &["-t", "-g", "worker_rlimit_nofile 512;"]);
    assert!(good.status.success(), "{}", text(&good.stderr));
    let bad = run(&site, &["-t", "-g", "nonsense 1;"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        text(&bad.stderr).contains("command line"),
        "{}",
        text(&bad.stderr)
    );
}

#[test]
fn a_missing_file_is_named() {
    let site = Site::create().unwrap();
    let output = run(&site, &["-t"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("test.conf"),
        "{}",
        text(&output.stderr)
    );
}
