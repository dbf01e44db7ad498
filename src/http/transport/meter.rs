//! Counting bytes while they go over a connection, for features that must not wait for a request's end.

use std::fmt::Debug;

use super::traffic::Traffic;

/// What is told of each piece of bytes that goes over a client's connection while a request is under way, at once:
/// heads and bodies, plain where the connection is encrypted.
pub trait Meter: Debug + Send + Sync {
    /// So many bytes were received; `traffic` has them already.
    fn received(&self, bytes: u64, traffic: &Traffic);

    /// So many bytes were sent; `traffic` has them already. None, where the client takes no more for now.
    fn sent(&self, bytes: u64, then: Then, traffic: &Traffic);
}

/// What comes behind bytes that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing more of the response, or what is at hand already.
    End,
    /// More, at a time that nobody knows.
    More,
}

impl Then {
    /// What comes behind what may be all there was.
    pub(super) fn after(is_all: bool) -> Self {
        if is_all { Self::End } else { Self::More }
    }
}

/// So much that was not sent yet waits in the system's buffer of a connection with a meter: what the meter
/// counts as sent is not far ahead of what has left.
pub const MAX_UNSENT: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::{Context, Waker};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::http::transport::end::End;

    #[derive(Debug, Default)]
    struct Told([AtomicU64; 3]);

    impl Meter for Told {
        fn received(&self, bytes: u64, traffic: &Traffic) {
            self.0[0].fetch_add(bytes, Ordering::Relaxed);
            assert!(traffic.received.load(Ordering::Relaxed) >= bytes);
        }

        fn sent(&self, bytes: u64, then: Then, traffic: &Traffic) {
            self.0[1].fetch_add(bytes, Ordering::Relaxed);
            self.0[2].fetch_add(u64::from(then == Then::More), Ordering::Relaxed);
            assert!(traffic.sent.load(Ordering::Relaxed) >= bytes);
        }
    }

    #[tokio::test]
    async fn a_meter_is_told_of_each_piece_while_it_is_there() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut end = End::new(Box::new(ours), Arc::default());
        let mut task = Context::from_waker(Waker::noop());
        theirs.write_all(b"before, and while").await.unwrap();
        end.receive().await.unwrap();
        end.consume(8);
        assert!(end.poll_send(&mut task, b"before", b"").is_ready());
        let told = Arc::new(Told::default());
        let meter: Arc<dyn Meter> = told.clone();
        end.set_meter(Some(&meter));
        let seen = || told.0.each_ref().map(|one| one.load(Ordering::Relaxed));
        assert_eq!(seen(), [0, 0, 0]);
        end.consume(4);
        assert_eq!(seen(), [4, 0, 0]);
        assert!(end.poll_send(&mut task, b"two", b" pieces").is_ready());
        assert_eq!(seen(), [4, 10, 1]);
        end.take(3);
        assert_eq!(seen(), [7, 10, 1]);
        end.end_after();
        assert!(end.poll_send(&mut task, &[b'a'; 64], b"").is_ready());
        assert_eq!(seen(), [7, 58, 2]);
        assert!(end.poll_send(&mut task, &[b'a'; 16], b"").is_pending());
        assert_eq!(seen(), [7, 58, 3]);
        theirs.read_exact(&mut [0; 64]).await.unwrap();
        assert!(end.poll_send(&mut task, &[b'a'; 16], b"").is_ready());
        assert_eq!(seen(), [7, 74, 3]);
        theirs.write_all(b"after").await.unwrap();
        end.receive().await.unwrap();
        end.set_meter(None);
        end.consume(5);
        assert!(end.poll_send(&mut task, b"after", b"").is_ready());
        assert_eq!(seen(), [7, 74, 3]);
    }
}
