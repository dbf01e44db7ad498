//! The same requests, on the same configuration, beside Debian's nginx: addresses behind proxies, variables by address
//! and share, passwords, referrers, links, marks. Where they differ on purpose, it says here why.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::harness::client::{self, Connection};
use crate::harness::nginx::{self, Nginx};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// Within `http`.
const OUTER: &str = "
geo $arg_ip $where { default far; 10.0.0.0/8 ten; 10.1.0.0/16 'ten one'; 10.1.2.3 host; 2001:db8::/32 six;
    0.0.0.0/1 low; 255.255.255.255 none; ::1 local; 192.168.0.0/16 $uri; }
geo $arg_ip $range { ranges; default far; 10.0.0.0-10.255.255.255 ten; 10.1.0.0-10.1.255.200 'ten one';
    192.168.1.1-192.168.1.1 host; 250.0.0.0-250.0.0.9 x; 250.0.0.3-250.0.0.4 y; }
geo $told { default far; 10.0.0.0/8 ten; 127.0.0.1 me; 11.0.0.0/8 eleven; proxy 127.0.0.0/8; proxy 11.0.0.0/8; }
geo $told_first { default far; 10.0.0.0/8 ten; 127.0.0.1 me; 11.0.0.0/8 eleven; proxy 127.0.0.0/8; proxy 11.0.0.0/8;
    proxy_recursive; }
split_clients $arg_k $share { 0.5% a; 20% b; 33.33% c; * 'rest $uri'; }
split_clients $arg_k $half { 50% a; }
";

/// Within the server.
const INNER: &str = "
server_name x.test ~^re\\d+\\.test$ .dot.test;
location / { return 200 \"$remote_addr|$realip_remote_addr|$proxy_add_x_forwarded_for\"; }
location /geo { return 200 \"$where|$range|$told|$told_first\"; }
location /share { return 200 $share|$half; }
location /ref { valid_referers none blocked server_names *.example.com www.example.* example.org/galleries/
    ~\\.google\\.; return 200 [$invalid_referer]; }
location /ref/strict { valid_referers example.net; return 200 [$invalid_referer]; }
location /link { secure_link $arg_md5,$arg_expires; secure_link_md5 '$secure_link_expires$uri secret';
    return 200 '[$secure_link][$secure_link_expires]'; }
location /plain { secure_link $arg_md5; secure_link_md5 '$uri secret'; return 200 [$secure_link]; }
location /word/ { secure_link_secret word; return 200 [$secure_link]; }
location /id { userid on; return 200 [$uid_got]; }
location /id/mark { userid on; userid_name u; userid_mark m; userid_domain a.test; userid_path /x;
    userid_flags secure httponly samesite=lax; userid_p3p 'x'; return 200 [$uid_got][$uid_set]; }
location /id/old { userid v1; userid_expires max; userid_mark q; return 200 [$uid_got]; }
location /id/log { userid log; return 200 [$uid_got][$uid_set]; }
location /in { auth_basic closed; auth_basic_user_file users; try_files /none @user; }
location /in/open { auth_basic off; try_files /none @user; }
location /in/none { auth_basic closed; auth_basic_user_file no-users; try_files /none @user; }
location /in/any { satisfy any; deny all; auth_basic any; auth_basic_user_file users; try_files /none @user; }
location /in/address { satisfy any; allow 127.0.0.1; deny all; auth_basic any; auth_basic_user_file users;
    try_files /none @user; }
location @user { return 200 [$remote_user]; }
";

/// Further servers, by the host that they are asked for.
const SERVERS: &[(&str, &str)] = &[
    (
        "last.test",
        "set_real_ip_from 127.0.0.0/8; real_ip_header X-Forwarded-For;",
    ),
    (
        "first.test",
        "set_real_ip_from 127.0.0.0/8; set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For; real_ip_recursive on;",
    ),
    ("usual.test", "set_real_ip_from 127.0.0.1;"),
    (
        "field.test",
        "set_real_ip_from 127.0.0.1; real_ip_header CF-Connecting-IP;",
    ),
    ("other.test", "set_real_ip_from 10.0.0.0/8;"),
];

const USERS: &str = "plain:{PLAIN}pass word\nsha:{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=\n\
    ssha:{SSHA}dZTWnaLaMKT/nowYpaYYLrpPw9dzYWx0c2FsdA==:comment\napr:$apr1$saltstr9$DqSuzuCfb7lQmOgBG3r3G1\n\
    md5:$1$saltstr9$UlkOKmrD9153QjnIvYGuS.\n\
    sha256:$5$saltstr9$4U.DArgKkok1wHMRDbHVa4kFxpUYnI2etPireItdiy7\n\
    bcrypt:$2y$04$2yF9rVDC9LprL9/wDBo.uuDXn3V6HezqqWMkT5Vv..q/Pjkc9.VqW\n";

/// Texts of `X-Forwarded-For` and the like. Left out are those that nginx reads in ways of its own: a comma in front
/// hides the only address, octets may begin with zeros, and tabs belong to words.
const CHAINS: &[&str] = &[
    "1.1.1.1",
    "1.1.1.1, 2.2.2.2",
    "1.1.1.1,2.2.2.2 , ",
    "1.1.1.1, junk",
    "unix:",
    "1.1.1.1, 10.2.2.2",
    "10.1.1.1, 10.2.2.2",
    "junk, 10.2.2.2, 10.3.3.3",
    "1.1.1.1,,10.2.2.2",
    "1.1.1.1;10.2.2.2",
    "1.1.1.1 10.2.2.2",
    "1.2.3.4:99",
    "1.2.3.4:0",
    "1.2.3.4:",
    "[::5]:99",
    "[::1]:99999",
    "[::1]",
    "::5",
    "::ffff:1.2.3.4",
    "1.1.1.1, ::ffff:10.2.3.4, ::ffff:10.0.0.1",
    "1.1.1",
    "\"1.1.1.1\"",
    "for=1.1.1.1",
];

const REFERERS: &[&str] = &[
    "http://x.test/",
    "https://x.test",
    "http://X.TEST/a",
    "http://re5.test/",
    "http://a.dot.test/",
    "http://dot.test/",
    "http://www.example.org/",
    "http://example.com/",
    "http://a.example.com/x",
    "http://example.org/galleries/1",
    "http://example.org/other",
    "https://www.google.com:80/",
    "foo",
    "ftp://x.test/",
    "http://x.test:8080/",
    "http://user@x.test/",
    "http://example.net/",
];

/// What is asked: target, host, fields.
type Case = (String, &'static str, Vec<(String, String)>);

fn field(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for chain in CHAINS {
        for (host, name) in [
            ("last.test", "X-Forwarded-For"),
            ("first.test", "X-Forwarded-For"),
            ("usual.test", "X-Real-IP"),
            ("field.test", "cf-connecting-ip"),
            ("other.test", "X-Real-IP"),
            ("x.test", "X-Forwarded-For"),
        ] {
            cases.push(("/".to_owned(), host, field(name, chain)));
        }
        cases.push(("/geo".to_owned(), "x.test", field("X-Forwarded-For", chain)));
        let two = [
            field("X-Forwarded-For", chain),
            field("X-Forwarded-For", "10.2.2.2:7"),
        ]
        .concat();
        cases.push(("/".to_owned(), "first.test", two));
    }
    for address in [
        "10.0.0.1",
        "10.1.0.1",
        "10.1.2.3",
        "10.1.255.201",
        "192.168.1.1",
        "8.8.8.8",
        "200.1.1.1",
        "250.0.0.3",
        "250.0.0.5",
        "junk",
        "",
        "2001:db8::1",
        "::1",
        "::2",
        "::ffff:10.1.2.3",
        "255.255.255.255",
        "0.0.0.0",
    ] {
        cases.push((format!("/geo?ip={address}"), "x.test", Vec::new()));
    }
    for number in 0..200 {
        let key = "k".repeat(number % 9);
        cases.push((format!("/share?k={key}{number}"), "x.test", Vec::new()));
    }
    for referer in REFERERS {
        for path in ["/ref", "/ref/strict"] {
            cases.push((path.to_owned(), "x.test", field("Referer", referer)));
        }
    }
    cases.extend(links());
    cases.extend(people());
    cases
}

fn links() -> Vec<Case> {
    // MD5 of "4000000000/link secret", "100/link secret" and "/plain secret", by openssl.
    let hashes = [("LATE", 4_000_000_000_u64), ("EARLY", 100)];
    let mut cases = Vec::new();
    for (hash, expires) in hashes {
        for told in [
            expires.to_string(),
            String::new(),
            "0".to_owned(),
            "x".to_owned(),
        ] {
            cases.push((
                format!("/link?md5={hash}&expires={told}"),
                "x.test",
                Vec::new(),
            ));
        }
    }
    for target in [
        "/link",
        "/plain",
        "/plain?md5=PLAIN",
        "/plain?md5=PLAIN==",
        "/plain?md5=PLAINx",
        "/plain?md5=PLAIN,4000000000",
        "/word/x",
        "/word/WORD/a/b.txt",
        "/word/WORD/a/b.txt?x=1",
        "/word/WORD/",
        "/word/UPPER/a/b.txt",
    ] {
        cases.push((target.to_owned(), "x.test", Vec::new()));
    }
    let known = [
        ("LATE", "trDT7TLmlvY2CXB3RMNH8Q"),
        ("EARLY", "ReAQ51nfVnCjFm5qCYz7Jg"),
        ("PLAIN", "CkFq1yI7RT2XZSMGO6Y_KQ"),
        ("WORD", "c4438e101f99d14d60bdb7664a274e6c"),
        ("UPPER", "C4438E101F99D14D60BDB7664A274E6C"),
    ];
    for (target, _, _) in &mut cases {
        for (name, hash) in known {
            *target = target.replace(name, hash);
        }
    }
    cases
}

fn people() -> Vec<Case> {
    let mut cases = Vec::new();
    let uid = "AQIDBAUGBwgJCgsMDQ4PEA";
    for path in ["/id", "/id/mark", "/id/old", "/id/log"] {
        for value in ["==", "q=", "m=", "xx", ""] {
            let cookie = field("Cookie", &format!("a=b; uid={uid}{value}; u={uid}{value}"));
            cases.push((path.to_owned(), "x.test", cookie));
        }
    }
    let tries = [
        "Basic cGxhaW46cGFzcyB3b3Jk",
        "basic  cGxhaW46cGFzcyB3b3Jk",
        "Basic cGxhaW46cGFzcyB3b3Jr",
        "Basic c2hhOnNoYQ==",
        "Basic c2hhOnNoYQ",
        "Basic c3NoYTpzc2hh",
        "Basic YXByOnBhc3Mgd29yZA==",
        "Basic bWQ1OnBhc3Mgd29yZA==",
        "Basic c2hhMjU2OnBhc3Mgd29yZA==",
        "Basic YmNyeXB0OmJjcnlwdCBpdA==",
        "Basic YmNyeXB0OmJjcnlwdA==",
        "Basic bm9ib2R5Ong=",
        "Basic Og==",
        "Basic Ong=",
        "Basic cGxhaW4=",
        "Basic cGxhaW46c!!c=",
        "Bearer x",
        "x",
        "Basic",
    ];
    for path in ["/in", "/in/open", "/in/none", "/in/any", "/in/address"] {
        cases.push((path.to_owned(), "x.test", Vec::new()));
        for one in tries {
            cases.push((path.to_owned(), "x.test", field("Authorization", one)));
        }
    }
    cases
}

/// What is looked at of an answer. The identifiers that both make up are not those of the other.
fn described(address: SocketAddr, (target, host, fields): &Case) -> String {
    let mut fields = fields.clone();
    fields.push(("Host".to_owned(), (*host).to_owned()));
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    connection
        .send(&client::head("GET", target, &fields, None))
        .unwrap();
    let response = connection.receive("GET").unwrap();
    let mut text = response.status.to_string();
    for name in ["WWW-Authenticate", "Set-Cookie", "P3P"] {
        if let Some(value) = response.header(name) {
            write!(text, " {name}: {value}").unwrap();
        }
    }
    if response.status == 200 {
        write!(text, " {}", response.text()).unwrap();
    }
    text
}

fn further(listen: &str) -> String {
    let inner = "return 200 \"$remote_addr|$realip_remote_addr|$proxy_add_x_forwarded_for\";";
    let one = |(name, lines): &(&str, &str)| {
        format!("server {{ listen {listen}; server_name {name}; {lines} {inner} }}\n")
    };
    SERVERS.iter().map(one).collect()
}

#[test]
fn both_answer_alike() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let nginx = Nginx::start(&nginx::Site {
        main: "",
        http: &format!("{OUTER}\n{}", further("$ADDRESS")),
        server: INNER,
        files: &[("users", USERS)],
    })
    .unwrap();
    let site = Site::create().unwrap();
    site.add_file("users", USERS).unwrap();
    let listen = format!("127.0.0.1:{}", site.port);
    let parts = Parts {
        http_config: format!("{OUTER}\n{}", further(&listen)),
        config: INNER.to_owned(),
        ..Parts::default()
    };
    let running = Running::start_at(site, &parts);
    let cases = cases();
    assert!(cases.len() > 500, "{}", cases.len());
    let mut surprises = String::new();
    for case in &cases {
        let (theirs, ours) = (
            described(nginx.address, case),
            described(running.address(), case),
        );
        if theirs != ours {
            writeln!(surprises, "{case:?}\n  nginx {theirs}\n  ours  {ours}").unwrap();
        }
    }
    assert!(surprises.is_empty(), "{surprises}");
    running.server.stop().unwrap();
}
