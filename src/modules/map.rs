//! To be written.

use crate::http::module::{self, Module};

/// The feature.
pub static MODULE: Module = Module {
    name: "map",
    ..module::MODULE
};
