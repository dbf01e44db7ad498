//! Access logs: `log_format` and `access_log`.
//!
//! A line is written when a request is over, by the worker that served it. Whatever goes wrong with
//! a log file after the configuration was loaded is told in the error log and harms no request.

mod directives;
mod file;
mod format;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::conf::{Chain, Diagnostic, Severity, Span, Text, Word, nearest, reason};
use crate::http::builder::{Builder, LocationParts};
use crate::http::module::{self, Module};
use crate::http::phase::PhaseHandler;
use crate::http::request::Request;
use crate::http::template::Template;
use directives::{AccessLogWritten, AccessLogsWritten, FormatsWritten};
use file::{Buffering, LogFile};
pub use file::{flush, give_to, reopen};
use format::{Escaping, Format};

/// The feature.
pub static MODULE: Module = Module {
    name: "log",
    directives: directives::DIRECTIVES,
    http: compile_formats,
    location,
    ..module::MODULE
};

/// The log that is written when the configuration says nothing: its folder is made, and where that
/// cannot be done there is no log.
const DEFAULT_PATH: &str = "logs/access.log";

/// The format that needs no declaration, and that of logs that name none.
const COMBINED: &str = "combined";
const COMBINED_TEXT: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status \
                             $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

/// The formats and files of a configuration.
#[derive(Default)]
struct Known {
    formats: HashMap<String, Arc<Format>>,
    files: HashMap<PathBuf, (Option<Arc<LogFile>>, Option<Buffering>)>,
}

fn compile_formats(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let Some(FormatsWritten(formats)) = chain.own() else {
        return;
    };
    for written in formats {
        let format = Format::new(builder.template(&written.text), written.escaping);
        let known = builder.thing::<Known>();
        known.formats.insert(written.name.clone(), Arc::new(format));
    }
}

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let default;
    let logs = match chain.nearest::<AccessLogsWritten>() {
        Some(written) if written.is_off => return,
        Some(written) => &*written.logs,
        None => {
            default = [AccessLogWritten::new(DEFAULT_PATH, Span::NOWHERE)];
            &default
        }
    };
    for written in logs {
        let format = find_format(builder, written);
        let file = open(builder, written);
        if let Some((format, file)) = format.zip(file) {
            let condition = written.condition.as_ref();
            let condition = condition.map(|text| builder.template(text));
            parts.finally.push(Box::new(AccessLog {
                format,
                condition,
                file,
                buffering: written.buffering,
            }));
        }
    }
}

fn find_format(builder: &mut Builder<'_>, written: &AccessLogWritten) -> Option<Arc<Format>> {
    let (name, span) = match &written.format {
        Some(word) => (word.text.as_str(), word.span),
        None => (COMBINED, written.span),
    };
    if let Some(format) = builder.thing::<Known>().formats.get(name) {
        return Some(Arc::clone(format));
    }
    if name != COMBINED {
        let names = builder.thing::<Known>().formats.keys();
        let similar = nearest(name, names.map(String::as_str).chain([COMBINED]));
        let mut problem = Diagnostic::error(span, format!("unknown log format \"{name}\""));
        problem.help = similar.map(|name| format!("did you mean \"{name}\"?"));
        builder.diagnostics.push(problem);
        return None;
    }
    let text = Text::parse(&Word::from(COMBINED_TEXT));
    let text = builder.diagnostics.check(text)?;
    let format = Arc::new(Format::new(builder.template(&text), Escaping::Default));
    let known = builder.thing::<Known>();
    known.formats.insert(name.to_owned(), Arc::clone(&format));
    Some(format)
}

fn open(builder: &mut Builder<'_>, written: &AccessLogWritten) -> Option<Arc<LogFile>> {
    let path = builder.path(&written.path);
    if let Some((file, buffering)) = builder.thing::<Known>().files.get(&path) {
        if *buffering != written.buffering {
            let message = format!(
                "access_log \"{}\" already defined with conflicting parameters",
                written.path
            );
            let help = "buffer and flush must be the same wherever a file is written to";
            let problem = Diagnostic::error(written.span, message).with_help(help);
            let file = file.clone();
            builder.diagnostics.push(problem);
            return file;
        }
        return file.clone();
    }
    let implied = written.span == Span::NOWHERE;
    if implied && let Some(folder) = path.parent() {
        // That it could not be made is told when the file cannot be opened.
        let _ = std::fs::create_dir_all(folder);
    }
    let opened = LogFile::open(&path).map_err(|error| {
        let message = format!("open() \"{}\" failed ({})", path.display(), reason(&error));
        let help = "the folder must exist and be writable; \"access_log off;\" writes no log";
        let severity = if implied {
            Severity::Warn
        } else {
            Severity::Emerg
        };
        Diagnostic {
            severity,
            span: Some(written.span),
            message,
            help: Some(help.to_owned()),
        }
    });
    let file = builder.diagnostics.check(opened);
    let known = builder.thing::<Known>();
    known.files.insert(path, (file.clone(), written.buffering));
    file
}

/// Writes a line for each request.
struct AccessLog {
    format: Arc<Format>,
    condition: Option<Template>,
    file: Arc<LogFile>,
    buffering: Option<Buffering>,
}

impl PhaseHandler for AccessLog {
    fn run(&self, request: &mut Request) {
        let mut text = request.buffer();
        if let Some(condition) = &self.condition {
            condition.append(request, &mut text);
        }
        let is_wanted = self.condition.is_none() || !matches!(&*text, b"" | b"0");
        if is_wanted {
            text.clear();
            self.format.append(request, &mut text);
            text.push(b'\n');
            self.file.write(&text, self.buffering);
        }
        request.recycle(text);
    }
}
