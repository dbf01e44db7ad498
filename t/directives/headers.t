# add_header, server_tokens, keep-alive and the limits of headers and bodies.

=== add_header
--- config
add_header X-Server outer;
location /inherit { return 200 x; }
location /own { add_header X-A $arg_a; add_header X-B b always; add_header X-Empty ""; return 200 x; }
location /error { add_header X-A a; add_header X-B b always; return 404; }
--- requests
GET /inherit
--- response_headers
X-Server: outer
--- requests
GET /own?a=1
--- response_headers
X-A: 1
X-B: b
!X-Empty
!X-Server
--- requests
GET /error 404
--- response_headers
!X-A
X-B: b

=== the server names itself
--- config
location /off { server_tokens off; return 200 x; }
location /on { server_tokens on; return 200 x; }
--- requests
GET /off
--- response_headers
Server: ~^\w+$
--- requests
GET /on
--- response_headers
Server: ~^\w+/\d

=== keep-alive ends after so many requests
--- http_config
keepalive_requests 2;
--- config
location / { return 200 x; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /third HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
(?s)200 OK.*200 OK.*Connection: close

=== keep-alive off
--- http_config
keepalive_timeout 0;
--- config
location / { return 200 x; }
--- requests
GET / = x
--- response_headers
Connection: close

=== idle connections are closed after a time
--- http_config
keepalive_timeout 1s;
--- config
location / { return 200 x; }
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\n\r\n
--- raw_response_like
^x$
--- raw_response

=== HTTP/1.0 and close
--- config
location / { return 200 x; }
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)200 OK.*Connection: close.*x$
--- raw_request
GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- raw_response_like
(?s)200 OK.*Connection: close.*x$

=== a body larger than allowed
--- config
client_max_body_size 10;
location / { return 200 x; }
location /large { client_max_body_size 1m; return 200 x; }
location /any { client_max_body_size 0; return 200 x; }
--- requests
POST / 200
    | short
POST / 413
    | much longer than ten bytes
POST /large 200
    | much longer than ten bytes
POST /any 200
    | <<x*5000>>

=== a header too long for the buffers
--- http_config
client_header_buffer_size 1k;
large_client_header_buffers 2 2k;
--- config
location / { return 200 x; }
--- requests
GET / = x
    X-Long: <<a*1500>>
GET / 400
    X-Long: <<a*3000>>
GET /<<a*3000>> 414

=== a slow header is not waited for
--- http_config
client_header_timeout 1s;
--- config
location / { return 200 x; }
--- raw_request
GET / HTTP/1.1\r\nHost:
--- raw_response

=== access log
--- http_config
log_format short '$remote_addr "$request" $status $body_bytes_sent "$http_user_agent"';
log_format quoted escape=json '{"agent":"$http_user_agent"}';
access_log $DIR/short.log short;
access_log $DIR/combined.log;
--- config
location / { return 200 12345; }
location /off { access_log off; return 200 x; }
location /own { access_log $DIR/own.log quoted; return 204; }
location /if { access_log $DIR/if.log short if=$arg_log; return 204; }
--- requests
GET /a?b=c
    User-Agent: say "hi"
GET /off
GET /own 204
    User-Agent: say "hi"
GET /if/no 204
GET /if/yes?log=1 204
GET /last
--- file_like short.log
^127\.0\.0\.1 "GET /a\?b=c $PROTOCOL" 200 5 "say \\x22hi\\x22"$
"GET /last $PROTOCOL" 200
--- file_like combined.log
^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /a\?b=c $PROTOCOL" 200 5 "-" "say
--- file_like own.log
^\{"agent":"say \\"hi\\""\}$
--- file_like if.log
^127\.0\.0\.1 "GET /if/yes

=== fields of which there is one
--- file html/f.txt
0123456789
--- config
location / { add_header Content-Type application/json; return 200 "{}"; }
location /error { add_header Content-Type application/json always; return 404; }
location /none { add_header Content-Type ""; return 200 x; }
location = /f { alias $DIR/html/f.txt; add_header Last-Modified "Sun, 06 Nov 1994 08:49:37 GMT"; add_header ETag '"tag"'; }
--- requests
GET / 200
--- response_headers
Content-Type: application/json
--- requests
GET /error 404
--- response_headers
Content-Type: application/json
--- requests
GET /none 200
--- response_headers
Content-Type: text/plain
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response_like
(?s)\A(?!.*Content-Type.*Content-Type)
--- requests
GET /f 200
--- response_headers
Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
ETag: "tag"

=== a log in JSON is valid whatever clients send
--- http_config
log_format quoted escape=json '{"agent":"$http_user_agent","uri":"$uri"}';
access_log $DIR/json.log quoted;
--- config
location / { return 204; }
--- raw_request
GET /%ff%00%c3%a9 HTTP/1.1\r\nHost: a\r\nUser-Agent: a\xff"\\\xc3\xa9\xe2\x80\r\nConnection: close\r\n\r\n
--- raw_response_like
HTTP/1.1
--- file_like json.log
"agent":"a\x{fffd}\\"\\\\é\x{fffd}","uri":"

=== a type that is added goes with answers that have no body, too
--- config
location /none { add_header Content-Type text/plain; return 204; }
location /untyped { return 204; }
--- requests
GET /none 204
--- response_headers
Content-Type: text/plain
--- requests
GET /untyped 204
--- response_headers
!Content-Type
