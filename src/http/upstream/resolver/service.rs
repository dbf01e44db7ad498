//! Where services are (SRV): hosts with ports and weights, and the addresses of those hosts.

use std::sync::Arc;
use std::time::Duration;

use hickory_net::proto::op::Message;
use hickory_net::proto::rr::rdata::SRV;
use hickory_net::proto::rr::{Name, RData, RecordType};

use super::answer::{Records, time_to_live};
use super::flight::Flight;
use super::{Address, Failure, Known, Resolver, Subject};

/// What is said of an address because of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// Its port there.
    pub port: u16,
    /// How much of the work it should get, in proportion.
    pub weight: u16,
    /// Whether there are others that should be asked before it.
    pub is_backup: bool,
}

/// A service's record, and how long it holds.
type Found = (SRV, Duration);

impl Resolver {
    /// Where a service of a host is. One without a dot is the name of a protocol over TCP, as `http`.
    pub fn find_service(self: &Arc<Self>, service: &str, host: &str, patience: Duration) -> Known {
        let name = match service.contains('.') {
            true => format!("{service}.{host}"),
            false => format!("_{service}._tcp.{host}"),
        };
        let name = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
        self.ask(Subject::Service(name), patience)
    }

    pub(super) async fn look_up_service(
        &self,
        name: &Name,
        flight: &Flight,
    ) -> Result<Records, Failure> {
        let message = self.servers.ask(name, RecordType::SRV, flight).await?;
        let found = read(&message, name)?;
        let first = found.iter().map(|(one, _)| one.priority).min();
        let mut records = Records {
            addresses: Vec::new(),
            valid: Duration::MAX,
        };
        let mut failure = Failure::NotFound;
        for (one, valid) in found {
            records.valid = records.valid.min(valid);
            let service = Service {
                port: one.port,
                weight: one.weight,
                is_backup: Some(one.priority) != first,
            };
            match self.host(&one.target, flight).await {
                Ok(host) => {
                    records.valid = records.valid.min(host.valid);
                    let addresses = host.addresses.into_iter();
                    records.addresses.extend(addresses.map(|address| Address {
                        service: Some(service),
                        ..address
                    }));
                }
                Err(problem) => failure = problem,
            }
        }
        match records.addresses.is_empty() {
            true => Err(failure),
            false => Ok(records),
        }
    }

    /// The addresses of a host that a record names.
    async fn host(&self, target: &Name, flight: &Flight) -> Result<Records, Failure> {
        let name = target.to_ascii().to_ascii_lowercase();
        let known = self.hosts.find(name.strip_suffix('.').unwrap_or(&name));
        match known {
            Some(addresses) => self.of_wanted_families(addresses).map(|addresses| Records {
                addresses: addresses.to_vec(),
                valid: Duration::MAX,
            }),
            None => self.look_up(target, flight).await,
        }
    }
}

/// What a message says of the service `name`, those that should be asked first before others. A target that is the
/// root says that there is none (RFC 2782).
fn read(message: &Message, name: &Name) -> Result<Vec<Found>, Failure> {
    let own = message.answers.iter().filter(|one| one.name == *name);
    let mut found: Vec<Found> = own
        .filter_map(|record| match &record.data {
            RData::SRV(one) if !one.target.is_root() && one.port > 0 => {
                Some((one.clone(), time_to_live(record)))
            }
            _ => None,
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| {
        let key = |one: &SRV| (one.priority, std::cmp::Reverse(one.weight), one.port);
        key(one).cmp(&key(other))
    });
    if found.len() > MOST_RECORDS {
        let count = found.len();
        log::warn!("{name} has {count} records, the first {MOST_RECORDS} are used");
        found.truncate(MOST_RECORDS);
    }
    match found.is_empty() {
        true => Err(Failure::NotFound),
        false => Ok(found),
    }
}

/// So many records of a service are used.
const MOST_RECORDS: usize = 32;
