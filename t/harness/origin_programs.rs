//! The scripted origin as a program behind FastCGI, uwsgi or SCGI, told by the first byte: it answers by the same rules.
//!
//! `$HEAD` is the list of parameters, a line `NAME: value` for each; methods and targets are `REQUEST_METHOD` and `REQUEST_URI`. A
//! field `Stderr` of an answer is written to the standard error ahead of it, where there is one.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use super::origin::{Received, Rule};

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    FastCgi,
    Uwsgi,
    Scgi,
}

/// What a connection begins with, if it is one of these.
pub(super) fn spoken_on(stream: &TcpStream) -> Option<Speech> {
    let mut start = [0];
    if stream.peek(&mut start).ok()? == 0 {
        return None;
    }
    match start[0] {
        1 => Some(Speech::FastCgi),
        0 => Some(Speech::Uwsgi),
        b'0'..=b'9' => Some(Speech::Scgi),
        _ => None,
    }
}

/// Answers what is asked on a connection.
pub(super) fn serve(stream: TcpStream, speech: Speech, rules: &[Rule]) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let (parameters, body, keeps) = match speech {
            Speech::FastCgi => fastcgi(&mut reader)?,
            Speech::Uwsgi => uwsgi(&mut reader)?,
            Speech::Scgi => scgi(&mut reader)?,
        };
        let received = received(&parameters, body);
        let Some(rule) = rules.iter().find(|rule| rule.matches(&received)) else {
            return Ok(());
        };
        thread::sleep(rule.delay);
        let Some(headers) = &rule.answer else {
            return Ok(());
        };
        let errors = headers.iter().filter(|(name, _)| name == "Stderr");
        let errors: String = errors.map(|(_, text)| format!("{text}\n")).collect();
        let answer = answer(rule, headers, &received);
        match speech {
            Speech::FastCgi => write_records(&mut writer, errors.as_bytes(), &answer)?,
            Speech::Uwsgi | Speech::Scgi => writer.write_all(&answer)?,
        }
        if !keeps {
            return Ok(());
        }
    }
}

/// Parameters in order, the body, and whether another request may follow.
type Asked = (Vec<(String, String)>, Vec<u8>, bool);

fn received(parameters: &[(String, String)], body: Vec<u8>) -> Received {
    let all: HashMap<_, _> = parameters.iter().cloned().collect();
    let value = |name: &str| all.get(name).cloned().unwrap_or_default();
    let lines: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    Received {
        method: value("REQUEST_METHOD"),
        target: value("REQUEST_URI"),
        head: lines.join("\r\n"),
        body,
        closes: false,
    }
}

fn answer(rule: &Rule, headers: &[(String, String)], received: &Received) -> Vec<u8> {
    let mut text = String::new();
    if rule.status != 200 {
        text.push_str(&format!("Status: {} Scripted\r\n", rule.status));
    }
    for (name, value) in headers.iter().filter(|(name, _)| name != "Stderr") {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    if received.method != "HEAD" {
        text.push_str(&rule.body(received));
    }
    text.into_bytes()
}

/// A record; the padding makes it a multiple of eight.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let padding = (8 - content.len() % 8) % 8;
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = vec![1, kind, 0, 1, high, low, padding as u8, 0];
    out.extend_from_slice(content);
    out.resize(out.len() + padding, b'#');
    out
}

fn write_records(writer: &mut impl Write, errors: &[u8], answer: &[u8]) -> io::Result<()> {
    let mut out = Vec::new();
    if !errors.is_empty() {
        out.extend(record(7, errors));
    }
    // In small pieces, so that heads and bodies are cut in odd places.
    let pieces = answer.chunks(if answer.len() > 10_000 { 8_191 } else { 13 });
    pieces.for_each(|piece| out.extend(record(6, piece)));
    out.extend(record(6, b""));
    out.extend(record(3, &[0; 8]));
    writer.write_all(&out)
}

/// Reads a request of FastCGI.
pub(crate) fn fastcgi(reader: &mut impl Read) -> io::Result<Asked> {
    let (mut parameters, mut body, mut keeps) = (Vec::new(), Vec::new(), false);
    loop {
        let mut header = [0; 8];
        reader.read_exact(&mut header)?;
        let [1, kind, 0, 1, high, low, padding, _] = header else {
            return Err(io::Error::other(format!("bad record {header:?}")));
        };
        let mut content = vec![0; usize::from(u16::from_be_bytes([high, low]))];
        reader.read_exact(&mut content)?;
        reader.read_exact(&mut vec![0; usize::from(padding)])?;
        match (kind, content.is_empty()) {
            (1, _) => keeps = content[2] & 1 == 1,
            (4, _) => parameters.extend(content),
            (5, false) => body.extend(content),
            (5, true) => return Ok((pairs(&parameters), body, keeps)),
            _ => return Err(io::Error::other(format!("bad kind {kind}"))),
        }
    }
}

fn pairs(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let mut length = || match bytes[0] {
            short @ ..128 => {
                bytes = &bytes[1..];
                usize::from(short)
            }
            _ => {
                let long = u32::from_be_bytes(bytes[..4].try_into().unwrap()) & 0x7fff_ffff;
                bytes = &bytes[4..];
                long as usize
            }
        };
        let (name, value) = (length(), length());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        all.push((text(&bytes[..name]), text(&bytes[name..name + value])));
        bytes = &bytes[name + value..];
    }
    all
}

fn uwsgi(reader: &mut impl Read) -> io::Result<Asked> {
    let mut header = [0; 4];
    reader.read_exact(&mut header)?;
    let mut packet = vec![0; usize::from(u16::from_le_bytes([header[1], header[2]]))];
    reader.read_exact(&mut packet)?;
    let mut rest = &packet[..];
    let mut text = || {
        let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        let text = String::from_utf8_lossy(&rest[2..2 + length]).into_owned();
        rest = &rest[2 + length..];
        (text, rest.is_empty())
    };
    let mut parameters = Vec::new();
    let mut is_over = packet.is_empty();
    while !is_over {
        let name = text().0;
        let (value, last) = text();
        parameters.push((name, value));
        is_over = last;
    }
    parameters.push((
        "MODIFIERS".to_owned(),
        format!("{} {}", header[0], header[3]),
    ));
    let body = body(reader, &parameters)?;
    Ok((parameters, body, false))
}

fn scgi(reader: &mut impl Read) -> io::Result<Asked> {
    let mut digits = String::new();
    loop {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        match byte[0] {
            b':' => break,
            digit => digits.push(char::from(digit)),
        }
    }
    let mut packet = vec![0; digits.parse::<usize>().map_err(io::Error::other)? + 1];
    reader.read_exact(&mut packet)?;
    let texts: Vec<String> = packet
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let parameters: Vec<_> = texts
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let body = body(reader, &parameters)?;
    Ok((parameters, body, false))
}

fn body(reader: &mut impl Read, parameters: &[(String, String)]) -> io::Result<Vec<u8>> {
    let length = parameters.iter().find(|(name, _)| name == "CONTENT_LENGTH");
    let length = length.and_then(|(_, digits)| digits.parse().ok());
    let mut body = Vec::new();
    reader.take(length.unwrap_or(0)).read_to_end(&mut body)?;
    Ok(body)
}
