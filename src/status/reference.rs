//! What the tree shows, in words: each branch is mounted together with the description of its nodes.
//!
//! A branch may have any shape, so only a look at a running server tells whether everything in it is
//! described; `t/process/status_reference.rs` looks.

use std::fmt::Write;

/// A place of the tree, and what is to be known about everything below it.
#[derive(Debug)]
pub struct Mount {
    /// The names on the way to it.
    pub path: &'static [&'static str],
    /// Its nodes.
    pub nodes: &'static [NodeDoc],
    /// Nodes that others have as well, with where they are below the mount.
    pub within: &'static [(&'static str, &'static [NodeDoc])],
}

/// The defaults of a mount.
pub const MOUNT: Mount = Mount {
    path: &[],
    nodes: &[],
    within: &[],
};

/// What is to be known about a node.
#[derive(Debug)]
pub struct NodeDoc {
    /// Where it is below the mount. `{…}` stands for any name, `[]` for every element of a list.
    pub path: &'static str,
    /// What its value is, or counts; empty for an object.
    pub unit: &'static str,
    /// What a count begins with.
    pub since: Since,
    /// What it says.
    pub text: &'static str,
}

/// When a value begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// It tells the present, or what is configured.
    Now,
    /// With the server; it goes on over reloads for what keeps its name.
    Start,
    /// With the zone that holds it: over reloads, and over restarts if the zone is in a file.
    Zone,
    /// With every reload.
    Reload,
}

impl Since {
    /// Every value, with its word in the reference and what that means.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (
            Self::Now,
            "",
            "It tells the present, or what is configured: there is nothing to set back.",
        ),
        (
            Self::Start,
            "start",
            "It begins with 0 when the server starts, and goes on over reloads for what keeps its name.",
        ),
        (
            Self::Zone,
            "zone",
            "It lives as long as its zone: over reloads, and over restarts if the zone is in a file; it goes with its key.",
        ),
        (Self::Reload, "reload", "It begins anew with every reload."),
    ];

    fn word(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find(|(own, ..)| *own == self)
            .map_or("", |(_, word, _)| word)
    }
}

/// A row.
pub const fn node(
    path: &'static str,
    unit: &'static str,
    since: Since,
    text: &'static str,
) -> NodeDoc {
    NodeDoc {
        path,
        unit,
        since,
        text,
    }
}

impl Mount {
    /// Its rows, as a table in Markdown.
    pub fn write(&self, page: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "\n### /{}\n\n| path | value | since | meaning |\n|---|---|---|---|",
            self.path.join("/")
        );
        let within = self.within.iter();
        for (prefix, nodes) in [("", self.nodes)].into_iter().chain(within.copied()) {
            for node in nodes {
                let path = [prefix, node.path].join("/");
                let path = match path.trim_matches('/') {
                    "" => ".",
                    path => path,
                };
                let (unit, since) = (node.unit, node.since.word());
                let _ = writeln!(page, "| `{path}` | {unit} | {since} | {} |", node.text);
            }
        }
    }
}
