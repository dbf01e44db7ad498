//! `console`: a page for browsers that shows what the status API tells, while it changes.
//!
//! The page is one file, `console.html`, with its style and script inside; it asks nobody but the API. A policy
//! says so to browsers: they run this script and no other, whatever keys and names may hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use ring::digest::{SHA256, digest};

use crate::conf::{Arity, Chain, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content;
use crate::http::build::module::{self, Module};
use crate::http::build::written::LocationPattern;
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::location::Kind;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::ContentHandler;

/// The feature.
pub static MODULE: Module = Module {
    name: "console",
    about: "a page for browsers, made of the status tree",
    directives: &[CONSOLE],
    location,
    ..module::MODULE
};

const CONSOLE: DirectiveSpec = DirectiveSpec {
    name: "console",
    contexts: Contexts::LOCATION,
    arity: Arity::between(0, 1),
    doc: Doc {
        syntax: "console [API];",
        default: "console /status/;",
        text: "Answers with a page for browsers that shows, live, what the server counts: metric zones with their keys, charts for \
               every mode, server and location zones, upstreams, caches, sessions, backpressure, memory, and the \
               configuration where `api_config_files` shows it. API is the path of a location of the same host with `api /status/`, \
               from the root or from the page, and ends with a slash; whoever may see the page has to be let in there \
               as well. The page makes one request a second, and none while it is hidden. In a prefix location it \
               stands under the location's own name and nothing under longer ones.",
        example: "location = /console/ {\n    console /status/;\n    allow 127.0.0.1;\n    deny all;\n}",
    },
    apply: |statement| {
        let written = ConsoleWritten(api(statement)?);
        content::write(statement, written);
        Ok(())
    },
    ..SPEC
};

struct ConsoleWritten(String);

/// Where the API is, if nothing is said.
const API: &str = "/status/";

fn api(statement: &Statement<'_>) -> Result<String, Diagnostic> {
    if statement.argument(1).is_none() {
        return Ok(API.to_owned());
    }
    let path = statement.text(1);
    let is_path_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!()*+,;=@".contains(&byte);
    if path.ends_with('/') && !path.starts_with("//") && path.bytes().all(is_path_byte) {
        return Ok(path.to_owned());
    }
    let message = format!("\"{path}\" is no path that ends with a slash");
    let help = "expected the path of a location with \"api /status/;\", such as \"/status/\"";
    Err(statement.error(1, message).with_help(help))
}

fn location(_: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(ConsoleWritten(api)) = content::written(chain) else {
        return;
    };
    let is_prefix = matches!(parts.kind, Kind::Prefix | Kind::FinalPrefix);
    parts.redirects_to_slash |= is_prefix;
    let pattern = chain.nearest::<LocationPattern>();
    let name = pattern
        .filter(|_| is_prefix)
        .map(|pattern| pattern.text.clone());
    parts.content.push(Box::new(Handler {
        page: page(api),
        policy: policy(PAGE),
        name,
    }));
}

const PAGE: &str = include_str!("console.html");

/// The page that asks an API.
fn page(api: &str) -> Bytes {
    PAGE.replacen(API_PLACE, api, 1).into()
}

/// What stands in the page for the path of the API.
const API_PLACE: &str = "{api}";

/// What browsers are to allow the page: its own style and script, and to ask where it comes from.
fn policy(page: &str) -> String {
    let hash = |tag: &str| {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let inside = page
            .split(&open)
            .nth(1)
            .and_then(|rest| rest.split(&close).next());
        BASE64.encode(digest(&SHA256, inside.unwrap_or_default().as_bytes()))
    };
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
}

struct Handler {
    page: Bytes,
    policy: String,
    /// That of a prefix location, which alone has the page.
    name: Option<String>,
}

impl ContentHandler for Handler {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        if self
            .name
            .as_ref()
            .is_some_and(|name| request.path != name.as_bytes())
        {
            return Some(Outcome::Status(404));
        }
        if !matches!(request.method(), b"GET" | b"HEAD") {
            return Some(Outcome::Status(405));
        }
        let mut response =
            Response::new(200, "text/html; charset=utf-8", self.page.clone()).uncached();
        for (name, value) in [
            ("Content-Security-Policy", self.policy.as_str()),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ] {
            response.head.add(name, value.as_bytes());
        }
        Some(Outcome::Respond(response))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_small_file_that_names_no_other() {
        assert!(PAGE.len() < 150_000, "{} bytes", PAGE.len());
        for tag in ["<script>", "</script>", "<style>", "</style>", API_PLACE] {
            assert_eq!(PAGE.matches(tag).count(), 1, "{tag}");
        }
        for absent in [
            "http:",
            "https:",
            "<script ",
            "<link rel=\"stylesheet",
            " style=",
            " onclick",
            "@import",
            "url(",
        ] {
            assert!(!PAGE.contains(absent), "{absent}");
        }
    }

    #[test]
    fn what_servers_tell_is_never_taken_for_markup() {
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
            "createContextualFragment",
        ] {
            assert!(!PAGE.contains(way), "{way}");
        }
    }

    #[test]
    fn the_policy_names_the_script_by_its_hash() {
        let policy = policy("<style>a</style><script>b</script>");
        assert!(policy.contains("style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='"));
        assert!(
            policy.contains("script-src 'sha256-PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWcAJ0='")
        );
    }
}
