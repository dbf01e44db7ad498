//! What updates a zone in a phase of each request.

use std::sync::Arc;

use super::pair::Pairing;
use super::registers::StandIn;
use super::zones::Entry;
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
use crate::http::plan::variable::VariableIndex;
use crate::metric::{KeyWriter, Moment, parse_value};
use crate::zone::Remembered;

/// Updates one key.
pub(super) struct Update {
    pub entry: Arc<Entry>,
    pub key: Key,
    pub amount: Amount,
    pub pairing: Pairing,
}

/// The key that is updated.
pub(super) enum Key {
    /// Always the same.
    Constant(Remembered),
    /// What one variable says.
    Variable(VariableIndex),
    Evaluated(Template),
}

impl Key {
    pub(super) fn new(template: Template) -> Self {
        match (template.literal(), template.variable()) {
            (Some(key), _) => Self::Constant(Remembered::new(key)),
            (None, Some(variable)) => Self::Variable(variable),
            (None, None) => Self::Evaluated(template),
        }
    }
}

/// The value that a key is fed.
pub(super) enum Amount {
    Fixed(f64),
    /// What one variable says.
    Variable(VariableIndex),
    Evaluated(Template),
}

impl Amount {
    /// What a template says; without one, the value of an empty text.
    pub(super) fn new(template: Option<Template>) -> Self {
        match template {
            None => Self::Fixed(parse_value(b"")),
            Some(template) => match (template.literal(), template.variable()) {
                (Some(text), _) => Self::Fixed(parse_value(text)),
                (None, Some(variable)) => Self::Variable(variable),
                (None, None) => Self::Evaluated(template),
            },
        }
    }

    #[inline]
    fn of(&self, request: &mut Request) -> f64 {
        match self.number(request) {
            Some(number) => number,
            None => self.evaluated(request),
        }
    }

    /// The same where nothing has to be evaluated for it.
    #[inline]
    pub(super) fn number(&self, request: &mut Request) -> Option<f64> {
        match self {
            Self::Fixed(value) => Some(*value),
            Self::Variable(variable) => request.number(*variable),
            Self::Evaluated(_) => None,
        }
    }

    #[inline(never)]
    fn evaluated(&self, request: &mut Request) -> f64 {
        let mut text = request.buffer();
        match self {
            Self::Fixed(value) => return *value,
            Self::Variable(variable) => {
                request.read(*variable, &mut text);
            }
            Self::Evaluated(template) => template.append(request, &mut text),
        }
        let value = parse_value(&text);
        request.recycle(text);
        value
    }
}

impl PhaseHandler for Update {
    fn run(&self, request: &mut Request) {
        match &self.key {
            Key::Constant(key) => {
                let value = self.amount.of(request);
                if !self.pairing.has_nothing(request)
                    && !self.feed_constant(key, value, request.moment())
                {
                    self.pairing.note_refusal(request);
                }
            }
            Key::Variable(variable) => {
                if self.run_ready(*variable, request).is_none() {
                    self.run_evaluated(request, |request, key| {
                        request.read(*variable, key);
                    });
                }
            }
            Key::Evaluated(template) => {
                self.run_evaluated(request, |request, key| template.append(request, key));
            }
        }
    }
}

impl Update {
    /// Does it where neither key nor value has to be evaluated, so that nothing is copied.
    fn run_ready(&self, variable: VariableIndex, request: &mut Request) -> Option<()> {
        let value = self.amount.number(request)?;
        let now = request.moment();
        if self.pairing.may_have_nothing(request) {
            return None;
        }
        if !self.feed(request.text(variable)?, value, now) {
            self.pairing.note_refusal(request);
        }
        Some(())
    }

    fn run_evaluated(
        &self,
        request: &mut Request,
        evaluate: impl FnOnce(&mut Request, &mut Vec<u8>),
    ) {
        let mut key = request.buffer();
        evaluate(request, &mut key);
        let value = self.amount.of(request);
        if !self.pairing.has_nothing(request) && !self.feed(&key, value, request.moment()) {
            self.pairing.note_refusal(request);
        }
        request.recycle(key);
    }

    /// Says false when it was refused.
    #[inline]
    fn feed_constant(&self, key: &Remembered, value: f64, now: Moment) -> bool {
        let updated = match self.pairing.takes_back() {
            false => self.entry.update_remembered(key, value, now),
            true => self.entry.take_back(key.key(), value, now),
        };
        updated.is_some()
    }

    /// Says false when it was refused.
    #[inline]
    fn feed(&self, key: &[u8], value: f64, now: Moment) -> bool {
        let updated = match self.pairing.takes_back() {
            false => self.entry.update(key, value, now),
            true => self.entry.take_back(key, value, now),
        };
        updated.is_some()
    }
}

/// Updates a key of several parts.
pub(super) struct UpdateOfParts {
    pub entry: Arc<Entry>,
    pub parts: Box<[Template]>,
    pub amount: Amount,
    pub pairing: Pairing,
}

/// The keys of a zone that others stood in for, with these, so that what was given is taken back there.
#[derive(Default)]
pub(super) struct Replaced(Vec<(Vec<u8>, StandIn)>);

impl PhaseHandler for UpdateOfParts {
    fn run(&self, request: &mut Request) {
        let mut key = request.buffer();
        let mut parts = KeyWriter::new(&mut key);
        for part in &self.parts {
            parts.part(|out| {
                let start = out.len();
                if !part.append_ready(request, out) {
                    out.truncate(start);
                    part.append(request, out);
                }
            });
        }
        parts.finish();
        let sample = (self.amount.of(request), request.moment());
        match self.pairing {
            Pairing::TakesBack(_) if self.pairing.has_nothing(request) => {}
            Pairing::TakesBack(_) => self.take_back(request, &key, sample),
            _ => self.give(request, &key, sample),
        }
        request.recycle(key);
    }
}

impl UpdateOfParts {
    fn give(&self, request: &mut Request, key: &[u8], sample: (f64, Moment)) {
        let mut stands_in = StandIn::default();
        let updated = self.entry.update_parts(key, sample, &mut stands_in);
        if updated.is_none() {
            self.pairing.note_refusal(request);
            return;
        }
        let is_other = !stands_in.key.is_empty() || stands_in.fate.is_some();
        if let Some(replaced) = self.entry.replaced
            && matches!(self.pairing, Pairing::Gives(_))
            && is_other
        {
            let replaced = request.state(replaced);
            replaced.0.push((key.to_vec(), stands_in));
        }
    }

    fn take_back(&self, request: &mut Request, key: &[u8], (value, now): (f64, Moment)) {
        let replaced = self.entry.replaced.and_then(|replaced| {
            let replaced = &mut request.state(replaced).0;
            let place = replaced.iter().position(|(given, _)| given == key)?;
            Some(replaced.swap_remove(place).1)
        });
        match replaced {
            None => self.entry.take_back(key, value, now),
            Some(StandIn {
                fate: Some(fate), ..
            }) => self.entry.take_back_open(key, (value, now), fate),
            Some(StandIn { key, .. }) => self.entry.take_back_replaced(&key, value, now),
        };
    }
}
