//! Updates of several zones under the same key, in one phase, by directives that follow each other: the key is made, and hashed,
//! once for all of them.
//!
//! That is right only where neither key nor values have to be evaluated, so that no update can change what the next one says.
//! Where one of them does, each directive is run alone.

use std::sync::Arc;

use super::handler::Amount;
use super::pair::Pairing;
use super::zones::Entry;
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
use crate::http::plan::variable::VariableIndex;
use crate::metric::{KeyWriter, Moment};
use crate::zone::{Guess, HashedKey};

/// So many updates at most go together.
pub(super) const MOST: usize = 8;

/// Several updates under one key.
pub(super) struct Together {
    pub key: CommonKey,
    /// At most [`MOST`].
    pub updates: Box<[One]>,
}

/// One of them.
pub(super) struct One {
    pub entry: Arc<Entry>,
    pub amount: Amount,
    pub pairing: Pairing,
    /// What does it by itself.
    pub alone: Box<dyn PhaseHandler>,
}

/// The key that they have in common.
pub(super) enum CommonKey {
    /// What one variable says.
    Variable(VariableIndex),
    /// What a template says.
    Text(Template),
    /// One of several parts, for zones with labels.
    Parts(Box<[Template]>),
}

impl PhaseHandler for Together {
    fn run(&self, request: &mut Request) {
        if self.run_ready(request).is_none() {
            self.updates.iter().for_each(|one| one.alone.run(request));
        }
    }
}

impl Together {
    /// Does it if everything lies ready.
    fn run_ready(&self, request: &mut Request) -> Option<()> {
        let mut values = [0.0; MOST];
        for (value, one) in values.iter_mut().zip(&self.updates) {
            *value = one.amount.number(request)?;
        }
        let now = request.moment();
        if let CommonKey::Variable(variable) = &self.key {
            let refused = self.feed(request.text(*variable)?, &values, now);
            self.note(refused, request);
            return Some(());
        }
        let mut key = request.buffer();
        let is_ready = self.key.write(request, &mut key);
        if is_ready {
            let refused = self.feed(&key, &values, now);
            self.note(refused, request);
        }
        request.recycle(key);
        is_ready.then_some(())
    }

    /// Says which of them were refused, a bit for each.
    fn feed(&self, key: &[u8], values: &[f64; MOST], now: Moment) -> u32 {
        let key = HashedKey::new(key);
        let mut guesses = [Guess::default(); MOST];
        for (guess, one) in guesses.iter_mut().zip(&self.updates) {
            *guess = one.entry.zone.guess(&key);
        }
        let mut refused = 0;
        for (place, one) in self.updates.iter().enumerate() {
            let (guess, value) = (guesses[place], values[place]);
            let updated = one.entry.update_guessed(guess, &key, value, now);
            refused |= u32::from(updated.is_none()) << place;
        }
        refused
    }

    /// Remembers which were refused of those that later ones take back.
    #[inline]
    fn note(&self, refused: u32, request: &mut Request) {
        if refused == 0 {
            return;
        }
        for (place, one) in self.updates.iter().enumerate() {
            if refused & 1 << place != 0 {
                one.pairing.note_refusal(request);
            }
        }
    }
}

impl CommonKey {
    /// Writes it if it lies ready.
    fn write(&self, request: &Request, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Variable(variable) => {
                let text = request.text(*variable);
                text.map(|text| out.extend_from_slice(text)).is_some()
            }
            Self::Text(template) => template.append_ready(request, out),
            Self::Parts(parts) => {
                let (mut writer, mut is_ready) = (KeyWriter::new(out), true);
                for part in parts {
                    writer.part(|out| is_ready &= part.append_ready(request, out));
                }
                writer.finish();
                is_ready
            }
        }
    }
}
