//! Counts the connections of a worker, so that it can end when the last one is done.
//!
//! It also finds the application of a connection: where all addresses of a port are listened at by
//! one socket, a specific address among them may have its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use tokio::sync::Notify;

use crate::http::client::connection::Application;

/// The open connections of a worker.
#[derive(Default)]
pub(super) struct Open {
    count: AtomicUsize,
    none: Notify,
}

struct One<'a>(&'a Open);

impl Open {
    fn enter(&self) -> One<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        One(self)
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until there are none.
    pub(super) async fn drained(&self) {
        loop {
            let none = self.none.notified();
            if self.count() == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Drop for One<'_> {
    /// Also when the connection's task panics: it is unwound, and only it.
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.none.notify_waiters();
        }
    }
}

/// What serves the connections of one socket.
pub(super) struct Entrance {
    application: Arc<Application>,
    /// For connections to these addresses, another.
    specific: Vec<(SocketAddr, Arc<Application>)>,
    open: Arc<Open>,
}

impl Entrance {
    /// Counts in `open`.
    pub(super) fn new(
        application: Arc<Application>,
        specific: Vec<(SocketAddr, Arc<Application>)>,
        open: Arc<Open>,
    ) -> Self {
        Self {
            application,
            specific,
            open,
        }
    }

    fn application(&self, stream: &Stream) -> &Arc<Application> {
        if self.specific.is_empty() {
            return &self.application;
        }
        let socket = stream.get_socket_digest();
        let local = socket.and_then(|socket| socket.local_addr()?.as_inet().copied());
        let mut specific = self.specific.iter();
        let found = specific.find(|(address, _)| Some(*address) == local);
        found.map_or(&self.application, |(_, application)| application)
    }
}

impl Entrance {
    /// Serves a connection to its end.
    pub(super) async fn serve(&self, stream: Stream, shutdown: &ShutdownWatch) {
        let _one = self.open.enter();
        let application = self.application(&stream);
        application.process_new(stream, shutdown).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn the_last_connection_ends_the_drain() {
        block_on(async {
            let open = Arc::new(Open::default());
            open.drained().await;
            let task = |open: Arc<Open>, turns: usize| async move {
                let _one = open.enter();
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            };
            let long = tokio::spawn(task(Arc::clone(&open), 50));
            tokio::spawn(task(Arc::clone(&open), 5));
            tokio::task::yield_now().await;
            assert_eq!(open.count(), 2);
            open.drained().await;
            assert_eq!(open.count(), 0);
            long.await.unwrap();
        });
    }

    #[test]
    fn a_panic_ends_its_own_connection_only() {
        block_on(async {
            let open = Arc::new(Open::default());
            let other = Arc::clone(&open);
            let calm = tokio::spawn(async move {
                let _one = other.enter();
                tokio::task::yield_now().await;
                "served"
            });
            let other = Arc::clone(&open);
            let panicking = tokio::spawn(async move {
                let _one = other.enter();
                panic!("a test's own panic");
            });
            assert!(panicking.await.unwrap_err().is_panic());
            open.drained().await;
            assert_eq!(calm.await.unwrap(), "served");
        });
    }
}
