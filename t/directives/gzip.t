# gzip and what belongs to it. What bodies hold is in t/process/packed.rs.

=== a text is packed for who takes it
--- config
default_type text/html;
gzip on;
location /a { return 200 "a text that is not too short"; }
--- requests
GET /a = a text that is not too short
--- response_headers
Content-Length: 28
!Content-Encoding
!Vary
--- requests
GET /a 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Transfer-Encoding: chunked
Connection: keep-alive
!Content-Length
--- requests
HEAD /a 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
!Content-Length
!Transfer-Encoding
Connection: keep-alive

=== without gzip nothing is
--- config
default_type text/html;
location /a { return 200 "a text that is not too short"; }
--- requests
GET /a = a text that is not too short
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding

=== gzip_vary tells of the choice, whoever asks
--- config
default_type text/html;
gzip on;
gzip_vary on;
location /a { return 200 "a text that is not too short"; }
location /css { default_type text/css; return 200 "a text that is not too short"; }
--- requests
GET /a
--- response_headers
Vary: Accept-Encoding
!Content-Encoding
--- requests
GET /a
    Accept-Encoding: deflate, gzip;q=0.5
--- response_headers
Vary: Accept-Encoding
Content-Encoding: gzip
--- requests
GET /css
    Accept-Encoding: gzip
--- response_headers
!Vary
!Content-Encoding

=== gzip_vary is said of a part as of the whole
--- file html/f.html
a text that is not too short
--- origin o
* * 206
    Content-Type: text/html
    Content-Range: bytes 0-27/90
    | a text that is not too short
--- config
gzip on;
gzip_vary on;
location / { }
location /app { proxy_pass http://$ORIGIN_o; }
--- requests
GET /f.html 206 = a te
    Range: bytes=0-3
--- response_headers
Vary: Accept-Encoding
!Content-Encoding
--- requests
GET /f.html 206
    Range: bytes=0-3,7-9
--- response_headers
Vary: Accept-Encoding
--- requests
GET /app 206
    Range: bytes=0-27
--- response_headers
!Vary

=== gzip_min_length, gzip_types, gzip_comp_level
--- config
gzip on;
gzip_types text/plain application/json;
gzip_comp_level 9;
location /20 { return 200 01234567890123456789; }
location /19 { return 200 0123456789012345678; }
location /1000 { gzip_min_length 1000; return 200 01234567890123456789; }
location /json { default_type application/json; return 200 01234567890123456789; }
location /css { default_type text/css; return 200 01234567890123456789; }
location /all { default_type text/css; gzip_types *; return 200 01234567890123456789; }
--- requests
GET /20
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET /19
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
--- requests
GET /1000
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
--- requests
GET /json
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET /css
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
--- requests
GET /all
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip

=== gzip_http_version: a client of HTTP/1.0 reads to the end
--- config
default_type text/html;
gzip on;
location /a { return 200 "a text that is not too short"; }
location /b { gzip_http_version 1.0; return 200 "a text that is not too short"; }
--- raw_request
GET /a HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n
--- raw_response_like
^HTTP/1\.1 200 OK\r\n
\r\nConnection: keep-alive\r\n
\r\n\r\na text that is not too short$
--- raw_request
GET /b HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\n\r\n
--- raw_response_like
\r\nContent-Encoding: gzip\r\n
\r\nConnection: close\r\n

=== gzip_proxied and gzip_disable
--- config
default_type text/html;
gzip on;
gzip_disable msie6 ^curl;
location /a { return 200 "a text that is not too short"; }
location /b { gzip_proxied no-cache expired; expires epoch; return 200 "a text that is not too short"; }
location /c { gzip_proxied no-cache expired; expires 1h; return 200 "a text that is not too short"; }
--- requests
GET /a
    Accept-Encoding: gzip
    User-Agent: CURL/8.14
--- response_headers
!Content-Encoding
--- requests
GET /a
    Accept-Encoding: gzip
    User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)
--- response_headers
!Content-Encoding
--- requests
GET /a
    Accept-Encoding: gzip
    Via: 1.1 proxy
--- response_headers
!Content-Encoding
--- requests
GET /b
    Accept-Encoding: gzip
    Via: 1.1 proxy
--- response_headers
Content-Encoding: gzip
--- requests
GET /c
    Accept-Encoding: gzip
    Via: 1.1 proxy
--- response_headers
!Content-Encoding

=== files lose what was said of their bytes, and are sent whole
--- file html/a.html
a text that is not too short
--- config
gzip on;
location /etag { add_header ETag '"x"'; alias $DIR/html/a.html; }
location /odd { add_header ETag x; alias $DIR/html/a.html; }
default_type text/html;
--- requests
GET /a.html 200
    Accept-Encoding: gzip
    Range: bytes=2-5
--- response_headers
Content-Encoding: gzip
ETag: ~^W/".+"$
Last-Modified: ~GMT$
!Accept-Ranges
!Content-Range
--- requests
GET /a.html 206 = text
    Range: bytes=2-5
--- requests
GET /etag 200
    Accept-Encoding: gzip
--- response_headers
ETag: W/"x"
--- requests
GET /odd 200
    Accept-Encoding: gzip
--- response_headers
!ETag
--- requests
GET /none.html 404
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip

=== what has no body, and what is packed already
--- origin o
GET /packed 200
    Content-Encoding: br
    Content-Type: text/html
    | neither packed nor unpacked here
GET /304 304
    Content-Type: text/html
    ETag: "x"
GET /206 206
    Content-Type: text/html
    Content-Range: bytes 0-25/100
    | a part of something longer
GET /200 200
    Content-Type: text/html; charset=utf-8
    ETag: "x"
    Accept-Ranges: bytes
    | a text that is not too short
HEAD /200 200
    Content-Type: text/html
    | a text that is not too short
--- config
gzip on;
gzip_types *;
location /204 { return 204; }
location / { proxy_pass http://$ORIGIN_o; }
--- requests
GET /204 204
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
!Transfer-Encoding
--- requests
GET /packed = neither packed nor unpacked here
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: br
--- requests
GET /304 304
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
!Transfer-Encoding
ETag: "x"
--- requests
GET /206 206 = a part of something longer
    Accept-Encoding: gzip
--- response_headers
!Content-Encoding
--- requests
GET /200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
ETag: W/"x"
!Accept-Ranges
!Content-Length
Transfer-Encoding: chunked
--- requests
HEAD /200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
!Content-Length
!Transfer-Encoding
Connection: keep-alive
--- requests
GET /200 = a text that is not too short
--- response_headers
Content-Length: 28
ETag: "x"

=== $gzip_ratio, once the body is packed
--- http_config
log_format ratio "$request_uri $gzip_ratio";
access_log $DIR/access.log ratio;
--- config
default_type text/html;
gzip on;
location / { return 200 "<<x*1000>>"; }
--- requests
GET /packed
    Accept-Encoding: gzip
GET /plain
--- file_like access.log
/packed \d\d\.\d\d\n/plain -\n

=== pages of metrics are packed once
--- http_config
metric_zone z:64k count;
prometheus_template t { metric_zone z; }
--- config
gzip on;
gzip_types *;
gzip_vary on;
location /u { metric z $arg_k on=request; return 204; }
location /p { prometheus t; }
--- requests
GET /u?k=a 204
GET /p
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
Content-Length: ~^\d+$
Vary: Accept, Accept-Encoding
--- requests
GET /p
--- response_headers
Vary: Accept, Accept-Encoding

=== which directives are wrong, and which of nginx have no effect
--- config
gzip on;
gzip_buffers 16 8k;
gzip_comp_level 10;
gzip_types text/html;
gzip_proxied sometimes;
gzip_disable (;
gzip_static perhaps;
--- error_like
value must be between 1 and 9
duplicate MIME type "text/html"
invalid value "sometimes" in "gzip_proxied" directive
invalid regular expression "\("
invalid value "perhaps" in "gzip_static" directive, it must be "off" or "on" or "always"
