//! Diagnostics as text, in source order.
//!
//! The first line of each has the shape nginx's tools expect, `MESSAGE in FILE:LINE`. Below it, for
//! people, stand that line with the spot underlined, the advice, and where the same occurs again.
//! Whatever the configuration contains, one problem stays on its lines: control characters are shown
//! as escapes, long lines are cut around the spot; and no more than [`MOST_SHOWN`] are shown.

use std::fmt::Write;

use super::diagnostic::{Diagnostic, Diagnostics, Finding, Severity};
use super::source::{Origin, SourceFile, Sources, Span};

impl Diagnostics {
    /// Everything for a terminal; each problem opens with `PROGRAM: [emerg] MESSAGE in FILE:LINE`.
    pub fn render(&self, sources: &Sources, program: &str) -> String {
        let mut text = String::new();
        let shown = self.shown(sources);
        for finding in &shown.findings {
            let severity = finding.first.severity.name();
            let headline = finding.first.headline(sources);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{program}: [{severity}] {headline}");
            let margin = finding.first.write_snippet(sources, &mut text);
            if let Some(again) = finding.again(sources) {
                let _ = writeln!(text, "{:margin$} {again}", "");
            }
        }
        if let Some((severity, line)) = shown.rest {
            let _ = writeln!(text, "{program}: [{}] {line}", severity.name());
        }
        text
    }

    /// For a log, which adds the date and the process: one line for each problem.
    pub fn log_lines(&self, sources: &Sources) -> Vec<(Severity, String)> {
        let shown = self.shown(sources);
        let line = |finding: &&Finding| (finding.first.severity, finding.log_line(sources));
        let lines = shown.findings.iter().map(line);
        lines.chain(shown.rest).collect()
    }

    /// What is accepted and has no effect: a line for each file.
    pub fn lines_without_effect(&self, sources: &Sources) -> Vec<String> {
        let mut all: Vec<_> = self.effectless().iter().collect();
        all.sort_by_cached_key(|(span, _)| sources.order(*span));
        all.dedup();
        let mut lines: Vec<(&str, String)> = Vec::new();
        for (span, what) in all {
            let Some(file) = sources.file(span.file) else {
                continue;
            };
            let one = format!("{what} ({})", file.line(span.start));
            match lines.iter_mut().find(|(name, _)| *name == file.name) {
                Some((_, line)) => *line = format!("{line}, {one}"),
                None => lines.push((&file.name, one)),
            }
        }
        let line = |(file, line): (&str, String)| {
            let file = printable(file);
            format!(
                "accepted without effect in {file} (line): {}",
                printable(&line)
            )
        };
        lines.into_iter().map(line).collect()
    }

    /// The gravest problems, in source order, and a line for what is left out.
    fn shown(&self, sources: &Sources) -> Shown<'_> {
        let mut sorted: Vec<&Finding> = self.findings().iter().collect();
        sorted.sort_by_cached_key(|finding| {
            let span = finding.first.span;
            (span.is_none(), span.map(|span| sources.order(span)))
        });
        let mut places: Vec<usize> = (0..sorted.len()).collect();
        places.sort_by_key(|place| sorted[*place].first.severity);
        let rest = places.split_off(places.len().min(MOST_SHOWN));
        places.sort_unstable();
        let omitted = rest.len() + self.omitted();
        let severity = match rest.first() {
            Some(first) if self.omitted() == 0 => sorted[*first].first.severity,
            _ => Severity::Emerg,
        };
        let line = || (severity, format!("{omitted} more problems are not shown"));
        Shown {
            findings: places.into_iter().map(|place| sorted[place]).collect(),
            rest: (omitted > 0).then(line),
        }
    }
}

struct Shown<'d> {
    findings: Vec<&'d Finding>,
    rest: Option<(Severity, String)>,
}

impl Finding {
    /// Where the problem occurs again, or which other names ask for the feature.
    fn again(&self, sources: &Sources) -> Option<String> {
        if self.more == 0 {
            return None;
        }
        let Some((feature, names)) = &self.feature else {
            return Some(format!("also: {}", self.places(sources)));
        };
        let one = |(name, count): &(String, usize)| match count {
            1 => name.clone(),
            _ => format!("{name} ({count} times)"),
        };
        let mut shown: Vec<_> = names.iter().take(MOST_NAMES).map(one).collect();
        if names.len() > MOST_NAMES {
            shown.push(format!("and {} others", names.len() - MOST_NAMES));
        }
        let lines = if self.more == 1 { "line" } else { "lines" };
        let shown = printable(&shown.join(", "));
        Some(format!("also: {} {lines} of {feature}: {shown}", self.more))
    }

    fn places(&self, sources: &Sources) -> String {
        let own = self.first.span.map(|span| span.file);
        let mut shown = Vec::new();
        for span in &self.places {
            let Some(file) = sources.file(span.file) else {
                continue;
            };
            let line = file.line(span.start);
            shown.push(match own {
                Some(own) if own == span.file => format!("line {line}"),
                _ => format!("{}:{line}", printable(&file.name)),
            });
        }
        shown.dedup();
        if self.more > self.places.len() {
            shown.push(format!("{} more", self.more - self.places.len()));
        }
        shown.join(", ")
    }

    fn log_line(&self, sources: &Sources) -> String {
        let message = match (self.more, &self.feature) {
            (0, _) => return self.first.headline(sources),
            (more, Some((feature, _))) => {
                format!("{} (and {more} more of {feature})", self.first.message)
            }
            (more, None) => format!("{} (and {more} more)", self.first.message),
        };
        let counted = Diagnostic {
            message,
            ..self.first.clone()
        };
        counted.headline(sources)
    }
}

impl Diagnostic {
    /// `MESSAGE in FILE:LINE`, on one line.
    pub fn headline(&self, sources: &Sources) -> String {
        let message = printable(&self.message);
        match self.place(sources) {
            Some((file, span)) if file.origin == Origin::File => {
                format!(
                    "{message} in {}:{}",
                    printable(&file.name),
                    file.line(span.start)
                )
            }
            Some((file, _)) => format!("{message} in {}", printable(&file.name)),
            None => message,
        }
    }

    fn place<'s>(&self, sources: &'s Sources) -> Option<(&'s SourceFile, Span)> {
        let span = self.span?;
        Some((sources.file(span.file)?, span))
    }

    /// Appends what stands below the headline; gives the width of its margin.
    fn write_snippet(&self, sources: &Sources, text: &mut String) -> usize {
        let snippet = self
            .place(sources)
            .and_then(|(file, span)| Snippet::new(file, span));
        let margin = snippet
            .as_ref()
            .map_or(0, |snippet| snippet.number.len())
            .max(4);
        if let Some(Snippet {
            number,
            line,
            before,
            width,
        }) = snippet
        {
            let _ = writeln!(text, "{number:>margin$} | {line}");
            let _ = writeln!(text, "{:margin$} | {:before$}{:^<width$}", "", "", "");
        }
        if let Some(help) = &self.help {
            let mut called = "help:";
            for line in help.lines() {
                let _ = writeln!(text, "{:margin$} {called:5} {}", "", printable(line));
                called = "";
            }
        }
        margin
    }
}

/// The line a span starts in, ready to print.
struct Snippet {
    number: String,
    line: String,
    before: usize,
    width: usize,
}

impl Snippet {
    fn new(file: &SourceFile, span: Span) -> Option<Self> {
        let number = file.line(span.start);
        let range = file.line_range(number);
        let start = (span.start as usize).clamp(range.start, range.end);
        let end = (span.end as usize).clamp(start, range.end);
        let from = range.start.max(start.saturating_sub(BEFORE));
        let to = range.end.min(start.saturating_add(BEHIND));
        let before = visible(&file.text[from..start]);
        let marked = visible(&file.text[start..end.min(to)]);
        let behind = visible(&file.text[end.min(to)..to]);
        let line = format!("{before}{marked}{behind}");
        (!line.trim().is_empty()).then(|| Self {
            number: number.to_string(),
            line: line.trim_end().to_owned(),
            before: before.chars().count(),
            width: marked.chars().count().max(1),
        })
    }
}

/// Text as it may be shown in a source line: every character takes one column.
fn visible(bytes: &[u8]) -> String {
    let one = |character: char| match character {
        '\t' => ' ',
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    };
    String::from_utf8_lossy(bytes).chars().map(one).collect()
}

/// Text that stays on its line.
pub(super) fn printable(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let escaped = |character: char| -> String {
        if character.is_control() {
            character.escape_default().collect()
        } else {
            character.into()
        }
    };
    text.chars().map(escaped).collect()
}

/// The number of problems that are shown.
const MOST_SHOWN: usize = 50;
/// The number of names that are told of a feature that is missing.
const MOST_NAMES: usize = 12;
/// How many bytes of a source line are shown before and from the spot.
const BEFORE: usize = 80;
const BEHIND: usize = 80;
