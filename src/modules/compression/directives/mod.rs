//! The directives: what all codings have alike, and what is special about each.

pub(super) mod brotli;
pub(super) mod family;
pub(super) mod gzip;
pub(super) mod zstd;

use crate::conf::{Contexts, DirectiveSpec};
use crate::http::build::module;

const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

const TABLES: [&[DirectiveSpec]; 3] = [gzip::ROWS, brotli::ROWS, zstd::ROWS];

/// All of them.
pub(super) static ROWS: [DirectiveSpec; module::count(&TABLES)] = module::join(&TABLES);
