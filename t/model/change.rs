//! What changes by key should do: all of them or none, and under a name once.

use std::collections::HashSet;

use pingauge::metric::Assignment;
use pingauge::zone::{Action, Missing, NotChanged};

use super::{Entry, Model, State};
use crate::operation::Wish;

/// What became of changes, and how many keys they made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied(usize),
    Replayed(usize),
}

impl Model {
    pub(crate) fn change(
        &mut self,
        wishes: &[Wish],
        missing: Missing,
        name: Option<&[u8]>,
    ) -> Result<Outcome, NotChanged> {
        let made = self.receipts.iter().find(|made| Some(&made.0[..]) == name);
        if let Some((_, created)) = made {
            return Ok(Outcome::Replayed(*created));
        }
        self.check_keys(wishes)?;
        self.check_presence(wishes, missing)?;
        self.check_modes(wishes)?;
        // All receipts are one owner's, who may have as many as are left.
        let most = self.geometry.capacity(1) / 2;
        if name.is_some() && self.receipts.len() >= most.saturating_sub(self.receipts.len()) {
            self.discarded += 1;
            return Err(NotChanged::Crowded);
        }
        let has_room = self.make_room_for(wishes, name.is_some())?;
        let states: Vec<Vec<State>> = wishes.iter().map(|wish| self.changed(wish)).collect();
        let is_new = |wish: &&Wish| !self.entries.contains_key(stored(wish));
        let created = wishes.iter().filter(is_new).count();
        for (wish, states) in wishes.iter().zip(states) {
            self.make(wish, states, has_room);
        }
        if let Some(name) = name.filter(|_| has_room) {
            self.receipts.push_back((name.to_vec(), created));
        }
        Ok(Outcome::Applied(created))
    }

    fn check_keys(&self, wishes: &[Wish]) -> Result<(), NotChanged> {
        let mut seen = HashSet::new();
        for (place, wish) in wishes.iter().enumerate() {
            let key = stored(wish);
            if self.discard_key.as_deref() == Some(key) || !seen.insert(key) {
                return Err(NotChanged::Reserved(place));
            }
        }
        Ok(())
    }

    fn check_presence(&self, wishes: &[Wish], missing: Missing) -> Result<(), NotChanged> {
        let is_missing = |wish: &Wish| {
            let is_made = match wish.action {
                Action::Create => true,
                Action::Remove => false,
                Action::Put(_) | Action::Assign(_) => missing == Missing::Create,
            };
            !is_made && !self.entries.contains_key(stored(wish))
        };
        match wishes.iter().position(is_missing) {
            Some(place) => Err(NotChanged::Unknown(place)),
            None => Ok(()),
        }
    }

    fn check_modes(&self, wishes: &[Wish]) -> Result<(), NotChanged> {
        let is_refused = |wish: &Wish| match wish.action {
            Action::Assign(assignment) => !assign(&mut self.fresh(), assignment),
            _ => false,
        };
        match wishes.iter().position(is_refused) {
            Some(place) => Err(NotChanged::Unsupported(place)),
            None => Ok(()),
        }
    }

    /// Room for everything, at the cost of what can be done without and is not asked about; false if one key that
    /// is there is changed where it is.
    fn make_room_for(&mut self, wishes: &[Wish], has_name: bool) -> Result<bool, NotChanged> {
        let present = |wish: &&Wish| self.entries.contains_key(stored(wish));
        let needs = |wish: &Wish| {
            let key = stored(wish);
            let is_there = self.entries.contains_key(key);
            let own = if is_there {
                1
            } else {
                self.slots_for(key.len())
            };
            own + self
                .new_text(wish)
                .map_or(0, |text| self.slots_for_text(text))
        };
        let holds = |wish: &Wish| {
            let key = stored(wish);
            let text = self.texts.get(key);
            self.slots_for(key.len()) + text.map_or(0, |text| self.slots_for_text(text))
        };
        let needed = wishes.iter().map(needs).sum::<usize>() + usize::from(has_name);
        let held: usize = wishes.iter().filter(present).map(holds).sum();
        if self.free() >= needed {
            return Ok(true);
        }
        if let [wish] = wishes
            && present(&wish)
            && !has_name
            && (!self.expire || self.new_text(wish).is_none())
        {
            return Ok(false);
        }
        if needed + held + self.receipts.len() <= self.geometry.capacity(1) {
            for wish in wishes {
                if let Some(entry) = self.entries.get_mut(stored(wish)) {
                    self.clock += 1;
                    entry.updated = self.clock;
                }
            }
            while self.free() < needed && self.reclaim() {}
            if self.free() >= needed {
                return Ok(true);
            }
        }
        self.discarded += 1;
        Err(NotChanged::Full)
    }

    /// The text that a key gets which has none.
    fn new_text<'w>(&self, wish: &'w Wish) -> Option<&'w [u8]> {
        let text = wish.help.as_deref().filter(|text| !text.is_empty())?;
        let is_wanted = wish.action != Action::Remove && !self.texts.contains_key(stored(wish));
        is_wanted.then(|| &text[..text.len().min(255)])
    }

    /// What a key holds that is made without a sample.
    fn fresh(&self) -> Vec<State> {
        let mut states: Vec<State> = self.metrics.iter().map(State::new).collect();
        let _stays_unset = assign(&mut states, Assignment::Set(0.0));
        states
    }

    /// What a key holds afterwards.
    fn changed(&self, wish: &Wish) -> Vec<State> {
        let present = self.entries.get(stored(wish));
        let mut states = present.map_or_else(|| self.fresh(), |entry| entry.states.clone());
        match wish.action {
            Action::Create | Action::Remove => {}
            Action::Put(value) => {
                if !assign(&mut states, Assignment::Set(value)) {
                    states.iter_mut().for_each(|state| state.record(value));
                }
            }
            Action::Assign(assignment) => assert!(assign(&mut states, assignment)),
        }
        states
    }

    fn make(&mut self, wish: &Wish, states: Vec<State>, has_room: bool) {
        self.clock += 1;
        let key = stored(wish).to_vec();
        if let Some(text) = self.new_text(wish).filter(|_| has_room) {
            self.texts.insert(key.clone(), text.to_vec());
        }
        if wish.action == Action::Remove {
            self.entries.remove(&key);
            self.texts.remove(&key);
            return;
        }
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            states: Vec::new(),
            is_truncated: wish.key.len() > 255,
            updated: 0,
        });
        (entry.states, entry.updated) = (states, self.clock);
    }
}

fn stored(wish: &Wish) -> &[u8] {
    &wish.key[..wish.key.len().min(255)]
}

/// Changes the number that is stored, where there is one number and it may be changed so.
fn assign(states: &mut [State], assignment: Assignment) -> bool {
    let changed = |value: f64| match assignment {
        Assignment::Set(value) => value,
        Assignment::Add(amount) => value + amount,
        Assignment::Increment => value + 1.0,
    };
    match states {
        [State::Gauge(value)] => *value = changed(*value),
        [State::Last(value)] => *value = Some(changed(value.unwrap_or(0.0))),
        [State::Count(count)] if assignment == Assignment::Increment => *count += 1,
        _ => return false,
    }
    true
}
