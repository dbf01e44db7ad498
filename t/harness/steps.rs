//! The checking and acting sections of a block, one function each.

use std::time::Duration;

use serde_json::Value;

use super::block::Section;
use super::client::{Connection, Ending};
use super::compare::{self, Members};
use super::door::{Door, OF_CONNECTION};
use super::run::Run;
use super::{PATIENCE, escape, golden, poll};

impl Run<'_> {
    /// `--- json PATH [STATUS]`; without a path the last answer is looked at.
    pub(super) fn json(&mut self, section: &Section, members: Members) -> Result<(), String> {
        let (path, status) = section
            .argument
            .split_once(' ')
            .unwrap_or((&section.argument, "200"));
        if !path.is_empty() {
            self.last = self.get(path)?;
            if self.last.status.to_string() != status {
                return Err(format!(
                    "expected {status}, got {}: {}",
                    self.last.status,
                    self.last.text()
                ));
            }
            let content_type = self.last.header("content-type").unwrap_or_default();
            if !content_type.starts_with("application/json") {
                return Err(format!("Content-Type is {content_type:?}"));
            }
        }
        let got = compare::parse_json(&self.last.body)?;
        match compare::json(&self.expected_json(section)?, &got, members) {
            Err(_) if golden::is_updating() && members == Members::All => {
                let pretty =
                    serde_json::to_string_pretty(&got).map_err(|error| error.to_string())?;
                golden::replace(&self.block.file, section, self.site.generalize(&pretty));
                Ok(())
            }
            result => result,
        }
    }

    pub(super) fn expected_json(&self, section: &Section) -> Result<Value, String> {
        let text = self.site.substitute(&section.body);
        serde_json::from_str(&text).map_err(|error| format!("the expected JSON is wrong: {error}"))
    }

    /// `--- wait SECONDS` sleeps, `--- wait PATH` polls until the JSON there is as given.
    pub(super) fn wait(&mut self, section: &Section, members: Members) -> Result<(), String> {
        if let Ok(seconds) = section.argument.parse() {
            std::thread::sleep(Duration::from_secs_f64(seconds));
            return Ok(());
        }
        let expected = self.expected_json(section)?;
        let mut last = Ok(());
        poll(PATIENCE, || {
            let got = self
                .get(&section.argument)
                .and_then(|answer| compare::parse_json(&answer.body));
            last = got.and_then(|got| compare::json(&expected, &got, members));
            last.is_ok().then_some(())
        });
        last
    }

    pub(super) fn prometheus(&mut self, section: &Section) -> Result<(), String> {
        self.last = self.get(&section.argument)?;
        if self.last.status != 200 {
            return Err(format!("expected 200, got {}", self.last.status));
        }
        self.golden(section, &self.last.text())?;
        compare::exposition(&self.last.text()).map(|_| ())
    }

    pub(super) fn response_headers(&self, section: &Section) -> Result<(), String> {
        for line in self.site.substitute(&section.body).lines() {
            if let Some(absent) = line.strip_prefix('!') {
                if let Some(value) = self.last.header(absent.trim()) {
                    return Err(format!("unexpected header {absent}: {value}"));
                }
                continue;
            }
            let (name, wanted) = line
                .split_once(':')
                .ok_or(format!("`{line}` is no header"))?;
            let got = self.last.header(name);
            let of_connection = OF_CONNECTION
                .iter()
                .any(|one| one.eq_ignore_ascii_case(name));
            if of_connection && self.site.door == Door::Http2 {
                match got {
                    None => continue,
                    Some(value) => return Err(format!("{name}: {value} over HTTP/2")),
                }
            }
            let same = match wanted.trim().strip_prefix('~') {
                Some(pattern) => compare::matches(pattern.trim(), got.unwrap_or_default())?,
                None => got == Some(wanted.trim()),
            };
            if !same {
                return Err(format!(
                    "expected `{line}`, got {got:?} in {:?}",
                    self.last.headers
                ));
            }
        }
        Ok(())
    }

    pub(super) fn raw_request(&mut self, section: &Section) -> Result<(), String> {
        let text = self.substitute_names(&section.body);
        // Line ends are written as \r\n in the section; those of the file are for the reader only.
        let bytes = escape::unescape(&escape::expand(&text, 0).replace('\n', ""));
        let address = self.site.address(self.site.port);
        let mut connection = Connection::open(address, PATIENCE).map_err(|e| e.to_string())?;
        connection.send(&bytes).map_err(|error| error.to_string())?;
        if section.argument == "half-closed" {
            connection
                .finish_sending()
                .map_err(|error| error.to_string())?;
        }
        self.raw = Some(connection);
        Ok(())
    }

    /// `raw_response` reads to the end of the connection, `raw_response_like` until all match.
    pub(super) fn raw_response(&mut self, section: &Section) -> Result<(), String> {
        let connection = self.raw.as_mut().ok_or("there was no raw_request")?;
        let exact = section.name == "raw_response";
        let patterns = self.site.substitute(&section.body);
        let seen =
            |bytes: &[u8]| compare::all_match(&patterns, &String::from_utf8_lossy(bytes)).is_ok();
        let (bytes, ending) = connection.read_until(PATIENCE, |bytes| !exact && seen(bytes));
        let got = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        match (exact, ending) {
            (true, Ending::Silence) => Err(format!("the connection stayed open after\n{got}")),
            (true, _) => self.golden(section, &got),
            (false, _) => compare::all_match(&patterns, &String::from_utf8_lossy(&bytes)),
        }
    }

    /// `--- reload` takes up the parts given since; with `fails` the new configuration is refused
    /// and the body matches what the error log then says.
    pub(super) fn reload(&mut self, section: &Section) -> Result<(), String> {
        self.site
            .write(&self.parts)
            .map_err(|error| error.to_string())?;
        let server = self.server.as_ref().ok_or("the server does not run")?;
        self.log_seen = self.site.read("error.log").len();
        if section.argument != "fails" {
            self.connections.clear();
            return server.reload(self.site.address(self.site.control_port));
        }
        server.signal("HUP");
        self.file_like("error.log", &section.body)
    }

    pub(super) fn file_like(&self, name: &str, patterns: &str) -> Result<(), String> {
        let patterns = self.site.substitute(patterns);
        let from = if name == "error.log" {
            self.log_seen
        } else {
            0
        };
        let mut result = Ok(());
        poll(PATIENCE / 3, || {
            let text = self.site.read(name);
            result = compare::all_match(&patterns, text.get(from..).unwrap_or(&text));
            result.is_ok().then_some(())
        });
        result
    }

    /// Compares exactly, the last line end aside, or writes the text into the file.
    pub(super) fn golden(&self, section: &Section, got: &str) -> Result<(), String> {
        let expected = self.site.substitute(&section.body);
        let chomp = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
        let result = compare::text(&chomp(&expected), &chomp(got));
        if result.is_err() && golden::is_updating() {
            golden::replace(&self.block.file, section, self.site.generalize(got));
            return Ok(());
        }
        result
    }
}
