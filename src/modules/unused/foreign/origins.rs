//! Other ways to speak to origins than plain HTTP/1.

use super::NGINX;
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "FastCGI",
        home: NGINX,
        instead: "origins are spoken to in HTTP: put an HTTP server before the application \
                  (for PHP: FrankenPHP, or a web server beside php-fpm) and write \"proxy_pass http://127.0.0.1:9000;\" \
                  in place of \"fastcgi_pass\"; \"fastcgi_param\" has no successor: what it passed on is in the request",
        directives: "fastcgi_bind fastcgi_buffer_size fastcgi_buffering fastcgi_buffers \
            fastcgi_busy_buffers_size fastcgi_cache fastcgi_cache_background_update \
            fastcgi_cache_bypass fastcgi_cache_key fastcgi_cache_lock fastcgi_cache_lock_age \
            fastcgi_cache_lock_timeout fastcgi_cache_max_range_offset fastcgi_cache_methods \
            fastcgi_cache_min_uses fastcgi_cache_path fastcgi_cache_purge \
            fastcgi_cache_revalidate fastcgi_cache_use_stale fastcgi_cache_valid \
            fastcgi_catch_stderr fastcgi_connect_timeout fastcgi_connection_drop \
            fastcgi_force_ranges fastcgi_hide_header fastcgi_ignore_client_abort \
            fastcgi_ignore_headers fastcgi_index fastcgi_intercept_errors fastcgi_keep_conn \
            fastcgi_limit_rate fastcgi_max_temp_file_size fastcgi_next_upstream \
            fastcgi_next_upstream_timeout fastcgi_next_upstream_tries fastcgi_no_cache \
            fastcgi_param fastcgi_pass fastcgi_pass_header fastcgi_pass_request_body \
            fastcgi_pass_request_headers fastcgi_read_timeout fastcgi_request_buffering \
            fastcgi_send_lowat fastcgi_send_timeout fastcgi_socket_keepalive \
            fastcgi_split_path_info fastcgi_store fastcgi_store_access \
            fastcgi_temp_file_write_size \
            ",
        variables: "fastcgi_script_name fastcgi_path_info",
    },
    Feature {
        name: "uwsgi",
        home: NGINX,
        instead: "origins are spoken to in HTTP: start uWSGI with \"--http-socket\" and name that \
                  address, as in \"proxy_pass http://127.0.0.1:8000;\"",
        directives: "uwsgi_bind uwsgi_buffer_size uwsgi_buffering uwsgi_buffers \
            uwsgi_busy_buffers_size uwsgi_cache uwsgi_cache_background_update uwsgi_cache_bypass \
            uwsgi_cache_key uwsgi_cache_lock uwsgi_cache_lock_age uwsgi_cache_lock_timeout \
            uwsgi_cache_max_range_offset uwsgi_cache_methods uwsgi_cache_min_uses \
            uwsgi_cache_path uwsgi_cache_purge uwsgi_cache_revalidate uwsgi_cache_use_stale \
            uwsgi_cache_valid uwsgi_connect_timeout uwsgi_connection_drop uwsgi_force_ranges \
            uwsgi_hide_header uwsgi_ignore_client_abort uwsgi_ignore_headers \
            uwsgi_intercept_errors uwsgi_limit_rate uwsgi_max_temp_file_size uwsgi_modifier1 \
            uwsgi_modifier2 uwsgi_next_upstream uwsgi_next_upstream_timeout \
            uwsgi_next_upstream_tries uwsgi_no_cache uwsgi_param uwsgi_pass uwsgi_pass_header \
            uwsgi_pass_request_body uwsgi_pass_request_headers uwsgi_read_timeout \
            uwsgi_request_buffering uwsgi_send_timeout uwsgi_socket_keepalive \
            uwsgi_ssl_certificate uwsgi_ssl_certificate_cache uwsgi_ssl_certificate_key \
            uwsgi_ssl_ciphers uwsgi_ssl_conf_command uwsgi_ssl_crl uwsgi_ssl_key_log \
            uwsgi_ssl_name uwsgi_ssl_ntls uwsgi_ssl_password_file uwsgi_ssl_protocols \
            uwsgi_ssl_server_name uwsgi_ssl_session_reuse uwsgi_ssl_trusted_certificate \
            uwsgi_ssl_verify uwsgi_ssl_verify_depth uwsgi_store uwsgi_store_access uwsgi_string \
            uwsgi_temp_file_write_size",
        variables: "",
    },
    Feature {
        name: "SCGI",
        home: NGINX,
        instead: "origins are spoken to in HTTP: put an HTTP server before the application and \
                  name it, as in \"proxy_pass http://127.0.0.1:8000;\"",
        directives: "scgi_bind scgi_buffer_size scgi_buffering scgi_buffers \
            scgi_busy_buffers_size scgi_cache scgi_cache_background_update scgi_cache_bypass \
            scgi_cache_key scgi_cache_lock scgi_cache_lock_age scgi_cache_lock_timeout \
            scgi_cache_max_range_offset scgi_cache_methods scgi_cache_min_uses scgi_cache_path \
            scgi_cache_purge scgi_cache_revalidate scgi_cache_use_stale scgi_cache_valid \
            scgi_connect_timeout scgi_connection_drop scgi_force_ranges scgi_hide_header \
            scgi_ignore_client_abort scgi_ignore_headers scgi_intercept_errors scgi_limit_rate \
            scgi_max_temp_file_size scgi_next_upstream scgi_next_upstream_timeout \
            scgi_next_upstream_tries scgi_no_cache scgi_param scgi_pass scgi_pass_header \
            scgi_pass_request_body scgi_pass_request_headers scgi_read_timeout \
            scgi_request_buffering scgi_send_timeout scgi_socket_keepalive scgi_store \
            scgi_store_access scgi_temp_file_write_size",
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
        instead: "origins are spoken to in HTTP only",
        directives: "memcached_bind memcached_buffer_size memcached_connect_timeout \
            memcached_connection_drop memcached_force_ranges memcached_gzip_flag \
            memcached_next_upstream memcached_next_upstream_timeout \
            memcached_next_upstream_tries memcached_pass memcached_read_timeout \
            memcached_send_timeout memcached_socket_keepalive",
        variables: "memcached_key",
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
        name: "ways of passing requests",
        home: NGINX,
        instead: "remove the line if the application can do without",
        directives: "proxy_allow_upstream proxy_bind_dynamic proxy_connection_drop \
            proxy_cookie_domain proxy_cookie_flags proxy_cookie_path \
            proxy_limit_rate \
            proxy_send_lowat proxy_set_body \
            ",
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
