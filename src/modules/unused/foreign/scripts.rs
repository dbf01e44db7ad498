//! Languages within configurations.

use super::NGINX;
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "Lua",
        home: "OpenResty (lua-nginx-module)",
        instead: "JavaScript is run here: \"js_import\" names a module, \"js_content\" answers, \
            \"js_set\" makes variables, \"js_access\" lets in, \"js_header_filter\" and \
            \"js_body_filter\" change responses; \"map\", \"if\" and \"rewrite\" do the \
            simple cases",
        directives: "access_by_lua access_by_lua_block access_by_lua_file access_by_lua_no_postpone \
            balancer_by_lua_block balancer_by_lua_file balancer_keepalive body_filter_by_lua \
            body_filter_by_lua_block body_filter_by_lua_file content_by_lua content_by_lua_block \
            content_by_lua_file exit_worker_by_lua_block exit_worker_by_lua_file \
            header_filter_by_lua header_filter_by_lua_block header_filter_by_lua_file \
            init_by_lua init_by_lua_block init_by_lua_file init_worker_by_lua \
            init_worker_by_lua_block init_worker_by_lua_file log_by_lua log_by_lua_block \
            log_by_lua_file lua_add_variable lua_capture_error_log lua_check_client_abort \
            lua_code_cache lua_http10_buffering lua_load_resty_core lua_malloc_trim \
            lua_max_pending_timers lua_max_running_timers lua_need_request_body \
            lua_package_cpath lua_package_path lua_regex_cache_max_entries lua_regex_match_limit \
            lua_sa_restart lua_shared_dict lua_socket_buffer_size lua_socket_connect_timeout \
            lua_socket_keepalive_timeout lua_socket_log_errors lua_socket_pool_size \
            lua_socket_read_timeout lua_socket_send_lowat lua_socket_send_timeout \
            lua_ssl_certificate lua_ssl_certificate_key lua_ssl_ciphers lua_ssl_conf_command \
            lua_ssl_crl lua_ssl_key_log lua_ssl_protocols lua_ssl_trusted_certificate \
            lua_ssl_verify_depth lua_thread_cache_max_entries \
            lua_transform_underscores_in_response_headers \
            lua_upstream_skip_openssl_default_verify lua_use_default_type \
            lua_worker_thread_vm_pool_size precontent_by_lua_block precontent_by_lua_file \
            preread_by_lua_block preread_by_lua_file preread_by_lua_no_postpone \
            proxy_ssl_certificate_by_lua_block proxy_ssl_certificate_by_lua_file \
            proxy_ssl_verify_by_lua_block proxy_ssl_verify_by_lua_file rewrite_by_lua \
            rewrite_by_lua_block rewrite_by_lua_file rewrite_by_lua_no_postpone \
            server_rewrite_by_lua_block server_rewrite_by_lua_file set_by_lua set_by_lua_block \
            set_by_lua_file ssl_certificate_by_lua_block ssl_certificate_by_lua_file \
            ssl_client_hello_by_lua_block ssl_client_hello_by_lua_file \
            ssl_session_fetch_by_lua_block ssl_session_fetch_by_lua_file \
            ssl_session_store_by_lua_block ssl_session_store_by_lua_file",
        variables: "",
    },
    Feature {
        name: "njs",
        home: NGINX,
        instead: "remove it; scripts are run by QuickJS, and each request has its modules for itself",
        directives: "js_context_reuse \
            js_context_reuse_max_size js_engine \
            js_fetch_keepalive js_fetch_keepalive_requests js_fetch_keepalive_time \
            js_fetch_keepalive_timeout \
            js_fetch_proxy \
            js_filter js_include \
            js_load_http_native_module js_load_stream_native_module \
            js_preload_object js_preread js_shared_array_zone js_shared_dict_zone",
        variables: "",
    },
    Feature {
        name: "Perl",
        home: NGINX,
        instead: "JavaScript is run here: \"js_import\" names a module, \"js_content\" answers, \
            \"js_set\" makes variables, \"js_access\" lets in, \"js_header_filter\" and \
            \"js_body_filter\" change responses; \"map\", \"if\" and \"rewrite\" do the \
            simple cases",
        directives: "perl perl_modules perl_require perl_set",
        variables: "",
    },
    Feature {
        name: "WebAssembly",
        home: "Angie and other modules of nginx",
        instead: "JavaScript is run here: \"js_import\" names a module, \"js_content\" answers, \
            \"js_set\" makes variables, \"js_access\" lets in, \"js_header_filter\" and \
            \"js_body_filter\" change responses; \"map\", \"if\" and \"rewrite\" do the \
            simple cases",
        directives: "load wasm_modules wasm_vm",
        variables: "",
    },
];
