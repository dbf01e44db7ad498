//! The keys that are updated, and in which order.

/// The key of a number: 39 bytes, as a typical host, method, path and class of status together.
pub(crate) fn key(number: u64) -> Vec<u8> {
    format!("h{number:09}.example.com|GET|/api/v1|2xx.").into_bytes()
}

/// A sequence of numbers below a limit, always the same for a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed * 2 + 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// How the next key is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Always the same one.
    Hot,
    /// The n-th key about a n-th as often as the first.
    Zipf,
    /// All alike.
    Uniform,
}

impl Order {
    /// Which of `keys` keys to update, one after another; to be repeated.
    pub(crate) fn sequence(self, keys: u64, seed: u64) -> Vec<u32> {
        let mut random = Random::new(seed + 77);
        (0..1 << 10).for_each(|_| {
            random.below(1);
        });
        match self {
            Self::Hot => vec![7; 1 << 10],
            Self::Uniform => (0..1 << 20).map(|_| random.below(keys) as u32).collect(),
            Self::Zipf => {
                let mut sum = 0.0;
                let weights = (1..=keys).map(|rank| {
                    sum += 1.0 / rank as f64;
                    sum
                });
                let weights: Vec<f64> = weights.collect();
                let mut pick = || {
                    let at = random.below(1 << 53) as f64 / (1u64 << 53) as f64 * sum;
                    weights.partition_point(|weight| *weight < at) as u32
                };
                (0..1 << 20).map(|_| pick()).collect()
            }
        }
    }
}
