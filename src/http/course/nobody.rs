//! Requests that nobody made: for templates that are evaluated beside requests.

use super::connection_facts::ConnectionFacts;
use super::request::Request;
use crate::http::plan::runtime::Runtime;

impl Request {
    /// A request of which nothing is known and that ends nowhere; `None` where nobody listens.
    pub fn of_nobody(runtime: &'static Runtime) -> Option<Self> {
        let facts = ConnectionFacts::of_none();
        let mut request = Self::new(runtime, runtime.listeners.first()?, facts);
        request.arrive();
        Some(request)
    }
}
