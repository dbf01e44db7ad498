//! Answers what clients ask of a zone.
//!
//! What can be refused by the head alone is refused before the body is read; reading needs no body.
//! A change is answered once it is made and, if the zone wants that, on disk.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::super::labelling::Bound;
use super::super::status;
use super::super::zones::Entry;
use super::body::MOST_CHANGES;
use super::counts::Counts;
use super::foreign::{refuse_page, unpacked};
use super::key::{BadKey, Keys};
use super::making::{Maker, NotMade, Wished};
use super::refusal::Refusal;
use super::request::{OwnedChange, Source, Wanted, Write, idempotency_key, understand};
use crate::http::course::request::Request;
use crate::http::message::response::Response;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::phase::{ContentHandler, ErrorAnswer};
use crate::http::plan::receiver::Receiver;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::VariableIndex;
use crate::modules::api;
use crate::modules::shared_zone;
use crate::status::Node;
use crate::status::json::{self, Dates, Format, Rows};
use crate::zone::{Change, Changed, NotChanged, Record};

/// Answers for one location.
pub(super) struct Handler {
    pub entry: Arc<Entry>,
    pub counts: Arc<Counts>,
    pub source: Source,
    pub keys: Keys,
    pub maker: Maker,
    pub wanted: StateIndex<Option<Named>>,
    /// Who asks: names of changes are each client's own.
    pub client: VariableIndex,
}

/// A change with the name under which it is made once.
pub(super) struct Named {
    write: Write,
    pub(super) name: Option<Vec<u8>>,
    pub(super) client: Vec<u8>,
}

impl ContentHandler for Handler {
    fn run(&'static self, request: &mut Request) -> Option<Outcome> {
        let named = match understand(request, &self.source, &self.keys) {
            Ok(Wanted::List) => return Some(Outcome::Respond(self.list(request))),
            Ok(Wanted::Read(key)) => {
                let read = self.read(request, &key);
                return Some(Outcome::Respond(self.response(read)));
            }
            Ok(Wanted::Write(write)) => self.named(request, write),
            Err(refusal) => Err(refusal),
        };
        Some(match named {
            Ok(named) => {
                *request.state(self.wanted) = Some(named);
                Outcome::Receive(self)
            }
            Err(refusal) => Outcome::Respond(self.response(Err(refusal))),
        })
    }
}

#[async_trait]
impl Receiver for Handler {
    fn most_body(&self, request: &Request) -> u64 {
        match request.method() {
            b"PATCH" => LONGEST_BATCH,
            _ => LONGEST_BODY,
        }
    }

    async fn answer(&'static self, request: &mut Request, body: Bytes) -> Response {
        let Some(named) = request.state(self.wanted).take() else {
            // It was put there when the body was asked for.
            return self.response(Err(Refusal::Damaged));
        };
        let written = self.write(request, named, &body).await;
        self.response(written)
    }
}

/// The whole of a batch.
const LONGEST_BATCH: u64 = 1024 * 1024;
const _: () = assert!(LONGEST_BATCH as usize / MOST_CHANGES > 100);
/// A number or a text of help.
const LONGEST_BODY: u64 = 4096;

impl Handler {
    fn response(&self, result: Result<Response, Refusal>) -> Response {
        result.unwrap_or_else(|refusal| {
            self.counts.rejected();
            refusal.response()
        })
    }

    fn list(&self, request: &Request) -> Response {
        let format = api::format(request);
        let entry = Arc::clone(&self.entry);
        let listed = api::answer(move |mut out, places| {
            let keys = status::keys(&entry);
            Some(json::serialize_within(&keys, format, places, &mut out))
        });
        listed.unwrap_or_else(|| self.response(Err(Refusal::Damaged)))
    }

    fn read(&self, request: &mut Request, key: &[u8]) -> Result<Response, Refusal> {
        let mut record = Record::default();
        if !self.entry.zone.read(key, &mut record) {
            return Err(Refusal::Unknown(self.keys.shown(key)));
        }
        let now = request.moment();
        let node = status::values(&self.entry, Cow::Borrowed(&record), now);
        let mut text = Vec::new();
        let content_type = match node {
            Node::Value(_) => {
                record.write_text(&self.entry.schema, now, &mut text);
                "text/plain"
            }
            node => {
                // Writing to memory does not fail.
                let _: io::Result<()> = json::serialize(&node, PRETTY, &mut text);
                "application/json"
            }
        };
        Ok(Response::new(200, content_type, text).uncached())
    }

    fn named(&self, request: &mut Request, write: Write) -> Result<Named, Refusal> {
        if self.maker.lifetime.is_none() {
            return Ok(Named {
                write,
                name: None,
                client: Vec::new(),
            });
        }
        let client = request.value(self.client);
        let key = idempotency_key(request)?;
        // None of the parts holds the end of a line.
        let parts = key.map(|key| [&client, key, request.method(), request.head.target()]);
        let name = parts.map(|parts| parts.join(&b'\n'));
        Ok(Named {
            write,
            name,
            client,
        })
    }

    async fn write(
        &'static self,
        request: &mut Request,
        named: Named,
        body: &[u8],
    ) -> Result<Response, Refusal> {
        let body = unpacked(request, body, self.most_body(request))?;
        if named.write.takes_text() {
            refuse_page(request, &body)?;
        }
        let changes = named.write.changes(&body, &self.keys)?;
        let now = request.moment();
        let wished = Wished {
            named,
            changes,
            now,
        };
        let (wished, changed) = self.maker.make(wished).await;
        let Wished { named, changes, .. } = wished.ok_or(Refusal::Damaged)?;
        let changed = changed.map_err(|reason| self.refusal(reason, &changes, &named.write))?;
        let (created, record, is_replayed) = match changed {
            Changed::Applied { created, record } => (created, record, false),
            Changed::Replayed { created, record } => (created, record, true),
        };
        if is_replayed {
            self.counts.replayed();
        } else {
            self.counts.updated(changes.len());
        }
        let settled = shared_zone::settle(&*self.entry, record).await;
        settled.map_err(|_told| Refusal::NotWritten)?;
        let mut response = Response::empty(named.write.status(created));
        if is_replayed {
            response.head.add("Idempotency-Replayed", b"true");
        }
        Ok(response)
    }

    fn refusal(&self, reason: NotMade, changes: &[OwnedChange], write: &Write) -> Refusal {
        let reason = match reason {
            NotMade::Zone(reason) => reason,
            NotMade::Values(Bound { place, most }) => {
                let label = self.entry.schema.labels().get(place);
                return Refusal::Values(label.cloned().unwrap_or_default(), most);
            }
        };
        let key = |place: usize| changes.get(place).map_or(&b""[..], |change| &change.key);
        let shown = |place| self.keys.shown(key(place));
        match reason {
            NotChanged::Unknown(place) => Refusal::Unknown(shown(place)),
            NotChanged::Unsupported(place) => match write {
                Write::Batch(_) => {
                    let key = shown(place);
                    Refusal::Batch(format!("the mode of \"{key}\" does not know the operation"))
                }
                _ => Refusal::Unsupported(shown(place)),
            },
            NotChanged::Reserved(place) => BadKey::Reserved(shown(place)).into(),
            NotChanged::Full => Refusal::Full,
            NotChanged::Crowded => Refusal::Crowded,
            NotChanged::Busy | NotChanged::Renamed => Refusal::Busy,
            NotChanged::Held(_) => {
                log::error!("metric zone \"{}\": {reason}", self.entry.name);
                Refusal::Busy
            }
            NotChanged::Damaged => {
                log::error!("metric zone \"{}\": {reason}", self.entry.name);
                Refusal::Damaged
            }
        }
    }
}

impl OwnedChange {
    pub(super) fn borrowed(&self) -> Change<'_> {
        Change {
            key: &self.key,
            action: self.action,
            help: self.help.as_deref().map(str::as_bytes),
        }
    }
}

const PRETTY: Format = Format {
    pretty: true,
    dates: Dates::Iso,
    rows: Rows::Shown,
};

/// Refuses bodies that are too long in the way of all refusals.
pub(super) struct TooLarge(pub Arc<Counts>);

impl ErrorAnswer for TooLarge {
    fn answer(&self, _request: &mut Request, status: u16) -> Option<Response> {
        (status == 413).then(|| {
            self.0.rejected();
            Refusal::TooLarge.response()
        })
    }
}
