//! A client of HTTP/2 for one request after another, over the h2 crate.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::client::Response;
use super::door::{Ask, OF_CONNECTION};

/// A connection, driven while something is asked.
pub(crate) struct Connection {
    runtime: Runtime,
    sender: SendRequest<Bytes>,
    patience: Duration,
}

impl Connection {
    /// Connects and says so in HTTP/2 at once; whatever takes longer than `patience` fails.
    pub(crate) fn open(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let opening = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let shaken = h2::client::handshake(stream).await;
            let (sender, connection) = shaken.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok::<_, io::Error>(sender)
        };
        let sender = runtime.block_on(async { timeout(patience, opening).await })??;
        Ok(Self {
            runtime,
            sender,
            patience,
        })
    }

    /// Whether the server has closed it, or has said that it takes no more requests.
    pub(crate) fn is_closed(&self) -> bool {
        self.runtime.block_on(async {
            // Twice: what has come is looked at, and what follows from it.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            self.sender.clone().ready().await.is_err()
        })
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&self, ask: &Ask<'_>) -> io::Result<Response> {
        let request = message(ask)?;
        let body = Bytes::copy_from_slice(ask.body.unwrap_or_default());
        let asking = async {
            let mut sender = self.sender.clone().ready().await?;
            let (response, out) = sender.send_request(request, body.is_empty())?;
            // What is left of a body goes on while the answer comes, and does not outlive it.
            let sending = tokio::spawn(send(out, body));
            let received = receive(response).await;
            sending.abort();
            received
        };
        let asked = self
            .runtime
            .block_on(async { timeout(self.patience, asking).await })?;
        asked.map_err(|error| match error.reason() {
            Some(Reason::REFUSED_STREAM) => io::Error::new(io::ErrorKind::Interrupted, error),
            _ => io::Error::other(error),
        })
    }
}

async fn send(mut out: SendStream<Bytes>, mut body: Bytes) -> Option<()> {
    while !body.is_empty() {
        out.reserve_capacity(body.len());
        if out.capacity() == 0 {
            std::future::poll_fn(|task| out.poll_capacity(task))
                .await?
                .ok()?;
        }
        let piece = body.split_to(out.capacity().min(body.len()));
        if !piece.is_empty() {
            out.send_data(piece, body.is_empty()).ok()?;
        }
    }
    Some(())
}

async fn receive(response: ResponseFuture) -> Result<Response, h2::Error> {
    let (parts, mut stream) = response.await?.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        let piece = piece?;
        stream.flow_control().release_capacity(piece.len())?;
        body.extend_from_slice(&piece);
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter();
    Ok(Response {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
        body,
    })
}

/// The request as a client of HTTP/2 says it: fields of connections left out, its host as authority.
fn message(ask: &Ask<'_>) -> io::Result<Request<()>> {
    let unsayable = |what: &str| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("HTTP/2 cannot say {what:?}"),
        )
    };
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let given = |wanted: &str| ask.headers.iter().any(|(name, _)| is(name, wanted));
    let host = ask.headers.iter().find(|(name, _)| is(name, "host"));
    let host = host.map_or("localhost", |(_, value)| value);
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(Authority::try_from(host).map_err(|_| unsayable(host))?);
    parts.path_and_query =
        Some(PathAndQuery::try_from(ask.target).map_err(|_| unsayable(ask.target))?);
    let mut request = Request::new(());
    *request.version_mut() = http::Version::HTTP_2;
    *request.method_mut() = Method::try_from(ask.method).map_err(|_| unsayable(ask.method))?;
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| unsayable(ask.target))?;
    for (name, value) in ask.headers {
        if is(name, "host") || OF_CONNECTION.iter().any(|one| is(one, name)) {
            continue;
        }
        let field = HeaderName::try_from(name.as_str()).map_err(|_| unsayable(name))?;
        let value = HeaderValue::try_from(value.as_bytes()).map_err(|_| unsayable(value))?;
        request.headers_mut().append(field, value);
    }
    if let (Some(body), false) = (
        ask.body,
        given("content-length") || given("transfer-encoding"),
    ) {
        request
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, body.len().into());
    }
    Ok(request)
}
