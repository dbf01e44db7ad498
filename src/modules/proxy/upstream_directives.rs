//! The table of `upstream` and the directives within.

use super::upstream;
use crate::conf::{Arity, Body, Context, Contexts, DirectiveSpec, Doc, Repeat, SPEC};

/// The rows.
pub(super) const ROWS: [DirectiveSpec; 11] = [
    DirectiveSpec {
        name: "upstream",
        contexts: Contexts::HTTP,
        body: Body::Block(|_| Context::Upstream),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "upstream name { ... }",
            default: "",
            text: "A group of servers that can stand for each other, for `proxy_pass`.",
            example: "upstream backend {\n    zone backend;\n    server 10.0.0.1:8080 \
                      weight=3;\n    server 10.0.0.2:8080;\n    server 10.0.0.3:8080 backup;\n   \
                      keepalive 32;\n}",
        },
        apply: upstream::apply_upstream,
        ..SPEC
    },
    DirectiveSpec {
        name: "server",
        contexts: Contexts::UPSTREAM,
        arity: Arity::at_least(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "server address [parameters];",
            default: "",
            text: "A server of the group: an address or name with or without a port (80), or \
                   `unix:` and a path. A name that has several addresses stands for as many \
                   peers; it is looked up when the configuration is loaded. Parameters: \
                   `weight=number` (1) how many turns it gets, `max_fails=number` (1; 0 for \
                   never) how many failures within `fail_timeout=time` (10s) make it unavailable \
                   for that time, `max_conns=number` how many requests it has at a time, \
                   `sid=text` its identifier in the status tree, `backup` only when no other can \
                   be asked, `down` never. With `resolve` its name is looked up while serving, and again \
                   whenever the answer expires (`resolver`): peers come and go, those that stay \
                   keep what is counted about them, and a name server that is down changes nothing. \
                   With `service=` it is a service (SRV) that is looked up, which has ports and weights of its \
                   own: `http` means `_http._tcp` of the name, one with a dot stands before the name as it is. Records \
                   of the best priority become peers, others backups.",
            example: "",
        },
        apply: upstream::apply_server,
        ..SPEC
    },
    DirectiveSpec {
        name: "zone",
        contexts: Contexts::UPSTREAM,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "zone name [size];",
            default: "",
            text: "Shares what is counted about the peers among all workers, keeps it over \
                   reloads, and shows it in `/status/http/upstreams/`. As much memory is taken \
                   as is needed, whatever the size says. A group that has a zone may be without \
                   servers; requests for it are answered with 502.",
            example: "",
        },
        apply: upstream::apply_zone,
        ..SPEC
    },
    DirectiveSpec {
        name: "keepalive",
        contexts: Contexts::UPSTREAM,
        doc: Doc {
            syntax: "keepalive connections;",
            default: "",
            text: "Keeps idle connections to the peers for further requests. The numbers of all \
                   upstreams together limit the idle connections of each worker.",
            example: "",
        },
        apply: upstream::apply_keepalive,
        ..SPEC
    },
    DirectiveSpec {
        name: "keepalive_requests",
        contexts: Contexts::UPSTREAM,
        doc: Doc {
            syntax: "keepalive_requests number;",
            default: "keepalive_requests 1000;",
            text: "How many requests one connection to a peer carries.",
            example: "",
        },
        apply: upstream::apply_keepalive_requests,
        ..SPEC
    },
    DirectiveSpec {
        name: "keepalive_timeout",
        contexts: Contexts::UPSTREAM,
        doc: Doc {
            syntax: "keepalive_timeout time;",
            default: "keepalive_timeout 60s;",
            text: "How long a connection to a peer may be idle.",
            example: "",
        },
        apply: upstream::apply_keepalive_timeout,
        ..SPEC
    },
    DirectiveSpec {
        name: "keepalive_time",
        contexts: Contexts::UPSTREAM,
        doc: Doc {
            syntax: "keepalive_time time;",
            default: "keepalive_time 1h;",
            text: "How long a connection to a peer may be used.",
            example: "",
        },
        apply: upstream::apply_keepalive_time,
        ..SPEC
    },
    DirectiveSpec {
        name: "least_conn",
        contexts: Contexts::UPSTREAM,
        arity: Arity::exactly(0),
        doc: Doc {
            syntax: "least_conn;",
            default: "",
            text: "Requests go to the peer with the fewest under way, by weight.",
            example: "",
        },
        apply: upstream::apply_least_conn,
        ..SPEC
    },
    DirectiveSpec {
        name: "ip_hash",
        contexts: Contexts::UPSTREAM,
        arity: Arity::exactly(0),
        doc: Doc {
            syntax: "ip_hash;",
            default: "",
            text: "Requests of one client (of one /24, for IPv4) go to the same peer.",
            example: "",
        },
        apply: upstream::apply_ip_hash,
        ..SPEC
    },
    DirectiveSpec {
        name: "hash",
        contexts: Contexts::UPSTREAM,
        arity: Arity::between(1, 2),
        doc: Doc {
            syntax: "hash key [consistent];",
            default: "",
            text: "Requests with the same key go to the same peer, those with an empty key by \
                   turns. With `consistent` only few keys change their peer when servers are \
                   added or removed. Each server has 160 points for each unit of its weight; where all would have more than \
                   1048576, each has its part of so many.",
            example: "hash $request_uri consistent;",
        },
        apply: upstream::apply_hash,
        ..SPEC
    },
    DirectiveSpec {
        name: "random",
        contexts: Contexts::UPSTREAM,
        arity: Arity::between(0, 2),
        doc: Doc {
            syntax: "random [two [least_conn]];",
            default: "",
            text: "Requests go to any peer, by weight; with `two`, to the one of two different \
                   ones with fewer requests under way, by weight.",
            example: "",
        },
        apply: upstream::apply_random,
        ..SPEC
    },
];
