//! What a response begins with, as its connection takes it.

/// The head of a message of HTTP/2.
pub type Message = Box<http::Response<()>>;

/// What a response begins with.
#[derive(Debug)]
pub enum Start {
    /// These bytes, on a connection of HTTP/1.
    Bytes(Vec<u8>),
    /// This head, on a stream of HTTP/2.
    Message(Message),
}
