//! Opens the zones of a configuration: what is declared becomes memory that all processes share.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::area::{Area, Configuration};
use super::evaluation::{Evaluation, StandIn};
use super::gate;
use super::kept::Kept;
use super::keyed::Windows;
use super::rules::Verdict;
use super::search::Thoroughness;
use super::signal::{Plan, States};
use super::zone::{Keyed, Zone};
use super::zone_directive::ZoneWritten;
use super::{Registry, USE};
use crate::conf::{Diagnostic, Scope};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::modules::proxy;

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
    let plan = Arc::new(plan(builder, written, block)?);
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
        stale: written.stale,
        configuration: configuration(builder.generation, written, &plan),
        area,
        keyed,
        lasting,
        plan,
        states,
    });
    let evaluation = Evaluation::new(Arc::clone(&zone));
    builder.chores.push(Box::new(evaluation));
    let stand_in = StandIn::new(Arc::clone(&zone));
    builder.worker_chores.push(Box::new(stand_in));
    Some(zone)
}

/// The signals of a zone; nothing if they are not in order, which is reported.
fn plan(builder: &mut Builder<'_>, written: &ZoneWritten, block: &Scope) -> Option<Plan> {
    let zone = (written.name.as_str(), written.span);
    let plan = Plan::of(builder.diagnostics, block, zone)?;
    let hidden = proxy::hidden(builder);
    plan.warn_of_upstreams(builder.diagnostics, &hidden);
    are_fresh(builder, written, &plan).then_some(plan)
}

/// What the signals of a zone are evaluated by.
fn configuration(generation: u64, written: &ZoneWritten, plan: &Plan) -> Configuration {
    let (rules, interval, stale) = (written.rules, written.interval, written.stale);
    let (monitor, signals) = (plan.monitor(), plan.identity());
    let text = format!("{rules:?} {interval:?} {stale:?} {monitor:?} {signals}");
    Configuration {
        identity: xxh3_64(text.as_bytes()) | 1,
        generation,
    }
}

/// Whether values are there again before they are stale; that they are not is reported.
fn are_fresh(builder: &mut Builder<'_>, written: &ZoneWritten, plan: &Plan) -> bool {
    let interval = u64::try_from(written.interval.as_millis()).unwrap_or(u64::MAX / 4);
    let Some((signal, gap)) = plan.slowest(interval) else {
        return true;
    };
    let is_fresh = gap < written.stale.after;
    if !is_fresh {
        let message = format!("signal \"{signal}\" is stale before it is evaluated again");
        let help = format!(
            "up to {gap}ms pass between two of its values: write a longer \"stale\" or a shorter \"interval\""
        );
        let problem = Diagnostic::error(written.at_time, message);
        builder.diagnostics.push(problem.with_help(help));
    }
    is_fresh
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
    let windows = Windows::new(kept, Thoroughness::Few);
    if is_from_file {
        windows.clear();
    }
    if matches!(builder.memory.role(), Role::Worker(_)) {
        windows.begin(area);
    }
    let key = builder.template(key);
    (Some(Keyed { key, windows }), None)
}
