//! Modules of others that public configurations use often.

use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "headers-more",
        home: "a module of nginx (headers-more)",
        instead: "\"add_header NAME VALUE always\", \"proxy_set_header\" and \"proxy_hide_header\" do \
                  most of it",
        directives: "more_clear_headers more_clear_input_headers more_set_headers \
            more_set_input_headers",
        variables: "",
    },
    Feature {
        name: "Brotli and Zstandard",
        home: "modules of nginx (ngx_brotli, zstd)",
        instead: "responses are sent as they are; remove the lines, or let the origin compress",
        directives: "brotli brotli_buffers brotli_comp_level brotli_min_length brotli_static \
            brotli_types brotli_window unbrotli zstd zstd_buffers zstd_comp_level zstd_dict_file \
            zstd_min_length zstd_static zstd_types unzstd",
        variables: "brotli_ratio zstd_ratio",
    },
    Feature {
        name: "GeoIP2",
        home: "a module of nginx (geoip2)",
        instead: "remove the block, and what reads its variables",
        directives: "geoip2 geoip2_proxy geoip2_proxy_recursive",
        variables: "geoip2_*",
    },
    Feature {
        name: "virtual host traffic status",
        home: "a module of nginx (nginx-module-vts)",
        instead: "\"status_zone\" counts each server and location, \"api\" and \"prometheus\" show it",
        directives: "vhost_traffic_status vhost_traffic_status_average_method \
            vhost_traffic_status_bypass_limit vhost_traffic_status_bypass_stats \
            vhost_traffic_status_bypass_upstream_stats vhost_traffic_status_display \
            vhost_traffic_status_display_format vhost_traffic_status_display_jsonp \
            vhost_traffic_status_display_sum_key vhost_traffic_status_dump \
            vhost_traffic_status_filter vhost_traffic_status_filter_by_host \
            vhost_traffic_status_filter_by_set_key vhost_traffic_status_filter_check_duplicate \
            vhost_traffic_status_filter_max_node vhost_traffic_status_histogram_buckets \
            vhost_traffic_status_ignore_status vhost_traffic_status_limit \
            vhost_traffic_status_limit_check_duplicate vhost_traffic_status_limit_traffic \
            vhost_traffic_status_limit_traffic_by_set_key \
            vhost_traffic_status_measure_status_codes vhost_traffic_status_set_by_filter \
            vhost_traffic_status_stats_by_upstream vhost_traffic_status_zone",
        variables: "vts_*",
    },
    Feature {
        name: "web application firewalls",
        home: "modules of nginx (ModSecurity, NAXSI, App Protect)",
        instead: "nothing looks into requests here; put a firewall before the server",
        directives: "modsecurity modsecurity_rules modsecurity_rules_file \
            modsecurity_rules_remote modsecurity_transaction_id modsecurity_use_error_log \
            BasicRule CheckRule DeniedUrl LearningMode LibInjectionSql LibInjectionXss MainRule \
            SecRulesDisabled SecRulesEnabled app_protect_compressed_requests_action \
            app_protect_cookie_seed app_protect_enable app_protect_policy_file \
            app_protect_security_log app_protect_security_log_enable",
        variables: "modsecurity_status",
    },
    Feature {
        name: "PageSpeed",
        home: "a module of nginx (ngx_pagespeed)",
        instead: "responses are sent as they are; remove the lines",
        directives: "pagespeed",
        variables: "",
    },
    Feature {
        name: "set-misc, echo and their kin",
        home: "modules of OpenResty",
        instead: "\"set\", \"map\" and \"return\" do the simple cases",
        directives: "array_join array_map array_map_op array_split echo echo_after_body \
            echo_before_body echo_blocking_sleep echo_duplicate echo_end echo_exec echo_flush \
            echo_foreach_split echo_location echo_location_async echo_read_request_body \
            echo_request_body echo_reset_timer echo_sleep echo_status echo_subrequest \
            echo_subrequest_async encrypted_session_expires encrypted_session_iv \
            encrypted_session_key iconv_buffer_size iconv_filter iconv_set set_base32_alphabet \
            set_base32_padding set_decode_base32 set_decode_base64 set_decode_base64url \
            set_decode_hex set_decrypt_session set_encode_base32 set_encode_base64 \
            set_encode_base64url set_encode_hex set_encrypt_session set_escape_uri set_form_input \
            set_form_input_multi set_formatted_gmt_time set_formatted_local_time \
            set_hashed_upstream set_hmac_sha1 set_hmac_sha256 set_iconv set_if_empty \
            set_local_today set_md5 set_misc_base32_padding set_quote_json_str \
            set_quote_pgsql_str set_quote_sql_str set_random set_rotate set_secure_random_alphanum \
            set_secure_random_lcalpha set_sha1 set_unescape_uri srcache_fetch srcache_store \
            drizzle_pass drizzle_query postgres_pass postgres_query redis2_pass redis2_query \
            redis_pass rds_json xss_get xss_callback_arg",
        variables: "echo_client_request_headers echo_client_request_method \
            echo_client_request_uri echo_it echo_request_body echo_request_method \
            echo_request_uri echo_response_status echo_timer_elapsed redis_key redis_db",
    },
    Feature {
        name: "purged caches",
        home: "a module of nginx (ngx_cache_purge)",
        instead: "\"proxy_cache_purge\" takes kept responses away; remove the line",
        directives: "cache_purge_response_type",
        variables: "",
    },
    Feature {
        name: "other authentication",
        home: "modules of nginx",
        instead: "\"auth_api_key\" takes keys from a file; \"allow\" and \"deny\" go by address",
        directives: "auth_digest auth_digest_user_file auth_gss auth_gss_keytab auth_gss_realm \
            auth_ldap auth_ldap_cache_enabled auth_ldap_cache_expiration_time \
            auth_ldap_cache_size auth_ldap_servers auth_pam auth_pam_service_name ldap_server \
            vouch testcookie testcookie_name testcookie_secret",
        variables: "",
    },
    Feature {
        name: "RTMP",
        home: "a module of nginx (nginx-rtmp-module)",
        instead: "only HTTP is served here",
        directives: "rtmp rtmp_auto_push rtmp_control rtmp_stat rtmp_stat_stylesheet vod vod_mode",
        variables: "",
    },
    Feature {
        name: "application servers",
        home: "a module of nginx (Phusion Passenger)",
        instead: "start the application with an HTTP server of its own and name it in \
                  \"proxy_pass\"",
        directives: "passenger_app_env passenger_app_group_name passenger_app_root \
            passenger_app_type passenger_base_uri passenger_enabled passenger_env_var \
            passenger_friendly_error_pages passenger_max_pool_size passenger_min_instances \
            passenger_nodejs passenger_pre_start passenger_python passenger_root passenger_ruby \
            passenger_startup_file passenger_user rails_env rack_env",
        variables: "",
    },
    Feature {
        name: "other modules",
        home: "a module of nginx",
        instead: "remove the line",
        directives: "ajp_pass check check_http_expect_alive check_http_send check_keepalive_requests \
            check_shm_size check_status concat concat_max_files concat_types concat_unique \
            cookie_flag_default set_cookie_flag dav_ext_lock dav_ext_lock_zone dav_ext_methods \
            fancyindex fancyindex_css_href fancyindex_default_sort fancyindex_exact_size \
            fancyindex_footer fancyindex_header fancyindex_hide_parent_dir fancyindex_ignore \
            fancyindex_localtime fancyindex_name_length fancyindex_show_path nchan_publisher \
            nchan_pubsub nchan_subscriber push_stream_publisher push_stream_subscriber \
            push_stream_shared_memory_size proxy_connect proxy_connect_allow \
            proxy_connect_connect_timeout proxy_connect_read_timeout security_headers \
            hide_server_tokens subs_filter subs_filter_bypass subs_filter_types upload_cleanup \
            upload_pass upload_pass_args upload_set_form_field upload_store upload_progress \
            track_uploads upload_progress_json_output jsonp_callback slowfs_cache \
            trim_css trim_js log_zmq_server",
        variables: "",
    },
];
