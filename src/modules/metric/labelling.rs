//! `labels=` and `max_values=`: zones whose keys have a part for each label.

use crate::conf::{Diagnostic, Span, Word, nearest};
use crate::metric::{KEY_LIMIT, KeyWriter, MOST_LABELS};
use crate::status::prometheus::is_label_name;
use crate::zone::Overflow;

/// What is written of the labels of a zone.
#[derive(Default)]
pub(in crate::modules) struct Labelling {
    /// Their names, in order.
    pub(super) names: Vec<String>,
    /// How many values labels may have; the label as written, and the number.
    most: Vec<(Word, u64)>,
    /// The text of `discard_key`, which is each part of the discard key.
    pub(super) word: Option<Vec<u8>>,
}

/// How many values the label in a place may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub place: usize,
    pub most: u64,
}

impl Labelling {
    /// Takes a parameter; false when it is about something else.
    pub(super) fn option(&mut self, word: &Word) -> Result<bool, Diagnostic> {
        if let Some(names) = word.strip_prefix("labels=") {
            if !self.names.is_empty() {
                let message = "\"labels\" is given twice";
                return Err(Diagnostic::error(word.span, message)
                    .with_help("one list with commas: labels=NAME,NAME"));
            }
            self.names = labels(&names)?;
            return Ok(true);
        }
        let Some(bound) = word.strip_prefix("max_values=") else {
            return Ok(false);
        };
        self.most.push(most(&bound)?);
        Ok(true)
    }

    /// Makes a word of `discard_key` a key of as many parts.
    pub(super) fn divide(&mut self, overflow: &mut Overflow, span: Span) -> Result<(), Diagnostic> {
        if self.names.is_empty() {
            return Ok(());
        }
        self.word = overflow.discard_key.take();
        let Some(word) = &self.word else {
            return Ok(());
        };
        let mut key = Vec::new();
        let mut parts = KeyWriter::new(&mut key);
        for _ in &self.names {
            parts.part(|out| out.extend_from_slice(word));
        }
        if !parts.finish() {
            let (labels, most) = (self.names.len(), KEY_LIMIT / self.names.len() - 1);
            let message = format!("the discard key is too long for {labels} labels");
            let help = format!("it stands in every part: {most} bytes at most");
            return Err(Diagnostic::error(span, message).with_help(help));
        }
        overflow.discard_key = Some(key);
        Ok(())
    }

    /// How many values labels may have, in their order.
    pub(super) fn bounds(&self) -> Result<Vec<Bound>, Diagnostic> {
        let mut bounds: Vec<Bound> = Vec::new();
        for (label, most) in &self.most {
            let error = |message: String| Diagnostic::error(label.span, message);
            let Some(place) = self.names.iter().position(|name| *name == label.text) else {
                let problem = error(format!("the zone has no label \"{}\"", label.text));
                let similar = nearest(&label.text, self.names.iter().map(String::as_str));
                return Err(match similar {
                    Some(similar) => problem.with_help(format!("did you mean \"{similar}\"?")),
                    None => problem.with_help("labels are named by labels=NAME,NAME"),
                });
            };
            if bounds.iter().any(|bound| bound.place == place) {
                let message = format!("\"max_values\" of label \"{}\" is given twice", label.text);
                return Err(error(message));
            }
            if self.word.is_none() {
                let message = "\"max_values\" requires a discard key".to_owned();
                let help = "discard_key=KEY is what further values are counted as";
                return Err(error(message).with_help(help));
            }
            bounds.push(Bound { place, most: *most });
        }
        bounds.sort_by_key(|bound| bound.place);
        Ok(bounds)
    }
}

fn labels(list: &Word) -> Result<Vec<String>, Diagnostic> {
    let mut names: Vec<String> = Vec::new();
    let mut start = 0;
    for name in list.text.split(',') {
        let word = list.slice(start..start + name.len());
        start += name.len() + 1;
        let error = |message: String, help: &str| {
            Err(Diagnostic::error(word.span, message).with_help(help))
        };
        match name {
            "le" => {
                let message = "the label \"le\" belongs to the buckets of histograms";
                return error(message.to_owned(), "give the label another name");
            }
            _ if name.starts_with("__") => {
                let message = format!("\"{name}\" begins as Prometheus's own labels do");
                return error(message, "names that begin with \"__\" are reserved");
            }
            _ if !is_label_name(name.as_bytes()) => {
                let message = format!("\"{name}\" is no name of a label");
                return error(message, "letters, digits and \"_\", no digit first");
            }
            _ if names.iter().any(|other| other == name) => {
                let message = format!("the label \"{name}\" is given twice");
                return error(message, "each label has a name of its own");
            }
            _ if names.len() == MOST_LABELS => {
                let message = format!("more than {MOST_LABELS} labels");
                return error(message, "leave out what nobody will ask for");
            }
            _ => names.push(name.to_owned()),
        }
    }
    Ok(names)
}

/// Reads `LABEL:N`.
fn most(word: &Word) -> Result<(Word, u64), Diagnostic> {
    let colon = word.text.find(':').unwrap_or(word.text.len());
    let number = word.slice((colon + 1).min(word.text.len())..word.text.len());
    match number.text.parse() {
        Ok(most) if (1..=MOST_VALUES).contains(&most) => Ok((word.slice(0..colon), most)),
        _ => {
            let message = format!("invalid \"max_values\" value \"{}\"", word.text);
            let help = format!("a label and a number from 1 to {MOST_VALUES}, as in host:1000");
            Err(Diagnostic::error(word.span, message).with_help(help))
        }
    }
}

/// The largest bound.
const MOST_VALUES: u64 = 100_000;
