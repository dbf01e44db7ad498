//! Passing requests to programs: `fastcgi_pass`, `uwsgi_pass`, `scgi_pass`. What is not about parameters they have in common
//! with `proxy_pass`.
#![forbid(unsafe_code)]

mod directives;
mod packing;
mod parameters;
mod script;

use std::any::Any;

use self::packing::Format;
use self::parameters::{Catches, Client, Modifier1, Modifier2};
use crate::conf::{Chain, DirectiveSpec};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::modules::family::{Family, FastCgi, Levels, Scgi, Uwsgi};
use crate::modules::proxy::tables::{FASTCGI, SCGI, UWSGI};
use crate::modules::proxy::{self, Program};

/// The feature.
pub static MODULE: Module = Module {
    name: "fastcgi",
    about: "requests passed on to programs by FastCGI, uwsgi and SCGI",
    directives: &DIRECTIVES,
    variables: script::VARIABLES,
    http: |builder, chain| {
        check::<FastCgi>(builder, chain);
        check::<Uwsgi>(builder, chain);
        check::<Scgi>(builder, chain);
    },
    location,
    ..module::MODULE
};

const TABLES: [&[DirectiveSpec]; 14] = [
    &directives::FASTCGI,
    FASTCGI[0],
    FASTCGI[1],
    FASTCGI[2],
    FASTCGI[3],
    &directives::UWSGI,
    UWSGI[0],
    UWSGI[1],
    UWSGI[2],
    UWSGI[3],
    UWSGI[4],
    &directives::SCGI,
    SCGI[0],
    &SCGI_REST,
];

const SCGI_REST: [DirectiveSpec; module::count(&[SCGI[1], SCGI[2], SCGI[3]])] =
    module::join(&[SCGI[1], SCGI[2], SCGI[3]]);

const DIRECTIVES: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);

fn check<F: Family>(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    proxy::check::<F>(builder, chain);
    parameters::check(builder, &Levels::<F>::of(chain));
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    script::build(builder, &Levels::of(chain), parts);
    pass::<FastCgi>(builder, chain, parts, |levels| {
        let catches: Option<&Catches> = levels.nearest();
        (Format::FastCgi, catches.cloned().unwrap_or_default())
    });
    pass::<Uwsgi>(builder, chain, parts, |levels| {
        let modifiers = [
            levels.nearest().map_or(0, |Modifier1(number)| *number),
            levels.nearest().map_or(0, |Modifier2(number)| *number),
        ];
        (Format::Uwsgi(modifiers), Catches::default())
    });
    pass::<Scgi>(builder, chain, parts, |_| {
        (Format::Scgi, Catches::default())
    });
}

/// What a location says of a family's format, and which messages of its peers are fatal.
trait Formatting<F>: Fn(&Levels<'_, '_, F>) -> (Format, Catches) {}

impl<F, T: Fn(&Levels<'_, '_, F>) -> (Format, Catches)> Formatting<F> for T {}

fn pass<F: Family + Any>(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    parts: &mut LocationParts,
    formatting: impl Formatting<F>,
) {
    parameters::check(builder, &Levels::<F>::of(chain));
    proxy::build::<F>(builder, chain, parts, &|builder, levels| {
        let (format, catches) = formatting(levels);
        let client = Client::of(builder, levels, format, catches);
        Some(Box::new(client) as Box<dyn Program>)
    });
}
