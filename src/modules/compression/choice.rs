//! Which coding a response is packed with.

use super::coding::{BROTLI, CODINGS, Effort, GZIP, ZSTD};
use super::conditions::{self, GzipRules, Suited};
use super::directives::family::{Level, On, Window};
use super::directives::gzip::Vary;
use super::packer::{Packer, Totals};
use super::{brotli, gzip, place, zstd};
use crate::conf::Chain;
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::message::response::ResponseHead;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::state::StateIndex;

/// Has the responses of a location packed.
pub(super) struct Choice {
    offers: Box<[Offer]>,
    gzip_rules: GzipRules,
    varies: bool,
    totals: StateIndex<Totals>,
    suitable: StateIndex<Suitable>,
    varied: StateIndex<Varied>,
}

/// One coding, and what it is for.
struct Offer {
    /// Its place in the table.
    coding: usize,
    suited: Suited,
    effort: Effort,
    least_window: u32,
}

/// Whether the response would have been packed, had its client wanted all of it.
#[derive(Default)]
pub(super) struct Suitable(bool);

/// Whether what the client takes has decided over the response before its head left.
#[derive(Default)]
pub(super) struct Varied(pub(super) bool);

impl Choice {
    /// That of a location, if there is anything to choose.
    pub(super) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Option<Self> {
        let offers = [
            offer::<BROTLI>(chain, (6, 19), brotli::LEAST_WINDOW),
            offer::<ZSTD>(chain, (1, ZSTD_WINDOW), zstd::LEAST_WINDOW),
            offer::<GZIP>(chain, (1, 15), gzip::LEAST_WINDOW),
        ];
        let offers: Box<[Offer]> = offers.into_iter().flatten().collect();
        let varies = matches!(chain.nearest(), Some(Vary(true)));
        if offers.is_empty() && !varies {
            return None;
        }
        Some(Self {
            offers,
            gzip_rules: GzipRules::of(builder, chain),
            varies,
            totals: place(builder),
            suitable: place(builder),
            varied: place(builder),
        })
    }

    /// The coding of those that suit the response which weighs most for the client; the first of several.
    fn best(&self, request: &Request) -> Option<&Offer> {
        let weights = conditions::weights(request, &self.gzip_rules);
        let mut best = None;
        for offer in &self.offers {
            if !offer.suited.contain(&request.response) {
                continue;
            }
            let weight = weights[offer.coding];
            if weight > best.map_or(0, |(most, _)| most) {
                best = Some((weight, offer));
            }
        }
        best.map(|(_, offer)| offer)
    }

    fn suits(&self, head: &ResponseHead) -> bool {
        conditions::is_plain(head) && self.offers.iter().any(|offer| offer.suited.contain(head))
    }

    /// Whether the response is a part of one that was judged as a whole, before the part was cut out of it.
    fn is_part_of_suitable(&self, request: &mut Request) -> bool {
        request.response.status == 206 && request.state(self.suitable).0
    }

    /// Has the head say that it depends on what the client takes.
    fn vary(&self, request: &mut Request, is_suitable: bool) {
        let is_varied = request.state_if_any(self.varied).is_some_and(|it| it.0);
        if !is_varied && !is_suitable && !self.is_part_of_suitable(request) {
            return;
        }
        if request.head.field(b"range").is_some() {
            request.state(self.suitable).0 = is_suitable;
        }
        let head = &mut request.response;
        if !head.lists("vary", b"accept-encoding") {
            head.add("Vary", b"Accept-Encoding");
        }
    }
}

/// Longer windows take more memory than a stream should, and decoders need not take those of more than 8 MiB.
const ZSTD_WINDOW: u32 = 20;

fn offer<const C: usize>(
    chain: &Chain<'_>,
    (level, window): (u32, u32),
    least_window: u32,
) -> Option<Offer> {
    let Some(On::<C>(true)) = chain.nearest() else {
        return None;
    };
    Some(Offer {
        coding: C,
        suited: Suited::of::<C>(chain),
        effort: Effort {
            level: chain.nearest().map_or(level, |Level::<C>(level)| *level),
            length: None,
            window: chain
                .nearest()
                .map_or(window, |Window::<C>(window)| *window),
        },
        least_window,
    })
}

impl PhaseHandler for Choice {
    fn run(&self, request: &mut Request) {
        let is_suitable = self.suits(&request.response);
        if self.varies {
            self.vary(request, is_suitable);
        }
        if !is_suitable {
            return;
        }
        let Some(offer) = self.best(request) else {
            return;
        };
        let length = conditions::length(&request.response);
        let effort = offer.effort.for_length(length, offer.least_window);
        let coding = &CODINGS[offer.coding];
        let head = &mut request.response;
        head.change_body();
        head.add("Content-Encoding", coding.name.as_bytes());
        let packer = Packer::new(coding, effort, self.totals);
        request.bodies.response.add(packer);
    }
}
