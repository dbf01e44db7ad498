//! One look-up under way, and those who wait for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::answer::Records;
use super::{Answer, Failure, Known, Resolver};

/// A look-up under way.
#[derive(Debug)]
pub(super) struct Flight {
    answer: watch::Sender<Option<Answer>>,
    began: Instant,
    /// When nobody waits for it any more.
    deadline: Mutex<Instant>,
}

/// An answer that is waited for.
#[derive(Clone, Debug)]
pub struct Awaited {
    flight: Arc<Flight>,
    patience: Duration,
    /// What is used if no answer comes.
    old: Option<Answer>,
}

impl Flight {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            answer: watch::Sender::new(None),
            began: now,
            deadline: Mutex::new(now),
        }
    }

    /// One more waits, unless there is an old answer and the new one takes long.
    pub(super) fn join(
        self: &Arc<Self>,
        old: Option<Answer>,
        now: Instant,
        patience: Duration,
    ) -> Known {
        self.extend(now, patience);
        let is_late = now.saturating_duration_since(self.began) >= WAIT_WITH_OLD;
        match old {
            Some(old) if is_late => Known::Answer(old),
            old => Known::Awaited(Awaited {
                flight: Arc::clone(self),
                patience: match old {
                    Some(_) => patience.min(WAIT_WITH_OLD),
                    None => patience,
                },
                old,
            }),
        }
    }

    fn extend(&self, now: Instant, patience: Duration) {
        let until = now + patience.min(LONGEST);
        let mut deadline = self.deadline.lock();
        *deadline = until.max(*deadline);
    }

    /// How long somebody still waits.
    pub(super) fn left(&self) -> Duration {
        let deadline = *self.deadline.lock();
        deadline.saturating_duration_since(Instant::now())
    }

    pub(super) fn land(&self, answer: Answer) {
        self.answer.send_replace(Some(answer));
    }
}

impl Awaited {
    /// Ready when there is an answer, or patience is at its end.
    pub fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut answer = self.flight.answer.subscribe();
        let patience = self.patience;
        async move {
            let landed = answer.wait_for(Option::is_some);
            // Whichever of both it was shows in what the flight holds then.
            drop(tokio::time::timeout(patience, landed).await);
        }
    }

    /// Whether there is an answer.
    pub fn has_landed(&self) -> bool {
        self.flight.answer.borrow().is_some()
    }

    /// What came of it.
    pub fn into_answer(self) -> Answer {
        let answer = self.flight.answer.borrow().clone();
        answer.or(self.old).unwrap_or(Err(Failure::TimedOut))
    }
}

/// Makes sure that a flight ends, whatever happens to its task.
pub(super) struct Landing {
    resolver: Arc<Resolver>,
    name: String,
    flight: Option<Arc<Flight>>,
}

impl Landing {
    pub(super) fn new(resolver: Arc<Resolver>, name: String, flight: Arc<Flight>) -> Self {
        Self {
            resolver,
            name,
            flight: Some(flight),
        }
    }

    pub(super) fn at(mut self, found: Result<Records, Failure>) {
        self.end(found);
    }

    fn end(&mut self, found: Result<Records, Failure>) {
        if let Some(flight) = self.flight.take() {
            self.resolver.land(&self.name, &flight, found);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.end(Err(Failure::Server));
    }
}

/// How long a newer answer is waited for where there is an old one.
const WAIT_WITH_OLD: Duration = Duration::from_millis(500);
/// No flight takes longer, however long anybody would wait.
const LONGEST: Duration = Duration::from_secs(600);
