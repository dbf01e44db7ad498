//! Zones in files: what is there after every process was killed, after the machine went down, and when files
//! are damaged or in use.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::load::{Account, Habit, Load};
use crate::harness::server::{Server, children, signal};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

fn parts(sync: &str) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "metric_zone hits:64k:file=$DIR/hits sync={sync} count;\n\
             metric_zone keys:64k:file=$DIR/keys expire=on discard_key=rest count;\n"
        ),
        config: "location /hit { metric hits k on=request; metric keys $request_id on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    }
}

/// Kills every process at once.
pub(crate) fn kill(running: Running) -> Site {
    let Running { server, site } = running;
    drop(server);
    site
}

/// Makes a zone's memory one of another boot, as if the machine had gone down.
pub(crate) fn reboot(site: &Site, zone: &str) {
    let path = site.directory.join(zone);
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut word = [0; 8];
    file.read_exact_at(&mut word, 16).unwrap();
    word[0] ^= 1;
    file.write_all_at(&word, 16).unwrap();
}

fn count(running: &Running) -> u64 {
    running
        .status("http/metric_zones/hits/metrics/k")
        .as_u64()
        .unwrap_or(0)
}

/// The sum over all keys, the discarded ones included.
fn sum(running: &Running) -> u64 {
    let keys = running.status("http/metric_zones/keys/metrics/");
    keys.as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum()
}

fn hit(running: &Running, times: usize) {
    crate::harness::load::pipeline(running.address(), times, 1, |_| "/hit".into());
}

#[test]
fn nothing_is_lost_however_often_everything_is_killed() {
    let parts = parts("1s");
    let mut running = Running::start(&parts);
    let mut account = Account::default();
    for _ in 0..12 {
        let load = Load::start(running.address(), "/hit", 4, Habit::KeepAlive);
        thread::sleep(Duration::from_millis(120));
        let site = kill(running);
        account = account.plus(load.finish());
        running = Running::start_at(site, &parts);
        let (least, most) = (account.answered, account.answered + account.failed);
        for counted in [count(&running), sum(&running)] {
            assert!(
                (least..=most).contains(&counted),
                "{counted}: {least}..={most}"
            );
        }
    }
    assert!(account.answered > 500, "{account:?}");
    let log = running.site.read("error.log");
    assert!(!log.contains("cannot be used"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn what_was_synced_is_there_after_the_machine_went_down() {
    let parts = parts("100ms");
    let running = Running::start(&parts);
    hit(&running, 300);
    let snapshot = || running.status("http/metric_zones/hits/state/snapshot");
    let first = poll(PATIENCE, || Some(snapshot()).filter(|time| !time.is_null())).unwrap();
    hit(&running, 1);
    let next = poll(PATIENCE, || Some(snapshot()).filter(|time| *time != first)).unwrap();
    // The next may have begun before the last hit.
    hit(&running, 1);
    assert!(poll(PATIENCE, || (snapshot() != next).then_some(())).is_some());
    let site = kill(running);
    reboot(&site, "hits");
    let running = Running::start_at(site, &parts);
    assert!(count(&running) >= 300, "{}", count(&running));
    let log = running.site.read("error.log");
    assert!(
        log.contains("metric zone \"hits\": 1 keys were read from its snapshot"),
        "{log}"
    );
    running.server.stop().unwrap();
}

#[test]
fn a_good_end_leaves_everything_on_disk() {
    for sync in ["exit", "1h"] {
        let parts = parts(sync);
        let running = Running::start(&parts);
        hit(&running, 250);
        let Running { server, site } = running;
        server.stop().unwrap();
        reboot(&site, "hits");
        let running = Running::start_at(site, &parts);
        assert_eq!(count(&running), 250);
        running.server.stop().unwrap();
    }
}

#[test]
fn a_signal_to_all_processes_at_once_is_a_good_end_too() {
    let parts = parts("exit");
    for name in ["TERM", "INT", "QUIT"] {
        let running = Running::start(&parts);
        hit(&running, 60);
        let Running { mut server, site } = running;
        signal(&format!("-{}", server.id()), name);
        let status = server.wait_for_exit(PATIENCE).unwrap();
        assert!(status.success(), "{name}: {status}");
        drop(server);
        reboot(&site, "hits");
        let running = Running::start_at(site, &parts);
        assert_eq!(count(&running), 60, "{name}");
        running.server.stop().unwrap();
    }
}

#[test]
fn damaged_files_are_set_aside_and_the_rest_counts() {
    let parts = parts("100ms");
    let running = Running::start(&parts);
    hit(&running, 100);
    let Running { server, site } = running;
    server.stop().unwrap();
    let directory = site.directory.clone();
    let damage = |name: &str| {
        let path = directory.join(name);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(&path, bytes).unwrap();
    };
    damage("hits");
    damage("hits.snapshot");
    let running = Running::start_at(site, &parts);
    assert!(directory.join("hits.bad").exists() && directory.join("hits.snapshot.bad").exists());
    // The older snapshot may have been written before the last request.
    assert!(count(&running) <= 100);
    let log = running.site.read("error.log");
    assert!(
        log.contains("[error]") && log.contains("and is kept as"),
        "{log}"
    );
    running.server.stop().unwrap();
}

#[test]
fn one_file_is_used_by_one_server() {
    let first = Running::start(&parts("1s"));
    let second = Site::create().unwrap();
    let path = first.site.directory.join("hits");
    let other = Parts {
        http_config: format!("metric_zone hits:64k:file={} count;\n", path.display()),
        ..Parts::default()
    };
    let main_file = second.write(&other).unwrap();
    let address = second.address(second.port);
    let refused = Server::start(&main_file, &second.directory, &[], address)
        .err()
        .unwrap();
    assert!(refused.contains("is in use by another server"), "{refused}");
    hit(&first, 5);
    assert_eq!(count(&first), 5);
    first.server.stop().unwrap();
}

#[test]
fn a_keeper_that_dies_is_replaced_and_one_that_is_not_needed_is_not_there() {
    let keepers = |running: &Running| {
        let mut all = children(running.server.id());
        all.retain(|one| one.title.contains("keeper process"));
        all.into_iter().map(|one| one.id).collect::<Vec<u32>>()
    };
    let running = Running::start(&parts("100ms"));
    let keeper = poll(PATIENCE, || keepers(&running).first().copied()).unwrap();
    signal(&keeper.to_string(), "KILL");
    let other = |id: &u32| *id != keeper;
    poll(PATIENCE, || keepers(&running).into_iter().find(other)).unwrap();
    hit(&running, 3);
    let synced = || {
        !running
            .status("http/metric_zones/hits/state/synced")
            .is_null()
    };
    assert!(poll(PATIENCE, || synced().then_some(())).is_some());
    let plain = Parts {
        config: "location / { return 204; }\n".into(),
        ..Parts::default()
    };
    running.reload(&plain);
    assert!(poll(PATIENCE, || keepers(&running).is_empty().then_some(())).is_some());
    assert_eq!(running.status("angie/generation"), json!(2));
    running.server.stop().unwrap();
}

/// `ZONE_CUTS=100` cuts more often.
#[test]
fn a_file_cut_under_a_running_server_comes_back_from_its_snapshot() {
    let cuts = std::env::var("ZONE_CUTS").ok();
    let cuts = cuts.and_then(|cuts| cuts.parse().ok()).unwrap_or(4);
    let parts = parts("100ms");
    let mut running = Running::start(&parts);
    let path = running.site.directory.join("hits");
    let whole = || fs::metadata(&path).map_or(0, |meta| meta.len());
    let length = whole();
    let mut longest = Duration::ZERO;
    for round in 1..=cuts {
        hit(&running, 50);
        let (known, generation) = (count(&running), running.status("angie/generation"));
        // The first snapshot that comes may have been begun before; the second was begun after this.
        let synced = || running.status("http/metric_zones/hits/state/snapshot");
        for _ in 0..2 {
            let before = synced();
            hit(&running, 1);
            poll(PATIENCE, || (synced() != before).then_some(())).unwrap();
        }
        let load = Load::start(running.address(), "/hit", 2, Habit::KeepAlive);
        let start = std::time::Instant::now();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len([0, 4096, length / 2, length - 4096][round % 4])
            .unwrap();
        if round % 3 == 0 {
            running.server.signal("HUP");
        }
        let is_back = || whole() == length && running.status("angie/generation") != generation;
        poll(PATIENCE, || is_back().then_some(())).expect("the file comes back");
        longest = longest.max(start.elapsed());
        let account = load.finish();
        assert_eq!(account.failed, 0, "{:?}", account.reasons);
        // A worker that is leaving may still answer.
        let is_known = || (count(&running) >= known).then_some(());
        poll(PATIENCE, is_known).expect("what was synced is there");
        assert!(running.server.is_running());
        running.workers(2);
    }
    println!("{cuts} cuts: back after at most {longest:?}");
    let log = running.site.read("error.log");
    assert!(
        log.contains("was cut while it is in use") && log.contains("and is kept as"),
        "{log}"
    );
    assert!(!log.contains("exited on signal"), "{log}");
    running.server.stop().unwrap();
}

#[test]
fn a_removed_file_is_made_anew_with_what_was_in_it() {
    let parts = parts("100ms");
    let running = Running::start(&parts);
    hit(&running, 40);
    let directory = running.site.directory.clone();
    for names in [
        &["hits"][..],
        &["hits.journal"],
        &["hits", "hits.journal", "hits.snapshot"],
    ] {
        for name in names {
            fs::remove_file(directory.join(name)).unwrap();
        }
        running.reload(&parts);
        assert!(
            names.iter().all(|name| directory.join(name).exists()),
            "{names:?}"
        );
        assert_eq!(count(&running), 40);
    }
    hit(&running, 2);
    let site = kill(running);
    let running = Running::start_at(site, &parts);
    assert_eq!(count(&running), 42);
    running.server.stop().unwrap();
}

#[test]
fn what_is_no_file_beside_a_zone_is_neither_followed_nor_waited_for() {
    let parts = parts("100ms");
    let site = Site::create().unwrap();
    let directory = site.directory.clone();
    let at = |name: &str| directory.join(name);
    fs::write(at("precious"), "precious").unwrap();
    let beside = ["snapshot.new", "journal", "snapshot", "snapshot.1"];
    for name in beside {
        std::os::unix::fs::symlink(at("precious"), at(&format!("hits.{name}"))).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(at(&format!("keys.{name}")))
            .status();
        assert!(made.unwrap().success());
    }
    let running = Running::start_at(site, &parts);
    hit(&running, 30);
    let snapshot = || running.status("http/metric_zones/hits/state/snapshot");
    assert!(poll(PATIENCE, || (!snapshot().is_null()).then_some(())).is_some());
    let Running { server, site } = running;
    server.stop().unwrap();
    assert_eq!(fs::read(at("precious")).unwrap(), b"precious");
    let is_plain = |zone: &str| {
        let path = at(&format!("{zone}.snapshot"));
        fs::symlink_metadata(path).unwrap().is_file()
    };
    assert!(is_plain("hits") && is_plain("keys"));
    reboot(&site, "hits");
    let running = Running::start_at(site, &parts);
    assert_eq!(count(&running), 30);
    running.server.stop().unwrap();
}

#[test]
fn an_older_snapshot_behind_damaged_files_is_used() {
    let parts = parts("100ms");
    let running = Running::start(&parts);
    hit(&running, 20);
    let Running { server, site } = running;
    server.stop().unwrap();
    let at = |name: &str| site.directory.join(name);
    fs::write(at("hits"), "no zone").unwrap();
    fs::remove_file(at("hits.snapshot")).unwrap();
    let running = Running::start_at(site, &parts);
    assert_eq!(count(&running), 20);
    let Running { server, site } = running;
    server.stop().unwrap();
    let at = |name: &str| site.directory.join(name);
    fs::write(at("hits"), [7; 9000]).unwrap();
    fs::remove_file(at("hits.snapshot")).unwrap();
    fs::create_dir(at("hits.snapshot")).unwrap();
    let running = Running::start_at(site, &parts);
    assert_eq!(count(&running), 20);
    assert!(running.site.directory.join("hits.snapshot.bad").is_dir());
    running.server.stop().unwrap();
}

/// A server with a zone that is kept so, and requests to an origin in flight.
fn in_flight(kept: &str, origin: &TcpListener) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "metric_complex_zone f:64k{kept} {{ up gauge; n count; h histogram 1; }}\n"
        ),
        config: format!(
            "location /q {{ metric f s=1 on=request; metric f s=-1 on=end; proxy_pass http://{}; }}\n",
            origin.local_addr().unwrap()
        ),
        ..Parts::default()
    }
}

/// Five requests on their way: the clients' and the origin's ends.
fn five(running: &Running, origin: &TcpListener) -> Vec<(TcpStream, TcpStream)> {
    let ask = |_| {
        let mut client = TcpStream::connect(running.address()).unwrap();
        client
            .write_all(b"GET /q HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        (client, origin.accept().unwrap().0)
    };
    (0..5).map(ask).collect()
}

fn answer(asked: &mut [(TcpStream, TcpStream)]) {
    for (_, one) in asked {
        one.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
    }
}

fn becomes(running: &Running, wanted: &Value, when: &str) {
    let state = || running.status("http/metric_zones/f/metrics/s");
    poll(PATIENCE, || (state() == *wanted).then_some(()))
        .unwrap_or_else(|| panic!("{when}: {} is not {wanted}", state()));
}

/// Requests that are under way while their zone gets a file, another one, or none any more, end in the zone as it is
/// then.
#[test]
fn what_is_in_flight_comes_along_wherever_the_zone_is_kept() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = Running::start(&in_flight("", &origin));
    let mut all = 0;
    for kept in [":file=$DIR/one", ":file=$DIR/two", "", ":file=$DIR/one"] {
        let mut asked = five(&running, &origin);
        let state = running.status("http/metric_zones/f/metrics/s");
        assert_eq!(state["up"], json!(5), "{kept}");
        running.reload(&in_flight(kept, &origin));
        answer(&mut asked);
        all += 2 * asked.len();
        let wanted = json!({ "up": 0, "n": all, "h": { "1": all } });
        becomes(&running, &wanted, kept);
    }
    running.server.stop().unwrap();
}

/// The same when the zone moves again, and again, before they end.
#[test]
fn what_is_in_flight_comes_along_however_often_the_zone_moves() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = Running::start(&in_flight("", &origin));
    let mut asked = five(&running, &origin);
    for kept in [
        ":file=$DIR/one",
        ":file=$DIR/two",
        "",
        ":file=$DIR/one",
        ":file=$DIR/one",
    ] {
        running.reload(&in_flight(kept, &origin));
        asked.extend(five(&running, &origin));
    }
    let (up, all) = (asked.len(), 2 * asked.len());
    let wanted = json!({ "up": up, "n": up, "h": { "1": up } });
    becomes(&running, &wanted, "in flight");
    answer(&mut asked);
    let wanted = json!({ "up": 0, "n": all, "h": { "1": all } });
    becomes(&running, &wanted, "ended");
    running.server.stop().unwrap();
}
