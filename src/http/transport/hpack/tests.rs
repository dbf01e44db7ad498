//! Blocks, and what h2 is given instead of them. Another judge stands in for h2, whose table must stay the same.

use proptest::prelude::*;

use super::*;

/// How a field is written.
#[derive(Clone, Debug)]
enum Written {
    Number(usize),
    Literal {
        is_remembered: bool,
        is_coded: bool,
        name: Name,
        value: Vec<u8>,
    },
    Limit(usize),
}

#[derive(Clone, Debug)]
enum Name {
    Number(usize),
    Text(Vec<u8>),
}

fn put_integer(out: &mut Vec<u8>, first: u8, bits: u8, number: usize) {
    let mask = (1usize << bits) - 1;
    if number < mask {
        return out.push(first | number as u8);
    }
    out.push(first | mask as u8);
    let mut more = number - mask;
    while more >= 0x80 {
        out.push(more as u8 | 0x80);
        more >>= 7;
    }
    out.push(more as u8);
}

fn put_string(out: &mut Vec<u8>, text: &[u8], is_coded: bool) {
    match is_coded {
        true => {
            let coded = huffman::tests::encode(text);
            put_integer(out, HUFFMAN, 7, coded.len());
            out.extend_from_slice(&coded);
        }
        false => put_text(out, text),
    }
}

fn block(fields: &[Written]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields {
        match field {
            Written::Number(number) => put_integer(&mut out, INDEXED, 7, *number),
            Written::Limit(most) => put_integer(&mut out, LIMIT, 5, *most),
            Written::Literal {
                is_remembered,
                is_coded,
                name,
                value,
            } => {
                let (first, bits) = if *is_remembered {
                    (REMEMBERED, 6)
                } else {
                    (0, 4)
                };
                match name {
                    Name::Number(number) => put_integer(&mut out, first, bits, *number),
                    Name::Text(name) => {
                        out.push(first);
                        put_string(&mut out, name, *is_coded);
                    }
                }
                put_string(&mut out, value, *is_coded);
            }
        }
    }
    out
}

fn literal(name: &str, value: &str) -> Written {
    Written::Literal {
        is_remembered: true,
        is_coded: false,
        name: Name::Text(name.into()),
        value: value.into(),
    }
}

const GET: [Written; 3] = [Written::Number(2), Written::Number(7), Written::Number(4)];

fn get(rest: &[Written]) -> Vec<u8> {
    block(&[&GET, rest].concat())
}

fn fault(verdict: &Verdict) -> Option<Fault> {
    match verdict {
        Verdict::Replaced(_, malformed) => malformed.as_ref().map(|one| one.fault),
        _ => None,
    }
}

/// A judge, and one in the place of h2 that is given what the first lets on.
struct Pair(Judge, Judge);

impl Pair {
    fn new() -> Self {
        Self(Judge::new(1 << 16), Judge::new(1 << 16))
    }

    /// What the first says; the other finds only what it was meant to find, and remembers as much.
    fn judge(&mut self, block: &[u8], is_later: bool) -> Verdict {
        let verdict = self.0.judge(block, is_later, None);
        let seen = match &verdict {
            Verdict::Fine => block,
            Verdict::Replaced(other, _) => other,
            _ => return verdict,
        };
        let other = self.1.judge(seen, is_later, None);
        match fault(&verdict) {
            None => assert_eq!(other, Verdict::Fine, "{seen:?}"),
            // All that is wrong by then is the last field.
            Some(_) => assert_eq!(fault(&other), Some(Fault::OfConnection)),
        }
        self.assert_same();
        verdict
    }

    fn assert_same(&self) {
        for place in 0.. {
            match (self.0.table.get(place), self.1.table.get(place)) {
                (None, None) => return,
                (Some(own), Some(other)) => {
                    assert_eq!(own.size(), other.size());
                    assert!(other.fault.is_none() && !other.is_replaced);
                    if !own.is_replaced {
                        assert_eq!((own.name(), own.value()), (other.name(), other.value()));
                    }
                }
                _ => panic!("one remembers more than the other"),
            }
        }
    }
}

#[test]
fn what_h2_understands_is_left_as_it_is() {
    let mut pair = Pair::new();
    let first = get(&[literal("x-a", "1"), literal("te", "trailers")]);
    assert_eq!(pair.judge(&first, false), Verdict::Fine);
    assert_eq!(
        pair.judge(&get(&[Written::Number(62), Written::Number(63)]), false),
        Verdict::Fine
    );
    assert_eq!(
        pair.judge(&block(&[literal("x-b", "2")]), true),
        Verdict::Fine
    );
    let connect = block(&[
        literal(":method", "CONNECT"),
        literal(":authority", "a.test:1"),
    ]);
    assert_eq!(pair.judge(&connect, false), Verdict::Fine);
}

#[test]
fn each_fault_ends_its_stream_alone() {
    for (field, wanted) in [
        (literal("x-a", "b\u{1}"), Fault::Value),
        (literal("x-a", "b\r\nc: d"), Fault::Value),
        (literal("X-A", "b"), Fault::Name),
        (literal("", "b"), Fault::Name),
        (literal(":method", "GET"), Fault::Repeated),
        (literal(":authority", "a b"), Fault::Part),
        (literal(":new", ""), Fault::Unknown),
        (literal(":status", "200"), Fault::Unknown),
        (literal("connection", "close"), Fault::OfConnection),
        (Written::Number(57), Fault::OfConnection),
    ] {
        let mut pair = Pair::new();
        let verdict = pair.judge(&get(&[field.clone(), literal("x-c", "d")]), false);
        assert_eq!(fault(&verdict), Some(wanted), "{field:?}");
        let Verdict::Replaced(_, Some(malformed)) = verdict else {
            panic!()
        };
        assert_eq!(
            (&malformed.method[..], &malformed.path[..]),
            (&b"GET"[..], &b"/"[..])
        );
        // Others go on, with all numbers.
        assert_eq!(
            pair.judge(&get(&[Written::Number(62)]), false),
            Verdict::Fine
        );
        let is_own = wanted != Fault::Repeated;
        assert_eq!(fault(&pair.judge(&block(&[field]), true)).is_some(), is_own);
    }
}

#[test]
fn what_is_missing_or_out_of_place_is_found() {
    let mut pair = Pair::new();
    assert_eq!(
        fault(&pair.judge(&block(&GET[..2]), false)),
        Some(Fault::Missing)
    );
    assert_eq!(
        fault(&pair.judge(&block(&GET[1..]), false)),
        Some(Fault::Missing)
    );
    let late = block(&[&[literal("x-a", "1")], &GET[..]].concat());
    assert_eq!(fault(&pair.judge(&late, false)), Some(Fault::Misplaced));
    assert_eq!(pair.judge(&block(&GET[..1]), true), Verdict::Fine);
    let verdict = Judge::new(1 << 16).judge(&get(&[]), false, Some(Fault::Dependency));
    assert_eq!(fault(&verdict), Some(Fault::Dependency));
}

#[test]
fn a_good_name_of_a_bad_field_can_be_used_again() {
    let mut pair = Pair::new();
    assert!(fault(&pair.judge(&get(&[literal("x-a", "b\u{1}")]), false)).is_some());
    for is_remembered in [false, true] {
        let again = Written::Literal {
            is_remembered,
            is_coded: true,
            name: Name::Number(62),
            value: b"good".to_vec(),
        };
        let verdict = pair.judge(&get(&[again]), false);
        assert!(matches!(verdict, Verdict::Replaced(_, None)), "{verdict:?}");
    }
    assert_eq!(
        pair.judge(&get(&[Written::Number(62)]), false),
        Verdict::Fine
    );
    assert!(fault(&pair.judge(&get(&[Written::Number(63)]), false)).is_some());
}

#[test]
fn a_part_that_came_at_a_wrong_place_is_good_at_another() {
    let mut pair = Pair::new();
    let authority = literal(":authority", "a.test");
    assert!(fault(&pair.judge(&get(&[literal("x-a", "1"), authority]), false)).is_some());
    let verdict = pair.judge(&get(&[Written::Number(62)]), false);
    assert!(matches!(verdict, Verdict::Replaced(_, None)), "{verdict:?}");
}

#[test]
fn damage_is_told_from_faults() {
    let long = [0x40, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let cut = [0x40, 5, b'a'];
    for damaged in [
        &[0x80][..],
        &[0xbe],
        &[0x3f, 0xe2, 0x1f],
        &[0x82, 0x20],
        &long,
        &cut,
        &[0x40],
    ] {
        let verdict = Judge::new(1 << 16).judge(damaged, false, None);
        assert_eq!(verdict, Verdict::Damaged, "{damaged:x?}");
    }
    let mut many = vec![literal("x-a", &"b".repeat(4000))];
    many.extend((0..100).map(|_| Written::Number(62)));
    assert_eq!(
        Judge::new(1 << 14).judge(&get(&many), false, None),
        Verdict::TooLarge
    );
}

fn name() -> impl Strategy<Value = Name> {
    let text = prop_oneof![
        Just(":method"),
        Just(":path"),
        Just(":authority"),
        Just(":x"),
        Just("x-a"),
        Just("X"),
        Just(""),
        Just("te"),
        Just("connection"),
        Just("a long name for a field"),
    ];
    prop_oneof![
        (1usize..70).prop_map(Name::Number),
        text.prop_map(|text| Name::Text(text.into()))
    ]
}

fn written() -> impl Strategy<Value = Written> {
    let value = prop_oneof![
        Just(b"".to_vec()),
        Just(b"/a".to_vec()),
        Just(b"\x01".to_vec()),
        Just(vec![b'v'; 700]),
        Just(b"GET".to_vec()),
    ];
    let literal = (any::<bool>(), any::<bool>(), name(), value);
    prop_oneof![
        (1usize..70).prop_map(Written::Number),
        literal.prop_map(|(is_remembered, is_coded, name, value)| {
            Written::Literal {
                is_remembered,
                is_coded,
                name,
                value,
            }
        }),
    ]
}

proptest! {
    #[test]
    fn both_remember_the_same(
        blocks in prop::collection::vec((prop::collection::vec(written(), 0..6), any::<bool>(), 0usize..4), 1..12),
    ) {
        let mut pair = Pair::new();
        for (fields, is_later, limit) in blocks {
            let before = [&[Written::Limit(4096 >> (4 * limit))][..], &fields].concat();
            let fields = if limit == 3 { before } else { fields };
            let whole = [&GET[..], &fields].concat();
            let bytes = match (is_later, limit) {
                (true, _) | (_, 3) => block(&fields),
                _ => block(&whole),
            };
            if pair.judge(&bytes, is_later) == Verdict::Damaged {
                break;
            }
        }
    }

    #[test]
    fn any_bytes_are_judged(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6)) {
        let mut pair = Pair::new();
        for bytes in blocks {
            if pair.judge(&bytes, false) == Verdict::Damaged {
                break;
            }
        }
    }
}
