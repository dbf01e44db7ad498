//! Opens the zones of a configuration: what is declared becomes memory that all processes share.

use std::io;
use std::sync::Arc;

use super::area::Area;
use super::evaluation::Evaluation;
use super::keyed::{self, Windows};
use super::signal::{Plan, States};
use super::zone::{Keyed, Zone};
use super::zone_directive::ZoneWritten;
use super::{Registry, USE};
use crate::conf::{Diagnostic, Scope};
use crate::http::build::builder::Builder;
use crate::http::build::memory::{Memory, Role};
use crate::zone::{self, Geometry, Overflow, Unusable};

/// Opens a zone; nothing for one that cannot be used, which is reported.
pub(super) fn open(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    block: &Scope,
) -> Option<Arc<Zone>> {
    let name = &written.name;
    let mut known = builder.thing::<Registry>().zones.iter();
    if known.any(|zone| zone.name == *name) {
        let message = format!("\"backpressure_zone\" \"{name}\" is already declared");
        let problem = Diagnostic::error(written.span, message);
        builder.diagnostics.push(problem);
        return None;
    }
    let claimed = builder.claim_zone(name, written.span, USE);
    builder.diagnostics.check(claimed)?;
    let plan = Arc::new(Plan::of(builder.diagnostics, block, name)?);
    let area = Area::open(builder.memory, name, written.rules.min);
    let states = States::open(builder.memory, name, &plan);
    let (area, states) = match area.and_then(|area| Ok((area, states?))) {
        Ok(opened) => opened,
        Err(error) => {
            builder.no_memory(name, &error);
            return None;
        }
    };
    let keyed = match keyed(builder, written, &area) {
        Ok(keyed) => keyed,
        Err(error) => {
            let message = format!("zone \"{name}\" cannot be used: {error}");
            let problem = Diagnostic::error(written.span, message);
            builder.diagnostics.push(problem);
            return None;
        }
    };
    let zone = Arc::new(Zone {
        name: name.clone(),
        rules: written.rules,
        interval: written.interval,
        area,
        keyed,
        plan,
        states,
    });
    let evaluation = Evaluation::new(Arc::clone(&zone), written.stale);
    builder.chores.push(Box::new(evaluation));
    Some(zone)
}

fn keyed(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    area: &Area,
) -> Result<Option<Keyed>, Unusable> {
    let Some(key) = &written.key else {
        return Ok(None);
    };
    let windows = Windows::new(windows(builder.memory, written)?);
    if matches!(builder.memory.role(), Role::Worker(_)) {
        windows.begin(area);
    }
    let key = builder.template(key);
    Ok(Some(Keyed { key, windows }))
}

/// The kind of the memory of windows.
const KIND: &str = "backpressure_keys";

fn windows(memory: &mut dyn Memory, written: &ZoneWritten) -> Result<zone::Zone, Unusable> {
    let (name, size) = (&written.name, written.size);
    let schema = Arc::new(keyed::schema());
    // What has no room is decided about with each request, see `keyed`.
    let overflow = Overflow::default();
    Geometry::of_zone(size, &schema)?;
    match (memory.role(), memory.existing(KIND, name)) {
        (Role::Worker(_), Some(memory)) => zone::Zone::attach(&memory, schema),
        (Role::Worker(_), None) => Err(Unusable::Memory(io::ErrorKind::NotFound.into())),
        (Role::Master, Some(before)) => {
            match zone::Zone::adopt(&before, size, Arc::clone(&schema), &overflow) {
                Err(Unusable::Corrupt(reason)) => {
                    log::error!(
                        "backpressure zone \"{name}\" is damaged ({reason}) and starts empty"
                    );
                    let memory = memory.create(KIND, name, size)?;
                    zone::Zone::create(&memory, size, schema, &overflow)
                }
                adopted => adopted.map(|(zone, _)| zone),
            }
        }
        (Role::Check, _) | (Role::Master, None) => {
            let memory = memory.create(KIND, name, size)?;
            zone::Zone::create(&memory, size, schema, &overflow)
        }
    }
}
