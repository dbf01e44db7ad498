//! `proxy_auth_challenge`: answers for origins that ask who we are, by name and password or by tokens that are
//! fetched from the services they name.
//!
//! `proxy_pass` asks here whenever it writes a head or is answered with 401. Credentials go to origins that the
//! configuration names, and to services at the same host or in `realm=`; whatever else an origin says
//! is logged and leaves its response to the client as it is.
#![forbid(unsafe_code)]

mod account;
mod answering;
mod challenge;
mod counts;
mod errand;
mod keyring;
mod realm;
mod token;

use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::module::{self, Module};

pub(in crate::modules) use answering::{Answering, Asking, Reaction};

/// The feature.
pub static MODULE: Module = Module {
    name: "auth_challenge",
    directives: &[PROXY_AUTH_CHALLENGE],
    about: "who the server is for origins that ask",
    described: errand::DESCRIBED,
    status: &[&counts::STATUS],
    http: |builder, _| errand::define(builder),
    finish: |builder, _| counts::mount(builder),
    ..module::MODULE
};

const PROXY_AUTH_CHALLENGE: DirectiveSpec = DirectiveSpec {
    name: "proxy_auth_challenge",
    contexts: Contexts::HTTP.or(Contexts::SERVER).or(Contexts::LOCATION),
    arity: Arity::at_least(1),
    doc: Doc {
        syntax: "proxy_auth_challenge off | on [user=name password_file=file] [realm=host[:port]] ...;",
        default: "proxy_auth_challenge off;",
        text: "Whether a response of 401 of an origin is answered by asking once more with credentials, as registries of \
               containers want it: `Basic` with the name and the password, which is the first line of the file, and \
               `Bearer` with a token that is fetched from the address in `realm`, for the `service` and `scope` \
               of the challenge, and with the name and the password if there are any. \
               The client's `Authorization` is not passed on.\n\nTokens are fetched when they are first needed, not \
               when the server starts. One that was fetched is used by all requests of a worker until 10 seconds before \
               its `expires_in` (60 seconds where that is missing), so that a server with four workers may fetch it four times: \
               tokens are secrets, and lie in no memory that processes share; while it is being fetched, for up to 10 seconds, \
               all who need it wait. Requests for the same folder of an origin get it unasked. A token that is not \
               taken any more is fetched anew. A request is repeated with a known token once and with a fresh one once, and only if it has \
               no body. Where the service fails, requests fail with 502, or 504 when it \
               is late; a challenge that is not answered goes to the client.\n\nThe service must be at the host and port of the \
               origin or at one of `realm=`, where a host without a port stands for the usual one, and behind `https://` if the origin is; \
               its certificate must lead to one of `proxy_ssl_trusted_certificate`, or of those that the system trusts. \
               Redirects are not followed. If variables say the host in the URL of `proxy_pass`, it must be in `realm=` \
               too, so that no host that a response names is given credentials. \
               `$proxy_auth_status` and `/status/http/proxy_auths/` say what came of it.",
        example: "proxy_auth_challenge on user=ci password_file=/etc/pingauge/registry.pass realm=auth.docker.io;",
    },
    apply: account::apply,
    ..SPEC
};
