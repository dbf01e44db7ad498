//! Bodies that come from elsewhere while they are sent, piece by piece.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use bytes::Bytes;

/// A piece that is awaited; nothing at the end.
pub type Awaited<'a> = Pin<Box<dyn Future<Output = io::Result<Option<Bytes>>> + Send + 'a>>;

/// Whoever gives the pieces of a body.
pub trait Pieces: Send + Sync {
    /// How many bytes there will be in all, if that is known.
    fn length(&self) -> Option<u64>;

    /// Whether the next piece, or the end, is there without waiting.
    fn is_at_hand(&self) -> bool;

    /// The next piece; an error when the body breaks off.
    fn next(&mut self) -> Awaited<'_>;
}

/// A body that comes from elsewhere.
pub struct Source(Box<dyn Pieces>);

impl Source {
    /// One whose pieces these are.
    pub fn new(pieces: impl Pieces + 'static) -> Self {
        Self(Box::new(pieces))
    }

    /// How many bytes there will be in all, if that is known.
    pub fn length(&self) -> Option<u64> {
        self.0.length()
    }

    /// Whether the next piece, or the end, is there without waiting.
    pub fn is_at_hand(&self) -> bool {
        self.0.is_at_hand()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the body breaks off.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.0.next().await
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Source").field(&self.length()).finish()
    }
}
