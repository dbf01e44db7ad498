//! What users of nginx expect of a command: a reload that is checked before it is asked for, a line in the log about
//! the start, system errors with their numbers, and a first start without rights or files.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::client::Connection;
use crate::harness::server::{self, signal};
use crate::harness::site::{Parts, Site, binary};
use crate::harness::{PATIENCE, Running, poll};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn parts(http_config: &str) -> Parts {
    Parts {
        main_config: "error_log logs/error.log notice;\n".into(),
        http_config: http_config.into(),
        ..Parts::default()
    }
}

fn reload(running: &Running) -> Output {
    let directory = &running.site.directory;
    let mut command = Command::new(binary());
    command.arg("-c").arg(directory.join("test.conf"));
    command.arg("-p").arg(directory).args(["-s", "reload"]);
    command.output().unwrap()
}

#[test]
fn a_reload_is_checked_before_it_is_asked_for() {
    let running = Running::start(&parts("metric_zone z:64k count;\n"));
    let log = || running.site.read("logs/error.log");
    running
        .site
        .write(&parts("metric_zone z:64k nonsense;\n"))
        .unwrap();
    let refused = reload(&running);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(
        said.contains("nonsense") && said.contains("http_config:1"),
        "{said}"
    );
    assert!(said.contains("not told to reload"), "{said}");
    running
        .site
        .write(&parts("metric_zone z:128k count;\n"))
        .unwrap();
    let done = reload(&running);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(text(&done.stderr), "");
    let serving = poll(PATIENCE, || {
        log().contains("generation 2 is serving").then_some(())
    });
    assert!(serving.is_some(), "{}", log());
    // The one that was refused has not come to the server.
    assert_eq!(log().matches("reconfiguring").count(), 1, "{}", log());
    running.server.stop().unwrap();
}

#[test]
fn the_log_begins_with_what_was_started() {
    let running = Running::start(&parts(""));
    let log = running.site.read("logs/error.log");
    let first = log.lines().next().unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let main = running
        .site
        .directory
        .join("test.conf")
        .display()
        .to_string();
    for part in [
        "[notice]",
        &format!("pingauge/{version}"),
        &format!("starts: {main}, listening at"),
        &format!("127.0.0.1:{}", running.site.port),
    ] {
        assert!(first.contains(part), "{part}: {log}");
    }
    running.server.stop().unwrap();
}

#[test]
fn system_errors_are_told_with_their_numbers() {
    let site = Site::create().unwrap();
    let zone = "metric_zone z:64k:file=/nowhere/at/all/z count;\n";
    site.write(&parts(zone)).unwrap();
    let mut command = Command::new(binary());
    command.arg("-c").arg(site.directory.join("test.conf"));
    command.arg("-p").arg(&site.directory);
    let said = text(&command.output().unwrap().stderr);
    assert!(said.contains("2: No such file or directory"), "{said}");
    assert!(!said.contains("os error"), "{said}");
}

#[test]
fn versions_tell_what_the_program_is_made_of() {
    let run = |option: &str| text(&Command::new(binary()).arg(option).output().unwrap().stdout);
    let version = format!("pingauge version: pingauge/{}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run("--version"), version);
    assert_eq!(run("-v"), version);
    let details = run("-V");
    assert!(details.starts_with(&version), "{details}");
    for line in [
        "commit: ",
        "build: ",
        "libraries: pingora-core 0.",
        "modules: process, environment, core, ",
    ] {
        assert!(
            details.lines().any(|one| one.starts_with(line)),
            "{line}: {details}"
        );
    }
    // Debug builds do not know their commit; releases from a repository do.
    if details.contains("build: release")
        && Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists()
    {
        assert!(!details.contains("commit: unknown"), "{details}");
    }
}

/// The demo, told to end when this goes.
struct Demo {
    child: std::process::Child,
    said: Vec<String>,
}

impl Demo {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        for line in lines.map_while(Result::ok) {
            let is_last = line.contains("Its configuration is");
            said.push(line);
            if is_last {
                break;
            }
        }
        Self { child, said }
    }

    /// The port that it tells.
    fn port(&self) -> u16 {
        let line = self
            .said
            .iter()
            .find_map(|line| line.split_once("http://127.0.0.1:"));
        let (_, rest) = line.unwrap_or_else(|| panic!("no address: {:?}", self.said));
        rest.split('/').next().unwrap().parse().unwrap()
    }

    fn asked(&self, path: &str) -> u16 {
        let address = ([127, 0, 0, 1], self.port()).into();
        let answer = poll(PATIENCE, || {
            Connection::open(address, PATIENCE).ok()?.get(path).ok()
        });
        answer.expect("the demo does not answer").status
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        server::signal(&self.child.id().to_string(), "TERM");
        drop(self.child.wait());
    }
}

#[test]
fn a_demo_whose_port_is_taken_has_another_and_says_so() {
    // Somebody else may have it, which is the same.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let mut command = Command::new(binary());
    command.arg("demo");
    let demo = Demo::start(command);
    let port = demo.port();
    assert_ne!(port, 8080);
    let expected = format!("Port 8080 is in use, so the demo takes {port}.");
    assert_eq!(demo.said.first(), Some(&expected));
    assert_eq!(demo.asked("/"), 200);
    assert_eq!(demo.asked("/shop/"), 200);
}

/// A command in a world where `/etc` has nothing but what `prepare` puts there; `None` where the system does
/// not let anybody make one.
fn in_another_etc(prepare: &str, arguments: &str) -> Option<Command> {
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]);
        command
    };
    let prepared = format!("mount -t tmpfs none /etc && mkdir -p /etc/pingauge && {prepare}");
    let works = unshare(&prepared).stderr(Stdio::null()).status();
    works.is_ok_and(|status| status.success()).then(|| {
        let binary = binary();
        unshare(&format!(
            "{prepared} && exec {} {arguments}",
            binary.display()
        ))
    })
}

#[test]
fn without_arguments_the_installed_configuration_is_served_or_else_the_demo() {
    let Some(command) = in_another_etc("true", "") else {
        println!("skipped: no namespaces");
        return;
    };
    let demo = Demo::start(command);
    assert!(
        demo.said
            .iter()
            .any(|line| line.contains("The demo is running")),
        "{:?}",
        demo.said
    );
    drop(demo);
    let prepare = "echo 'nonsense 1;' > /etc/pingauge/pingauge.conf";
    let output = in_another_etc(prepare, "").unwrap().output().unwrap();
    let said = text(&output.stderr);
    assert!(
        said.contains("\"nonsense\" in /etc/pingauge/pingauge.conf:1"),
        "{said}"
    );
}

/// Someone without any rights, with a folder and the program.
struct Somebody {
    site: Site,
    program: PathBuf,
}

/// Numbers of a user that no system gives to anybody.
const NOBODY: u32 = 65_533;

impl Somebody {
    fn new(text: &str) -> Self {
        let site = Site::create().unwrap();
        site.add_file("first.conf", text).unwrap();
        let program = site.directory.join("pingauge");
        fs::copy(binary(), &program).unwrap();
        // Whoever is not root is somebody already.
        drop(chown(&site.directory, Some(NOBODY), Some(NOBODY)));
        Self { site, program }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.site.directory)
            .env_remove("XDG_RUNTIME_DIR");
        if fs::metadata(&self.site.directory)
            .is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == NOBODY)
        {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }
}

impl Drop for Somebody {
    /// Ends what a failed test left behind.
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.site.directory).into_iter().flatten() {
            let path = entry.map(|entry| entry.path()).unwrap_or_default();
            let is_pid = path.extension().is_some_and(|end| end == "pid");
            let text = fs::read_to_string(&path).unwrap_or_default();
            if let Ok(number) = text.trim().parse::<u32>()
                && is_pid
            {
                signal(&number.to_string(), "KILL");
            }
        }
    }
}

#[test]
fn somebody_without_rights_starts_and_stops_a_first_example() {
    let somebody = Somebody::new(
        "error_log error.log notice;\nevents {\n}\nhttp {\n    access_log off;\n    server {\n        listen 8080;\n        \
         location / { return 200 hello; }\n    }\n}\n",
    );
    let started = somebody.run(&["-c", "first.conf"]);
    assert!(started.status.success(), "{}", text(&started.stderr));
    let pid = somebody.site.read("pingauge-first.pid");
    assert!(pid.trim().parse::<u32>().is_ok(), "{pid:?}");
    let address = somebody.site.address(somebody.site.second_port);
    let mut body = String::new();
    let answer = poll(PATIENCE, || {
        Connection::open(address, PATIENCE).ok()?.get("/").ok()
    });
    answer
        .unwrap()
        .body
        .as_slice()
        .read_to_string(&mut body)
        .unwrap();
    assert_eq!(body, "hello");
    let reloaded = somebody.run(&["-c", "first.conf", "-s", "reload"]);
    assert!(reloaded.status.success(), "{}", text(&reloaded.stderr));
    let stopped = somebody.run(&["-c", "first.conf", "-s", "stop"]);
    assert!(stopped.status.success(), "{}", text(&stopped.stderr));
    let gone = poll(PATIENCE, || {
        (!somebody.site.directory.join("pingauge-first.pid").exists()).then_some(())
    });
    assert!(gone.is_some(), "{}", somebody.site.read("error.log"));
}

/// A server that says who it is.
fn one_of_two(name: &str, port: &str, more: &str) -> String {
    format!(
        "{more}error_log {name}.log notice;\nevents {{\n}}\nhttp {{\n    access_log off;\n    server {{\n        \
         listen 127.0.0.1:{port};\n        location / {{ return 200 {name}; }}\n    }}\n}}\n"
    )
}

/// Whether one of two servers answers.
fn answers(somebody: &Somebody, port: u16) -> bool {
    let connection = Connection::open(somebody.site.address(port), PATIENCE);
    connection.is_ok_and(|mut connection| connection.get("/").is_ok())
}

#[test]
fn servers_of_one_folder_are_told_apart() {
    let somebody = Somebody::new(&one_of_two("first", "8080", ""));
    let port = somebody.site.port;
    let second = one_of_two("second", &port.to_string(), "");
    somebody.site.add_file("second.conf", &second).unwrap();
    for main in ["first.conf", "second.conf"] {
        let started = somebody.run(&["-c", main]);
        assert!(started.status.success(), "{}", text(&started.stderr));
        assert_eq!(text(&started.stderr), "");
    }
    let reloaded = somebody.run(&["-c", "first.conf", "-s", "reload"]);
    assert!(reloaded.status.success(), "{}", text(&reloaded.stderr));
    let taken_up = poll(PATIENCE, || {
        let log = somebody.site.read("first.log");
        log.contains("generation 2 is serving").then_some(())
    });
    assert!(taken_up.is_some(), "{}", somebody.site.read("first.log"));
    assert!(!somebody.site.read("second.log").contains("generation 2"));
    somebody.run(&["-c", "first.conf", "-s", "stop"]);
    let first = somebody.site.second_port;
    assert!(poll(PATIENCE, || (!answers(&somebody, first)).then_some(())).is_some());
    assert!(answers(&somebody, port));
    somebody.run(&["-c", "second.conf", "-s", "stop"]);
    assert!(poll(PATIENCE, || (!answers(&somebody, port)).then_some(())).is_some());
}

#[test]
fn whoever_takes_a_pid_file_over_says_so_and_it_stays_anothers() {
    let somebody = Somebody::new(&one_of_two("first", "8080", "pid shared.pid;\n"));
    let port = somebody.site.port;
    let second = one_of_two("second", &port.to_string(), "pid shared.pid;\n");
    somebody.site.add_file("second.conf", &second).unwrap();
    let started = somebody.run(&["-c", "first.conf"]);
    assert_eq!(text(&started.stderr), "");
    let first = somebody.site.read("shared.pid").trim().to_owned();
    let started = somebody.run(&["-c", "second.conf"]);
    let said = text(&started.stderr);
    assert!(started.status.success(), "{said}");
    assert!(
        said.contains("[warn]") && said.contains(&format!("another master, {first},")),
        "{said}"
    );
    let second = somebody.site.read("shared.pid").trim().to_owned();
    assert_ne!(first, second);
    signal(&first, "TERM");
    assert!(
        poll(PATIENCE, || (!answers(
            &somebody,
            somebody.site.second_port
        ))
        .then_some(()))
        .is_some()
    );
    assert!(
        poll(PATIENCE, || somebody
            .site
            .read("first.log")
            .contains(" exit")
            .then_some(()))
        .is_some()
    );
    assert_eq!(somebody.site.read("shared.pid").trim(), second);
    somebody.run(&["-c", "second.conf", "-s", "stop"]);
    assert!(poll(PATIENCE, || (!answers(&somebody, port)).then_some(())).is_some());
}

#[test]
fn a_place_where_no_number_may_be_kept_is_told_with_what_to_do() {
    let somebody = Somebody::new(&one_of_two("first", "8080", ""));
    let folder = somebody.site.directory.join("closed");
    fs::create_dir(&folder).unwrap();
    let text_of = one_of_two("x", "8080", "").replace("x.log", "../x.log");
    fs::write(folder.join("x.conf"), text_of).unwrap();
    let mut started = somebody.run(&["-c", "closed/x.conf"]);
    if started.status.success() {
        // Whoever is root may write anywhere; whoever is not owns the folder.
        somebody.run(&["-c", "closed/x.conf", "-s", "stop"]);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
        started = somebody.run(&["-c", "closed/x.conf"]);
    }
    let said = text(&started.stderr);
    assert!(!started.status.success(), "{said}");
    assert!(said.contains("pid FILE;") && said.contains("-p"), "{said}");
}
