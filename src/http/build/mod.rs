//! How a configuration becomes a plan: modules declare, the builder resolves names to indexes.

pub mod availability;
pub mod builder;
pub mod content;
pub mod lifecycle;
pub mod listeners;
pub mod location_tree;
pub mod memory;
pub mod module;
mod server_parts;
pub mod settings;
pub mod written;
