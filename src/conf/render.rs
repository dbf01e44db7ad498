//! Diagnostics as text, in source order.
//!
//! The first line of each has the shape nginx's tools expect, `MESSAGE in FILE:LINE`, where LINE is
//! the line in which the offending statement ended. Below it, for people, stand the source line
//! with the spot underlined and the advice. Whatever the configuration contains, one problem stays
//! on its lines: control characters are shown as escapes, long lines are cut around the spot.

use std::fmt::Write;

use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::source::{Origin, SourceFile, Sources, Span};

impl Diagnostics {
    /// Everything for a terminal; each problem opens with `PROGRAM: [emerg] MESSAGE in FILE:LINE`.
    pub fn render(&self, sources: &Sources, program: &str) -> String {
        let mut text = String::new();
        for diagnostic in self.sorted(sources) {
            let severity = diagnostic.severity.name();
            let headline = diagnostic.headline(sources);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{program}: [{severity}] {headline}");
            diagnostic.write_snippet(sources, &mut text);
        }
        if self.omitted() > 0 {
            let severity = Severity::Emerg.name();
            let _ = writeln!(text, "{program}: [{severity}] {}", self.omission());
        }
        text
    }

    /// For a log, which adds the date and the process: one line for each problem.
    pub fn log_lines(&self, sources: &Sources) -> Vec<(Severity, String)> {
        let line = |diagnostic: &Diagnostic| (diagnostic.severity, diagnostic.headline(sources));
        let mut lines: Vec<_> = self.sorted(sources).into_iter().map(line).collect();
        if self.omitted() > 0 {
            lines.push((Severity::Emerg, self.omission()));
        }
        lines
    }

    fn sorted(&self, sources: &Sources) -> Vec<&Diagnostic> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_by_cached_key(|diagnostic| {
            (
                diagnostic.span.is_none(),
                diagnostic.span.map(|span| sources.order(span)),
            )
        });
        sorted
    }

    fn omission(&self) -> String {
        format!("{} more problems are not shown", self.omitted())
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
                    file.statement_line(span)
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

    fn write_snippet(&self, sources: &Sources, text: &mut String) {
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
            let _ = writeln!(text, "{:margin$} help: {}", "", printable(help));
        }
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
fn printable(text: &str) -> String {
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

/// How many bytes of a source line are shown before and from the spot.
const BEFORE: usize = 80;
const BEHIND: usize = 80;
