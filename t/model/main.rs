//! Zones held against a model, and against what may happen to them: several processes counting at once,
//! death at any instruction, a configuration that changes under load, memory full of nonsense.
//!
//! Tests that need processes start this very binary again, with a role in the environment and the zone's
//! memory as standard input.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod cache;
mod damage;
mod hostile;
mod model;
mod operation;
mod pair;
mod processes;
mod sessions;
mod sessions_pair;
mod zone_vs_map;
