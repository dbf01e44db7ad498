//! A cell that holds a float or nothing, changed by compare-and-swap.

use super::Assignment;
use crate::os::atomic::{AtomicU64, Ordering::Relaxed};

/// The bits of a cell without a value; as a float they would be not-a-number, which is never stored.
pub(super) const UNSET: u64 = u64::MAX;

/// The value in a cell's bits. Not-a-number and infinities, which only damage can bring, are nothing.
pub(super) fn value(bits: u64) -> Option<f64> {
    let value = f64::from_bits(bits);
    value.is_finite().then_some(value)
}

/// Replaces a cell's value by what `change` makes of it, as one step; no result: the cell stays.
pub(super) fn update(cell: &AtomicU64, change: impl Fn(Option<f64>) -> Option<f64>) {
    let next = |bits| change(value(bits)).map(|value| finite(value).to_bits());
    let _unchanged = cell.fetch_update(Relaxed, Relaxed, next);
}

/// Changes a copy of a cell; one without a value is changed as if it held zero.
pub(super) fn assign(cell: &mut u64, assignment: Assignment) {
    let present = value(*cell).unwrap_or(0.0);
    let next = match assignment {
        Assignment::Set(value) => value,
        Assignment::Add(amount) => present + amount,
        Assignment::Increment => present + 1.0,
    };
    *cell = finite(next).to_bits();
}

/// Adds to a cell's value.
pub(super) fn add(cell: &AtomicU64, amount: f64) {
    update(cell, |sum| Some(sum.unwrap_or(0.0) + amount));
}

/// The nearest number that can be stored.
pub(super) fn finite(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f64::MIN, f64::MAX)
    }
}

/// By how much counts have grown; all of one that began anew.
pub(super) fn counts_since(now: &[u64], before: &[u64]) -> Vec<u64> {
    let grown = |(now, before): (&u64, &u64)| now.checked_sub(*before).unwrap_or(*now);
    now.iter().zip(before).map(grown).collect()
}

/// By how much a sum has changed.
pub(super) fn sum_since(now: u64, before: u64) -> u64 {
    let number = |bits| value(bits).unwrap_or(0.0);
    finite(number(now) - number(before)).to_bits()
}
