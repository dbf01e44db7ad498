//! Streams of HTTP/2 in flight, uploads and downloads among them, while the server reloads, changes its certificates and
//! leaves: none fails, and each is counted once. The clients are `http2_load.py` and curl.

use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::clients::have;
use crate::harness::exposition::PYTHON;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll, server};
use crate::signals;
use crate::tls;

const UPLOAD: usize = 150_000;
const DOWNLOAD: usize = 100_000;
/// What is asked for, with the sizes of both bodies.
const KINDS: [&str; 5] = [
    "GET:/small:0:5",
    "GET:/large:0:100000",
    "GET:/proxied:0:8",
    "POST:/proxied:150000:8",
    "POST:/streamed:150000:8",
];
const PLACES: &str = "root $DIR/html;\nstatus_zone all;\nclient_max_body_size 0;\nmetric hits $status;\n\
     location /small { return 200 small; }\nlocation /large { }\n\
     location /proxied { proxy_pass http://origin; }\n\
     location /streamed { proxy_request_buffering off; proxy_pass http://origin; }\n";

/// Clients that go on until they are told to stop.
struct Clients(Child);

impl Clients {
    fn start(address: SocketAddr, way: &str, count: usize) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/http2_load.py");
        let child = Command::new(PYTHON)
            .args([script, &address.to_string(), way, &count.to_string()])
            .args(KINDS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    /// Lets streams under way end; how many were answered, and how many connections nobody accepted.
    fn finish(mut self) -> (u64, u64) {
        drop(self.0.stdin.take());
        let mut said = String::new();
        let mut out = self.0.stdout.take().unwrap();
        out.read_to_string(&mut said).unwrap();
        let account: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said:?}"));
        assert_eq!(account["failed"], json!([]), "{account}");
        let answered = account["answered"].as_object().unwrap();
        assert_eq!(answered.len(), 4, "{account}");
        let answered = answered.values().filter_map(Value::as_u64).sum();
        (answered, account["unheard"].as_u64().unwrap())
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A site with an origin, and a server in front of it that encrypts at its second address.
fn prepare() -> (Site, Parts) {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | answered\n").unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; DOWNLOAD]).unwrap();
    std::fs::write(site.directory.join("upload"), vec![b'u'; UPLOAD]).unwrap();
    tls::put(&site, "localhost");
    let parts = Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "http2 on;\nmetric_zone hits:64k count;\nlog_format l '$server_protocol $status $body_bytes_sent $server_port';\n\
             upstream origin {{ server $ORIGIN_o; keepalive 8; }}\n\
             server {{ access_log $DIR/access.log l; listen 127.0.0.1:$PORT2 ssl; ssl_certificate $DIR/localhost.pem;\n\
             ssl_certificate_key $DIR/localhost.key; {PLACES} }}\n"
        ),
        config: format!("access_log $DIR/access.log l;\n{PLACES}"),
        ..Parts::default()
    };
    (site, parts)
}

fn start_clients(site: &Site) -> [Clients; 2] {
    [
        Clients::start(site.address(site.port), "plain", 2),
        Clients::start(site.address(site.second_port), "tls", 2),
    ]
}

/// Whether clients of both ports have many answers.
fn are_busy(site: &Site) -> Option<()> {
    let log = site.read("access.log");
    let has_many = |port: u16| {
        let end = format!(" {port}");
        log.lines().filter(|line| line.ends_with(&end)).count() > 100
    };
    (has_many(site.port) && has_many(site.second_port)).then_some(())
}

fn finish(clients: [Clients; 2]) -> u64 {
    let accounts = clients.map(Clients::finish);
    // Sockets that stay leave none behind.
    assert!(accounts.iter().all(|(_, unheard)| *unheard == 0));
    accounts.iter().map(|(answered, _)| answered).sum()
}

/// Many transfers at once with curl, uploads among them; how many that were.
fn curl_many(site: &Site) -> u64 {
    const TRANSFERS: usize = 400;
    let transfer = |number: usize| {
        let path = ["small", "large", "proxied", "proxied", "streamed"][number % 5];
        let upload = match number % 5 {
            3 | 4 => "data-binary = \"@$DIR/upload\"\n",
            _ => "",
        };
        format!(
            "{upload}url = \"https://localhost:$PORT2/{path}\"\noutput = /dev/null\ninsecure\nhttp2\nsilent\nshow-error\n\
             write-out = \"%{{http_code}} %{{http_version}}\\n\"\n"
        )
    };
    let list: Vec<String> = (0..TRANSFERS).map(transfer).collect();
    site.add_file("list", &list.join("next\n")).unwrap();
    let list = site.directory.join("list");
    let curl = Command::new("timeout")
        .args(["100", "curl", "-Z", "--parallel-max", "20", "-K"])
        .arg(list)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&curl.stdout);
    let problem = String::from_utf8_lossy(&curl.stderr);
    assert!(curl.status.success(), "{problem}");
    assert!(said.lines().all(|line| line == "200 2"), "{said}{problem}");
    assert_eq!(said.lines().count(), TRANSFERS);
    TRANSFERS as u64
}

/// Lines of the access log, all of which say that it went well.
fn lines(site: &Site) -> u64 {
    let log = site.read("access.log");
    let odd = log.lines().find(|line| !line.starts_with("HTTP/2.0 200 "));
    assert_eq!(odd, None);
    log.lines().count() as u64
}

/// So many requests were answered, and nothing else was asked.
fn expect_counted(running: &Running, answered: u64) {
    running.expect_status("http/server_zones/all/requests/processing", &json!(0));
    running.expect_status(
        "http/metric_zones/hits/metrics",
        &json!({ "200": answered }),
    );
    running.expect_status("http/server_zones/all/requests/total", &json!(answered));
    let responses = json!({ "200": answered });
    running.expect_status("http/server_zones/all/responses", &responses);
    assert_eq!(lines(&running.site), answered);
    running.expect_status("http/http2/streams/active", &json!(0));
}

#[test]
fn reloads_and_new_certificates_fail_no_stream() {
    if !have("curl") || !have(PYTHON) {
        return;
    }
    let (site, parts) = prepare();
    let running = Running::start_at(site, &parts);
    let clients = start_clients(&running.site);
    let by_curl = thread::scope(|scope| {
        let many = scope.spawn(|| curl_many(&running.site));
        for number in 0.. {
            tls::put(&running.site, "localhost");
            running.reload(&parts);
            thread::sleep(Duration::from_millis(200));
            if number > 3 && many.is_finished() {
                break;
            }
        }
        many.join().unwrap()
    });
    let answered = finish(clients);
    assert!(answered > 200, "only {answered}");
    expect_counted(&running, answered + by_curl);
    let goaways = running.status("http/http2/goaways/sent");
    assert!(goaways.as_u64() > Some(4), "{goaways}");
    running.server.stop().unwrap();
}

#[test]
fn quit_lets_streams_end() {
    if !have(PYTHON) {
        return;
    }
    let (site, parts) = prepare();
    let mut running = Running::start_at(site, &parts);
    let clients = start_clients(&running.site);
    let busy = poll(PATIENCE, || are_busy(&running.site));
    assert!(busy.is_some());
    running.server.signal("QUIT");
    let ended = running.server.wait_for_exit(PATIENCE);
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    let accounts = clients.map(Clients::finish);
    let answered: u64 = accounts.iter().map(|(answered, _)| answered).sum();
    assert_eq!(lines(&running.site), answered);
}

#[test]
fn winch_lets_streams_end_and_a_reload_goes_on() {
    if !have(PYTHON) {
        return;
    }
    let (site, parts) = prepare();
    let main_config = "daemon on;\nworker_processes 2;\n".into();
    let master = signals::start_daemon_on(
        &site,
        &Parts {
            main_config,
            ..parts
        },
        &[],
    );
    let clients = start_clients(&site);
    let is_worker = |one: &server::Process| one.title.contains("worker process");
    let children = || server::children(master.parse().unwrap());
    let count = || children().iter().filter(|one| is_worker(one)).count();
    let busy = poll(PATIENCE, || are_busy(&site));
    server::signal(&master, "WINCH");
    let left = poll(PATIENCE, || (count() == 0).then_some(()));
    let before = lines(&site);
    server::signal(&master, "HUP");
    let back = poll(PATIENCE, || (lines(&site) > before).then_some(()));
    let answered = finish(clients);
    server::signal(&master, "TERM");
    poll(PATIENCE, || site.read("pid").is_empty().then_some(()));
    assert!(busy.is_some() && left.is_some() && back.is_some());
    assert_eq!(lines(&site), answered);
}

/// Both sides of a connection of HTTP/2 are this server, and both reload.
#[test]
fn origins_of_http2_and_grpc_that_reload_fail_no_request() {
    if !have(PYTHON) {
        return;
    }
    let origin = Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "http2 on;\nmetric_zone hits:64k count;\n".into(),
        config: "client_max_body_size 0;\nstatus_zone all;\nmetric hits $status;\nroot $DIR/html;\n\
                 location / { return 200 answered; }\nlocation /small { return 200 small; }\nlocation /large { }\n"
            .into(),
        ..Parts::default()
    };
    let site = Site::create().unwrap();
    std::fs::write(site.directory.join("html/large"), vec![b'l'; DOWNLOAD]).unwrap();
    let behind = Running::start_at(site, &origin);
    let address = behind.address();
    let (site, parts) = prepare();
    let places = format!(
        "access_log $DIR/access.log l;\nstatus_zone all;\nclient_max_body_size 0;\nmetric hits $status;\n\
         location / {{ proxy_http_version 2; proxy_pass http://behind; }}\n\
         location /streamed {{ proxy_http_version 2; proxy_request_buffering off; proxy_pass http://behind; }}\n\
         location /small {{ grpc_pass grpc://{address}; }}\n"
    );
    let upstream = format!("upstream behind {{ server {address}; keepalive 8; }}\n");
    let parts = Parts {
        http_config: parts.http_config.replace(PLACES, "return 404;") + &upstream,
        config: places,
        ..parts
    };
    let running = Running::start_at(site, &parts);
    let clients = Clients::start(running.address(), "plain", 3);
    for number in 0..6 {
        match number % 2 {
            0 => behind.reload(&origin),
            _ => running.reload(&parts),
        }
        thread::sleep(Duration::from_millis(300));
    }
    let (answered, unheard) = clients.finish();
    assert_eq!(unheard, 0);
    assert!(answered > 100, "only {answered}");
    expect_counted(&running, answered);
    behind.expect_status("http/server_zones/all/requests/processing", &json!(0));
    behind.expect_status(
        "http/metric_zones/hits/metrics",
        &json!({ "200": answered }),
    );
    running.server.stop().unwrap();
    behind.server.stop().unwrap();
}
