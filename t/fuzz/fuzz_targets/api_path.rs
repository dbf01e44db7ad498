//! Any request path, against a tree with awkward names: it is cut into names and walked without a
//! panic, what is found is JSON, and a key written with every byte percent-encoded finds itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::status::json::{self, Dates, Format, Rows};
use pingauge::status::{Node, Tree, path};

fuzz_target!(|raw: &[u8]| {
    let split = raw.len() / 2;
    let (prefix, rest) = raw.split_at(split);
    if let Some(rest) = path::after(raw, prefix) {
        assert!(raw.ends_with(rest));
    }
    let names = path::segments(raw);
    assert!(names.iter().all(|name| !name.is_empty()));

    let mut tree = Tree::new();
    tree.declare(&["status", "http"]);
    let place = tree.place(&["status", "key"]);
    let key = Node::object(vec![(rest, Node::object(vec![(prefix, Node::from(raw))]))]);
    let filled = [(place, key)];
    let root = tree.root_with(&filled);

    root.find(&names, |node| node.map(|node| read_back(&node)));
    root.find(&["status", "key"], |node| {
        read_back(&node.expect("the place is filled"))
    });
    let encoded = format!("/status//key/{}", encoded(rest));
    root.find(&path::segments(encoded.as_bytes()), |node| {
        assert!(node.is_some(), "{encoded}")
    });
});

fn encoded(name: &[u8]) -> String {
    name.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fn read_back(node: &Node<'_>) {
    for (pretty, dates) in [(true, Dates::Iso), (false, Dates::Epoch)] {
        let mut out = Vec::new();
        let rows = Rows::Shown;
        let format = Format { pretty, dates, rows };
        json::serialize(node, format, &mut out)
            .expect("a vector takes everything");
        serde_json::from_slice::<serde_json::Value>(&out).expect("what is written is JSON");
    }
}
