//! Until when an entry may be given: the only thing in a file that changes.
//!
//! It stands there twice, and the older one is written, so that a write that was cut leaves the other.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::words::number;
use crate::cache::freshness::Freshness;

const START: usize = 64;
const SLOT: usize = 40;
/// Of a slot, without its checksum.
const SUMMED: usize = SLOT - 8;
/// Where the head goes on.
pub(super) const END: usize = START + 2 * SLOT;

/// What a slot says, if it holds: its sequence and the times.
fn slot(bytes: &[u8], nonce: u64) -> Option<(u64, Freshness)> {
    let sum = xxh3_64_with_seed(&bytes[..SUMMED], nonce);
    let says = Freshness {
        fresh: number(bytes, 8),
        updating: number(bytes, 16),
        error: number(bytes, 24),
    };
    (number(bytes, SUMMED) == sum).then(|| (number(bytes, 0), says))
}

fn slots(area: &[u8], nonce: u64) -> [Option<(u64, Freshness)>; 2] {
    [
        slot(&area[..SLOT], nonce),
        slot(&area[SLOT..2 * SLOT], nonce),
    ]
}

/// The later times of a head that is as long as it must be; those of an entry that has expired if neither holds.
pub(super) fn read(head: &[u8], nonce: u64) -> Freshness {
    let slots = slots(&head[START..END], nonce).into_iter().flatten();
    let latest = slots.max_by_key(|(sequence, _)| *sequence);
    latest.map_or_else(Freshness::default, |(_, freshness)| freshness)
}

/// Writes the first times into a head.
pub(super) fn write(head: &mut [u8], nonce: u64, freshness: Freshness) {
    head[START..START + SLOT].copy_from_slice(&written(1, nonce, freshness));
}

/// Writes times that take the place of those of a file.
pub(super) fn renew(file: &File, nonce: u64, freshness: Freshness) -> io::Result<()> {
    let mut area = [0; 2 * SLOT];
    file.read_exact_at(&mut area, START as u64)?;
    let sequence = |place: usize| slots(&area, nonce)[place].map_or(0, |(sequence, _)| sequence);
    let older = usize::from(sequence(0) > sequence(1));
    let next = sequence(0).max(sequence(1)).saturating_add(1);
    let place = START + older * SLOT;
    file.write_all_at(&written(next, nonce, freshness), place as u64)
}

fn written(sequence: u64, nonce: u64, freshness: Freshness) -> [u8; SLOT] {
    let Freshness {
        fresh,
        updating,
        error,
    } = freshness;
    let mut bytes = [0; SLOT];
    for (word, number) in bytes
        .chunks_exact_mut(8)
        .zip([sequence, fresh, updating, error])
    {
        word.copy_from_slice(&number.to_le_bytes());
    }
    let sum = xxh3_64_with_seed(&bytes[..SUMMED], nonce);
    bytes[SUMMED..].copy_from_slice(&sum.to_le_bytes());
    bytes
}
