//! A fresh connection to a peer becomes an encrypted one, or one of HTTP/2.

use std::sync::Arc;

use pingora_core::protocols::Stream;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::{Journey, left, stays};
use crate::conf::reason;
use crate::http::course::circumstances::Passing;
use crate::http::plan::origin::{Failure, Origin};
use crate::http::transport::http2::Http2;
use crate::http::transport::link::Link;
use crate::http::transport::secure::{Secure, sentence};
use crate::http::upstream::exchange::Broken;

impl Journey<'_> {
    /// Carries out the handshake with the present peer.
    pub(super) async fn encrypt(
        &mut self,
        origin: &'static dyn Origin,
        secure: Arc<Secure>,
        stream: Stream,
        until: Instant,
    ) -> Result<Box<Link>, Broken> {
        let peer = origin.peer_name(self.request);
        let made = self
            .hold(origin, secure.begin(stream, &peer), until)
            .await?;
        let (what, failure) = match made {
            Ok(Ok(stream)) => {
                let mut link = Link::new(stream, self.request.moment());
                link.secure = Some(secure);
                return Ok(link);
            }
            Ok(Err(error)) => (sentence(&error), Failure::Connect),
            Err(_) => ("upstream timed out".to_owned(), Failure::Timeout),
        };
        let request = Passing(self.request, &peer);
        log::error!("{what} while SSL handshaking to upstream{request}");
        Err(Broken::Peer(failure))
    }

    /// Has HTTP/2 spoken on a fresh connection to the present peer.
    pub(super) async fn speak_http2(
        &mut self,
        origin: &'static dyn Origin,
        link: Box<Link>,
        until: Instant,
    ) -> Result<Box<Link>, Broken> {
        let Link { end, secure, .. } = *link;
        let wire = end.into_wire().ok_or(Broken::Peer(Failure::Connect));
        let (stream, _) = wire?;
        let opened = Http2::open(stream, secure.is_some());
        let (what, failure) = match self.hold(origin, opened, until).await? {
            Ok(Ok(stream)) => {
                let mut link = Link::new(stream, self.request.moment());
                link.secure = secure;
                return Ok(link);
            }
            Ok(Err(error)) => (
                format!("send() failed ({})", reason(&error)),
                Failure::Connect,
            ),
            Err(_) => ("upstream timed out".to_owned(), Failure::Timeout),
        };
        let peer = origin.peer_name(self.request);
        let request = Passing(self.request, &peer);
        log::error!("{what} while connecting to upstream{request}");
        Err(Broken::Peer(failure))
    }

    /// Waits for `what`, up to a point in time and as long as the client stays if its leaving ends the attempt.
    async fn hold<T>(
        &mut self,
        origin: &'static dyn Origin,
        what: impl Future<Output = T>,
        until: Instant,
    ) -> Result<Result<T, Elapsed>, Broken> {
        let stays = stays(self.request, self.session, origin);
        let left = left(&mut self.session.client, stays);
        let held = tokio::select! {
            biased;
            held = tokio::time::timeout_at(until, what) => held,
            () = left => return Err(Broken::Client),
        };
        self.request.time_passed();
        Ok(held)
    }
}
