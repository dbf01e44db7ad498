//! What a peer has to say beside its response, which goes to the error log.

use super::{Broken, Exchange, Stage};
use crate::http::plan::origin::Failure;
use crate::http::transport::link::Language;

impl Exchange<'_> {
    /// Has the log told what the peer has said beside its response.
    ///
    /// # Errors
    /// When it makes a response useless that has not begun.
    pub(super) fn hear(&mut self) -> Result<(), Broken> {
        if self.rules.language != Language::FastCgi {
            return Ok(());
        }
        let Some(message) = self.records().and_then(|records| records.take_messages()) else {
            return Ok(());
        };
        let is_before = matches!(self.stage, Stage::Head(_));
        let when = match is_before {
            true => "reading response header from upstream",
            false => "reading upstream",
        };
        let text = String::from_utf8_lossy(message.trim_ascii()).into_owned();
        let text = text.replace(|letter: char| letter.is_control(), " ");
        self.complain(&format!("FastCGI sent in stderr: \"{text}\" while {when}"));
        match is_before && self.origin.is_fatal(&message) {
            true => Err(Broken::Peer(Failure::Invalid)),
            false => Ok(()),
        }
    }

    /// Whether the peer has said the end of the response with what came of it, so that both leave at once.
    pub(super) fn is_last(&mut self) -> bool {
        let peer = self.peer.as_mut();
        peer.is_some_and(|peer| peer.link.end.take_end())
    }
}
