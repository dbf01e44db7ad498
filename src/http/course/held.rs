//! The memory that a request holds on to, also from one to the next that it serves.

use super::request::Request;
use super::value::Value;

/// A buffer with more memory is given back to the system.
const MOST_BUFFER: usize = 8 * 1024;

impl Request {
    /// Gives back what it has held: it is over, and its connection waits for the next.
    pub fn rest(&mut self) {
        self.return_to_default_server();
        self.bodies.clear();
        self.meter = None;
        if std::mem::take(&mut self.remembers) {
            self.values.fill_with(|| Value::Unset);
        }
        if std::mem::take(&mut self.has_states) {
            self.states.fill_with(|| None);
        }
    }

    /// How much memory it holds on to for texts.
    pub(in crate::http) fn capacity(&self) -> usize {
        let texts = [&self.path, &self.arguments, &self.host].into_iter();
        let texts = texts.chain(&self.buffers).map(Vec::capacity);
        let fields = self.response.fields.capacity() + self.carried.capacity();
        self.head.capacity() + fields + texts.sum::<usize>()
    }

    /// Nothing is known of what it asks for: the default server's limits hold.
    pub(super) fn return_to_default_server(&mut self) {
        self.server = self.runtime.server(self.listener.names.default());
        self.location = self.runtime.location(self.server.own);
    }

    /// An empty buffer; give it back with `recycle`.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Takes a buffer back for later use, unless it holds on to much memory.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= MOST_BUFFER {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }
}
