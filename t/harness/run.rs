//! Runs one block: prepares its site, starts the server, takes the sections in order.
//!
//! Sections before the first step configure; `config`, `http_config`, `http` and `main_config`
//! after it take effect at the next `reload`. Requests of a block share one keep-alive connection
//! per port, so the `on=end` metrics of one request are in place before the next is read.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::block::{Block, Section};
use super::client::{self, Response};
use super::compare::{self, Members};
use super::door::{Ask, Connection, Door};
use super::escape;
use super::request::{self, BodyCheck, Outcome, Request};
use super::server::Server;
use super::site::{Parts, Site};

/// How long a whole block may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs the block by a door; the error holds everything needed to understand the failure.
pub(crate) fn run(block: &Block, door: Door) -> Result<(), String> {
    let mut site = Site::create().map_err(|error| format!("no temporary directory: {error}"))?;
    site.door = door;
    let mut run = Run::new(block, site);
    let result = run.all();
    match block.section("http1_only").filter(|_| door == Door::Http2) {
        None => result.map_err(|message| run.report(&message)),
        Some(_) if result.is_err() => Ok(()),
        Some(_) => Err("this passes over HTTP/2, too: remove its `http1_only`".to_owned()),
    }
}

/// A block under way.
pub(super) struct Run<'a> {
    pub(super) block: &'a Block,
    pub(super) site: Site,
    pub(super) parts: Parts,
    pub(super) server: Option<Server>,
    pub(super) connections: HashMap<u16, Connection>,
    pub(super) last: Response,
    pub(super) raw: Option<client::Connection>,
    /// How much of the error log earlier steps have seen.
    pub(super) log_seen: usize,
    deadline: Instant,
}

impl<'a> Run<'a> {
    fn new(block: &'a Block, site: Site) -> Self {
        Self {
            block,
            site,
            parts: Parts::default(),
            server: None,
            connections: HashMap::new(),
            last: Response::default(),
            raw: None,
            log_seen: 0,
            deadline: Instant::now() + LIMIT,
        }
    }

    fn all(&mut self) -> Result<(), String> {
        for section in &self.block.sections {
            self.section(section).map_err(|message| {
                let place = format!("{}:{}", self.block.file.display(), section.line);
                format!(
                    "{place}: --- {} {}\n{message}",
                    section.name, section.argument
                )
            })?;
        }
        self.connections.clear();
        self.raw = None;
        if let Some(server) = self.server.take() {
            server.stop()?;
        }
        compare::none_match(
            "panicked at\n\\(os error ",
            &(self.site.read("error.log") + &self.site.read("stderr")),
        )
    }

    fn section(&mut self, section: &Section) -> Result<(), String> {
        let Some(section) = section.at(self.site.door) else {
            return Ok(());
        };
        let section = section.as_ref();
        match section.name.as_str() {
            "http1_only" if section.argument.is_empty() => return Err("say why".to_owned()),
            "http1_only" => {}
            "conf" => self.parts.conf = Some(section.body.clone()),
            "main_config" => self.parts.main_config.clone_from(&section.body),
            "http_config" => self.parts.http_config.clone_from(&section.body),
            "http" => self.parts.http = Some(section.body.clone()),
            "config" => self.parts.config.clone_from(&section.body),
            "origin" => self.site.add_origin(&section.argument, &section.body)?,
            "file" => {
                let written = self.site.add_file(&section.argument, &section.body);
                written.map_err(|error| error.to_string())?;
            }
            "link" => {
                let written = self.site.add_link(&section.argument, section.body.trim());
                written.map_err(|error| error.to_string())?;
            }
            "ok" | "warn" | "error" | "error_like" => self.check_configuration(section)?,
            _ => {
                self.start()?;
                self.step(section)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, section: &Section) -> Result<(), String> {
        match section.name.as_str() {
            "requests" => self.requests(&section.body),
            "json" => self.json(section, Members::All),
            "json_like" => self.json(section, Members::AtLeast),
            "wait" => self.wait(section, Members::All),
            "wait_like" => self.wait(section, Members::AtLeast),
            "prometheus" => self.prometheus(section),
            "response_body" => self.golden(section, &self.last.text()),
            "response_body_like" => {
                compare::all_match(&self.site.substitute(&section.body), &self.last.text())
            }
            "response_headers" => self.response_headers(section),
            "raw_request" => self.raw_request(section),
            "raw_response" | "raw_response_like" => self.raw_response(section),
            "raw_close" => {
                self.raw = None;
                Ok(())
            }
            "reload" => self.reload(section),
            "log" => self.file_like("error.log", &section.body),
            "no_log" => compare::none_match(&section.body, &self.site.read("error.log")),
            "file_like" => self.file_like(&section.argument, &section.body),
            unknown => Err(format!("no section is called `{unknown}`; see t/README.md")),
        }
    }

    fn start(&mut self) -> Result<(), String> {
        if self.server.is_some() {
            return Ok(());
        }
        let main_file = self
            .site
            .write(&self.parts)
            .map_err(|error| error.to_string())?;
        let address = self.site.address(self.site.port);
        self.server = Some(Server::start(
            &main_file,
            &self.site.directory,
            &[],
            address,
        )?);
        Ok(())
    }

    fn check_configuration(&self, section: &Section) -> Result<(), String> {
        let main_file = self
            .site
            .write(&self.parts)
            .map_err(|error| error.to_string())?;
        let output = Server::check(&main_file, &self.site.directory);
        let output = output.map_err(|error| format!("cannot run the server: {error}"))?;
        let stderr = self
            .site
            .without_directory(&String::from_utf8_lossy(&output.stderr));
        // The verdict, how much fits into zones, and that the harness's own lines do nothing are said
        // of every good configuration.
        let usual = [
            "configuration file ",
            ": room for ",
            "without effect in test.conf ",
        ];
        let expected = |line: &str| usual.iter().any(|one| line.contains(one));
        let verdict = |line: &&str| !expected(line);
        let said: String = stderr
            .lines()
            .filter(verdict)
            .map(|line| format!("{line}\n"))
            .collect();
        let must_load = matches!(section.name.as_str(), "ok" | "warn");
        if output.status.success() != must_load {
            let what = if must_load {
                "must load"
            } else {
                "must be refused"
            };
            return Err(format!(
                "the configuration {what}; -t gave {} and\n{said}",
                output.status
            ));
        }
        match section.name.as_str() {
            "ok" if said.is_empty() => Ok(()),
            "ok" => Err(format!("nothing was to be said, but:\n{said}")),
            "error_like" => compare::all_match(&self.site.substitute(&section.body), &said),
            _ => self.golden(section, &said),
        }
    }

    fn requests(&mut self, body: &str) -> Result<(), String> {
        for request in request::parse(&self.substitute_names(body))? {
            for index in 0..request.times {
                self.request(&request, index).map_err(|message| {
                    format!("{} {}: {message}", request.method, request.target)
                })?;
            }
        }
        Ok(())
    }

    fn request(&mut self, request: &Request, index: usize) -> Result<(), String> {
        let expanded = |text: &str| escape::expand(text, index);
        let (port, target) = self.destination(&request.target);
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), expanded(value)))
            .collect();
        let body = request.body.as_deref().map(expanded);
        let body = body.as_deref().map(str::as_bytes);
        let ask = Ask {
            method: &request.method,
            target: &expanded(&target),
            headers: &headers,
            body,
        };
        let answer = self.exchange(port, &ask);
        let response = match (&request.outcome, answer) {
            (Outcome::Closed, Err(_)) => return Ok(()),
            (Outcome::Closed, Ok(got)) => {
                return Err(format!("expected no answer, got {}", got.status));
            }
            (_, Err(error)) => return Err(format!("no answer: {error}")),
            (_, Ok(response)) => response,
        };
        let (status, text) = (response.status, response.text());
        self.last = response;
        if !matches!(request.outcome, Outcome::Any) && request.outcome != Outcome::Status(status) {
            return Err(format!(
                "expected {:?}, got {status}: {}",
                request.outcome,
                escape::escape(text.as_bytes())
            ));
        }
        match &request.check {
            BodyCheck::None => Ok(()),
            BodyCheck::Like(pattern) => compare::all_match(&expanded(pattern), &text),
            BodyCheck::Exactly(wanted) => {
                let wanted = expanded(wanted);
                let same = escape::unescape(&wanted) == self.last.body;
                let got = escape::escape(&self.last.body);
                if same {
                    Ok(())
                } else {
                    Err(format!("expected body `{wanted}`, got `{got}`"))
                }
            }
        }
    }

    /// `:PORT/target` names another port than the block's own.
    fn destination(&self, target: &str) -> (u16, String) {
        let other = target
            .strip_prefix(':')
            .and_then(|rest| rest.split_once('/'));
        match other.and_then(|(port, rest)| Some((port.parse().ok()?, format!("/{rest}")))) {
            Some(found) => found,
            None => (self.site.port, target.to_owned()),
        }
    }

    fn exchange(&mut self, port: u16, ask: &Ask<'_>) -> Result<Response, String> {
        if Instant::now() > self.deadline {
            return Err(format!("the block takes longer than {LIMIT:?}"));
        }
        let kept = self
            .connections
            .remove(&port)
            .filter(|connection| !connection.is_closed());
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(self.site.door, self.site.address(port))
                .map_err(|error| error.to_string())?,
        };
        let response = connection.ask(ask).map_err(|error| error.to_string())?;
        if !response.closes() {
            self.connections.insert(port, connection);
        }
        Ok(response)
    }

    pub(super) fn get(&mut self, path: &str) -> Result<Response, String> {
        let path = self.site.substitute(path);
        let (port, target) = self.destination(&path);
        self.exchange(port, &Ask::get(&target))
    }

    /// Names only: repetition marks of requests are expanded for each repetition.
    pub(super) fn substitute_names(&self, text: &str) -> String {
        text.lines()
            .map(|line| {
                let marked = line.replace("<<", "\u{1}");
                self.site.substitute(&marked).replace('\u{1}', "<<") + "\n"
            })
            .collect()
    }

    fn report(&mut self, message: &str) -> String {
        self.server = None;
        let mut text = format!("{message}\n");
        let files = [
            "test.conf",
            "main_config",
            "http_config",
            "http",
            "config",
            "stderr",
        ];
        for name in files {
            let content = self.site.read(name);
            if content.trim().is_empty() {
                continue;
            }
            text.push_str(&format!("----- {name}\n"));
            for (index, line) in content.lines().enumerate() {
                text.push_str(&format!("{:4}  {line}\n", index + 1));
            }
        }
        let log = self.site.read("error.log");
        let lines: Vec<&str> = log.lines().collect();
        text.push_str("----- error.log\n");
        text.push_str(&lines[lines.len().saturating_sub(40)..].join("\n"));
        text
    }
}
