# Requests in HTTP/2 to origins of `proxy_pass`.

=== a request goes out in HTTP/2, and one of HTTP/1.1 beside it
--- http_config
upstream o { server $ORIGIN_o; keepalive 2; }
--- config
location /new { proxy_http_version 2; proxy_pass http://o; }
location /new/0 { proxy_http_version 2.0; proxy_set_header Connection ""; proxy_pass http://o/x?y; }
location /old { proxy_pass http://o; }
--- origin o
* * 200
    | $HEAD [$BODY]
--- requests
GET /new?a=b 200 ~ ^GET /new\?a=b HTTP/2.0\r\nHost: o \[\]
POST /new 200 ~ ^POST /new HTTP/2.0\r\nHost: o\r\ncontent-length: 5 \[hello\]
    | hello
GET /new/0 200 ~ ^GET /x\?y HTTP/2.0\r\nHost: o \[\]
GET /old 200 ~ ^GET /old HTTP/1.1
GET /new 200 x3
GET /old 200 x3

=== trailers are passed on where that is said
--- config
proxy_http_version 2;
location /on { proxy_pass_trailers on; proxy_hide_header X-Hidden; proxy_pass http://$ORIGIN_o; }
location /off { proxy_pass http://$ORIGIN_o; }
--- origin o
* * 200
    Trailer-X-A: 1
    Trailer-X-Hidden: 2
    Trailer-Content-Length: 3
    | $HEAD
--- raw_request
GET /on HTTP/1.1\r\n
Host: a\r\n
Connection: close\r\n
\r\n
--- raw_response_like
te: trailers
\r\n0\r\nx-a: 1\r\n\r\n$
--- raw_request
GET /off HTTP/1.1\r\n
Host: a\r\n
Connection: close\r\n
\r\n
--- raw_response_like
Host: 127.0.0.1:\d+\r\n0\r\n\r\n$

=== versions that are not spoken
--- config
location / { proxy_http_version 3; proxy_pass http://127.0.0.1:9; }
--- error
pingauge: [emerg] invalid value "3" in "proxy_http_version" directive, it must be "1.0" or "1.1" or "2" or "2.0" in config:1
   1 | location / { proxy_http_version 3; proxy_pass http://127.0.0.1:9; }
     |                                 ^
