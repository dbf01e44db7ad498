//! Asking name servers: over UDP, and over TCP what does not fit; one after the other until one has an answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_net::NetError;
use hickory_net::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode};
use hickory_net::proto::rr::{Name, RecordType};
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::tcp::TcpClientStream;
use hickory_net::udp::UdpClientStream;
use hickory_net::xfer::{DnsHandle, DnsRequestSender, FirstAnswer};

use super::Failure;
use super::counts::Counts;
use super::flight::Flight;

/// Name servers that can stand for each other.
pub(super) struct Servers {
    addresses: Box<[SocketAddr]>,
    pub(super) counts: Counts,
    turn: AtomicUsize,
}

/// The name as it is asked for; nothing when there can be no such name.
pub(super) fn absolute(name: &str) -> Option<Name> {
    let mut absolute = Name::from_ascii(name).ok()?;
    absolute.set_fqdn(true);
    (!absolute.is_root()).then_some(absolute)
}

impl Servers {
    pub(super) fn new(addresses: Vec<SocketAddr>, counts: Counts) -> Self {
        Self {
            addresses: addresses.into(),
            counts,
            turn: AtomicUsize::new(0),
        }
    }

    /// The answer of the first server that has one. Each is given longer with every round.
    pub(super) async fn ask(
        &self,
        name: &Name,
        kind: RecordType,
        flight: &Flight,
    ) -> Result<DnsResponse, Failure> {
        let count = self.addresses.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % count.max(1);
        let mut failure = Failure::TimedOut;
        let mut refusals = 0;
        for attempt in 0..ROUNDS * count {
            let patience = FIRST_PATIENCE * (1 << (attempt / count));
            let patience = patience.min(flight.left());
            if patience.is_zero() || refusals >= count {
                break;
            }
            let server = self.addresses[(turn + attempt) % count];
            match self.ask_one(server, name, kind, patience).await {
                Ok(message) => return Ok(message),
                Err(Failure::NotFound) => return Err(Failure::NotFound),
                Err(Failure::TimedOut) => {}
                Err(other) => {
                    failure = other;
                    refusals += 1;
                }
            }
        }
        Err(failure)
    }

    async fn ask_one(
        &self,
        server: SocketAddr,
        name: &Name,
        kind: RecordType,
        patience: Duration,
    ) -> Result<DnsResponse, Failure> {
        self.counts.sent(kind);
        let asked = exchange(server, name, kind, patience);
        let message = match tokio::time::timeout(patience, asked).await {
            Ok(Ok(message)) => message,
            Err(_) | Ok(Err(NetError::Timeout)) => {
                self.counts.timed_out();
                return Err(Failure::TimedOut);
            }
            Ok(Err(NetError::Io(_))) => return Err(Failure::Unreachable),
            Ok(Err(_)) => {
                self.counts.responded_badly();
                return Err(Failure::Invalid);
            }
        };
        let code = message.response_code;
        self.counts.responded(code);
        match code {
            ResponseCode::NoError => Ok(message),
            ResponseCode::FormErr => Err(Failure::Format),
            ResponseCode::ServFail => Err(Failure::Server),
            ResponseCode::NXDomain => Err(Failure::NotFound),
            ResponseCode::NotImp => Err(Failure::Unimplemented),
            ResponseCode::Refused => Err(Failure::Refused),
            other => Err(Failure::Other(other.into())),
        }
    }
}

/// One question, and the answer to it.
async fn exchange(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    patience: Duration,
) -> Result<DnsResponse, NetError> {
    let query = Query::query(name.clone(), kind);
    let mut options = DnsRequestOptions::default();
    options.use_edns = false;
    let request = DnsRequest::from_query(query.clone(), options);
    let mut udp = UdpClientStream::builder(server, TokioRuntimeProvider::new())
        .with_timeout(Some(patience))
        .with_max_retries(1)
        .with_os_port_selection(true)
        .build();
    let message = udp.send_message(request.clone()).first_answer().await?;
    if !message.truncation {
        return Ok(message);
    }
    let provider = TokioRuntimeProvider::new();
    let one = Some(1);
    let tcp = TcpClientStream::exchange(server, None, patience, one, provider.clone()).await?;
    let message = tcp.send(request).first_answer().await?;
    match message.queries == [query] && !message.truncation {
        true => Ok(message),
        false => Err(NetError::Message("an answer to another question")),
    }
}

/// How long the first round gives each server.
const FIRST_PATIENCE: Duration = Duration::from_secs(1);
/// Each server is asked so many times.
const ROUNDS: usize = 5;
