//! What is written about certificates and protocols.

use super::{clients, conf_command, passwords, preferences, sessions, staple, tickets};
use crate::conf::{
    Arity, Contexts, Diagnostic, DirectiveSpec, Doc, Part, Repeat, SPEC, Span, Statement, Text,
    Word,
};

/// `ssl_certificate`, all of one block.
#[derive(Default)]
pub(super) struct Certificates(pub(super) Vec<Written>);

/// `ssl_certificate_key`, all of one block.
#[derive(Default)]
pub(super) struct Keys(pub(super) Vec<Written>);

/// A file that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules) struct Written {
    /// Without what stands before it.
    pub(in crate::modules) path: String,
    /// With variables, if there are any.
    pub(in crate::modules) text: Option<Text>,
    /// Whether it is not the name of a file but what would be in it.
    pub(in crate::modules) is_data: bool,
    /// Whether we are to make it when it is missing.
    pub(in crate::modules) is_self_signed: bool,
    /// Where it is written.
    pub(in crate::modules) span: Span,
}

/// `ssl_protocols`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) struct Protocols {
    pub(in crate::modules) tls_1_2: bool,
    pub(in crate::modules) tls_1_3: bool,
}

/// `ssl_reject_handshake`
pub(super) struct RejectHandshake(pub(super) bool);

pub(super) const DIRECTIVES: &[DirectiveSpec] = &[
    SSL,
    CERTIFICATE,
    CERTIFICATE_KEY,
    PROTOCOLS,
    REJECT_HANDSHAKE,
    sessions::CACHE,
    sessions::TIMEOUT,
    tickets::TICKETS,
    tickets::KEY,
    EARLY_DATA,
    staple::ON,
    staple::FILE,
    passwords::FILE,
    preferences::CIPHERS,
    preferences::CURVE,
    preferences::PREFER,
    preferences::BUFFER_SIZE,
    conf_command::DIRECTIVE,
    clients::VERIFY,
    clients::CERTIFICATE,
    clients::TRUSTED,
    clients::DEPTH,
    clients::CRL,
];

pub(super) const OUTER: Contexts = Contexts::HTTP.or(Contexts::SERVER);

const SSL: DirectiveSpec = DirectiveSpec {
    name: "ssl",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl on | off;",
        default: "ssl off;",
        text: "An old way to say `ssl` in every `listen` of the server, or of all servers: nginx has had no such \
               directive since 1.25.1.",
        example: "",
    },
    apply: |statement| {
        if statement.flag(1)? {
            let message = "\"ssl on;\" is an old way to write \"listen … ssl;\"";
            let warning = Diagnostic::warning(statement.directive.span, message)
                .with_help("every \"listen\" is read as if it said \"ssl\", also one for port 80");
            statement.diagnostics.push(warning);
        }
        Ok(())
    },
    ..SPEC
};

const CERTIFICATE: DirectiveSpec = DirectiveSpec {
    name: "ssl_certificate",
    contexts: OUTER,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "ssl_certificate file | selfsigned:file | data:text;",
        default: "",
        text: "The certificate that clients see on addresses with `listen … ssl`: PEM, the server's \
               own first and those of its issuers behind it. Of several, with keys of different \
               kinds, each client gets the first it understands. A client that asks for no name, \
               or for one of a server without a certificate, sees that of the default server of \
               the address. Certificates and keys are read by the master when the configuration \
               is loaded; a reload takes up changed files. Behind `data:` stands what would be in the file.\n\nWith variables in it (`$ssl_server_name`, or one \
               that a `map` makes of it), the file is named by each handshake and read by the worker, whose user must be allowed to: \
               when it is first named, and again when it has changed. The pairs of 256 names are remembered for each server. \
               A handshake without such a file fails.\n\nWith `selfsigned:` before both \
               files, they are made when neither exists: an ECDSA key (P-256, readable for its \
               owner only) and a certificate for a year. It is good for the names of all servers \
               that use it (expressions left out), for the addresses they listen at (for all \
               addresses: 127.0.0.1 and ::1), for `localhost` and for the name of the machine. \
               A client that is given the file trusts the server: `curl --cacert file`. One that \
               was made here is renewed in its place, with the same key, when less than 30 days \
               are left: on start, on reload, and while the server runs, without a reload. Files \
               that are there are used as they are; when there is only one of the two, the \
               configuration is refused.",
        example: "ssl_certificate selfsigned:/var/lib/pingauge/metrics.crt;\n\
                  ssl_certificate_key selfsigned:/var/lib/pingauge/metrics.key;",
    },
    apply: |statement| {
        let written = written(statement)?;
        let all = statement.scope.get_or_default::<Certificates>();
        all.0.push(written);
        Ok(())
    },
    ..SPEC
};

const CERTIFICATE_KEY: DirectiveSpec = DirectiveSpec {
    name: "ssl_certificate_key",
    contexts: OUTER,
    repeat: Repeat::Many,
    doc: Doc {
        syntax: "ssl_certificate_key file | selfsigned:file | data:text;",
        default: "",
        text: "The private key of a certificate, PEM: RSA, ECDSA or Ed25519; one that is encrypted is opened with \
               `ssl_password_file`. The \
               first key belongs to the first `ssl_certificate` of the block, the second to the \
               second. It is read before workers give up the rights of root. For `selfsigned:` see \
               `ssl_certificate`, for `data:` and variables, too.",
        example: "ssl_certificate /etc/ssl/example.com.pem;\n\
                  ssl_certificate_key /etc/ssl/private/example.com.key;",
    },
    apply: |statement| {
        let written = written(statement)?;
        let all = statement.scope.get_or_default::<Keys>();
        all.0.push(written);
        Ok(())
    },
    ..SPEC
};

const PROTOCOLS: DirectiveSpec = DirectiveSpec {
    name: "ssl_protocols",
    contexts: OUTER,
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "ssl_protocols [TLSv1.2] [TLSv1.3];",
        default: "ssl_protocols TLSv1.2 TLSv1.3;",
        text: "Which versions of TLS are spoken, in any letter case, for the server that the client \
               asks for. `SSLv2`, \
               `SSLv3`, `TLSv1` and `TLSv1.1` are understood, warned of and not spoken: they are \
               broken or have been given up everywhere.",
        example: "ssl_protocols TLSv1.3;",
    },
    apply: protocols,
    ..SPEC
};

const REJECT_HANDSHAKE: DirectiveSpec = DirectiveSpec {
    name: "ssl_reject_handshake",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl_reject_handshake on | off;",
        default: "ssl_reject_handshake off;",
        text: "Ends each handshake of the server at once, with the alert `unrecognized_name`, so that \
               it needs no certificate: for a \
               default server, which clients reach that ask for no known name.",
        example: "server {\n    listen 443 ssl default_server;\n    ssl_reject_handshake on;\n}",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(RejectHandshake(on));
        Ok(())
    },
    ..SPEC
};

const EARLY_DATA: DirectiveSpec = DirectiveSpec {
    name: "ssl_early_data",
    contexts: OUTER,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "ssl_early_data off;",
        default: "ssl_early_data off;",
        text: "Requests that are sent with the first flight of a handshake (0-RTT) can be sent again by whoever \
               overhears them. They are never taken here, so `on` is an error; clients send them once the handshake is done.",
        example: "",
    },
    apply: |statement| match statement.flag(1)? {
        false => Ok(()),
        true => {
            let problem = statement.error(1, "early data is not supported");
            Err(problem.with_help("remove the line: clients then wait for the handshake"))
        }
    },
    ..SPEC
};

/// What starts the names of things that are not files.
const SELF_SIGNED: &str = "selfsigned:";
const DATA: &str = "data:";
const OTHER_SOURCES: &[&str] = &["engine:", "store:"];

impl Written {
    /// What a statement of one argument names.
    pub(in crate::modules) fn of(statement: &Statement<'_>) -> Result<Self, Diagnostic> {
        written(statement)
    }
}

fn written(statement: &Statement<'_>) -> Result<Written, Diagnostic> {
    let Word { text, span, .. } = statement.word(1);
    if let Some(source) = OTHER_SOURCES.iter().find(|one| text.starts_with(**one)) {
        let message = format!("\"{source}\" is not supported in \"{text}\"");
        return Err(statement
            .error(1, message)
            .with_help("expected a file, or \"selfsigned:\" and a file"));
    }
    let (path, is_self_signed, is_data) = match text.strip_prefix(SELF_SIGNED) {
        Some(path) => (path, true, false),
        None => match text.strip_prefix(DATA) {
            Some(data) => (data, false, true),
            None => (text.as_str(), false, false),
        },
    };
    if !is_data && path.contains("-----BEGIN") {
        // Not said again: it may be a key.
        let help = "write \"data:\" before it, or the name of a file";
        let message = "expected a file, found what should be in it";
        return Err(statement.error(1, message).with_help(help));
    }
    if path.is_empty() {
        return Err(statement.error(1, format!("no file in \"{text}\"")));
    }
    let mut template = Some(statement.template(1)?).filter(|text| text.literal().is_none());
    if is_self_signed && template.is_some() {
        let message = format!("variables are not supported in \"{text}\"");
        let help = "write a server for each name; the client's name finds its certificate";
        return Err(statement.error(1, message).with_help(help));
    }
    if is_data
        && let Some(Part::Literal(first)) =
            template.as_mut().and_then(|text| text.parts.first_mut())
    {
        *first = first.strip_prefix(DATA).unwrap_or_default().to_owned();
    }
    Ok(Written {
        path: path.to_owned(),
        text: template,
        is_data,
        is_self_signed,
        span: *span,
    })
}

fn protocols(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let protocols = Protocols::read(statement)?;
    statement.scope.insert(protocols);
    Ok(())
}

impl Protocols {
    /// All that are spoken.
    pub(in crate::modules) const ALL: Self = Self {
        tls_1_2: true,
        tls_1_3: true,
    };

    /// The protocols that a directive names.
    pub(in crate::modules) fn read(statement: &mut Statement<'_>) -> Result<Self, Diagnostic> {
        let directive = &statement.directive.name.text;
        let mut protocols = Self {
            tls_1_2: false,
            tls_1_3: false,
        };
        for index in 1..=statement.arguments().len() {
            let written = statement.text(index);
            match &*written.to_ascii_lowercase() {
                "tlsv1.2" => protocols.tls_1_2 = true,
                "tlsv1.3" => protocols.tls_1_3 = true,
                "sslv2" | "sslv3" | "tlsv1" | "tlsv1.1" => {
                    let message = format!("\"{written}\" is not supported, ignored");
                    let span = statement.word(index).span;
                    statement
                        .diagnostics
                        .push(Diagnostic::warning(span, message));
                }
                _ => {
                    let message =
                        format!("invalid value \"{written}\" in \"{directive}\" directive");
                    let help = "expected \"TLSv1.2\" or \"TLSv1.3\"";
                    return Err(statement.error(index, message).with_help(help));
                }
            }
        }
        if !protocols.tls_1_2 && !protocols.tls_1_3 {
            let problem = statement.error(0, "no supported protocol is left");
            return Err(problem.with_help(format!("write \"{directive} TLSv1.2 TLSv1.3\"")));
        }
        Ok(protocols)
    }
}
