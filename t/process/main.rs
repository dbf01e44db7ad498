//! Tests of processes and load: what no single block of a `.t` file can show.

#[path = "../harness/mod.rs"]
mod harness;

mod harness_itself;
