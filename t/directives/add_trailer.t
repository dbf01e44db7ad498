# add_trailer: fields behind the bodies of responses, of each kind of body and over each protocol.

=== values are those of the end
--- file html/small.txt
small
--- file html/large.txt
<<0123456789abcdef*8192>>
--- origin o
* * 200
    X-Origin: yes
    | from the origin
--- http_config
add_trailer X-Sent $body_bytes_sent;
add_trailer X-None $arg_none;
--- config
location / { root $DIR/html; }
location /text { return 200 text; }
location /hostile { add_trailer X-Uri $uri; return 200 x; }
location /error { return 404; }
location /always { add_trailer X-Always "$status" always; return 404; }
location /own { add_trailer X-Own a; return 200 x; }
location /empty { return 204; }
location /moved { return 301 /x; }
location /proxy { proxy_pass http://$ORIGIN_o; }
location /plain { chunked_transfer_encoding off; return 200 plain; }
--- requests
GET /small.txt 200 = small\n
HEAD /small.txt 200
--- response_headers
Content-Length: 6
--- requests
GET /text 200 = text
GET /hostile%0d%0aa:b 200 = x
GET /proxy 200 = from the origin
GET /empty 204
GET /error 404
GET /plain 200 = plain
--- http1:raw_request
GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
HTTP/1\.1 200 OK\r\n(?s:.*)Transfer-Encoding: chunked\r\n(?s:.*)\r\n\r\n4\r\ntext\r\n0\r\nX-Sent: \d+\r\n\r\n$
--- http1:raw_request
GET /always HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
\r\n0\r\nX-Always: 404\r\n\r\n$
--- http1:raw_request
GET /proxy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
from the origin\r\n0\r\nX-Sent: \d+\r\n\r\n$
--- http1:raw_request
GET /error HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
Content-Length: \d+\r\n
--- http1:raw_request
GET /hostile%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
\r\n1\r\nx\r\n0\r\nX-Uri: /hostile  Set-Cookie:a=b\r\n\r\n$
--- http1:raw_request
GET /text HTTP/1.0\r\n\r\n
--- http1:raw_response_like
Content-Length: 4\r\n(?s:.*)\r\n\r\ntext$
--- http1:raw_request
GET /large.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
--- http1:raw_response_like
abcdef\r\n1\r\n\n\r\n0\r\nX-Sent: \d+\r\n\r\n$

=== what is written wrongly
--- config
location /a { add_trailer Content-Type a; }
location /b { add_trailer "X Y" a; }
location /c { add_trailer X a b; }
--- error
pingauge: [emerg] invalid field name "Content-Type" in "add_trailer" directive in config:1
   1 | location /a { add_trailer Content-Type a; }
     |                           ^^^^^^^^^^^^
     help: a name of letters, digits and "-", which need not be known ahead of the body
pingauge: [emerg] invalid field name "X Y" in "add_trailer" directive in config:2
   2 | location /b { add_trailer "X Y" a; }
     |                           ^^^^^
     help: a name of letters, digits and "-", which need not be known ahead of the body
pingauge: [emerg] invalid parameter "b" in config:3
   3 | location /c { add_trailer X a b; }
     |                               ^
     help: the only parameter is "always"; quote a value that has blanks
