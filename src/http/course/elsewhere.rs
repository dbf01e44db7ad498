//! Where a client is sent: redirects to places of ours become whole URLs.

use super::authority;
use super::request::Request;
use crate::http::message::uri;
use crate::http::plan::outcome::Outcome;

/// The client is sent to the same path with a slash behind it.
pub fn to_slash(request: &mut Request) -> Outcome {
    let mut target = Vec::new();
    uri::escape(&request.path, uri::Escape::Path, &mut target);
    target.push(b'/');
    if !request.arguments.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&request.arguments);
    }
    redirect(request, 301, &target)
}

/// A redirect of the client to `target`; a path of ours becomes a whole URL.
pub fn redirect(request: &Request, status: u16, target: &[u8]) -> Outcome {
    let local = target.first() == Some(&b'/');
    Outcome::Elsewhere {
        status,
        location: match local && request.location.settings.absolute_redirect {
            true => absolute(request, target),
            false => target.to_vec(),
        },
    }
}

/// The whole URL of a path of ours.
pub fn absolute(request: &Request, target: &[u8]) -> Vec<u8> {
    let mut url = match request.connection.encryption.is_on() {
        true => b"https://".to_vec(),
        false => b"http://".to_vec(),
    };
    authority::append(request, &mut url);
    url.extend_from_slice(target);
    url
}
