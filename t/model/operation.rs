//! What can be done to a zone, as data: the property test and the fuzzer play the same operations.

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// One sample for a key.
    Update { handle: Handle, key: u16, value: i8 },
    /// One sample for each of several keys in a row, which makes a zone overflow quickly.
    Fill { first: u16, keys: u8, value: i8 },
    /// Looks a key up.
    Read { handle: Handle, key: u16 },
    /// Looks at all keys.
    List,
    /// A newer configuration.
    Adopt {
        size: u8,
        schema: u8,
        expire: bool,
        discard_key: u8,
    },
}

/// Which configuration's process does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// That of the last configuration.
    New,
    /// That of the one before, still draining.
    Old,
}

/// The sizes a zone may get.
pub(crate) const SIZES: &[usize] = &[32768, 40000, 65536];

/// The metrics a zone may get: the same, others, in another order, with other parameters.
pub(crate) const SCHEMAS: &[&[(&str, &[&str])]] = &[
    &[("c", &["count"]), ("g", &["gauge"])],
    &[
        ("c", &["count"]),
        ("g", &["gauge"]),
        ("l", &["last"]),
        ("n", &["min"]),
        ("x", &["max"]),
        ("e", &["average exp", "factor=50"]),
        ("m", &["average mean", "count=3"]),
        ("h", &["histogram", "10", "-5", "+Inf"]),
    ],
    &[
        ("h", &["histogram", "10", "-5", "inf"]),
        ("x", &["min"]),
        ("c", &["count"]),
    ],
    &[
        ("m", &["average mean", "count=3"]),
        ("e", &["average exp", "factor=90"]),
        ("c", &["count"]),
    ],
    &[("z", &["last"])],
];

/// The discard keys a zone may get; one of them is also an ordinary key's name.
pub(crate) const DISCARD_KEYS: &[Option<&str>] = &[None, Some("old"), Some("k7")];

/// The bytes of a key: many short ones, some that spill into further slots, some too long to be kept whole.
pub(crate) fn key(number: u16) -> Vec<u8> {
    let mut key = format!("k{number}").into_bytes();
    match number % 16 {
        13 => key.resize(41, b'.'),
        14 => key.resize(100, b'.'),
        15 => key.resize(255 + usize::from(number % 3), b'.'),
        _ => {}
    }
    key
}

impl Operation {
    /// One operation out of six bytes, for the fuzzer.
    #[allow(
        dead_code,
        reason = "each of the two users makes operations in its own way"
    )]
    pub(crate) fn from_bytes(bytes: [u8; 6]) -> Self {
        let [what, a, b, c, d, e] = bytes;
        let handle = if e & 1 == 0 { Handle::New } else { Handle::Old };
        let key = u16::from_le_bytes([a, b]) % 600;
        match what % 8 {
            0..=2 => Self::Update {
                handle,
                key,
                value: c as i8,
            },
            3 | 4 => Self::Fill {
                first: key,
                keys: c,
                value: d as i8,
            },
            5 => Self::Read { handle, key },
            6 => Self::List,
            _ => Self::Adopt {
                size: a,
                schema: b,
                expire: c & 1 == 0,
                discard_key: d,
            },
        }
    }
}
