//! A zone of gates: each value of a key has one.

use std::sync::Arc;

use super::USE;
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::http::course::request::Request;
use crate::http::plan::template::Template;
use crate::metric::Schema;
use crate::modules::backpressure::area::{Area, Count};
use crate::modules::backpressure::keyed::{self, CELLS, Held, KIND, Room, Windows};
use crate::modules::backpressure::search::Thoroughness;
use crate::modules::limited::{self, Memory, ZoneWritten};
use crate::modules::shared_zone::{Holder, Purpose};

/// A zone of a configuration.
pub(super) struct Zone {
    key: Template,
    pub(super) memory: Arc<Memory>,
    pub(super) area: Area,
    pub(super) windows: Windows<Memory>,
}

static PURPOSE: Purpose = Purpose {
    kind: "limit_conn",
    noun: "limit_conn zone",
    use_of_name: USE,
    section: "limit_conns",
    adds_up: false,
};

/// What a zone says to a request.
pub(super) enum Asked {
    /// It is counted.
    In(Admission),
    /// As many as may be are under way.
    Full,
    /// There is no room for its key.
    NoRoom,
    /// It has no key.
    Skipped,
}

/// A request that is counted in a zone, until this is dropped.
pub(super) struct Admission {
    zone: &'static Zone,
    held: Option<Held>,
}

impl Zone {
    /// Opens a zone; nothing for one that cannot be used, which is reported.
    pub(super) fn open(builder: &mut Builder<'_>, written: &ZoneWritten) -> Option<Self> {
        let schema = Schema::words("limit_conn", CELLS);
        // What has no room is decided about with each request, see `keyed`.
        let memory = Memory::open(builder, &PURPOSE, written, schema, false)?;
        let name = &written.name;
        let area = match Area::open_as(builder.memory, ("limit_conn_area", name), 0) {
            Ok(area) => area,
            Err(error) => {
                builder.no_memory(name, &error);
                return None;
            }
        };
        let windows = Windows::new(Arc::clone(&memory), Thoroughness::All);
        if matches!(builder.memory.role(), Role::Worker(_)) {
            windows.begin(&area);
        }
        Some(Self {
            key: builder.template(&written.key),
            memory,
            area,
            windows,
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.memory.name()
    }

    /// Counts a request, if fewer than `most` are under way by its key.
    pub(super) fn enter(&'static self, request: &mut Request, most: u32) -> Asked {
        let mut key = request.buffer();
        key.push(KIND);
        let is_limited = limited::put_key(&self.key, request, &mut key);
        let entered = is_limited.then(|| {
            let room = Room {
                window: u32::MAX,
                most,
            };
            self.windows.enter(&self.area, &key, room)
        });
        request.recycle(key);
        match entered {
            None => Asked::Skipped,
            Some(keyed::Entered::Full(_)) => Asked::Full,
            Some(keyed::Entered::NoPlace) => Asked::NoRoom,
            Some(keyed::Entered::In(held, _)) => Asked::In(Admission {
                zone: self,
                held: Some(held),
            }),
        }
    }

    /// How many were counted.
    pub(super) fn counted(&self, what: Count) -> u64 {
        self.area.counted(what)
    }
}

impl Admission {
    /// It was let in by all zones.
    pub(super) fn confirm(&self) {
        self.zone.area.count(Count::Passed);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Zone { area, windows, .. } = self.zone;
        if let Some(held) = self.held.take() {
            windows.leave(area, held, |window| window);
        }
    }
}
