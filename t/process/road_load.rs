//! What is on its way through the road for long: over reloads and at the end, in files, on disks that are full.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::client::Connection;
use crate::harness::origin::serving as origin;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};
use crate::road::{connect, request};

/// A long answer comes in so many pieces.
const PIECES: usize = 30;
static PIECE: [u8; 20_000] = [b'x'; 20_000];
const PAUSE: Duration = Duration::from_millis(25);

fn start_origin() -> SocketAddr {
    origin(|mut stream, _| {
        loop {
            let mut head = [0; 5];
            stream.peek(&mut head)?;
            if &head == b"GET /" {
                let asked = request(&mut stream)?;
                if asked.field("upgrade").is_some() {
                    return echo(&mut stream);
                }
                let length = PIECES * PIECE.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes())?;
                for _ in 0..PIECES {
                    stream.write_all(&PIECE)?;
                    thread::sleep(PAUSE);
                }
            } else {
                let length = request(&mut stream)?.body.len().to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                    length.len()
                );
                stream.write_all((head + &length).as_bytes())?;
            }
        }
    })
}

fn echo(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    )?;
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        stream.write_all(&piece[..read])?;
    }
}

fn download(address: SocketAddr) -> std::io::Result<()> {
    let mut connection = Connection::open(address, PATIENCE)?;
    let response = connection.get("/down")?;
    assert_eq!(
        (response.status, response.body.len()),
        (200, PIECES * PIECE.len())
    );
    Ok(())
}

fn upload(address: SocketAddr) -> std::io::Result<()> {
    let mut connection = Connection::open(address, PATIENCE)?;
    connection.send(b"POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    for _ in 0..PIECES {
        connection.send(&[b"4e20\r\n", &PIECE[..], b"\r\n"].concat())?;
        thread::sleep(PAUSE);
    }
    connection.send(b"0\r\n\r\n")?;
    let response = connection.receive("POST")?;
    assert_eq!(
        (response.status, response.text()),
        (200, (PIECES * PIECE.len()).to_string())
    );
    Ok(())
}

fn talk(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = connect(
        address,
        "GET /talk HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    let mut byte = [0; 1];
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    for number in 0..PIECES {
        let text = format!("{number:05}");
        stream.write_all(text.as_bytes())?;
        let mut back = [0; 5];
        stream.read_exact(&mut back)?;
        assert_eq!(back, text.as_bytes());
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Has clients of all kinds at work until told to stop; gives how many requests were answered.
fn work(address: SocketAddr, stop: &AtomicBool, begun: &AtomicUsize) -> usize {
    const KINDS: [fn(SocketAddr) -> std::io::Result<()>; 3] = [download, upload, talk];
    thread::scope(|scope| {
        let clients: Vec<_> = (0..9)
            .map(|number| {
                scope.spawn(move || {
                    let mut done = 0;
                    while !stop.load(Ordering::Relaxed) {
                        begun.fetch_add(1, Ordering::Relaxed);
                        let kind = number % KINDS.len();
                        if let Err(error) = KINDS[kind](address) {
                            panic!("kind {kind}: {error}");
                        }
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    })
}

#[test]
fn long_requests_outlive_reloads_and_the_end() {
    let origin = start_origin();
    let parts = Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "client_max_body_size 0; log_format c '$request_uri $status';\n\
             upstream o {{ server {origin}; keepalive 4; }}"
        ),
        config: "access_log $DIR/access.log c;\n\
             location / { proxy_pass http://o; proxy_set_header Upgrade $http_upgrade;\n\
             proxy_request_buffering off; proxy_set_header Connection $http_connection; }\n\
             location /status/ { access_log off; api /status/; }"
            .into(),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let address = running.address();
    let (stop, begun) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (told, counted) = (Arc::clone(&stop), Arc::clone(&begun));
    let clients = thread::spawn(move || work(address, &told, &counted));
    for round in 1..=3 {
        let under_way = poll(PATIENCE, || {
            (begun.load(Ordering::Relaxed) >= 9 * round).then_some(())
        });
        assert!(under_way.is_some());
        thread::sleep(PAUSE * 4);
        running.reload(&parts);
    }
    let all_at_it = poll(PATIENCE, || {
        (begun.load(Ordering::Relaxed) >= 36).then_some(())
    });
    assert!(all_at_it.is_some());
    stop.store(true, Ordering::Relaxed);
    thread::sleep(PAUSE * 4);
    running.server.signal("QUIT");
    let answered = clients.join().unwrap();
    let Running { mut server, site } = running;
    assert!(server.wait_for_exit(PATIENCE).unwrap().success());
    let log = site.read("access.log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), answered, "{log}");
    let fine = ["/down 200", "/up 200", "/talk 101"];
    assert!(lines.iter().all(|line| fine.contains(line)), "{log}");
}

/// Temporary files that a process has open.
fn temporary(process: u32, directory: &Path) -> usize {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let name = directory.to_string_lossy().into_owned();
    let within = |file: &std::fs::DirEntry| {
        let to = std::fs::read_link(file.path()).unwrap_or_default();
        to.to_string_lossy().starts_with(&name)
    };
    files.flatten().filter(within).count()
}

fn files_of(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

fn start_buffered(origin: SocketAddr) -> Running {
    Running::start(&Parts {
        http_config: "client_max_body_size 0;".into(),
        config: format!(
            "location / {{ proxy_pass http://{origin}; proxy_temp_path $DIR/logs/temporary; }}\n\
             location /plain {{ return 204; }}"
        ),
        ..Parts::default()
    })
}

#[test]
fn temporary_files_go_with_their_process() {
    let origin = origin(|mut stream, _| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n")?;
        stream.write_all(&vec![b'x'; 60_000_000])
    });
    let running = start_buffered(origin);
    let directory = running.site.directory.join("logs/temporary");
    let worker = running.workers(1)[0];
    let _reader = connect(running.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";
    let mut writer = connect(running.address(), body);
    writer.write_all(&vec![b'y'; 800_000]).unwrap();
    let open = poll(PATIENCE, || {
        (temporary(worker, &directory) == 2).then_some(())
    });
    assert!(open.is_some(), "{}", temporary(worker, &directory));
    Command::new("kill")
        .args(["-9", &worker.to_string()])
        .status()
        .unwrap();
    let replaced = poll(PATIENCE, || {
        let now = running.server.workers();
        now.iter().any(|one| one.id != worker).then_some(())
    });
    assert!(replaced.is_some());
    assert_eq!(files_of(&directory), 0);
    running.server.stop().unwrap();
}

/// A file system of its own that is full soon; it goes with this.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(directory: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=256k,mode=1777", "none"])
            .arg(directory);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: no file system can be mounted here");
        }
        mounted.then(|| Self(directory))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

#[test]
fn a_full_disk_is_answered() {
    let origin = origin(|mut stream, _| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n")?;
        stream.write_all(&vec![b'x'; 30_000_000])
    });
    let running = start_buffered(origin);
    let directory = running.site.directory.join("logs/temporary");
    let Some(_small) = Small::mount(&directory) else {
        return;
    };
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n";
    connection.send(head.as_bytes()).unwrap();
    drop(connection.send(&vec![b'y'; 3_000_000]));
    assert_eq!(connection.receive("POST").unwrap().status, 500);
    let mut reader = connect(running.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = poll(PATIENCE, || {
        let log = running.site.read("error.log");
        (log.matches("a temporary file failed").count() >= 2).then_some(())
    });
    assert!(told.is_some(), "{}", running.site.read("error.log"));
    // What came before is there, and that it is not all can be seen.
    let mut got = Vec::new();
    drop(reader.read_to_end(&mut got));
    assert!(
        got.len() > 64 * 1024 && got.len() < 30_000_000,
        "{}",
        got.len()
    );
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    assert_eq!(connection.get("/plain").unwrap().status, 204);
    running.server.stop().unwrap();
}
