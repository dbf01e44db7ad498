//! Files that are removed, cut, swapped or cannot be written under a running server: whoever asks gets what is right, and the
//! log says what was wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::origin::{Origin, body};
use super::{get, parts};
use crate::harness::client::{self, Connection};
use crate::harness::{PATIENCE, Running, poll};

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
            Some("is lost (2: No such file"),
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
    assert!(log.contains("is not kept (20: Not a directory"), "{log}");
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

    /// With `rw` or `ro`.
    fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", &format!("remount,{how}")]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }

    /// How many bytes are free.
    fn free(&self) -> u64 {
        let mut df = Command::new("df");
        let df = df.args(["--output=avail", "-B1"]).arg(&self.0);
        let told = String::from_utf8(df.output().unwrap().stdout).unwrap();
        told.lines().last().unwrap().trim().parse().unwrap()
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
    assert!(log.contains("is not kept (no storage space"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn what_is_kept_on_a_disk_that_became_read_only_is_given_and_the_rest_passed_on() {
    let place = std::env::temp_dir().join(format!("pingauge-read-only-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let (running, origin) = start(&disk.0.display().to_string());
    let kept = format!("/kept?{FRESH}");
    let cache = |target: &str| {
        let got = get(&running, target).unwrap();
        got.header("x-cache").unwrap().to_owned()
    };
    assert_eq!(cache(&kept), "MISS");
    assert_eq!(cache("/old?header=X-Accel-Expires:%20@1"), "MISS");
    disk.remount("ro");
    assert_eq!(cache(&kept), "HIT");
    assert_eq!(cache(&format!("/old?length=20&{FRESH}")), "EXPIRED");
    for _ in 0..2 {
        let got = get(&running, &format!("/new?length=100000&{FRESH}")).unwrap();
        assert!(got.body == body("/new", 100_000));
        assert_eq!(got.header("x-cache"), Some("MISS"));
    }
    assert_eq!(origin.asked("/new").len(), 2);
    let log = running.site.read("error.log");
    assert!(
        log.contains("is not kept (30: Read-only file system"),
        "{log}"
    );
    disk.remount("rw");
    assert_eq!(cache(&format!("/new?{FRESH}")), "MISS");
    assert_eq!(cache(&format!("/new?{FRESH}")), "HIT");
    running.server.stop().unwrap();
}

#[test]
fn a_disk_that_fills_up_is_given_back_what_it_is_to_have_left() {
    const LEAST_FREE: u64 = 300 * 1024;
    let place = std::env::temp_dir().join(format!("pingauge-min-free-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let path = format!("{} min_free=300k manager_sleep=1ms", disk.0.display());
    let (running, _) = start(&path);
    for number in 0..150 {
        let target = format!("/{number}?length=10000&{FRESH}");
        let got = get(&running, &target).unwrap();
        assert!(got.body == body(&format!("/{number}"), 10_000));
    }
    let removed = || {
        let removed = running.status("http/caches/c/entries/removed_min_free");
        (removed.as_u64() > Some(0) && disk.free() >= LEAST_FREE).then_some(())
    };
    assert!(poll(PATIENCE, removed).is_some(), "{} free", disk.free());
    // And no more than that is taken away.
    let current = running.status("http/caches/c/entries/current");
    assert!(current.as_u64() > Some(10), "{current} left");
    running.server.stop().unwrap();
}

#[test]
fn entries_that_cannot_be_opened_for_a_moment_stay() {
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_lock on; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(1, "$DIR/cache", &config);
    parts.main_config.push_str("worker_rlimit_nofile 60;\n");
    let running = Running::start(&parts);
    let mut connections: Vec<_> = (0..5)
        .map(|number| {
            let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
            let got = connection.get(&format!("/{number}?{FRESH}")).unwrap();
            assert_eq!(got.header("x-cache"), Some("MISS"));
            connection
        })
        .collect();
    // They take all descriptors there are.
    let slow = format!("/slow?length=100000&pieces=100&pause=100&{FRESH}");
    let takers: Vec<_> = (0..40)
        .map(|_| {
            let mut taker = Connection::open(running.address(), PATIENCE).unwrap();
            taker.send(&client::head("GET", &slow, &[], None)).unwrap();
            taker
        })
        .collect();
    let log = || running.site.read("error.log");
    let is_out = || log().contains("Too many open files").then_some(());
    for _ in 0..5 {
        for (number, connection) in connections.iter_mut().enumerate() {
            // Whatever it is answered, or not.
            drop(connection.get(&format!("/{number}")));
        }
    }
    assert!(poll(PATIENCE, is_out).is_some(), "{}", log());
    drop(takers);
    let all = poll(PATIENCE * 2, || {
        let is_hit = |number| {
            let got = get(&running, &format!("/{number}")).ok()?;
            (got.header("x-cache") == Some("HIT")).then_some(())
        };
        (0..5).all(|number| is_hit(number).is_some()).then_some(())
    });
    assert!(all.is_some(), "{}", log());
    assert!(!log().contains("is lost"), "{}", log());
    let entries = running.status("http/caches/c/entries");
    assert_eq!(entries["removed_damaged"], 0, "{}", log());
    running.server.stop().unwrap();
}
