#![doc = include_str!("README.md")]

pub mod conf;
pub mod os;

pub mod metric;

pub mod status;

pub mod zone;

pub mod cache;

pub mod sessions;

pub mod script;

pub mod http;

pub mod modules;

pub mod clients;

pub mod server;
