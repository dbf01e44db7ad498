//! TLS, and the later versions of HTTP that need it.

use super::NGINX;
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "asking issuers about the certificates of clients",
        home: NGINX,
        instead: "\"ssl_crl\" names lists of revoked certificates",
        directives: "ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder",
        variables: "",
    },
    Feature {
        name: "details of TLS",
        home: NGINX,
        instead: "remove the line: only what is without known weaknesses is spoken",
        directives: "ssl_certificate_cache ssl_certificate_compression \
            ssl_ech_file ssl_engine ssl_key_log ssl_ntls \
            ssl_object_cache_inheritable ssl_dyn_rec_enable ssl_dyn_rec_size_hi ssl_dyn_rec_size_lo \
            ssl_dyn_rec_threshold ssl_dyn_rec_timeout",
        variables: "ssl_client_cert_type ssl_client_sigalg ssl_ech_outer_server_name ssl_ech_status",
    },
    Feature {
        name: "answers of OCSP responders, fetched",
        home: NGINX,
        instead: "\"ssl_stapling_file\" names the file of an answer",
        directives: "ssl_stapling_responder",
        variables: "",
    },
    Feature {
        name: "names of sessions",
        home: NGINX,
        instead: "\"$ssl_session_reused\" says whether a session was taken up, \"$connection\" tells connections apart",
        directives: "",
        variables: "ssl_session_id",
    },
    Feature {
        name: "HTTP/3",
        home: NGINX,
        instead: "HTTP/1.1 and, with \"http2 on;\", HTTP/2 are spoken; remove the line, and any Alt-Svc field",
        directives: "http3 http3_hq http3_max_concurrent_streams http3_max_table_capacity \
            http3_push http3_push_preload http3_stream_buffer_size quic_active_connection_id_limit \
            quic_bpf quic_gso quic_host_key quic_mtu quic_retry quic_stream_buffer_size",
        variables: "http3 quic quic_connection",
    },
    Feature {
        name: "SPDY",
        home: "older versions of nginx",
        instead: "remove the line",
        directives: "spdy_chunk_size spdy_headers_comp \
            spdy_max_concurrent_streams spdy_pool_size spdy_recv_buffer_size spdy_recv_timeout \
            spdy_streams_index_size",
        variables: "spdy spdy_request_priority",
    },
    Feature {
        name: "certificates by ACME",
        home: "nginx and Angie",
        instead: "let certbot or another client get certificates, and name their files in \
                  \"ssl_certificate\"",
        directives: "acme acme_certificate acme_client acme_client_path acme_dns_port \
            acme_hook acme_http_port acme_issuer acme_shared_zone",
        variables: "acme_certificate acme_certificate_key acme_cert_* acme_hook_challenge \
            acme_hook_client acme_hook_domain acme_hook_keyauth acme_hook_name acme_hook_token",
    },
];
