//! A connection to a peer becomes an encrypted one.

use std::io;
use std::sync::Arc;

use pingora_core::protocols::Stream;
use rustls::{CertificateError, Error, InvalidMessage};
use tokio::time::Instant;

use super::{Journey, left, stays};
use crate::conf::reason;
use crate::http::course::circumstances::Passing;
use crate::http::plan::origin::{Failure, Origin};
use crate::http::transport::link::Link;
use crate::http::transport::secure::Secure;
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
        let stays = stays(self.session, origin);
        let left = left(&mut self.session.client, stays);
        let made = tokio::select! {
            biased;
            made = tokio::time::timeout_at(until, secure.begin(stream, &peer)) => made,
            () = left => return Err(Broken::Client),
        };
        self.request.time_passed();
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
}

/// Why a handshake failed.
fn sentence(error: &io::Error) -> String {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    let why = match of_tls {
        // Whoever refuses a certificate has said so in a sentence.
        Some(Error::InvalidCertificate(CertificateError::Other(refusal))) => {
            return refusal.0.to_string();
        }
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the peer does not speak TLS".to_owned()
        }
        Some(Error::AlertReceived(alert)) => format!("the peer refused: {alert:?}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            return "peer closed connection in SSL handshake".to_owned();
        }
        None if error.raw_os_error().is_some() => reason(error),
        _ => error.to_string(),
    };
    format!("SSL_do_handshake() failed ({why})")
}
