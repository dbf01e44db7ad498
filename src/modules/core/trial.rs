//! Requests decided without a connection: a configuration, one request, what it came to. For the
//! tests of modules.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::conf::{self, Loader};
use crate::http::build::memory::Unshared;
use crate::http::course::encryption::Encryption;
use crate::http::course::engine::{self, Answer};
use crate::http::course::identify;
use crate::http::course::request::{ConnectionFacts, Request};
use crate::http::plan::runtime::Runtime;
use crate::metric::Moment;
use crate::modules;

/// Files that exist only in a test.
struct Files(HashMap<PathBuf, &'static str>);

impl Loader for Files {
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }

    fn expand(&mut self, _pattern: &str) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// The file `/test.conf` alone.
pub(crate) fn files(text: &'static str) -> impl Loader {
    Files(HashMap::from([(PathBuf::from("/test.conf"), text)]))
}

/// What a request came to.
pub(crate) struct Done {
    /// With its response's head.
    pub(crate) request: Box<Request>,
    /// The status; 444 for a closed connection.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
}

impl Done {
    /// A field of the response.
    pub(crate) fn field(&self, name: &str) -> String {
        let value = self.request.response.field(name).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    }
}

/// Loads a whole configuration text; the messages if there are problems. Nothing is logged unless a
/// server says so.
pub(crate) fn load(text: String) -> Result<&'static Runtime, Vec<String>> {
    let text = text.replacen("http {", "http { access_log off;", 1);
    let path = PathBuf::from("/test.conf");
    let mut files = Files(HashMap::from([(path.clone(), &*text.leak())]));
    let parsed = conf::parse(&path, None, &mut files);
    let loaded = modules::load(parsed, &mut files, &mut Unshared, Path::new("/prefix"), 1);
    let messages: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|one| one.message.clone())
        .filter(|message| message != "unknown directive \"events\"")
        .collect();
    match loaded.runtime {
        Some(runtime) if messages.is_empty() => Ok(Box::leak(Box::new(runtime))),
        _ => Err(messages),
    }
}

/// Loads what stands in one server.
pub(crate) fn server(text: &str) -> &'static Runtime {
    match load(format!(
        "events {{}} http {{ server {{ listen 8080; {text} }} }}"
    )) {
        Ok(runtime) => runtime,
        Err(messages) => panic!("{messages:?}"),
    }
}

/// The problems of what stands in one server.
pub(crate) fn problems(text: &str) -> Vec<String> {
    let loaded = load(format!(
        "events {{}} http {{ server {{ listen 8080; {text} }} }}"
    ));
    loaded.err().unwrap_or_default()
}

/// Asks for `target` with GET.
pub(crate) fn get(runtime: &'static Runtime, target: &str) -> Done {
    ask(
        runtime,
        &format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"),
    )
}

/// A request with this head that has begun.
pub(crate) fn begin(runtime: &'static Runtime, head: &str) -> Box<Request> {
    let facts = ConnectionFacts {
        number: 1,
        since: Moment::default(),
        requests: 0,
        pipelined: false,
        client: Some(([127, 0, 0, 1], 1234).into()),
        stands_in: None,
        proxied: None,
        local: Some(([127, 0, 0, 1], 8080).into()),
        traffic: Arc::default(),
        encryption: Encryption::None,
    };
    let mut request = Box::new(Request::new(runtime, &runtime.listeners[0], facts));
    request.head.read(head.as_bytes()).unwrap();
    request.arrive();
    request.begin();
    request
}

/// Sends a whole head.
pub(crate) fn ask(runtime: &'static Runtime, head: &str) -> Done {
    let mut request = begin(runtime, head);
    let answer = match identify::identify(&mut request) {
        Ok(()) => engine::decide(&mut request),
        Err(status) => engine::fail(&mut request, status),
    };
    let mut body = String::new();
    if let Answer::Local(mut response) = answer {
        if let Some(length) = response.body.length() {
            let length = length.to_string();
            response.head.add("Content-Length", length.as_bytes());
        }
        std::mem::swap(&mut request.response, &mut response.head);
        engine::head_point(&mut request);
        let waiting = tokio::runtime::Builder::new_current_thread().build();
        let waiting = waiting.unwrap();
        while let Ok(Some(chunk)) = waiting.block_on(response.body.next_chunk()) {
            body += &String::from_utf8_lossy(&chunk);
        }
    }
    engine::finish(&mut request);
    Done {
        status: request.response.status,
        request,
        body,
    }
}
