//! The side that is asked: the road to the servers behind us.

pub mod bridge;
pub mod exchange;
pub mod hooks;
pub mod reading;
