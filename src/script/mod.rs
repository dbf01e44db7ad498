//! Scripts: JavaScript as QuickJS runs it, without a word of HTTP.
//!
//! There is one engine for each thread that serves (`engine.rs`). What a configuration imports is a `Program`, checked
//! and made ready as it is loaded (`program.rs`, `rewrite.rs`, `lexer.rs`). An *instance* is a program in the hands of
//! one request: modules of its own, and what it waits for (`instance.rs`, `operation.rs`). Instances have a *realm*
//! in common whose built-in objects nobody can change (`realm.rs`), so that none sees anything of another.
#![forbid(unsafe_code)]

pub mod engine;
pub mod fault;
pub mod instance;
mod lexer;
pub mod library;
pub mod operation;
pub mod path;
mod patience;
pub mod program;
mod reach;
mod realm;
mod rewrite;
#[cfg(test)]
mod tests;
