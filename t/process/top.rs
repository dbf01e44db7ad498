//! `pingauge top` in a real terminal: its screens for a server that says the same at all times, compared
//! with files beside this one; and beside a server that works, ends and comes back.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::site::{Parts, binary};
use crate::harness::{PATIENCE, Running, golden, origin, poll, server};
use crate::terminal::Terminal;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/top");

/// A server that always says the same.
fn still() -> SocketAddr {
    origin::serving(|mut stream, _| {
        let head = head(&mut stream);
        let target = head.split(' ').nth(1).unwrap_or_default();
        let name = if target.contains("/metrics/?") {
            "keys.json"
        } else {
            "tree.json"
        };
        let body = fs::read(format!("{FOLDER}/{name}")).unwrap();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        stream.write_all(&body)
    })
}

fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn top(address: &str, width: u16, height: u16) -> Terminal {
    let program = binary();
    let command = format!(
        "{} top --every 200ms --address {address}",
        program.display()
    );
    Terminal::start(&command, width, height)
}

/// Waits until the screen is as a file says, or writes the file.
fn compare(terminal: &Terminal, address: SocketAddr, name: &str, mark: &str) {
    let general = |screen: &str| screen.replace(&address.port().to_string(), "$PORT");
    let path = format!("{FOLDER}/{name}.screen");
    if golden::is_updating() {
        // Twice, so that everything that is told of the time between two answers is there.
        terminal.expect_text(mark);
        std::thread::sleep(std::time::Duration::from_secs(2));
        fs::write(&path, general(&terminal.screen())).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap();
    terminal.expect(&format!("{path}\n{expected}"), |screen| {
        general(screen) == expected
    });
}

#[test]
fn every_view_is_drawn_as_its_picture() {
    if !have("tmux") {
        return;
    }
    let address = still();
    let terminal = top(&address.to_string(), 110, 30);
    for (key, name, mark) in [
        ("1", "overview", "worker-2"),
        ("2", "sites", "cleared"),
        ("3", "metrics", "orders"),
        ("4", "peers", "10.0.0.2"),
        ("5", "caches", "images"),
        ("6", "sessions", "viewers"),
        ("7", "backpressure", "api"),
        ("?", "help", "another view"),
    ] {
        terminal.press(&[key]);
        compare(&terminal, address, name, mark);
    }
}

#[test]
fn keys_are_sorted_searched_and_opened() {
    if !have("tmux") {
        return;
    }
    let address = still();
    let terminal = top(&format!("http://{address}/status/"), 110, 14);
    terminal.expect_text("worker-1");
    terminal.press(&["3", "Right", "Right", "r"]);
    compare(&terminal, address, "metrics_sorted", "orders");
    terminal.press(&["Down", "Enter"]);
    terminal.expect_text("rome");
    terminal.press(&["Right"]);
    compare(&terminal, address, "keys", "rome");
    terminal.press(&["/", "o", "x", "BSpace"]);
    compare(&terminal, address, "keys_searched", "search: o_");
    terminal.press(&["Enter", "Escape"]);
    terminal.expect("end of the search", |screen| !screen.contains("search: o"));
    // What follows this key at once is taken for a part of it, by all terminals.
    terminal.press(&["Escape"]);
    terminal.expect_text("Metric zones");
    terminal.press(&["/", "h", "i", "Enter"]);
    compare(&terminal, address, "metrics_searched", "hits");
}

#[test]
fn windows_of_every_size_are_drawn_and_resized() {
    if !have("tmux") {
        return;
    }
    let address = still();
    let terminal = top(&address.to_string(), 110, 30);
    terminal.expect_text("worker-2");
    terminal.press(&["4"]);
    terminal.resize(60, 12);
    compare(&terminal, address, "peers_narrow", "10.0.0.2");
    for (width, height) in [(1, 1), (5, 2), (200, 3), (3, 60)] {
        terminal.resize(width, height);
    }
    terminal.resize(110, 30);
    compare(&terminal, address, "peers", "10.0.0.2");
}

#[test]
fn the_terminal_is_given_back() {
    if !have("tmux") {
        return;
    }
    let address = still();
    let (program, log) = (binary(), "read line");
    let command = format!(
        "{} top --address {address}; echo ended with $?; {log}",
        program.display()
    );
    let terminal = Terminal::start(&command, 80, 20);
    terminal.expect_text("worker-2");
    assert!(terminal.is_taken());
    terminal.press(&["q"]);
    terminal.expect_text("ended with 0");
    assert!(!terminal.is_taken());

    let terminal = Terminal::start(&command, 80, 20);
    terminal.expect_text("worker-2");
    let shell = terminal.process().parse().unwrap();
    let child = server::children(shell).first().unwrap().id;
    server::signal(&child.to_string(), "TERM");
    terminal.expect_text("ended with 0");
    assert!(!terminal.is_taken());
}

#[test]
fn it_ends_with_its_terminal() {
    if !have("tmux") {
        return;
    }
    let address = still();
    let terminal = top(&address.to_string(), 80, 20);
    terminal.expect_text("worker-1");
    let process = terminal.process();
    drop(terminal);
    let ended = poll(PATIENCE, || {
        (!Path::new("/proc").join(&process).exists()).then_some(())
    });
    assert!(ended.is_some(), "process {process} goes on");
}

#[test]
fn without_a_terminal_it_says_so() {
    let mut command = Command::new(binary());
    let output = command
        .args(["top", "--address", "127.0.0.1:1"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("needs a terminal"), "{said}");
}

#[test]
fn a_server_that_goes_is_there_again_when_it_comes_back() {
    if !have("tmux") {
        return;
    }
    let parts = Parts {
        http_config: "metric_zone hits:64k count;\n".into(),
        config: "status_zone site;\nlocation /a { metric hits $arg_k on=request; return 204; }\n"
            .into(),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let address = running.address();
    let terminal = top(&format!("http://{address}/status/"), 120, 30);
    terminal.expect_text("process");
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    for _ in 0..7 {
        assert_eq!(connection.get("/a?k=x").unwrap().status, 204);
    }
    terminal.press(&["3"]);
    terminal.expect("a key", |screen| {
        screen
            .lines()
            .any(|line| line.starts_with("hits ") && line.split_whitespace().nth(1) == Some("1"))
    });
    drop(connection);
    let Running { server, site } = running;
    server.stop().unwrap();
    terminal.expect_text("no answer");
    let running = Running::start_at(site, &parts);
    terminal.expect("an answer", |screen| {
        !screen.contains("no answer")
            && screen.lines().any(|line| {
                line.starts_with("hits ") && line.split_whitespace().nth(1) == Some("0")
            })
    });
    running.server.stop().unwrap();
}
