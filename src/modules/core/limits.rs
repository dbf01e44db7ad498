//! Time and size limits of connections and requests.

use std::time::Duration;

use crate::conf::{Arity, Contexts, Diagnostic, DirectiveSpec, Doc, SPEC, Statement};
use crate::http::build::written::{
    AuthDelay, ClientBodyTimeout, ClientHeaderBufferSize, ClientHeaderTimeout, ClientMaxBodySize,
    KeepaliveRequests, KeepaliveTime, KeepaliveTimeout, LargeClientHeaderBuffers, SendTimeout,
};

/// `http`, `server`, `location`.
pub(super) const ANYWHERE: Contexts = Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION);

/// Places whose settings hold before a location is known.
pub(super) const BEFORE_LOCATION: Contexts = Contexts::HTTP.or(Contexts::SERVER);

pub(super) const KEEPALIVE_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "keepalive_timeout",
    contexts: ANYWHERE,
    arity: Arity::between(1, 2),
    doc: Doc {
        syntax: "keepalive_timeout time [told];",
        default: "keepalive_timeout 75s;",
        text: "How long an idle connection is kept for the client's next request. With 0 it is \
               closed after each response. The second time, in seconds, is told to the client in \
               a `Keep-Alive` field.",
        example: "keepalive_timeout 65;",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        let told = match statement.argument(2) {
            Some(_) => Some(statement.seconds(2)?),
            None => None,
        };
        statement.scope.insert(KeepaliveTimeout(time, told));
        Ok(())
    },
    ..SPEC
};

pub(super) const KEEPALIVE_REQUESTS: DirectiveSpec = DirectiveSpec {
    name: "keepalive_requests",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "keepalive_requests number;",
        default: "keepalive_requests 1000;",
        text: "How many requests one connection may carry.",
        example: "keepalive_requests 10000;",
    },
    apply: |statement| {
        let count = statement.number(1)?;
        statement.scope.insert(KeepaliveRequests(count));
        Ok(())
    },
    ..SPEC
};

pub(super) const KEEPALIVE_TIME: DirectiveSpec = DirectiveSpec {
    name: "keepalive_time",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "keepalive_time time;",
        default: "keepalive_time 1h;",
        text: "How old a connection of a client may be and still be kept for the next request.",
        example: "",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        statement.scope.insert(KeepaliveTime(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const CLIENT_MAX_BODY_SIZE: DirectiveSpec = DirectiveSpec {
    name: "client_max_body_size",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "client_max_body_size size;",
        default: "client_max_body_size 1m;",
        text: "The largest request body that is accepted; a larger one is answered with 413. 0 \
               stands for no limit.",
        example: "client_max_body_size 16m;",
    },
    apply: |statement| {
        let size = statement.offset(1)?;
        statement.scope.insert(ClientMaxBodySize(size));
        Ok(())
    },
    ..SPEC
};

pub(super) const AUTH_DELAY: DirectiveSpec = DirectiveSpec {
    name: "auth_delay",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "auth_delay time;",
        default: "auth_delay 0s;",
        text: "How long a request waits that an access rule answers with 401, so that guessing takes \
               time. A client that leaves meanwhile ends the wait, with status 499.",
        example: "auth_delay 500ms;",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        statement.scope.insert(AuthDelay(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const CLIENT_BODY_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "client_body_timeout",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "client_body_timeout time;",
        default: "client_body_timeout 60s;",
        text: "How long the client may be silent while its request body is read.",
        example: "client_body_timeout 10s;",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        statement.scope.insert(ClientBodyTimeout(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const SEND_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "send_timeout",
    contexts: ANYWHERE,
    doc: Doc {
        syntax: "send_timeout time;",
        default: "send_timeout 60s;",
        text: "How long the client may take nothing while a response is sent.",
        example: "send_timeout 10s;",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        statement.scope.insert(SendTimeout(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const CLIENT_HEADER_TIMEOUT: DirectiveSpec = DirectiveSpec {
    name: "client_header_timeout",
    contexts: BEFORE_LOCATION,
    doc: Doc {
        syntax: "client_header_timeout time;",
        default: "client_header_timeout 60s;",
        text: "How long a request's head may take to arrive. That of the address's default server \
               holds.",
        example: "client_header_timeout 10s;",
    },
    apply: |statement| {
        let time = milliseconds(statement)?;
        statement.scope.insert(ClientHeaderTimeout(time));
        Ok(())
    },
    ..SPEC
};

pub(super) const CLIENT_HEADER_BUFFER_SIZE: DirectiveSpec = DirectiveSpec {
    name: "client_header_buffer_size",
    contexts: BEFORE_LOCATION,
    doc: Doc {
        syntax: "client_header_buffer_size size;",
        default: "client_header_buffer_size 1k;",
        text: "Heads up to this size are accepted whatever `large_client_header_buffers` says.",
        example: "client_header_buffer_size 4k;",
    },
    apply: |statement| {
        let size = positive(statement, 1, statement.size(1)?)?;
        statement.scope.insert(ClientHeaderBufferSize(size));
        Ok(())
    },
    ..SPEC
};

pub(super) const LARGE_CLIENT_HEADER_BUFFERS: DirectiveSpec = DirectiveSpec {
    name: "large_client_header_buffers",
    contexts: BEFORE_LOCATION,
    arity: Arity::exactly(2),
    doc: Doc {
        syntax: "large_client_header_buffers number size;",
        default: "large_client_header_buffers 4 8k;",
        text: "The longest line of a request's head is `size`, the longest head `number` times \
               that. A longer request line is answered with 414, anything else too long with 400 \
               (`error_page` knows it as 494).",
        example: "large_client_header_buffers 4 16k;",
    },
    apply: |statement| {
        let number = positive(statement, 1, statement.number(1)?)?;
        let size = positive(statement, 2, statement.size(2)?)?;
        let buffers = LargeClientHeaderBuffers { number, size };
        statement.scope.insert(buffers);
        Ok(())
    },
    ..SPEC
};

fn milliseconds(statement: &Statement<'_>) -> Result<Duration, Diagnostic> {
    statement.milliseconds(1).map(Duration::from_millis)
}

fn positive(statement: &Statement<'_>, index: usize, value: u64) -> Result<u64, Diagnostic> {
    if value > 0 {
        return Ok(value);
    }
    let name = statement.directive.name.text.as_str();
    let message = format!("\"{name}\" directive invalid value \"0\"");
    Err(statement.error(index, message))
}
