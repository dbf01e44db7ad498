//! QUIT drains, TERM does not wait, USR1 reopens logs, `-s` finds the master by its pid file.

use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::client::{self, Connection};
use crate::harness::site::{self, Parts, Site};
use crate::harness::{PATIENCE, Running, poll, server};

fn slow_site() -> (
    Running,
    thread::JoinHandle<std::io::Result<client::Response>>,
) {
    let mut site = Site::create().unwrap();
    site.add_origin("slow", "* * 200 delay=2\n    | slow\n")
        .unwrap();
    let running = Running::start_at(
        site,
        &Parts {
            main_config: "worker_processes 2;\n".into(),
            http_config: "metric_zone z:64k count;\n".into(),
            config: "location /slow { metric z k on=request; proxy_pass http://$ORIGIN_slow; }\n"
                .into(),
            ..Parts::default()
        },
    );
    let address = running.address();
    let pending = thread::spawn(move || Connection::open(address, PATIENCE)?.get("/slow"));
    running.expect_status("http/metric_zones/z/metrics", &json!({ "k": 1 }));
    (running, pending)
}

fn send(running: &Running, word: &str) -> Output {
    let directory = &running.site.directory;
    let mut command = Command::new(site::binary());
    command
        .arg("-c")
        .arg(directory.join("test.conf"))
        .arg("-p")
        .arg(directory)
        .args(["-s", word]);
    command.output().unwrap()
}

#[test]
fn quit_lets_a_request_under_way_end() {
    let (mut running, pending) = slow_site();
    running.server.signal("QUIT");
    let refused = poll(PATIENCE, || {
        Connection::open(running.address(), PATIENCE)
            .err()
            .map(drop)
    });
    assert!(
        refused.is_some(),
        "connections are still accepted after QUIT"
    );
    assert!(
        running.server.is_running(),
        "the master ended before the request did"
    );
    let response = pending.join().unwrap().unwrap();
    assert_eq!((response.status, response.text().as_str()), (200, "slow"));
    let status = running
        .server
        .wait_for_exit(PATIENCE)
        .expect("the master ends");
    assert!(status.success(), "{status}");
}

#[test]
fn quit_closes_idle_connections() {
    let mut running = Running::start(&Parts::default());
    let mut idle = Connection::open(running.address(), PATIENCE).unwrap();
    idle.get("/status/angie/generation").unwrap();
    running.server.signal("QUIT");
    let status = running
        .server
        .wait_for_exit(PATIENCE)
        .expect("an idle connection holds up QUIT");
    assert!(status.success(), "{status}");
}

#[test]
fn term_does_not_wait() {
    let (mut running, pending) = slow_site();
    let started = Instant::now();
    running.server.signal("TERM");
    assert!(
        running
            .server
            .wait_for_exit(Duration::from_millis(1500))
            .is_some()
    );
    assert!(started.elapsed() < Duration::from_millis(1500));
    assert!(pending.join().unwrap().is_err());
}

#[test]
fn words_of_s_reach_the_master() {
    let mut running = Running::start(&Parts::default());
    assert!(send(&running, "reload").status.success());
    running.expect_status("angie/generation", &json!(2));
    assert!(!send(&running, "frobnicate").status.success());
    assert!(send(&running, "quit").status.success());
    assert!(
        running
            .server
            .wait_for_exit(PATIENCE)
            .is_some_and(|status| status.success())
    );
    let unreachable = send(&running, "stop");
    assert!(!unreachable.status.success());
    let stderr = String::from_utf8_lossy(&unreachable.stderr).into_owned();
    assert!(stderr.contains("pid"), "{stderr}");
}

#[test]
fn reopen_moves_to_a_new_log_file() {
    let running = Running::start(&Parts {
        http_config: "log_format uri $uri;\naccess_log $DIR/access.log uri;\n".into(),
        config: "location / { return 204; }\n".into(),
        ..Parts::default()
    });
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.get("/before").unwrap();
    let logged = |name: &str, text: &str| {
        poll(PATIENCE, || {
            running.site.read(name).contains(text).then_some(())
        })
        .is_some()
    };
    assert!(logged("access.log", "/before"));
    std::fs::rename(
        running.site.directory.join("access.log"),
        running.site.directory.join("old"),
    )
    .unwrap();
    running.server.signal("USR1");
    let created = poll(PATIENCE, || {
        running
            .site
            .directory
            .join("access.log")
            .exists()
            .then_some(())
    });
    assert!(created.is_some(), "no new access.log after USR1");
    // A worker may reopen a moment after the master; requests go on until one lands in the new file.
    let moved = poll(PATIENCE, || {
        connection.get("/after").ok()?;
        running
            .site
            .read("access.log")
            .contains("/after")
            .then_some(())
    });
    assert!(moved.is_some());
    running.server.stop().unwrap();
}

#[test]
fn a_daemon_leaves_the_foreground() {
    let site = Site::create().unwrap();
    let parts = Parts {
        main_config: "daemon on;\n".into(),
        ..Parts::default()
    };
    let main_file = site.write(&parts).unwrap();
    let mut command = Command::new(site::binary());
    let status = command
        .arg("-c")
        .arg(main_file)
        .arg("-p")
        .arg(&site.directory)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let address = site.address(site.port);
    let up = poll(PATIENCE, || Connection::open(address, PATIENCE).ok());
    assert!(up.is_some(), "{}", site.read("error.log"));
    let id = site.read("pid").trim().to_owned();
    server::signal(&id, "TERM");
    let down = poll(PATIENCE, || {
        Connection::open(address, PATIENCE).err().map(drop)
    });
    assert!(down.is_some());
    assert!(
        poll(PATIENCE, || site.read("pid").is_empty().then_some(())).is_some(),
        "pid file stays"
    );
}

/// Starts a daemon with two workers, with this in its environment; gives its process number.
fn start_daemon(site: &Site, variables: &[(&str, &str)]) -> String {
    let parts = Parts {
        main_config: "daemon on;\nworker_processes 2;\n".into(),
        ..Parts::default()
    };
    start_daemon_on(site, &parts, variables)
}

/// The same on parts that say so.
pub(crate) fn start_daemon_on(site: &Site, parts: &Parts, variables: &[(&str, &str)]) -> String {
    let main_file = site.write(parts).unwrap();
    let mut command = Command::new(site::binary());
    command.arg("-c").arg(main_file).arg("-p");
    command.arg(&site.directory).envs(variables.iter().copied());
    assert!(command.status().unwrap().success());
    site.read("pid").trim().to_owned()
}

fn answers(site: &Site) -> bool {
    let address = site.address(site.port);
    let answer = || {
        Connection::open(address, Duration::from_secs(1))
            .ok()?
            .get("/")
            .ok()
    };
    poll(PATIENCE, answer).is_some()
}

#[test]
fn a_daemon_holds_no_old_log_after_reopening() {
    let site = Site::create().unwrap();
    let master = start_daemon(&site, &[]);
    let children = format!("/proc/{master}/task/{master}/children");
    let processes = || {
        let workers = std::fs::read_to_string(&children).unwrap_or_default();
        let mut all: Vec<String> = workers.split_whitespace().map(Into::into).collect();
        all.push(master.clone());
        all
    };
    let answered = answers(&site);
    let log = site.directory.join("error.log");
    std::fs::rename(&log, site.directory.join("old.log")).unwrap();
    server::signal(&master, "USR1");
    let holds_new = |process: &String| {
        let error = std::fs::read_link(format!("/proc/{process}/fd/2"));
        error.is_ok_and(|path| path == log)
    };
    let moved = poll(PATIENCE, || {
        let all = processes();
        (all.len() == 3 && all.iter().all(holds_new)).then_some(())
    });
    server::signal(&master, "TERM");
    poll(PATIENCE, || site.read("pid").is_empty().then_some(()));
    assert!(answered);
    assert!(moved.is_some(), "somebody's standard error is the old file");
}

#[test]
fn certificates_of_the_system_are_not_needed() {
    let site = Site::create().unwrap();
    let nothing = [
        ("SSL_CERT_FILE", "/no/such/file"),
        ("SSL_CERT_DIR", "/no/such"),
    ];
    let master = start_daemon(&site, &nothing);
    let answered = answers(&site);
    server::signal(&master, "TERM");
    poll(PATIENCE, || site.read("pid").is_empty().then_some(()));
    assert!(answered, "{}", site.read("error.log"));
}

#[test]
fn winch_is_for_daemons() {
    let running = Running::start(&Parts::default());
    let before = running.workers(1);
    running.server.signal("WINCH");
    let taken = poll(PATIENCE, || {
        running
            .site
            .read("error.log")
            .contains("SIGWINCH")
            .then_some(())
    });
    assert!(taken.is_some());
    assert_eq!(running.workers(1), before);
    running.expect_status("angie/generation", &json!(1));
    running.server.stop().unwrap();

    let site = Site::create().unwrap();
    let master = start_daemon(&site, &[]);
    let answered = answers(&site);
    let count = || server::children(master.parse().unwrap()).len();
    server::signal(&master, "WINCH");
    let left = poll(PATIENCE, || (count() == 0).then_some(()));
    server::signal(&master, "HUP");
    let back = poll(PATIENCE, || (count() == 2).then_some(()));
    let answered_again = answers(&site);
    server::signal(&master, "TERM");
    poll(PATIENCE, || site.read("pid").is_empty().then_some(()));
    assert!(answered && left.is_some() && back.is_some() && answered_again);
}

/// What was left out of the log is told before the process ends that left it out.
#[test]
fn lines_left_out_are_told_at_the_end() {
    let running = Running::start(&Parts::default());
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for number in 0..40 {
        let target = format!("/none/{number}");
        assert_eq!(connection.get(&target).unwrap().status, 404);
    }
    drop(connection);
    running.server.stop().unwrap();
    let log = running.site.read("error.log");
    let told = log.lines().filter(|line| line.contains("/none/"));
    let told = told.map(|line| match line.split_once(" more lines are left out") {
        Some((start, _)) => start.rsplit(' ').next().unwrap().parse().unwrap(),
        None => 1,
    });
    assert_eq!(told.sum::<u32>(), 40, "{log}");
}
