//! `geo`: a variable whose value depends on an address.
//!
//! Networks and ranges become steps of one table, so that a look costs the same however many lines there are.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::made_name;
use super::network::{Network, Networks};
use crate::conf::{
    Arity, Body, Chain, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, SPEC, Span,
    Statement, Text, Word,
};
use crate::http::build::builder::Builder;
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::http::plan::variable::Variable;

/// The feature.
pub static MODULE: Module = Module {
    name: "geo",
    about: "variables by address",
    directives: DIRECTIVES,
    http: declare,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[DirectiveSpec {
    name: "geo",
    contexts: Contexts::HTTP,
    arity: Arity::between(1, 2),
    body: Body::Free,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "geo [$ADDRESS] $VARIABLE {\n    NETWORK VALUE;\n    ...\n}",
        text: "Makes a variable whose value depends on the client's address, or on that in `$ADDRESS`; what is no \
               address counts as 255.255.255.255. NETWORK is an address or a network as `10.0.0.0/8`, and the \
               narrowest that has the address counts; `default` is for addresses that none has, which have an empty \
               value without it. With `ranges;` as the first line, lines are for ranges of IPv4 addresses \
               (`10.0.0.1-10.0.0.9`), which may lie within each other and not overlap otherwise. `delete NETWORK;` \
               takes back a line before it. From proxies that `proxy NETWORK;` trusts the address is the last of \
               `X-Forwarded-For`, or, with `proxy_recursive;`, the last that is not such a proxy's. One look serves \
               a whole request unless `volatile;` is written. Values are taken as they are.",
        example: "geo $country {\n    default        ZZ;\n    include        conf/geo.conf;\n    127.0.0.0/24   US;\n    \
                  127.0.0.1/32   RU;\n    10.1.0.0/16    RU;\n}",
        ..SPEC.doc
    },
    apply: store,
}];

/// Every `geo`.
#[derive(Default)]
struct GeosWritten(Vec<Written>);

struct Written {
    source: Option<Text>,
    owner: String,
    name: String,
    span: Span,
    lines: Lines,
}

/// The lines of a block, as far as they are understood.
#[derive(Default)]
struct Lines {
    ranges: bool,
    is_volatile: bool,
    is_recursive: bool,
    default: Option<u32>,
    values: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
    /// What is said of each network, and where.
    networks: HashMap<Network, Place>,
    proxies: Vec<Network>,
    /// How many lines about networks there were.
    count: u32,
}

/// Where a network stands, and the number of its value.
struct Place {
    line: u32,
    span: Span,
    value: u32,
}

fn store(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let last = statement.arguments().len();
    let source = match last {
        2 => Some(source(statement)?),
        _ => None,
    };
    let name = made_name::read(statement, last, "$kind")?;
    let mut lines = Lines::default();
    for (number, line) in statement.lines().into_iter().enumerate() {
        let read = lines.read(line, number == 0);
        if let Some(Some(warning)) = statement.diagnostics.check(read) {
            statement.diagnostics.push(warning);
        }
    }
    let written = Written {
        owner: format!("geo \"{}\"", statement.text(last)),
        span: statement.word(last).span,
        source,
        name,
        lines,
    };
    statement
        .scope
        .get_or_default::<GeosWritten>()
        .0
        .push(written);
    Ok(())
}

fn source(statement: &Statement<'_>) -> Result<Text, Diagnostic> {
    let text = statement.template(1)?;
    if text.variables().count() != 1 || text.parts.len() != 1 {
        let message = format!("invalid variable name \"{}\"", statement.text(1));
        let help = "the first of two arguments is the variable with the address, as $arg_address";
        return Err(statement.error(1, message).with_help(help));
    }
    Ok(text)
}

/// A line was understood; perhaps there is something to say about it.
type Read = Result<Option<Diagnostic>, Diagnostic>;

impl Lines {
    fn read(&mut self, line: &Directive, is_first: bool) -> Read {
        let word = &line.name;
        match (word.text.as_str(), line.arguments.as_slice()) {
            ("ranges", []) if is_first => self.ranges = true,
            ("ranges", []) => {
                let message =
                    "the \"ranges\" directive must be the first directive inside \"geo\" block";
                return Err(Diagnostic::error(word.span, message));
            }
            ("volatile", []) => self.is_volatile = true,
            ("proxy_recursive", []) => self.is_recursive = true,
            ("proxy", [network]) => {
                let (network, warning) = cidr(network)?;
                self.proxies.push(network);
                return Ok(warning);
            }
            ("delete", [network]) => return self.delete(network),
            ("default", [value]) => {
                let number = self.number(value);
                let before = self.default.replace(number);
                return Ok(before.map(|before| self.duplicate("default", word, number, before)));
            }
            (_, [value]) => return self.add(word, value),
            _ => {
                let message = "invalid number of the geo parameters";
                let help = "a line is NETWORK VALUE; or one of the words ranges, proxy_recursive and volatile";
                return Err(Diagnostic::error(line.span, message).with_help(help));
            }
        }
        Ok(None)
    }

    /// The number of a value.
    fn number(&mut self, value: &Word) -> u32 {
        let text: Box<[u8]> = value.text.as_bytes().into();
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.values.push(text.clone());
            // There are fewer lines than this, for texts of configurations are limited.
            (self.values.len() - 1) as u32
        })
    }

    fn network(&self, word: &Word) -> Result<(Network, Option<Diagnostic>), Diagnostic> {
        match self.ranges {
            true => range(word).map(|network| (network, None)),
            false => cidr(word),
        }
    }

    fn add(&mut self, word: &Word, value: &Word) -> Read {
        let (network, warning) = self.network(word)?;
        let number = self.number(value);
        self.count += 1;
        let place = Place {
            line: self.count,
            span: word.span,
            value: number,
        };
        let before = self.networks.insert(network, place);
        let what = if self.ranges { "range" } else { "network" };
        let duplicate = before.map(|before| self.duplicate(what, word, number, before.value));
        Ok(duplicate.or(warning))
    }

    fn delete(&mut self, word: &Word) -> Read {
        let (network, warning) = self.network(word)?;
        if self.networks.remove(&network).is_some() {
            return Ok(warning);
        }
        let what = if self.ranges {
            "address range"
        } else {
            "network"
        };
        let message = format!("no {what} \"{}\" to delete", word.text);
        Ok(Some(Diagnostic::warning(word.span, message)))
    }

    fn duplicate(&self, what: &str, word: &Word, number: u32, before: u32) -> Diagnostic {
        let value = |number: u32| String::from_utf8_lossy(&self.values[number as usize]);
        let (value, old) = (value(number), value(before));
        let text = &word.text;
        let message = match what {
            "default" => format!("duplicate default geo value \"{value}\", old value: \"{old}\""),
            _ => format!("duplicate {what} \"{text}\", value: \"{value}\", old value: \"{old}\""),
        };
        Diagnostic::warning(word.span, message)
    }
}

fn cidr(word: &Word) -> Result<(Network, Option<Diagnostic>), Diagnostic> {
    let text = &word.text;
    match Network::parse(text) {
        Some((network @ (Network::V4 { .. } | Network::V6 { .. }), low)) => {
            let warning = || {
                let message = format!("low address bits of {text} are meaningless");
                Diagnostic::warning(word.span, message)
            };
            Ok((network, low.then(warning)))
        }
        _ => {
            let problem = Diagnostic::error(word.span, format!("invalid network \"{text}\""));
            Err(problem.with_help("an address or a network as 10.0.0.0/8"))
        }
    }
}

fn range(word: &Word) -> Result<Network, Diagnostic> {
    let bits = |text: &str| Some(text.parse::<Ipv4Addr>().ok()?.to_bits());
    let ends = word.text.split_once('-');
    let ends = ends.and_then(|(first, last)| bits(first).zip(bits(last)));
    match ends {
        Some((first, last)) if first <= last => Ok(Network::V4 { first, last }),
        _ => {
            let message = format!("invalid range \"{}\"", word.text);
            let help = "a range is the first and the last address, as 10.0.0.1-10.0.0.9";
            Err(Diagnostic::error(word.span, message).with_help(help))
        }
    }
}

fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    for written in chain.own::<GeosWritten>().map_or(&[][..], |all| &all.0) {
        let Some(geo) = Geo::new(builder, written) else {
            continue;
        };
        if let Some(source) = &written.source {
            let parts = source.variables().map(|(name, _)| name);
            builder.variables.note_parts(&written.name, parts);
        }
        let offered = builder.variables.offer(
            &written.name,
            &written.owner,
            Some(written.span),
            Box::new(geo),
        );
        builder.diagnostics.check(offered);
    }
}

/// One `geo`.
struct Geo {
    source: Option<Template>,
    is_volatile: bool,
    networks: Networks,
    values: Box<[Box<[u8]>]>,
    default: Option<u32>,
    proxies: Networks,
    is_recursive: bool,
}

impl Geo {
    fn new(builder: &mut Builder<'_>, written: &Written) -> Option<Self> {
        let lines = &written.lines;
        // By places at first, so that a problem is told where it is written.
        let mut placed: Vec<_> = lines.networks.iter().collect();
        placed.sort_unstable_by_key(|(_, place)| place.line);
        let by_place = placed.iter().map(|(network, _)| **network).zip(0..);
        if let Err((one, other)) = Networks::new(by_place) {
            let (first, _) = placed[one.min(other) as usize];
            let (second, place) = placed[one.max(other) as usize];
            let message = format!("range \"{second}\" overlaps \"{first}\"");
            let problem = Diagnostic::error(place.span, message);
            builder.diagnostics.push(problem);
            return None;
        }
        let by_value = placed
            .iter()
            .map(|(network, place)| (**network, place.value));
        Some(Self {
            source: written.source.as_ref().map(|one| builder.template(one)),
            is_volatile: lines.is_volatile,
            networks: Networks::new(by_value).ok()?,
            values: lines.values.clone().into(),
            default: lines.default,
            proxies: Networks::set(&lines.proxies),
            is_recursive: lines.is_recursive,
        })
    }

    fn address(&self, request: &mut Request) -> IpAddr {
        let address = match &self.source {
            None => request.connection.client.map(|client| client.ip()),
            Some(source) => source.with_text(request, |_, text| {
                std::str::from_utf8(text).ok()?.parse().ok()
            }),
        };
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST));
        if !self.proxies.has(Some(address)) {
            return address;
        }
        let fields = request.head.fields();
        let fields = fields.filter(|(name, _)| name.eq_ignore_ascii_case(b"x-forwarded-for"));
        let fields: Vec<&[u8]> = fields.map(|(_, value)| value).collect();
        let told = self
            .proxies
            .forwarded(Some(address), &fields, self.is_recursive);
        told.map_or(address, |told| told.ip())
    }
}

impl Variable for Geo {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let found = self.networks.find(Some(self.address(request)));
        let value = found.or(self.default);
        if let Some(value) = value.and_then(|value| self.values.get(value as usize)) {
            out.extend_from_slice(value);
        }
        true
    }

    fn cached(&self) -> bool {
        !self.is_volatile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::core::trial::{ask, get, load};

    /// What nginx answers for the same blocks.
    #[test]
    fn values_are_found_as_elsewhere() {
        let text = "events {} http {
            geo $arg_ip $g { default d; 10.0.0.0/8 a; 10.1.0.0/16 b; 10.1.2.3 \"c d\"; 2001:db8::/32 v6;
                0.0.0.0/1 low; 10.2.0.0/16 no; delete 10.2.0.0/16; 255.255.255.255 none; 192.168.0.0/16 $uri; ::1 lo; }
            geo $arg_ip $r { ranges; default d; 10.0.0.0-10.255.255.255 a; 10.1.0.0-10.1.255.200 b;
                192.168.1.1-192.168.1.1 c; 250.0.0.0-250.0.0.9 x; 250.0.0.3-250.0.0.4 y; }
            geo $arg_ip $bare { 10.0.0.0/8 a; }
            server { listen 80; location / { return 200 $g|$r|$bare; } } }";
        let runtime = load(text.to_owned()).unwrap();
        for (address, expected) in [
            ("10.0.0.1", "a|a|a"),
            ("10.1.0.1", "b|b|a"),
            ("10.1.2.3", "c d|b|a"),
            ("10.2.0.1", "a|a|a"),
            ("192.168.1.1", "$uri|c|"),
            ("8.8.8.8", "low|d|"),
            ("200.1.1.1", "d|d|"),
            ("250.0.0.3", "d|y|"),
            ("250.0.0.5", "d|x|"),
            ("junk", "none|d|"),
            ("", "none|d|"),
            ("2001:db8::1", "v6|d|"),
            ("::1", "lo|d|"),
            ("::2", "d|d|"),
            ("::ffff:10.1.2.3", "c d|b|a"),
            ("255.255.255.255", "none|d|"),
        ] {
            assert_eq!(
                get(runtime, &format!("/?ip={address}")).body,
                expected,
                "{address}"
            );
        }
    }

    #[test]
    fn proxies_speak_for_clients() {
        let text = "events {} http {
            geo $p { default d; 10.0.0.0/8 a; 127.0.0.1 me; 11.0.0.0/8 b; proxy 127.0.0.0/8; proxy 11.0.0.0/8; }
            geo $r { default d; 10.0.0.0/8 a; 127.0.0.1 me; 11.0.0.0/8 b; proxy 127.0.0.0/8; proxy 11.0.0.0/8;
                proxy_recursive; }
            server { listen 80; location / { return 200 $p|$r; } } }";
        let runtime = load(text.to_owned()).unwrap();
        for (field, expected) in [
            ("", "me|me"),
            ("X-Forwarded-For: 10.1.1.1", "a|a"),
            ("X-Forwarded-For: 10.1.1.1, 11.1.1.1", "b|a"),
            ("X-Forwarded-For: 11.1.1.1, 9.9.9.9", "d|d"),
            ("X-Forwarded-For: junk", "me|me"),
        ] {
            let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
            let head = head.replace("\r\n\r\n\r\n", "\r\n\r\n");
            assert_eq!(ask(runtime, &head).body, expected, "{field}");
        }
    }

    /// As many lines as lists of countries have are read at once, and found at once.
    #[test]
    fn many_lines() {
        use std::fmt::Write;
        let mut lines = String::new();
        for number in 0..100_000_u32 {
            let address = Ipv4Addr::from(number << 8);
            write!(lines, "{address}/24 v{};", number % 250).unwrap();
        }
        let text = format!(
            "events {{}} http {{ geo $arg_ip $g {{ {lines} }} server {{ listen 80; location / {{ return 200 $g; }} }} }}"
        );
        let runtime = load(text).unwrap();
        assert_eq!(get(runtime, "/?ip=0.0.0.1").body, "v0");
        assert_eq!(get(runtime, "/?ip=1.0.3.9").body, "v39");
        assert_eq!(get(runtime, "/?ip=1.134.159.255").body, "v249");
        assert_eq!(get(runtime, "/?ip=1.134.160.0").body, "");
    }

    #[test]
    fn what_is_written_wrongly() {
        for (block, expected) in [
            ("geo $a { x 1; }", "invalid network \"x\""),
            ("geo $a { unix: 1; }", "invalid network \"unix:\""),
            ("geo $a { proxy x; }", "invalid network \"x\""),
            (
                "geo $a { 1.1.1.1; }",
                "invalid number of the geo parameters",
            ),
            (
                "geo $a { 1.1.1.1 1 2; }",
                "invalid number of the geo parameters",
            ),
            (
                "geo $a { default 1; ranges; }",
                "the \"ranges\" directive must be the first directive inside \"geo\" block",
            ),
            ("geo $a { ranges; 1.1.1.1 1; }", "invalid range \"1.1.1.1\""),
            (
                "geo $a { ranges; 1.1.1.2-1.1.1.1 1; }",
                "invalid range \"1.1.1.2-1.1.1.1\"",
            ),
            (
                "geo $a { ranges; 1.1.1.2-1.1.1.5 1; 1.1.1.0-1.1.1.3 2; }",
                "range \"1.1.1.0-1.1.1.3\" overlaps \"1.1.1.2-1.1.1.5\"",
            ),
            (
                "geo $a { delete 1.1.1.1; }",
                "no network \"1.1.1.1\" to delete",
            ),
            (
                "geo $a { 10.0.0.1/8 1; }",
                "low address bits of 10.0.0.1/8 are meaningless",
            ),
            (
                "geo $a { 1.1.1.1 x; 1.1.1.1 y; }",
                "duplicate network \"1.1.1.1\", value: \"y\", old value: \"x\"",
            ),
            (
                "geo $a { default x; default y; }",
                "duplicate default geo value \"y\", old value: \"x\"",
            ),
            ("geo a { }", "invalid variable name \"a\""),
            ("geo x$uri $a { }", "invalid variable name \"x$uri\""),
            ("geo $uri { }", "the duplicate \"uri\" variable"),
        ] {
            let text = format!("events {{}} http {{ {block} server {{ listen 80; }} }}");
            assert_eq!(load(text).err().unwrap(), [expected], "{block}");
        }
    }
}
