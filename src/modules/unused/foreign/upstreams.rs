//! Groups of origins: what nginx, NGINX Plus and Angie do with them beyond what is done here.

use super::{ANGIE, NGINX, PLUS};
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "sticky sessions",
        home: "nginx and Angie",
        instead: "\"hash $cookie_NAME consistent;\" or \"ip_hash;\" keeps a client with one server",
        directives: "sticky sticky_cookie_insert sticky_secret sticky_strict ",
        variables: "sticky_sessid upstream_sticky_status",
    },
    Feature {
        name: "ways of choosing a server",
        home: "NGINX Plus and Angie",
        instead: "\"least_conn\", \"hash\", \"ip_hash\" and \"random\" are the ways there are",
        directives: "least_time feedback response_time_factor backup_switch \
            bind_conn ntlm queue fair ",
        variables: "upstream_queue_time",
    },
    Feature {
        name: "active health checks",
        home: "NGINX Plus, Angie and modules of nginx",
        instead: "servers that fail are left out by \"max_fails\" and \"fail_timeout\"",
        directives: "health_check health_check_timeout match upstream_probe upstream_probe_timeout check \
            check_http_expect_alive check_http_send check_keepalive_requests check_shm_size \
            check_status",
        variables: "upstream_probe",
    },
    Feature {
        name: "groups that change while serving",
        home: "nginx, NGINX Plus and Angie",
        instead: "write the servers' addresses into the configuration and reload it when they \
                  change",
        directives: "state docker_endpoint docker_client_max_body_size \
            upstream_conf",
        variables: "",
    },
    Feature {
        name: "facts about attempts",
        home: NGINX,
        instead: "the variables $upstream_addr, $upstream_status and $upstream_response_time are \
                  there",
        directives: "",
        variables: "upstream_last_server_name upstream_last_addr upstream_trailer_* \
            upstream_ssl_*",
    },
    Feature {
        name: "shared key-value stores",
        home: PLUS,
        instead: "use \"map\", and reload the configuration when it changes",
        directives: "keyval keyval_zone zone_sync zone_sync_buffers zone_sync_connect_retry_interval \
            zone_sync_connect_timeout zone_sync_interval zone_sync_recv_buffer_size \
            zone_sync_server zone_sync_ssl zone_sync_ssl_certificate \
            zone_sync_ssl_certificate_key zone_sync_ssl_ciphers zone_sync_ssl_conf_command \
            zone_sync_ssl_crl zone_sync_ssl_name zone_sync_ssl_password_file \
            zone_sync_ssl_protocols zone_sync_ssl_server_name zone_sync_ssl_trusted_certificate \
            zone_sync_ssl_verify zone_sync_ssl_verify_depth zone_sync_timeout",
        variables: "",
    },
    Feature {
        name: "other clients of the server's own",
        home: ANGIE,
        instead: "remove the block",
        directives: "client",
        variables: "",
    },
];
