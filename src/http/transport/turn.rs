//! How long a connection goes on before others have their turn.
//!
//! A task that is woken while it runs comes again before the event loop looks at other connections, up to some sixty times.
//! One that works for a client which never pauses therefore waits until the loop has looked.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// The turn of a connection.
#[derive(Debug)]
pub(super) enum Turn {
    /// It may do so much more.
    Own(usize, usize),
    /// Others have theirs.
    Others(Arc<Others>, usize),
}

#[derive(Debug)]
pub(super) struct Others {
    is_over: AtomicBool,
    task: Waker,
}

impl Wake for Others {
    /// The event loop has looked at all connections.
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

impl Turn {
    /// One of so much.
    pub(super) fn new(most: usize) -> Self {
        Self::Own(most, most)
    }

    /// So much was done.
    pub(super) fn spend(&mut self, amount: usize) {
        if let Self::Own(left, _) = self {
            *left = left.saturating_sub(amount);
        }
    }

    /// Waits for its own turn, where it has had one without a break.
    pub(super) fn poll_own(&mut self, task: &Context<'_>) -> Poll<()> {
        match self {
            Self::Own(0, most) => {
                let others = Arc::new(Others {
                    is_over: AtomicBool::new(false),
                    task: task.waker().clone(),
                });
                let waker = Waker::from(Arc::clone(&others));
                let yielded = pin!(tokio::task::yield_now());
                *self = Self::Others(others, *most);
                // It is the first time that it is asked, so it is not ready.
                yielded.poll(&mut Context::from_waker(&waker))
            }
            Self::Others(others, most) if others.is_over.load(Ordering::Relaxed) => {
                *self = Self::new(*most);
                Poll::Ready(())
            }
            Self::Others(..) => Poll::Pending,
            Self::Own(..) => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn others_have_their_turn_although_the_task_is_woken_at_once() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ours = listener.accept().unwrap().0;
        ours.set_nonblocking(true).unwrap();
        let mut ours = tokio::net::TcpStream::from_std(ours).unwrap();
        let other = tokio::spawn(async move { ours.read_u8().await.unwrap() });
        tokio::task::yield_now().await;
        theirs.write_all(b"x").unwrap();
        let mut turn = Turn::new(10);
        let mut turns = 0;
        poll_fn(|task| {
            // As h2 does when it answers by itself.
            task.waker().wake_by_ref();
            match turn.poll_own(task) {
                Poll::Ready(()) => turns += 1,
                Poll::Pending => return Poll::Pending,
            }
            turn.spend(6);
            match other.is_finished() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        assert!(turns <= 4 + 2, "{turns}");
    }
}
