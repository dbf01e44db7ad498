//! Limits over several workers: how fast requests come, how many are under way, how fast responses leave; for clients that
//! leave, and while workers die.

mod beside;
mod judges;
mod number;
mod rate;
mod speed;

const WORKERS: usize = 4;
