//! Opens the zones of a configuration: what is declared becomes memory that all processes share.

use std::sync::Arc;

use super::area::Area;
use super::evaluation::Evaluation;
use super::gate;
use super::kept::Kept;
use super::keyed::Windows;
use super::rules::Verdict;
use super::signal::{Plan, States};
use super::zone::{Keyed, Zone};
use super::zone_directive::ZoneWritten;
use super::{Registry, USE};
use crate::conf::{Diagnostic, Scope};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;

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
    let memory = match Kept::open(builder, written) {
        Ok(memory) => memory,
        Err(error) => {
            let message = format!("zone \"{name}\" cannot be used: {error}");
            let problem = Diagnostic::error(written.span, message);
            builder.diagnostics.push(problem);
            return None;
        }
    };
    let (keyed, lasting) = windows(builder, written, &area, memory);
    let zone = Arc::new(Zone {
        name: name.clone(),
        rules: written.rules,
        interval: written.interval,
        area,
        keyed,
        lasting,
        plan,
        states,
    });
    let evaluation = Evaluation::new(Arc::clone(&zone), written.stale);
    builder.chores.push(Box::new(evaluation));
    Some(zone)
}

/// What the memory of a zone is for: windows of keys, or the one window that lasts.
fn windows(
    builder: &mut Builder<'_>,
    written: &ZoneWritten,
    area: &Area,
    memory: Option<(Arc<Kept>, bool)>,
) -> (Option<Keyed>, Option<Arc<Kept>>) {
    let Some((kept, is_from_file)) = memory else {
        return (None, None);
    };
    let Some(key) = &written.key else {
        if let Some(window) = kept.window().filter(|_| is_from_file) {
            let within = written.rules.after_evaluation(window, Verdict::CALM);
            gate::resize(area.gate(), |_| within);
        }
        return (None, Some(kept));
    };
    let windows = Windows::new(kept);
    if is_from_file {
        windows.clear();
    }
    if matches!(builder.memory.role(), Role::Worker(_)) {
        windows.begin(area);
    }
    let key = builder.template(key);
    (Some(Keyed { key, windows }), None)
}
