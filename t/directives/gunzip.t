# gunzip: answers unpacked for who does not take them packed. Hostile ones are in t/process/compression/.

=== who takes gzip gets it as it came, everybody else unpacked
--- http_config
server {
    listen 8080;
    gzip on;
    gzip_types *;
    default_type text/plain;
    location / { add_header ETag '"x"'; return 200 "a text that is not too short"; }
    location /plain { gzip off; return 200 "a text that is not too short"; }
}
--- config
gunzip on;
location / { proxy_pass http://127.0.0.1:$PORT2; proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; }
location /vary { gzip_vary on; proxy_pass http://127.0.0.1:$PORT2/; proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; }
location /off { gunzip off; proxy_pass http://127.0.0.1:$PORT2/; proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; }
--- requests
GET /a = a text that is not too short
--- response_headers
!Content-Encoding
!Content-Length
!Vary
ETag: W/"x"
--- requests
GET /a = a text that is not too short
    Accept-Encoding: gzip;q=0, br
    Range: bytes=2-5
--- response_headers
!Content-Encoding
!Content-Range
!Accept-Ranges
--- requests
GET /a 200
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
HEAD /a 200
--- response_headers
!Content-Encoding
!Content-Length
--- requests
GET /plain = a text that is not too short
--- response_headers
Content-Length: 28
--- requests
GET /vary/a = a text that is not too short
--- response_headers
Vary: Accept-Encoding
--- requests
GET /vary/a
    Accept-Encoding: gzip
--- response_headers
Vary: Accept-Encoding
Content-Encoding: gzip
--- requests
GET /off/a
--- response_headers
Content-Encoding: gzip

=== what is unpacked can be changed, and packed again
--- http_config
server {
    listen 8080;
    gzip on;
    default_type text/html;
    location / { return 200 "a text that is not too short"; }
}
--- config
gunzip on;
gzip on;
brotli on;
sub_filter text word;
location / { proxy_pass http://127.0.0.1:$PORT2; proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; }
--- requests
GET /a = a word that is not too short
GET /a
    Accept-Encoding: br
--- response_headers
Content-Encoding: br
--- requests
GET /a
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip

=== what is added to a body is unpacked, whatever the client takes
--- http_config
server {
    listen 8080;
    gzip on;
    default_type text/html;
    location / { return 200 "a text that is not too short"; }
}
--- config
default_type text/html;
location /first { add_after_body /a; return 200 "first "; }
location / { gunzip on; proxy_pass http://127.0.0.1:$PORT2; proxy_http_version 1.1; proxy_set_header Accept-Encoding gzip; }
--- requests
GET /first = first a text that is not too short
    Accept-Encoding: gzip
GET /first = first a text that is not too short

=== a cache keeps it packed
--- http_config
proxy_cache_path $DIR/cache keys_zone=c:1m;
server {
    listen 8080;
    gzip on;
    default_type text/html;
    location / { add_header X-Made $request_id; return 200 "a text that is not too short"; }
}
--- config
gunzip on;
location / {
    proxy_pass http://127.0.0.1:$PORT2;
    proxy_http_version 1.1;
    proxy_set_header Accept-Encoding gzip;
    proxy_cache c;
    proxy_cache_valid 1h;
    add_header X-Cache $upstream_cache_status;
}
--- requests
GET /a = a text that is not too short
--- response_headers
X-Cache: MISS
!Content-Encoding
--- requests
GET /a = a text that is not too short
--- response_headers
X-Cache: HIT
!Content-Encoding
!Content-Length
--- requests
GET /a
    Accept-Encoding: gzip
--- response_headers
X-Cache: HIT
Content-Encoding: gzip

=== what is not right ends the answer
--- file html/a.html.gz
this is not packed at all
--- config
location / { gzip_static always; gunzip on; }
--- raw_request
GET /a.html HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response

--- log
filter failed while a response was sent

=== an argument is on or off
--- config
gunzip maybe;
--- error_like
invalid value "maybe" in "gunzip" directive, it must be "on" or "off"
