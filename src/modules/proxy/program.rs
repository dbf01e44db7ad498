//! Peers that are programs and no servers of HTTP: what they get of requests is for others to write.

use super::pass::Pass;
use crate::http::course::request::Request;
use crate::http::plan::origin::{Origin, SentBody};
use crate::modules::cache::Caching;

/// Who makes parameters of requests.
pub(in crate::modules) trait Program: Send + Sync {
    /// Appends what stands ahead of the body; false, and a line in the log, where that cannot be said.
    fn write(&self, request: &mut Request, outline: &Outline, out: &mut Vec<u8>) -> bool;
    /// Whether what a peer says beside a response that has not begun makes that useless.
    fn is_fatal(&self, message: &[u8]) -> bool;
    /// Whether the program is told that the head of an answer alone is wanted.
    fn asks_for_head(&self, request: &mut Request) -> bool;
    /// The part that the configuration asks programs for; nothing where it asks for none.
    fn range(&self, request: &mut Request) -> Option<Vec<u8>>;
}

/// What that depends on beside the request.
pub(in crate::modules) struct Outline {
    /// Whether the connection is to be used again.
    pub(in crate::modules) keeps: bool,
    /// Whether the fields of the client's request are among the parameters.
    pub(in crate::modules) passes_fields: bool,
    /// How the body ends that follows; nothing where the peer gets none whatever the client sends.
    pub(in crate::modules) body: Option<SentBody>,
    /// Where the answer is kept, if it is.
    pub(in crate::modules) cache: Option<&'static Caching>,
}

impl Pass {
    /// Appends the parameters that a peer gets.
    pub(super) fn write_parameters(
        &'static self,
        request: &mut Request,
        program: &dyn Program,
        body: SentBody,
        out: &mut Vec<u8>,
    ) -> bool {
        let start = out.len();
        let closes = request.state(self.state).last_use;
        let outline = Outline {
            keeps: !closes,
            passes_fields: self.settings.passes_fields,
            body: Some(body).filter(|_| self.settings.passes_body),
            cache: self.cache_of(request),
        };
        let is_said = program.write(request, &outline, out);
        let length = out.len() - start;
        self.sent(request, length);
        is_said
    }
}
