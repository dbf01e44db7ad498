//! What a peer writes to its standard error, which is for the log and has no end of its own.

/// Messages that were not told so far.
#[derive(Debug, Default)]
pub(super) struct Messages {
    text: Vec<u8>,
    /// How much was kept of this request's messages.
    kept: usize,
    left_out: u64,
}

/// So much is kept for each request; the rest is counted.
const MOST: usize = 16 * 1024;

impl Messages {
    /// Adds what has come.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let amount = bytes.len().min(MOST - self.kept);
        self.text.extend_from_slice(&bytes[..amount]);
        self.kept += amount;
        self.left_out += (bytes.len() - amount) as u64;
    }

    /// What was kept and not told; that something was left out is said once, behind what is told last before that.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        if self.text.is_empty() {
            return None;
        }
        let mut text = std::mem::take(&mut self.text);
        if self.left_out > 0 {
            text.extend_from_slice(b" ... (the rest is left out)");
        }
        Some(text)
    }
}
