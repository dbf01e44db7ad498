//! What is compared of an answer, with what can only differ taken out: dates, names of servers, boundaries.

use std::io::Read;

use crate::harness::client::Response;
use flate2::read::GzDecoder;

/// An answer as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    fields: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// Of a response to a request of this method; `neutral` takes names and ports of the server out of a text.
    pub(super) fn new(method: &str, response: &Response, neutral: impl Fn(&str) -> String) -> Self {
        let mut fields: Vec<(String, String)> = response.headers.clone();
        let boundary = boundary(response);
        let body = match response.header("content-encoding") {
            Some("gzip") if !response.body.is_empty() => unpacked(&response.body),
            _ => String::from_utf8_lossy(&response.body).into_owned(),
        };
        let body = page(&without(&neutral(&body), boundary.as_deref()));
        let is_page = method == "HEAD" && response.status >= 300;
        for (name, value) in &mut fields {
            *value = match name.to_ascii_lowercase().as_str() {
                "content-length" if is_page => "of a page".to_owned(),
                "content-length" if *value == response.body.len().to_string() => {
                    format!("of the body, {}", body.len())
                }
                "date" | "server" => "there".to_owned(),
                "expires" => since(value, response.header("date")),
                _ => neutral(&without(value, boundary.as_deref())),
            };
        }
        Self {
            status: response.status,
            fields,
            body,
        }
    }

    /// What the two do not have alike, with what is told of each. The order of fields is compared where it says something:
    /// among those of one name.
    pub(super) fn compare(&self, ours: &Self) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let mut note = |what: &str, theirs: String, ours: String| {
            if theirs != ours {
                found.push((what.to_owned(), theirs, ours));
            }
        };
        note("status", self.status.to_string(), ours.status.to_string());
        let mut names: Vec<String> = self.names();
        names.extend(ours.names());
        names.sort();
        names.dedup();
        for name in &names {
            note(
                &format!("field {name}"),
                self.values(name),
                ours.values(name),
            );
        }
        note("body", self.body.clone(), ours.body.clone());
        found
    }

    fn names(&self) -> Vec<String> {
        let names = self.fields.iter();
        names.map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// All values of a field, and how it is spelt. What an answer varies with is a set.
    fn values(&self, wanted: &str) -> String {
        let own = self.fields.iter();
        let own = own.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut lines: Vec<String> = own
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        if wanted == "vary" {
            lines.sort();
        }
        lines.concat()
    }
}

/// A request as an origin got it, with its fields in an order of their own.
pub(super) fn request(text: &str) -> String {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let mut fields: Vec<&str> = lines.collect();
    fields.sort_by_key(|field| field.to_ascii_lowercase());
    format!("{line}\n{}\n| {body}\n", fields.join("\n"))
}

fn boundary(response: &Response) -> Option<String> {
    let kind = response.header("content-type")?;
    let (_, boundary) = kind.split_once("multipart/byteranges; boundary=")?;
    Some(boundary.to_owned())
}

fn without(text: &str, boundary: Option<&str>) -> String {
    match boundary {
        Some(boundary) => text.replace(boundary, "BOUNDARY"),
        None => text.to_owned(),
    }
}

fn unpacked(body: &[u8]) -> String {
    let mut plain = Vec::new();
    match GzDecoder::new(body).read_to_end(&mut plain) {
        Ok(_) => format!("(packed) {}", String::from_utf8_lossy(&plain)),
        Err(error) => format!("(not to be unpacked: {error})"),
    }
}

/// A page of an error, whose last line names the server.
fn page(body: &str) -> String {
    let mut lines = body.split_inclusive('\n');
    let is_signature = |line: &str| {
        let inner = line.strip_prefix("<hr><center>");
        inner.is_some_and(|inner| {
            ["nginx", "pingauge"]
                .iter()
                .any(|name| inner.starts_with(name))
        })
    };
    let mut text = String::new();
    for line in &mut lines {
        text.push_str(if is_signature(line) {
            "(signature)\n"
        } else {
            line
        });
    }
    text
}

/// Dates so many seconds away are not reckoned from now.
const FAR: u64 = 3 * 366 * 86400;

/// A date as seconds after that of the answer.
fn since(value: &str, date: Option<&str>) -> String {
    let at = |text: &str| httpdate::parse_http_date(text).ok();
    let (Some(then), Some(now)) = (at(value), date.and_then(at)) else {
        return value.to_owned();
    };
    match then.duration_since(now) {
        Ok(later) if later.as_secs() < FAR => format!("in {} s", later.as_secs()),
        Err(earlier) if earlier.duration().as_secs() < FAR => {
            format!("{} s ago", earlier.duration().as_secs())
        }
        _ => value.to_owned(),
    }
}

mod tests {
    use super::*;

    fn answer(fields: &[(&str, &str)], body: &str) -> Answer {
        let headers = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let response = Response {
            status: 200,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        };
        Answer::new("GET", &response, str::to_owned)
    }

    #[test]
    fn what_differs_is_named() {
        let theirs = answer(&[("A", "1"), ("B", "2"), ("Content-Length", "1")], "x");
        let ours = answer(&[("B", "3"), ("A", "1"), ("Content-Length", "2")], "xy");
        let whats: Vec<String> = theirs
            .compare(&ours)
            .into_iter()
            .map(|(what, ..)| what)
            .collect();
        assert_eq!(whats, ["field b", "field content-length", "body"]);
        assert!(theirs.compare(&theirs).is_empty());
    }

    #[test]
    fn dates_are_compared_with_that_of_their_answer() {
        let date = |date: &str, expires: &str| answer(&[("Date", date), ("Expires", expires)], "");
        let hour = date(
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 09:49:37 GMT",
        );
        let later = date(
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "Sun, 06 Nov 1994 09:49:38 GMT",
        );
        let other = date(
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "Sun, 06 Nov 1994 09:49:39 GMT",
        );
        assert!(hour.compare(&later).is_empty());
        assert_eq!(hour.compare(&other)[0].0, "field expires");
    }

    #[test]
    fn the_signature_of_a_page_is_that_of_its_server() {
        let theirs = "<html>\n<hr><center>nginx/1.22.1</center>\n</html>\n";
        let ours = "<html>\n<hr><center>pingauge</center>\n</html>\n";
        let page = |body: &str| answer(&[("Content-Length", &body.len().to_string())], body);
        assert!(page(theirs).compare(&page(ours)).is_empty());
    }
}
