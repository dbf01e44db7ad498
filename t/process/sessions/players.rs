//! conf/hls.conf with real players: each is one viewer, and there are no more than there may be.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clients::have;
use crate::harness::client::{Connection, head};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};

/// A player that ends with the test.
struct Player(Child);

impl Drop for Player {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Player {
    fn start(command: &mut Command) -> Self {
        let silent = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(silent.spawn().unwrap())
    }

    /// ffmpeg plays at the speed of the film.
    fn ffmpeg(url: &str) -> Self {
        let arguments = ["-v", "error", "-re", "-i", url, "-f", "null", "-"];
        Self::start(Command::new("ffmpeg").args(arguments))
    }
}

/// The film, forty seconds in segments of two.
fn film(site: &Site) {
    let folder = site.directory.join("html/hls");
    fs::create_dir_all(&folder).unwrap();
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=320x180:rate=10:duration=40",
        ])
        .args([
            "-c:v",
            "mpeg2video",
            "-g",
            "20",
            "-b:v",
            "200k",
            "-f",
            "hls",
            "-hls_time",
            "2",
        ])
        .args([
            "-hls_list_size",
            "0",
            "-hls_segment_filename",
            "live%d.ts",
            "live.m3u8",
        ])
        .current_dir(folder)
        .status();
    assert!(made.unwrap().success());
}

/// The shipped configuration on ports of its own, before an origin that has the film; changed by `change`.
fn front(change: impl Fn(String) -> String) -> Running {
    let site = Site::create().unwrap();
    film(&site);
    let root = env!("CARGO_MANIFEST_DIR");
    let text = fs::read_to_string(format!("{root}/conf/hls.conf")).unwrap();
    let ours = format!(
        "http {{\nserver {{ listen 127.0.0.1:{}; root $DIR/html; location /status/ {{ api /status/; }} }}\n",
        site.control_port
    );
    let text = text
        .replacen("http {\n", &ours, 1)
        .replace("listen 8080;", "listen 127.0.0.1:$PORT;")
        .replace("127.0.0.1:8081", "127.0.0.1:$PORT2")
        .replace(
            "127.0.0.1:8000",
            &format!("127.0.0.1:{}", site.control_port),
        )
        .replace(
            "error_log stderr",
            "pid $DIR/pid;\ndaemon off;\nerror_log $DIR/error.log",
        )
        .replace("viewers.state", "$DIR/viewers.state")
        .replace("viewers.log", "$DIR/viewers.log")
        .replace(
            "prometheus_session.conf",
            &format!("{root}/conf/prometheus_session.conf"),
        );
    let parts = Parts {
        conf: Some(change(text)),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn viewers(running: &Running) -> Value {
    running.status("http/session_zones/viewers/")
}

fn playlist(running: &Running) -> String {
    format!("http://{}/hls/live.m3u8", running.address())
}

/// Asks the front itself.
fn get(running: &Running, target: &str) -> (u16, String) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    connection.send(&head("GET", target, &[], None)).unwrap();
    let response = connection.receive("GET").unwrap();
    (response.status, response.text())
}

/// Waits until so many are active; gives what is shown then.
fn await_active(running: &Running, expected: u64) -> Value {
    let mut last = Value::Null;
    let found = poll(PATIENCE * 2, || {
        last = viewers(running);
        (last["sessions"]["active"] == expected).then_some(())
    });
    assert!(
        found.is_some(),
        "{expected} expected: {last:#}\n{}",
        running.site.read("error.log")
    );
    last
}

#[test]
fn each_player_is_one_viewer_and_the_fourth_of_three_is_refused() {
    if !have("ffmpeg") {
        return;
    }
    let running = front(|text| text.replace("max_sessions=1000", "max_sessions=3"));
    let mut players = Vec::new();
    for number in 1..=3 {
        players.push(Player::ffmpeg(&playlist(&running)));
        let shown = await_active(&running, number);
        assert_eq!(shown["sessions"]["total"], number, "{shown:#}");
    }
    assert_eq!(viewers(&running)["sessions"]["pending"], 0);
    // One that has a name is refused as early as the playlist.
    let (status, _) = get(&running, "/hls/live.m3u8?session=fourth");
    assert_eq!(status, 509);
    let (status, _) = get(&running, "/hls/live0.ts?session=fourth");
    assert_eq!(status, 509);
    let shown = viewers(&running);
    assert_eq!(shown["rejected"]["sessions"], 2, "{shown:#}");
    for session in shown["active"].as_object().unwrap().values() {
        assert_eq!(session["reference"], "live", "{shown:#}");
        assert!(
            session["extra"].as_str().unwrap().contains("Lavf"),
            "{shown:#}"
        );
    }
    // Who is known is served on.
    let before = shown["tx"]["bytes"].as_u64().unwrap();
    let more = poll(PATIENCE, || {
        (viewers(&running)["tx"]["bytes"].as_u64().unwrap() > before).then_some(())
    });
    assert!(more.is_some());
    assert!(
        players
            .iter_mut()
            .all(|one| one.0.try_wait().unwrap().is_none())
    );
    drop(players);
    running.server.stop().unwrap();
}

#[test]
fn other_players_are_one_viewer_too_with_the_cookie_or_without() {
    if !have("ffmpeg") || !have("streamlink") || !have("curl") {
        return;
    }
    let running = front(|text| {
        text.replace("timeout=30s", "timeout=8s")
            .replace("pending=5s", "pending=1s")
    });
    let url = playlist(&running);
    let streamlink = Player::start(
        Command::new("streamlink")
            .args(["--loglevel", "none", "--output", "/dev/null", "--force"])
            .args([&format!("hls://{url}"), "best"]),
    );
    let shown = await_active(&running, 1);
    assert_eq!(shown["sessions"]["total"], 1, "{shown:#}");
    // curl keeps no cookies: it is told apart by its address and its name.
    for target in ["live.m3u8", "live0.ts", "live.m3u8", "live1.ts"] {
        let url = format!("http://{}/hls/{target}", running.address());
        let curl = Command::new("curl")
            .args(["-s", "-o", "/dev/null", &url])
            .status();
        assert!(curl.unwrap().success());
    }
    let shown = await_active(&running, 2);
    assert_eq!(shown["sessions"]["total"], 2, "{shown:#}");
    drop(streamlink);
    await_active(&running, 0);
    let shown = viewers(&running);
    assert_eq!(
        shown["summary"]["references"]["live"]["sessions"], 2,
        "{shown:#}"
    );
    let lines = poll(PATIENCE, || {
        let text = running.site.read("viewers.log");
        (text.lines().count() == 2).then_some(text)
    });
    let lines = lines.unwrap_or_else(|| panic!("{}", running.site.read("viewers.log")));
    assert!(
        lines
            .lines()
            .all(|line| line.contains(" \"live\" \"unknown\" ")),
        "{lines}"
    );
    assert!(lines.contains("curl/"), "{lines}");
    running.server.stop().unwrap();
}

#[test]
fn the_page_for_prometheus_has_the_names_of_datarhei() {
    if !have("ffmpeg") {
        return;
    }
    let running = front(|text| text);
    assert_eq!(get(&running, "/hls/live0.ts?session=a").0, 200);
    let mut reports =
        Connection::open(running.site.address(running.site.second_port), PATIENCE).unwrap();
    let page = reports.get("/metrics").unwrap().text();
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("session_"))
        .collect();
    for name in [
        "total",
        "active",
        "limit",
        "rx_bytes",
        "tx_bytes",
        "rxbitrate",
        "txbitrate",
        "maxrxbitrate",
        "maxtxbitrate",
    ] {
        let begin = format!("session_{name}{{core=\"");
        let of_it = lines
            .iter()
            .filter(|line| line.starts_with(&begin) && line.contains("collector=\"viewers\""));
        assert_eq!(of_it.count(), 1, "{name}: {page}");
    }
    assert!(
        page.contains("session_limit") && page.contains("} 1000"),
        "{page}"
    );
    if have("promtool") {
        let (code, said) = crate::harness::exposition::promtool(page.as_bytes());
        assert_eq!(code, Some(0), "{said}");
    }
    running.server.stop().unwrap();
}

/// What is shown of a session by its id.
#[test]
fn a_session_is_found_by_its_id() {
    if !have("ffmpeg") {
        return;
    }
    let running = front(|text| text);
    assert_eq!(get(&running, "/hls/live0.ts?session=a").0, 200);
    let reports = running.site.address(running.site.second_port);
    let shown = poll(PATIENCE, || {
        let mut connection = Connection::open(reports, Duration::from_secs(5)).ok()?;
        let response = connection
            .get("/status/http/session_zones/viewers/active/a/tx/bytes")
            .ok()?;
        compare::parse_json(&response.body)
            .ok()?
            .as_u64()
            .filter(|bytes| *bytes > 1000)
    });
    assert!(shown.is_some());
    running.server.stop().unwrap();
}
