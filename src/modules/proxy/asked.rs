//! The head of the request that a peer gets, where it is a server of HTTP.

use super::headers::{Credentials, Outline};
use super::pass::Pass;
use super::settings::HttpVersion;
use crate::http::course::request::Request;
use crate::http::plan::origin::{Origin, SentBody};

impl Pass {
    /// Appends the head of a request.
    pub(super) fn write_http_head(
        &'static self,
        request: &mut Request,
        body: SentBody,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        let attempts = request.state(self.state);
        let (target, closes) = (attempts.target.clone(), attempts.last_use);
        match &self.settings.method {
            Some(method) => {
                let method = method.evaluate(request).to_ascii_uppercase();
                out.extend(method.into_iter().filter(u8::is_ascii_graphic));
            }
            None => out.extend_from_slice(self.asked_method(request)),
        }
        out.push(b' ');
        let version = self.settings.version;
        let mut outline = Outline {
            host: b"",
            version,
            closes: closes || version == HttpVersion::Http10,
            retires: false,
            passes_fields: self.settings.passes_fields,
            takes_trailers: self.rules.takes_trailers(),
            body: if self.rules.sends_body {
                body
            } else {
                SentBody::None
            },
            credentials: Credentials::OfClient,
            cache: self.cache_of(request),
        };
        let uri = out.len();
        if let Some(target) = &target {
            let uri = target.uri.as_deref();
            self.destination.uri(request, uri, self.location, out);
            outline.host = target.host.as_bytes();
            outline.retires = outline.closes && target.group.keepalive.is_some();
        }
        if self.fields.sets_conditions
            && let Some(cache) = outline.cache
        {
            cache.drop_conditions(request);
        }
        let own = self.credentials(request, &out[uri..]);
        match &own {
            Some(own) => outline.credentials = Credentials::Own(own),
            None if self.answering.is_some() => outline.credentials = Credentials::None,
            None => {}
        }
        self.fields.write(request, &outline, out);
        let length = out.len() - start;
        self.sent(request, length);
    }
}
