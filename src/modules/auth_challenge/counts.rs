//! What became of challenges, counted for each origin in memory that all workers share, and shown in the
//! status tree.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::http::build::builder::Builder;
use crate::os::SharedMemory;
use crate::status::{
    Branch, MOUNT, Mount, Node,
    Since::{Now, Start},
    node as row,
};

/// The counts of one origin.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Option<Arc<SharedMemory>>);

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    /// Responses of 401.
    Challenges,
    /// Tokens that were fetched.
    Tokens,
    /// Challenges that there was no answer to, and answers that were not taken.
    Errors,
}

const NAMES: [(&str, Count); 3] = [
    ("challenges", Count::Challenges),
    ("tokens", Count::Tokens),
    ("errors", Count::Errors),
];

/// All counts of a configuration, by the origin.
#[derive(Default)]
pub(super) struct All(Vec<(String, Counts)>);

impl Counts {
    /// Those of this origin.
    pub(super) fn of(builder: &mut Builder<'_>, origin: &str) -> Self {
        let mut known = builder.thing::<All>().0.iter();
        if let Some((_, counts)) = known.find(|(name, _)| name == origin) {
            return counts.clone();
        }
        let bytes = NAMES.len() * size_of::<u64>();
        let counts = match builder.memory.counters("proxy_auth", origin, bytes) {
            Ok(memory) => Self(Some(memory)),
            Err(error) => {
                builder.no_memory(origin, &error);
                return Self::default();
            }
        };
        let all = &mut builder.thing::<All>().0;
        all.push((origin.to_owned(), counts.clone()));
        counts
    }

    /// One more.
    pub(super) fn add(&self, count: Count) {
        if let Some(word) = self.word(count) {
            word.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn word(&self, count: Count) -> Option<&crate::os::atomic::AtomicU64> {
        self.0.as_ref()?.words().get(count as usize)
    }

    fn node(&self) -> Node<'static> {
        let value = |count| {
            self.word(count)
                .map_or(0, |word| word.load(Ordering::Relaxed))
        };
        let members = NAMES.map(|(name, count)| (name, Node::from(value(count))));
        Node::object(members.into())
    }
}

/// What it is.
pub(super) static STATUS: Mount = Mount {
    path: &["status", "http", "proxy_auths"],
    nodes: &[
        row(
            "",
            "",
            Now,
            "What became of `proxy_auth_challenge`; absent without it.",
        ),
        row("{origin}", "", Now, "One origin."),
        row(
            "{origin}/challenges",
            "responses",
            Start,
            "Responses that asked for credentials (401).",
        ),
        row(
            "{origin}/tokens",
            "tokens",
            Start,
            "Tokens that were fetched.",
        ),
        row(
            "{origin}/errors",
            "requests",
            Start,
            "Challenges that there was no answer to, and answers that were not taken.",
        ),
    ],
    ..MOUNT
};

/// Shows them.
pub(super) fn mount(builder: &mut Builder<'_>) {
    let all = std::mem::take(builder.thing::<All>());
    if !all.0.is_empty() {
        builder.tree.mount(STATUS.path, Box::new(all));
    }
}

impl Branch for All {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        let mut all = self.0.iter();
        let (_, counts) = all.find(|(own, _)| own.as_bytes() == name)?;
        Some(counts.node())
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0
            .iter()
            .try_for_each(|(name, counts)| visit(name.as_bytes(), counts.node()))
    }
}
