//! What can be done to a zone, as data: the property test and the fuzzer play the same operations.

use pingauge::metric::Assignment;
use pingauge::zone::Action;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// One sample for a key.
    Update { handle: Handle, key: u16, value: i8 },
    /// One sample for each of several keys in a row, which makes a zone overflow quickly.
    Fill { first: u16, keys: u8, value: i8 },
    /// Several changes at once, all or none.
    Change {
        handle: Handle,
        first: u16,
        keys: u8,
        /// What is to become of which keys, see [`wishes`].
        kind: u8,
        value: i8,
        creates: bool,
        /// Zero for no name.
        name: u8,
    },
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

/// What is wished for one key.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) key: Vec<u8>,
    pub(crate) action: Action,
    pub(crate) help: Option<Vec<u8>>,
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
    &[("g", &["gauge"])],
    &[("c", &["count"])],
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

/// The changes of one operation: keys in a row, every other one, or one key again and again; actions in turn.
pub(crate) fn wishes(first: u16, keys: u8, kind: u8, value: i8) -> Vec<Wish> {
    let number = f64::from(value);
    let actions = [
        Action::Create,
        Action::Put(number),
        Action::Assign(Assignment::Set(number)),
        Action::Assign(Assignment::Add(number)),
        Action::Assign(Assignment::Increment),
        Action::Remove,
    ];
    let wish = |place: u16| {
        let turn = usize::from(kind / 8) + usize::from(place) * usize::from(kind & 1);
        let stride = [1, 2, 1, 0][usize::from(kind / 2 % 4)];
        let length = usize::from(value.unsigned_abs()) * usize::from(place + 1);
        Wish {
            key: key(first + place * stride),
            action: actions[turn % actions.len()],
            help: (turn % 4 == 1).then(|| vec![b't'; length]),
        }
    };
    (0..u16::from(keys % 7)).map(wish).collect()
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
        match what % 10 {
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
            7 | 8 => Self::Change {
                handle,
                first: key,
                keys: e >> 5,
                kind: c,
                value: d as i8,
                creates: e & 2 == 0,
                name: e >> 2 & 7,
            },
            _ => Self::Adopt {
                size: a,
                schema: b,
                expire: c & 1 == 0,
                discard_key: d,
            },
        }
    }
}
