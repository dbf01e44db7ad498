//! Changes that are on disk before they are answered: records appended to a zone's journal, many at a time.
//!
//! Whoever comes while the disk is busy waits for the next turn, which takes all that came meanwhile, so the
//! disk is flushed once for many changes. A thread does it; the event loop never waits for the disk.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::{Holder, called};
use crate::conf::reason;

/// Appends to one journal.
pub(super) struct Committer {
    shared: Arc<Shared>,
}

struct Shared {
    journal: Arc<File>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    records: Vec<u8>,
    waiting: Vec<oneshot::Sender<Result<(), io::ErrorKind>>>,
    is_busy: bool,
}

impl Committer {
    /// Appends to `journal`, which is open for that.
    pub(super) fn new(journal: Arc<File>) -> Self {
        let queue = Mutex::default();
        Self {
            shared: Arc::new(Shared { journal, queue }),
        }
    }

    /// Waits until the record is on disk.
    async fn commit(&self, record: &[u8]) -> io::Result<()> {
        let (done, wait) = oneshot::channel();
        let begins = {
            let mut queue = self.shared.queue.lock();
            queue.records.extend_from_slice(record);
            queue.waiting.push(done);
            !std::mem::replace(&mut queue.is_busy, true)
        };
        if begins {
            let shared = Arc::clone(&self.shared);
            spawn_blocking(move || shared.work());
        }
        match wait.await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Shared {
    /// Writes until nobody waits any more.
    fn work(&self) {
        loop {
            let (records, waiting) = {
                let mut queue = self.queue.lock();
                if queue.waiting.is_empty() {
                    queue.is_busy = false;
                    return;
                }
                let records = std::mem::take(&mut queue.records);
                (records, std::mem::take(&mut queue.waiting))
            };
            let written = self.write(&records).map_err(|error| error.kind());
            for one in waiting {
                // Who went away needs no answer.
                let _ = one.send(written);
            }
        }
    }

    fn write(&self, records: &[u8]) -> io::Result<()> {
        (&*self.journal).write_all(records)?;
        self.journal.sync_data()
    }
}

/// Waits until what `record` says is as durable as the zone promises; at once for most zones.
///
/// # Errors
/// When it could not be written; the change is made all the same.
pub(in crate::modules) async fn settle(entry: &dyn Holder, record: Vec<u8>) -> io::Result<()> {
    let committer = entry
        .lasting()
        .and_then(|lasting| lasting.committer.as_ref());
    let Some(committer) = committer else {
        return Ok(());
    };
    let committed = committer.commit(&record).await;
    if let Err(error) = &committed {
        entry.zone().count_error();
        let (zone, reason) = (called(entry.purpose(), entry.name()), reason(error));
        log::error!("{zone}: its journal could not be written ({reason})");
    }
    committed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_waits_gets_an_answer_and_nothing_is_lost() {
        let path = std::env::temp_dir().join(format!("durable-{}", std::process::id()));
        let file = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap();
        let committer = Committer::new(Arc::new(file));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let all = (0..200u8).map(|number| {
                let committer = &committer;
                async move { committer.commit(&[number; 3]).await.unwrap() }
            });
            futures_join(all).await;
        });
        let mut written = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        written.sort_unstable();
        let expected: Vec<u8> = (0..200).flat_map(|number| [number; 3]).collect();
        assert_eq!(written, expected);
    }

    /// Polls all of them in turn until each is done.
    async fn futures_join(all: impl Iterator<Item = impl Future<Output = ()>>) {
        let mut all: Vec<_> = all.map(Box::pin).collect();
        std::future::poll_fn(|context| {
            all.retain_mut(|one| one.as_mut().poll(context).is_pending());
            match all.is_empty() {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }
}
