//! The header of the PROXY protocol before TLS and HTTP/2, by curl, and in pieces.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::clients::have;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

fn running(more: &str) -> Running {
    let site = Site::create().unwrap();
    let inner = "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; http2 on;\n\
         return 200 \"$remote_addr $proxy_protocol_addr $server_protocol $scheme\";";
    let (plain, encrypted) = (site.port, site.second_port);
    let parts = Parts {
        http: Some(format!(
            "server {{ listen 127.0.0.1:{plain} proxy_protocol; {more} {inner} }}\n\
             server {{ listen 127.0.0.1:{encrypted} ssl proxy_protocol; ssl_certificate selfsigned:$DIR/c.pem; ssl_certificate_key selfsigned:$DIR/k.pem; {inner} }}\n"
        )),
        ..Parts::default()
    };
    Running::start_at(site, &parts)
}

fn curl(url: &str, options: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-sSk", "--max-time", "30", "--haproxy-protocol"]);
    let output = curl.args(options).arg(url).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    String::from_utf8_lossy(&output.stdout).into_owned() + &error
}

#[test]
fn curl_says_whom_it_speaks_for() {
    if !have("curl") {
        return;
    }
    let running = running("");
    let plain = format!("http://127.0.0.1:{}/", running.site.port);
    let encrypted = format!("https://127.0.0.1:{}/", running.site.second_port);
    let expected = |rest: &str| format!("127.0.0.1 127.0.0.1 {rest}");
    assert_eq!(curl(&plain, &["--http1.1"]), expected("HTTP/1.1 http"));
    assert_eq!(
        curl(&plain, &["--http2-prior-knowledge"]),
        expected("HTTP/2.0 http")
    );
    assert_eq!(curl(&encrypted, &["--http1.1"]), expected("HTTP/1.1 https"));
    assert_eq!(curl(&encrypted, &["--http2"]), expected("HTTP/2.0 https"));
    running.server.stop().unwrap();
}

/// A header and the request behind it, cut anywhere, or byte by byte, are the same.
#[test]
fn pieces() {
    let running = running("");
    let whole = b"PROXY TCP4 9.8.7.6 5.6.7.8 11 22\r\nGET / HTTP/1.0\r\n\r\n";
    let ask = |pieces: &[&[u8]]| {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        for piece in pieces {
            stream.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_micros(300));
        }
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.rsplit("\r\n").next().unwrap().to_owned()
    };
    for cut in 1..whole.len() {
        let answer = ask(&[&whole[..cut], &whole[cut..]]);
        assert_eq!(answer, "9.8.7.6 9.8.7.6 HTTP/1.0 http", "{cut}");
    }
    let bytes: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(ask(&bytes), "9.8.7.6 9.8.7.6 HTTP/1.0 http");
    running.server.stop().unwrap();
}

/// A connection on which no header comes is closed in its time, with TLS as well, and is told only if something came.
#[test]
fn silence() {
    let running = running("client_header_timeout 1s;");
    for begin in [&b""[..], b"PROXY ", b"\r\n\r\n\0"] {
        let mut stream = TcpStream::connect(running.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(begin).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty(), "{}", answer.escape_ascii());
    }
    let log = running.site.read("error.log");
    let told = log
        .matches("client timed out while reading PROXY protocol")
        .count();
    assert_eq!(told, 2, "{log}");
    running.server.stop().unwrap();
}
