//! Other ways to speak to origins than plain HTTP/1.

use super::NGINX;
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "some settings of FastCGI",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "fastcgi_connection_drop fastcgi_store fastcgi_store_access \
            fastcgi_send_lowat",
        variables: "",
    },
    Feature {
        name: "some settings of uwsgi",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "uwsgi_connection_drop uwsgi_store uwsgi_store_access \
            uwsgi_ssl_certificate_cache uwsgi_ssl_key_log uwsgi_ssl_ntls uwsgi_string",
        variables: "",
    },
    Feature {
        name: "some settings of SCGI",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "scgi_connection_drop scgi_store scgi_store_access",
        variables: "",
    },
    Feature {
        name: "some settings of gRPC",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "grpc_connection_drop grpc_ssl_certificate_cache grpc_ssl_key_log",
        variables: "",
    },
    Feature {
        name: "memcached",
        home: NGINX,
        instead: "\"proxy_cache\" keeps responses; else put an application before it and name it in \"proxy_pass\"",
        directives: "memcached_bind memcached_buffer_size memcached_connect_timeout \
            memcached_connection_drop memcached_force_ranges memcached_gzip_flag \
            memcached_next_upstream memcached_next_upstream_timeout \
            memcached_next_upstream_tries memcached_pass memcached_read_timeout \
            memcached_send_timeout memcached_socket_keepalive",
        variables: "=memcached_key",
    },
    Feature {
        name: "some settings of TLS to origins",
        home: NGINX,
        instead: "remove the line: certificates that requests name are read again when their files change, and keys of \
                  connections are written nowhere",
        directives: "proxy_ssl_alpn proxy_ssl_certificate_cache \
            proxy_ssl_key_log proxy_ssl_ntls",
        variables: "",
    },
    Feature {
        name: "slices and copies of responses",
        home: NGINX,
        instead: "\"proxy_cache\" keeps whole responses, and gives ranges of them",
        directives: "proxy_store proxy_store_access slice",
        variables: "slice_range",
    },
    Feature {
        name: "cookies that are changed on their way",
        home: NGINX,
        instead: "let the application set what its cookies are, or change them by \
            \"js_header_filter\"",
        directives: "proxy_cookie_domain proxy_cookie_flags proxy_cookie_path",
        variables: "",
    },
    Feature {
        name: "ways of passing requests",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "proxy_allow_upstream proxy_bind_dynamic proxy_connection_drop proxy_set_body",
        variables: "",
    },
    Feature {
        name: "HTTP/3 to origins",
        home: "nginx and Angie",
        instead: "origins are spoken to in HTTP/1 and HTTP/2",
        directives: "proxy_http3_hq \
            proxy_http3_max_concurrent_streams proxy_http3_max_table_capacity \
            proxy_http3_stream_buffer_size proxy_quic_active_connection_id_limit proxy_quic_gso \
            proxy_quic_host_key",
        variables: "",
    },
];
