//! How far bodies are read ahead of whoever takes them.

use std::sync::Arc;

use super::settings::Settings;
use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement, Text};
use crate::http::build::builder::Builder;
use crate::http::plan::origin::Rules;
use crate::http::plan::template::Template;
use crate::http::transport::spill::ReadAhead;
use crate::modules::family::{Family, FastCgi, Http, Levels, Scgi, Uwsgi, insert};
use crate::modules::temporary_folder;

struct Buffering(bool);
struct RequestBuffering(bool);
struct BufferSize(u64);
struct Buffers(u64);
struct TemporarySize(u64);
struct Rate(Text);

const BLOCKS: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// The rows of one family.
macro_rules! rows {
    ($p:literal, $family:ty) => {
        [
            DirectiveSpec {
                name: concat!($p, "_buffering"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_buffering on | off;"),
                    default: concat!($p, "_buffering on;"),
                    text: "With `on` a response is read ahead of a client that takes it slowly, into \
                           memory (`..._buffers`) and then into a temporary file, so that the peer is soon free for \
                           others. With `off` no more is read than the client takes. In both cases what has \
                           come is sent at once. A response with `X-Accel-Buffering: no` or `yes` decides for \
                           itself.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, Buffering(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_request_buffering"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_request_buffering on | off;"),
                    default: concat!($p, "_request_buffering on;"),
                    text: "With `on` the body of a request is read as a whole, into memory and then into a \
                           temporary file, before a peer is asked, so that it can be sent to another one as \
                           well. With `off` a peer gets it as it comes; another one can be asked only while \
                           no more than 64 KiB have come.",
                    example: "",
                },
                apply: |statement| {
                    let on = statement.flag(1)?;
                    insert::<$family, _>(statement, RequestBuffering(on));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_buffers"),
                contexts: BLOCKS,
                arity: Arity::exactly(2),
                doc: Doc {
                    syntax: concat!($p, "_buffers NUMBER SIZE;"),
                    default: concat!($p, "_buffers 8 8k;"),
                    text: "How much of a response is read ahead of a slow client into memory: the product of \
                           both, at least 32 KiB.",
                    example: "",
                },
                apply: |statement| {
                    let (number, size) = (statement.number(1)?, statement.size(2)?);
                    insert::<$family, _>(statement, Buffers(number.saturating_mul(size)));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_max_temp_file_size"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_max_temp_file_size SIZE;"),
                    default: concat!($p, "_max_temp_file_size 1g;"),
                    text: "How much of a response may lie in a temporary file; 0 for no such file. This does not \
                           apply to responses that are kept in a cache: they are read to their end, whatever the \
                           client takes.",
                    example: "",
                },
                apply: |statement| {
                    let size = statement.size(1)?;
                    insert::<$family, _>(statement, TemporarySize(size));
                    Ok(())
                },
                ..SPEC
            },
            DirectiveSpec {
                name: concat!($p, "_limit_rate"),
                contexts: BLOCKS,
                doc: Doc {
                    syntax: concat!($p, "_limit_rate RATE;"),
                    default: concat!($p, "_limit_rate 0;"),
                    text: concat!(
                        "How many bytes of a response are read from a peer in a second; 0 is no limit. It holds for each \
                         response by itself, where `",
                        $p,
                        "_buffering` is on. The value may have variables."
                    ),
                    example: "",
                },
                apply: |statement| {
                    let rate = statement.size_template(1)?;
                    insert::<$family, _>(statement, Rate(rate));
                    Ok(())
                },
                ..SPEC
            },
        ]
    };
}

/// Those of `proxy_pass`.
pub(super) const HTTP: [DirectiveSpec; 5] = rows!("proxy", Http);
/// Those of `fastcgi_pass`.
pub(super) const FASTCGI: [DirectiveSpec; 5] = rows!("fastcgi", FastCgi);
/// Those of `uwsgi_pass`.
pub(super) const UWSGI: [DirectiveSpec; 5] = rows!("uwsgi", Uwsgi);
/// Those of `scgi_pass`.
pub(super) const SCGI: [DirectiveSpec; 5] = rows!("scgi", Scgi);

/// The row of `proxy_temp_path`.
pub(super) const TEMP_PATH: [DirectiveSpec; 1] = [DirectiveSpec {
    name: "proxy_temp_path",
    contexts: BLOCKS,
    arity: Arity::between(1, 4),
    doc: Doc {
        syntax: "proxy_temp_path PATH [LEVEL ...];",
        default: "the system's folder for temporary files",
        text: "The folder of temporary files. They have no names, so levels have no effect, and \
                   nothing is left behind, however a worker ends. It is made when it is missing.",
        example: "",
    },
    apply: temporary_folder::apply,
    ..SPEC
}];

/// How fast responses are read, where that is limited.
pub(super) fn rate<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
) -> Option<Template> {
    let Rate(text) = levels.nearest()?;
    (text.literal() != Some("0")).then(|| builder.template(text))
}

/// `proxy_buffer_size`, `grpc_buffer_size`
pub(super) fn apply_size<F: Family>(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let size = statement.size(1)?;
    insert::<F, _>(statement, BufferSize(size));
    Ok(())
}

/// The rules that hold in the innermost scope.
pub(super) fn rules<F: Family>(
    builder: &mut Builder<'_>,
    levels: &Levels<'_, '_, F>,
    settings: &Settings,
) -> Rules {
    let number = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    // Messages of gRPC go on as they come, in both directions.
    let buffers = !F::IS_GRPC && levels.nearest().is_none_or(|Buffering(on)| *on);
    let directory = match F::IS_GRPC {
        true => std::env::temp_dir().into(),
        false => temporary_folder::of_family(builder, levels),
    };
    let read_ahead = ReadAhead {
        memory: levels
            .nearest()
            .map_or(64 * 1024, |Buffers(size)| number(*size)),
        file: levels
            .nearest()
            .map_or(1 << 30, |TemporarySize(size)| *size),
        directory: Arc::clone(&directory),
    };
    Rules {
        connect_timeout: settings.connect_timeout,
        read_timeout: settings.read_timeout,
        send_timeout: settings.send_timeout,
        max_head: levels
            .nearest()
            .map_or(8 * 1024, |BufferSize(size)| number(*size)),
        read_ahead_of_kept: ReadAhead {
            file: u64::MAX,
            ..read_ahead.clone()
        },
        read_ahead,
        buffers_response: buffers,
        temporary: directory,
        buffers_request: !F::IS_GRPC && levels.nearest().is_none_or(|RequestBuffering(on)| *on),
        outlives_client: settings.ignores_abort,
        sends_body: settings.passes_body,
        passes_trailers: settings.passes_trailers,
        language: settings.language,
    }
}
