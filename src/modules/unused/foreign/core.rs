//! Processes, connections and the course of requests.

use super::{ANGIE, NGINX, PLUS};
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "settings of processes",
        home: NGINX,
        instead: "remove the line; what starts the server (systemd) can set limits, priorities, \
                  folders and the environment",
        directives: "debug_connection debug_points devpoll_changes devpoll_events \
            epoll_events eventport_events google_perftools_profiles iocp_threads \
            kqueue_changes kqueue_events poll_events rtsig_overflow_events \
            rtsig_overflow_test rtsig_overflow_threshold rtsig_signo \
            worker_priority worker_rlimit_core worker_threads \
            working_directory",
        variables: "",
    },
    Feature {
        name: "bodies of requests in files",
        home: NGINX,
        instead: "bodies are passed on as they come, in no file; remove the line if the \
            application can read them from the request",
        directives: "client_body_in_file_only",
        variables: "",
    },
    Feature {
        name: "subrequests after a response",
        home: NGINX,
        instead: "\"mirror\" sends a copy of each request elsewhere, \"access_log\" writes down \
            what came of it",
        directives: "post_action",
        variables: "",
    },
    Feature {
        name: "satisfy_any",
        home: "older versions of nginx",
        instead: "write \"satisfy any;\"",
        directives: "satisfy_any",
        variables: "",
    },
    Feature {
        name: "details of connections",
        home: NGINX,
        instead: "remove the line; \"large_client_header_buffers\" limits how long heads are",
        directives: "keepalive_min_timeout max_headers open_file_cache_events optimize_server_names",
        variables: "",
    },
    Feature {
        name: "facts about requests and connections",
        home: NGINX,
        instead: "remove what reads it",
        directives: "",
        variables: "request_body_file \
            tcpinfo_rcv_space tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd",
    },
    Feature {
        name: "logs of sessions",
        home: PLUS,
        instead: "use \"access_log\"",
        directives: "session_log session_log_format session_log_zone",
        variables: "session_log_id session_log_binary_id",
    },
    Feature {
        name: "management",
        home: PLUS,
        instead: "\"api\" shows the state of the server; a reload changes it",
        directives: "license_token mgmt usage_report uuid_file state_path enforce_initial_report \
            deployment_context",
        variables: "",
    },
    Feature {
        name: "redirects to other locations",
        home: "nginx and Angie",
        instead: "\"try_files\" goes to the first file or location that fits, \"rewrite ^ /URI \
            last;\" to another place of the server",
        directives: "internal_redirect",
        variables: "",
    },
    Feature {
        name: "traces",
        home: "nginx (ngx_otel_module)",
        instead: "pass \"$http_traceparent\" on, or let the application trace",
        directives: "otel_exporter otel_resource_attr otel_service_name otel_span_attr \
            otel_span_name otel_trace otel_trace_context opentracing opentracing_load_tracer \
            opentracing_propagate_context opentracing_tag opentracing_operation_name",
        variables: "otel_parent_id otel_parent_sampled otel_span_id otel_trace_id \
            opentracing_context_*",
    },
    Feature {
        name: "redirects to the slash",
        home: ANGIE,
        instead: "\"return 301 $uri/;\" in a location of its own does it",
        directives: "auto_redirect",
        variables: "",
    },
    Feature {
        name: "the version of Angie",
        home: ANGIE,
        instead: "\"$nginx_version\" is the version of this server",
        directives: "",
        variables: "angie_version",
    },
];
