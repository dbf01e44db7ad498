//! One request and its answer; every request has a connection of its own.

use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Request, Response};
use serde::Deserialize;
use ureq::{Agent, Body};

use super::arguments::Arguments;
use super::steps::Step;
use crate::clients::access;

/// The way to a server.
pub(super) struct Exchange {
    agent: Agent,
    api_key: Option<HeaderValue>,
}

/// What a server said.
pub(super) struct Answer {
    status: u16,
    /// What `Retry-After` wants.
    pub(super) wait: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
pub(super) struct Failure {
    pub(super) message: String,
    /// Whether another attempt may go better.
    pub(super) may_pass: bool,
    /// How long the server wants to be left alone.
    pub(super) wait: Option<Duration>,
}

impl Exchange {
    /// Reads what the arguments name: the key, and the certificates if the requests need them.
    pub(super) fn new(arguments: &Arguments, steps: &[Step]) -> Result<Self, String> {
        let is_tls = steps
            .iter()
            .any(|step| step.target.scheme() == Some(&Scheme::HTTPS));
        let access = &arguments.access;
        let config = access.config(is_tls)?.max_idle_connections(0);
        let config = config.timeout_global(Some(access.timeout)).build();
        Ok(Self {
            agent: config.new_agent(),
            api_key: access.api_key()?,
        })
    }

    /// Makes a request.
    pub(super) fn make(&self, step: &Step) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(&step.method)
            .uri(&step.target)
            .header("Accept", "text/plain, application/json");
        if let Some(key) = &step.idempotency_key {
            request = request.header("X-Idempotency-Key", key);
        }
        if let Some(key) = &self.api_key {
            request = request.header("X-API-Key", key);
        }
        let failed = |error| Failure::of(step, error);
        let has_body = step.method == http::Method::POST || step.method == http::Method::PUT;
        let answered = if has_body {
            let request = request
                .header("Content-Type", "text/plain; charset=utf-8")
                .body(step.body.as_slice());
            self.agent
                .run(request.map_err(|error| failed(error.into()))?)
        } else {
            let request = request.body(());
            self.agent
                .run(request.map_err(|error| failed(error.into()))?)
        };
        Answer::read(answered.map_err(failed)?).map_err(failed)
    }
}

impl Answer {
    fn read(mut response: Response<Body>) -> Result<Self, ureq::Error> {
        let wait = response.headers().get("retry-after");
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST_BODY);
        Ok(Self {
            status,
            wait: wait.map(Duration::from_secs),
            body: body.read_to_vec()?,
        })
    }

    /// What to say if this is a refusal.
    pub(super) fn refusal(&self) -> Option<String> {
        if matches!(self.status, 200..300) {
            return None;
        }
        let status = self.status;
        let problem = serde_json::from_slice::<Problem>(&self.body);
        Some(match problem {
            Ok(Problem { error, description }) => format!("{description} ({error}, {status})"),
            Err(_) => {
                let known = http::StatusCode::from_u16(status).ok();
                let words = known.and_then(|status| status.canonical_reason());
                format!("the server answers {status} {}", words.unwrap_or_default())
            }
        })
    }

    /// Whether another attempt may be answered otherwise.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self.status, 429 | 502 | 503 | 504)
    }
}

/// How a server describes a refusal.
#[derive(Deserialize)]
struct Problem {
    error: String,
    description: String,
}

impl Failure {
    fn of(step: &Step, error: ureq::Error) -> Self {
        let message = access::told(&error);
        let target = &step.target;
        let place = target
            .authority()
            .map_or("", |authority| authority.as_str());
        Self {
            message: format!("asking {place} failed ({message})"),
            may_pass: may_pass(&error),
            wait: None,
        }
    }
}

/// Whether a failure is one of the way to the server; one of trust or form stays.
fn may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => {
            let inner = error.get_ref();
            !inner.is_some_and(|inner| inner.is::<rustls::Error>())
        }
        ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        _ => false,
    }
}

/// More of an answer is not read.
const LONGEST_BODY: u64 = 1 << 20;
