//! The status tree that everyone reads, and its two writers: JSON and Prometheus.
//!
//! A feature mounts a [`Branch`] in the [`Tree`] and appears in every output. Nothing is computed
//! before somebody asks: one key of a zone is one read of that key. This folder knows neither shared
//! memory nor HTTP; names and texts are arbitrary bytes here and become UTF-8 only in a writer.
#![forbid(unsafe_code)]

mod branches;
mod date;
pub mod json;
mod node;
pub mod path;
pub mod prometheus;
mod reference;
pub mod table;
mod tree;

pub use branches::{Elements, Field, Fields, Members, Named};
pub use node::{Branch, Items, NAMELESS, Node, Value};
pub use reference::{MOUNT, Mount, NodeDoc, Since, node};
pub use tree::{Place, Tree};
