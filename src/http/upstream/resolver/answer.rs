//! What a message of a name server says about a name.

use std::net::IpAddr;
use std::time::Duration;

use hickory_net::proto::op::Message;
use hickory_net::proto::rr::{Name, RData, Record, RecordType};

use super::{Address, Failure};

/// Addresses, and how long they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) addresses: Vec<Address>,
    pub(super) valid: Duration,
}

/// What is in a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Records(Records),
    /// The name is another's alias, of which nothing is said; and how long that holds.
    Alias(Name, Duration),
}

impl Records {
    /// Both families in one, or why there are none.
    pub(super) fn merge(
        first: Result<Self, Failure>,
        second: Result<Self, Failure>,
    ) -> Result<Self, Failure> {
        match (first, second) {
            (Ok(mut first), Ok(second)) => {
                first.addresses.extend(second.addresses);
                first.valid = first.valid.min(second.valid);
                Ok(first)
            }
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            // That one family has no address says nothing of the other.
            (Err(Failure::NotFound), Err(failure)) => Err(failure),
            (Err(failure), Err(_)) => Err(failure),
        }
    }
}

/// Reads what a message says of `name`, which may be an alias; what it says of names that do not follow from
/// it is ignored. Nothing of it holds longer than `most`.
pub(super) fn read(
    message: &Message,
    name: &Name,
    kind: RecordType,
    most: Duration,
) -> Result<Found, Failure> {
    let (mut owner, mut valid) = (name, most);
    for _ in 0..MOST_ALIASES {
        let own = || message.answers.iter().filter(|one| one.name == *owner);
        let mut addresses = Vec::new();
        for record in own() {
            if let Some(address) = address(record, kind) {
                valid = valid.min(time_to_live(record));
                addresses.push(address.into());
            }
        }
        if !addresses.is_empty() {
            return Ok(Found::Records(Records { addresses, valid }));
        }
        let alias = own().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some((&alias.0, record)),
            _ => None,
        });
        match alias {
            Some((alias, record)) => {
                valid = valid.min(time_to_live(record));
                owner = alias;
            }
            None if owner == name => return Err(Failure::NotFound),
            None => return Ok(Found::Alias(owner.clone(), valid)),
        }
    }
    Err(Failure::TooManyAliases)
}

fn address(record: &Record, kind: RecordType) -> Option<IpAddr> {
    match (&record.data, kind) {
        (RData::A(address), RecordType::A) => Some(address.0.into()),
        (RData::AAAA(address), RecordType::AAAA) => Some(address.0.into()),
        _ => None,
    }
}

/// How long a record holds. Numbers with the highest bit mean nothing (RFC 2181, 8).
pub(super) fn time_to_live(record: &Record) -> Duration {
    let seconds = match record.ttl {
        seconds if seconds > i32::MAX.unsigned_abs() => 0,
        seconds => seconds,
    };
    Duration::from_secs(seconds.clamp(SHORTEST, LONGEST).into())
}

/// So many aliases are followed within one message.
const MOST_ALIASES: usize = 16;
/// Answers hold for at least so many seconds.
const SHORTEST: u32 = 1;
/// Answers hold for at most so many seconds.
const LONGEST: u32 = 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_net::proto::op::OpCode;
    use hickory_net::proto::rr::rdata::{A, AAAA, CNAME};

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn a(owner: &str, ttl: u32, last: u8) -> Record {
        let address = RData::A(A::new(127, 0, 0, last));
        Record::from_rdata(name(owner), ttl, address)
    }

    fn alias(owner: &str, ttl: u32, target: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
    }

    fn said(records: Vec<Record>) -> Result<Found, Failure> {
        let mut message = Message::response(1, OpCode::Query);
        message.add_answers(records);
        read(&message, &name("a.test."), RecordType::A, Duration::MAX)
    }

    fn found(addresses: &[u8], seconds: u64) -> Result<Found, Failure> {
        let addresses = addresses
            .iter()
            .map(|last| IpAddr::from([127, 0, 0, *last]).into());
        Ok(Found::Records(Records {
            addresses: addresses.collect(),
            valid: Duration::from_secs(seconds),
        }))
    }

    #[test]
    fn addresses_of_the_name_are_found() {
        assert_eq!(
            said(vec![a("A.test.", 9, 1), a("a.test.", 5, 2)]),
            found(&[1, 2], 5)
        );
        assert_eq!(said(vec![a("b.test.", 9, 1)]), Err(Failure::NotFound));
        assert_eq!(said(vec![]), Err(Failure::NotFound));
        let six = RData::AAAA(AAAA::new(0, 0, 0, 0, 0, 0, 0, 1));
        let six = Record::from_rdata(name("a.test."), 9, six);
        assert_eq!(said(vec![six]), Err(Failure::NotFound));
    }

    #[test]
    fn aliases_are_followed_in_any_order_and_not_for_ever() {
        let chain = vec![
            a("c.test.", 9, 3),
            alias("b.test.", 2, "c.test."),
            alias("a.test.", 9, "b.test."),
        ];
        assert_eq!(said(chain), found(&[3], 2));
        let open = said(vec![alias("a.test.", 9, "b.test.")]);
        assert_eq!(
            open,
            Ok(Found::Alias(name("b.test."), Duration::from_secs(9)))
        );
        let circle = vec![
            alias("a.test.", 9, "b.test."),
            alias("b.test.", 9, "a.test."),
        ];
        assert_eq!(said(circle), Err(Failure::TooManyAliases));
    }

    #[test]
    fn odd_times_are_kept_within_limits() {
        assert_eq!(said(vec![a("a.test.", 0, 1)]), found(&[1], 1));
        assert_eq!(said(vec![a("a.test.", 1 << 31, 1)]), found(&[1], 1));
        assert_eq!(
            said(vec![a("a.test.", i32::MAX as u32, 1)]),
            found(&[1], 3600)
        );
    }

    #[test]
    fn one_family_is_enough() {
        let records = |last: u8| {
            Ok(Records {
                addresses: vec![IpAddr::from([127, 0, 0, last]).into()],
                valid: Duration::from_secs(u64::from(last)),
            })
        };
        let both = Records::merge(records(2), records(1)).unwrap();
        assert_eq!((both.addresses.len(), both.valid.as_secs()), (2, 1));
        assert_eq!(
            Records::merge(Err(Failure::TimedOut), records(1)),
            records(1)
        );
        assert_eq!(
            Records::merge(Err(Failure::NotFound), Err(Failure::Server)),
            Err(Failure::Server)
        );
    }
}
