//! `proxy_cache_digest`: what a body is known to be before it comes.

use super::caching::Caching;
use crate::cache::ContentDigest;
use crate::conf::{Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, Text};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::modules::family::{Http, insert};

pub(super) const PROXY_CACHE_DIGEST: DirectiveSpec = DirectiveSpec {
    name: "proxy_cache_digest",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    doc: Doc {
        syntax: "proxy_cache_digest STRING | off;",
        default: "proxy_cache_digest off;",
        text: "What the body of an answer with status 200 must be to be kept: `sha256:` or `sha512:` and hexadecimal digits, as in \
               the addresses of registries of containers. It is compared while the body passes. When it is something else or \
               breaks off, nothing is kept, the client does not get the end of it, the error log says so, and \
               `digest_mismatch` in `/status/http/caches/NAME/entries` is one more. Where the text is empty, nothing is \
               compared; an answer is not kept where it is no digest. It is the body as it comes that is compared: \
               `proxy_set_header Accept-Encoding \"\";` has origins pack nothing.",
        example: "location ~ ^/blobs/(?<digest>sha256:[0-9a-f]+)$ {\n    proxy_cache answers;\n    proxy_cache_key $digest;\n    \
                  proxy_cache_digest $digest;\n    proxy_pass http://127.0.0.1:5001;\n}",
    },
    apply,
    ..SPEC
};

/// `proxy_cache_digest`; nothing for `off`.
pub(super) struct DigestWritten(pub Option<Text>);

fn apply(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.template(1)?;
    let word = statement.text(1);
    if word == "off" {
        insert::<Http, _>(statement, DigestWritten(None));
        return Ok(());
    }
    if text.is_literal() && !word.is_empty() {
        ContentDigest::parse(word.as_bytes()).map_err(|problem| {
            let message = format!("invalid digest \"{word}\" in \"proxy_cache_digest\"");
            statement.error(1, message).with_help(problem.to_string())
        })?;
    }
    insert::<Http, _>(statement, DigestWritten(Some(text)));
    Ok(())
}

/// A text that should have been a digest.
pub(super) struct Malformed;

impl Caching {
    /// What the body with this status must be, if that is known.
    pub(super) fn digest(
        &self,
        request: &mut Request,
        status: u16,
    ) -> Result<Option<ContentDigest>, Malformed> {
        let template = self.settings.digest.as_ref().filter(|_| status == 200);
        let Some(template) = template else {
            return Ok(None);
        };
        let text = template.evaluate(request);
        if text.is_empty() {
            return Ok(None);
        }
        ContentDigest::parse(&text).map(Some).map_err(|_| {
            let zone = &self.entry.name;
            let text = text.escape_ascii();
            log::error!(
                "cache \"{zone}\": an answer is not kept, because \"{text}\" is no digest{}",
                Circumstances(request)
            );
            Malformed
        })
    }
}
