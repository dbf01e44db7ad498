//! Bodies that are packed and unpacked on their way: beside nginx, by other clients, and whatever is hostile.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::harness::{PATIENCE, Running, client, origin};

mod beside;
mod clients;
mod codings;
mod packed;
mod unpacked;

/// What is packed with gzip.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What was packed so, if it is whole.
fn unpack(coding: &str, packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    match coding {
        "gzip" => MultiGzDecoder::new(packed).read_to_end(&mut text),
        "br" => brotli::Decompressor::new(packed, 4096).read_to_end(&mut text),
        "zstd" => zstd::stream::read::Decoder::new(packed)?.read_to_end(&mut text),
        _ => packed.take(u64::MAX).read_to_end(&mut text),
    }?;
    Ok(text)
}

/// An origin that answers each target with these bytes, without the body to HEAD, and closes.
fn answering(answer: impl Fn(&str) -> (String, Vec<u8>) + Send + Sync + 'static) -> SocketAddr {
    origin::serving(move |mut stream, _| {
        let mut head = Vec::new();
        let mut piece = [0; 4096];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                amount => head.extend_from_slice(&piece[..amount]),
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut words = head.split(' ');
        let (method, target) = (words.next(), words.next().unwrap_or_default());
        let (fields, body) = answer(target);
        let mut bytes = format!("HTTP/1.1 {fields}Connection: close\r\n\r\n").into_bytes();
        if method != Some("HEAD") {
            bytes.extend(body);
        }
        stream.write_all(&bytes)
    })
}

/// A connection over which something was asked, with these fields.
fn asking(address: SocketAddr, target: &str, fields: &[(&str, &str)]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let fields: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    let head = client::head("GET", target, &fields, None);
    stream.write_all(&head).unwrap();
    stream
}

/// Bytes of memory of their own that the workers hold.
fn resident(running: &Running) -> u64 {
    let workers = running.server.workers();
    let of = |id: u32| {
        let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let mut lines = text.lines();
        let line = lines
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    };
    workers.iter().map(|worker| of(worker.id)).sum()
}

/// The content of chunks, as far as it has come, and whether the last chunk has.
fn content(received: &[u8]) -> (Vec<u8>, bool) {
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|it| it == what);
    let Some(start) = find(received, b"\r\n\r\n") else {
        return (Vec::new(), false);
    };
    let (mut rest, mut content) = (&received[start + 4..], Vec::new());
    while let Some(line) = find(rest, b"\r\n") {
        let length =
            usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if length == 0 {
            return (content, true);
        }
        content.extend_from_slice(&rest[..length.min(rest.len())]);
        rest = rest.get(length + 2..).unwrap_or_default();
    }
    (content, false)
}
