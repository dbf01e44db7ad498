//! Writer 2: a Prometheus page made from the status tree by the rules of a template.
//!
//! A template is compiled once into [`Rules`] (which path belongs to which statement) and
//! [`Families`] (which statements share a metric name). A scrape is one [`walk`]; whoever answers
//! it evaluates the labels of each match and gives the line to the [`Page`], which prints the
//! families in the order of the template and refuses what a scraper could not read: one bad line
//! would cost the whole scrape, and clients choose the keys that end up in labels.

mod page;
mod rules;
mod sample;
mod text;
mod walk;

pub use page::{Families, Page, Refusal, Refused, Statement};
pub use rules::{Case, Path, Rules};
pub use sample::{is_metric_name, is_number, is_sample, is_type};
pub use text::{escape_help, escape_label, value_text};
pub use walk::{Match, walk};

#[cfg(test)]
mod tests;
