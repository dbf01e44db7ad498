//! The scripted origin's other language: whoever begins with the preface of HTTP/2 is answered in it, by the same rules.
//!
//! `$HEAD` is the request as HTTP/1.1 would have it, and a field `Trailer-NAME` of an answer comes behind its body.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};

use super::origin::{Received, Rule};

/// Whether a connection begins with the preface.
pub(super) fn is_spoken_on(stream: &TcpStream) -> bool {
    let mut start = [0; 3];
    matches!(stream.peek(&mut start), Ok(3) if &start == b"PRI")
}

/// Answers what is asked on a connection.
pub(super) fn serve(stream: TcpStream, rules: Arc<[Rule]>) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let stream = tokio::net::TcpStream::from_std(stream)?;
        let connection = h2::server::handshake(stream).await;
        let mut connection = connection.map_err(io::Error::other)?;
        while let Some(Ok((request, response))) = connection.accept().await {
            let rules = Arc::clone(&rules);
            tokio::spawn(async move { answer(request, response, &rules).await });
        }
        Ok(())
    })
}

async fn answer(
    request: Request<RecvStream>,
    mut response: SendResponse<Bytes>,
    rules: &[Rule],
) -> Option<()> {
    let received = receive(request).await;
    let rule = rules.iter().find(|rule| rule.matches(&received));
    let Some((rule, headers)) = rule.and_then(|rule| Some((rule, rule.answer.as_ref()?))) else {
        response.send_reset(h2::Reason::INTERNAL_ERROR);
        return None;
    };
    tokio::time::sleep(rule.delay).await;
    let (mut head, mut trailers) = (Response::new(()), HeaderMap::new());
    *head.status_mut() = rule.status.try_into().ok()?;
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = HeaderValue::from_str(value).ok()?;
        match name.strip_prefix("trailer-") {
            Some(name) => trailers.append(HeaderName::try_from(name).ok()?, value),
            None => head
                .headers_mut()
                .append(HeaderName::try_from(name).ok()?, value),
        };
    }
    let body = rule.body(&received);
    let is_all = trailers.is_empty();
    let is_bare = (body.is_empty() || received.method == "HEAD") && is_all;
    let mut out = response.send_response(head, is_bare).ok()?;
    if is_bare {
        return Some(());
    }
    out.send_data(body.into(), is_all).ok()?;
    match is_all {
        true => Some(()),
        false => out.send_trailers(trailers).ok(),
    }
}

async fn receive(request: Request<RecvStream>) -> Received {
    let (parts, mut stream) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("*", |path| path.as_str());
    let authority = parts.uri.authority().map_or("", |name| name.as_str());
    let mut head = format!("{} {path} HTTP/2.0\r\nHost: {authority}", parts.method);
    for (name, value) in &parts.headers {
        head.push_str(&format!(
            "\r\n{name}: {}",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    let mut body = Vec::new();
    while let Some(Ok(piece)) = stream.data().await {
        // What is over is counted no more.
        let _ = stream.flow_control().release_capacity(piece.len());
        body.extend_from_slice(&piece);
    }
    Received {
        method: parts.method.to_string(),
        target: path.to_owned(),
        head,
        body,
        closes: false,
    }
}
