//! Any sequence of operations leaves a zone and its model the same.

use proptest::prelude::*;

use crate::operation::{Handle, Operation};
use crate::pair::Pair;

fn operations() -> impl Strategy<Value = Operation> {
    let handle = || prop_oneof![Just(Handle::New), Just(Handle::Old)];
    prop_oneof![
        6 => (handle(), 0..600u16, any::<i8>())
            .prop_map(|(handle, key, value)| Operation::Update { handle, key, value }),
        4 => (0..600u16, any::<u8>(), any::<i8>())
            .prop_map(|(first, keys, value)| Operation::Fill { first, keys, value }),
        3 => (handle(), 0..600u16).prop_map(|(handle, key)| Operation::Read { handle, key }),
        3 => (handle(), 0..600u16, any::<u8>(), any::<u8>(), any::<i8>(), any::<bool>(), 0..6u8).prop_map(
            |(handle, first, keys, kind, value, creates, name)| {
                Operation::Change { handle, first, keys, kind, value, creates, name }
            }
        ),
        1 => Just(Operation::List),
        1 => (any::<u8>(), any::<u8>(), any::<bool>(), any::<u8>()).prop_map(
            |(size, schema, expire, discard_key)| Operation::Adopt { size, schema, expire, discard_key }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_zone_does_what_its_model_does(
        operations in proptest::collection::vec(operations(), 1..60),
    ) {
        let mut pair = Pair::new();
        for operation in &operations {
            pair.play(operation);
        }
        pair.compare();
    }
}
