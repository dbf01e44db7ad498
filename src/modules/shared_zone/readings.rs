//! Readings of zones: they begin when the updates that came before them are made, whichever process these wait in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Holder, SHARES, SLABS, called};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::http::plan::wait::Wait;
use crate::zone::{Outstanding, Standing};

/// How long a reading waits at most for updates that came before.
const LONGEST: Duration = Duration::from_secs(1);
/// How often it is asked whether they are over.
const LOOK: Duration = Duration::from_millis(2);
/// One look of so many is at those who make them.
const CLOSE: u32 = 8;
/// After so many of these looks at somebody who does not move nobody waits for him.
const DOUBT: u32 = 2;

/// What requests that show the status tree wait for before they read zones.
pub(in crate::modules) struct Readings {
    zones: Zones,
    /// Whether a request has waited.
    has_waited: StateIndex<bool>,
}

/// All zones of a configuration.
type Zones = Vec<Arc<Shown>>;

/// A zone that is shown.
struct Shown {
    holder: Arc<dyn Holder>,
    /// Whether it was told that a reading lacks updates, and none was whole since.
    is_late: AtomicBool,
}

/// From now on whoever reads the tree has a look at the zone.
pub(super) fn add(builder: &mut Builder<'_>, holder: &Arc<dyn Holder>) {
    let shown = Shown {
        holder: Arc::clone(holder),
        is_late: AtomicBool::new(false),
    };
    builder.thing::<Zones>().push(Arc::new(shown));
}

impl Readings {
    /// To be made once all zones are declared.
    pub(in crate::modules) fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            zones: builder.thing::<Zones>().clone(),
            has_waited: builder.state(),
        }
    }

    /// What a reading of the tree at `path` has to wait for, so that it sees every update that came before it: mostly nothing. A
    /// request waits once.
    pub(in crate::modules) fn before<N: AsRef<[u8]>>(
        &self,
        request: &mut Request,
        path: &[N],
    ) -> Option<Wait> {
        if std::mem::replace(request.state(self.has_waited), true) {
            return None;
        }
        let zones = self.zones.iter().filter(|zone| zone.is_at(path));
        let behind: Vec<Behind> = zones.filter_map(Behind::of).collect();
        (!behind.is_empty()).then(|| Wait::Until(Box::pin(catch_up(behind))))
    }
}

impl Shown {
    /// Whether something of it is shown at a path or below.
    fn is_at<N: AsRef<[u8]>>(&self, path: &[N]) -> bool {
        let own = ["status", "http", self.holder.purpose().section];
        let places = [&own[..], SLABS.path, SHARES.path];
        places.iter().any(|place| {
            let place = place.iter().copied().chain([self.holder.name()]);
            let mut pairs = place.zip(path);
            pairs.all(|(own, name)| own.as_bytes() == name.as_ref())
        })
    }

    /// Says that a reading lacks updates, once until one is whole again.
    fn tell(&self, why: &str) {
        if !self.is_late.swap(true, Ordering::Relaxed) {
            let zone = called(self.holder.purpose(), self.holder.name());
            log::warn!("{zone}: updates {why}: it is shown without them");
        }
    }
}

async fn catch_up(mut behind: Vec<Behind>) {
    let end = Instant::now() + LONGEST;
    for look in 1.. {
        let is_close = look % CLOSE == 0;
        behind.retain_mut(|zone| !zone.is_over(is_close));
        if behind.is_empty() {
            return;
        }
        if Instant::now() >= end {
            return behind.iter().for_each(|zone| zone.shown.tell("are late"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A zone with updates that wait, and what is known of those.
struct Behind {
    shown: Arc<Shown>,
    outstanding: Outstanding,
    doubts: u32,
}

impl Behind {
    fn of(shown: &Arc<Shown>) -> Option<Self> {
        let mut behind = Self {
            shown: Arc::clone(shown),
            outstanding: shown.holder.zone().outstanding(),
            doubts: 0,
        };
        (!behind.is_over(false)).then_some(behind)
    }

    /// Whether there is nothing to wait for, or nobody.
    fn is_over(&mut self, is_close: bool) -> bool {
        let (zone, outstanding) = (self.shown.holder.zone(), &mut self.outstanding);
        let standing = match is_close {
            true => zone.standing(outstanding),
            false if zone.is_over(outstanding) => Standing::Over,
            false => Standing::Underway,
        };
        match standing {
            Standing::Over => {
                self.shown.is_late.store(false, Ordering::Relaxed);
                return true;
            }
            Standing::Underway if is_close => self.doubts = 0,
            Standing::Underway => {}
            Standing::Stuck(process) => {
                self.doubts += 1;
                if self.doubts == DOUBT {
                    let why = format!("wait for process {process}, which does not move");
                    self.shown.tell(&why);
                    return true;
                }
            }
        }
        false
    }
}
