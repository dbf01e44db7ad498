//! What every coding has a directive for, under a name of its own. `C` is the coding's place in the table.

use super::ANYWHERE;
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Repeat, SPEC, Scope, Statement,
};
use crate::modules::media_types::MediaTypeSet;

/// `gzip`, `brotli`, `zstd`
pub(in super::super) struct On<const C: usize>(pub(in super::super) bool);
/// `gzip_comp_level` and its like
pub(in super::super) struct Level<const C: usize>(pub(in super::super) u32);
/// `gzip_window` and its like: the logarithm
pub(in super::super) struct Window<const C: usize>(pub(in super::super) u32);
/// `gzip_min_length` and its like
pub(in super::super) struct MinLength<const C: usize>(pub(in super::super) u64);
/// `gzip_types` and its like
#[derive(Default)]
pub(in super::super) struct Types<const C: usize>(pub(in super::super) MediaTypeSet);

/// `gzip_static` and its like
pub(in super::super) struct Static<const C: usize>(pub(in super::super) UsesPacked);

/// Who is sent files that were packed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum UsesPacked {
    /// Nobody.
    Off,
    /// Whoever takes them.
    On,
    /// Everybody.
    Always,
}

/// Whether files are sent that were packed beforehand.
pub(super) const fn packed_files<const C: usize>(name: &'static str, doc: Doc) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE,
        doc,
        apply: |statement| {
            let words = [
                ("off", UsesPacked::Off),
                ("on", UsesPacked::On),
                ("always", UsesPacked::Always),
            ];
            let uses = statement.enumeration(1, &words)?;
            statement.scope.insert(Static::<C>(uses));
            Ok(())
        },
        ..SPEC
    }
}

/// Whether responses are packed.
pub(super) const fn on<const C: usize>(name: &'static str, doc: Doc) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE.or(Contexts::LOCATION_IF),
        arity: Arity::FLAG,
        doc,
        apply: |statement| {
            let on = statement.flag(1)?;
            statement.scope.insert(On::<C>(on));
            Ok(())
        },
        ..SPEC
    }
}

/// Which media types are packed.
pub(super) const fn types<const C: usize>(name: &'static str, doc: Doc) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc,
        apply: |statement| {
            let mut types = std::mem::take(statement.scope.get_or_default::<Types<C>>());
            types.0.read(statement);
            statement.scope.insert(types);
            Ok(())
        },
        ..SPEC
    }
}

/// How long a body has to be.
pub(super) const fn min_length<const C: usize>(name: &'static str, doc: Doc) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE,
        doc,
        apply: |statement| {
            let length = statement.size(1)?;
            statement.scope.insert(MinLength::<C>(length));
            Ok(())
        },
        ..SPEC
    }
}

/// How hard is tried, from `LEAST` to `MOST`.
pub(super) const fn level<const C: usize, const LEAST: u32, const MOST: u32>(
    name: &'static str,
    doc: Doc,
) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE,
        doc,
        apply: |statement| {
            let level = u32::try_from(statement.number(1)?).unwrap_or(u32::MAX);
            if !(LEAST..=MOST).contains(&level) {
                let message = format!("value must be between {LEAST} and {MOST}");
                return Err(statement.error(1, message));
            }
            statement.scope.insert(Level::<C>(level));
            Ok(())
        },
        ..SPEC
    }
}

/// How far is looked back: powers of 2 with these logarithms.
pub(super) const fn window<const C: usize, const LEAST: u32, const MOST: u32>(
    name: &'static str,
    doc: Doc,
) -> DirectiveSpec {
    DirectiveSpec {
        name,
        contexts: ANYWHERE,
        doc,
        apply: |statement| {
            logarithm(statement, LEAST..=MOST, |scope, window| {
                scope.insert(Window::<C>(window));
            })
        },
        ..SPEC
    }
}

fn logarithm(
    statement: &mut Statement<'_>,
    allowed: std::ops::RangeInclusive<u32>,
    store: impl FnOnce(&mut Scope, u32),
) -> Result<(), Diagnostic> {
    let size = statement.size(1)?;
    let window = size.checked_ilog2().unwrap_or_default();
    if !size.is_power_of_two() || !allowed.contains(&window) {
        let (least, most) = (named(*allowed.start()), named(*allowed.end()));
        let message = format!("value must be a power of 2 from {least} to {most}");
        return Err(statement.error(1, message));
    }
    store(&mut *statement.scope, window);
    Ok(())
}

/// A size as it is written.
fn named(logarithm: u32) -> String {
    match logarithm {
        20.. => format!("{}m", 1u64 << (logarithm - 20)),
        10.. => format!("{}k", 1u64 << (logarithm - 10)),
        _ => (1u64 << logarithm).to_string(),
    }
}
