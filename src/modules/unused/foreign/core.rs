//! Processes, connections and the course of requests.

use super::{ANGIE, NGINX, PLUS};
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "loadable modules",
        home: NGINX,
        instead: "what there is, is built in; remove the line, and the directives of the module",
        directives: "load_module",
        variables: "",
    },
    Feature {
        name: "settings of processes",
        home: NGINX,
        instead: "remove the line; what starts the server (systemd) can set limits, priorities, \
                  folders and the environment",
        directives: "debug_connection debug_points devpoll_changes devpoll_events env \
            epoll_events eventport_events google_perftools_profiles iocp_threads \
            kqueue_changes kqueue_events master_process poll_events rtsig_overflow_events \
            rtsig_overflow_test rtsig_overflow_threshold rtsig_signo \
            worker_priority worker_rlimit_core worker_threads \
            working_directory",
        variables: "",
    },
    Feature {
        name: "details of requests and responses",
        home: NGINX,
        instead: "remove the line if clients can do without",
        directives: "chunked_transfer_encoding client_body_in_file_only disable_symlinks \
            etag open_file_cache_events if_modified_since keepalive_min_timeout max_headers max_ranges \
            port_in_redirect post_action recursive_error_pages \
            server_name_in_redirect satisfy_any optimize_server_names",
        variables: "",
    },
    Feature {
        name: "logs of rewriting",
        home: NGINX,
        instead: "remove the line",
        directives: "rewrite_log",
        variables: "",
    },
    Feature {
        name: "facts about requests and connections",
        home: NGINX,
        instead: "remove what reads it",
        directives: "",
        variables: "connection_time request_body_file \
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
        directives: "internal_redirect license_token mgmt usage_report uuid_file \
            state_path enforce_initial_report deployment_context \
            ",
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
        variables: "angie_version",
    },
];
