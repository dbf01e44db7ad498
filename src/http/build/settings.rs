//! The settings of servers and locations, out of what directives say.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::builder::Builder;
use super::written::*;
use crate::conf::{Chain, Part};
use crate::http::message::uri::Slashes;
use crate::http::message::validators::Since;
use crate::http::plan::location::Kind;
use crate::http::plan::media_types::MediaTypes;
use crate::http::plan::settings::{
    ConnectionSettings, ErrorPage, ErrorTarget, Http2, Impatient, Responses, Root, SERVER, Satisfy,
    Settings,
};
use crate::http::plan::template::Template;

impl Settings {
    /// The values that hold in the innermost scope of `chain`.
    pub(in crate::http) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Self {
        let seconds = Duration::from_secs;
        let most_body = chain
            .nearest()
            .map_or(1 << 20, |ClientMaxBodySize(size)| *size);
        Self {
            root: root(builder, chain),
            keepalive_timeout: chain
                .nearest()
                .map_or(seconds(75), |KeepaliveTimeout(time, _)| *time),
            keepalive_told: chain.nearest().and_then(|KeepaliveTimeout(_, told)| *told),
            keepalive_requests: chain
                .nearest()
                .map_or(1000, |KeepaliveRequests(count)| *count),
            keepalive_time: chain
                .nearest()
                .map_or(seconds(3600), |KeepaliveTime(time)| *time),
            most_body: Some(most_body).filter(|size| *size > 0),
            body_timeout: chain
                .nearest()
                .map_or(seconds(60), |ClientBodyTimeout(time)| *time),
            send_timeout: chain
                .nearest()
                .map_or(seconds(60), |SendTimeout(time)| *time),
            rate: chain
                .nearest()
                .filter(|LimitRate(text)| text.literal() != Some("0"))
                .map(|LimitRate(text)| builder.template(text)),
            rate_after: chain
                .nearest()
                .map(|LimitRateAfter(text)| builder.template(text)),
            error_pages: error_pages(builder, chain),
            satisfy: chain
                .nearest()
                .map_or(Satisfy::All, |SatisfyWritten(all)| *all),
            auth_delay: chain
                .nearest()
                .map_or(Duration::ZERO, |AuthDelay(time)| *time),
            log_subrequest: chain.nearest().is_some_and(|LogSubrequest(on)| *on),
            internal: chain.nearest::<Internal>().is_some(),
            server_line: match chain.nearest().map_or(SERVER, |ServerTokens(text)| text) {
                "" => Box::default(),
                text => format!("Server: {text}\r\n").into(),
            },
            server_value: match chain.nearest().map_or(SERVER, |ServerTokens(text)| text) {
                "" => None,
                text => HeaderValue::from_str(text).ok(),
            },
            types: chain
                .nearest()
                .map_or_else(MediaTypes::built_in, |TypesWritten(types)| types.clone()),
            default_type: chain.nearest().map_or_else(
                || "text/plain".into(),
                |DefaultType(name)| name.as_str().into(),
            ),
            chunk: chain.nearest().map_or(8192, |Http2Chunk(size)| *size),
            absolute_redirect: chain.nearest().is_none_or(|AbsoluteRedirect(on)| *on),
            responses: Responses::of(chain),
        }
    }
}

impl Responses {
    fn of(chain: &Chain<'_>) -> Self {
        Self {
            etag: chain.nearest().is_none_or(|Etag(on)| *on),
            since: chain
                .nearest()
                .map_or(Since::default(), |IfModifiedSince(since)| *since),
            most_ranges: chain.nearest().map_or(usize::MAX, |MaxRanges(most)| *most),
            chunks: chain.nearest().is_none_or(|Chunks(on)| *on),
            recursive_error_pages: chain.nearest().is_some_and(|RecursiveErrorPages(on)| *on),
            own_name: chain.nearest().is_some_and(|ServerNameInRedirect(on)| *on),
            own_port: chain.nearest().map(|PortInRedirect(on)| *on),
            impatient: chain
                .nearest()
                .map_or(Impatient::default(), |KeepaliveDisable(whose)| *whose),
        }
    }
}

impl ConnectionSettings {
    /// The values that hold in a server.
    pub(in crate::http) fn of(chain: &Chain<'_>) -> Self {
        let small = chain
            .nearest()
            .map_or(1024, |ClientHeaderBufferSize(size)| *size);
        let (number, size) = chain
            .nearest()
            .map_or((4, 8192), |large: &LargeClientHeaderBuffers| {
                (large.number, large.size)
            });
        let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        Self {
            longest_line: bytes(size.max(small)),
            longest_head: bytes(number.saturating_mul(size).max(small)),
            header_timeout: chain
                .nearest()
                .map_or(Duration::from_secs(60), |ClientHeaderTimeout(time)| *time),
            slashes: chain
                .nearest()
                .map_or(Slashes::Merge, |MergeSlashes(slashes)| *slashes),
            ignore_invalid_headers: chain.nearest().is_none_or(|IgnoreInvalidHeaders(on)| *on),
            underscores_in_headers: chain.nearest().is_some_and(|UnderscoresInHeaders(on)| *on),
            http2: Http2 {
                is_on: chain.nearest().is_some_and(|Http2On(on)| *on),
                streams: chain.nearest().map_or(128, |Http2Streams(most)| *most),
                window: chain.nearest().map_or(1 << 16, |Http2Window(size)| *size),
            },
        }
    }
}

fn root(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Root {
    let Some(written) = chain.nearest::<RootWritten>() else {
        let html = builder.path("html");
        return Root::Root(Template::literal_text(&html.to_string_lossy()));
    };
    let mut text = written.directory.clone();
    match text.parts.first_mut() {
        Some(Part::Variable { .. }) => {}
        Some(Part::Literal(start)) => *start = builder.path(start).to_string_lossy().into_owned(),
        None => {
            text.parts = vec![Part::Literal(
                builder.prefix().to_string_lossy().into_owned(),
            )]
        }
    }
    let directory = builder.template(&text);
    if !written.alias {
        return Root::Root(directory);
    }
    match location_of_root(*chain) {
        Some(pattern) if pattern.kind == Kind::Pattern => Root::File(directory),
        Some(pattern) => Root::Alias(directory, pattern.text.as_str().into()),
        None => Root::Alias(directory, "".into()),
    }
}

/// The location in which the `root` or `alias` that holds is written.
fn location_of_root<'a>(mut chain: Chain<'a>) -> Option<&'a LocationPattern> {
    while chain.own::<RootWritten>().is_none() {
        chain = *chain.outer()?;
    }
    chain.nearest()
}

fn error_pages(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Arc<[ErrorPage]> {
    let Some(written) = chain.nearest::<ErrorPagesWritten>() else {
        return Arc::new([]);
    };
    let page = |one: &ErrorPageWritten| ErrorPage {
        codes: one.codes.clone(),
        status: one.status,
        target: match one.target.literal().and_then(|text| text.strip_prefix('@')) {
            Some(name) => ErrorTarget::Named(name.to_owned()),
            None => ErrorTarget::Uri(builder.template(&one.target)),
        },
    };
    written.0.iter().map(page).collect()
}
