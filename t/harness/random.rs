//! Random choices that can be repeated.

/// Xorshift: the same numbers for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Begins with the seed that `SEED` names, or else a usual one, and says which.
    pub(crate) fn seeded() -> Self {
        let asked = std::env::var("SEED").ok();
        let seed = asked.and_then(|seed| seed.parse().ok()).unwrap_or(20_261);
        eprintln!("SEED={seed}");
        Self(seed.max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// One of `choices`.
    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
