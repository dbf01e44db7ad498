//! A question that is under way to a monitor, on a thread of its own.
//!
//! There is never more than one thread for a signal, whatever the monitor does, and nobody waits for it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use super::answer::Wanted;
use super::monitor::Monitor;

/// Asks a query again and again.
pub(super) struct Errand {
    monitor: Arc<Monitor>,
    query: Arc<str>,
    wanted: Wanted,
    answer: Option<Receiver<Answer>>,
}

/// A value, or why there is none.
pub(super) type Answer = Result<f64, String>;

impl Errand {
    /// Nothing is under way yet.
    pub(super) fn new(monitor: Arc<Monitor>, query: &str, wanted: Wanted) -> Self {
        Self {
            monitor,
            query: query.into(),
            wanted,
            answer: None,
        }
    }

    /// Whether an answer is waited for.
    pub(super) fn is_under_way(&self) -> bool {
        self.answer.is_some()
    }

    /// Asks.
    ///
    /// # Errors
    /// That nobody could be sent.
    pub(super) fn send(&mut self) -> Result<(), String> {
        let (sender, receiver) = sync_channel(1);
        let (monitor, query, wanted) = (
            Arc::clone(&self.monitor),
            Arc::clone(&self.query),
            self.wanted,
        );
        let named = thread::Builder::new().name("monitor".to_owned());
        let sent = named.spawn(move || {
            // Whoever asked may have lost interest.
            drop(sender.send(monitor.ask(&query, wanted)));
        });
        sent.map_err(|error| format!("no thread to ask the monitor ({error})"))?;
        self.answer = Some(receiver);
        Ok(())
    }

    /// The answer, if it has come.
    pub(super) fn collect(&mut self) -> Option<Answer> {
        let answer = match self.answer.as_ref()?.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("asking the monitor ended early".to_owned()),
        };
        self.answer = None;
        Some(answer)
    }
}
