# Brotli and Zstandard beside gzip. What bodies hold is in t/process/compression/.

=== of several codings the client gets what weighs most for it, and of equals the first
--- config
default_type text/html;
gzip on;
brotli on;
zstd on;
location /a { return 200 "a text that is not too short"; }
location /old { brotli off; return 200 "a text that is not too short"; }
location /gzip { brotli off; zstd off; return 200 "a text that is not too short"; }
--- requests
GET /a
    Accept-Encoding: gzip, deflate, br, zstd
--- response_headers
Content-Encoding: br
!Content-Length
!Vary
--- requests
GET /a
    Accept-Encoding: gzip, zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /a
    Accept-Encoding: gzip, deflate
--- response_headers
Content-Encoding: gzip
--- requests
GET /a
    Accept-Encoding: gzip, br;q=0.9, zstd;q=0.999
--- response_headers
Content-Encoding: gzip
--- requests
GET /a
    Accept-Encoding: gzip;q=0.5, br;q=0.4, zstd;q=0.6
--- response_headers
Content-Encoding: zstd
--- requests
GET /a
    Accept-Encoding: br;q=0, zstd;q=nonsense, gzip;q=0.001
--- response_headers
Content-Encoding: gzip
--- requests
GET /a
    Accept-Encoding: br;q=0, zstd;q=1.1, gzip;q=0, *
--- response_headers
!Content-Encoding
--- requests
GET /a
    Accept-Encoding: <<xbr, zstdx, q;q=1, *300>>br;q=0.1
--- response_headers
Content-Encoding: br
--- requests
GET /old
    Accept-Encoding: gzip, deflate, br, zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /gzip
    Accept-Encoding: gzip, deflate, br, zstd
--- response_headers
Content-Encoding: gzip

=== each has types, a least length and a level of its own
--- config
default_type text/css;
gzip on;
gzip_types *;
brotli on;
brotli_types text/css;
brotli_min_length 100;
brotli_comp_level 11;
brotli_window 1k;
zstd on;
zstd_types text/css text/xml;
zstd_min_length 50;
zstd_comp_level 22;
location /28 { return 200 "a text that is not too short"; }
location /56 { return 200 "<<a text that is not too short*2>>"; }
location /112 { return 200 "<<a text that is not too short*4>>"; }
location /xml { default_type text/xml; return 200 "<<a text that is not too short*4>>"; }
location /other { default_type text/x; return 200 "<<a text that is not too short*4>>"; }
--- requests
GET /28
    Accept-Encoding: gzip, br, zstd
--- response_headers
Content-Encoding: gzip
--- requests
GET /56
    Accept-Encoding: gzip, br, zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /112
    Accept-Encoding: gzip, br, zstd
--- response_headers
Content-Encoding: br
--- requests
GET /xml
    Accept-Encoding: gzip, br, zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /other
    Accept-Encoding: gzip, br, zstd
--- response_headers
Content-Encoding: gzip

=== gzip_vary holds for all, and is said once; what forbids gzip forbids gzip alone
--- config
default_type text/html;
gzip on;
brotli on;
gzip_vary on;
gzip_disable old;
location /a { add_header Vary Cookie,accept-encoding; return 200 "a text that is not too short"; }
location /b { gzip off; return 200 "a text that is not too short"; }
location /css { default_type text/css; return 200 "a text that is not too short"; }
--- requests
GET /a
    Accept-Encoding: br
--- response_headers
Content-Encoding: br
Vary: Cookie,accept-encoding
--- requests
GET /b
--- response_headers
Vary: Accept-Encoding
!Content-Encoding
--- requests
GET /css
    Accept-Encoding: br
--- response_headers
!Vary
!Content-Encoding
--- requests
GET /b
    Accept-Encoding: br
    User-Agent: old
    Via: 1.1 p
--- response_headers
Content-Encoding: br
--- requests
GET /a
    Accept-Encoding: gzip, br;q=0
    User-Agent: old
--- response_headers
!Content-Encoding

=== validators and ranges of what is packed
--- file html/a.html
a text that is not too short
--- config
brotli on;
zstd on;
default_type text/html;
--- requests
GET /a.html 200
    Accept-Encoding: br
    Range: bytes=2-5
--- response_headers
Content-Encoding: br
ETag: ~^W/".+"$
Last-Modified: ~GMT$
!Accept-Ranges
!Content-Range
!Content-Length
--- requests
HEAD /a.html 200
    Accept-Encoding: zstd
--- response_headers
Content-Encoding: zstd
ETag: ~^W/".+"$
!Content-Length
--- requests
GET /a.html 206 = text
    Range: bytes=2-5
    Accept-Encoding: identity

=== never twice
--- origin o
GET /br 200
    Content-Encoding: br
    Content-Type: text/html
    | neither packed nor unpacked here
GET /206 206
    Content-Type: text/html
    Content-Range: bytes 0-25/100
    | a part of something longer
--- config
brotli on;
zstd on;
gzip on;
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /br = neither packed nor unpacked here
    Accept-Encoding: br, gzip, zstd
--- response_headers
Content-Encoding: br
--- requests
GET /206 206 = a part of something longer
    Accept-Encoding: br, gzip, zstd
--- response_headers
!Content-Encoding

=== in an if; $brotli_ratio and $zstd_ratio
--- http_config
log_format ratio "$request_uri $gzip_ratio $brotli_ratio $zstd_ratio";
access_log $DIR/access.log ratio;
--- config
default_type text/html;
location / {
    if ($arg_b) { brotli on; }
    if ($arg_z) { zstd on; }
    return 200 "<<x*1000>>";
}
--- requests
GET /?b=1
    Accept-Encoding: br
--- response_headers
Content-Encoding: br
--- requests
GET /?z=1
    Accept-Encoding: zstd
--- response_headers
Content-Encoding: zstd
--- requests
GET /
    Accept-Encoding: zstd, br
--- response_headers
!Content-Encoding
--- file_like access.log
/\?b=1 - \d\d\.\d\d -\n/\?z=1 - - \d\d\.\d\d\n/ - - -\n

=== windows
--- config
gzip on;
gzip_window 512;
default_type text/html;
location / { return 200 "<<a text that is not too short*100>>"; }
--- requests
GET /
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip

=== what is written wrongly
--- config
brotli maybe;
brotli_comp_level 12;
zstd_comp_level 0;
brotli_window 3k;
location /a { gzip_window 256; brotli_min_length x; zstd_types text/css text/css; zstd_min_length -1; }
location /b { brotli_static perhaps; zstd_dict_file /x; brotli_window 32m; if ($arg_x) { brotli_types *; } }
--- error
pingauge: [emerg] invalid value "maybe" in "brotli" directive, it must be "on" or "off" in config:1
   1 | brotli maybe;
     |        ^^^^^
pingauge: [emerg] value must be between 0 and 11 in config:2
   2 | brotli_comp_level 12;
     |                   ^^
pingauge: [emerg] value must be between 1 and 22 in config:3
   3 | zstd_comp_level 0;
     |                 ^
pingauge: [emerg] value must be a power of 2 from 1k to 16m in config:4
   4 | brotli_window 3k;
     |               ^^
     also: line 6
pingauge: [emerg] value must be a power of 2 from 512 to 32k in config:5
   5 | location /a { gzip_window 256; brotli_min_length x; zstd_types text/css text/css; zstd_min_length -1; }
     |                           ^^^
pingauge: [emerg] "brotli_min_length" directive invalid value "x" in config:5
   5 | location /a { gzip_window 256; brotli_min_length x; zstd_types text/css text/css; zstd_min_length -1; }
     |                                                  ^
     help: expected a size such as 512, 16k or 1m
pingauge: [warn] duplicate MIME type "text/css" in config:5
   5 | location /a { gzip_window 256; brotli_min_length x; zstd_types text/css text/css; zstd_min_length -1; }
     |                                                                         ^^^^^^^^
pingauge: [emerg] "zstd_min_length" directive invalid value "-1" in config:5
   5 | _window 256; brotli_min_length x; zstd_types text/css text/css; zstd_min_length -1; }
     |                                                                                 ^^
     help: expected a size such as 512, 16k or 1m
pingauge: [emerg] invalid value "perhaps" in "brotli_static" directive, it must be "off" or "on" or "always" in config:6
   6 | location /b { brotli_static perhaps; zstd_dict_file /x; brotli_window 32m; if ($arg_x) { brotli_types *; } }
     |                             ^^^^^^^
pingauge: [emerg] "zstd_dict_file" directive is known in modules of nginx (ngx_brotli, zstd, ngx_unbrotli, ngx_unzstd), not supported here in config:6
   6 | location /b { brotli_static perhaps; zstd_dict_file /x; brotli_window 32m; if ($arg_x) { brotli_types *; } }
     |                                      ^^^^^^^^^^^^^^
     help: "brotli on;" and "zstd on;" pack responses as they are sent, without a dictionary; remove the lines
pingauge: [emerg] "brotli_types" directive is not allowed here in config:6
   6 | /b { brotli_static perhaps; zstd_dict_file /x; brotli_window 32m; if ($arg_x) { brotli_types *; } }
     |                                                                                 ^^^^^^^^^^^^
     help: allowed in: http, server, location

=== buffers and tables are taken as they are needed
--- config
gzip_buffers 16 8k;
gunzip_buffers 32 4k;
brotli_buffers 16 8k;
zstd_buffers 32 4k;
gzip_hash 64k;
gzip_no_buffer on;
postpone_gzipping 1k;
--- warn
pingauge: accepted without effect in config (line): gzip_buffers (1), gunzip_buffers (2), brotli_buffers (3), zstd_buffers (4), gzip_hash (5), gzip_no_buffer (6), postpone_gzipping (7)
