//! The side that is asked: the road to the servers behind us.

pub mod addition;
pub mod copies;
pub mod exchange;
pub mod fetched;
pub mod head;
pub mod pulled;
pub mod resolver;
pub mod road;
pub mod wait;
mod whole_body;
