//! What clients hear when nothing was changed: JSON as the API says it.

use super::body::LONGEST_HELP;
use super::key::BadKey;
use crate::http::message::response::Response;
use crate::modules::api;

/// Why a request got nothing done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a key that can be written to.
    Key(BadKey),
    /// Not a number.
    Value,
    /// Not a text of help.
    Help,
    /// Not a batch of changes.
    Batch(String),
    /// Not a name for a change.
    Idempotency,
    /// There is no such key.
    Unknown(String),
    /// What it names takes these methods only.
    Method(&'static str),
    /// The zone's mode has no such operation.
    Unsupported(String),
    /// There is no room in the zone.
    Full,
    /// This label has as many values as it may have.
    Values(String, u64),
    /// There is no room to remember the change.
    Crowded,
    /// It could not be made to last.
    NotWritten,
    /// A key is held up.
    Busy,
    /// The zone is out of order.
    Damaged,
    /// The body is too long.
    TooLarge,
    /// The body is a page of metrics.
    Page,
    /// The body is packed in a way that is not known.
    Coding,
    /// The body is not packed as it says.
    Packed,
}

impl Refusal {
    /// The answer that says so.
    pub(super) fn response(&self) -> Response {
        let (status, error) = self.status();
        let description = self.description();
        let description: String = description.chars().take(LONGEST_DESCRIPTION).collect();
        let mut response = api::refusal(status, error, &description);
        match self {
            Self::Method(allowed) => response.head.add("Allow", allowed.as_bytes()),
            Self::Unsupported(_) => response.head.add("Allow", ON_KEY.as_bytes()),
            Self::Coding => response.head.add("Accept-Encoding", b"gzip"),
            _ => {}
        }
        response
    }

    fn status(&self) -> (u16, &'static str) {
        match self {
            Self::Key(_) => (400, "BadKey"),
            Self::Value => (400, "BadValue"),
            Self::Help | Self::Batch(_) | Self::Packed => (400, "BadBody"),
            Self::Idempotency => (400, "BadIdempotencyKey"),
            Self::Unknown(_) => (404, "MetricNotFound"),
            Self::Method(_) | Self::Unsupported(_) => (405, "MethodNotAllowed"),
            Self::TooLarge => (413, "BodyTooLarge"),
            Self::Page | Self::Coding => (415, "UnsupportedMediaType"),
            Self::Damaged => (500, "InternalError"),
            Self::NotWritten => (500, "StateWriteError"),
            Self::Busy => (503, "ZoneBusy"),
            Self::Full | Self::Values(..) | Self::Crowded => (507, "ZoneExhausted"),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Key(bad) => bad.to_string(),
            Self::Value => "The body is not a finite decimal number.".to_owned(),
            Self::Help => {
                format!(
                    "The body is not a text of at most {LONGEST_HELP} bytes in UTF-8, without control characters."
                )
            }
            Self::Batch(problem) => format!("The body is not an object of changes: {problem}."),
            Self::Idempotency => {
                "An idempotency key is 1 to 64 visible ASCII characters, given once.".to_owned()
            }
            Self::Unknown(key) => format!("Requested metric \"{key}\" doesn't exist."),
            Self::Method(allowed) => {
                format!("The method is not allowed here, these are: {allowed}.")
            }
            Self::Unsupported(key) => {
                format!("The mode of metric \"{key}\" does not know this operation.")
            }
            Self::Full => "There is no room in the zone.".to_owned(),
            Self::Values(label, most) => format!(
                "The label \"{label}\" has {most} different values, as many as \"max_values\" of the zone allows."
            ),
            Self::Crowded => {
                "There is no room in the zone to remember another idempotency key.".to_owned()
            }
            Self::Busy => "A key is being changed, try again.".to_owned(),
            Self::NotWritten => "The change could not be written to disk.".to_owned(),
            Self::Damaged => "The zone is out of order, see the error log.".to_owned(),
            Self::TooLarge => "The body is too long.".to_owned(),
            Self::Page => "The body is a page of metrics, as a Pushgateway takes it. Here, PUT sets a metric \
                           to the number in the body, POST makes one with the body as its help, and PATCH of \
                           the location itself takes a JSON object of several."
                .to_owned(),
            Self::Coding => "The body may be packed with gzip, and in no other way.".to_owned(),
            Self::Packed => "The body is not packed with gzip, as its Content-Encoding says.".to_owned(),
        }
    }
}

impl From<BadKey> for Refusal {
    fn from(bad: BadKey) -> Self {
        Self::Key(bad)
    }
}

/// Clients get no more of what they sent back than fits in here.
const LONGEST_DESCRIPTION: usize = 1000;
/// The methods of the location itself.
pub(super) const ON_LOCATION: &str = "GET, HEAD, PATCH";
/// The methods of a key.
pub(super) const ON_KEY: &str = "GET, HEAD, POST, PUT, DELETE";
/// The methods of an operation on a key.
pub(super) const ON_OPERATION: &str = "PUT";
