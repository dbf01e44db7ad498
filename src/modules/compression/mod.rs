//! `gzip`, `brotli`, `zstd`: responses packed on their way to clients that take them so, and files that were packed
//! beforehand (`packed_files`); and the other way round, `gunzip`.
//!
//! `coding` is the table of what there is. As a head leaves, `conditions` says which codings the response suits and who
//! takes them, `choice` takes one and has the head tell of it, and `packer` packs the body.
#![forbid(unsafe_code)]

use crate::conf::{Chain, DirectiveSpec};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::plan::phase::Phase;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

mod accepted;
mod brotli;
mod choice;
mod coding;
mod conditions;
mod directives;
pub mod gunzip;
mod gzip;
mod packed_files;
mod packer;
mod zstd;

use coding::CODINGS;
pub(super) use packed_files::{PackedFile, PackedFiles};
use packer::Ratio;

/// The feature.
pub static MODULE: Module = Module {
    name: "compression",
    about: "responses packed on their way",
    directives: DIRECTIVES,
    described: &DESCRIBED,
    http: |builder, _| {
        for (variable, coding) in DESCRIBED.iter().zip(&CODINGS) {
            let ratio = Box::new(Ratio {
                coding: coding.name,
                totals: place(builder),
            });
            let variables = &mut builder.variables;
            let offered = variables.offer(variable.name, "compression", None, ratio);
            builder.diagnostics.check(offered);
        }
    },
    location: build,
    ..module::MODULE
};

static DIRECTIVES: &[DirectiveSpec] = &directives::ROWS;

/// In the order of the codings.
const DESCRIBED: [VariableSpec; 3] = [
    ratio(
        "brotli_ratio",
        "How many times smaller the response's body has become by Brotli; empty where it was not packed so.",
    ),
    ratio(
        "zstd_ratio",
        "How many times smaller the response's body has become by Zstandard; empty where it was not packed so.",
    ),
    ratio(
        "gzip_ratio",
        "How many times smaller the response's body has become by gzip; empty where it was not packed so.",
    ),
];

const fn ratio(name: &'static str, doc: &'static str) -> VariableSpec {
    VariableSpec {
        name,
        doc,
        available_from: Phase::End,
        ..VARIABLE
    }
}

/// Where a request keeps something, wherever it goes.
struct Place<T>(Option<StateIndex<T>>);

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self(None)
    }
}

fn place<T: 'static>(builder: &mut Builder<'_>) -> StateIndex<T> {
    if let Place(Some(place)) = builder.thing() {
        return *place;
    }
    let place = builder.state();
    builder.thing::<Place<T>>().0 = Some(place);
    place
}

fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    if let Some(choice) = choice::Choice::of(builder, chain) {
        parts.body_filters.push(Box::new(choice));
    }
}

#[cfg(test)]
mod tests;
