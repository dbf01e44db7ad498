//! The response of a stream of HTTP/2, as HTTP/1.1 has it.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::response::Parts;
use http::{HeaderMap, Response};
use tokio::io::ReadBuf;

use super::fault;
use crate::http::message::framing::{self, LAST_CHUNK};
use crate::http::message::response;

/// A response on its way.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    stage: Stage,
    /// What is read next, before the content.
    text: Bytes,
    content: Bytes,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is asked.
    #[default]
    Idle,
    /// The head is awaited.
    Head {
        response: ResponseFuture,
        asked: Asked,
    },
    Body {
        stream: RecvStream,
        ends: Ends,
    },
    /// It failed; why, until that was told.
    Failed(Option<io::Error>),
}

/// What was asked for beside the content of a response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Nothing but the head.
    pub(super) head_only: bool,
    /// What stands behind the body (`TE: trailers`).
    pub(super) trailers: bool,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// By its length, or because there is none.
    Length,
    /// By the last chunk; whether another one is open.
    Chunks { is_open: bool },
}

impl Incoming {
    pub(super) fn awaiting(response: ResponseFuture, asked: Asked) -> Self {
        Self {
            stage: Stage::Head { response, asked },
            ..Self::default()
        }
    }

    pub(super) fn failed(error: io::Error) -> Self {
        Self {
            stage: Stage::Failed(Some(error)),
            ..Self::default()
        }
    }

    /// Whether nothing is asked and nothing left to be read.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle) && self.text.is_empty() && self.content.is_empty()
    }

    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            give(&mut self.text, out);
            give(&mut self.content, out);
            let is_some = !out.filled().is_empty();
            if out.remaining() == 0 || is_some && matches!(self.stage, Stage::Idle) {
                return Poll::Ready(Ok(()));
            }
            match self.poll_more(task) {
                Poll::Ready(Ok(true)) => {}
                Poll::Pending if !is_some => return Poll::Pending,
                Poll::Ready(Ok(false)) | Poll::Pending => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) if is_some => {
                    self.stage = Stage::Failed(Some(error));
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) => {
                    self.stage = Stage::Failed(None);
                    return Poll::Ready(match error.kind() {
                        // The peer has closed the connection, and said nothing.
                        ErrorKind::BrokenPipe => Ok(()),
                        _ => Err(error),
                    });
                }
            }
        }
    }

    /// Has more to be read; false at the end.
    fn poll_more(&mut self, task: &mut Context<'_>) -> Poll<io::Result<bool>> {
        match &mut self.stage {
            Stage::Idle => Poll::Ready(Ok(false)),
            Stage::Failed(error) => Poll::Ready(match error.take() {
                Some(error) => Err(error),
                None => Ok(false),
            }),
            Stage::Head { response, asked } => {
                if let Poll::Ready(Some(early)) = response.poll_informational(task) {
                    self.text = informational(&early.map_err(fault::error)?);
                    return Poll::Ready(Ok(true));
                }
                let response = ready!(Pin::new(response).poll(task)).map_err(fault::error)?;
                let (parts, stream) = response.into_parts();
                let (text, ends) = head(&parts, *asked, stream.is_end_stream());
                self.text = text;
                self.stage = Stage::Body { stream, ends };
                Poll::Ready(Ok(true))
            }
            Stage::Body { stream, ends } => {
                let more = ready!(poll_body(task, stream, ends))?;
                let is_end = more.is_none();
                (self.text, self.content) = more.unwrap_or_default();
                if is_end {
                    self.text = match *ends {
                        Ends::Length => Bytes::new(),
                        Ends::Chunks { is_open } => {
                            let trailers = ready!(stream.poll_trailers(task));
                            last_chunk(is_open, trailers.map_err(fault::error)?.as_ref())
                        }
                    };
                    self.stage = Stage::Idle;
                }
                Poll::Ready(Ok(true))
            }
        }
    }
}

/// The next piece of a body; `None` behind the last.
fn poll_body(
    task: &mut Context<'_>,
    stream: &mut RecvStream,
    ends: &mut Ends,
) -> Poll<io::Result<Option<(Bytes, Bytes)>>> {
    loop {
        let Some(data) = ready!(stream.poll_data(task)) else {
            return Poll::Ready(Ok(None));
        };
        let data = data.map_err(fault::error)?;
        // Nobody reads here who has no room for it.
        let released = stream.flow_control().release_capacity(data.len());
        released.map_err(fault::error)?;
        if data.is_empty() {
            continue;
        }
        let mut line = Vec::new();
        if let Ends::Chunks { is_open } = ends {
            if std::mem::replace(is_open, true) {
                line.extend_from_slice(b"\r\n");
            }
            framing::chunk_size(data.len(), &mut line);
        }
        return Poll::Ready(Ok(Some((line.into(), data))));
    }
}

/// Moves what fits.
fn give(bytes: &mut Bytes, out: &mut ReadBuf<'_>) {
    let amount = bytes.len().min(out.remaining());
    out.put_slice(&bytes[..amount]);
    bytes.advance(amount);
}

/// The head of the response itself, and how its body ends.
fn head(parts: &Parts, asked: Asked, is_empty: bool) -> (Bytes, Ends) {
    let mut out = Vec::with_capacity(512);
    let status = parts.status.as_u16();
    status_line(status, &mut out);
    fields(&parts.headers, &mut out);
    let has_length = parts.headers.contains_key(http::header::CONTENT_LENGTH);
    let is_all = asked.head_only || matches!(status, 204 | 304);
    let ends = match has_length {
        _ if is_all => Ends::Length,
        true if is_empty || !asked.trailers => Ends::Length,
        false if is_empty => {
            out.extend_from_slice(b"content-length: 0\r\n");
            Ends::Length
        }
        _ => {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Ends::Chunks { is_open: false }
        }
    };
    out.extend_from_slice(b"\r\n");
    (out.into(), ends)
}

fn informational(response: &Response<()>) -> Bytes {
    let mut out = Vec::new();
    status_line(response.status().as_u16(), &mut out);
    fields(response.headers(), &mut out);
    out.extend_from_slice(b"\r\n");
    out.into()
}

fn last_chunk(is_open: bool, trailers: Option<&HeaderMap>) -> Bytes {
    let mut out = Vec::new();
    if is_open {
        out.extend_from_slice(b"\r\n");
    }
    let (size, end) = LAST_CHUNK.split_at(LAST_CHUNK.len() - 2);
    out.extend_from_slice(size);
    if let Some(trailers) = trailers {
        fields(trailers, &mut out);
    }
    out.extend_from_slice(end);
    out.into()
}

fn status_line(status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("HTTP/1.1 {status} {}\r\n", response::reason(status)).as_bytes());
}

fn fields(fields: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in fields {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}
