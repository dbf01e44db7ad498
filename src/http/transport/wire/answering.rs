//! Streams that are being answered, counted as long as they are.

use super::Shared;

/// A stream that is being answered.
#[derive(Debug)]
pub struct Answering(pub(super) Shared, pub(super) usize);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut core = self.0.lock();
        core.answered -= 1;
        core.held -= self.1;
        let driver = match core.answered {
            0 => core.driver.take(),
            _ => None,
        };
        drop(core);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}
