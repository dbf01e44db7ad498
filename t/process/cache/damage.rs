//! Files that are removed, cut, swapped or cannot be written under a running server: whoever asks gets what is right, and the
//! log says what was wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::origin::{Origin, body};
use super::{get, get_at, parts};
use crate::harness::client::{self, Connection};
use crate::harness::server::Server;
use crate::harness::site::{Parts, Site};
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
    // Whoever looks for files at the start would find the damage as well.
    running.expect_status("http/caches/c/cold", &false.into());
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

fn await_filling(running: &Running) {
    let is_filling = || {
        let filling = running.status("http/caches/c/entries/filling");
        (filling == 1).then_some(())
    };
    assert!(poll(PATIENCE, is_filling).is_some());
}

/// A cache of 60 entries of which some cannot be looked at when its server starts again.
struct Hidden {
    site: Site,
    parts: Parts,
    folders: Vec<PathBuf>,
    file: PathBuf,
}

impl Hidden {
    fn prepare() -> Self {
        let origin = Origin::start();
        let config = format!(
            "proxy_cache_key $uri; proxy_cache_purge $arg_purge; location / {{ proxy_pass http://{}; }}\n",
            origin.address
        );
        let mut parts = parts(1, "$DIR/cache", &config);
        parts.http_config = parts.http_config.replace("levels=1:2", "levels=1");
        let running = Running::start(&parts);
        for number in 0..60 {
            get(&running, &format!("/{number}?{FRESH}")).unwrap();
        }
        let Running { site, server, .. } = running;
        server.stop().unwrap();
        let path = site.directory.join("cache");
        let mut folders: Vec<PathBuf> = fs::read_dir(&path)
            .unwrap()
            .map(|folder| folder.unwrap().path())
            .collect();
        folders.sort();
        let file = files(&folders.split_off(4)[0]).remove(0);
        // What is no place of entries may be anything.
        Self::put_in_place(&path.join("lost+found"), true);
        Self {
            site,
            parts,
            folders,
            file,
        }
    }

    /// Moves a folder or a file away; what takes its place cannot be read by anybody, whatever his rights.
    fn hide(path: &Path) {
        let is_folder = path.is_dir();
        fs::rename(path, Self::hidden(path)).unwrap();
        Self::put_in_place(path, is_folder);
    }

    fn put_in_place(path: &Path, is_folder: bool) {
        match is_folder {
            true => std::os::unix::fs::symlink(path, path).unwrap(),
            false => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        }
    }

    fn show(path: &Path) {
        fs::remove_file(path).unwrap();
        fs::rename(Self::hidden(path), path).unwrap();
    }

    fn hidden(path: &Path) -> PathBuf {
        let cache = path
            .ancestors()
            .find(|above| above.ends_with("cache"))
            .unwrap();
        let name = format!("hidden-{}", path.file_name().unwrap().display());
        cache.with_file_name(name)
    }
}

/// What cannot be looked at may be an entry: it is told, tried again, and in the way of a purge.
#[test]
fn what_cannot_be_looked_at_keeps_a_cache_cold_until_it_can() {
    let Hidden {
        site,
        parts,
        folders,
        file,
    } = Hidden::prepare();
    let inside: usize = folders.iter().map(|folder| files(folder).len()).sum();
    assert!(inside > 4);
    for path in folders.iter().chain([&file]) {
        Hidden::hide(path);
    }
    let running = Running::start_at(site, &parts);
    let log = || running.site.read("error.log");
    let told = "cache \"c\": not all of it can be found, ";
    let is_told = |times| {
        poll(PATIENCE, || {
            (log().matches(told).count() == times).then_some(())
        })
    };
    let current = "http/caches/c/entries/current";
    let purges = |target: &str| get(&running, target).unwrap().status;
    let is_cold = || running.status("http/caches/c/cold") == true;
    assert!(is_told(1).is_some(), "{}", log());
    running.expect_status(current, &(60 - inside - 1).into());
    let folder = file.parent().unwrap();
    let digit = folder.file_name().unwrap().to_str().unwrap();
    let none = folder.join(format!("{}{digit}", "a".repeat(31)));
    fs::write(&none, "of somebody else").unwrap();
    for target in ["/*?purge=1", "/1?purge=1", "/nothing?purge=1"] {
        assert_eq!(purges(target), 500, "{target}");
    }
    assert!(
        log().contains("is not purged: not all of the cache can be read"),
        "{}",
        log()
    );
    let told_none = "1 files with names of entries were none and are removed";
    assert!(!none.exists() && log().contains(told_none), "{}", log());
    assert!(is_cold());
    // It is tried again, and told again only where something else is wrong.
    let (last, others) = folders.split_last().unwrap();
    let named = log();
    let named = named.lines().find(|line| line.contains(told)).unwrap();
    let is_named = |path: &&PathBuf| named.contains(&*path.to_string_lossy());
    let kept = others
        .iter()
        .chain([last, &file])
        .find(is_named)
        .unwrap()
        .clone();
    let mut found = 60 - inside - 1;
    for path in folders.iter().chain([&file]).filter(|path| **path != kept) {
        Hidden::show(path);
        found += files(path).len().max(usize::from(path.is_file()));
    }
    running.expect_status(current, &found.into());
    assert!(found < 60 && is_cold());
    assert_eq!(log().matches(told).count(), 1, "{}", log());
    assert_eq!(purges("/*?purge=1"), 500);
    // Once everything is found, it is gone with a purge, also over a restart.
    Hidden::show(&kept);
    running.expect_status(current, &60.into());
    running.expect_status("http/caches/c/cold", &false.into());
    assert_eq!(purges("/*?purge=1"), 204);
    running.expect_status(current, &0.into());
    let Running { site, server, .. } = running;
    server.stop().unwrap();
    let running = Running::start_at(site, &parts);
    running.expect_status("http/caches/c/cold", &false.into());
    assert_eq!(running.status(current), 0);
    assert_eq!(
        folders
            .iter()
            .map(|folder| files(folder).len())
            .sum::<usize>(),
        0
    );
    running.server.stop().unwrap();
}

/// What a loader takes away or leaves that is no entry of its cache is told.
#[test]
fn files_that_only_look_like_entries_are_told() {
    let Hidden {
        site,
        mut parts,
        folders,
        ..
    } = Hidden::prepare();
    let path = site.directory.join("cache");
    let digit = folders[0].file_name().unwrap().to_str().unwrap();
    let none = folders[0].join(format!("{}{digit}", "a".repeat(31)));
    fs::write(&none, "of somebody else").unwrap();
    let of_others = path.join(format!("docs/{}0", "b".repeat(31)));
    fs::create_dir_all(path.join("docs")).unwrap();
    fs::write(&of_others, "of somebody else").unwrap();
    let running = Running::start_at(site, &parts);
    running.expect_status("http/caches/c/entries/current", &60.into());
    running.expect_status("http/caches/c/cold", &false.into());
    let log = || running.site.read("error.log");
    let told = format!(
        "1 files with names of entries were none and are removed, such as \"{}\"",
        none.display()
    );
    assert!(
        poll(PATIENCE, || log().contains(&told).then_some(())).is_some(),
        "{}",
        log()
    );
    assert!(!none.exists() && of_others.exists());
    let Running { site, server, .. } = running;
    server.stop().unwrap();
    parts.http_config = parts.http_config.replace("levels=1", "levels=2");
    let running = Running::start_at(site, &parts);
    running.expect_status("http/caches/c/cold", &false.into());
    let log = || running.site.read("error.log");
    let told = "60 files in \"";
    assert!(
        poll(PATIENCE, || log().contains(told).then_some(())).is_some(),
        "{}",
        log()
    );
    assert!(
        log().contains("are where other \"levels\" have them, and stay there"),
        "{}",
        log()
    );
    // That of others, and the link, are there as well.
    assert_eq!(files(&path).len(), 62);
    running.server.stop().unwrap();
}

/// Limits that nothing can keep to are told once.
#[test]
fn limits_that_leave_nothing_are_told() {
    for (limit, name) in [("max_size=1", "max_size"), ("min_free=100000g", "min_free")] {
        let (running, _) = start(&format!("$DIR/cache {limit} manager_sleep=1ms"));
        for number in 0..3 {
            get(&running, &format!("/{number}?{FRESH}")).unwrap();
            running.expect_status("http/caches/c/entries/current", &0.into());
        }
        let log = || running.site.read("error.log");
        let told = format!("cache \"c\": nothing is left of it, all had to go for \"{name}\"");
        let is_told = || log().contains(&told).then_some(());
        assert!(poll(PATIENCE, is_told).is_some(), "{}", log());
        running.server.stop().unwrap();
        let log = log();
        assert_eq!(log.matches(&told).count(), 1, "{log}");
    }
}

/// Those who follow a fill go on where it ends, and are cut off only where there is nothing to go on with.
#[test]
fn who_follows_what_outgrows_the_disk_gets_all_of_it() {
    const LENGTH: usize = 3_000_000;
    let place = std::env::temp_dir().join(format!("pingauge-outgrown-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_lock on; sub_filter_types *; sub_filter nowhere there;\n\
         set $hop /hop?status=307; proxy_intercept_errors on;\n\
         location / {{ proxy_pass http://{0}; }}\n\
         location /moved {{ error_page 307 = @there; proxy_pass http://{0}$hop; }}\n\
         location @there {{ proxy_pass http://{0}$request_uri; }}\n",
        origin.address
    );
    let path = disk.0.display().to_string();
    let running = Running::start(&parts(2, &path, &config));
    for (path, more, is_whole) in [
        ("/same", "", true),
        ("/tagged", "&header=ETag:%20%22x%22", true),
        ("/moved", "", true),
        ("/gone", "&status=200,404", false),
    ] {
        let target = format!("{path}?length={LENGTH}&pieces=60&pause=20&chunked&{FRESH}{more}");
        let address = running.address();
        let mut pulls = Vec::new();
        for number in 0..5 {
            if number == 1 {
                await_filling(&running);
            }
            let target = target.clone();
            pulls.push(std::thread::spawn(move || get_at(address, &target)));
        }
        for (number, pull) in pulls.into_iter().enumerate() {
            let got = pull.join().unwrap();
            if is_whole || number == 0 {
                assert!(got.unwrap().body == body(path, LENGTH), "{path} {number}");
            } else {
                assert!(got.is_err(), "{path} {number}");
            }
        }
        let log = running.site.read("access.log");
        assert_eq!(log.matches(&format!("{path} 200 HIT")).count(), 4, "{log}");
        if is_whole {
            assert_eq!(origin.asked(path).len(), 5);
        }
    }
    assert!(files(&disk.0).is_empty());
    let status = running.status("http/caches/c");
    let asked = ["/same", "/tagged", "/moved"].map(|path| origin.asked(path).len());
    let whole = (asked.iter().sum::<usize>() * LENGTH) as u64;
    assert!(
        status["data"]["received"].as_u64() >= Some(whole),
        "{status}"
    );
    assert_eq!(status["requests"]["shared"], 16);
    running.server.stop().unwrap();
}

#[test]
fn a_purge_that_leaves_a_file_fails() {
    let place = std::env::temp_dir().join(format!("pingauge-purge-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_purge $arg_purge; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let running = Running::start(&parts(1, &disk.0.display().to_string(), &config));
    for path in ["/a", "/b", "/c"] {
        assert_eq!(
            get(&running, &format!("{path}?{FRESH}")).unwrap().status,
            200
        );
    }
    // Whoever looks for the files of before the start would find these.
    running.expect_status("http/caches/c/cold", &false.into());
    disk.remount("ro");
    assert_eq!(get(&running, "/a?purge=1").unwrap().status, 500);
    assert_eq!(get(&running, "/*?purge=1").unwrap().status, 500);
    let log = running.site.read("error.log");
    for key in ["/a", "/*"] {
        let told = format!("\"{key}\" is not purged: a file cannot be removed (30: Read-only");
        assert!(log.contains(&told), "{log}");
    }
    // None of them is given any more.
    for path in ["/a", "/b", "/c"] {
        let got = get(&running, &format!("{path}?{FRESH}")).unwrap();
        assert_eq!(got.header("x-cache"), Some("MISS"), "{path}");
    }
    disk.remount("rw");
    running.server.stop().unwrap();
}

#[test]
fn what_cannot_be_removed_stays_and_counts() {
    let place = std::env::temp_dir().join(format!("pingauge-stays-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let origin = Origin::start();
    let config = format!(
        "proxy_cache_key $uri; location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let mut parts = parts(1, &disk.0.display().to_string(), &config);
    let soon = "inactive=2s manager_sleep=1ms";
    parts.http_config = parts.http_config.replace("inactive=1d", soon);
    let running = Running::start(&parts);
    assert_eq!(get(&running, &format!("/a?{FRESH}")).unwrap().status, 200);
    disk.remount("ro");
    let log = || running.site.read("error.log");
    let told = "cache \"c\": nothing can be removed from it (a file cannot be removed";
    let is_told = poll(PATIENCE, || log().contains(told).then_some(()));
    assert!(is_told.is_some(), "{}", log());
    let status = running.status("http/caches/c");
    assert_eq!(
        (&status["entries"]["current"], &status["size"]),
        (&1.into(), &4096.into())
    );
    assert_eq!(status["entries"]["removed_inactive"], 0);
    disk.remount("rw");
    running.expect_status("http/caches/c/entries/removed_inactive", &1.into());
    assert!(files(&disk.0).is_empty());
    assert_eq!(log().matches(told).count(), 1, "{}", log());
    running.server.stop().unwrap();
}

/// Where it is known what a body must be, nobody who goes on elsewhere has the end of another one.
#[test]
fn what_is_gone_on_with_is_compared_with_its_digest_as_well() {
    const LENGTH: usize = 3_000_000;
    let place = std::env::temp_dir().join(format!("pingauge-compared-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let origin = Origin::start();
    let right = ring::digest::digest(&ring::digest::SHA256, &body("/right", LENGTH));
    let right: String = right
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let config = format!(
        "proxy_cache_key $uri; proxy_cache_lock on; proxy_cache_digest sha256:{right};\n\
         location / {{ proxy_pass http://{}; }}\n",
        origin.address
    );
    let running = Running::start(&parts(1, &disk.0.display().to_string(), &config));
    for (path, is_right) in [("/right", true), ("/wrong", false)] {
        let target = format!("{path}?length={LENGTH}&pieces=60&pause=20&chunked&{FRESH}");
        let address = running.address();
        let first = {
            let target = target.clone();
            std::thread::spawn(move || get_at(address, &target))
        };
        let is_filling = || {
            let filling = running.status("http/caches/c/entries/filling");
            (filling == 1).then_some(())
        };
        assert!(poll(PATIENCE, is_filling).is_some());
        let both = [get(&running, &target), first.join().unwrap()];
        assert_eq!(origin.asked(path).len(), 2);
        for (who, got) in ["the second", "the first"].into_iter().zip(both) {
            match is_right {
                true => assert!(got.unwrap().body == body(path, LENGTH)),
                false => assert!(got.is_err(), "{who}"),
            }
        }
    }
    assert_eq!(running.status("http/caches/c/entries/digest_mismatch"), 1);
    running.server.stop().unwrap();
}

#[test]
fn two_file_systems_are_told_before_the_start() {
    let place = std::env::temp_dir().join(format!("pingauge-two-{}", std::process::id()));
    let Some(disk) = SmallDisk::make(place) else {
        eprintln!("skipped: no file system can be mounted");
        return;
    };
    let site = Site::create().unwrap();
    let mut parts = parts(1, "$DIR/cache", "");
    let temporary = disk.0.display();
    parts.http_config = parts
        .http_config
        .replace("inactive=1d", "inactive=1d use_temp_path=on");
    parts
        .http_config
        .push_str(&format!("proxy_temp_path {temporary};\n"));
    let file = site.write(&parts).unwrap();
    let checked = Server::check(&file, &site.directory).unwrap();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(!checked.status.success(), "{said}");
    assert!(said.contains("are not on one file system"), "{said}");
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
