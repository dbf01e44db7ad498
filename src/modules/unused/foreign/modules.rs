//! Modules of others that public configurations use often.

use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "headers-more",
        home: "a module of nginx (headers-more)",
        instead: "\"add_header NAME VALUE always\" adds a field, \"proxy_hide_header NAME\" leaves \
            out that of an origin, \"proxy_set_header NAME VALUE\" changes what origins get; \
            \"js_header_filter\" does the rest in JavaScript",
        directives: "more_clear_headers more_clear_input_headers more_set_headers more_set_input_headers",
        variables: "",
    },
    Feature {
        name: "more of Brotli and Zstandard",
        home: "modules of nginx (ngx_brotli, zstd, ngx_unbrotli, ngx_unzstd)",
        instead: "\"brotli on;\" and \"zstd on;\" pack responses as they are sent, without a dictionary; remove the lines",
        directives: "unbrotli zstd_dict_file unzstd",
        variables: "",
    },
    Feature {
        name: "virtual host traffic status",
        home: "a module of nginx (nginx-module-vts)",
        instead: "\"status_zone\" counts each server and location, \"metric_zone\" by any key; \
            \"api\", \"console\" and \"prometheus\" show it",
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
        instead: "pages are not rewritten; remove the lines",
        directives: "pagespeed",
        variables: "",
    },
    Feature {
        name: "set-misc, echo and their kin",
        home: "modules of OpenResty",
        instead: "\"set\", \"map\" and \"return\" do the simple cases, \"js_set\" and \
            \"js_content\" the others in JavaScript",
        directives: "array_join array_map array_map_op array_split echo echo_after_body echo_before_body \
            echo_blocking_sleep echo_duplicate echo_end echo_exec echo_flush echo_foreach_split \
            echo_location echo_location_async echo_read_request_body echo_request_body \
            echo_reset_timer echo_sleep echo_status echo_subrequest echo_subrequest_async \
            encrypted_session_expires encrypted_session_iv encrypted_session_key \
            iconv_buffer_size iconv_filter iconv_set set_base32_alphabet set_base32_padding \
            set_decode_base32 set_decode_base64 set_decode_base64url set_decode_hex \
            set_decrypt_session set_encode_base32 set_encode_base64 set_encode_base64url \
            set_encode_hex set_encrypt_session set_escape_uri set_form_input \
            set_form_input_multi set_formatted_gmt_time set_formatted_local_time \
            set_hashed_upstream set_hmac_sha1 set_hmac_sha256 set_iconv set_if_empty \
            set_local_today set_md5 set_misc_base32_padding set_quote_json_str \
            set_quote_pgsql_str set_quote_sql_str set_random set_rotate \
            set_secure_random_alphanum set_secure_random_lcalpha set_sha1 set_unescape_uri \
            xss_get xss_callback_arg",
        variables: "echo_client_request_headers echo_client_request_method echo_client_request_uri \
            echo_it echo_request_body echo_request_method echo_request_uri echo_response_status \
            echo_timer_elapsed",
    },
    Feature {
        name: "caches outside",
        home: "modules of OpenResty",
        instead: "\"proxy_cache\" keeps responses",
        directives: "srcache_fetch srcache_store",
        variables: "",
    },
    Feature {
        name: "databases as origins",
        home: "modules of OpenResty",
        instead: "origins are spoken to in HTTP only: put an application before the database and \
            name it in \"proxy_pass\"; \"js_content\" can ask one that speaks HTTP",
        directives: "drizzle_pass drizzle_query postgres_pass postgres_query redis2_pass redis2_query \
            redis_pass rds_json",
        variables: "=redis_key =redis_db",
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
        instead: "\"auth_request\" asks an application, \"js_access\" checks in JavaScript, \
            \"auth_api_key\" takes keys from a file, \"allow\" and \"deny\" go by address; \
            with none of these, everybody is let in",
        directives: "auth_digest auth_digest_user_file auth_gss auth_gss_keytab auth_gss_realm auth_ldap \
            auth_ldap_cache_enabled auth_ldap_cache_expiration_time auth_ldap_cache_size \
            auth_ldap_servers auth_pam auth_pam_service_name ldap_server vouch testcookie \
            testcookie_name testcookie_secret",
        variables: "",
    },
    Feature {
        name: "RTMP",
        home: "a module of nginx (nginx-rtmp-module)",
        instead: "only HTTP is served here; leave the block to nginx or another server of streams \
            on its own ports",
        directives: "rtmp rtmp_auto_push rtmp_control rtmp_stat rtmp_stat_stylesheet",
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
        name: "replaced strings",
        home: "a module of nginx",
        instead: "\"sub_filter A B;\" replaces strings, without regular expressions; \
            \"js_body_filter\" does it in JavaScript",
        directives: "subs_filter subs_filter_bypass subs_filter_types",
        variables: "",
    },
    Feature {
        name: "a forward proxy",
        home: "a module of nginx",
        instead: "requests are passed to origins that the configuration names; leave CONNECT to a \
            forward proxy",
        directives: "proxy_connect proxy_connect_allow proxy_connect_connect_timeout \
            proxy_connect_read_timeout",
        variables: "",
    },
    Feature {
        name: "AJP",
        home: "a module of nginx",
        instead: "origins are spoken to in HTTP: name the HTTP connector of the application \
            server, as in \"proxy_pass http://127.0.0.1:8080;\"",
        directives: "ajp_pass",
        variables: "",
    },
    Feature {
        name: "uploads",
        home: "a module of nginx",
        instead: "have the application take uploads, behind \"proxy_pass\"; \
            \"client_max_body_size\" limits them",
        directives: "upload_cleanup upload_pass upload_pass_args upload_set_form_field upload_store \
            upload_progress track_uploads upload_progress_json_output",
        variables: "",
    },
    Feature {
        name: "caches of slow disks",
        home: "a module of nginx",
        instead: "files are read where they are, and the system keeps what is asked for often in \
            memory; remove the line",
        directives: "slowfs_cache",
        variables: "",
    },
    Feature {
        name: "publishing and subscribing",
        home: "a module of nginx",
        instead: "put an application that does it behind \"proxy_pass\"",
        directives: "nchan_publisher nchan_pubsub nchan_subscriber push_stream_publisher \
            push_stream_subscriber push_stream_shared_memory_size",
        variables: "",
    },
    Feature {
        name: "cookies of origins",
        home: "a module of nginx",
        instead: "let the application set what its cookies are, or change them by \
            \"js_header_filter\"",
        directives: "cookie_flag_default set_cookie_flag",
        variables: "",
    },
    Feature {
        name: "fields for security",
        home: "a module of nginx",
        instead: "\"server_tokens off;\" hides the version, \"add_header NAME VALUE always\" adds \
            each field",
        directives: "security_headers hide_server_tokens",
        variables: "",
    },
    Feature {
        name: "joined and shortened files",
        home: "a module of nginx",
        instead: "have them made when the site is built; remove the line",
        directives: "concat concat_max_files concat_types concat_unique jsonp_callback trim_css trim_js",
        variables: "",
    },
    Feature {
        name: "logs to message queues",
        home: "a module of nginx",
        instead: "\"access_log\" writes to files",
        directives: "log_zmq_server",
        variables: "",
    },
];
