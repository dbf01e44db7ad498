//! Access logs: `log_format` and `access_log`.
//!
//! A line is written when a request is over, by the worker that served it. Whatever goes wrong with
//! a log file after the configuration was loaded is told in the error log and harms no request.

mod directives;
mod file;
mod format;
mod lines;
mod named;

use std::sync::Arc;

use crate::conf::{Chain, Span, Text};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::module::{self, Module};
use crate::http::course::request::Request;
use crate::http::plan::phase::PhaseHandler;
use crate::http::plan::template::Template;
pub(super) use directives::check_path;
use directives::{AccessLogWritten, AccessLogsWritten, FormatsWritten};
pub use file::flush;
use format::Format;
use lines::{Known, find_format};
pub(super) use lines::{Lines, Wanted, lines};
use named::{LogFilesWritten, NamedLog};

/// The feature.
pub static MODULE: Module = Module {
    name: "log",
    about: "a line for each request",
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
        let wanted = Wanted {
            directive: "access_log",
            path: &written.path,
            syslog: written.syslog.as_ref(),
            format: written.format.as_ref(),
            default: (COMBINED, COMBINED_TEXT),
            buffering: written.buffering,
            span: written.span,
        };
        let writer = match &written.named {
            Some(path) => named(builder, chain, &wanted, path).map(Writer::Named),
            None => lines(builder, &wanted).map(Writer::Lines),
        };
        if let Some(writer) = writer {
            let condition = written.condition.as_ref();
            let condition = condition.map(|text| builder.template(text));
            parts
                .finally
                .push(Box::new(AccessLog { writer, condition }));
        }
    }
}

fn named(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    wanted: &Wanted<'_>,
    path: &Text,
) -> Option<NamedLog> {
    let format = find_format(builder, wanted)?;
    let path = builder.template(path);
    let files = chain
        .nearest()
        .and_then(|LogFilesWritten(files)| files.clone());
    Some(NamedLog::new(format, path, builder.prefix(), files))
}

enum Writer {
    Lines(Lines),
    Named(NamedLog),
}

/// Writes a line for each request.
struct AccessLog {
    writer: Writer,
    condition: Option<Template>,
}

impl PhaseHandler for AccessLog {
    fn run(&self, request: &mut Request) {
        let mut text = request.buffer();
        if let Some(condition) = &self.condition {
            condition.append(request, &mut text);
        }
        let is_wanted = self.condition.is_none() || !matches!(&*text, b"" | b"0");
        request.recycle(text);
        if is_wanted {
            match &self.writer {
                Writer::Lines(lines) => lines.write(request),
                Writer::Named(log) => log.write(request),
            }
        }
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
                "access_log /$host combined buffer=1k;",
                "buffered logs cannot have variables in name",
            ),
            ("access_log /$nosuch;", "unknown \"nosuch\" variable"),
            ("access_log syslog:tag=x;", "no syslog server specified"),
            (
                "access_log syslog:server=127.0.0.1 combined gzip;",
                "logs to syslog cannot be buffered",
            ),
            (
                "access_log /dev/null combined gzip=0;",
                "invalid parameter \"gzip=0\"",
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
