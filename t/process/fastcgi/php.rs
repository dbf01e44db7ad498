//! php-fpm behind this server and behind Debian's nginx, on the same configurations, after the patterns of well-known
//! applications.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::client::{Connection, Response};
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// A running php-fpm with a folder of scripts; it ends when dropped.
struct Php {
    child: Child,
    directory: PathBuf,
}

/// Where Debian has it, whatever its version.
fn program() -> Option<PathBuf> {
    let folder = fs::read_dir("/usr/sbin").ok()?.flatten();
    let mut all = folder.map(|entry| entry.path());
    let found = all.find(|path| path.to_string_lossy().contains("/php-fpm"));
    let required = std::env::var("PINGAUGE_CLIENTS").is_ok_and(|value| value == "required");
    assert!(
        found.is_some() || !required,
        "php-fpm is missing: run t/run, which installs it"
    );
    if found.is_none() {
        eprintln!("skipped: php-fpm is not installed; t/run installs it");
    }
    found
}

impl Php {
    fn start(name: &str) -> Option<Self> {
        let program = program()?;
        let directory =
            std::env::temp_dir().join(format!("pingauge-php-{name}-{}", std::process::id()));
        fs::create_dir_all(directory.join("site/sub")).unwrap();
        for (name, text) in SITE {
            fs::write(directory.join("site").join(name), text).unwrap();
        }
        let file = directory.join("fpm.conf");
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let user = if is_root {
            "user = root\ngroup = root\n"
        } else {
            ""
        };
        let text = format!(
            "[global]\nerror_log = $DIR/log\ndaemonize = no\n[www]\nlisten = $DIR/socket\nlisten.mode = 0666\n{user}\
             pm = static\npm.max_children = 3\nclear_env = yes\nsecurity.limit_extensions = .php\n\
             php_admin_value[upload_max_filesize] = 4M\nphp_admin_value[post_max_size] = 4M\n\
             php_admin_flag[log_errors] = on\nphp_admin_flag[display_errors] = off\n"
        );
        fs::write(
            &file,
            text.replace("$DIR", &directory.display().to_string()),
        )
        .unwrap();
        let mut command = Command::new(program);
        command
            .arg("-F")
            .arg("-R")
            .arg("-y")
            .arg(&file)
            .arg("-p")
            .arg(&directory);
        let output = fs::File::create(directory.join("output")).unwrap();
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        let child = command.spawn().unwrap();
        let php = Self { child, directory };
        let accepts = || UnixStream::connect(php.socket()).ok();
        assert!(poll(PATIENCE, accepts).is_some(), "{}", php.said());
        Some(php)
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.directory.join("output")).unwrap_or_default()
    }

    /// A text with the places of this one in it.
    fn placed(&self, text: &str) -> String {
        text.replace("$PHP", &format!("unix:{}", self.socket().display()))
            .replace("$SITE", &self.directory.join("site").display().to_string())
    }
}

impl Drop for Php {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        drop(Command::new("kill").arg(id).status());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// What scripts tell of a request.
const TOLD: &str = "<?php $s = $_SERVER; foreach (['REQUEST_TIME', 'REQUEST_TIME_FLOAT', 'REMOTE_PORT', 'SERVER_PORT', \
    'SERVER_ADDR', 'SERVER_SOFTWARE', 'USER', 'HOME'] as $k) unset($s[$k]); ksort($s); \
    header('Content-Type: application/json'); echo json_encode(['server' => $s, 'get' => $_GET, 'post' => $_POST, \
    'files' => array_map(fn($f) => [$f['name'], $f['size'], $f['error'], md5_file($f['tmp_name'])], $_FILES), \
    'input' => strlen(file_get_contents('php://input')), 'cookies' => $_COOKIE], JSON_PRETTY_PRINT);";

const SITE: &[(&str, &str)] = &[
    ("index.php", TOLD),
    ("sub/index.php", TOLD),
    ("app.php", TOLD),
    ("remote.php", TOLD),
    ("wp-login.php", TOLD),
    ("plain.txt", "plain\n"),
    ("style.css", "a { b: c }\n"),
    ("secret.inc", "secret\n"),
    (
        "status.php",
        "<?php http_response_code((int) $_GET['code']); header('X-A: 1'); header('X-A: 2', false); \
        setcookie('a', 'b'); setcookie('c', 'd'); echo 'status';",
    ),
    (
        "moved.php",
        "<?php header('Location: /elsewhere?a=b'); echo 'gone';",
    ),
    (
        "accel.php",
        "<?php header('X-Accel-Redirect: /protected/plain.txt'); header('Content-Type: text/x');",
    ),
    (
        "large.php",
        "<?php for ($i = 0; $i < 3000; $i++) echo str_repeat(chr(65 + $i % 26), 1000);",
    ),
    (
        "length.php",
        "<?php $t = str_repeat('x', 50000); header('Content-Length: 50000'); echo $t;",
    ),
    (
        "flushed.php",
        "<?php for ($i = 0; $i < 5; $i++) { echo $i; ob_flush(); flush(); usleep(20000); }",
    ),
    ("thrown.php", "<?php throw new Exception('on purpose');"),
    ("notice.php", "<?php error_log('for the log'); echo 'fine';"),
    (
        "died.php",
        "<?php echo 'so far'; ob_flush(); flush(); posix_kill(getmypid(), 9);",
    ),
    ("empty.php", "<?php "),
    ("info.php", "<?php phpinfo(INFO_VARIABLES);"),
];

/// Servers after public patterns, with what they are asked.
const SITES: &[(&str, &str)] = &[
    // A content management system with a front controller; uploads never run, hidden files are not there.
    (
        "index index.php;
         location = /favicon.ico { log_not_found off; access_log off; }
         location ~ /\\. { deny all; }
         location ~* /uploads/.*\\.php$ { deny all; }
         location / { try_files $uri $uri/ /index.php?$args; }
         location ~ \\.php$ { try_files $uri =404; include fastcgi.conf; fastcgi_intercept_errors on;
             fastcgi_index index.php; fastcgi_buffers 16 16k; fastcgi_buffer_size 32k; fastcgi_pass $PHP; }
         location ~* \\.(js|css|png)$ { expires max; log_not_found off; }",
        "",
    ),
    // A framework whose front controller takes what is no file, with paths behind scripts.
    (
        "location = /robots.txt { allow all; }
         location ~ \\..*/.*\\.php$ { return 403; }
         location ~ ^/sites/.*/private/ { return 403; }
         location / { try_files $uri /index.php?q=$uri&$args; }
         location @rewrite { rewrite ^/(.*)$ /index.php?q=$1; }
         location ~ '\\.php$|^/update.php' { fastcgi_split_path_info ^(.+?\\.php)(|/.*)$; include fastcgi_params;
             fastcgi_param HTTP_PROXY ''; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
             fastcgi_param PATH_INFO $fastcgi_path_info; fastcgi_param QUERY_STRING $query_string;
             fastcgi_intercept_errors on; fastcgi_pass $PHP; }",
        "",
    ),
    // A framework with pages of its own for what is not there.
    (
        "charset off; index index.php;
         location / { try_files $uri $uri/ /index.php?$query_string; }
         error_page 404 /index.php;
         location ~ \\.php$ { fastcgi_pass $PHP; fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
             include fastcgi_params; fastcgi_hide_header X-Powered-By; }
         location ~ /\\.(?!well-known).* { deny all; }",
        "",
    ),
    // A store of files: paths behind scripts, uploads that are not read first, kept connections.
    (
        "location /protected/ { internal; alias $SITE/; }
         location = / { return 302 /index.php/login; }
         location ~ ^/(?:build|tests|config|lib)(?:$|/) { return 404; }
         location ~ \\.php(?:$|/) { rewrite ^/(?!index|remote|app|status|accel|large|length|flushed|moved|empty|notice|thrown|info) \
             /index.php$request_uri; fastcgi_split_path_info ^(.+?\\.php)(/.*)$; set $path_info $fastcgi_path_info;
             try_files $fastcgi_script_name =404; include fastcgi_params;
             fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_param PATH_INFO $path_info;
             fastcgi_param modHeadersAvailable true; fastcgi_param front_controller_active true; fastcgi_pass kept;
             fastcgi_keep_conn on; fastcgi_intercept_errors on; fastcgi_request_buffering off;
             fastcgi_max_temp_file_size 0; }
         location / { try_files $uri $uri/ /index.php$request_uri; }",
        "upstream kept { server $PHP; keepalive 2; }",
    ),
];

/// Targets that every site is asked for.
const TARGETS: &[&str] = &[
    "/",
    "/?a=b&c[]=d",
    "/index.php",
    "/index.php?x=%C3%A4+b",
    "/index.php/path/info",
    "/index.php/path%20info/?q",
    "/sub/",
    "/sub",
    "/sub/index.php",
    "/nothing",
    "/nothing/at/all?x=y",
    "/nothing.php",
    "/nothing.php/x",
    "/plain.txt",
    "/style.css",
    "/.git/config",
    "/status.php?code=404",
    "/status.php?code=500",
    "/status.php?code=201",
    "/status.php?code=204",
    "/status.php?code=304",
    "/moved.php",
    "/accel.php",
    "/large.php",
    "/length.php",
    "/flushed.php",
    "/thrown.php",
    "/notice.php",
    "/empty.php",
    "/wp-login.php",
    "/uploads/x.php",
    "/a.b/c.php",
    "/%69ndex.php",
    "/sub/../index.php?dots",
    "//index.php",
    "/index.php%00",
    "/index.php%0a",
    "/index.php%3fx",
];

/// Fields of answers that are those of a server and not of the application.
const OWN: &[&str] = &[
    "date",
    "server",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "last-modified",
    "etag",
    "expires",
    "accept-ranges",
];

/// What is compared of an answer.
fn outline(response: &Response) -> String {
    let mut fields: Vec<String> = response
        .headers
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
        // What has no body has no type here.
        .filter(|field| response.status != 204 || !field.starts_with("content-type"))
        .collect();
    fields.sort();
    // Pages of a server are its own, too.
    let body = match response.text() {
        text if text.contains("<html>") => "(a page)".to_owned(),
        text => text,
    };
    let is_page = body == "(a page)" || response.status >= 300 && body.is_empty();
    let fields = fields
        .into_iter()
        .filter(|field| !is_page || !field.starts_with("content-length"));
    format!(
        "{} {:?}\n{body}",
        response.status,
        fields.collect::<Vec<_>>()
    )
}

fn head(method: &str, target: &str, more: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: www.test\r\n{more}\r\n").into_bytes()
}

fn requests() -> Vec<(String, Vec<u8>)> {
    let mut all = uploads();
    for target in TARGETS {
        all.push((
            format!("GET {target}"),
            head(
                "GET",
                target,
                "X-One: 1\r\nx-Two: b\r\nCookie: k=v; l=w\r\n",
            ),
        ));
        all.push((format!("HEAD {target}"), head("HEAD", target, "")));
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for target in ["/index.php", "/index.php/x", "/nothing"] {
        let body = "a=b&c=d%20e";
        let length = format!("{form}Content-Length: {}\r\n", body.len());
        all.push((
            format!("POST {target}"),
            [head("POST", target, &length), body.into()].concat(),
        ));
        let chunks = format!("{form}Transfer-Encoding: chunked\r\n");
        let body = "4\r\na=b&\r\n7\r\nc=d%20e\r\n0\r\n\r\n";
        all.push((
            format!("POST {target} in chunks"),
            [head("POST", target, &chunks), body.into()].concat(),
        ));
    }
    all.push((
        "PUT".into(),
        [
            head("PUT", "/index.php/file", "Content-Length: 3\r\n"),
            b"abc".to_vec(),
        ]
        .concat(),
    ));
    all.push(("DELETE".into(), head("DELETE", "/index.php/file", "")));
    all.push((
        "OPTIONS".into(),
        head("OPTIONS", "/index.php/file", "Content-Length: 0\r\n"),
    ));
    all.push((
        "PROPFIND".into(),
        head("PROPFIND", "/remote.php/dav/", "Depth: 1\r\n"),
    ));
    all
}

fn uploads() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for size in [10, 100_000, 2_000_000] {
        let mut body =
            b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n\r\n"
                .to_vec();
        body.extend((0..size).map(|at: u32| (at % 251) as u8));
        body.extend_from_slice(b"\r\n--b--\r\n");
        let fields = format!(
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n",
            body.len()
        );
        all.push((
            format!("an upload of {size}"),
            [head("POST", "/index.php", &fields), body].concat(),
        ));
    }
    all
}

fn ask(address: std::net::SocketAddr, method: &str, bytes: &[u8]) -> String {
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    connection.send(bytes).unwrap();
    match connection.receive(method) {
        Ok(response) => outline(&response),
        Err(error) => format!("{error}"),
    }
}

/// The lines that only one of them has.
fn difference(ours: &str, theirs: &str) -> String {
    let only = |one: &str, other: &str, sign: &str| -> String {
        let lines = one
            .lines()
            .filter(|line| !other.lines().any(|same| same == *line));
        lines
            .map(|line| format!("  {sign} {}\n", line.chars().take(300).collect::<String>()))
            .collect()
    };
    only(ours, theirs, "here ") + &only(theirs, ours, "nginx")
}

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("conf")
        .join(name);
    fs::read_to_string(path).unwrap()
}

#[test]
fn applications_see_and_say_what_they_do_behind_nginx() {
    let Some(php) = Php::start("beside") else {
        return;
    };
    if !Nginx::is_here(&[]) {
        return;
    }
    let (params, conf) = (shipped("fastcgi_params"), shipped("fastcgi.conf"));
    let files = [
        ("fastcgi_params", params.as_str()),
        ("fastcgi.conf", conf.as_str()),
    ];
    let mut differences = Vec::new();
    for (number, (server, http)) in SITES.iter().enumerate() {
        let common = "root $SITE; server_name www.test; client_max_body_size 8m; port_in_redirect off; types { text/css css; text/plain txt; }";
        let (server, http) = (php.placed(&format!("{common} {server}")), php.placed(http));
        let nginx = Nginx::start(&nginx::Site {
            main: "user root;",
            http: &format!("default_type text/plain; {http}"),
            server: &server,
            files: &files,
        });
        let nginx = nginx.unwrap();
        let site = crate::harness::site::Site::create().unwrap();
        for (name, text) in files {
            site.add_file(name, text).unwrap();
        }
        let parts = Parts {
            http: Some(format!(
                "access_log off; default_type text/plain; {http}\nserver {{ listen 80; {server} }}\n"
            )),
            ..Parts::default()
        };
        let running = Running::start_at(site, &parts);
        for (name, bytes) in requests() {
            let method = name.split(' ').next().unwrap();
            let method = if method == "HEAD" { "HEAD" } else { "GET" };
            let ours = ask(running.address(), method, &bytes);
            let theirs = ask(nginx.address, method, &bytes);
            if ours != theirs && !EXPECTED.contains(&&*name) {
                differences.push(format!(
                    "site {number}: {name}\n{}",
                    difference(&ours, &theirs)
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// What differs on purpose, by request: nginx keeps the character set of an answer in whose place another one comes; and `$` does not match
/// ahead of a line feed here, so that no script gets a path with one.
const EXPECTED: &[&str] = &[
    "GET /accel.php",
    "HEAD /accel.php",
    "GET /index.php%0a",
    "HEAD /index.php%0a",
];

#[test]
fn connections_to_php_are_kept_and_its_deaths_survived() {
    let Some(php) = Php::start("kept") else {
        return;
    };
    let parts = Parts {
        http_config: php.placed("upstream kept { server $PHP; keepalive 2; }"),
        config: php.placed(
            "fastcgi_param SCRIPT_FILENAME $SITE$fastcgi_script_name;\nfastcgi_param REQUEST_METHOD $request_method;\n\
             fastcgi_param CONTENT_LENGTH $content_length;\n\
             location / { fastcgi_keep_conn on; fastcgi_pass kept; }\n",
        ),
        ..Parts::default()
    };
    let running = Running::start(&parts);
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..50 {
        for (target, status, length) in [
            ("/empty.php", 200, 0),
            ("/length.php", 200, 50_000),
            ("/large.php", 200, 3_000_000),
        ] {
            let response = connection.get(target).unwrap();
            assert_eq!(
                (response.status, response.body.len()),
                (status, length),
                "{target}"
            );
        }
    }
    assert_eq!(connection.get("/notice.php").unwrap().text(), "fine");
    let log = || running.site.read("error.log");
    let told = poll(PATIENCE, || {
        log()
            .contains("FastCGI sent in stderr: \"PHP message: for the log\"")
            .then_some(())
    });
    assert!(told.is_some(), "{}", log());
    assert_eq!(connection.get("/none.php").unwrap().status, 404);
    assert!(log().contains("Primary script unknown"), "{}", log());
    connection
        .send(b"GET /died.php HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(connection.receive("GET").is_err());
    let is_told = |how: &str| log().contains(&format!("{how} while reading upstream"));
    let reset = "recv() failed (104: Connection reset by peer)";
    assert!(
        is_told(reset) || is_told("upstream prematurely closed connection"),
        "{}",
        log()
    );
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for _ in 0..5 {
        assert_eq!(connection.get("/notice.php").unwrap().text(), "fine");
    }
    std::io::stderr().flush().unwrap();
}
