//! The lines of a `--- requests` section, which `--- origin` shares:
//!
//! ```text
//! METHOD TARGET [STATUS|any|close] [xN] [= exact body | ~ pattern]
//!     Header: value
//!     | a line of the body
//! ```
//!
//! Without a status 200 is expected. `close` expects the connection to end without an answer,
//! `any` takes whatever status comes.
//! `xN` sends the request N times. The text after `=` has C escapes.

/// What must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Status(u16),
    Any,
    Closed,
}

/// A check of the body on the line of the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyCheck {
    None,
    Exactly(String),
    Like(String),
}

/// One line of `requests` with the indented lines below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) times: usize,
    pub(crate) check: BodyCheck,
}

/// Parses a whole section body.
pub(crate) fn parse(body: &str) -> Result<Vec<Request>, String> {
    let mut requests: Vec<Request> = Vec::new();
    for line in body.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with([' ', '\t']) {
            requests.push(parse_line(line)?);
            continue;
        }
        let Some(request) = requests.last_mut() else {
            return Err(format!("`{line}` belongs to no request"));
        };
        add_detail(request, line.trim_start())?;
    }
    Ok(requests)
}

fn parse_line(line: &str) -> Result<Request, String> {
    let (words, check) = split_check(line);
    let mut words = words.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(format!(
            "`{line}` is not `METHOD TARGET [STATUS] [xN] [= body]`"
        ));
    };
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: None,
        outcome: Outcome::Status(200),
        times: 1,
        check,
    };
    for word in words {
        if word == "close" {
            request.outcome = Outcome::Closed;
        } else if word == "any" {
            request.outcome = Outcome::Any;
        } else if let Some(times) = word
            .strip_prefix('x')
            .and_then(|digits| digits.parse().ok())
        {
            request.times = times;
        } else if let Ok(status) = word.parse() {
            request.outcome = Outcome::Status(status);
        } else {
            return Err(format!(
                "`{word}` in `{line}` is neither a status, `close` nor `xN`"
            ));
        }
    }
    Ok(request)
}

fn split_check(line: &str) -> (&str, BodyCheck) {
    let exact = line
        .find(" = ")
        .or_else(|| line.ends_with(" =").then(|| line.len() - 2));
    let like = line.find(" ~ ");
    match (exact, like) {
        (Some(at), like) if like.is_none_or(|other| at < other) => (
            &line[..at],
            BodyCheck::Exactly(line.get(at + 3..).unwrap_or_default().to_owned()),
        ),
        (_, Some(at)) => (&line[..at], BodyCheck::Like(line[at + 3..].to_owned())),
        _ => (line, BodyCheck::None),
    }
}

fn add_detail(request: &mut Request, detail: &str) -> Result<(), String> {
    if let Some(text) = detail.strip_prefix('|') {
        let text = text.strip_prefix(' ').unwrap_or(text);
        let body = request.body.get_or_insert_default();
        if !body.is_empty() {
            body.push('\n');
        }
        body.push_str(text);
        return Ok(());
    }
    let Some((name, value)) = detail.split_once(':') else {
        return Err(format!(
            "`{detail}` is neither `Header: value` nor `| body`"
        ));
    };
    request
        .headers
        .push((name.to_owned(), value.trim().to_owned()));
    Ok(())
}
