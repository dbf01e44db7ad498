//! A log together with the form of its lines, for whoever writes lines to files of a configuration.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::file::{Buffering, Log};
use super::format::{Escaping, Format};
use super::{COMBINED, COMBINED_TEXT};
use crate::conf::{Diagnostic, Span, Text, Word, nearest, reason};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::modules::syslog::SyslogTarget;

/// A log and the form of its lines.
pub(in crate::modules) struct Lines {
    format: Arc<Format>,
    log: Arc<Log>,
}

impl Lines {
    /// Writes the line of a request.
    pub(in crate::modules) fn write(&self, request: &mut Request) {
        let mut text = request.buffer();
        self.format.append(request, &mut text);
        text.push(b'\n');
        self.log.write(&text);
        request.recycle(text);
    }

    /// The line of a request, its end included, not written.
    pub(in crate::modules) fn line(&self, request: &mut Request) -> Vec<u8> {
        let mut text = Vec::new();
        self.format.append(request, &mut text);
        text.push(b'\n');
        text
    }

    /// Writes such a line.
    pub(in crate::modules) fn put(&self, line: &[u8]) {
        self.log.write(line);
    }

    /// How long the file is: a line that is written now is looked for from there on.
    pub(in crate::modules) fn place(&self) -> u64 {
        self.log.length()
    }

    /// Whether there is a line for which `is_wanted`, from a place on; not if the file cannot be read.
    pub(in crate::modules) fn has(&self, place: u64, is_wanted: impl Fn(&[u8]) -> bool) -> bool {
        self.log.has_line(place, is_wanted).unwrap_or(false)
    }
}

/// What a directive says of a log.
pub(in crate::modules) struct Wanted<'a> {
    /// Which directive.
    pub(super) directive: &'static str,
    pub(super) path: &'a str,
    /// The daemon that lines go to instead of a file.
    pub(super) syslog: Option<&'a SyslogTarget>,
    /// The name of a `log_format`.
    pub(super) format: Option<&'a Word>,
    /// Name and text of the form for want of another.
    pub(super) default: (&'static str, &'static str),
    pub(super) buffering: Option<Buffering>,
    /// Nowhere, if nobody has asked for it.
    pub(super) span: Span,
}

impl<'a> Wanted<'a> {
    /// A log of this directive whose lines are written at once.
    pub(in crate::modules) fn at_once(
        directive: &'static str,
        path: &'a str,
        format: Option<&'a Word>,
        default: (&'static str, &'static str),
        span: Span,
    ) -> Self {
        let buffering = None;
        Self {
            directive,
            path,
            syslog: None,
            format,
            default,
            buffering,
            span,
        }
    }
}

/// The formats and files of a configuration.
#[derive(Default)]
pub(super) struct Known {
    pub formats: HashMap<String, Arc<Format>>,
    /// `None` for one that cannot be opened, which was reported.
    files: HashMap<PathBuf, Option<Arc<Log>>>,
}

/// Opens a log; `None` where something is wrong with it, which was reported.
pub(in crate::modules) fn lines(builder: &mut Builder<'_>, wanted: &Wanted<'_>) -> Option<Lines> {
    let format = find_format(builder, wanted);
    let log = open(builder, wanted);
    let (format, log) = format.zip(log)?;
    Some(Lines { format, log })
}

/// The form that a log wants; `None` where there is none, which was reported.
pub(super) fn find_format(builder: &mut Builder<'_>, wanted: &Wanted<'_>) -> Option<Arc<Format>> {
    let (default, text) = wanted.default;
    let (name, span) = match wanted.format {
        Some(word) => (word.text.as_str(), word.span),
        None => (default, wanted.span),
    };
    if let Some(format) = builder.thing::<Known>().formats.get(name) {
        return Some(Arc::clone(format));
    }
    let text = match name {
        COMBINED => COMBINED_TEXT,
        _ => text,
    };
    if name != default && name != COMBINED {
        let names = builder.thing::<Known>().formats.keys();
        let similar = nearest(name, names.map(String::as_str).chain([COMBINED]));
        let mut problem = Diagnostic::error(span, format!("unknown log format \"{name}\""));
        problem.help = similar.map(|name| format!("did you mean \"{name}\"?"));
        builder.diagnostics.push(problem);
        return None;
    }
    let text = Text::parse(&Word::from(text));
    let text = builder.diagnostics.check(text)?;
    let format = Arc::new(Format::new(builder.template(&text), Escaping::Default));
    let known = builder.thing::<Known>();
    known.formats.insert(name.to_owned(), Arc::clone(&format));
    Some(format)
}

fn open(builder: &mut Builder<'_>, wanted: &Wanted<'_>) -> Option<Arc<Log>> {
    let path = match wanted.syslog {
        Some(_) => PathBuf::from(wanted.path),
        None => builder.path(wanted.path),
    };
    if let Some(log) = builder.thing::<Known>().files.get(&path) {
        let log = log.clone()?;
        if log.buffering() != wanted.buffering {
            let message = format!(
                "{} \"{}\" already defined with conflicting parameters",
                wanted.directive, wanted.path
            );
            let help = "buffer, flush and gzip must be the same wherever a file is written to";
            let problem = Diagnostic::error(wanted.span, message).with_help(help);
            builder.diagnostics.push(problem);
        }
        return Some(log);
    }
    let implied = wanted.span == Span::NOWHERE;
    if implied && let Some(folder) = path.parent() {
        // That it could not be made is told when the file cannot be opened.
        let _ = std::fs::create_dir_all(folder);
    }
    let opened = match wanted.syslog {
        Some(target) => Ok(Log::syslog(target.clone())),
        None => Log::open(&path, wanted.buffering),
    };
    let opened = opened.map_err(|error| {
        let message = format!("open() \"{}\" failed ({})", path.display(), reason(&error));
        let off = match wanted.directive {
            "access_log" => "access_log off;",
            _ => "log=off",
        };
        let help = format!("the folder must exist and be writable; \"{off}\" writes no log");
        let problem = if implied {
            Diagnostic::warning(wanted.span, message)
        } else {
            Diagnostic::error(wanted.span, message)
        };
        problem.with_help(help)
    });
    let log = builder.diagnostics.check(opened);
    builder.thing::<Known>().files.insert(path, log.clone());
    log
}
