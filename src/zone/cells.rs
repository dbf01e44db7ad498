//! What a change makes of a copy of a key's cells.

use crate::metric::{Assignment, Moment, Schema};
use crate::os::atomic::AtomicU64;

/// What the cells of a key hold that was made without a sample: zero where the number itself is stored.
pub(super) fn first_cells(schema: &Schema) -> Vec<u64> {
    let cells = schema.initial().collect();
    assign(schema, cells, Assignment::Set(0.0)).unwrap_or_else(|| schema.initial().collect())
}

/// Makes one metric's stored number another; nothing where that has no meaning.
pub(super) fn assign(
    schema: &Schema,
    mut cells: Vec<u64>,
    assignment: Assignment,
) -> Option<Vec<u64>> {
    match schema.metrics() {
        [metric] => metric
            .mode()
            .assign(&mut cells, assignment)
            .then_some(cells),
        _ => None,
    }
}

/// Makes the stored number this, or takes it as a sample.
pub(super) fn put(schema: &Schema, cells: Vec<u64>, value: f64, now: Moment) -> Vec<u64> {
    let set = assign(schema, cells.clone(), Assignment::Set(value));
    set.unwrap_or_else(|| {
        let cells: Vec<AtomicU64> = cells.into_iter().map(AtomicU64::new).collect();
        schema.record(&cells, value, now);
        cells.into_iter().map(AtomicU64::into_inner).collect()
    })
}
