//! The same requests to limits, one after another, here and in Debian's nginx.

use std::fmt::Write;
use std::net::SocketAddr;
use std::thread;

use crate::harness::client::{self, Connection};
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

const OUTER: &str = "limit_req_zone $arg_k zone=minute:1m rate=1r/m;\nlimit_req_zone $arg_j zone=other:1m rate=1r/m;\n\
    limit_req_zone $http_k zone=field:1m rate=1r/m;\nlimit_req_zone $arg_k zone=slow:1m rate=40r/m;\n\
    limit_conn_zone $arg_k zone=number:1m;\nlimit_conn_zone $arg_j zone=more:1m;\n\
    large_client_header_buffers 4 128k;\nclient_header_buffer_size 1k;\n";

/// The fields tell what was decided.
const INNER: &str = "
add_header X-Req \"[$limit_req_status]\" always;
add_header X-Conn \"[$limit_conn_status]\" always;
location /one { limit_req zone=minute; try_files /none =204; }
location /burst { limit_req zone=minute burst=3 nodelay; try_files /none =204; }
location /delay { limit_req zone=slow burst=2; try_files /none =204; }
location /partly { limit_req zone=slow burst=4 delay=2; try_files /none =204; }
location /both { limit_req zone=minute burst=1 nodelay; limit_req zone=other nodelay; try_files /none =204; }
location /turned { limit_req zone=other nodelay; limit_req zone=minute burst=1 nodelay; try_files /none =204; }
location /dry { limit_req zone=minute; limit_req_dry_run on; try_files /none =204; }
location /dry/burst { limit_req zone=slow burst=5; limit_req_dry_run on; try_files /none =204; }
location /status { limit_req zone=minute; limit_req_status 429; try_files /none =204; }
location /page { limit_req zone=minute; error_page 503 =420 /busy; try_files /none =204; }
location /busy { limit_req zone=minute; limit_conn number 1; try_files /none =204; }
location /moved { limit_req zone=minute; error_page 404 = @moved; root /nowhere; }
location @moved { limit_req zone=minute; limit_conn number 1; try_files /none =204; }
location /denied { limit_req zone=minute; deny all; }
location /returned { limit_req zone=minute; return 204; }
location /field { limit_req zone=field; try_files /none =204; }
location /asked { auth_request /judge; limit_req zone=minute burst=1 nodelay; try_files /none =204; }
location /judge { limit_req zone=minute; try_files /none =204; }
location /number { limit_conn number 1; limit_conn more 1; try_files /none =204; }
location /within { limit_conn number 1; proxy_pass http://$ADDRESS/number; }
location /within/dry { limit_conn number 1; proxy_pass http://$ADDRESS/number/dry; }
location /number/dry { limit_conn number 1; limit_conn_dry_run on; try_files /none =204; }
location /within/more { limit_conn number 2; limit_conn_status 429; proxy_pass http://$ADDRESS/within/status; }
location /within/status { limit_conn number 2; limit_conn_status 429; proxy_pass http://$ADDRESS/number/status; }
location /number/status { limit_conn number 2; limit_conn_status 420; try_files /none =204; }
location /except { limit_except GET { deny all; } limit_req zone=minute; try_files /none =204; }
location /within/except { limit_req zone=minute burst=3 nodelay; limit_except GET HEAD { auth_basic closed;
    auth_basic_user_file users; } try_files /none =204; }
";

/// What is asked: method, target, fields.
type Case = (&'static str, String, Vec<(String, String)>);

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let paths = [
        "one",
        "burst",
        "delay",
        "partly",
        "both",
        "turned",
        "dry",
        "dry/burst",
        "status",
        "page",
        "moved",
        "denied",
        "returned",
        "asked",
        "number",
        "within",
        "within/dry",
        "within/more",
        "except",
        "within/except",
    ];
    for path in paths {
        let key = path.replace('/', "");
        let keys = [
            "",
            "?k=",
            "?k=K",
            "?k=K",
            "?k=K&j=J",
            "?k=K&j=J",
            "?k=K2&j=J",
            "?k=K2",
            "?j=J",
            "?k=K%00&j=J2",
        ];
        for query in keys {
            let query = query.replace(['K', 'J'], &format!("x{key}"));
            cases.push(("GET", format!("/{path}{query}"), Vec::new()));
        }
        cases.push(("HEAD", format!("/{path}?k=head{key}"), Vec::new()));
        cases.push(("POST", format!("/{path}?k=post{key}"), Vec::new()));
        cases.push(("POST", format!("/{path}?k=post{key}"), Vec::new()));
    }
    for length in [1, 254, 255, 256, 1000, 40_000, 65_535, 65_536] {
        for end in ["a", "b", "a"] {
            let key = "k".repeat(length - 1) + end;
            cases.push(("GET", "/field".into(), vec![("K".into(), key)]));
        }
    }
    cases
}

fn described(address: SocketAddr, (method, target, fields): &Case) -> String {
    let mut fields = fields.clone();
    fields.push(("Host".to_owned(), "a".to_owned()));
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let head = client::head(
        method,
        target,
        &fields,
        (*method == "POST").then_some(b"".as_slice()),
    );
    connection.send(&head).unwrap();
    let response = connection.receive(method).unwrap();
    let mut text = response.status.to_string();
    for name in ["X-Req", "X-Conn", "WWW-Authenticate"] {
        write!(text, " {}", response.header(name).unwrap_or("-")).unwrap();
    }
    text
}

#[test]
fn both_limit_alike() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let users = ("users", "a:{PLAIN}b\n");
    let nginx = Nginx::start(&nginx::Site {
        main: "",
        http: OUTER,
        server: INNER,
        files: &[users],
    })
    .unwrap();
    let site = Site::create().unwrap();
    site.add_file(users.0, users.1).unwrap();
    let parts = Parts {
        http_config: OUTER.to_owned(),
        config: INNER.replace("$ADDRESS", "127.0.0.1:$PORT"),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let cases = cases();
    assert!(cases.len() > 200, "{}", cases.len());
    let mut surprises = String::new();
    for case in &cases {
        // At once, so that the same time has passed for both.
        let (theirs, ours) = thread::scope(|scope| {
            let theirs = scope.spawn(|| described(nginx.address, case));
            let ours = described(running.address(), case);
            (theirs.join().unwrap(), ours)
        });
        if theirs != ours {
            let target: String = case.1.chars().take(80).collect();
            writeln!(
                surprises,
                "{} {target}\n  nginx {theirs}\n  ours  {ours}",
                case.0
            )
            .unwrap();
        }
    }
    assert!(surprises.is_empty(), "{surprises}");
    running.server.stop().unwrap();
}
