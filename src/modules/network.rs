//! Networks of addresses as they are written, what is said of each, and chains of addresses that proxies pass on.
//!
//! An IPv4 address that is mapped into IPv6 is the IPv4 address, everywhere.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::conf::values;

/// Whom a line of the configuration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::modules) enum Network {
    /// Clients of sockets in the file system.
    Unix,
    /// IPv4 addresses, from the first to the last.
    V4 { first: u32, last: u32 },
    /// IPv6 addresses, from the first to the last.
    V6 { first: u128, last: u128 },
}

/// An IPv4 address mapped into IPv6 stands behind these bits.
const MAPPED: u128 = 0xffff << 32;

impl Network {
    /// An address, a network as `10.0.0.0/8`, or `unix:`; and whether bits are given that the mask takes away.
    pub(in crate::modules) fn parse(text: &str) -> Option<(Self, bool)> {
        if text == "unix:" {
            return Some((Self::Unix, false));
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(values::number(length).ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (bits, width): (_, u32) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let length = u32::try_from(length.unwrap_or(u64::from(width))).ok()?;
        let host = u128::MAX
            .checked_shl(width.checked_sub(length)?)
            .unwrap_or(0);
        let (first, last) = (bits & host, bits | !host);
        let network = match address {
            IpAddr::V4(_) => Self::V4 {
                first: first as u32,
                last: last as u32,
            },
            IpAddr::V6(_) if first >> 32 == MAPPED >> 32 && last >> 32 == MAPPED >> 32 => {
                Self::V4 {
                    first: first as u32,
                    last: last as u32,
                }
            }
            IpAddr::V6(_) => Self::V6 { first, last },
        };
        Some((network, first != bits))
    }

    /// One address.
    pub(in crate::modules) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = address.to_bits();
                Self::V4 {
                    first: bits,
                    last: bits,
                }
            }
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                Self::V6 {
                    first: bits,
                    last: bits,
                }
            }
        }
    }

    /// Whether a client is meant; one without an address has come by a socket in the file system.
    pub(in crate::modules) fn has(self, client: Option<IpAddr>) -> bool {
        match (self, client.map(|client| client.to_canonical())) {
            (Self::Unix, client) => client.is_none(),
            (Self::V4 { first, last }, Some(IpAddr::V4(client))) => {
                (first..=last).contains(&client.to_bits())
            }
            (Self::V6 { first, last }, Some(IpAddr::V6(client))) => {
                (first..=last).contains(&client.to_bits())
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix => out.write_str("unix:"),
            Self::V4 { first, last } => {
                write!(out, "{}-{}", Ipv4Addr::from(*first), Ipv4Addr::from(*last))
            }
            Self::V6 { first, last } => {
                write!(out, "{}-{}", Ipv6Addr::from(*first), Ipv6Addr::from(*last))
            }
        }
    }
}

/// What is said of networks, by the number of what is said; of those that lie one within the other, the innermost counts.
#[derive(Debug, Default)]
pub(in crate::modules) struct Networks {
    unix: Option<u32>,
    v4: Steps<u32>,
    v6: Steps<u128>,
}

/// Where something else begins to hold, in order: a look is a search in one piece of memory.
#[derive(Debug)]
struct Steps<A> {
    starts: Box<[A]>,
    values: Box<[u32]>,
}

impl<A> Default for Steps<A> {
    fn default() -> Self {
        Self {
            starts: Box::default(),
            values: Box::default(),
        }
    }
}

/// Nothing is said of these addresses.
const NOTHING: u32 = u32::MAX;

/// From the first to the last address, and what is said of them.
type Range = (u128, u128, u32);

impl Networks {
    /// Networks with what is said of them; no two are the same.
    ///
    /// # Errors
    /// Of two that lie partly within each other, what is said: of the one that begins first, and of the other.
    pub(in crate::modules) fn new(
        networks: impl Iterator<Item = (Network, u32)>,
    ) -> Result<Self, (u32, u32)> {
        let (mut unix, mut v4, mut v6) = (None, Vec::new(), Vec::new());
        for (network, value) in networks {
            match network {
                Network::Unix => unix = Some(value),
                Network::V4 { first, last } => v4.push((first.into(), last.into(), value)),
                Network::V6 { first, last } => v6.push((first, last, value)),
            }
        }
        Ok(Self {
            unix,
            v4: Steps::new(v4)?,
            v6: Steps::new(v6)?,
        })
    }

    /// A set of networks.
    pub(in crate::modules) fn set(networks: &[Network]) -> Self {
        let all = networks.iter().map(|network| (*network, 0));
        // Networks of which one begins within the other end there as well.
        Self::new(all).unwrap_or_default()
    }

    /// What is said of a client; one without an address has come by a socket in the file system.
    pub(in crate::modules) fn find(&self, client: Option<IpAddr>) -> Option<u32> {
        match client.map(|client| client.to_canonical()) {
            None => self.unix,
            Some(IpAddr::V4(client)) => self.v4.find(client.to_bits()),
            Some(IpAddr::V6(client)) => self.v6.find(client.to_bits()),
        }
    }

    /// Whether anything is said of a client.
    pub(in crate::modules) fn has(&self, client: Option<IpAddr>) -> bool {
        self.find(client).is_some()
    }

    /// Whom a chain of proxies speaks for: `fields` are what was sent, in order, each with addresses from the first
    /// client to the last proxy but one. An address is believed if these networks have the one who tells it. Without
    /// `recursive` only the last address counts.
    pub(in crate::modules) fn forwarded(
        &self,
        peer: Option<IpAddr>,
        fields: &[&[u8]],
        recursive: bool,
    ) -> Option<SocketAddr> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b',' | b'\t');
        let entries = fields
            .iter()
            .rev()
            .flat_map(|field| field.rsplit(is_between));
        let (mut teller, mut found) = (peer, None);
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let told = self.has(teller).then(|| read(entry)).flatten();
            let Some(told) = told else { break };
            (teller, found) = (Some(told.ip()), Some(told));
            if !recursive {
                break;
            }
        }
        found
    }
}

/// An address with or without a port; without, the port is 0.
fn read(entry: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(entry).ok()?;
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, 0));
    }
    text.parse()
        .ok()
        .filter(|told: &SocketAddr| told.port() > 0)
}

impl<A: Copy + Ord + TryFrom<u128>> Steps<A> {
    fn new(mut ranges: Vec<Range>) -> Result<Self, (u32, u32)> {
        ranges.sort_unstable_by_key(|(first, last, _)| (*first, std::cmp::Reverse(*last)));
        let mut steps: Vec<(u128, u32)> = Vec::with_capacity(2 * ranges.len());
        let mut open: Vec<Range> = Vec::new();
        for range @ (first, last, value) in ranges {
            close(&mut open, &mut steps, Some(first));
            if let Some((_, outer, other)) = open.last()
                && last > *outer
            {
                return Err((*other, value));
            }
            step(&mut steps, first, value);
            open.push(range);
        }
        close(&mut open, &mut steps, None);
        // What begins behind the last address of all is nobody's.
        let steps = steps.into_iter();
        let steps = steps.filter_map(|(start, value)| Some((A::try_from(start).ok()?, value)));
        let (starts, values): (Vec<A>, Vec<u32>) = steps.unzip();
        Ok(Self {
            starts: starts.into(),
            values: values.into(),
        })
    }

    fn find(&self, address: A) -> Option<u32> {
        let behind = self.starts.partition_point(|start| *start <= address);
        let value = *self.values.get(behind.checked_sub(1)?)?;
        (value != NOTHING).then_some(value)
    }
}

/// Ends the ranges that end before an address, or all.
fn close(open: &mut Vec<Range>, steps: &mut Vec<(u128, u32)>, before: Option<u128>) {
    while let Some((_, last, _)) = open.last().copied()
        && before.is_none_or(|before| last < before)
    {
        open.pop();
        let around = open.last().map_or(NOTHING, |(_, _, value)| *value);
        if let Some(behind) = last.checked_add(1) {
            step(steps, behind, around);
        }
    }
}

/// From an address on this holds; what was to hold from the same address on does not.
fn step(steps: &mut Vec<(u128, u32)>, start: u128, value: u32) {
    if steps.last().is_some_and(|(other, _)| *other == start) {
        steps.pop();
    }
    if steps.last().map_or(NOTHING, |(_, value)| *value) != value {
        steps.push((start, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(network: &str, client: &str) -> bool {
        let (network, _) = Network::parse(network).unwrap();
        let client = client.parse().ok();
        let found = network.has(client);
        assert_eq!(Networks::set(&[network]).has(client), found, "{client:?}");
        found
    }

    #[test]
    fn networks_hold_their_addresses() {
        assert!(has("10.0.0.0/8", "10.255.0.1"));
        assert!(!has("10.0.0.0/8", "11.0.0.0"));
        assert!(!has("10.0.0.0/8", "9.255.255.255"));
        assert!(has("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(has("::ffff:10.0.0.0/104", "10.0.0.1"));
        assert!(has("127.0.0.1", "127.0.0.1"));
        assert!(!has("127.0.0.1", "127.0.0.2"));
        assert!(has("0.0.0.0/0", "1.2.3.4") && has("0.0.0.0/0", "255.255.255.255"));
        assert!(!has("0.0.0.0/0", "2001:db8::1"));
        assert!(
            has("::/0", "2001:db8::1") && has("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        );
        assert!(!has("::/0", "1.2.3.4"));
        assert!(has("2001:db8::/32", "2001:db8:1::1"));
        assert!(!has("2001:db8::/32", "2001:db9::1"));
        assert!(has("unix:", "") && !has("unix:", "::1") && !has("10.0.0.0/8", ""));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "x",
            "1.2.3",
            "1.2.3.4/33",
            "::1/129",
            "1.2.3.4/",
            "/8",
            "1.2.3.4/-1",
            "all",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
        assert!(Network::parse("10.0.0.1/8").unwrap().1);
        assert!(!Network::parse("10.0.0.1").unwrap().1);
    }

    fn table(networks: &[&str]) -> Result<Networks, (u32, u32)> {
        let network = |text: &str| match text.split_once('-') {
            Some((first, last)) => {
                let bits = |text: &str| text.parse::<std::net::Ipv4Addr>().unwrap().to_bits();
                Network::V4 {
                    first: bits(first),
                    last: bits(last),
                }
            }
            None => Network::parse(text).unwrap().0,
        };
        let all = networks.iter().enumerate();
        Networks::new(all.map(|(number, text)| (network(text), number as u32)))
    }

    #[test]
    fn the_innermost_network_counts() {
        let table = table(&[
            "10.1.0.0/16",
            "10.0.0.0/8",
            "10.1.2.3",
            "0.0.0.0/1",
            "10.1.255.255",
            "255.255.255.255",
            "2001:db8::/32",
            "2001:db8::1",
            "unix:",
            "10.2.0.0/16",
        ])
        .unwrap();
        for (client, number) in [
            ("10.1.0.0", Some(0)),
            ("10.0.0.0", Some(1)),
            ("10.255.255.255", Some(1)),
            ("10.1.2.3", Some(2)),
            ("10.1.2.4", Some(0)),
            ("9.255.255.255", Some(3)),
            ("11.0.0.0", Some(3)),
            ("10.1.255.255", Some(4)),
            ("10.2.0.0", Some(9)),
            ("10.3.0.0", Some(1)),
            ("128.0.0.0", None),
            ("255.255.255.255", Some(5)),
            ("2001:db8::1", Some(7)),
            ("2001:db8::2", Some(6)),
            ("::1", None),
            ("", Some(8)),
        ] {
            assert_eq!(table.find(client.parse().ok()), number, "{client}");
        }
    }

    #[test]
    fn ranges_may_not_overlap_in_part() {
        assert!(table(&["1.0.0.0-1.0.0.9", "1.0.0.9-1.0.0.9", "1.0.0.0-1.0.0.3"]).is_ok());
        assert_eq!(
            table(&["1.0.0.5-1.0.0.9", "1.0.0.0-1.0.0.5"]).err(),
            Some((1, 0))
        );
    }

    /// The same answers as from looking at each network, for drawn ones.
    #[test]
    fn a_search_finds_what_a_walk_finds() {
        let mut state = 7_u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        for _ in 0..200 {
            let mut networks: Vec<Network> = Vec::new();
            for _ in 0..draw() % 12 {
                let length = draw() % 7;
                let (first, size) = ((draw() % 64) >> length << length, 1 << length);
                let network = Network::V4 {
                    first,
                    last: first + size - 1,
                };
                if !networks.contains(&network) {
                    networks.push(network);
                }
            }
            let numbered = networks.iter().zip(0..);
            let table =
                Networks::new(numbered.map(|(network, number)| (*network, number))).unwrap();
            for address in 0..70_u32 {
                let client = Some(IpAddr::from(address.to_be_bytes()));
                let walked = networks
                    .iter()
                    .zip(0..)
                    .filter(|(network, _)| network.has(client));
                let narrowest = walked.min_by_key(|(network, _)| match network {
                    Network::V4 { first, last } => last - first,
                    _ => u32::MAX,
                });
                let narrowest = narrowest.map(|(_, number)| number);
                assert_eq!(table.find(client), narrowest, "{address} in {networks:?}");
            }
        }
    }

    fn forwarded(fields: &[&str], recursive: bool) -> String {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap().0);
        let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
        let peer = "127.0.0.1".parse().ok();
        let found = Networks::set(&trusted).forwarded(peer, &fields, recursive);
        found.map(|found| found.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_chain_is_believed_as_far_as_its_links_are_trusted() {
        for (fields, last, first) in [
            (&["1.1.1.1, 2.2.2.2"][..], "2.2.2.2:0", "2.2.2.2:0"),
            (&["1.1.1.1, 10.2.2.2"], "10.2.2.2:0", "1.1.1.1:0"),
            (&["10.1.1.1, 10.2.2.2"], "10.2.2.2:0", "10.1.1.1:0"),
            (&["9.9.9.9, 1.1.1.1, 10.2.2.2"], "10.2.2.2:0", "1.1.1.1:0"),
            (&["junk, 10.2.2.2,10.3.3.3"], "10.3.3.3:0", "10.2.2.2:0"),
            (&["1.1.1.1,,10.2.2.2 , "], "10.2.2.2:0", "1.1.1.1:0"),
            (&["1.1.1.1 10.2.2.2:7"], "10.2.2.2:7", "1.1.1.1:0"),
            (&["1.1.1.1", "10.2.2.2"], "10.2.2.2:0", "1.1.1.1:0"),
            (&["1.1.1.1,junk", "10.2.2.2:7"], "10.2.2.2:7", "10.2.2.2:7"),
            (&["1.1.1.1", ""], "1.1.1.1:0", "1.1.1.1:0"),
            (&["[::5]:99"], "[::5]:99", "[::5]:99"),
            (
                &["1.1.1.1, ::ffff:10.0.0.1"],
                "[::ffff:10.0.0.1]:0",
                "1.1.1.1:0",
            ),
            (&["1.1.1.1, junk"], "", ""),
            (&["1.1.1.1;10.2.2.2"], "", ""),
            (&["1.2.3.4:0"], "", ""),
            (&["1.2.3.4:"], "", ""),
            (&["[::1]:99999"], "", ""),
            (&["1.1.1"], "", ""),
            (&["unix:"], "", ""),
            (&[""], "", ""),
            (&[], "", ""),
        ] {
            assert_eq!(forwarded(fields, false), last, "{fields:?}");
            assert_eq!(forwarded(fields, true), first, "{fields:?}");
        }
    }
}
