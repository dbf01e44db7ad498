//! What the system says about names: its hosts file, and its name servers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Names whose addresses are known without asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(HashMap<Box<str>, Vec<IpAddr>>);

/// Where the hosts file is.
pub const HOSTS: &str = "/etc/hosts";
/// Where the system's name servers are written.
pub const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The port of name servers.
pub const PORT: u16 = 53;

impl Hosts {
    /// Reads a hosts file; lines that are none are left out.
    pub fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut names: HashMap<Box<str>, Vec<IpAddr>> = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else {
                continue;
            };
            for name in words {
                let own = names.entry(name.to_ascii_lowercase().into()).or_default();
                if !own.contains(&address) {
                    own.push(address);
                }
            }
        }
        Self(names)
    }

    /// The addresses of a name, which is in lower case and does not end in a dot.
    pub fn find(&self, name: &str) -> Option<&[IpAddr]> {
        let is_local = || name == "localhost" || name.ends_with(".localhost");
        let written = self.0.get(name).map(Vec::as_slice);
        written.or_else(|| is_local().then_some(&LOCAL))
    }
}

/// `localhost` and what is below it, where the hosts file says nothing (RFC 6761, 6.3).
const LOCAL: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// The name servers of a `resolv.conf`; without any, that of the machine itself.
pub fn servers(text: &[u8]) -> Vec<SocketAddr> {
    // Line by line, so that one that cannot be read takes no others with it.
    let lines = text.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| resolv_conf::Config::parse(line).ok());
    let found = lines.flat_map(|line| line.nameservers);
    let found: Vec<SocketAddr> = found
        .map(|address| SocketAddr::new(address.into(), PORT))
        .take(MOST_SERVERS)
        .collect();
    match found.is_empty() {
        true => vec![(Ipv4Addr::LOCALHOST, PORT).into()],
        false => found,
    }
}

/// As many servers of a `resolv.conf` count, as for the system's own resolver.
const MOST_SERVERS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read() {
        let text = b"127.0.0.1 localhost a # b\n::1 A\nnonsense c\n#1.1.1.1 d\n\xff\n10.0.0.1\te.test  f\n10.0.0.1 f";
        let hosts = Hosts::read(text);
        let found = |name: &str| {
            let found = hosts.find(name).unwrap_or_default();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found("localhost"), ["127.0.0.1"]);
        assert_eq!(found("a"), ["127.0.0.1", "::1"]);
        assert_eq!(found("e.test"), ["10.0.0.1"]);
        assert_eq!(found("f"), ["10.0.0.1"]);
        for name in ["b", "c", "d", "", "notlocalhost"] {
            assert_eq!(hosts.find(name), None, "{name}");
        }
        assert_eq!(hosts.find("x.localhost"), Some(&LOCAL[..]));
        assert_eq!(Hosts::default().find("localhost"), Some(&LOCAL[..]));
    }

    #[test]
    fn name_servers_are_read() {
        let text = |text: &str| {
            let all = servers(text.as_bytes());
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let four = "search a.test\nnameserver 10.0.0.1\nnonsense x\nnameserver bad\noptions rotate\n\
                    nameserver ::1\n nameserver 10.0.0.3\nnameserver 10.0.0.4\n";
        assert_eq!(text(four), ["10.0.0.1:53", "[::1]:53", "10.0.0.3:53"]);
        assert_eq!(text(""), ["127.0.0.1:53"]);
    }
}
