//! Protocols that are not HTTP: TCP and UDP streams, mail.

use super::NGINX;
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "TCP and UDP proxying",
        home: NGINX,
        instead: "only HTTP is served here; leave the block to nginx, HAProxy or the like on its \
                  own ports",
        directives: "stream preread_buffer_size preread_timeout proxy_download_rate \
            proxy_half_close proxy_protocol_timeout proxy_requests proxy_responses \
            proxy_session_drop proxy_upload_rate ssl_preread pass mqtt mqtt_buffers \
            mqtt_preread mqtt_set_connect rdp_preread \
            ssl_alpn ssl_handshake_timeout",
        variables: "bytes_received protocol session_time mqtt_preread_clientid \
            mqtt_preread_username rdp_cookie rdp_cookie_* ssl_preread_alpn_protocols \
            ssl_preread_protocol ssl_preread_server_name upstream_first_byte_time \
            upstream_session_time",
    },
    Feature {
        name: "mail proxying",
        home: NGINX,
        instead: "only HTTP is served here; leave the block to nginx or to the mail server",
        directives: "mail auth_http auth_http_header auth_http_pass_client_cert auth_http_timeout \
            imap_auth imap_capabilities imap_client_buffer max_commands max_errors pop3_auth \
            pop3_capabilities protocol proxy_pass_error_message proxy_smtp_auth smtp_auth \
            smtp_capabilities smtp_client_buffer smtp_greeting_delay starttls xclient",
        variables: "",
    },
    Feature {
        name: "the PROXY protocol to origins",
        home: NGINX,
        instead: "\"proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\" tells origins who the client is",
        directives: "proxy_protocol",
        variables: "",
    },
];
