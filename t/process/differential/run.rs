//! Asks both servers of a block what its file has, and compares.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::answer::{self, Answer};
use super::known::{Difference, stem};
use super::pair::{Pair, Side};
use crate::harness::block::{Block, Section};
use crate::harness::client::{self, Response};
use crate::harness::door::{Ask, Connection, Door};
use crate::harness::escape;
use crate::harness::request::{self, Outcome, Request};
use crate::harness::{PATIENCE, poll};

/// How long bytes that are no request may stay without an answer.
const SILENCE: Duration = Duration::from_secs(5);

/// Runs a block; an error says why nothing could be compared.
pub(super) fn run(block: &Block) -> Result<Vec<Difference>, String> {
    let pair = Pair::prepare(block)?;
    let running = pair.start(block)?;
    let mut run = Run {
        file: stem(&block.file),
        pair: &pair,
        kept: HashMap::new(),
        found: Vec::new(),
        is_late: block.section("late").is_some(),
    };
    for section in &block.sections {
        let done = match (section.name.as_str(), section.argument.as_str()) {
            ("requests", "") => run.requests(section, Door::Http1),
            ("requests", "http2") => run.requests(section, Door::Http2),
            ("raw", _) => run.raw(section),
            ("config" | "http" | "http_config" | "origin" | "file" | "log" | "late", _) => Ok(()),
            (other, _) => Err(format!("no section is called `{other}`; see t/README.md")),
        };
        done.map_err(|message| format!("line {}: {message}", section.line))?;
    }
    run.late();
    run.kept.clear();
    let mut found = run.found;
    running.stop()?;
    found.extend(logs(block, &pair));
    Ok(found)
}

/// A block under way.
struct Run<'a> {
    file: String,
    pair: &'a Pair,
    /// Connections that are open, by server and door.
    kept: HashMap<(u8, bool), Connection>,
    found: Vec<Difference>,
    /// Whether origins are asked at times of their own, so that they are looked at in the end.
    is_late: bool,
}

/// An answer, and what the origins were asked for it.
type Asked = (Result<Answer, String>, Vec<(String, String)>);

impl Run<'_> {
    fn requests(&mut self, section: &Section, door: Door) -> Result<(), String> {
        for request in request::parse(&section.body)? {
            for index in 0..request.times {
                let told = told(&request);
                let [theirs, ours] = [Side::Theirs, Side::Ours].map(|side| {
                    let request = self.of_side(&request, index, door, side);
                    let answer = self.ask(&request, door, side);
                    (answer, self.asked())
                });
                self.written(&told, &request.outcome, &theirs.0);
                self.compare(&told, theirs, ours);
            }
        }
        Ok(())
    }

    /// What a file says of a request is what nginx does.
    fn written(&mut self, told: &str, written: &Outcome, theirs: &Result<Answer, String>) {
        let said = match theirs {
            Ok(answer) => answer.status.to_string(),
            Err(_) => "close".to_owned(),
        };
        let written = match written {
            Outcome::Status(status) => status.to_string(),
            Outcome::Closed => "close".to_owned(),
            Outcome::Any => said.clone(),
        };
        self.note(told, "written", said, written);
    }

    fn of_side(&self, request: &Request, index: usize, door: Door, side: Side) -> Request {
        let text = |text: &str| escape::expand(&self.pair.text(text, side), index);
        let host = match door {
            Door::Http1 => "localhost:$PORT",
            Door::Http2 => "localhost:$PORT2",
        };
        let headers = request.headers.iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        if !headers.iter().any(|(name, _)| name == "Host") {
            headers.insert(0, ("Host".to_owned(), text(host)));
        }
        Request {
            target: text(&request.target),
            headers,
            body: request.body.as_deref().map(text),
            ..request.clone()
        }
    }

    fn ask(&mut self, request: &Request, door: Door, side: Side) -> Result<Answer, String> {
        let key = (side as u8, door == Door::Http2);
        let kept = self.kept.remove(&key).filter(|one| !one.is_closed());
        let address = self.pair.address(side, door == Door::Http2);
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(door, address).map_err(|error| error.to_string())?,
        };
        let response = connection.ask(&Ask {
            method: &request.method,
            target: &request.target,
            headers: &request.headers,
            body: request.body.as_deref().map(str::as_bytes),
        });
        let response = response.map_err(|error| error.kind().to_string())?;
        if !response.closes() {
            self.kept.insert(key, connection);
        }
        let neutral = |text: &str| self.pair.neutral(text, side);
        Ok(Answer::new(&request.method, &response, neutral))
    }

    /// Each line is a connection of its own, in C escapes; it is read until it ends.
    fn raw(&mut self, section: &Section) -> Result<(), String> {
        for line in section.body.lines().filter(|line| !line.starts_with('#')) {
            let [theirs, ours] = [Side::Theirs, Side::Ours].map(|side| {
                let bytes = escape::unescape(&escape::expand(&self.pair.text(line, side), 0));
                let answers = exchange(self.pair.address(side, false), &bytes);
                let answers = answers.map(|(all, end)| {
                    let neutral = |text: &str| self.pair.neutral(text, side);
                    let answer = |one| Answer::new(method(&bytes), one, neutral);
                    (all.iter().map(answer).collect::<Vec<_>>(), end)
                });
                (answers, self.asked())
            });
            let (their_answers, their_end) = theirs.0?;
            let (our_answers, our_end) = ours.0?;
            self.note(line, "answers", their_answers.len(), our_answers.len());
            self.note(line, "end", their_end, our_end);
            for (one, other) in their_answers.iter().zip(&our_answers) {
                self.differ(line, one.compare(other));
            }
            self.origins(line, &theirs.1, &ours.1);
        }
        Ok(())
    }

    fn compare(&mut self, told: &str, theirs: Asked, ours: Asked) {
        match (theirs.0, ours.0) {
            (Ok(one), Ok(other)) => self.differ(told, one.compare(&other)),
            (one, other) => {
                let text = |answer: Result<Answer, String>| match answer {
                    Ok(answer) => answer.status.to_string(),
                    Err(_) => "no answer".to_owned(),
                };
                self.note(told, "end", text(one), text(other));
            }
        }
        self.origins(told, &theirs.1, &ours.1);
    }

    fn asked(&self) -> Vec<(String, String)> {
        match self.is_late {
            true => Vec::new(),
            false => self.asked_now(),
        }
    }

    fn asked_now(&self) -> Vec<(String, String)> {
        let all = self.pair.asked().into_iter();
        let told = |(name, requests): (&str, Vec<String>)| {
            let one = |text: &String| (name.to_owned(), answer::request(text));
            requests.iter().map(one).collect::<Vec<_>>()
        };
        all.flat_map(told).collect()
    }

    /// Origins that are asked late are told by the port in what they get whose request that is.
    fn late(&mut self) {
        if !self.is_late {
            return;
        }
        let mut all = Vec::new();
        let ports = [Side::Theirs, Side::Ours].map(|side| self.pair.address(side, false).port());
        let of = |all: &[(String, String)], port: u16| {
            let own = |(_, text): &&(String, String)| text.contains(&port.to_string());
            let mut own: Vec<_> = all.iter().filter(own).cloned().collect();
            for (_, text) in &mut own {
                *text = text.replace(&port.to_string(), "$PORT");
            }
            own.sort();
            own
        };
        poll(PATIENCE, || {
            all.extend(self.asked_now());
            let (theirs, ours) = (of(&all, ports[0]), of(&all, ports[1]));
            (!theirs.is_empty() && theirs == ours).then_some(())
        });
        let (theirs, ours) = (of(&all, ports[0]), of(&all, ports[1]));
        self.origins("in all", &theirs, &ours);
    }

    fn origins(&mut self, told: &str, theirs: &[(String, String)], ours: &[(String, String)]) {
        let mut names: Vec<&String> = theirs.iter().chain(ours).map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        for name in names {
            let of = |all: &[(String, String)], side: Side| {
                let own = all.iter().filter(|(other, _)| other == name);
                let texts: String = own.map(|(_, text)| text.as_str()).collect();
                self.pair.neutral(&texts, side)
            };
            let (theirs, ours) = (of(theirs, Side::Theirs), of(ours, Side::Ours));
            self.note(told, &format!("origin {name}"), theirs, ours);
        }
    }

    fn note(&mut self, told: &str, what: &str, theirs: impl ToString, ours: impl ToString) {
        let (theirs, ours) = (theirs.to_string(), ours.to_string());
        if theirs != ours {
            self.differ(told, vec![(what.to_owned(), theirs, ours)]);
        }
    }

    fn differ(&mut self, request: &str, found: Vec<(String, String, String)>) {
        self.found
            .extend(found.into_iter().map(|(what, theirs, ours)| Difference {
                file: self.file.clone(),
                request: request.to_owned(),
                what,
                theirs,
                ours,
            }));
    }
}

/// How a request is called: by its line, its fields, and how its body begins.
fn told(request: &Request) -> String {
    let fields: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let mut told = format!("{} {}", request.method, request.target);
    if !fields.is_empty() {
        told += &format!(" [{}]", fields.join("; "));
    }
    if let Some(body) = &request.body {
        told += &format!(" {{{}}}", body.chars().take(16).collect::<String>());
    }
    told
}

/// Everything that comes for these bytes, and how it ends.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Result<(Vec<Response>, &'static str), String> {
    let asking = || {
        let mut connection = client::Connection::open(address, SILENCE)?;
        // Who is refused may be left before everything is sent.
        drop(connection.send(bytes));
        Ok::<_, io::Error>(connection)
    };
    let mut connection = asking().map_err(|error| error.to_string())?;
    let mut answers = Vec::new();
    loop {
        match connection.receive(method(bytes)) {
            Ok(answer) => answers.push(answer),
            Err(error) => return Ok((answers, end(&error))),
        }
    }
}

fn end(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => "closed",
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "kept open",
        _ => "no answer of HTTP/1",
    }
}

fn method(bytes: &[u8]) -> &str {
    let word = bytes.split(|byte| *byte == b' ').next();
    word.and_then(|word| std::str::from_utf8(word).ok())
        .unwrap_or("GET")
}

/// The logs that a block names, line by line.
fn logs(block: &Block, pair: &Pair) -> Vec<Difference> {
    let named = block
        .sections
        .iter()
        .filter(|section| section.name == "log");
    let compared = named.map(|section| {
        let [theirs, ours] =
            [Side::Theirs, Side::Ours].map(|side| pair.log(&section.argument, side));
        Difference {
            file: stem(&block.file),
            request: "in all".to_owned(),
            what: format!("log {}", section.argument),
            theirs: only(&theirs, &ours),
            ours: only(&ours, &theirs),
        }
    });
    compared.filter(|one| one.theirs != one.ours).collect()
}

/// The lines of a log that the other has not, with their numbers.
fn only(log: &str, other: &str) -> String {
    let others: Vec<&str> = other.lines().collect();
    let lines = log.lines().enumerate();
    let own = lines.filter(|(number, line)| others.get(*number) != Some(line));
    own.map(|(number, line)| format!("{}: {line}\n", number + 1))
        .collect()
}
