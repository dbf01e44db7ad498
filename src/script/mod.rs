//! Scripts: JavaScript as QuickJS runs it, without a word of HTTP.
#![forbid(unsafe_code)]

pub mod library;
