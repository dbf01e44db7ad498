//! What responses are made of, and who may have them.

use super::{NGINX, PLUS};
use crate::conf::Feature;

pub(super) const FEATURES: &[Feature] = &[
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
        instead: "\"auth_request\" asks an application, \"js_access\" checks in JavaScript, \
            \"auth_api_key\" takes keys from a file; with none of these, everybody is let in",
        directives: "auth_jwt auth_jwt_claim_set auth_jwt_header_set auth_jwt_key_cache auth_jwt_key_file \
            auth_jwt_key_request auth_jwt_leeway auth_jwt_require auth_jwt_type auth_oidc \
            auth_require oidc_provider",
        variables: "jwt_claim_* jwt_header_* jwt_payload oidc_claim_* oidc_access_token oidc_id_token",
    },
    Feature {
        name: "limits as they were written before nginx 1.1.8",
        home: NGINX,
        instead: "write \"limit_conn_zone $binary_remote_addr zone=one:10m;\" in place of \"limit_zone one $binary_remote_addr 10m\"",
        directives: "limit_zone",
        variables: "",
    },
    Feature {
        name: "thresholds of sending",
        home: NGINX,
        instead: "what there is to send is sent; remove the line",
        directives: "send_lowat proxy_send_lowat",
        variables: "",
    },
    Feature {
        name: "lists of directories",
        home: NGINX,
        instead: "\"autoindex on;\" lists directories in the form that nginx has; remove the line",
        directives: "autoindex_order fancyindex fancyindex_css_href fancyindex_default_sort \
            fancyindex_exact_size fancyindex_footer fancyindex_header fancyindex_hide_parent_dir \
            fancyindex_ignore fancyindex_localtime fancyindex_name_length fancyindex_show_path",
        variables: "",
    },
    Feature {
        name: "changed bodies",
        home: NGINX,
        instead: "\"sub_filter\" replaces strings, \"js_body_filter\" changes bodies by \
            JavaScript; other changes are for the origin to make",
        directives: "ssi ssi_ignore_recycled_buffers ssi_last_modified ssi_min_file_chunk \
            ssi_silent_errors ssi_types ssi_value_length xml_entities xslt_last_modified \
            xslt_param xslt_string_param xslt_stylesheet xslt_types image_filter \
            image_filter_buffer image_filter_interlace image_filter_jpeg_quality \
            image_filter_sharpen image_filter_transparency image_filter_webp_quality",
        variables: "",
    },
    Feature {
        name: "dates for SSI",
        home: NGINX,
        instead: "\"$time_local\" and \"$time_iso8601\" tell the time",
        directives: "",
        variables: "date_gmt date_local",
    },
    Feature {
        name: "media streaming",
        home: NGINX,
        instead: "files are sent as they are, and ranges of them; for HLS and DASH, cut them \
            beforehand or have an application do it",
        directives: "f4f f4f_buffer_size flv hls hls_buffers hls_forward_args hls_fragment \
            hls_mp4_buffer_size hls_mp4_max_buffer_size mp4 mp4_buffer_size mp4_limit_rate \
            mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame vod vod_mode \
            vod_last_modified_types vod_upstream_location vod_remote_upstream_location \
            vod_metadata_cache vod_response_cache vod_segment_duration \
            vod_align_segments_to_key_frames vod_fallback_upstream_location \
            vod_hls_absolute_master_urls vod_multi_uri_suffix vod_secret_key vod_drm_enabled \
            vod_manifest_segment_durations_mode",
        variables: "",
    },
    Feature {
        name: "WebDAV",
        home: NGINX,
        instead: "files are only read here; an application behind \"proxy_pass\" can write them",
        directives: "create_full_put_path dav_access dav_methods min_delete_depth dav_ext_lock \
            dav_ext_lock_zone dav_ext_methods",
        variables: "",
    },
    Feature {
        name: "fields behind a body, early hints",
        home: NGINX,
        instead: "remove the line",
        directives: "early_hints",
        variables: "sent_trailer_*",
    },
    Feature {
        name: "fields of outer levels",
        home: NGINX,
        instead: "a level with an \"add_header\" of its own has none of the outer ones: write \
            those there once more",
        directives: "add_header_inherit add_trailer_inherit",
        variables: "",
    },
    Feature {
        name: "countries and cities",
        home: "nginx and a module of it (geoip2)",
        instead: "where addresses are is not looked up: read what stands before the server and \
            knows it, such as $http_cf_ipcountry, in a \"map\"",
        directives: "geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive geoip2 \
            geoip2_proxy geoip2_proxy_recursive",
        variables: "geoip_area_code geoip_city geoip_city_continent_code geoip_city_country_code \
            geoip_city_country_code3 geoip_city_country_name geoip_country_code \
            geoip_country_code3 geoip_country_name geoip_dma_code geoip_latitude geoip_longitude \
            geoip_org geoip_postal_code geoip_region geoip_region_name geoip2_*",
    },
    Feature {
        name: "variables by browser",
        home: NGINX,
        instead: "\"map $http_user_agent $NAME { ~MSIE 1; default 0; }\" knows browsers by regular \
            expressions",
        directives: "ancient_browser ancient_browser_value modern_browser modern_browser_value",
        variables: "ancient_browser modern_browser msie",
    },
    Feature {
        name: "the status page of NGINX Plus",
        home: NGINX,
        instead: "\"api /status/;\" tells more, as JSON; \"prometheus\" makes pages for scrapers",
        directives: "status status_format",
        variables: "",
    },
];
