//! What responses are made of, and who may have them.

use super::{NGINX, PLUS};
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
    Feature {
        name: "compression",
        home: NGINX,
        instead: "\"gzip\" packs responses as they are sent; remove the line",
        directives: "gunzip gunzip_buffers gzip_hash gzip_no_buffer gzip_static gzip_window \
            postpone_gzipping",
        variables: "",
    },
    Feature {
        name: "basic authentication",
        home: NGINX,
        instead: "\"auth_api_key\" takes keys from a file; by address, \"allow 10.0.0.0/8;\" and \"deny all;\" let in",
        directives: "auth_basic auth_basic_user_file",
        variables: "",
    },
    Feature {
        name: "upgrades behind subrequests",
        home: NGINX,
        instead: "\"auth_request\" is asked about upgrades as about all requests; remove the line",
        directives: "auth_request_allow_upgrade",
        variables: "",
    },
    Feature {
        name: "authentication by JWT, OpenID or SAML",
        home: PLUS,
        instead: "\"auth_api_key\" takes keys from a file; \"allow\" and \"deny\" go by address",
        directives: "auth_jwt auth_jwt_claim_set auth_jwt_header_set auth_jwt_key_cache \
            auth_jwt_key_file auth_jwt_key_request auth_jwt_leeway auth_jwt_require auth_jwt_type \
            auth_oidc auth_require oidc_provider",
        variables: "jwt_claim_* jwt_header_* jwt_payload oidc_claim_* oidc_access_token \
            oidc_id_token",
    },
    Feature {
        name: "limits of requests and connections",
        home: NGINX,
        instead: "nothing is refused by rate here; \"backpressure\" limits how many requests are under way, a \
                  zone of \"metric_zone\" counts clients, and what stands before the server can refuse them",
        directives: "limit_conn limit_conn_dry_run limit_conn_log_level limit_conn_status \
            limit_conn_zone limit_req limit_req_dry_run limit_req_log_level limit_req_status \
            limit_req_zone limit_zone ",
        variables: "limit_conn_status limit_req_status",
    },
    Feature {
        name: "limits of speed",
        home: NGINX,
        instead: "responses are sent as fast as clients take them; remove the line",
        directives: "limit_rate limit_rate_after send_lowat",
        variables: "limit_rate",
    },
    Feature {
        name: "lists of directories",
        home: NGINX,
        instead: "directories are answered by \"index\" files only",
        directives: "autoindex autoindex_exact_size autoindex_format autoindex_localtime \
            autoindex_order random_index",
        variables: "",
    },
    Feature {
        name: "changed bodies",
        home: NGINX,
        instead: "\"sub_filter\" replaces strings; other changes are for the origin to make",
        directives: "charset charset_map charset_types override_charset source_charset ssi ssi_ignore_recycled_buffers \
            ssi_last_modified ssi_min_file_chunk ssi_silent_errors ssi_types ssi_value_length \
            xml_entities xslt_last_modified xslt_param xslt_string_param xslt_stylesheet \
            xslt_types image_filter image_filter_buffer image_filter_interlace \
            image_filter_jpeg_quality image_filter_sharpen image_filter_transparency \
            image_filter_webp_quality",
        variables: "date_gmt date_local",
    },
    Feature {
        name: "media streaming",
        home: NGINX,
        instead: "files are sent as they are",
        directives: "f4f f4f_buffer_size flv hls hls_buffers hls_forward_args hls_fragment \
            hls_mp4_buffer_size hls_mp4_max_buffer_size mp4 mp4_buffer_size mp4_limit_rate \
            mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame",
        variables: "",
    },
    Feature {
        name: "WebDAV",
        home: NGINX,
        instead: "files are only read here",
        directives: "create_full_put_path dav_access dav_methods min_delete_depth",
        variables: "",
    },
    Feature {
        name: "fields behind a body, early hints",
        home: NGINX,
        instead: "remove the line",
        directives: "add_trailer add_header_inherit add_trailer_inherit early_hints",
        variables: "sent_trailer_*",
    },
    Feature {
        name: "variables by address",
        home: NGINX,
        instead: "\"map $remote_addr $NAME { ~^10\\. 1; default 0; }\" knows networks by regular \
                  expressions, and single addresses as they are",
        directives: "geo geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive",
        variables: "geoip_area_code geoip_city geoip_city_continent_code geoip_city_country_code \
            geoip_city_country_code3 geoip_city_country_name geoip_country_code \
            geoip_country_code3 geoip_country_name geoip_dma_code geoip_latitude geoip_longitude \
            geoip_org geoip_postal_code geoip_region geoip_region_name",
    },
    Feature {
        name: "variables by share",
        home: NGINX,
        instead: "\"map $request_id $NAME { ~^[0-7] a; default b; }\" gives one half of the requests a, the \
                  other b",
        directives: "split_clients",
        variables: "",
    },
    Feature {
        name: "variables by browser and referrer",
        home: NGINX,
        instead: "write it as \"map $http_referer $NAME { ~^https://example\\.com/ 0; default 1; }\", or with \
                  $http_user_agent",
        directives: "ancient_browser ancient_browser_value modern_browser modern_browser_value \
            referer_hash_bucket_size referer_hash_max_size valid_referers",
        variables: "ancient_browser invalid_referer modern_browser msie",
    },
    Feature {
        name: "marks of users",
        home: NGINX,
        instead: "let the application set its cookies",
        directives: "userid userid_domain userid_expires userid_flags userid_mark userid_name \
            userid_p3p userid_path userid_service",
        variables: "uid_got uid_reset uid_set",
    },
    Feature {
        name: "links that expire",
        home: NGINX,
        instead: "let the application check them",
        directives: "secure_link secure_link_md5 secure_link_secret",
        variables: "secure_link secure_link_expires",
    },
    Feature {
        name: "the status page of NGINX Plus",
        home: NGINX,
        instead: "\"api /status/;\" tells more, as JSON; \"prometheus\" makes pages for scrapers",
        directives: "status status_format",
        variables: "",
    },
    Feature {
        name: "responses that need no file",
        home: NGINX,
        instead: "\"return 204;\" answers without a body",
        directives: "empty_gif",
        variables: "",
    },
];
