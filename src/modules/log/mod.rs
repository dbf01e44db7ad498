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

use crate::conf::{Chain, Diagnostic, Span, Text, Word, nearest, reason};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
use directives::{AccessLogWritten, AccessLogsWritten, FormatsWritten};
use file::Log;
pub use file::flush;
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
    /// `None` for one that cannot be opened, which was reported.
    files: HashMap<PathBuf, Option<Arc<Log>>>,
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
        let log = open(builder, written);
        if let Some((format, log)) = format.zip(log) {
            let condition = written.condition.as_ref();
            let condition = condition.map(|text| builder.template(text));
            parts.finally.push(Box::new(AccessLog {
                format,
                condition,
                log,
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

fn open(builder: &mut Builder<'_>, written: &AccessLogWritten) -> Option<Arc<Log>> {
    let path = builder.path(&written.path);
    if let Some(log) = builder.thing::<Known>().files.get(&path) {
        let log = log.clone()?;
        if log.buffering() != written.buffering {
            let message = format!(
                "access_log \"{}\" already defined with conflicting parameters",
                written.path
            );
            let help = "buffer and flush must be the same wherever a file is written to";
            let problem = Diagnostic::error(written.span, message).with_help(help);
            builder.diagnostics.push(problem);
        }
        return Some(log);
    }
    let implied = written.span == Span::NOWHERE;
    if implied && let Some(folder) = path.parent() {
        // That it could not be made is told when the file cannot be opened.
        let _ = std::fs::create_dir_all(folder);
    }
    let opened = Log::open(&path, written.buffering).map_err(|error| {
        let message = format!("open() \"{}\" failed ({})", path.display(), reason(&error));
        let help = "the folder must exist and be writable; \"access_log off;\" writes no log";
        let problem = if implied {
            Diagnostic::warning(written.span, message)
        } else {
            Diagnostic::error(written.span, message)
        };
        problem.with_help(help)
    });
    let log = builder.diagnostics.check(opened);
    builder.thing::<Known>().files.insert(path, log.clone());
    log
}

/// Writes a line for each request.
struct AccessLog {
    format: Arc<Format>,
    condition: Option<Template>,
    log: Arc<Log>,
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
            self.log.write(&text);
        }
        request.recycle(text);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crate::modules::core::trial::{ask, begin, get, load, problems, server};

    #[test]
    fn lines_are_written_as_told() {
        let folder = std::env::temp_dir().join(format!("pingauge-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = "events {} http {
            log_format short '$request_method $uri' ' $status $http_user_agent';
            log_format json escape=json '{\"agent\":\"$http_user_agent\"}';
            server { listen 80; access_log $DIR/all short;
                location / { return 200; }
                location /off { access_log off; return 200; }
                location /own { access_log $DIR/own json if=$arg_log; return 204; }
                location /lost { access_log $DIR/combined; rewrite ^ /found last; }
                location /found { access_log $DIR/combined; return 404; } } }";
        let runtime = load(text.replace("$DIR", &folder.to_string_lossy())).unwrap();
        for target in ["/a", "/off", "/own?log=0", "/lost", "/%zz"] {
            get(runtime, target);
        }
        ask(
            runtime,
            "GET /own?log=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: \"b\"\r\n\r\n",
        );
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read("all"), "GET /a 200 -\nGET  400 -\n");
        assert_eq!(read("own"), "{\"agent\":\"\\\"b\\\"\"}\n");
        let combined = read("combined");
        assert!(combined.starts_with("127.0.0.1 - - ["), "{combined}");
        let end = "\"GET /lost HTTP/1.1\" 404 0 \"-\" \"-\"\n";
        assert!(combined.ends_with(end), "{combined}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_request_that_is_dropped_has_its_line_too_and_only_one() {
        let path = std::env::temp_dir().join(format!("pingauge-dropped-{}", std::process::id()));
        let text = "events {} http { log_format short '$request_uri $status';
            server { listen 80; access_log $PATH short; location / { return 204; } } }";
        let runtime = load(text.replace("$PATH", &path.to_string_lossy())).unwrap();
        let begin = |target| {
            begin(
                runtime,
                &format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
            )
        };
        drop(begin("/dropped"));
        let panicking = catch_unwind(AssertUnwindSafe(|| {
            let _request = begin("/lost");
            panic!("a test's own panic");
        }));
        assert!(panicking.is_err());
        drop(begin("/detached").detached());
        drop(get(runtime, "/whole"));
        let lines = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            lines,
            "/dropped 000\n/lost 000\n/detached 000\n/whole 204\n"
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_written_wrongly() {
        for (text, expected) in [
            (
                "access_log /dev/null no_such;",
                "unknown log format \"no_such\"",
            ),
            ("access_log off x;", "invalid parameter \"x\""),
            (
                "access_log /$host;",
                "\"access_log\" does not support variables in its path",
            ),
            (
                "access_log syslog:server=x;",
                "\"access_log\" does not support syslog",
            ),
            (
                "access_log /dev/null combined flush=1s;",
                "invalid parameter \"flush=1s\"",
            ),
            (
                "access_log /dev/null combined buffer=x;",
                "invalid parameter \"buffer=x\"",
            ),
            (
                "access_log /dev/null combined gzip;",
                "invalid parameter \"gzip\"",
            ),
            (
                "access_log /dev/null; location / { access_log /dev/null combined buffer=1k; }",
                "access_log \"/dev/null\" already defined with conflicting parameters",
            ),
            (
                "access_log logs/none;",
                "open() \"/prefix/logs/none\" failed (2: No such file or directory)",
            ),
        ] {
            assert_eq!(problems(text), [expected], "{text}");
        }
        for (line, expected) in [
            (
                "log_format combined x;",
                "duplicate \"log_format\" name \"combined\"",
            ),
            (
                "log_format a x; log_format a y;",
                "duplicate \"log_format\" name \"a\"",
            ),
            (
                "log_format a escape=xml x;",
                "invalid value \"escape=xml\" in \"log_format\" directive, it must be \
                 \"escape=default\" or \"escape=json\" or \"escape=none\"",
            ),
            ("log_format a $no_such;", "unknown \"no_such\" variable"),
        ] {
            let text = format!("events {{}} http {{ {line} server {{ listen 80; }} }}");
            assert_eq!(load(text).err().unwrap(), [expected], "{line}");
        }
        server("access_log /dev/null combined buffer=1k flush=5s; access_log off;");
    }
}
