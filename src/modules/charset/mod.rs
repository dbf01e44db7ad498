//! `charset`: what the encoding of a text is called in `Content-Type`, and texts recoded on their way.
//!
//! `map` reads which characters of two encodings are the same; `recoder` is the filter of bodies.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::conf::{Chain, Diagnostic};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::Template;
use crate::modules::media_types::MediaTypeSet;

mod directives;
mod map;
mod media_type;
mod recoder;

use directives::{Charset, Maps, Override, Source, Types};
use map::{Conversion, Map};
use recoder::Recoder;

/// The feature.
pub static MODULE: Module = Module {
    name: "charset",
    about: "encodings of texts: named, and changed",
    directives: directives::ROWS,
    http: |builder, chain| check(builder, chain),
    location: build,
    ..module::MODULE
};

/// What is added to media types, and what is recoded for that.
struct Named {
    charset: Template,
    source: Option<Template>,
    overrides: bool,
    types: MediaTypeSet,
    maps: Arc<[Map]>,
}

/// The filter of heads; what it does is kept with the location as well.
struct Filter {
    named: Arc<Named>,
    chosen: StateIndex<Chosen>,
}

/// How the body of a request is recoded of which its client wants parts.
#[derive(Default)]
struct Chosen(Option<Conversion>);

/// Where a request keeps that, wherever it goes.
#[derive(Default)]
struct Place(Option<StateIndex<Chosen>>);

/// What a location's answers are called.
struct Kept(Arc<Named>);

/// Whether a text of this media type that is made here will be called UTF-8.
pub(super) fn names_utf8(request: &mut Request, media_type: &str) -> bool {
    let Some(Kept(named)) = request.location.extra() else {
        return false;
    };
    named.types.contains(Some(media_type.as_bytes()))
        && named
            .charset
            .with_text(request, |_, name| name.eq_ignore_ascii_case(b"utf-8"))
}

fn build(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    check(builder, chain);
    let Some(Charset {
        name: Some(name), ..
    }) = chain.nearest()
    else {
        return;
    };
    let source = chain
        .nearest()
        .and_then(|Source { name, .. }| name.as_ref());
    let named = Arc::new(Named {
        charset: builder.template(name),
        source: source.map(|text| builder.template(text)),
        overrides: matches!(chain.nearest(), Some(Override(true))),
        types: chain
            .nearest()
            .map_or_else(directives::usual_types, |Types(types)| types.clone()),
        maps: chain.nearest().map_or_else(
            || Arc::new([]) as Arc<[Map]>,
            |Maps(maps)| maps.as_slice().into(),
        ),
    });
    parts.keep(Kept(Arc::clone(&named)));
    let chosen = match builder.thing::<Place>().0 {
        Some(place) => place,
        None => builder.state(),
    };
    builder.thing::<Place>().0 = Some(chosen);
    parts.body_filters.push(Box::new(Filter { named, chosen }));
}

/// Tells of two encodings of a level of which nothing says how one becomes the other.
fn check(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    if chain.own::<Charset>().is_none() && chain.own::<Source>().is_none() {
        return;
    }
    let charset: Option<&Charset> = chain.nearest();
    let source: Option<&Source> = chain.nearest();
    let literal = |text: &Option<crate::conf::Text>| Some(text.as_ref()?.literal()?.to_owned());
    let to = charset.and_then(|one| literal(&one.name));
    let from = source.and_then(|one| literal(&one.name));
    let (Some(to), Some(from), Some(charset)) = (to, from, charset) else {
        return;
    };
    let maps = chain.nearest().map_or(&[][..], |Maps(maps)| maps);
    if to.eq_ignore_ascii_case(&from)
        || map::between(maps, from.as_bytes(), to.as_bytes()).is_some()
    {
        return;
    }
    let message = format!("no \"charset_map\" between the charsets \"{from}\" and \"{to}\"");
    let help = "a \"charset_map\" in the \"http\" block names both, in either order";
    let problem = Diagnostic::error(charset.span, message).with_help(help);
    builder.diagnostics.push(problem);
}

impl PhaseHandler for Filter {
    fn run(&self, request: &mut Request) {
        let named = &self.named;
        if request.response.is_in_parts() {
            return self.recode_parts(request);
        }
        let Some(media_type) = request.response.field("content-type") else {
            return;
        };
        let (bare, told) = media_type::split(media_type);
        let is_meant = match told {
            Some(_) => named.overrides,
            None => !bare.contains(&b';') && named.types.contains(Some(bare)),
        };
        if !is_meant || matches!(request.response.status, 301 | 302) {
            return;
        }
        let (bare, told) = (bare.to_vec(), told.map(<[u8]>::to_vec));
        let mut charset = request.buffer();
        named.charset.append(request, &mut charset);
        if media_type::is_charset(&charset) && self.recode(request, told, &charset) {
            let media_type = [&*bare, b"; charset=", &*charset].concat();
            request.response.set("Content-Type", &media_type);
        }
        request.recycle(charset);
    }
}

impl Filter {
    /// Has the body recoded, if it has to be; false where that cannot be done.
    fn recode(&self, request: &mut Request, told: Option<Vec<u8>>, charset: &[u8]) -> bool {
        let source = match (told, &self.named.source) {
            (Some(told), _) => told,
            (None, Some(source)) => source.evaluate(request),
            (None, None) => return true,
        };
        if source.is_empty() || source.eq_ignore_ascii_case(charset) {
            return true;
        }
        let head = &request.response;
        let is_packed = head
            .field("content-encoding")
            .is_some_and(|value| !value.is_empty());
        let Some(conversion) = map::between(&self.named.maps, &source, charset) else {
            log::error!(
                "no \"charset_map\" between the charsets \"{}\" and \"{}\"{}",
                source.escape_ascii(),
                charset.escape_ascii(),
                Circumstances(request)
            );
            return false;
        };
        let is_part = head.status == 206;
        let keeps_places = conversion.keeps_places();
        if is_packed || is_part && !keeps_places {
            return false;
        }
        if !keeps_places {
            request.response.change_body();
        } else if request.head.field(b"range").is_some() {
            request.state(self.chosen).0 = Some(conversion.clone());
        }
        request.bodies.response.add(Recoder::new(conversion));
        true
    }
}

impl Filter {
    /// What was chosen for a body before it was cut holds for its parts.
    fn recode_parts(&self, request: &mut Request) {
        if let Some(conversion) = request.state(self.chosen).0.take() {
            request.bodies.response.add(Recoder::new(conversion));
        }
    }
}

#[cfg(test)]
mod tests;
