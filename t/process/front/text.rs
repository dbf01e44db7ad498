//! Files and texts beside Debian's nginx: the same directory, the same configuration, the same requests. Where they differ on
//! purpose, it says here why.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::harness::client::{self, Connection};
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// Within `http`.
const OUTER: &str = "
types { text/html html; text/plain txt; application/javascript js; text/css css; text/xml xml; image/gif gif; }
charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; C2 D0B1; 80 E282AC; }
charset_map windows-1251 koi8-r { FE C0; E0 C1; E1 C2; }
";

/// Within the server.
const INNER: &str = r#"
root $TREE;
port_in_redirect off;
location /list/ { autoindex on; }
location /list8/ { alias $TREE/list/; autoindex on; charset utf-8; }
location /wide/ { autoindex on; charset utf-8; }
location /listr/ { alias $TREE/list/; autoindex on; autoindex_exact_size off; autoindex_localtime on; }
location /listx/ { alias $TREE/plain/; autoindex on; autoindex_format xml; charset utf-8; }
location /listj/ { alias $TREE/plain/; autoindex on; autoindex_format json; }
location /listp/ { alias $TREE/plain/; autoindex on; autoindex_format jsonp; charset koi8-r; }
location /listi/ { alias $TREE/list/; autoindex on; index none.html s9999; }
location /empty/ { autoindex on; }
location /emptyj/ { alias $TREE/empty/; autoindex on; autoindex_format json; }
location /some/ { alias $TREE/one/; random_index on; types { } default_type text/plain; }
location /none/some/ { alias $TREE/empty/; random_index on; }
location /named/ { alias $TREE/text/; charset utf-8; }
location /named/types/ { alias $TREE/text/; charset utf-8; charset_types text/css; }
location /named/all/ { alias $TREE/text/; charset utf-8; charset_types *; }
location /to8/ { alias $TREE/text/; source_charset koi8-r; charset utf-8; }
location /from8/ { alias $TREE/text/; source_charset utf-8; charset koi8-r; }
location /bytes/ { alias $TREE/text/; source_charset koi8-r; charset windows-1251; }
location /var/ { alias $TREE/text/; source_charset koi8-r; charset $arg_c; }
location /told { default_type text/html; return 200 x; charset utf-8; }
location /told/301 { return 301 /x; charset utf-8; }
location /told/303 { return 303 /x; charset utf-8; }
location /told/404 { return 404; charset utf-8; }
location /over/ { proxy_pass http://$LISTEN/from8/; override_charset on; charset windows-1251; }
location /under/ { proxy_pass http://$LISTEN/from8/; charset windows-1251; }
location = /_.gif { empty_gif; }
location = /_.gif.old { empty_gif; expires 1h; }
"#;

/// Names in the directory of lists. What is not UTF-8, and control characters, are left to the lists of HTML: nginx writes
/// documents that are none.
const NAMES: &[&[u8]] = &[
    b"a b.txt",
    b"x<y>\"&.html",
    "\u{fc}.txt".as_bytes(),
    b"back\\slash",
    b".hidden",
    b"q'u;o:t?e#%.txt",
    b"Upper",
    b"lllllllllllllllllllllllllllllllllllllllllllllllll",
    b"llllllllllllllllllllllllllllllllllllllllllllllllll",
    b"lllllllllllllllllllllllllllllllllllllllllllllllllll",
    b"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
];
const ODD_NAMES: &[&[u8]] = &[b"n\nl", b"bad\xff", b"tab\tx"];

/// A tree of files, removed when dropped.
struct Tree(PathBuf);

impl Drop for Tree {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn named(folder: &Path, name: &[u8]) -> PathBuf {
    folder.join(OsStr::from_bytes(name))
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::write(path, content)?;
    age(path)
}

/// Both are to see times that are long past.
fn age(path: &Path) -> io::Result<()> {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_164_645);
    fs::File::open(path)?.set_modified(then)
}

impl Tree {
    fn grow() -> io::Result<Self> {
        let tree = Self(std::env::temp_dir().join(format!("pingauge-text-{}", std::process::id())));
        let root = &tree.0;
        for folder in ["list", "plain", "wide", "empty", "one", "text"] {
            fs::create_dir_all(root.join(folder))?;
        }
        for folder in ["list", "plain"] {
            let folder = root.join(folder);
            NAMES
                .iter()
                .try_for_each(|name| put(&named(&folder, name), b""))?;
            for (name, size) in [
                ("s9999", 9999),
                ("s10000", 10_000),
                ("s1536k", 1536 << 10),
                ("s3g", 3 << 30),
            ] {
                fs::File::create(folder.join(name))?.set_len(size)?;
                age(&folder.join(name))?;
            }
            for name in ["sub", &"m".repeat(49), &"m".repeat(50), &"m".repeat(55)] {
                fs::create_dir(folder.join(name))?;
                age(&folder.join(name))?;
            }
            // Its own time is that of its making, in whole minutes: it has to be the same for both.
            std::os::unix::fs::symlink("s9999", folder.join("link"))?;
        }
        let list = root.join("list");
        ODD_NAMES
            .iter()
            .try_for_each(|name| put(&named(&list, name), b""))?;
        // Where nothing says that it is UTF-8, nginx cuts such a name within a character.
        let wide = root.join("wide");
        put(&named(&wide, "\u{fc}".repeat(60).as_bytes()), b"")?;
        put(&root.join("one/only.bin"), b"only")?;
        put(&root.join("one/.hidden"), b"hidden")?;
        for extension in ["html", "txt", "css", "js", "gif"] {
            put(
                &root.join(format!("text/k.{extension}")),
                b"\xc1\xc0\xc2\x80\x81abc<",
            )?;
            let text = "\u{430}b\u{44e}\u{20ac}\u{1f600}\u{44f}".as_bytes();
            put(&root.join(format!("text/u.{extension}")), text)?;
        }
        // Characters at the end of every piece that files are read in.
        put(
            &root.join("text/long.html"),
            "\u{430}\u{20ac}\u{44e}".repeat(30_000).as_bytes(),
        )?;
        put(
            &root.join("text/long8.html"),
            &b"\xc1\x80ab\xc0".repeat(30_000),
        )?;
        Ok(tree)
    }
}

/// What is asked: method, target, fields.
type Case = (&'static str, String, Vec<(String, String)>);

fn case(method: &'static str, target: &str, fields: &[(&str, &str)]) -> Case {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let fields = fields.iter().map(owned).collect();
    (method, target.to_owned(), fields)
}

fn cases() -> Vec<Case> {
    let mut cases = cases_of_folders();
    cases.extend(cases_of_charsets());
    cases.extend(cases_of_responses());
    cases
}

fn cases_of_folders() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut ask = |method, target: &str, fields: &[(&str, &str)]| {
        cases.push(case(method, target, fields));
    };
    for target in [
        "list",
        "list8",
        "wide",
        "listr",
        "listx",
        "listj",
        "listp",
        "listi",
        "empty",
        "emptyj",
        "some",
        "none/some",
        "gone",
    ] {
        ask("GET", &format!("/{target}/"), &[]);
        ask("GET", &format!("/{target}/?callback=x"), &[]);
        ask("HEAD", &format!("/{target}/"), &[]);
        ask("PUT", &format!("/{target}/"), &[]);
        ask("GET", &format!("/{target}"), &[]);
    }
    for callback in ["a.b_9", "a-b", "", "%61", "a[]", "x&callback=y"] {
        ask("GET", &format!("/listp/?callback={callback}"), &[]);
    }
    cases
}

fn cases_of_charsets() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut ask = |method, target: &str, fields: &[(&str, &str)]| {
        cases.push(case(method, target, fields));
    };
    for place in [
        "named",
        "named/types",
        "named/all",
        "to8",
        "from8",
        "bytes",
        "over",
        "under",
    ] {
        for extension in ["html", "txt", "css", "js", "gif"] {
            for name in ["k", "u"] {
                ask("GET", &format!("/{place}/{name}.{extension}"), &[]);
            }
        }
        // A text without a single character that is known passes nginx as it is.
        let long = if place == "to8" { "long8" } else { "long" };
        ask("GET", &format!("/{place}/{long}.html"), &[]);
        ask("HEAD", &format!("/{place}/k.html"), &[]);
    }
    for charset in ["utf-8", "UTF-8", "koi8-r", "windows-1251", "x"] {
        ask("GET", &format!("/var/k.html?c={charset}"), &[]);
    }
    cases
}

fn cases_of_responses() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut ask = |method, target: &str, fields: &[(&str, &str)]| {
        cases.push(case(method, target, fields));
    };
    for target in [
        "/told",
        "/told/301",
        "/told/303",
        "/told/404",
        "/_.gif",
        "/_.gif.old",
    ] {
        ask("GET", target, &[]);
        ask("HEAD", target, &[]);
        ask("POST", target, &[]);
        ask(
            "GET",
            target,
            &[("If-Modified-Since", "Mon, 28 Sep 1970 06:00:00 GMT")],
        );
    }
    for range in ["bytes=0-2", "bytes=-3", "bytes=1-2,4-5", "bytes=100-"] {
        for target in [
            "/named/k.html",
            "/to8/k.html",
            "/bytes/k.html",
            "/bytes/k.css",
        ] {
            ask("GET", target, &[("Range", range)]);
        }
    }
    cases
}

const LOOKED_AT: &[&str] = &[
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Last-Modified",
    "Location",
    "Content-Range",
    "Accept-Ranges",
];

/// What is looked at of an answer. The pages of errors name who made them, and the parts of a body are parted by chance.
fn described(address: SocketAddr, (method, target, fields): &Case) -> String {
    let mut fields = fields.clone();
    fields.push(("Host".to_owned(), "x.test".to_owned()));
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    connection
        .send(&client::head(method, target, &fields, None))
        .unwrap();
    let response = connection.receive(method).unwrap();
    let mut text = response.status.to_string();
    let in_parts = response
        .header("Content-Type")
        .is_some_and(|value| value.starts_with("multipart/"));
    let is_page = !matches!(response.status, 200 | 206 | 304);
    for name in LOOKED_AT {
        let is_unlike = (in_parts || is_page) && name.starts_with("Content-");
        if let Some(value) = response
            .header(name)
            .filter(|_| !is_unlike || is_page && *name == "Content-Type")
        {
            write!(text, "\n  {name}: {value}").unwrap();
        }
    }
    if in_parts {
        let boundary = |line: &&str| !line.starts_with("--");
        let body = response.text();
        let lines: Vec<&str> = body.lines().filter(boundary).collect();
        return text + "\n" + &lines.join("\n");
    }
    if !is_page {
        write!(text, "\n{}", response.body.escape_ascii()).unwrap();
    }
    text
}

#[test]
fn both_answer_alike() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let tree = Tree::grow().unwrap();
    let root = tree.0.display().to_string();
    let server = INNER.replace("$TREE", &root);
    let nginx = Nginx::start(&nginx::Site {
        main: "",
        http: OUTER,
        server: &server.replace("$LISTEN", "$ADDRESS"),
        files: &[],
    })
    .unwrap();
    let site = Site::create().unwrap();
    let listen = format!("127.0.0.1:{}", site.port);
    let parts = Parts {
        http_config: OUTER.to_owned(),
        config: server.replace("$LISTEN", &listen),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let cases = cases();
    let mut surprises = String::new();
    for case in &cases {
        let theirs = described(nginx.address, case);
        let ours = described(running.address(), case);
        if theirs != ours {
            writeln!(
                surprises,
                "{case:?}\n nginx {theirs:.600}\n ours  {ours:.600}"
            )
            .unwrap();
        }
    }
    assert!(cases.len() > 150, "{}", cases.len());
    assert!(surprises.is_empty(), "{surprises}");
    running.server.stop().unwrap();
}
