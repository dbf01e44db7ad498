# Details of responses, of redirects and of connections: what nginx lets be said about them.

=== etag, if_modified_since
--- file html/a.txt
hello
--- config
location /none/ { alias $DIR/html/; etag off; }
location /off/ { alias $DIR/html/; if_modified_since off; }
location /before/ { alias $DIR/html/; if_modified_since before; }
--- requests
GET /none/a.txt = hello\n
--- response_headers
!ETag
Last-Modified: ~GMT$
--- requests
GET /none/a.txt 200
    If-None-Match: ""
GET /none/a.txt 304
    If-None-Match: *
GET /a.txt 200
    If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT
GET /before/a.txt 304
    If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT
GET /before/a.txt 200
    If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT
GET /off/a.txt 200
    If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT
GET /off/a.txt 304
    If-None-Match: *

=== max_ranges
--- file html/a.txt
hello world
--- config
location /one/ { alias $DIR/html/; max_ranges 1; }
location /none/ { alias $DIR/html/; max_ranges 0; }
--- requests
GET /one/a.txt 206 = hello
    Range: bytes=0-4
GET /one/a.txt 200
    Range: bytes=0-1,3-4
--- response_headers
Accept-Ranges: bytes
--- requests
GET /one/a.txt 416
    Range: bytes=100-
GET /none/a.txt 200 = hello world\n
    Range: bytes=0-4
--- response_headers
!Accept-Ranges
--- requests
GET /none/a.txt 200
    Range: bytes=100-
GET /a.txt 206
    Range: bytes=0-1,3-4

=== bodies without chunks end with their connection
--- file html/a.html
hello
--- config
location /off/ { alias $DIR/html/; chunked_transfer_encoding off; sub_filter hello bye; }
location /known/ { alias $DIR/html/; chunked_transfer_encoding off; }
--- raw_request
GET /off/a.html HTTP/1.1\r\nHost: x\r\n\r\n
--- raw_response_like
\r\nConnection: close\r\n\r\nbye\n$
--- raw_request
GET /off/a.html HTTP/1.1\r\nHost: x\r\n\r\n
--- raw_response_like
^(?s)(?!.*Transfer-Encoding)
--- requests
GET /known/a.html = hello\n
GET /known/a.html = hello\n

=== pages of errors of pages of errors
--- config
error_page 404 /first;
error_page 403 /second;
location /first { return 403; }
location /second { return 200 second; }
location /deep/ { recursive_error_pages on; error_page 404 /deep/first; return 404; }
location /deep/first { recursive_error_pages on; error_page 403 = /second; return 403; }
location /last/ { recursive_error_pages on; error_page 404 /last/first; return 404; }
location /last/first { error_page 403 = /second; return 403; }
location /ends/ { error_page 404 /deep/first; return 404; }
location /round { recursive_error_pages on; error_page 404 /round; return 404; }
location /plain { return 404; }
--- requests
GET /plain 403 ~ 403 Forbidden
GET /deep/ 200 = second
GET /last/ 200 = second
GET /ends/ 403
GET /round 500
--- log
cycle

=== hosts and ports of redirects
--- config
server_name own.test;
location /d/ { proxy_pass http://127.0.0.1:1; }
location /as { return 301 /x; }
location /port { port_in_redirect on; return 301 /x; }
location /noport { port_in_redirect off; return 301 /x; }
location /name { server_name_in_redirect on; return 301 /x; }
location /name/port { server_name_in_redirect on; port_in_redirect off; return 301 /x; }
location /relative { absolute_redirect off; server_name_in_redirect on; return 301 /x; }
--- requests
GET /as 301
    Host: a.test:99
--- response_headers
Location: http://a.test:99/x
--- requests
GET /port 301
    Host: a.test:99
--- response_headers
Location: http://a.test:$PORT/x
--- requests
GET /port 301
    Host: [::1]
--- response_headers
Location: http://[::1]:$PORT/x
--- requests
GET /noport 301
    Host: [::1]:99
--- response_headers
Location: http://[::1]/x
--- requests
GET /noport 301
    Host: a.test:99
--- response_headers
Location: http://a.test/x
--- requests
GET /name 301
    Host: a.test:99
--- response_headers
Location: http://own.test:$PORT/x
--- requests
GET /name/port 301
    Host: a.test:99
--- response_headers
Location: http://own.test/x
--- requests
GET /relative 301
--- response_headers
Location: /x

=== browsers whose connections are not kept
--- config
location / { return 200 x; }
location /old { keepalive_disable msie6 safari; return 200 x; }
--- requests
GET /old
    User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)
--- response_headers
Connection: keep-alive
--- requests
POST /old
    User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)
--- response_headers
Connection: close
--- requests
GET /old
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X) (KHTML, like Gecko) Safari/605
--- response_headers
Connection: close
--- requests
POST /
    User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)
--- response_headers
Connection: keep-alive

=== $connection_time
--- config
location / { return 200 $connection_time; }
--- requests
GET / ~ ^[01]\.\d{3}$

=== several names of a location
--- config
location =/a ~ \.php$ /c/ @d { return 200 "same $uri"; }
location / { try_files /none @d; }
location /c/x/ { location /c/x/y /c/x/z { return 200 inner; } }
--- requests
GET /a = same /a
GET /a/b = same /a/b
GET /b.php = same /b.php
GET /c/b = same /c/b
GET /c/x/y = inner
GET /c/x/z = inner
GET /c/x/w 404

=== names that are none
--- config
location /a b { return 200; }
location /a /b c { return 200; }
location = /a =/a { return 200; }
--- error
pingauge: [emerg] invalid location modifier "/a" in config:1
   1 | location /a b { return 200; }
     |          ^^
     help: modifiers are "=", "^~", "~" and "~*"
     also: line 2
pingauge: [emerg] duplicate location "/a" in config:3
   3 | location = /a =/a { return 200; }
     | ^^^^^^^^^^^^^^^^^^^

=== a word for each listen
--- http_config
ssl_certificate selfsigned:own.pem;
ssl_certificate_key selfsigned:own.key;
server { listen 127.0.0.1:$PORT2; ssl on; return 200 $scheme; }
--- warn
pingauge: [warn] "ssl on;" is an old way to write "listen … ssl;" in http_config:3
   3 | server { listen 127.0.0.1:$PORT2; ssl on; return 200 $scheme; }
     |                                  ^^^^^^^
     help: every "listen" is read as if it said "ssl", also one for port 80

=== what listens so is encrypted
--- http1_only nobody speaks HTTP/2 to it without TLS
--- http_config
ssl_certificate selfsigned:own.pem;
ssl_certificate_key selfsigned:own.key;
ssl on;
server { listen 127.0.0.1:$PORT2; return 200 $scheme; }
--- config
ssl off;
location / { proxy_ssl_verify off; proxy_pass https://127.0.0.1:$PORT2; }
--- requests
GET :$PORT2/ 400
GET / = https

=== addresses of both kinds
--- http_config
server { listen [::]:$PORT2 ipv6only=off; return 200 $server_addr; }
--- requests
GET :$PORT2/ = 127.0.0.1

=== the surroundings of processes
--- main_config
load_module modules/ngx_http_image_filter_module.so;
load_module modules/ngx_stream_module.so;
env TZ=Europe/Vienna;
env PATH;
master_process off;
events {}
--- warn
pingauge: [warn] there is always a master process: "master_process off;" has no effect in main_config:5
   5 | master_process off;
     | ^^^^^^^^^^^^^^^^^^^
     help: "daemon off;" keeps the server in the foreground
pingauge: accepted without effect in main_config (line): load_module (1), load_module (2), env PATH (4)

=== workers have the environment that is said
--- main_config
env TZ=XYZ-9;
events {}
--- config
location / { return 200 $time_iso8601; }
--- requests
GET / ~ [+]09:00$

=== an environment that is none
--- main_config
env =x;
events {}
--- error
pingauge: [emerg] "env" directive invalid value "=x" in main_config:1
   1 | env =x;
     |     ^^
     help: expected a name, as TZ, or TZ=Europe/Vienna
