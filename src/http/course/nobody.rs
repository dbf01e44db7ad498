//! Requests that nobody made: for templates that are evaluated beside requests.

use std::sync::Arc;
use std::time::Instant;

use super::connection_facts::ConnectionFacts;
use super::encryption::Encryption;
use super::request::Request;
use crate::http::plan::runtime::Runtime;

impl Request {
    /// A request of which nothing is known and that ends nowhere; `None` where nobody listens.
    pub fn of_nobody(runtime: &'static Runtime) -> Option<Self> {
        let facts = ConnectionFacts {
            number: 0,
            since: Instant::now(),
            requests: 0,
            pipelined: false,
            client: None,
            local: None,
            traffic: Arc::default(),
            encryption: Encryption::None,
        };
        let mut request = Self::new(runtime, runtime.listeners.first()?, facts);
        request.arrive();
        Some(request)
    }
}
