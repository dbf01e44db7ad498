//! Signals and children at all distances from each other: whatever comes first, a stop ends everything and leaves
//! the last snapshot, a reload is not lost, logs are reopened by all, and nobody dies of a signal.
//!
//! `SIGNAL_ROUNDS=600` makes it as long as a meal, `SEED=N` takes other distances.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::harness::client::Connection;
use crate::harness::random::Random;
use crate::harness::server::{children, group_members, signal};
use crate::harness::site::{self, Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

fn rounds(usual: usize) -> usize {
    let asked = std::env::var("SIGNAL_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(usual)
}

/// Something that happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The master gets this.
    Signal(&'static str),
    /// All processes do.
    Group(&'static str),
    /// A worker is killed.
    LoseWorker,
    /// The keeper is.
    LoseKeeper,
}

use Event::{Group, LoseKeeper, LoseWorker, Signal};

impl Event {
    /// Makes it happen; processes that are killed are among `known`.
    fn happen(self, master: u32, known: &[u32]) {
        match self {
            Signal(name) => signal(&master.to_string(), name),
            Group(name) => signal(&format!("-{master}"), name),
            LoseWorker => lose(master, "worker process", known),
            LoseKeeper => lose(master, "keeper process", known),
        }
    }
}

fn lose(master: u32, title: &str, known: &[u32]) {
    let all = children(master);
    let is_meant = |id: u32| known.is_empty() || known.contains(&id);
    let found = all
        .iter()
        .find(|one| one.title.contains(title) && is_meant(one.id));
    if let Some(process) = found {
        signal(&process.id.to_string(), "KILL");
    }
}

/// Nothing at all as often as something up to what a start takes.
fn distance(random: &mut Random) -> Duration {
    let most = *random.one_of(&[1, 2_000, 20_000, 120_000]);
    Duration::from_micros(random.below(most) as u64)
}

fn parts(text: usize) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "metric_zone z:32k:file=$DIR/z sync=1h count;\naccess_log $DIR/access.log;\n"
            .into(),
        config: format!("location / {{ metric z k; return 200 {text}; }}\n"),
        ..Parts::default()
    }
}

/// Starts a master, and waits no longer than until it is there to be signalled.
fn start(site: &Site) -> Child {
    let main_file = site.write(&parts(0)).unwrap();
    let mut command = Command::new(site::binary());
    let command = command.arg("-c").arg(main_file).arg("-p");
    let command = command.arg(&site.directory).stdin(Stdio::null());
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let master = command.process_group(0).spawn().unwrap();
    assert!(poll(PATIENCE, || site.read("pid").ends_with('\n').then_some(())).is_some());
    // That of the start: there is to be a last one.
    let _ = fs::remove_file(site.directory.join("z.snapshot"));
    master
}

/// What is wrong with how the server ended; with `killed`, processes may have died of that.
fn wrong_end(site: &Site, master: &mut Child, killed: bool) -> Option<String> {
    let ended = poll(PATIENCE, || master.try_wait().ok().flatten());
    let is_empty = || group_members(master.id()).is_empty().then_some(());
    let left = poll(Duration::from_secs(1), is_empty);
    if left.is_none() {
        // Some of them live, so the number is still theirs.
        signal(&format!("-{}", master.id()), "KILL");
    }
    let Some(status) = ended else {
        let _ = master.wait();
        return Some("it does not end".to_owned());
    };
    let log = site.read("error.log");
    let deaths = log.lines().filter(|line| line.contains("exited on signal"));
    let mut deaths = deaths.filter(|line| !killed || !line.contains("signal 9"));
    if !status.success() {
        return Some(format!("it ended with {status}"));
    }
    if left.is_none() {
        return Some("processes are left".to_owned());
    }
    if !site.directory.join("z.snapshot").exists() {
        return Some("no last snapshot".to_owned());
    }
    deaths.next_back().map(ToOwned::to_owned)
}

#[test]
fn a_stop_at_any_distance_ends_everything_well() {
    const STOPS: &[&[Event]] = &[
        &[Signal("TERM")],
        &[Signal("QUIT")],
        &[Group("INT")],
        &[Signal("USR1"), Signal("TERM")],
        &[Signal("USR1"), Signal("QUIT")],
        &[Signal("HUP"), Signal("TERM")],
        &[Signal("HUP"), Signal("QUIT")],
        &[Signal("HUP"), Signal("HUP"), Signal("QUIT")],
        &[Signal("WINCH"), Signal("QUIT")],
        &[Signal("QUIT"), Signal("QUIT")],
        &[Signal("QUIT"), Signal("TERM")],
        &[Signal("TERM"), Signal("QUIT")],
        &[Signal("QUIT"), Signal("HUP"), Signal("USR1")],
        &[LoseWorker, Signal("QUIT")],
        &[LoseWorker, Signal("TERM")],
        &[LoseKeeper, Signal("TERM")],
        &[LoseKeeper, Signal("QUIT")],
        &[Signal("HUP"), LoseWorker, Signal("QUIT")],
        &[Signal("QUIT"), LoseWorker],
        &[Signal("QUIT"), LoseKeeper],
    ];
    let mut random = Random::seeded();
    let rounds = rounds(2 * STOPS.len());
    let mut failures = Vec::new();
    for round in 0..rounds {
        let site = Site::create().unwrap();
        let mut master = start(&site);
        let events = STOPS[round % STOPS.len()];
        let mut story = Vec::new();
        for event in events {
            let distance = distance(&mut random);
            thread::sleep(distance);
            event.happen(master.id(), &[]);
            story.push((distance, *event));
        }
        let killed = events
            .iter()
            .any(|event| matches!(event, LoseWorker | LoseKeeper));
        if let Some(wrong) = wrong_end(&site, &mut master, killed) {
            failures.push(format!("{wrong}: {story:?}\n{}", site.read("error.log")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {rounds} rounds failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The files that processes write to, as far as they are called so.
fn holds(process: u32, name: &str) -> Vec<String> {
    let files = fs::read_dir(format!("/proc/{process}/fd"));
    let files = files.into_iter().flatten().flatten();
    let paths = files.filter_map(|file| fs::read_link(file.path()).ok());
    let paths = paths.map(|path| path.to_string_lossy().into_owned());
    paths.filter(|path| path.contains(name)).collect()
}

/// What is wrong with a server that was reloaded to this text, and whose logs were moved away before the last
/// signal to reopen them.
fn wrong_service(running: &Running, text: usize) -> Option<&'static str> {
    let served = || {
        let connection = Connection::open(running.address(), Duration::from_secs(2));
        let answer = connection.and_then(|mut connection| connection.get("/"));
        answer
            .is_ok_and(|answer| answer.text() == text.to_string())
            .then_some(())
    };
    // Old workers may still take one.
    if poll(PATIENCE, || {
        served().and_then(|()| served()).and_then(|()| served())
    })
    .is_none()
    {
        return Some("the reload is lost");
    }
    let master = running.server.id();
    let settled = poll(PATIENCE, || {
        let titles: Vec<_> = children(master).into_iter().map(|one| one.title).collect();
        let count = |word| titles.iter().filter(|title| title.contains(word)).count();
        (titles.len() == 3 && count("worker") == 2 && count("keeper") == 1).then_some(())
    });
    if settled.is_none() {
        return Some("not as many processes as there should be");
    }
    let reopened = poll(PATIENCE, || {
        let all = children(master)
            .into_iter()
            .map(|one| one.id)
            .chain([master]);
        let mut files = all.flat_map(|id| holds(id, ".log"));
        files.all(|file| !file.contains("-old-")).then_some(())
    });
    reopened.is_none().then_some("somebody holds an old log")
}

#[test]
fn a_reload_at_any_distance_is_not_lost() {
    const TURNS: &[&[Event]] = &[
        &[Signal("HUP"), Signal("USR1")],
        &[Signal("USR1"), Signal("HUP"), Signal("USR1")],
        &[Signal("HUP"), Signal("HUP"), Signal("USR1")],
        &[LoseWorker, Signal("HUP"), Signal("USR1")],
        &[Signal("HUP"), LoseWorker, Signal("USR1")],
        &[Signal("HUP"), LoseKeeper, Signal("USR1")],
        &[LoseKeeper, Signal("HUP"), Signal("WINCH"), Signal("USR1")],
        &[Signal("HUP"), Signal("USR1"), Signal("USR1"), LoseWorker],
    ];
    let mut random = Random::seeded();
    let rounds = rounds(3 * TURNS.len());
    let mut failures = Vec::new();
    let running = Running::start(&parts(0));
    let master = running.server.id();
    let mut moved = 0;
    for round in 1..=rounds {
        let events = TURNS[round % TURNS.len()];
        let known: Vec<u32> = children(master).iter().map(|one| one.id).collect();
        running.site.write(&parts(round)).unwrap();
        let before = moved + 1;
        let mut story = Vec::new();
        for event in events {
            let distance = distance(&mut random);
            thread::sleep(distance);
            if *event == Signal("USR1") {
                moved += 1;
                for log in ["error", "access"] {
                    let path = |end| running.site.directory.join(format!("{log}{end}.log"));
                    // What was not reopened yet stays.
                    let _ = fs::rename(path(String::new()), path(format!("-old-{moved}")));
                }
            }
            event.happen(master, &known);
            story.push((distance, *event));
        }
        let wrong = wrong_service(&running, round);
        if let Some(wrong) = wrong {
            let logs = (before..=moved).map(|number| format!("error-old-{number}.log"));
            let logs = logs.chain(["error.log".to_owned()]);
            let log: String = logs.map(|name| running.site.read(&name)).collect();
            failures.push(format!("{wrong}: {story:?}\n{log}"));
            running.server.signal("HUP");
            wrong_service(&running, round);
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {rounds} rounds failed\n{}",
        failures.len(),
        failures.join("\n")
    );
    running.server.stop().unwrap();
}
