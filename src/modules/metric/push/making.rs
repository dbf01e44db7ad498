//! Changes are made at once, or by a thread where that would take long, so that no event loop waits for a zone.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::super::labelling::Bound;
use super::super::registers::{Haste, Objection};
use super::super::zones::Entry;
use super::handler::Named;
use super::request::OwnedChange;
use crate::metric::Moment;
use crate::zone::{Action, Change, Changed, Missing, NotChanged, Once, Standing};

/// How long updates that came before are waited for.
const LONGEST: Duration = Duration::from_secs(1);
/// How often it is asked whether they are made.
const LOOK: Duration = Duration::from_millis(1);

/// What makes changes for one location.
pub(super) struct Maker {
    pub entry: Arc<Entry>,
    pub missing: Missing,
    /// How long the names of changes are remembered, if they are.
    pub lifetime: Option<u64>,
    /// One thread waits for the zone; whoever comes meanwhile waits for that.
    pub turn: Mutex<()>,
}

/// Changes as somebody asks for them.
pub(super) struct Wished {
    pub named: Named,
    pub changes: Vec<OwnedChange>,
    pub now: Moment,
}

/// Why changes were not made.
pub(super) enum NotMade {
    Zone(NotChanged),
    /// There would be more values of a label than there may be.
    Values(Bound),
}

impl Maker {
    /// Makes changes, and gives them back.
    pub(super) async fn make(
        &'static self,
        wished: Wished,
    ) -> (Option<Wished>, Result<Changed, NotMade>) {
        // Whatever was put off comes first.
        if !self.entry.zone.are_updates_waiting()
            && let Ok(_turn) = self.turn.try_lock()
            && let Some(made) = self.try_to_make(&wished, Haste::Soon)
        {
            return (Some(wished), made);
        }
        let _turn = self.turn.lock().await;
        let work = spawn_blocking(move || {
            self.catch_up();
            let made = self.try_to_make(&wished, Haste::Patient);
            (Some(wished), made.unwrap_or(Err(BUSY)))
        });
        work.await
            .unwrap_or((None, Err(NotMade::Zone(NotChanged::Damaged))))
    }

    fn try_to_make(&self, wished: &Wished, haste: Haste) -> Option<Result<Changed, NotMade>> {
        match self.objection(wished, haste) {
            Some(Objection::Busy) => return None,
            Some(Objection::Bound(bound)) => return Some(Err(NotMade::Values(bound))),
            None => {}
        }
        let (zone, named) = (&self.entry.zone, &wished.named);
        let changes: Vec<Change<'_>> = wished.changes.iter().map(OwnedChange::borrowed).collect();
        let once = named.name.as_deref().zip(self.lifetime);
        let once = once.map(|(name, lifetime)| Once {
            name,
            lifetime,
            owner: &named.client,
        });
        let made = match haste {
            Haste::Soon => zone.change_soon(&changes, self.missing, once, wished.now),
            Haste::Patient => zone
                .change(&changes, self.missing, once, wished.now)
                .map(Some),
        };
        made.map_err(NotMade::Zone).transpose()
    }

    /// What is against keys with values for which their labels have no place.
    fn objection(&self, wished: &Wished, haste: Haste) -> Option<Objection> {
        let registers = self.entry.registers.as_ref()?;
        let makes = |change: &&OwnedChange| {
            let is_made = self.missing == Missing::Create && change.action != Action::Remove;
            is_made || change.action == Action::Create
        };
        let made = wished.changes.iter().filter(makes);
        registers.objection(made.map(|change| &*change.key), wished.now, haste)
    }

    /// Waits until what this process has put off before is made; to be called by a thread that may wait.
    fn catch_up(&self) {
        let zone = &self.entry.zone;
        let (mut outstanding, end) = (zone.outstanding(), Instant::now() + LONGEST);
        while !zone.is_over(&mut outstanding) && Instant::now() < end {
            if zone.standing(&mut outstanding) != Standing::Underway {
                return;
            }
            thread::sleep(LOOK);
        }
    }
}

const BUSY: NotMade = NotMade::Zone(NotChanged::Busy);
