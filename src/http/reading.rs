//! What is said to a client while its request is in Pingora's hands: to go on with the body, or an
//! answer that was made here because the origin has none.

use std::sync::Arc;

use pingora_core::{Error, ErrorType, Result};
use pingora_proxy::Session;
use tokio::io::AsyncWriteExt;

use super::body::CONTINUE;
use super::bridge::Handed;
use super::client::Lent;
use super::exchange::Exchange;
use super::respond;
use super::response::Response;

/// Tells a waiting client to send the body. Pingora's session would close the connection for it.
pub(super) async fn tell_to_continue(handed: &Handed) -> Result<()> {
    let mut client = Lent(Arc::clone(&handed.client));
    let work = async {
        client.write_all(CONTINUE).await?;
        // It waits for this alone.
        client.flush().await?;
        client.0.lock().expect_head();
        Ok::<_, std::io::Error>(())
    };
    let patience = handed.request.location.settings.send_timeout;
    match tokio::time::timeout(patience, work).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::explain(ErrorType::WriteError, "telling a client to go on").into_down()),
    }
}

/// Sends a response made here through Pingora's session.
pub(super) async fn send(
    session: &mut Session,
    exchange: &mut Exchange,
    mut response: Response,
) -> Result<()> {
    let Some(Handed { request, .. }) = &mut exchange.handed else {
        return Ok(());
    };
    request.time_passed();
    respond::take(request, &mut response);
    if !request.keep_alive {
        session.set_keepalive(None);
    }
    let head = respond::pingora_head(request, &response.body)?;
    session.write_response_header(Box::new(head), false).await?;
    request.head_sent = true;
    if respond::sends_body(request) {
        while let Some(chunk) = response.body.next_chunk().await.map_err(broken_file)? {
            session.write_response_body(Some(chunk), false).await?;
        }
    }
    session.write_response_body(None, true).await?;
    if let Some(Handed { request, .. }) = &mut exchange.handed {
        request.complete = true;
    }
    Ok(())
}

fn broken_file(error: std::io::Error) -> Box<Error> {
    log::error!("a file could not be read while it was sent: {error}");
    Error::because(ErrorType::FileReadError, "reading a file", error)
}
