//! Requests that want something gone from a cache (`proxy_cache_purge`).

use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::sync::oneshot;

use super::caching::{Addressed, Caching, Look};
use super::settings::any_holds;
use super::upkeep::tell_found;
use super::zones::Entry;
use crate::cache::store::Purge;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::wait::Wait;
use crate::metric::Moment;
use crate::os;

/// How many entries were removed, once that is known; nothing inside where the index could not be used.
pub(super) type Purged = Arc<OnceLock<Option<usize>>>;

impl Caching {
    /// What becomes of a request that wants something gone, if it is one.
    pub(super) fn purge(
        &'static self,
        request: &mut Request,
        origin: &'static dyn Addressed,
    ) -> Option<Look> {
        if let Some(purged) = request.state(self.state).purged.take() {
            return Some(Look::Answer(told(&purged)));
        }
        let purge = &self.settings.purge;
        // What is decided by a body that is not known is not decided.
        if purge.is_empty() || !any_holds(purge, request) || request.bodies.was_missed {
            return None;
        }
        let key = self.key(request, origin);
        log::info!(
            "cache \"{}\": \"{}\" is purged{}",
            self.entry.name,
            key.escape_ascii(),
            Circumstances(request)
        );
        let purged = Purged::default();
        request.state(self.state).purged = Some(Arc::clone(&purged));
        let entry = Arc::clone(&self.entry);
        Some(Look::Wait(Wait::Until(Box::pin(carry_out(
            entry, key, purged,
        )))))
    }
}

/// Purges on a thread of its own, one at a time: it may take long.
async fn carry_out(entry: Arc<Entry>, key: Vec<u8>, purged: Purged) {
    // It is never closed.
    let Ok(_turn) = entry.purges.acquire().await else {
        return;
    };
    let (told, over) = oneshot::channel::<()>();
    let (cache, result) = (Arc::clone(&entry.cache), Arc::clone(&purged));
    let (name, path) = (entry.name.clone(), entry.path.clone());
    let work = move || {
        let purge = match key.strip_suffix(b"*") {
            Some(prefix) => Purge::Prefix(prefix),
            None => Purge::Key(&key),
        };
        let removed = cache.purge(purge, Moment(os::monotonic()), |walk| {
            tell_found(&name, &path, walk);
        });
        if let Err(error) = &removed {
            let key = key.escape_ascii();
            log::error!("cache \"{name}\": \"{key}\" is not purged: {error}");
        }
        // It is set here alone.
        let _ = result.set(removed.ok());
        drop(told);
    };
    if let Err(error) = thread::Builder::new().name("purge".into()).spawn(work) {
        log::error!("no thread to purge a cache: {error}");
        return;
    }
    // Ready when the thread is over, whatever became of it.
    let _ = over.await;
}

fn told(purged: &Purged) -> Outcome {
    match purged.get() {
        Some(Some(0)) => Outcome::Status(404),
        Some(Some(_)) => Outcome::Respond(Response::empty(204)),
        Some(None) | None => Outcome::Status(500),
    }
}
