//! Files that are removed, cut, swapped or cannot be written under a running server: whoever asks gets what is right, and the
//! log says what was wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::origin::{Origin, body};
use super::{get, parts};
use crate::harness::Running;

const FRESH: &str = "header=Cache-Control:%20max-age=600";

fn start(path: &str) -> (Running, Origin) {
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    (Running::start(&parts(1, path, &config)), origin)
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

/// Fills the cache with two answers; their files.
fn fill(running: &Running, length: usize) -> Vec<PathBuf> {
    for name in ["a", "b"] {
        let target = format!("/{name}?length={length}&{FRESH}");
        assert_eq!(
            get(running, &target).unwrap().header("x-cache"),
            Some("MISS")
        );
        assert_eq!(
            get(running, &target).unwrap().header("x-cache"),
            Some("HIT")
        );
    }
    let files = files(&running.site.directory.join("cache"));
    assert_eq!(files.len(), 2);
    files
}

/// Both answers are right, and kept again.
fn expect_right(running: &Running, length: usize) {
    for name in ["a", "b"] {
        let target = format!("/{name}?length={length}&{FRESH}");
        for _ in 0..2 {
            let got = get(running, &target).unwrap();
            assert!(
                got.body == body(&format!("/{name}"), length),
                "{target}: {} bytes",
                got.body.len()
            );
        }
        assert_eq!(
            get(running, &target).unwrap().header("x-cache"),
            Some("HIT")
        );
    }
}

#[test]
fn files_that_were_damaged_are_fetched_again() {
    type Damage = fn(&[PathBuf]);
    let damages: [(&str, Damage, Option<&str>); 5] = [
        (
            "removed",
            |files| files.iter().for_each(|file| fs::remove_file(file).unwrap()),
            Some("is lost (No such file"),
        ),
        (
            "cut",
            |files| {
                for file in files {
                    let length = fs::metadata(file).unwrap().len();
                    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
                    file.set_len(length - 1).unwrap();
                }
            },
            Some("is lost (it is not whole)"),
        ),
        (
            "empty",
            |files| files.iter().for_each(|file| drop(fs::write(file, b""))),
            Some("is lost (it is not whole)"),
        ),
        (
            "swapped",
            |files| {
                let both = [fs::read(&files[0]).unwrap(), fs::read(&files[1]).unwrap()];
                fs::write(&files[0], &both[1]).unwrap();
                fs::write(&files[1], &both[0]).unwrap();
            },
            None,
        ),
        (
            "links",
            |files| {
                for file in files {
                    fs::remove_file(file).unwrap();
                    std::os::unix::fs::symlink("/etc/passwd", file).unwrap();
                }
            },
            Some("is lost ("),
        ),
    ];
    for length in [100, 100_000] {
        for (name, damage, told) in damages {
            let (running, _) = start("$DIR/cache");
            damage(&fill(&running, length));
            expect_right(&running, length);
            let log = running.site.read("error.log");
            if let Some(told) = told {
                assert!(log.contains(told), "{name}: {log}");
            }
            running.server.stop().unwrap();
        }
    }
}

#[test]
fn where_nothing_can_be_written_answers_are_passed_on() {
    let (running, origin) = start("$DIR/cache");
    // Files stand where folders should be.
    for digit in "0123456789abcdef".chars() {
        let folder = running.site.directory.join("cache").join(digit.to_string());
        fs::write(folder, b"").unwrap();
    }
    for _ in 0..3 {
        let got = get(&running, &format!("/a?length=100000&{FRESH}")).unwrap();
        assert!(got.body == body("/a", 100_000));
        assert_eq!(got.header("x-cache"), Some("MISS"));
    }
    assert_eq!(origin.asked("/a").len(), 3);
    let log = running.site.read("error.log");
    assert!(log.contains("is not kept (Not a directory"), "{log}");
    running.server.stop().unwrap();
}

/// A small file system, gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where it is not allowed to make one.
    fn make(path: PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).unwrap();
        let mut mount = Command::new("mount");
        let mount = mount
            .args(["-t", "tmpfs", "-o", "size=1m", "none"])
            .arg(&path);
        let is_made = mount.output().is_ok_and(|output| output.status.success());
        is_made.then(|| Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
    }
}

#[test]
fn on_a_full_disk_answers_are_passed_on() {
    let place = std::env::temp_dir().join(format!("pingauge-small-disk-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let (running, origin) = start(&disk.0.display().to_string());
    for framing in ["", "&chunked"] {
        for _ in 0..2 {
            let got = get(
                &running,
                &format!("/a?length=3000000&pieces=30&pause=1&{FRESH}{framing}"),
            )
            .unwrap();
            assert!(
                got.body == body("/a", 3_000_000),
                "{framing}: {} bytes",
                got.body.len()
            );
        }
    }
    assert_eq!(origin.asked("/a").len(), 4);
    assert!(files(&disk.0).is_empty());
    // What has room is kept as before.
    assert!(get(&running, &format!("/b?{FRESH}")).is_ok());
    assert_eq!(
        get(&running, &format!("/b?{FRESH}"))
            .unwrap()
            .header("x-cache"),
        Some("HIT")
    );
    let log = running.site.read("error.log");
    assert!(
        log.contains("is not kept (No space left on device"),
        "{log}"
    );
    running.server.stop().unwrap();
}
