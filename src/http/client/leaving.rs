//! Whether the worker is to end, for one connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use pingora_core::server::ShutdownWatch;

/// Whether the worker is to end. A connection has one task, so it asks to be told once and not in every wait.
pub(super) struct Leaving {
    /// Whether it was when the connection began.
    was: bool,
    watch: ShutdownWatch,
    notice: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Leaving {
    /// Nobody has asked to be told yet.
    pub(super) fn new(watch: ShutdownWatch) -> Self {
        let was = *watch.borrow();
        Self {
            was,
            watch,
            notice: None,
        }
    }

    /// The same for another task, or another part of this one.
    pub(super) fn again(&self) -> Self {
        Self::new(self.watch.clone())
    }

    /// Whether it is.
    pub(super) fn is_so(&self) -> bool {
        match self.watch.has_changed() {
            // This takes no lock.
            Ok(false) => self.was,
            _ => *self.watch.borrow(),
        }
    }

    /// Ready once it is; else the task is woken then.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if self.is_so() {
            return Poll::Ready(());
        }
        if self.notice.is_none() {
            let mut watch = self.watch.clone();
            let mut notice = Box::pin(async move {
                // Without a sender nobody is left who could say it.
                let _ = watch.changed().await;
            });
            let polled = notice.as_mut().poll(task);
            self.notice = Some(notice);
            return polled;
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[tokio::test]
    async fn the_task_is_woken_whichever_wait_it_is_in() {
        let (sender, receiver) = watch::channel(false);
        let mut leaving = Leaving::new(receiver);
        for _ in 0..3 {
            let polled = std::future::poll_fn(|task| Poll::Ready(leaving.poll(task))).await;
            assert!(polled.is_pending());
        }
        let told = async {
            tokio::task::yield_now().await;
            sender.send(true).unwrap();
        };
        tokio::join!(std::future::poll_fn(|task| leaving.poll(task)), told);
        assert!(leaving.is_so());
    }
}
