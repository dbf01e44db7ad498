//! `gzip`: responses packed on their way to clients that take them so.
//!
//! `conditions` decides as the head leaves, which then tells of it; `packer` packs the body.
#![forbid(unsafe_code)]

use crate::conf::{Chain, DirectiveSpec};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::{Phase, PhaseHandler};
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, VariableSpec};

mod conditions;
mod directives;
mod packer;

use conditions::Conditions;
use packer::{Packer, Ratio, Totals};

/// The feature.
pub static MODULE: Module = Module {
    name: "gzip",
    about: "responses packed on their way",
    directives: DIRECTIVES,
    described: DESCRIBED,
    http: |builder, _| {
        let totals = totals(builder);
        let ratio = Box::new(Ratio(totals));
        let offered = builder
            .variables
            .offer_described("gzip_ratio", "gzip", ratio);
        builder.diagnostics.check(offered);
    },
    location: build,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = directives::ROWS;

const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "gzip_ratio",
    doc: "How many times smaller the response's body has become by packing; empty where it was not packed.",
    available_from: Phase::End,
    ..VARIABLE
}];

/// Where a request keeps how much was packed.
#[derive(Default)]
struct Place(Option<StateIndex<Totals>>);

fn totals(builder: &mut Builder<'_>) -> StateIndex<Totals> {
    if let Place(Some(totals)) = builder.thing() {
        return *totals;
    }
    let totals = builder.state();
    builder.thing::<Place>().0 = Some(totals);
    totals
}

fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let Some(directives::Gzip(true)) = chain.nearest() else {
        return;
    };
    let gzip = Gzip {
        conditions: Conditions::of(builder, chain),
        level: chain.nearest().map_or(1, |directives::Level(level)| *level),
        varies: matches!(chain.nearest(), Some(directives::Vary(true))),
        totals: totals(builder),
    };
    parts.header_filters.push(Box::new(gzip));
}

/// Has responses packed.
struct Gzip {
    conditions: Conditions,
    level: u32,
    varies: bool,
    totals: StateIndex<Totals>,
}

impl PhaseHandler for Gzip {
    fn run(&self, request: &mut Request) {
        if !self.conditions.suit(request) {
            return;
        }
        let head = &mut request.response;
        if self.varies && !head.lists("vary", b"accept-encoding") {
            head.add("Vary", b"Accept-Encoding");
        }
        if !self.conditions.allow(request) {
            return;
        }
        let head = &mut request.response;
        head.change_body();
        head.add("Content-Encoding", b"gzip");
        request
            .bodies
            .response
            .add(Packer::new(self.level, self.totals));
    }
}

#[cfg(test)]
mod tests;
