//! Writer 2: a Prometheus page made from the status tree by the rules of a template.
//!
//! A template is compiled once into [`Rules`] (which path belongs to which statement) and
//! [`Families`] (which statements share a metric name). A [`Scrape`] walks the tree; whoever answers it
//! evaluates the labels of each match. The page prints the families in the order of the template and
//! refuses what a scraper could not read: one bad line would cost the whole scrape, and clients choose
//! the keys that end up in labels. Memory is bounded, however many lines statements make.

mod distinct;
mod families;
mod format;
mod lint;
mod outlook;
mod page;
mod rules;
mod sample;
mod scrape;
mod seen;
mod syntax;
mod taken;
mod text;
mod walk;
mod wanted;

pub use distinct::{Piece, is_distinct};
pub use families::{Families, Section, Statement};
pub use format::{Format, canonical_number};
pub use lint::objections_to;
pub use page::{Line, Page, Refused, Summary};
pub use rules::{Case, Path, Rules};
pub use sample::{is_label_name, is_metric_name, is_number, is_sample, is_type, labels};
pub use scrape::{Bounds, Evaluate, Scrape};
pub use syntax::{Labels, Syntax};
pub use text::{escape_help, escape_label, is_exact, unbroken, value_text};
pub use walk::{Match, PLACES, walk};
pub use wanted::Wanted;

#[cfg(test)]
mod tests;
