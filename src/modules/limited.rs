//! What limits by key have in common (`limit_req`, `limit_conn`): how their zones are declared and opened, what a key is
//! kept as, and how refusals are written.

use std::sync::Arc;

use ring::digest::{SHA256, digest};
use xxhash_rust::xxh3::xxh3_64;

use super::metric::zone_specification;
use super::shared_zone::{self, Declaration, Holder, Lasting, Purpose, Sync};
use crate::conf::{
    Contexts, Diagnostic, Repeat, Scope, Span, Statement, Text, Word, nearest, unknown_parameter,
};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::metric::Schema;
use crate::os::atomic::Ordering;
use crate::zone::{Overflow, Zone};

/// Where limits may stand.
pub(super) const PLACES: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// Limits are lists: a block that has any inherits none.
pub(super) const MANY: Repeat = Repeat::Many;

/// A zone as it is declared.
#[derive(Clone)]
pub(super) struct ZoneWritten {
    pub(super) name: String,
    pub(super) size: usize,
    pub(super) key: Text,
    /// The key as written.
    pub(super) key_text: String,
    pub(super) span: Span,
}

impl ZoneWritten {
    /// Reads a key and `zone=NAME:SIZE`; other parameters are those that `other` takes.
    ///
    /// # Errors
    /// What is wrong with one of them, or missing.
    pub(super) fn read(
        statement: &Statement<'_>,
        names: &[&str],
        mut other: impl FnMut(&Word) -> Result<bool, Diagnostic>,
    ) -> Result<Self, Diagnostic> {
        let words = &statement.arguments()[1..];
        crate::conf::each_once(words, &[])?;
        let mut zone = None;
        for word in words {
            match word.strip_prefix("zone=") {
                Some(value) => zone = Some((zone_of(&value)?, value.span)),
                None if other(word)? => {}
                None => return Err(unknown_parameter(word, names)),
            }
        }
        let directive = &statement.directive.name.text;
        let Some(((name, size), span)) = zone else {
            let message = format!("\"{directive}\" must have \"zone\" parameter");
            let help = "write zone=NAME:SIZE, as in zone=one:10m";
            return Err(statement.error(0, message).with_help(help));
        };
        Ok(Self {
            name,
            size,
            key: statement.template(1)?,
            key_text: statement.text(1).to_owned(),
            span,
        })
    }
}

fn zone_of(value: &Word) -> Result<(String, usize), Diagnostic> {
    match zone_specification(value)? {
        (name, size, None) => Ok((name, size)),
        (_, _, Some(file)) => {
            let message = "limits are not kept in files";
            Err(Diagnostic::error(file.span, message).with_help("write zone=NAME:SIZE"))
        }
    }
}

/// The name of a zone in a limit, `zone=NAME` or as it is.
pub(super) fn unknown_zone<'n>(
    (what, name, span): (&str, &str, Span),
    names: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let problem = Diagnostic::error(span, format!("unknown {what} zone \"{name}\""));
    match nearest(name, names) {
        Some(similar) => problem.with_help(format!("did you mean \"{similar}\"?")),
        None => problem.with_help(format!("declare it with {what}_zone KEY zone={name}:1m …")),
    }
}

/// The status that refused requests are answered with.
///
/// # Errors
/// A number that is no status of a refusal.
pub(super) fn status(statement: &Statement<'_>) -> Result<u16, Diagnostic> {
    let code = u16::try_from(statement.number(1)?).unwrap_or(u16::MAX);
    match (400..=599).contains(&code) {
        true => Ok(code),
        false => Err(statement.error(1, "value must be between 400 and 599")),
    }
}

/// Whether a setting is made in a block or within it.
pub(super) fn is_used<T: std::any::Any + Send + std::marker::Sync>(scope: &Scope) -> bool {
    scope.get::<T>().is_some() || scope.blocks.iter().any(is_used::<T>)
}

/// The memory of a zone.
pub(super) struct Memory {
    name: String,
    purpose: &'static Purpose,
    pub(super) zone: Zone,
    schema: Arc<Schema>,
}

impl Memory {
    /// Opens the memory of a zone; nothing for one that cannot be used, which is reported.
    pub(super) fn open(
        builder: &mut Builder<'_>,
        purpose: &'static Purpose,
        written: &ZoneWritten,
        schema: Schema,
        expire: bool,
    ) -> Option<Arc<Self>> {
        let declared = Declaration {
            purpose,
            name: written.name.clone(),
            size: written.size,
            schema: Arc::new(schema),
            overflow: Overflow {
                expire,
                discard_key: None,
            },
            inactive: None,
            file: None,
            sync: Sync::default(),
            span: written.span,
        };
        let opened = shared_zone::declare(builder, &declared)?;
        if !has_same_key(builder, purpose, written) {
            return None;
        }
        let memory = Arc::new(Self {
            name: declared.name.clone(),
            purpose,
            zone: opened.zone,
            schema: Arc::clone(&declared.schema),
        });
        shared_zone::add_chores(builder, &memory, &declared);
        Some(memory)
    }

    /// That of a test.
    #[cfg(test)]
    pub(super) fn heap(
        bytes: usize,
        purpose: &'static Purpose,
        schema: Schema,
        expire: bool,
    ) -> Arc<Self> {
        let schema = Arc::new(schema);
        let memory = crate::os::SharedMemory::heap(bytes + 4096);
        let overflow = Overflow {
            expire,
            discard_key: None,
        };
        let zone = Zone::create(&memory, bytes, Arc::clone(&schema), &overflow).unwrap();
        let name = "test".into();
        Arc::new(Self {
            name,
            purpose,
            zone,
            schema,
        })
    }
}

impl Holder for Memory {
    fn name(&self) -> &str {
        &self.name
    }

    fn purpose(&self) -> &'static Purpose {
        self.purpose
    }

    fn zone(&self) -> &Zone {
        &self.zone
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn lasting(&self) -> Option<&Lasting> {
        None
    }
}

/// Whether a zone has the key that the configuration before gave it; another one is reported, because what is counted
/// would be about something else.
fn has_same_key(builder: &mut Builder<'_>, purpose: &Purpose, written: &ZoneWritten) -> bool {
    let ZoneWritten { name, key_text, .. } = written;
    let kind = format!("{}_key", purpose.kind);
    let memory = match builder.memory.counters(&kind, name, 8) {
        Ok(memory) => memory,
        Err(error) => {
            builder.no_memory(name, &error);
            return false;
        }
    };
    let (known, key) = (&memory.words()[0], xxh3_64(key_text.as_bytes()) | 1);
    let before = known.load(Ordering::Relaxed);
    if before == key || matches!(builder.memory.role(), Role::Worker(_)) {
        return true;
    }
    if before == 0 {
        known.store(key, Ordering::Relaxed);
        return true;
    }
    let message = format!("{} \"{name}\" has had another key until now", purpose.noun);
    let help = "give the zone another name, or begin with a restart";
    let problem = Diagnostic::error(written.span, message);
    builder.diagnostics.push(problem.with_help(help));
    false
}

/// Appends a key's value as it is kept; false for one that is not counted: an empty one, and one that is too long.
///
/// Of a long one the beginning is kept with a digest of the whole, so that equal beginnings are not equal keys.
pub(super) fn put_key(key: &Template, request: &mut Request, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    key.append(request, out);
    let length = out.len() - start;
    if length > LONGEST_VALUE {
        let circumstances = Circumstances(request);
        log::error!(
            "a key of {length} bytes is longer than {LONGEST_VALUE} and not limited{circumstances}"
        );
        return false;
    }
    shorten(out, start);
    length > 0
}

fn shorten(out: &mut Vec<u8>, start: usize) {
    if out.len() - start >= LONGEST_KEPT {
        let whole = digest(&SHA256, &out[start..]);
        out.truncate(start + LONGEST_KEPT - whole.as_ref().len());
        out.extend_from_slice(whole.as_ref());
    }
}

/// What nginx takes for a key.
const LONGEST_VALUE: usize = 65_535;
/// One byte less than a zone keeps of a key, which a mark may take.
const LONGEST_KEPT: usize = 254;
const _: () = assert!(LONGEST_KEPT < crate::metric::KEY_LIMIT);

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(key: &[u8]) -> Vec<u8> {
        let mut out = [b"k", key].concat();
        shorten(&mut out, 1);
        out.split_off(1)
    }

    #[test]
    fn long_keys_are_told_apart_behind_their_beginning() {
        for length in [1, 253] {
            assert_eq!(kept(&vec![7; length]), vec![7; length]);
        }
        let mut seen = std::collections::HashSet::new();
        for length in [254, 255, 256, 1000, 65_534, 65_535] {
            let key = kept(&vec![7; length]);
            assert_eq!((key.len(), &key[..222]), (254, &[7; 222][..]));
            assert!(seen.insert(key));
        }
        let mut other = vec![7; 1000];
        other[999] = 8;
        assert!(seen.insert(kept(&other)));
    }
}
