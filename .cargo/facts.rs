//! The build script: which commit and which libraries the program is built from, for `pingauge -V`.
//!
//! Debug builds are not told the commit, so that a commit does not make everything be built again. A
//! tree without git, or within somebody else's repository, is built all the same.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=.cargo/facts.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-env-changed=PINGAUGE_COMMIT");
    println!("cargo:rustc-env=PINGAUGE_LIBRARIES={}", libraries());
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let given = env::var("PINGAUGE_COMMIT").ok();
    if let Some(commit) = given.or_else(|| is_release.then(commit)?) {
        println!("cargo:rustc-env=PINGAUGE_COMMIT={commit}");
    }
}

/// The libraries that matter for how the server behaves, with their versions.
fn libraries() -> String {
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let version = |name: &&str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split('"').next()?))
    };
    let all = ["pingora-core", "rustls", "ring", "h2", "tokio", "mimalloc"];
    all.iter()
        .filter_map(version)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The commit, and whether the files differ from it; asks to be run again when either changes.
fn commit() -> Option<String> {
    let own = fs::canonicalize(env::var_os("CARGO_MANIFEST_DIR")?).ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != own {
        return None;
    }
    for part in ["src", "conf", "Cargo.toml"] {
        println!("cargo:rerun-if-changed={part}");
    }
    for part in ["logs/HEAD", "index"] {
        let path = git(&["rev-parse", "--git-path", part])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&[
        "status",
        "--porcelain",
        "--",
        "src",
        "conf",
        "Cargo.toml",
        "Cargo.lock",
    ])?;
    let mark = if changes.is_empty() {
        ""
    } else {
        " and changes"
    };
    Some(format!("{commit}{mark}"))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
