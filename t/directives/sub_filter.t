# sub_filter, sub_filter_once, sub_filter_types, sub_filter_last_modified.

=== strings are replaced, once or wherever they are
--- config
default_type text/html;
sub_filter one 1;
sub_filter $arg_s "[$arg_r]";
location /once { return 200 "One two one two"; }
location /all { sub_filter_once off; return 200 "One two one two"; }
location /own { sub_filter two 2; return 200 "One two one two"; }
location /text { default_type text/plain; return 200 "One two one two"; }
location /plain { default_type text/plain; sub_filter_types text/css text/plain; return 200 "One two one two"; }
--- requests
GET /once?s=two&r=x = 1 [x] one two
--- response_headers
!Content-Length
Transfer-Encoding: chunked
--- requests
GET /all?s=two&r= = 1 [] 1 []
GET /own = One 2 one two
GET /once = 1 two one two
GET /text = One two one two
--- response_headers
Content-Length: 15
--- requests
GET /plain = 1 two one two
HEAD /once 200
--- response_headers
!Content-Length

=== files and proxied responses; sub_filter_last_modified
--- file html/a.html
<head></head>
--- origin o
GET /a 200
    Content-Type: text/html; charset=utf-8
    ETag: "x"
    Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
    | <head></head>
GET /206 206
    Content-Type: text/html
    Content-Range: bytes 0-13/100
    | <head></head>
GET /br 200
    Content-Type: text/html
    Content-Encoding: br
    | <head></head>
GET /304 304
    ETag: "x"
GET /empty 200
    Content-Type: text/html
    ETag: "x"
--- config
sub_filter </head> x</HEAD>;
location / { root $DIR/html; }
location /o/ { proxy_pass http://$ORIGIN_o/; }
sub_filter_types *;
location /k/ { proxy_pass http://$ORIGIN_o/; sub_filter_last_modified on; }
--- requests
GET /a.html = <head>x</HEAD>\n
--- response_headers
!Last-Modified
!ETag
!Accept-Ranges
!Content-Length
--- requests
GET /a.html 200 = <head>x</HEAD>\n
    Range: bytes=0-1
GET /o/a = <head>x</HEAD>
--- response_headers
!Last-Modified
!ETag
--- requests
GET /k/a = <head>x</HEAD>
--- response_headers
Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
ETag: W/"x"
--- requests
GET /o/206 206 = <head></head>
GET /o/br = <head></head>
GET /o/304 304
--- response_headers
ETag: "x"
--- requests
GET /o/empty
--- response_headers
Content-Length: 0
ETag: "x"

=== a replaced body is packed behind that; a client of HTTP/1.0 reads to the end
--- config
default_type text/html;
gzip on;
sub_filter one 1;
location / { return 200 "one that is long enough to be packed"; }
--- requests
GET /
    Accept-Encoding: gzip
--- response_headers
Content-Encoding: gzip
--- requests
GET / = 1 that is long enough to be packed
--- raw_request
GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n
--- raw_response_like
\r\nConnection: close\r\n\r\n1 that is long enough to be packed$

=== a string without letters is none
--- config
sub_filter "" x;
--- error
pingauge: [emerg] empty search pattern in config:1
   1 | sub_filter "" x;
     |            ^^
