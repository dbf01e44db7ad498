//! `fastcgi_param`, `uwsgi_param`, `scgi_param`: the parameters that programs get, and those that are made of the fields of
//! requests.

use std::collections::HashMap;

use super::packing::{Format, Packing};
use crate::conf::{Diagnostic, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::message::names::is_same;
use crate::http::plan::template::Template;
use crate::modules::cache::{Asking, Conditions};
use crate::modules::family::{Family, Levels, growing, insert};
use crate::modules::proxy::{Outline, Program};

/// All of one block.
#[derive(Default)]
struct Written(Vec<OneWritten>);

struct OneWritten {
    name: String,
    value: Text,
    if_not_empty: bool,
}

/// `fastcgi_catch_stderr`, all of one block.
#[derive(Clone, Debug, Default)]
pub(super) struct Catches(Vec<Box<[u8]>>);

/// `uwsgi_modifier1`
pub(super) struct Modifier1(pub(super) u8);
/// `uwsgi_modifier2`
pub(super) struct Modifier2(pub(super) u8);

/// `fastcgi_param` and the like
pub(super) fn apply<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let if_not_empty = match statement.argument(3) {
        None => false,
        Some(word) if word.text == "if_not_empty" => true,
        Some(word) => {
            let message = format!("invalid parameter \"{}\"", word.text);
            let help = "the only one is \"if_not_empty\"";
            return Err(statement.error(3, message).with_help(help));
        }
    };
    let one = OneWritten {
        name: statement.text(1).to_owned(),
        value: statement.template(2)?,
        if_not_empty,
    };
    growing::<F, Written>(statement).0.push(one);
    Ok(())
}

/// `fastcgi_catch_stderr`
pub(super) fn apply_catch<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let text = statement.text(1).as_bytes().into();
    growing::<F, Catches>(statement).0.push(text);
    Ok(())
}

/// `uwsgi_modifier1`
pub(super) fn apply_modifier1<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let number = modifier(statement)?;
    insert::<F, _>(statement, Modifier1(number));
    Ok(())
}

/// `uwsgi_modifier2`
pub(super) fn apply_modifier2<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let number = modifier(statement)?;
    insert::<F, _>(statement, Modifier2(number));
    Ok(())
}

fn modifier(statement: &Statement<'_>) -> Result<u8, Diagnostic> {
    let number = statement.number(1)?;
    u8::try_from(number).map_err(|_| {
        let message = format!("invalid value \"{}\"", statement.text(1));
        statement
            .error(1, message)
            .with_help("expected a number up to 255")
    })
}

/// Checks what a block says itself: variables must be known although nothing may be passed on from there.
pub(super) fn check<F: Family>(builder: &mut Builder<'_>, levels: &Levels<'_, '_, F>) {
    for one in levels.own::<Written>().into_iter().flat_map(|own| &own.0) {
        builder.template(&one.value);
    }
}

/// Who passes requests of a location to programs.
pub(super) struct Client {
    format: Format,
    list: Vec<Parameter>,
    catches: Catches,
    /// Where the method stands among them, and the range.
    method: Option<usize>,
    range: Option<usize>,
    /// Whether the configuration sets conditions.
    sets_conditions: bool,
}

struct Parameter {
    name: Box<[u8]>,
    value: Template,
    if_not_empty: bool,
}

/// What parameters begin with that are made of fields.
const OF_FIELD: &[u8] = b"HTTP_";
/// A field that programs would take for a setting of theirs: where they find a proxy (CVE-2016-5385).
const PROXY: &[u8] = b"proxy";
/// Fields are compared one by one up to so many.
const FEW: usize = 64;
/// The parameters by which a program is asked whether something has changed.
const CONDITIONS: [&[u8]; 2] = [b"HTTP_IF_MODIFIED_SINCE", b"HTTP_IF_NONE_MATCH"];

impl Client {
    /// What holds in the innermost block.
    pub(super) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        format: Format,
        catches: Catches,
    ) -> Self {
        let written = levels.nearest::<Written>().into_iter();
        let compile = |one: &OneWritten| Parameter {
            name: one.name.as_bytes().into(),
            value: builder.template(&one.value),
            if_not_empty: one.if_not_empty,
        };
        let list: Vec<Parameter> = written.flat_map(|all| &all.0).map(compile).collect();
        let place = |name: &[u8]| list.iter().rposition(|one| *one.name == *name);
        Self {
            format,
            catches,
            method: place(b"REQUEST_METHOD"),
            range: place(b"HTTP_RANGE"),
            sets_conditions: CONDITIONS.iter().any(|name| place(name).is_some()),
            list,
        }
    }

    fn write_list(&self, request: &mut Request, packing: &mut Packing, out: &mut Vec<u8>) {
        for one in &self.list {
            if !one.if_not_empty {
                packing.open(&[&one.name], out);
                one.value.append(request, out);
                packing.close(out);
                continue;
            }
            one.value.with_text(request, |_, text| {
                if !text.is_empty() {
                    packing.open(&[&one.name], out);
                    out.extend_from_slice(text);
                    packing.close(out);
                }
            });
        }
    }

    /// Whether a field is no parameter, because one of that name is set.
    fn is_set(&self, name: &[u8]) -> bool {
        let is_same = |one: &Parameter| {
            let own = one.name.strip_prefix(OF_FIELD);
            own.is_some_and(|own| own.len() == name.len() && own.iter().eq(upper(name).iter()))
        };
        is_same_name(name, PROXY) || self.list.iter().any(is_same)
    }

    fn write_fields(
        &self,
        request: &Request,
        asking: &Asking<'_>,
        packing: &mut Packing,
        out: &mut Vec<u8>,
    ) {
        let is_whole = request.is_addition() || asking.is_for_all;
        let is_left_out = |name: &[u8]| is_whole && is_about_state(name) || self.is_set(name);
        let fields = || request.head.fields();
        if fields().nth(FEW).is_some() {
            return write_many(
                fields().filter(|(name, _)| !is_left_out(name)),
                packing,
                out,
            );
        }
        for (number, (name, value)) in fields().enumerate() {
            let mut earlier = fields().take(number);
            if earlier.any(|(other, _)| is_same_parameter(other, name)) || is_left_out(name) {
                continue;
            }
            packing.open(&[OF_FIELD, &upper(name)], out);
            out.extend_from_slice(value);
            let later = fields().skip(number + 1);
            for (_, value) in later.filter(|(other, _)| is_same_parameter(other, name)) {
                out.extend_from_slice(separator(name));
                out.extend_from_slice(value);
            }
            packing.close(out);
        }
    }
}

impl Program for Client {
    fn write(&self, request: &mut Request, outline: &Outline, out: &mut Vec<u8>) -> bool {
        let mut packing = Packing::begin(self.format, outline, out);
        self.write_list(request, &mut packing, out);
        if self.sets_conditions
            && let Some(cache) = outline.cache
        {
            cache.drop_conditions(request);
        }
        let cache = outline.cache;
        let asking = cache.map_or(Asking::default(), |cache| cache.asking(request));
        if outline.passes_fields {
            self.write_fields(request, &asking, &mut packing, out);
        }
        let conditions = asking.conditions.into_iter().flat_map(Conditions::fields);
        for (name, value) in conditions {
            packing.open(&[OF_FIELD, &upper(name)], out);
            out.extend_from_slice(value);
            packing.close(out);
        }
        let is_said = packing.finish(outline, out);
        if !is_said {
            log::error!(
                "parameters are too long for uwsgi{}",
                Circumstances(request)
            );
        }
        is_said
    }

    fn is_fatal(&self, message: &[u8]) -> bool {
        let mut catches = self.catches.0.iter();
        catches.any(|text| memchr::memmem::find(message, text).is_some())
    }

    fn asks_for_head(&self, request: &mut Request) -> bool {
        // That of a subrequest is what its client asks with, as far as `$request_method` tells it.
        match self.method.and_then(|place| self.list.get(place)) {
            Some(method) => method.value.evaluate(request) == b"HEAD",
            None => request.is_head(),
        }
    }

    fn range(&self, request: &mut Request) -> Option<Vec<u8>> {
        let range = self.list.get(self.range?)?.value.evaluate(request);
        (!range.is_empty()).then_some(range)
    }
}

/// The same for many of them, of which a client may have made all the same or all different.
fn write_many<'h>(
    fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    packing: &mut Packing,
    out: &mut Vec<u8>,
) {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut all: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (name, value) in fields {
        let upper = upper(name);
        match places.get(&upper) {
            Some(place) => {
                let (_, values) = &mut all[*place];
                values.extend_from_slice(separator(name));
                values.extend_from_slice(value);
            }
            None => {
                places.insert(upper.clone(), all.len());
                all.push((upper, value.to_vec()));
            }
        }
    }
    for (name, value) in all {
        packing.open(&[OF_FIELD, &name], out);
        out.extend_from_slice(&value);
        packing.close(out);
    }
}

/// A field's name as programs have it.
fn upper(name: &[u8]) -> Vec<u8> {
    name.iter().map(letter).collect()
}

fn letter(byte: &u8) -> u8 {
    match byte {
        b'-' => b'_',
        byte => byte.to_ascii_uppercase(),
    }
}

/// Whether two fields come to one parameter.
fn is_same_parameter(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().map(letter).eq(other.iter().map(letter))
}

fn is_same_name(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && is_same(one, other)
}

/// What stands between values of several fields of a name.
fn separator(name: &[u8]) -> &'static [u8] {
    match is_same_name(name, b"cookie") {
        true => b"; ",
        false => b", ",
    }
}

/// Whether a field says which part or state of the client's own target is wanted: what is added to that is another.
fn is_about_state(name: &[u8]) -> bool {
    let start = name.get(..3);
    is_same_name(name, b"range")
        || start.is_some_and(|start| matches!(start, [b'i' | b'I', b'f' | b'F', b'-' | b'_']))
}
