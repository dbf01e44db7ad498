//! Blocks of fields as HPACK writes them (RFC 7541), judged before h2 sees them. h2 takes every field that it cannot
//! represent for damage to the compression, and ends the connection with all its streams, while the standard wants
//! the one stream ended (RFC 9113 §8.1.1). A block with such a field is written anew: without it, but so that later
//! blocks refer to the same numbers, and with a field that makes h2 refuse the stream alone.

mod field;
mod huffman;
mod table;

use self::field::{Field, Kind, fault, kind};
use self::table::{LARGEST, STATIC, Table};

pub use self::field::Fault;

/// Judges the blocks of a connection, which must all come by, in their order.
#[derive(Debug)]
pub(super) struct Judge {
    table: Table,
    name: Vec<u8>,
    value: Vec<u8>,
    asked: Asked,
    /// How much the last field takes, and how much all of a block may take.
    size: usize,
    most: usize,
    /// Whether h2 has something else than the client where it is referred to.
    differs: bool,
}

/// What a block comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// h2 understands it as it is.
    Fine,
    /// Something else is to be given to h2.
    Replaced(Vec<u8>, Option<Malformed>),
    /// h2 ends the connection for it: its fields take many times what the client was told.
    TooLarge,
    /// The compression is not what the standard says: nothing can be read any more.
    Damaged,
}

/// A message that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong with it.
    pub fault: Fault,
    /// Its method, as far as it was said; none for trailers.
    pub method: Vec<u8>,
    /// Its path with the query.
    pub path: Vec<u8>,
}

/// What a request says of itself in pseudo-headers.
#[derive(Debug, Default)]
struct Asked {
    method: Vec<u8>,
    path: Vec<u8>,
    /// Which kinds there were, as bits, and whether other fields were.
    seen: u8,
    is_behind: bool,
    is_later: bool,
    fault: Option<Fault>,
}

/// A field of this name and value ends the stream it comes in, and nothing else.
const REFUSED: &[u8] = b"\0\x02te\x01-";

const INDEXED: u8 = 0x80;
const REMEMBERED: u8 = 0x40;
const LIMIT: u8 = 0x20;
const HUFFMAN: u8 = 0x80;

/// Why reading ends before a block does.
#[derive(Debug)]
enum Damage {
    /// The compression is not what the standard says.
    Broken,
    /// It makes too much of what has come.
    Excess,
}

/// h2 ends a connection whose client sends so many times the list of fields that it was told.
const TIMES: usize = 4;
/// What each field takes of a list beside its name and its value.
const OVERHEAD: usize = 32;

impl Judge {
    /// For clients that were told to send lists of at most so many bytes.
    pub(super) fn new(list: usize) -> Self {
        Self {
            table: Table::new(),
            most: list.saturating_mul(TIMES),
            size: 0,
            differs: false,
            name: Vec::new(),
            value: Vec::new(),
            asked: Asked::default(),
        }
    }

    /// Judges a block, the first of its stream or a later one, with which something else may be wrong.
    pub(super) fn judge(&mut self, block: &[u8], is_later: bool, fault: Option<Fault>) -> Verdict {
        self.asked.begin(is_later, fault);
        let mut copy = Copy::default();
        match self.read(block, &mut copy) {
            Ok(()) => {}
            Err(Damage::Excess) if !self.differs => return Verdict::TooLarge,
            Err(_) => return Verdict::Damaged,
        }
        self.asked.end();
        let malformed = self.asked.fault.map(|fault| Malformed {
            fault,
            method: self.asked.method.clone(),
            path: self.asked.path.clone(),
        });
        if malformed.is_some() {
            copy.replace(block, block.len()..block.len(), REFUSED);
        }
        match copy.is_other {
            true => Verdict::Replaced(copy.end(block), malformed),
            false => Verdict::Fine,
        }
    }

    /// Gives back memory: nothing is expected soon.
    pub(super) fn rest(&mut self) {
        self.name = Vec::new();
        self.value = Vec::new();
        self.asked = Asked::default();
    }

    fn read(&mut self, block: &[u8], copy: &mut Copy) -> Result<(), Damage> {
        let mut rest = block;
        let mut may_limit = true;
        let mut size = 0;
        while let [first, ..] = *rest {
            let start = block.len() - rest.len();
            if first & INDEXED != 0 {
                let number = integer(&mut rest, 7)?;
                if let Some(instead) = self.refer(number)? {
                    copy.replace(block, start..block.len() - rest.len(), &instead);
                }
            } else if first & REMEMBERED != 0 {
                self.literal(block, &mut rest, 6, copy)?;
            } else if first & LIMIT != 0 {
                let most = integer(&mut rest, 5)?;
                if !may_limit || most > LARGEST {
                    return Err(Damage::Broken);
                }
                self.table.limit(most);
                continue;
            } else {
                self.literal(block, &mut rest, 4, copy)?;
            }
            may_limit = false;
            size += self.size + OVERHEAD;
            if size > self.most {
                return Err(Damage::Excess);
            }
        }
        Ok(())
    }

    /// A field that has a number; gives what h2 is to see instead.
    fn refer(&mut self, number: usize) -> Result<Option<Vec<u8>>, Damage> {
        let number = number.checked_sub(1).ok_or(Damage::Broken)?;
        if let Some((name, value)) = STATIC.get(number) {
            self.size = name.len() + value.len();
            let kind = Kind::of_number(number);
            let is_bad = self
                .asked
                .take(kind, fault(kind, value.as_bytes()), value.as_bytes());
            return Ok(is_bad.then(Vec::new));
        }
        let field = self
            .table
            .get(number - STATIC.len())
            .ok_or(Damage::Broken)?;
        self.size = field.length();
        if self.asked.take(field.kind, field.fault, field.value()) {
            return Ok(Some(Vec::new()));
        }
        // Only pseudo-headers that came at the wrong place were replaced and are good.
        Ok(field.is_replaced.then(|| {
            let mut said = vec![0];
            put_text(&mut said, field.name());
            put_text(&mut said, field.value());
            said
        }))
    }

    /// A field whose value is said, and whose name may have a number of so many bits.
    fn literal(
        &mut self,
        block: &[u8],
        rest: &mut &[u8],
        bits: u8,
        copy: &mut Copy,
    ) -> Result<(), Damage> {
        let start = block.len() - rest.len();
        let number = integer(rest, bits)?;
        let (kind, is_name_replaced) = self.named(number, rest)?;
        let value = block.len() - rest.len();
        text(rest, &mut self.value)?;
        let end = block.len() - rest.len();
        self.size = self.name.len() + self.value.len();
        let own = fault(kind, &self.value);
        let is_bad = self.asked.take(kind, own, &self.value);
        let is_remembered = bits == 6;
        match (is_bad, is_remembered) {
            (true, true) => {
                self.differs = true;
                let instead = placeholder(self.size).ok_or(Damage::Broken)?;
                copy.replace(block, start..end, &instead);
            }
            (true, false) => copy.replace(block, start..end, b""),
            (false, _) if is_name_replaced => {
                let mut again = vec![if is_remembered { REMEMBERED } else { 0 }];
                put_text(&mut again, &self.name);
                copy.replace(block, start..value, &again);
            }
            _ => {}
        }
        if is_remembered {
            let field = Field::new((kind, own), &self.name, &self.value, is_bad);
            self.table.insert(field);
        }
        Ok(())
    }

    /// Finds the name of a field, and whether h2 has another where it is referred to.
    fn named(
        &mut self,
        number: usize,
        rest: &mut &[u8],
    ) -> Result<(Result<Kind, Fault>, bool), Damage> {
        let Some(number) = number.checked_sub(1) else {
            text(rest, &mut self.name)?;
            return Ok((kind(&self.name), false));
        };
        self.name.clear();
        if let Some((name, _)) = STATIC.get(number) {
            self.name.extend_from_slice(name.as_bytes());
            return Ok((Kind::of_number(number), false));
        }
        let field = self
            .table
            .get(number - STATIC.len())
            .ok_or(Damage::Broken)?;
        self.name.extend_from_slice(field.name());
        Ok((field.kind, field.is_replaced))
    }
}

impl Asked {
    fn begin(&mut self, is_later: bool, fault: Option<Fault>) {
        self.method.clear();
        self.path.clear();
        (self.seen, self.is_behind, self.fault) = (0, false, fault);
        self.is_later = is_later;
    }

    /// Takes in a field, whatever is wrong with it; true if h2 must not see it here.
    fn take(&mut self, kind: Result<Kind, Fault>, own: Option<Fault>, value: &[u8]) -> bool {
        let fault = own.or_else(|| self.order(kind.unwrap_or(Kind::Plain)));
        match kind {
            Ok(Kind::Method) if self.method.is_empty() => self.method.extend_from_slice(value),
            Ok(Kind::Path) if self.path.is_empty() => self.path.extend_from_slice(value),
            _ => {}
        }
        self.fault = self.fault.or(fault);
        // What is put in the place of a field must be behind all pseudo-headers.
        fault.is_some() || self.fault.is_some() && kind.is_ok_and(Kind::is_pseudo)
    }

    /// What is wrong with the place of a field.
    fn order(&mut self, kind: Kind) -> Option<Fault> {
        if self.is_later {
            // h2 tells nobody of pseudo-headers in trailers, and much more of requests whose stream is not new.
            return None;
        }
        if !kind.is_pseudo() {
            self.is_behind = true;
            return None;
        }
        let bit = 1 << kind as u8;
        let is_again = self.seen & bit != 0;
        self.seen |= bit;
        match self.is_behind {
            true => Some(Fault::Misplaced),
            false => is_again.then_some(Fault::Repeated),
        }
    }

    fn end(&mut self) {
        let has = |kind: Kind| self.seen & 1 << kind as u8 != 0;
        let is_connect = self.method == b"CONNECT";
        let is_whole =
            has(Kind::Method) && (is_connect || has(Kind::Scheme) && !self.path.is_empty());
        if !is_whole && !self.is_later {
            self.fault = self.fault.or(Some(Fault::Missing));
        }
    }
}

/// A block as h2 is given it, if that is not as it came.
#[derive(Default)]
struct Copy {
    bytes: Vec<u8>,
    /// How much of the block is in it, or left out of it.
    taken: usize,
    is_other: bool,
}

impl Copy {
    fn replace(&mut self, block: &[u8], place: std::ops::Range<usize>, by: &[u8]) {
        self.bytes
            .extend_from_slice(&block[self.taken..place.start]);
        self.bytes.extend_from_slice(by);
        self.taken = place.end;
        self.is_other = true;
    }

    fn end(mut self, block: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(&block[self.taken..]);
        self.bytes
    }
}

/// A field to be remembered that takes as much of the table as a name and a value of so many bytes. There is none for
/// those that are both empty: what is remembered has a name for h2.
fn placeholder(bytes: usize) -> Option<Vec<u8>> {
    let mut made = vec![REMEMBERED];
    put_text(&mut made, b"x");
    put_text(&mut made, &vec![b'-'; bytes.checked_sub(1)?]);
    Some(made)
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    match text.len().checked_sub(0x7f) {
        None => out.push(text.len() as u8),
        Some(mut more) => {
            out.push(0x7f);
            while more >= 0x80 {
                out.push(more as u8 | 0x80);
                more >>= 7;
            }
            out.push(more as u8);
        }
    }
    out.extend_from_slice(text);
}

/// Reads a number that begins with so many bits (RFC 7541 §5.1), of five bytes at most, as in h2.
fn integer(rest: &mut &[u8], bits: u8) -> Result<usize, Damage> {
    let mask = (1 << bits) - 1;
    let (first, mut left) = rest.split_first().ok_or(Damage::Broken)?;
    let mut number = usize::from(first & mask);
    if number == usize::from(mask) {
        let mut shift = 0;
        loop {
            let (byte, behind) = left.split_first().ok_or(Damage::Broken)?;
            left = behind;
            number += usize::from(byte & 0x7f) << shift;
            shift += 7;
            match byte & 0x80 {
                0 => break,
                _ if shift == 28 => return Err(Damage::Broken),
                _ => {}
            }
        }
    }
    *rest = left;
    Ok(number)
}

/// Reads a text (RFC 7541 §5.2).
fn text(rest: &mut &[u8], into: &mut Vec<u8>) -> Result<(), Damage> {
    let is_coded = rest.first().ok_or(Damage::Broken)? & HUFFMAN != 0;
    let length = integer(rest, 7)?;
    let (text, behind) = rest.split_at_checked(length).ok_or(Damage::Broken)?;
    *rest = behind;
    into.clear();
    if !is_coded {
        into.extend_from_slice(text);
        return Ok(());
    }
    huffman::decode(text, into)
        .then_some(())
        .ok_or(Damage::Broken)
}

#[cfg(test)]
mod tests;
