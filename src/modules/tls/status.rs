//! Certificates in the status tree: one entry for each file, with what it says about itself.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::inspect::{self, About, Name};
use super::pair::Pair;
use crate::http::build::builder::Builder;
use crate::status::{Branch, MOUNT, Mount, Node, Since::Now, Value, node as row};

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["certificates"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "Certificates that the server shows to clients.",
        ),
        row(
            "static",
            "",
            Now,
            "Those in files; absent where there are none.",
        ),
        row("static/{file}", "", Now, "A file, by its path."),
        row(
            "static/{file}/key",
            "text",
            Now,
            "The kind and size of the certificate's key.",
        ),
        row(
            "static/{file}/chain",
            "",
            Now,
            "What is in the file: the certificate, then those of its issuers.",
        ),
        row("static/{file}/chain/[]", "", Now, "One certificate."),
        row("static/{file}/chain/[]/subject", "", Now, "Whose it is."),
        row(
            "static/{file}/chain/[]/issuer",
            "",
            Now,
            "Who has signed it.",
        ),
        row(
            "static/{file}/chain/[]/{who}/common_name",
            "text",
            Now,
            "The common name of subject or issuer, as those below.",
        ),
        row(
            "static/{file}/chain/[]/{who}/country",
            "text",
            Now,
            "The country.",
        ),
        row(
            "static/{file}/chain/[]/{who}/state_or_province",
            "text",
            Now,
            "The state or province.",
        ),
        row(
            "static/{file}/chain/[]/{who}/organization",
            "text",
            Now,
            "The organization.",
        ),
        row(
            "static/{file}/chain/[]/{who}/alt_names",
            "",
            Now,
            "The other names that a certificate is for.",
        ),
        row(
            "static/{file}/chain/[]/{who}/alt_names/[]",
            "text",
            Now,
            "One of them.",
        ),
        row(
            "static/{file}/chain/[]/validity",
            "",
            Now,
            "For how long it is good.",
        ),
        row(
            "static/{file}/chain/[]/validity/since",
            "date",
            Now,
            "From when.",
        ),
        row(
            "static/{file}/chain/[]/validity/until",
            "date",
            Now,
            "Until when.",
        ),
    ],
    ..MOUNT
};

/// Shows the certificates of `pairs`.
pub(super) fn mount(builder: &mut Builder<'_>, pairs: Vec<Arc<Pair>>) {
    if !pairs.is_empty() {
        let files = Box::new(Files(pairs));
        builder.tree.mount(&["certificates", "static"], files);
    }
}

struct Files(Vec<Arc<Pair>>);

impl Files {
    /// The pairs under their names; of one file only the first.
    fn named(&self) -> impl Iterator<Item = (String, &Pair)> {
        let first = |(number, pair): &(usize, &Arc<Pair>)| {
            let mut before = self.0[..*number].iter();
            !before.any(|one| one.certificate == pair.certificate)
        };
        let all = self.0.iter().enumerate().filter(first);
        all.map(|(_, pair)| (pair.certificate.to_string_lossy().into_owned(), &**pair))
    }
}

impl Branch for Files {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut all = self.named();
        let (_, pair) = all.find(|(own, _)| own.as_bytes() == name)?;
        Some(node(pair))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        for (name, pair) in self.named() {
            visit(name.as_bytes(), node(pair))?;
        }
        ControlFlow::Continue(())
    }
}

fn node(pair: &Pair) -> Node<'static> {
    let current = pair.current();
    let chain = current.iter().flat_map(|current| &current.cert);
    let chain: Vec<About> = chain.filter_map(inspect::about).collect();
    let key = chain.first().map_or(String::new(), |own| own.key.clone());
    let chain = chain.into_iter().map(certificate).collect();
    Node::object(vec![("key", Node::from(key)), ("chain", Node::list(chain))])
}

fn certificate(about: About) -> Node<'static> {
    let validity = vec![("since", time(about.since)), ("until", time(about.until))];
    Node::object(vec![
        ("subject", name(about.subject, about.alternatives)),
        ("issuer", name(about.issuer, Vec::new())),
        ("validity", Node::object(validity)),
    ])
}

fn name(name: Name, alternatives: Vec<String>) -> Node<'static> {
    let mut members = Vec::new();
    let mut add = |member: &'static str, value: Option<String>| {
        members.extend(value.map(|value| (member, Node::from(value))));
    };
    add("common_name", name.common_name);
    add("country", name.country);
    add("state_or_province", name.state_or_province);
    add("organization", name.organization);
    if !alternatives.is_empty() {
        let all = alternatives.into_iter().map(Node::from).collect();
        members.insert(
            usize::from(!members.is_empty()),
            ("alt_names", Node::list(all)),
        );
    }
    Node::object(members)
}

fn time(seconds: i64) -> Node<'static> {
    Node::Value(Value::Time {
        seconds: u64::try_from(seconds).unwrap_or(0),
        milliseconds: 0,
    })
}
