//! What documents tell readers to type does what they say: `t/documents.py` runs their shell blocks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::site::binary;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The documents of a folder.
fn documents(folder: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let files = files.map(|file| Path::new(folder).join(file.unwrap().file_name()));
    let mut found: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .collect();
    found.sort();
    found
}

/// Whether commands can be given a world of their own here.
fn can_be_apart() -> bool {
    let mut unshare = Command::new("unshare");
    let output = unshare
        .args([
            "--map-current-user",
            "--keep-caps",
            "--net",
            "--mount",
            "true",
        ])
        .output();
    let found = output.is_ok_and(|output| output.status.success());
    let required = std::env::var("PINGAUGE_CLIENTS").is_ok_and(|value| value == "required");
    assert!(
        found || !required,
        "unshare cannot make a network of its own here"
    );
    if !found {
        eprintln!("skipped: unshare cannot make a network of its own here");
    }
    found
}

#[test]
fn every_shell_block_of_every_document_does_what_it_says() {
    if !can_be_apart() {
        return;
    }
    let folders = [".", "conf", ".github", "src", "t"];
    let all: Vec<PathBuf> = folders.into_iter().flat_map(documents).collect();
    assert!(all.len() > 10, "{all:?}");
    let mut command = Command::new("python3");
    let command = command
        .arg(Path::new(ROOT).join("t/documents.py"))
        .arg("--pingauge")
        .arg(binary());
    let names = all
        .iter()
        .map(|file| file.strip_prefix(".").unwrap_or(file));
    let output = command.args(names).output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_first_example_is_the_file_that_is_started() {
    let read = |name: &str| std::fs::read_to_string(Path::new(ROOT).join(name)).unwrap();
    let (readme, file) = (read("README.md"), read("conf/orders.conf"));
    let (_comment, file) = file.split_once("\n\n").unwrap();
    assert!(
        readme.contains(&format!("```nginx\n{file}```\n")),
        "the README shows something else than conf/orders.conf"
    );
}
