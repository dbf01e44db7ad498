//! Which cache the requests of a location ask: the one that its configuration names, or the one that variables name.

use std::sync::Arc;

use super::caching::{Addressed, Caching, Look};
use super::settings::{CacheWritten, IgnoredFields, KeyWritten, Settings};
use super::visit::State;
use super::zones::{Registry, find};
use crate::conf::{Diagnostic, Text, Word};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::outcome::Outcome;
use crate::http::plan::template::Template;
use crate::modules::family::{Family, Levels};

/// What `proxy_cache` has requests of a location ask.
pub(in crate::modules) struct Caches(Which);

enum Which {
    One(Caching),
    Named(Named),
}

/// A cache that variables name.
struct Named {
    name: Template,
    /// All that there are, on the terms of the location.
    all: Box<[Caching]>,
    settings: Arc<Settings>,
    state: State,
}

impl Caches {
    /// Those of the innermost block, if answers are kept there.
    pub(in crate::modules) fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        ignored: IgnoredFields,
    ) -> Option<Self> {
        let written = levels.nearest()?;
        if let CacheWritten::Named(word) | CacheWritten::Evaluated(word, _) = written {
            check_key(builder, levels, word);
        }
        let which = match written {
            CacheWritten::Off => return None,
            CacheWritten::Evaluated(_, name) => {
                Which::Named(Named::of(builder, levels, (name, ignored)))
            }
            CacheWritten::Named(name) => Which::One(Caching {
                entry: find::<F>(builder, name)?,
                settings: Arc::new(Settings::of(builder, levels, ignored)),
                state: Registry::state(builder),
            }),
        };
        Some(Self(which))
    }

    /// The cache that a request asks. Where variables name it, that is decided by [`look`](Self::look).
    pub(in crate::modules) fn of_request(
        &'static self,
        request: &Request,
    ) -> Option<&'static Caching> {
        match &self.0 {
            Which::One(caching) => Some(caching),
            Which::Named(named) => named.chosen(request),
        }
    }

    /// Decides what becomes of a request that is to be passed on to `origin`.
    pub(in crate::modules) fn look(
        &'static self,
        request: &mut Request,
        origin: &'static dyn Addressed,
    ) -> Look {
        match &self.0 {
            Which::One(caching) => caching.look(request, origin),
            Which::Named(named) => named.look(request, origin),
        }
    }
}

/// Parameters say what a program is asked for, of which no key can be made by itself.
fn check_key<F: Family>(builder: &mut Builder<'_>, levels: &Levels<'_, '_, F>, word: &Word) {
    if !F::PROTOCOL.is_program() || levels.nearest::<KeyWritten>().is_some() {
        return;
    }
    let prefix = F::PREFIX;
    let message = format!("no \"{prefix}_cache_key\" for \"{prefix}_cache\"");
    let help = format!("write {prefix}_cache_key $scheme$request_method$host$request_uri;");
    let problem = Diagnostic::error(word.span, message).with_help(help);
    builder.diagnostics.push(problem);
}

impl Named {
    fn of<F: Family>(
        builder: &mut Builder<'_>,
        levels: &Levels<'_, '_, F>,
        (name, ignored): (&Text, IgnoredFields),
    ) -> Self {
        let settings = Arc::new(Settings::of(builder, levels, ignored));
        let state = Registry::state(builder);
        let entries = builder.thing::<Registry>().all.clone();
        let caching = |entry| Caching {
            entry,
            settings: Arc::clone(&settings),
            state,
        };
        Self {
            name: builder.template(name),
            all: entries.into_iter().map(caching).collect(),
            settings,
            state,
        }
    }

    /// What was chosen here; another location of the same request has caches of its own.
    fn chosen(&'static self, request: &Request) -> Option<&'static Caching> {
        let chosen = request.state_if_any(self.state)?.chosen?;
        self.all.iter().find(|one| std::ptr::eq(*one, chosen))
    }

    fn look(&'static self, request: &mut Request, origin: &'static dyn Addressed) -> Look {
        // Once a cache was asked, variables may say something else.
        if let Some(asked) = self.chosen(request)
            && request.state(self.state).turn_with(asked).is_some()
        {
            return asked.look(request, origin);
        }
        let name = self.name.evaluate(request);
        let is_off = matches!(&*name, b"" | b"off");
        let mut all = self.all.iter();
        let chosen = all.find(|one| !is_off && one.entry.name.as_bytes() == name);
        request.state(self.state).chosen = chosen;
        match chosen {
            Some(caching) => caching.look(request, origin),
            None if is_off || !self.settings.takes(request.method()) => Look::Ask,
            None => {
                let name = name.escape_ascii();
                log::error!("cache \"{name}\" not found{}", Circumstances(request));
                Look::Answer(Outcome::Status(500))
            }
        }
    }
}
